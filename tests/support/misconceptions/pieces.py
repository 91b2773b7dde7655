"""Misconceptions about pieces of words, worked out in plain Python from their description; never byhand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from support.misconceptions.transformer import Array, Case, Tables
from support.plain_pieces import joined

Counts = dict[tuple[str, str], float]
SENNRICH = {"low": 5, "lower": 2, "newest": 6, "widest": 3}
SHARED = {"aaab": 4, "abaa": 3, "babb": 2}
COURSE = {"hug": 10, "pug": 5, "pun": 12, "bun": 4, "hugs": 5}


def table(words: dict[str, int], counts: Counts, end: str = "") -> Array:
    """The count of each pair where it stands, 0 after the end of a word."""
    width = max(map(len, words)) + bool(end)
    rows = []
    for word in words:
        row = [counts.get(pair, 0.0) for pair in pairwise([*word, end] if end else word)]
        rows.append(row + [0.0] * (width - 1 - len(row)))
    return np.array(rows)


def counts_of(
    words: dict[str, int], end: str = "", once: bool = False, apart: bool = False
) -> dict[tuple[str, str], float]:
    counts: dict[tuple[str, str], float] = {}
    for word, times in words.items():
        before = None
        for pair in pairwise([*word, end] if end else word):
            overlaps = apart and pair == before
            before = None if overlaps else pair
            if not overlaps:
                counts[pair] = counts.get(pair, 0) + (1 if once else times)
    return counts


def pairs_of(
    words: dict[str, int], counts: dict[tuple[str, str], float], name: str = "merge1.count", end: str = ""
) -> Case:
    return lambda t: {name: table(words, counts, end)}


def across() -> Counts:
    """All words written one after the other, without their ends."""
    text = "".join(word * times for word, times in SHARED.items())
    inside = counts_of(SHARED, apart=True)
    bounds = np.cumsum([len(word) for word, times in SHARED.items() for _ in range(times)])[:-1]
    for place in bounds:
        pair = text[place - 1], text[place]
        inside[pair] = inside.get(pair, 0) + 1
    return inside


def last_of_ties(t: Tables) -> dict[str, Array]:
    """The last place, in reading order, with the largest count."""
    counts, pairs = t["merge1.count"], t["merge1.pair"]
    place = max(n for n, x in enumerate(counts.ravel()) if x == counts.max())
    return {"merge1.best_pair": pairs.ravel()[place].reshape(1, 1)}


def text_order(t: Tables) -> dict[str, Array]:
    """abca and aabc, with the merges b c (5), bc a (6), a b (7): in the text, a b comes first."""
    assert joined(["a", "b", "c", "a"], "a", "b", "ab") == ["ab", "c", "a"]
    return {"merge3.ids": np.array([[7.0, 3.0, 1.0, 0.0], [1.0, 7.0, 3.0, 0.0]])}


def longest_merged(t: Tables) -> dict[str, Array]:
    """cab and abcab, with the merges b c (5), a bc (6), a b (7), c a (8): ca and abc are the longest to begin with."""
    return {"merge4.ids": np.array([[8.0, 2.0, 0.0, 0.0, 0.0], [6.0, 7.0, 0.0, 0.0, 0.0]])}


def from_the_right(t: Tables) -> dict[str, Array]:
    """aaaaaa, with a (2), ##a (5), ##aa (9) and aaa (11): from the right ##aa twice, then ##a and a."""
    return {"word1.path": np.array([[0.0, 0.0, 2.0, 5.0, 9.0, 9.0]])}


def fewest(t: Tables) -> dict[str, Array]:
    """aaaaaa in three pieces, the last of them the longest that does: aaa, ##a, ##aa."""
    return {"word1.path": np.array([[0.0, 0.0, 0.0, 11.0, 5.0, 9.0]])}


def greedy(t: Tables) -> dict[str, Array]:
    """hug, then s: the longest piece each time."""
    p = t["word5.p"]
    return {"word5.best_4": (p[0, 2] * p[3, 3]).reshape(1, 1)}


def all_ways(t: Tables) -> dict[str, Array]:
    return {"word1.best_2": t["word1.sum_2"]}


def one_piece(t: Tables) -> dict[str, Array]:
    left = t["merge1.piece_count"][:, :-1]
    return {"merge1.score": t["merge1.count"] / np.maximum(left, 1)}


CASES: dict[str, tuple[str, Case]] = {
    "counts-forgotten": ("pairs", pairs_of(SENNRICH, counts_of(SENNRICH, "</w>", once=True), end="</w>")),
    "overlapping-pairs-counted-twice": ("pairs apart", pairs_of(SHARED, counts_of(SHARED))),
    "pair-across-words": ("pairs apart", pairs_of(SHARED, across())),
    "last-of-ties": ("pairs", last_of_ties),
    "count-for-score": ("scores", lambda t: {"merge1.score": t["merge1.count"]}),
    "score-by-one-piece": ("scores", one_piece),
    "merges-in-order-of-the-text": ("merges", text_order),
    "longest-piece-for-merges": ("more merges", longest_merged),
    "longest-piece-from-the-right": ("longest matches", from_the_right),
    "fewest-pieces": ("longest matches", fewest),
    "longest-piece-first": ("lattice", greedy),
    "all-ways-for-the-best": ("lattice", all_ways),
}
RIGHT: dict[str, Case] = {
    "pairs": pairs_of(SENNRICH, counts_of(SENNRICH, "</w>"), end="</w>"),
    "pairs apart": pairs_of(SHARED, counts_of(SHARED, apart=True)),
    "scores": pairs_of(COURSE, counts_of(COURSE)),
}
MORE: list[tuple[str, str, Case]] = []
