"""Slips of the pen: a missing term, a wrong sign, a misplaced point, exchanged digits, a neighbouring cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from byhand.core import ops
from byhand.core.captions import symbol
from byhand.core.graph import INFINITE, Array, Node
from byhand.core.number_text import to_digits
from byhand.grading.stages import ROOM

FEW = 3
"""At most one in so many answers to a table may be a slip."""
SIGN = "Only the sign is not right."
POINT = "The digits are right, but the point is in the wrong place."
DIGITS = "Two digits have changed places."
LAST = "The last digit is one off: look at the digit after it when you round."
ONE = "You are one off: add up once more."
NEXT = "This is the number of the cell beside it, above or below."
TURNED = "This is the number of the cell whose row is this one's column."
COARSE = "Rounded too early, or too far: keep more decimals on the way, and give {places} in the answer."
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


@dataclass(frozen=True)
class Slip:
    """A slip. coarse: the right number, rounded to fewer places than asked."""

    sentence: str
    coarse: bool = False


@dataclass(frozen=True)
class Term:
    """One term of a sum, with a text that names it."""

    value: float
    text: str


def find_slip(
    answer: float, node: Node, cell: tuple[int, int], places: int, margin: float, values: Mapping[Node, Array]
) -> Slip | None:
    """Return the likeliest slip that leads from these numbers to this answer; None if there is none."""
    table = values[node]
    expected = float(table[cell])
    if not np.isfinite(expected) or abs(expected) > INFINITE:
        return None
    room = margin + ROOM * max(1.0, abs(expected))
    found = _sign(answer, expected, room) or _term(answer, expected, room, terms(node, *cell, values))
    found = found or _written(answer, expected, places, room)
    return found or _elsewhere(answer, table, cell, room)


def _sign(answer: float, expected: float, room: float) -> Slip | None:
    return Slip(SIGN) if abs(answer + expected) <= room < abs(expected) else None


def _term(answer: float, expected: float, room: float, terms: Sequence[Term]) -> Slip | None:
    if len(terms) < 2:
        return None
    for times, what in ((1, "is missing"), (-1, "is counted twice"), (2, "has the wrong sign")):
        for n, term in enumerate(terms):
            if abs(times * term.value) > 2 * room and abs(answer - expected + times * term.value) <= room:
                which = ORDINALS[n] if n < len(ORDINALS) else f"{n + 1}th"
                return Slip(f"In this sum the {which} term{term.text} {what}.")
    return None


def _written(answer: float, expected: float, places: int, room: float) -> Slip | None:
    """Return the slip in writing a right number down; None if there is none."""
    if abs(expected) > 2 * room and any(_near(answer * 10.0**k, expected, places, room) for k in (1, -1, 2, -2)):
        return Slip(POINT)
    if answer in _swapped(expected, places):
        return Slip(DIGITS)
    if abs(abs(answer - round(expected, places)) - 10.0**-places) < 1e-9:
        return Slip(LAST if places else ONE)
    return None


def _near(moved: float, expected: float, places: int, room: float) -> bool:
    return abs(moved - expected) <= room or abs(moved - round(expected, places)) <= ROOM


def _swapped(expected: float, places: int) -> Iterator[float]:
    """Yield the number with each pair of neighbouring digits exchanged, ignoring the point."""
    text = f"{expected:.{places}f}"
    spots = [n for n, sign in enumerate(text) if sign.isdigit()]
    for one, other in pairwise(spots):
        if text[one] != text[other]:
            signs = [*text]
            signs[one], signs[other] = signs[other], signs[one]
            yield float("".join(signs))


def _elsewhere(answer: float, table: Array, cell: tuple[int, int], room: float) -> Slip | None:
    row, column = cell
    for i, j in ((row, column - 1), (row, column + 1), (row - 1, column), (row + 1, column)):
        if _holds(table, i, j, answer, room):
            return Slip(NEXT)
    return Slip(TURNED) if row != column and _holds(table, column, row, answer, room) else None


def _holds(table: Array, row: int, column: int, answer: float, room: float) -> bool:
    inside = 0 <= row < table.shape[0] and 0 <= column < table.shape[1]
    return inside and abs(answer - float(table[row, column])) <= room


def terms(node: Node, row: int, column: int, values: Mapping[Node, Array], inner: bool = False) -> list[Term]:
    """Return the terms of a cell's sum: the products of a matrix product, and the summands."""
    if node.op is ops.matmul and not (inner and node.name):
        left, right = node.args
        x, y = values[left][row], values[right][:, column]
        findings = _given(left) and _given(right)
        return [
            Term(float(a * b), f", {_number(a)} × {_number(b)}," if findings else "") for a, b in zip(x, y, strict=True)
        ]
    if node.op in (ops.add, ops.sub) and not (inner and node.name):
        one, other = (terms(a, row, column, values, True) for a in node.args)
        return [*one, *(Term(-t.value, t.text) if node.op is ops.sub else t for t in other)]
    table = values[node]
    value = table[row if table.shape[0] > 1 else 0, column if table.shape[1] > 1 else 0]
    return [Term(float(value), f", {symbol(node)}," if node.name else "")]


def _given(node: Node) -> bool:
    """Whether the student sees the numbers of a table: given ones, or a view of given ones."""
    return node.data is not None or (node.op.view and all(map(_given, node.args)))


def _number(value: float) -> str:
    text = to_digits(value, 6)
    return f"({text})" if value < 0 else text
