"""Words that a program's search takes for others, and the id of a word that is not in the list."""

from __future__ import annotations

from collections import Counter

from byhand.core.labels import Labels

MOST_ALIKE = 60
"""The most words that a formula compares one by one."""


def alike_words(words: tuple[str, ...]) -> list[int]:
    """Return the ids of words that MATCH would take for others."""
    count = Counter(word.casefold() for word in words)
    return [n for n, word in enumerate(words) if count[word.casefold()] > 1 or set(word) & set("*?~")][:MOST_ALIKE]


def unknown_id(vocabulary: Labels) -> int:
    """Return the id that an unknown word counts as: that of the vocabulary's unknown piece, or else the first."""
    words = vocabulary.words
    return next((words.index(word) for word in ("<unk>", "[UNK]", "<UNK>", "unk") if word in words), 0)
