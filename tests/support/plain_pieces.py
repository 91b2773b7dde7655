"""Byte pairs, WordPiece and Unigram as plain Python: the other implementation against which byhand's are held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

Words = Sequence[tuple[str, int]]
END = "</w>"


def symbols(word: str, end_of_word: str) -> list[str]:
    letters = list(word)
    if end_of_word == "own":
        return [*letters, END]
    return [*letters[:-1], letters[-1] + END] if end_of_word == "last" else letters


def joined(pieces: Sequence[str], left: str, right: str, new: str) -> list[str]:
    """The pieces with each pair joined, from the left."""
    done: list[str] = []
    rest = list(pieces)
    while rest:
        if rest[:2] == [left, right]:
            done.append(new)
            del rest[:2]
        else:
            done.append(rest.pop(0))
    return done


def pair_counts(words: Iterable[tuple[list[str], float]]) -> dict[tuple[str, str], float]:
    """How often each pair of neighbours is there, in the order in which they are met."""
    counts: dict[tuple[str, str], float] = {}
    for pieces, times in words:
        for pair in pairwise(pieces):
            counts[pair] = counts.get(pair, 0) + times
    return counts


def learn_bpe(words: Words, merges: int, end_of_word: str = "own") -> tuple[list[tuple[str, str, float]], list[str]]:
    """The merges with their counts, as Sennrich et al.'s algorithm 1 learns them; and the words in pieces."""
    cut = [(symbols(word, end_of_word), times) for word, times in words]
    learnt: list[tuple[str, str, float]] = []
    for _ in range(merges):
        counts = pair_counts(cut)
        if not counts or max(counts.values()) <= 0:
            break
        left, right = max(counts, key=lambda pair: counts[pair])  # the first of equals
        learnt.append((left, right, counts[left, right]))
        cut = [(joined(pieces, left, right, left + right), times) for pieces, times in cut]
    return learnt, [" ".join(pieces) for pieces, _ in cut]
