"""The glossary of retrieval: neighbours among stored texts."""

from __future__ import annotations

TABLES: dict[str, str] = {
    "keys": "A row for each stored place or text, by which it is found.",
    "values": "The word that followed at each stored place, as 1 in its column.",
    "square_k": "The square of each stored row's length.",
    "square_q": "The square of the row's length that looks for neighbours.",
    "d": "How far each stored row is from the one that looks for neighbours, as a square.",
    "near": "How near the nearest stored places are; −∞ for all others.",
    "nearness": "The nearer a place, the larger; far ones get −∞.",
    "word_after": "The word that followed at each stored place.",
    "p_kNN": "How probable each word is by the neighbours alone.",
    "entries": "The stored texts.",
    "row": "Which row of B holds the number for each distance.",
    "nearest": "The stored text that is nearest.",
    "readers": "Which words read the neighbours.",
    "own": "1 where a word reads its own chunk's neighbours.",
    "frozen": "A row for each word, from a model that learns no more, by which texts are compared.",
    "left in neighbour": "How near the stored texts are, with −∞ for the one that is found already.",
    "mean in distances": "The mean of the rows of the chunk's words, with which the stored texts are compared.",
    "apart in distances": "How far each stored text's row is from that of the chunk, column by column.",
    "chosen in the nearest": "1 for the stored places that are nearest.",
    "weights in The nearest contexts": "How much each neighbour counts: shares that add up to 1 in its row.",
    "last_word": "The last word that was read at each stored place.",
    "H in Chunk": "The rows of the chunk's words, at which its neighbours look.",
}

STEPS: dict[str, str] = {
    "neighbour": "The stored text that is nearest, of those not found yet.",
    "the nearest": "The stored places that are nearest to this one.",
    "their words": "The words of the neighbours.",
    "who reads them": "Which words look at the neighbours.",
    "p_knn": "What followed at the neighbours, the nearer the more.",
    "interpolate": "The model's shares and those of the neighbours are mixed.",
    "distances": "How far each stored row is from the one that looks for neighbours.",
    "keys in Database": "Each stored text gets a row by which it is found.",
    "database": "Texts that were stored before, each with a row by which it is found.",
    "chunk": "A piece of the text, with the stored texts that are nearest to it.",
    "neighbours": "The words look at the texts that were found.",
    "language model": "The model as it is, without neighbours.",
    "datastore": "For each place of a stored text, the row that the model had there and the word that followed.",
    "the nearest contexts": "The stored places that are most like this one, and the words that followed there.",
}
