"""The glossary of embeddings: words and places as rows of numbers."""

from __future__ import annotations

TABLES: dict[str, str] = {
    "ids": "The words as numbers: each word's place in the list of all words that the model knows.",
    "own_ids": "The words that are read now, as numbers of the vocabulary.",
    "seen_ids": "The words that were read before, as numbers of the vocabulary.",
    "segment_ids": "Says for each word to which of two sentences it belongs.",
    "targets": "The words that should have come next: what the model is judged by.",
    "wte": "The embeddings: for each word of the vocabulary a row of numbers that stands for what it means.",
    "wpe": "For each position a row of numbers that is added, so that the order of the words counts.",
    "E": "The embeddings: for each word of the vocabulary a row of numbers that stands for what it means.",
    "P": "For each position a row of numbers that is added, so that the order of the words counts.",
    "PE": "Waves of sine and cosine: each position gets a pattern of its own, and near ones get similar patterns.",
    "S weight": "For each of two sentences a row of numbers, so that the model can tell them apart.",
    "S": "What has been kept so far of keys and values, as one small table that grows no longer than it is.",
    "words": "The row of numbers of each word of the text, looked up in the embeddings.",
    "words tokens": "The words that are written, as numbers of the vocabulary.",
    "embedded": "The row of numbers of each word of the text, looked up in the embeddings.",
    "places": "The row of numbers of each position, looked up, to be added to the words.",
    "segments": "The row of numbers of each word's sentence, looked up, to be added to the words.",
    "position": "The positions of the words, counted from 0.",
    "x": "What comes in: a row of numbers for each word, which every step reads and changes.",
    "X": "What comes in: a row of numbers for each word.",
    "x_out": "The words after this layer, which the next text may look back at.",
    "rescaled": "The words made smaller, so that the logits do not become too large.",
    "so_far": "1 for a word and those before it, to count them.",
    "pad": "The number of the filler in the vocabulary.",
    "real": "1 for a word, 0 for a filler.",
    "real_so_far": "How many words there are up to here: the place of each word.",
    "narrow": "The rows of the words before they are made wider.",
    "W_in": "Makes the narrow rows of the words as wide as the layers need them.",
    "b_in": "Added to each widened row.",
}

STEPS: dict[str, str] = {
    "word embeddings": "Each word becomes a row of numbers that stands for what it means.",
    "+ positions": "The place of each word is added, so that the order counts.",
    "+ positions + segments": "The place of each word and its sentence are added.",
    "positional encoding": "Each place gets a pattern of waves of its own.",
    "positions": "Each place gets its number, fillers left out.",
    "rescale": "The words are made smaller before the logits.",
    "input": "The words become rows of numbers, and their places are added.",
    "widen": "The narrow rows of the words are made as wide as the layers need them.",
}
