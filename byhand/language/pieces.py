"""Pieces that merges make: pairs of neighbours, how often each is there, and the words once a pair is joined."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.core.graph import Array, Dim, Node, page, scope, source, within
from byhand.core.labels import Labels, Pieces, Typed
from byhand.core.ops import argmax, below, beside, equal, int_, lookup, maximum, stretch, where
from byhand.core.piece_ops import apart, at_places, joined_places, spelled, take, tally
from byhand.errors import ByhandError
from byhand.language.architecture import Graph
from byhand.language.typed_words import alphabet, counts_table, gaps, typed_letters

MOST_MERGES = 40


@dataclass(frozen=True)
class Merge:
    """One merge, a (1, 1) table each: the pair's number, those of its two pieces, and its count or score.

    pairs, worth: all pairs, and the count or score of each. (W, L − 1)
    """

    pair: Node
    left: Node
    right: Node
    best: Node
    pairs: Node
    worth: Node


Choose = Callable[[Node, Node, Node, int], Merge]
"""(pieces, pairs, how often each word is there, the base of pairs) -> the next merge."""


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
    before = beside(nothing, pairs.columns(0, width - 1)) if width > 1 else nothing
    again = equal(pairs, before).named("again")
    counted = where(apart(again), 0, pairs).named("counted", role="pairs")
    return where(pairs, tally(counted, counts, pairs), 0).named("count", role="counts")


def largest(pairs: Node, worth: Node, base: int, ties: str, role: str = "counts") -> Merge:
    """Return the pair that is worth most: of ties the first in reading order, or the one with the smallest numbers.

    Both pieces are 0 where no pair is left. (W, L − 1), (W, L − 1) -> (1, 1) each
    """
    most = worth.max(1).named("most", role=role)
    if ties == "first":
        first = take(pairs, argmax(worth, axis=1)).named("its_pair", role="pairs")
        best = most.max(0).named("best", role=role)
        pair = lookup(first, argmax(most, axis=0))
    else:
        best = most.max(0).named("best", role=role)
        order = where(equal(worth, best), base * base - pairs, 0).named("order", role="pairs")
        pair = base * base - order.max(1).named("first_of_row", role="pairs").max(0)
    pair = where(best, pair, 0).named("best_pair", role="pairs")
    left = int_(pair / base).named("left", role="ids")
    right = (pair - base * left).named("right", role="ids")
    return Merge(pair, left, right, best, pairs, worth)


def joined_by(ids: Node, pairs: Node, merge: Merge, number: int) -> Node:
    """Return the words with the merge's pair joined, from the left, as a piece of this number. (W, L) -> (W, L)"""
    with scope("", "where it is", equation="1 where the pair begins", below=True):
        here = where(pairs, equal(pairs, merge.pair), 0).named("here", role="pairs")
        begins = apart(here).named("begins", role="pairs")
    with scope("", "join", equation="the new piece in place of its two", below=True):
        nothing = stretch(0, rows=ids.shape[0], columns=1)
        marked = where(beside(begins, nothing), number, ids).named("marked", role="ids")
        places = joined_places(begins).named("place", role="pairs")
        return at_places(marked, places)


def learn(
    words: Sequence[tuple[str, int]], count: int, ends: str, letters: str, about: Mapping[str, str], choose: Choose
) -> Graph:
    """Return the graph of so many merges, each on a page. ends: see `typed_letters`; letters:
    see `alphabet`; about: the caption of a page."""
    if count > MOST_MERGES:
        raise ByhandError(f"A workbook shows at most {MOST_MERGES} merges, not {count:,}: choose fewer.")
    names = [word for word, _ in words]
    with scope("merge1"), page("", "Merge 1", **about) as first:
        typed = typed_letters("ids", names, alphabet(names, letters), ends, width=2)
    counts = counts_table("words", [times for _, times in words], typed)
    pieces, ids = typed.pieces, typed.ids
    base = base_of(len(pieces.letters) + count)
    merges, steps, lengths = [], [], []
    for n in range(1, count + 1):
        with (
            within(first) if n == 1 else scope(f"merge{n}"),
            nullcontext() if n == 1 else page("", f"Merge {n}", **about),
        ):
            with scope("", "the words so far", equation="pieces by their numbers"):
                ids = ids if n == 1 else ids.named("ids", role="ids")
                steps.append(letters_of(ids, pieces))
            lengths.append(pieces_a_word(ids, counts))
            pairs = pair_numbers(ids, base)
            merge = choose(ids, pairs, counts, base)
            pieces.merges.append((merge.left, merge.right))
            steps.append(spelled(beside(merge.left, merge.right), pieces=pieces).named("merge", role="pieces"))
            ids = joined_by(ids, pairs, merge, len(pieces.letters) + n)
            merges.append(merge)
    return result(typed, counts, ids, merges, steps, lengths)


def pieces_a_word(ids: Node, counts: Node) -> Node:
    """Return how many pieces a word of the text has on average. (W, L), (W, 1) -> (1, 1)"""
    empty = tally(ids, counts, stretch(0, rows=1, columns=1)) / maximum(counts.sum(0), 1)
    return (int(ids.shape[1]) - empty).named("pieces_a_word")


def result(typed: Typed, counts: Node, ids: Node, merges: list[Merge], steps: list[Node], lengths: list[Node]) -> Graph:
    """Return the graph with the words in pieces, the merges in order, and how often each piece is used."""
    pieces = typed.pieces
    with page("", "Result", equation="the words in pieces"):
        ids = ids.named("pieces", role="ids")
        words = spelled(ids, pieces=pieces).named("words_in_pieces", role="pieces")
        order = Labels("merges", tuple(f"merge {n + 1}" for n in range(len(merges))))
        learnt = below(*(beside(merge.left, merge.right) for merge in merges))
        learnt.shape = (Dim(len(merges), order), Dim(2, Labels("sides", ("left", "right"))))
        learnt = spelled(learnt, pieces=pieces).named("merges", role="pieces")
        worth = below(*(merge.best for merge in merges))
        worth.shape = (learnt.shape[0], worth.shape[1])
        worth = worth.named("worth", role="counts")
        lengths.append(pieces_a_word(ids, counts))
        after = Labels("steps", tuple(str(n) for n in range(len(lengths))))
        curve = below(*lengths)
        curve.shape = (Dim(len(lengths), after), curve.shape[1])
        curve = curve.named("compression")
    with page("", "Pieces", equation="letters, then what each merge makes"):
        count = len(pieces.letters) + len(merges)
        numbers = source("number", np.arange(1.0, count + 1)[:, None], "ids", rows=pieces)
        used = tally(ids, counts, numbers).named("used", role="counts")

    cut = tuple((words, row) for row in range(len(typed.words)))

    def report(tables: Mapping[str, Array]) -> dict[str, Any]:
        return learnt_in_words(typed, merges, tables, ids.name)

    outputs = [words, learnt, worth, curve, used, *steps]
    return Graph(outputs, typed=((typed, counts),), cut=cut, report=report, curves=(curve,))


def learnt_in_words(typed: Typed, merges: list[Merge], tables: Mapping[str, Array], ids: str) -> dict[str, Any]:
    """Return the merges with their counts (or scores) and ties, the words in pieces, and the vocabulary, for JSON."""
    pieces = typed.pieces

    def spelt(pair: float, base: int) -> list[str]:
        return [pieces.spell(side, tables) for side in divmod(pair, base)]

    base = base_of(len(pieces.letters) + len(merges))
    steps: list[dict[str, Any]] = []
    for merge in merges:
        best, chosen = (float(tables[node.name][0, 0]) for node in (merge.best, merge.pair))
        pairs, worth = (tables[node.name].ravel().tolist() for node in (merge.pairs, merge.worth))
        tied = dict.fromkeys(
            pair for pair, x in zip(pairs, worth, strict=True) if x == best and pair not in (0, chosen)
        )
        if best:
            number = int(best) if best % 1 == 0 else best
            tied_with = [spelt(pair, base) for pair in tied]
            steps.append({"pair": spelt(chosen, base), merge.worth.symbol: number, "tied_with": tied_with})
    cut = [[pieces.spell(n, tables) for n in row if n] for row in tables[ids].tolist()]
    letters = {n for row in tables[typed.ids.name].tolist() for n in row if n}
    new = (pieces.spell(len(pieces.letters) + n + 1, tables) for n in range(len(merges)))
    vocabulary = [*(pieces.spell(n, tables) for n in sorted(letters)), *filter(None, new)]
    return {
        "merges": [step["pair"] for step in steps],
        "steps": steps,
        "vocabulary": list(dict.fromkeys(vocabulary)),
        "words": dict(zip(typed.words, cut, strict=True)),
    }
