"""Answers that are a whole word in its pieces, such as `low er`: as one number, which is drawn, compared and marked.

The numbers of the pieces are the digits: with 9 pieces, the cut into pieces 5 and 3 is 53 in base 11.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from byhand.answers.pieces import BAR
from byhand.core.graph import Array, Node, toposort
from byhand.core.labels import Pieces, spelling
from byhand.errors import ByhandError

if TYPE_CHECKING:
    from byhand.exercises.recipe import Exercise
    from byhand.lessons.lesson import Lesson

LARGEST = 10**8
"""A cut is a smaller number; up to it, neighbours are further apart than answers are compared."""


@dataclass(frozen=True)
class Cuts:
    """The pieces that words are cut into, by their numbers from 1. Of two that are written alike, the first counts."""

    texts: tuple[str, ...]

    @cached_property
    def _number_of(self) -> dict[str, int]:
        return {text: n for n, text in reversed([*enumerate(self.texts, 1)])}

    @property
    def base(self) -> int:
        """The first number that is no digit: of the digits, 0 is no piece, and the last one any other piece."""
        return len(self.texts) + 2

    def numbers(self, rows: Array) -> Array:
        """Return the cut of each row of pieces' numbers, in which 0 is no piece. (..., n, L) -> (..., n)"""
        first = np.array([0.0, *(self._number_of[text] for text in self.texts)])
        pieces = first[np.clip(np.nan_to_num(rows), 0, len(self.texts)).astype(int)]
        cut = np.zeros(pieces.shape[:-1])
        for column in np.moveaxis(pieces, -1, 0):
            cut = np.where(column, self.base * cut + column, cut)
        return cut

    def number(self, pieces: Sequence[str]) -> float:
        """Return the cut into these pieces; one that is too long is the longest number that is none."""
        cut = 0
        for piece in pieces:
            cut = min(self.base * cut + self._number_of.get(piece, self.base - 1), LARGEST)
        return float(cut)

    def pieces(self, cut: float) -> list[str]:
        """Return the pieces of a cut, in order."""
        digits, left = [], int(cut)
        while left:
            left, digit = divmod(left, self.base)
            digits.append(digit)
        return [self.texts[digit - 1] if digit <= len(self.texts) else "?" for digit in reversed(digits)]

    def text(self, cut: float) -> str:
        """Return a cut as it is printed: low | er."""
        return f" {BAR} ".join(self.pieces(cut))

    def spellings(self, cut: float) -> tuple[str, ...]:
        """Return the ways in which people type a cut, for systems that compare letter by letter."""
        pieces = self.pieces(cut)
        lists = (json.dumps(pieces, ensure_ascii=False, separators=(comma, ":")) for comma in (",", ", "))
        return tuple(dict.fromkeys([*(between.join(pieces) for between in (" ", BAR, f" {BAR} ", ", ")), *lists]))


def in_letters(node: Node, numbers: Mapping[Node, Array]) -> Callable[[float], str] | None:
    """Return what writes a number of a table as the piece that it is; None for a table that is shown in numbers."""
    of = spelling(node)
    return (lambda number: of.spell(number, numbers)) if of else None


def cuts_of(exercise: Exercise, lesson: Lesson, n: int, node: Node) -> Cuts:
    """Return the pieces of a table. ByhandError for one without pieces, or with too many of them."""
    where = f"In the exercise {exercise.name}, question {n}"
    of = spelling(node)
    if of is None:
        raise ByhandError(f"{where}: {node.name} holds no pieces in letters, so no cut is asked for in it.")
    if isinstance(of, Pieces):
        numbers = lesson.numbers()
        cuts = Cuts(tuple(of.spell(i, numbers) for i in range(1, len(of.letters) + len(of.merges) + 1)))
        drawn = {table.name for side in of.merges for table in toposort([*side])} & {*exercise.draw}
    else:
        cuts = Cuts(of.words)
        drawn = {of.ids.name} & {*exercise.draw}
    if drawn:
        raise ByhandError(f"{where}: the pieces of {node.name} are the same for all: do not draw {min(drawn)}.")
    if cuts.base ** int(node.shape[1]) > LARGEST:
        raise ByhandError(
            f"{where}: {node.name} has too many pieces for words of {node.shape[1]} letters: "
            "choose fewer pieces, or shorter words."
        )
    return cuts
