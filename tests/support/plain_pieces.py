"""Byte pairs, WordPiece and Unigram as plain Python: the other implementation against which byhand's are held."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
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


def learn_wordpiece(words: Words, merges: int) -> tuple[list[tuple[str, str, Fraction]], list[str]]:
    """The merges with their scores, count / (count of left · count of right), and the words in pieces."""
    cut = [([letter if n == 0 else f"##{letter}" for n, letter in enumerate(word)], times) for word, times in words]
    learnt: list[tuple[str, str, Fraction]] = []
    for _ in range(merges):
        single: dict[str, int] = {}
        for pieces, times in cut:
            for piece in pieces:
                single[piece] = single.get(piece, 0) + times
        counts = {pair: n for pair, n in pair_counts(cut).items() if n}
        if not counts:
            break
        scores = {(a, b): Fraction(int(n), single[a] * single[b]) for (a, b), n in counts.items()}
        left, right = max(scores, key=lambda pair: scores[pair])
        learnt.append((left, right, scores[left, right]))
        cut = [(joined(pieces, left, right, left + right.removeprefix("##")), times) for pieces, times in cut]
    return learnt, [" ".join(pieces) for pieces, _ in cut]


def ways_to_cut(word: str, p: dict[str, float]) -> Iterator[tuple[list[str], float]]:
    """Every way to cut a word into pieces, with its probability; of the last pieces, the longest first."""
    if not word:
        yield [], 1.0
    for start in range(len(word)):
        if (last := word[start:]) in p:
            for before, share in ways_to_cut(word[:start], p):
                yield [*before, last], share * p[last]


def best_way(word: str, p: dict[str, float]) -> tuple[list[str], float]:
    """The most probable way; of equals, the one whose last pieces are longer."""
    ways = list(ways_to_cut(word, p))
    return max(ways, key=lambda way: round(way[1], 14)) if ways else ([], 0.0)


def em_step(words: Words, p: dict[str, float]) -> tuple[float, dict[str, float]]:
    """−Σ count · ln P(word) over all ways, and each piece's share of its expected uses."""
    loss, use = 0.0, dict.fromkeys(p, 0.0)
    for word, times in words:
        ways = list(ways_to_cut(word, p))
        total = math.fsum(share for _, share in ways)
        loss -= times * math.log(total)
        for pieces, share in ways:
            for piece in pieces:
                use[piece] += times * share / total
    everything = math.fsum(use.values())
    return loss, {piece: n / everything for piece, n in use.items()}


def costs_of_dropping(words: Words, p: dict[str, float]) -> dict[str, float]:
    """By how much −Σ count · ln P(best way) grows without each longer piece."""
    costs = dict.fromkeys(p, 0.0)
    for piece in (piece for piece in p if len(piece) > 1):
        rest = {other: share for other, share in p.items() if other != piece}
        costs[piece] = math.fsum(t * math.log(best_way(w, p)[1] / best_way(w, rest)[1]) for w, t in words)
    return costs


def longest_match(word: str, vocabulary: Sequence[str]) -> list[str]:
    """The pieces of a word by WordPiece: the longest from the left, over and over; else the piece for unknown words."""
    known, found, start = set(vocabulary), [], 0
    while start < len(word):
        ends = [end for end in range(start + 1, len(word) + 1) if "##" * (start > 0) + word[start:end] in known]
        if not ends:
            return [vocabulary[0]]
        found.append("##" * (start > 0) + word[start : max(ends)])
        start = max(ends)
    return found
