"""Slips of the pen: a missing term, a wrong sign, a misplaced point, exchanged digits, a neighbouring cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import floor, isfinite, log10

import numpy as np
from numpy.typing import NDArray

from byhand.answers import equality
from byhand.answers.mistakes import CUT_OFF, TOO_LARGE
from byhand.core import ops
from byhand.core.captions import symbol
from byhand.core.graph import INFINITE, Array, Node
from byhand.core.number_text import to_digits
from byhand.translations import _

ROOM = float(equality.ROOM)
Flags = NDArray[np.bool_]
FEW = 3
"""At most one in so many answers to a table may be a slip."""
SIGN = "Only the sign is not right."
POINT = "The digits are right, but the point is in the wrong place."
EXTRA = "There is a digit too many; the others are right."
MISSING = "A digit is missing; the others are right."
BEFORE_POINT = "The digits after the point are right; one before it is not."
ONE_DIGIT = "One digit is not right; the others are."
DIGITS = "Two digits have changed places."
LAST = "The last digit is one off: look at the digit after it when you round."
ONE = "You are one off: add up once more."
NEXT = "This is the number of the cell beside it, above or below."
TURNED = "This is the number of the cell whose row is this one's column."
COARSE = "Rounded too early, or too far: keep more decimals on the way, and give {places} in the answer."
TERMS = {
    1: ("In this sum the {nth} term is missing.", "In this sum the {nth} term, {term}, is missing."),
    -1: ("In this sum the {nth} term is counted twice.", "In this sum the {nth} term, {term}, is counted twice."),
    2: ("In this sum the {nth} term has the wrong sign.", "In this sum the {nth} term, {term}, has the wrong sign."),
}
"""By how many times a term is missing: the sentences, without and with the term."""
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


SWAPPED = "This number and another one of the table have changed places."
PERCENT, CELLS_SWAPPED = "percent-for-fraction", "two-cells-swapped"
"""The names of two mistakes in writing the right numbers down. They do not go on into later tables."""


@dataclass(frozen=True)
class Slip:
    """A slip. coarse: the right number, rounded to fewer places than asked. mistake: its name, if it has one."""

    sentence: str
    coarse: bool = False
    mistake: str = ""


@dataclass(frozen=True)
class Term:
    """One term of a sum, with a text that names it."""

    value: float
    text: str


def find_slip(
    answer: float, node: Node, cell: tuple[int, int], places: int, margin: float, values: Mapping[Node, Array]
) -> Slip | None:
    """Return the likeliest slip that leads from these numbers to this answer; None if there is none."""
    expected = float(values[node][cell])
    if not np.isfinite(expected) or abs(expected) > INFINITE:
        return None
    room = margin + ROOM * max(1.0, abs(expected))

    def near(slips: Iterator[tuple[float, Slip]]) -> Slip | None:
        return next((slip for number, slip in slips if abs(answer - number) <= room), None)

    found = near(miscalculated(node, cell, room, values)) or written(answer, expected, places)
    return found or near(neighbours(values[node], cell))


def as_percent(answer: float, expected: float, places: int) -> Slip | None:
    """Return the mistake of writing a fraction as so many percent: 88 or 88.1 for 0.8808."""
    if not 0 < abs(expected) <= 1 or abs(answer) < 1:
        return None
    near = abs(answer - 100 * expected) <= 0.5 * 10.0 ** -max(0, places - 2) + ROOM * 100
    return Slip(_(TOO_LARGE), mistake=PERCENT) if near or abs(answer - round(100 * expected)) <= ROOM * 100 else None


def cut_off(answer: float, expected: float, places: int) -> Slip | None:
    """Return the slip of cutting a number off where it should be rounded: 0.66 for 2/3."""
    whole = float(np.trunc(expected * 10.0**places) / 10.0**places)
    rounded = round(expected, places)
    return Slip(_(CUT_OFF)) if abs(answer - whole) <= ROOM < abs(whole - rounded) else None


def swapped(answers: Array, expected: Array, open_: Flags, margins: Array) -> dict[int, Slip]:
    """Return the cells of a table in which two numbers have changed places. (n,) each"""
    wrong = [int(n) for n in np.flatnonzero(open_ & (np.abs(expected) < INFINITE))]
    for one, other in combinations(wrong, 2):
        room = margins[one] + margins[other]
        far = abs(expected[one] - expected[other]) > room
        if far and abs(answers[one] - expected[other]) <= room and abs(answers[other] - expected[one]) <= room:
            return dict.fromkeys((one, other), Slip(_(SWAPPED), mistake=CELLS_SWAPPED))
    return {}


def miscalculated(
    node: Node, cell: tuple[int, int], room: float, values: Mapping[Node, Array]
) -> Iterator[tuple[float, Slip]]:
    """Yield the numbers that a wrong sign and a wrong term of a sum lead to, with the slip."""
    expected = float(values[node][cell])
    if abs(expected) > room:
        yield -expected, Slip(_(SIGN))
    summands = terms(node, *cell, values)
    for times, (plain, named) in TERMS.items() if len(summands) > 1 else ():
        for n, term in enumerate(summands):
            if abs(times * term.value) > 2 * room:
                nth = _(ORDINALS[n]) if n < len(ORDINALS) else f"{n + 1}th"
                sentence = _(named if term.text else plain).format(nth=nth, term=term.text)
                yield expected - times * term.value, Slip(sentence)


def written(answer: float, expected: float, places: int) -> Slip | None:
    """Return the slip in writing a right number down; None if there is none."""
    if _has_its_point_elsewhere(answer, expected, places):
        return Slip(_(POINT))
    if answer in swapped_digits(expected, places):
        return Slip(_(DIGITS))
    if abs(abs(answer - round(expected, places)) - 10.0**-places) < 1e-9 and (answer or not places):
        return Slip(_(LAST if places else ONE))
    sentence = _of_one_digit(answer, expected, places)
    return Slip(sentence) if sentence else None


def _has_its_point_elsewhere(answer: float, expected: float, places: int) -> bool:
    """Return whether an answer has the digits of the right number, in full or rounded, and is 10 or 100 times as large.

    One digit is enough only where the right number, as it is asked for, has no more.
    """
    if not answer * expected > 0 or not isfinite(answer):
        return False
    mine, asked = _significant(answer), round(expected, places)
    unit = 10.0 ** (floor(log10(abs(answer))) - len(mine) + 1)
    moved = [expected * 10.0**k for k in (1, -1, 2, -2)]
    same = len(mine) > 1 and any(abs(answer - number) <= unit / 2 * (1 + ROOM) for number in moved)
    return same or any(abs(answer - asked * 10.0**k) <= ROOM * abs(answer) for k in (1, -1, 2, -2))


def _significant(number: float) -> str:
    """Return the digits of a number without zeros at its ends."""
    return f"{abs(number):.11e}".partition("e")[0].replace(".", "").rstrip("0")


FEWEST_DIGITS = 4
"""The fewest digits of a number in which one that differs is seen; two, where those after the point are right."""


def _of_one_digit(answer: float, expected: float, places: int) -> str:
    """Return what is wrong with the one digit in which an answer differs from the right number; "" if more differ."""
    if not answer * expected > 0 or abs(answer) >= 1e9:
        return ""
    places = max(places, len(f"{abs(answer):.6f}".rstrip("0").partition(".")[2]))
    mine, right = (f"{abs(number):.{places}f}" for number in (answer, expected))
    count = len(_significant(float(right)))
    if abs(len(mine) - len(right)) == 1:
        longer, shorter = (mine, right) if len(mine) > len(right) else (right, mine)
        one_more = any(longer[:n] + longer[n + 1 :] == shorter for n in range(len(longer)))
        seen = count >= FEWEST_DIGITS or (places > 1 and count > 2)
        return _(EXTRA if longer is mine else MISSING) if one_more and seen else ""
    spots = [n for n, (one, other) in enumerate(zip(mine, right, strict=False)) if one != other]
    if len(mine) != len(right) or len(spots) != 1:
        return ""
    before = spots[0] < mine.find(".")
    if before and places > 1 and count > 1 and right.partition(".")[2].strip("0"):
        return _(BEFORE_POINT)
    return _(ONE_DIGIT) if count >= FEWEST_DIGITS else ""


def swapped_digits(expected: float, places: int) -> Iterator[float]:
    """Yield the number with each pair of neighbouring digits exchanged, ignoring the point."""
    text = f"{expected:.{places}f}"
    spots = [n for n, sign in enumerate(text) if sign.isdigit()]
    for one, other in pairwise(spots):
        if text[one] != text[other]:
            signs = [*text]
            signs[one], signs[other] = signs[other], signs[one]
            yield float("".join(signs))


def neighbours(table: Array, cell: tuple[int, int]) -> Iterator[tuple[float, Slip]]:
    """Yield the numbers beside a cell, and that of the cell whose row is its column, with the slip."""
    row, column = cell
    for i, j in ((row, column - 1), (row, column + 1), (row - 1, column), (row + 1, column), (column, row)):
        if (i, j) != cell and 0 <= i < table.shape[0] and 0 <= j < table.shape[1]:
            yield float(table[i, j]), Slip(_(TURNED if (i, j) == (column, row) else NEXT))


def to_fewer_places(expected: Array, k: int, places: Array) -> tuple[Array, Flags, Flags]:
    """Return numbers rounded to k places, where that is fewer than asked, and where they show that they are rounded.

    A whole number is too easily met, unless it has two digits; one that ends in 0 after the point shows nothing.
    """
    with np.errstate(all="ignore"):
        rounded = np.round(expected, k)
        shorter = np.abs(rounded - np.round(rounded, k - 1)) < 10.0**-k / 2
    fewer = (places > k) & (np.abs(rounded) >= (10 if k == 0 else 10.0**-k))
    return rounded, fewer, fewer & (~shorter | (k == 0))


def terms(node: Node, row: int, column: int, values: Mapping[Node, Array], inner: bool = False) -> list[Term]:
    """Return the terms of a cell's sum: the products of a matrix product, and the summands."""
    if node.op is ops.matmul and not (inner and node.name):
        left, right = node.args
        x, y = values[left][row], values[right][:, column]
        shown = _given(left) and _given(right)
        return [Term(float(a * b), f"{_number(a)} × {_number(b)}" if shown else "") for a, b in zip(x, y, strict=True)]
    if node.op in (ops.add, ops.sub) and not (inner and node.name):
        one, other = (terms(a, row, column, values, True) for a in node.args)
        return [*one, *(Term(-t.value, t.text) if node.op is ops.sub else t for t in other)]
    table = values[node]
    value = table[row if table.shape[0] > 1 else 0, column if table.shape[1] > 1 else 0]
    return [Term(float(value), symbol(node) if node.name else "")]


def _given(node: Node) -> bool:
    """Whether the student sees the numbers of a table: given ones, or a view of given ones."""
    return node.data is not None or (node.op.view and all(map(_given, node.args)))


def _number(value: float) -> str:
    text = to_digits(value, 6)
    return f"({text})" if value < 0 else text
