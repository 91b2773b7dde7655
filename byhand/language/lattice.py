"""The lattice of a word's pieces: the best path (Viterbi), the sums over all paths, and the shares of each piece.

A word of L letters has places 0 to L; a piece leads from the place before its first letter to that after its last. An
L × L table has a row for each place where a piece begins, and a column for each letter with which it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from byhand.core.graph import Dim, Node, scope
from byhand.core.labels import Labels, Typed
from byhand.core.ops import argmax, below, beside, equal, greater, lookup, maximum, stretch, where
from byhand.core.piece_ops import find, spans, spelled, take, total_of

PLACE = "Kudo 2018, section 3.2"


@dataclass(frozen=True)
class Vocabulary:
    """Pieces that are typed: their numbers from 1, their letters as one number each, and probabilities. (K, 1)"""

    typed: Typed
    numbers: Node
    codes: Node
    p: Node
    base: int


@dataclass(frozen=True)
class Lattice:
    """A word's lattice.

    edges: the number of the piece on each edge, 0 without one; letters: the same in letters; p: its probability.
    (L, L) length: of the word, (1, 1).
    best, came: up to each letter, the largest product and the place before its last piece. (1, 1) each
    sums: up to each letter, over all ways. (1, 1) each
    all_ways: the sum at the end of the word, 0 where there is no way to cut it. (1, 1)
    """

    edges: Node
    letters: Node
    p: Node
    length: Node
    best: list[Node]
    came: list[Node]
    sums: list[Node]
    all_ways: Node

    @property
    def size(self) -> int:
        return len(self.best)

    def at_end(self, each: Sequence[Node]) -> Node:
        """Return what one of each letter's tables holds at the last letter. L × (1, 1) -> (1, 1)"""
        return at_end(each, self.length)


def at_end(each: Sequence[Node], length: Node) -> Node:
    """Return what one of each letter's tables holds at the last letter of a word. L × (1, 1), (1, 1) -> (1, 1)"""
    return lookup(below(*each), maximum(length - 1, 0)) if len(each) > 1 else each[0]


def or_one(x: Node) -> Node:
    """Return what to divide by: the numbers, and 1 in place of 0, where nothing is divided."""
    return where(x, x, 1)


def one() -> Node:
    return stretch(1, rows=1, columns=1)


def lattice(ids: Node, of: Vocabulary) -> Lattice:
    """Return the lattice of a word, from the numbers of its letters. (1, L)"""
    size = int(ids.shape[1])
    starts = Labels("starts", tuple(f"from {n + 1}" for n in range(size)))
    ends = Labels("ends", tuple(f"to {n + 1}" for n in range(size)))
    with scope("", "the pieces in the word", equation="each part of the word that is a piece", source=PLACE):
        length = greater(ids, 0).sum(1).named("length")
        parts = spans(ids, base=of.base)
        parts.shape = (Dim(size, starts), Dim(size, ends))
        parts = parts.named("part", role="pairs")
        edges = where(parts, find(parts, of.codes, of.numbers), 0).named("edge", role="ids")
        letters = spelled(edges, pieces=of.typed).named("piece", role="pieces")
        chance = find(edges, of.numbers, of.p).named("chance", role="counts")
        p = where(edges, chance, 0).named("p", role="counts")
    best, came, sums = [one()], [], [one()]
    for n in range(1, size + 1):
        arriving = p.rows(0, n).columns(n - 1, n).T  # (1, n): the pieces that end with letter n
        equation = "largest of (best before) · p, and the sum of all ways"
        with scope("", f"up to letter {n}", equation=equation, below=True):
            ways = (_row(best) * arriving).named(f"ways_{n}", role="counts")
            best.append(ways.max(1).named(f"best_{n}", role="counts"))
            came.append(argmax(ways, axis=1).named(f"came_{n}"))
            sums.append((_row(sums) * arriving).sum(1).named(f"sum_{n}", role="counts"))
    with scope("", "all ways", equation="the sum at the last letter", below=True):
        all_ways = at_end(sums[1:], length).named("all_ways", role="counts")
    return Lattice(edges, letters, p, length, best[1:], came, sums[1:], all_ways)


def _row(numbers: Sequence[Node]) -> Node:
    return beside(*numbers) if len(numbers) > 1 else numbers[0]


def _column(numbers: Sequence[Node]) -> Node:
    return below(*numbers) if len(numbers) > 1 else numbers[0]


def best_path(of: Lattice, typed: Typed) -> Node:
    """Return the pieces of the best path, read back from the end of the word, and put in order. -> (1, L)"""
    equation = "where the best way came from; of ties, the longest last piece"
    with scope("", "read the best path back", equation=equation, below=True):
        place, pieces = of.length, []
        for n in range(1, of.size + 1):
            letter = maximum(place - 1, 0)
            before = where(place, lookup(_column(of.came), letter), 0).named(f"from_{n}")
            piece = where(place, lookup(lookup(of.edges, before).T, letter), 0).named(f"piece_{n}", role="ids")
            place = before
            pieces.append(piece)
        numbers = _row(pieces[::-1])
        numbers.shape = (Dim(1), Dim(of.size))
        return spelled(numbers, pieces=typed).named("path", role="pieces")


def expected(of: Lattice) -> Node:
    """Return how often each edge is used on average, over all ways by their probabilities. (L, L)

    It is (sum up to the edge) · p · (sum after it) / (sum of all ways).
    """
    after = [equal(of.length, of.size).named(f"after_{of.size}", role="counts")]
    with scope("", "sums from the end", equation="1 at the end; Σ p · (sum after)", below=True):
        for n in range(of.size - 1, 0, -1):
            leaving = of.p.rows(n, n + 1).columns(n, of.size)  # (1, L − n)
            ways = (leaving * _row(after)).sum(1)
            after.insert(0, (equal(of.length, n) + ways).named(f"after_{n}", role="counts"))
    with scope("", "expected use", equation="before · p · after / all", source=PLACE, below=True):
        before = _column([one(), *of.sums[:-1]])
        return (before * of.p * _row(after) / or_one(of.all_ways)).named("expected", role="counts")


def without(of: Lattice, vocabulary: Vocabulary) -> Node:
    """Return the best product of the word where the piece of each row is dropped. (K, 1)"""
    count = int(vocabulary.numbers.shape[0])
    best = [stretch(1, rows=count, columns=1)]
    for n in range(1, of.size + 1):
        edges, p = (table.rows(0, n).columns(n - 1, n).T for table in (of.edges, of.p))
        left = where(equal(vocabulary.numbers, edges), 0, p).named(f"left_{n}", role="counts")  # (K, n)
        best.append((_row(best) * left).max(1).named(f"without_{n}", role="counts"))
    last = stretch(maximum(of.length - 1, 0), rows=count, columns=1)
    return take(_row(best[1:]), last)


def use_of_pieces(of: Lattice, shares: Node, vocabulary: Vocabulary) -> Node:
    """Return the expected use of each piece in the word. (L, L) -> (K, 1)"""
    return total_of(vocabulary.numbers, of.edges, shares)
