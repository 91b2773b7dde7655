"""The glossary of retrieval: neighbours among stored texts."""

from __future__ import annotations

TABLES: dict[str, str] = {
    "keys": "A row for each stored place, by which it is found.",
    "values": "The word that followed at each stored place.",
    "square_k": "The square of each stored row's length.",
    "square_q": "The square of the row's length that looks for neighbours.",
    "d": "How far each stored place is from this one.",
    "near": "1 for the nearest stored places.",
    "nearness": "The nearer a place, the larger; far ones get −∞.",
    "word_after": "The word that followed at each stored place.",
    "p_kNN": "How probable each word is by the neighbours alone.",
    "entries": "The stored texts.",
    "row": "The number of a row.",
    "nearest": "The stored text that is nearest.",
    "readers": "Which words read the neighbours.",
    "own": "1 where a word reads its own chunk's neighbours.",
}

STEPS: dict[str, str] = {
    "neighbour": "The stored text that is nearest.",
    "the nearest": "The stored places that are nearest to this one.",
    "their words": "The words of the neighbours.",
    "who reads them": "Which words look at the neighbours.",
    "p_knn": "What followed at the neighbours, the nearer the more.",
    "interpolate": "The model's shares and those of the neighbours are mixed.",
}
