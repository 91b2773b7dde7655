"""The glossary of pictures: patches, and pictures beside texts."""

from __future__ import annotations

TABLES: dict[str, str] = {
    "picture": "The picture: a number for each point, how bright it is.",
    "patches": "Each square of the picture, its points written in one row as if it were a word.",
    "class_token": "A row in front of the patches, in which the model collects its answer.",
    "W_patch": "Turns the points of a square into the row of numbers that stands for it.",
    "b_patch": "Added to the row of every square.",
    "length in Pictures": "How long each picture's row is, as an arrow.",
    "length in Texts": "How long each text's row is, as an arrow.",
    "logits in Similarity": "How alike each picture and each text are, times the scale.",
    "losses in Picture to texts": "How surprised each picture is by its own text.",
    "losses in Text to pictures": "How surprised each text is by its own picture.",
    "own in Picture to texts": "The text that belongs to each picture, by its number.",
    "own in Text to pictures": "The picture that belongs to each text, by its number.",
    "features": "What is known of each picture or text, as a row of numbers.",
    "t": "The logarithm of the scale; learnt.",
    "cosine": "How alike each picture and each text are, from −1 to 1.",
    "W in Pictures": "Turns what is known of a picture into a row that can be compared with those of texts; learnt.",
    "W in Texts": "Turns what is known of a text into a row that can be compared with those of pictures; learnt.",
    "projected in Pictures": "Each picture as a row that can be compared with those of texts.",
    "projected in Texts": "Each text as a row that can be compared with those of pictures.",
    "words in patches as words": "The row of numbers that stands for each square of the picture.",
}

STEPS: dict[str, str] = {
    "class token + positions": "A row for the answer is put in front, and the places are added.",
    "patches": "The picture is cut into squares, each of which becomes a row.",
    "patches as words": "Each square becomes a row of numbers, as a word does.",
    "pictures": "Each picture becomes a row that is 1 long.",
    "texts": "Each text becomes a row that is 1 long.",
    "similarity": "How alike each picture and each text are.",
    "picture to texts": "How surprised each picture is by its own text.",
    "text to pictures": "How surprised each text is by its own picture.",
    "picture": "The picture as numbers, which are cut into squares.",
}
