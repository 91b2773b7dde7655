"""Unigram: of all ways to cut a text into pieces, the one with the largest product of the pieces' probabilities.

Source: Kudo (2018), "Subword Regularization", section 3.2. The lattice has an edge for each piece that stands in the
text; Viterbi's algorithm finds the best path, the forward and backward sums weigh all of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from byhand.errors import ByhandError
from byhand.tokenizers.encoding import Piece

UNKNOWN_PENALTY = 10.0
"""By how much the score of an unknown letter lies below the smallest score of the vocabulary."""


@dataclass(frozen=True)
class Edge:
    """A piece that stands in the text from start to end. known: it is in the vocabulary."""

    text: str
    start: int
    end: int
    score: float
    known: bool = True


@dataclass(frozen=True)
class Column:
    """One place of the lattice: the edges that end there, the best score up to there, its edge, and the log of the sum.

    best: the largest of the scores of all paths to this place. via: the edge by which that path arrives. forward: the
    log of the sum of the probabilities of all paths.
    """

    place: int
    edges: tuple[Edge, ...]
    best: float
    via: Edge | None
    forward: float


@dataclass(frozen=True)
class Unigram:
    """Pieces with their scores (log probabilities), by id.

    unknown: the id of the unknown piece. byte_fallback: an unknown letter becomes pieces such as <0xE2>, one a byte.
    single: scores are added in 32-bit numbers, as the SentencePiece library does. matched: the pieces that a text may
    contain, where these are not all (SentencePiece's control pieces are none). always: pieces that win over all others
    (user-defined ones of SentencePiece).
    """

    scores: tuple[tuple[str, float], ...]
    unknown: int | None = 0
    byte_fallback: bool = False
    single: bool = False
    fuse_unknown: bool = True
    matched: frozenset[str] | None = None
    always: frozenset[str] = frozenset()
    ids: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", {text: n for n, (text, _) in enumerate(self.scores)})

    @cached_property
    def _matching(self) -> Mapping[str, Any]:
        """The score of each piece that may stand in a text."""
        number = np.float32 if self.single else float
        table = {t: number(s) for t, s in self.scores if t and (self.matched is None or t in self.matched)}
        highest = max((score for text, score in table.items() if text not in self.always), default=number(0))
        for text in self.always & table.keys():
            table[text] = number(len(text.encode("utf-8", errors="replace")) * highest - number(0.1))
        return table

    @cached_property
    def _starts(self) -> frozenset[str]:
        """All beginnings of pieces: where a beginning is not among them, no longer piece can match."""
        return frozenset(text[:n] for text in self._matching for n in range(1, len(text) + 1))

    @cached_property
    def unknown_score(self) -> float:
        """The score of an unknown letter."""
        number = np.float32 if self.single else float
        known = [number(s) for t, s in self.scores if self.matched is None or t in self.matched - self.always]
        lowest: Any = min(known, default=number(0))
        score: float = lowest - number(UNKNOWN_PENALTY)
        return score

    def edges_from(self, text: str, start: int, without: str = "") -> list[Edge]:
        """Return the pieces that stand in the text from a place on, shortest first; the unknown letter if none has one.

        An unknown letter is an edge wherever no piece of one letter stands there. without: a piece that is left out.
        """
        found: list[Edge] = []
        single = False
        for end in range(start + 1, len(text) + 1):
            part = text[start:end]
            if part not in self._starts:
                break
            if part in self._matching and part != without:
                single = single or end == start + 1
                found.append(Edge(part, start, end, self._matching[part]))
        if not single:
            found.append(Edge(text[start], start, start + 1, self.unknown_score, known=False))
        return found

    def best_path(self, text: str, without: str = "") -> tuple[list[Edge], float]:
        """Return the edges of the best path (Viterbi) and its score. Of equally good ones, the longer last piece.

        without: a piece that no path may have.
        """
        best: list[Any] = [None] * (len(text) + 1)
        via: list[Edge | None] = [None] * (len(text) + 1)
        best[0] = np.float32(0) if self.single else 0.0
        for start in range(len(text)):
            for edge in self.edges_from(text, start, without):
                score = best[start] + edge.score
                if via[edge.end] is None or score > best[edge.end]:
                    best[edge.end], via[edge.end] = score, edge
        path: list[Edge] = []
        place = len(text)
        while place and (last := via[place]):
            path.append(last)
            place = last.start
        return path[::-1], float(best[-1])

    def pieces(self, word: str) -> list[Piece]:
        """Return the pieces of the best path; neighbouring unknown letters become one."""
        found: list[Piece] = []
        path, _ = self.best_path(word) if word else ([], 0.0)
        for edge in path:
            if edge.known:
                found.append(Piece(edge.text, self.ids[edge.text], edge.start, edge.end))
            elif self.fuse_unknown and found and found[-1].id == self._unknown_id():
                before = found.pop()
                found.append(Piece(before.text + edge.text, before.id, before.start, edge.end))
            else:
                found.append(Piece(edge.text, self._unknown_id(), edge.start, edge.end))
        return self._in_bytes(found) if self.byte_fallback else found

    def _unknown_id(self) -> int:
        if self.unknown is None:
            raise ByhandError("The text has a letter that no piece has, and the file names no unknown piece.")
        return self.unknown

    def _in_bytes(self, found: list[Piece]) -> list[Piece]:
        """Return the pieces with each unknown one as its bytes, if all of them are in the vocabulary.

        Each byte has the place of the whole piece, as in the library, where neighbouring unknown letters are one.
        """
        written: list[Piece] = []
        for piece in found:
            names = [f"<0x{byte:02X}>" for byte in piece.text.encode("utf-8", errors="replace")]
            if piece.id == self.unknown and all(name in self.ids for name in names):
                written += [Piece(name, self.ids[name], piece.start, piece.end) for name in names]
            else:
                written.append(piece)
        return written

    def lattice(self, text: str) -> list[Column]:
        """Return the lattice's columns, one for each place after a letter: Viterbi's numbers and the forward sums."""
        arriving: list[list[Edge]] = [[] for _ in range(len(text) + 1)]
        columns = [Column(0, (), 0.0, None, 0.0)]
        for place in range(len(text) + 1):
            if place:
                edges = arriving[place]
                paths = [(columns[edge.start].best + float(edge.score), edge) for edge in edges]
                best, via = max(paths, key=lambda path: path[0])
                forward = log_sum([columns[edge.start].forward + float(edge.score) for edge in edges])
                columns.append(Column(place, tuple(edges), best, via, forward))
            if place < len(text):
                for edge in self.edges_from(text, place):
                    arriving[edge.end].append(edge)
        return columns

    def expected_counts(self, text: str) -> tuple[dict[str, float], float]:
        """Return how often each piece is expected in the text over all paths, and the log of the text's probability.

        The expected count of an edge is forward(start) + score + backward(end) - forward(end of text), as a logarithm.
        """
        columns = self.lattice(text)
        backward = [-math.inf] * len(columns)
        backward[-1] = 0.0
        for column in reversed(columns[1:]):
            for edge in column.edges:
                joined = [backward[edge.start], float(edge.score) + backward[edge.end]]
                backward[edge.start] = log_sum(joined)
        total = columns[-1].forward
        counts: dict[str, float] = {}
        for column in columns[1:]:
            for edge in column.edges:
                share = math.exp(columns[edge.start].forward + float(edge.score) + backward[edge.end] - total)
                if edge.known:
                    counts[edge.text] = counts.get(edge.text, 0.0) + share
        return counts, total


def log_sum(logs: list[float]) -> float:
    """Return the logarithm of the sum of numbers that are given by their logarithms."""
    largest = max(logs)
    if largest == -math.inf:
        return largest
    return largest + math.log(math.fsum(math.exp(each - largest) for each in logs))
