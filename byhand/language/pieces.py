"""Pieces that merges make: pairs of neighbours, how often each is there, and the words once a pair is joined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.core.graph import Array, Dim, Node, page, scope, source
from byhand.core.labels import Labels, Pieces, Typed
from byhand.core.ops import (
    apart,
    argmax,
    at_places,
    below,
    beside,
    equal,
    int_,
    joined_places,
    lookup,
    spelled,
    stretch,
    take,
    tally,
    where,
)
from byhand.language.architecture import Graph
from byhand.language.typed_words import gaps


@dataclass(frozen=True)
class Merge:
    """One merge, a (1, 1) table each: the pair's number, those of its two pieces, and how often the pair is there."""

    pair: Node
    left: Node
    right: Node
    count: Node


def base_of(pieces: int) -> int:
    """Return the power of ten by which a pair's left piece is multiplied, so that both can be read from one number."""
    return int(10 ** len(str(pieces)))


def letters_of(ids: Node, pieces: Pieces) -> Node:
    """Return the table of pieces, in letters. (words, letters)"""
    return spelled(ids, pieces=pieces).named("letters", role="pieces")


def pair_numbers(ids: Node, base: int) -> Node:
    """Return the number of each pair of neighbours, and 0 at the end of a word. (W, L) -> (W, L − 1)"""
    width = int(ids.shape[1])
    left, right = ids.columns(0, width - 1), ids.columns(1, width)
    pairs = where(right, base * left + right, 0)
    pairs.shape = (pairs.shape[0], Dim(width - 1, gaps(width - 1)))
    return pairs.named("pair", role="pairs")


def pair_counts(pairs: Node, counts: Node, overlaps: str) -> Node:
    """Return how often each pair is in all words. (W, L − 1), (W, 1) -> (W, L − 1)

    Each word counts as often as it is in the text. overlaps: "counted", so that aaa has the pair a a twice, as in the
    paper's algorithm; or "apart", once.
    """
    if overlaps == "counted":
        return where(pairs, tally(pairs, counts, pairs), 0).named("count", role="counts")
    width = int(pairs.shape[1])
    nothing = stretch(0, rows=pairs.shape[0], columns=1)
    again = equal(pairs, beside(nothing, pairs.columns(0, width - 1))).named("again")
    counted = where(apart(again), 0, pairs).named("counted", role="pairs")
    return where(pairs, tally(counted, counts, pairs), 0).named("count", role="counts")


def most_frequent(pairs: Node, times: Node, base: int, ties: str) -> Merge:
    """Return the most frequent pair: of ties the first in the order of the words, or the one with the smallest numbers.

    Both pieces are 0 where no pair is left. (W, L − 1), (W, L − 1) -> (1, 1) each
    """
    most = times.max(1).named("most", role="counts")
    if ties == "first":
        first = take(pairs, argmax(times, axis=1)).named("its_pair", role="pairs")
        best = most.max(0).named("best", role="counts")
        pair = lookup(first, argmax(most, axis=0))
    else:
        best = most.max(0).named("best", role="counts")
        order = where(equal(times, best), base * base - pairs, 0).named("order", role="pairs")
        pair = base * base - order.max(1).named("first_of_row", role="pairs").max(0)
    pair = where(best, pair, 0).named("best_pair", role="pairs")
    left = int_(pair / base).named("left", role="ids")
    right = (pair - base * left).named("right", role="ids")
    return Merge(pair, left, right, best)


def merged(ids: Node, pairs: Node, merge: Merge, number: int) -> Node:
    """Return the words with the merge's pair joined, from the left, as a piece of this number. (W, L) -> (W, L)"""
    with scope("", "where it is", equation="1 where the pair begins", below=True):
        here = where(pairs, equal(pairs, merge.pair), 0).named("here", role="pairs")
        begins = apart(here).named("begins", role="pairs")
    with scope("", "join", equation="the new piece in place of its two", below=True):
        nothing = stretch(0, rows=ids.shape[0], columns=1)
        marked = where(beside(begins, nothing), number, ids).named("marked", role="ids")
        places = joined_places(begins).named("place", role="pairs")
        return at_places(marked, places)


def result(typed: Typed, counts: Node, ids: Node, merges: list[Merge], steps: list[Node]) -> Graph:
    """Return the graph with the words in pieces, the merges in order, and how often each piece is used."""
    pieces = typed.pieces
    with page("", "Result", equation="the words in pieces"):
        ids = ids.named("pieces", role="ids")
        words = spelled(ids, pieces=pieces).named("words_in_pieces", role="pieces")
        order = Labels("merges", tuple(f"merge {n + 1}" for n in range(len(merges))))
        learnt = below(*(beside(merge.left, merge.right) for merge in merges))
        learnt.shape = (Dim(len(merges), order), Dim(2, Labels("sides", ("left", "right"))))
        learnt = spelled(learnt, pieces=pieces).named("merges", role="pieces")
        times = below(*(merge.count for merge in merges))
        times.shape = (learnt.shape[0], times.shape[1])
        times = times.named("merge_counts", role="counts")
    with page("", "Pieces", equation="letters, then what each merge makes"):
        count = len(pieces.letters) + len(merges)
        numbers = source("number", np.arange(1.0, count + 1)[:, None], "ids", rows=pieces)
        used = tally(ids, counts, numbers).named("used", role="counts")

    def report(tables: Mapping[str, Array]) -> dict[str, Any]:
        return learnt_in_words(pieces, [merge.count.name for merge in merges], tables, ids.name, typed)

    return Graph([words, learnt, times, used, *steps], typed=((typed, counts),), report=report)


def learnt_in_words(
    pieces: Pieces, counts: list[str], tables: Mapping[str, Array], ids: str, typed: Typed
) -> dict[str, Any]:
    """Return the merges with their counts, the words in pieces, and the vocabulary, for JSON."""
    merges = [[pieces.spell(float(tables[side.name][0, 0]), tables) for side in pair] for pair in pieces.merges]
    times = [float(tables[name][0, 0]) for name in counts]
    done = [(pair, count) for pair, count in zip(merges, times, strict=True) if count]
    cut = [[pieces.spell(n, tables) for n in row if n] for row in tables[ids].tolist()]
    return {
        "merges": [pair for pair, _ in done],
        "steps": [{"pair": pair, "count": int(count) if count % 1 == 0 else count} for pair, count in done],
        "words": dict(zip(typed.words, cut, strict=True)),
    }
