"""Cell rules as spreadsheet formulas, in the few functions and forms that every program agrees on.

The safe forms are those of a plain formula in one cell: no arrays, no `^` (its sign rules differ from
mathematics), no function younger than Excel 2010, no number in scientific notation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, pairwise
from typing import TypeGuard

import numpy as np

from byhand.core.arithmetic import Arithmetic, Function, Line
from byhand.core.graph import OPS
from byhand.notation.printer import ATOM, PRODUCT, SUM

OWN_FUNCTIONS = frozenset(
    "ABS AVERAGE CHOOSE CONCATENATE COUNT COUNTIF EXACT FIND IF INDEX ISNA LEN MATCH MAX MID MMULT PI POWER SUBSTITUTE "
    "SUM SUMIF SUMPRODUCT SUMSQ".split()
)
"""The functions in formulas, besides those of the operations."""
MOST_TERMS = 16
"""The most products that a formula writes out: A1*B1+A2*B2+...; more are a function of two ranges."""


class Formula(str):
    """Formula text with its precedence, so that brackets are added only where necessary."""

    __slots__ = ()
    binds = ATOM

    def __add__(self, other: Formula) -> Formula:  # type: ignore[override]  # a sum, where str joins
        return _Sum(f"{self}+{other}" if other.binds > SUM or not other.startswith("-") else f"{self}+({other})")

    def __sub__(self, other: Formula) -> Formula:
        return _Sum(f"{self}-{_bracket(other, PRODUCT)}")

    def __neg__(self) -> Formula:
        negative = _Sum(f"-{_bracket(self, PRODUCT)}")
        negative.of = self
        return negative

    def __mul__(self, other: Formula) -> Formula:  # type: ignore[override]  # a product, where str repeats
        product = _Product(f"{_bracket(self, PRODUCT)}*{_bracket(other, PRODUCT)}")
        product.of = self, other, None
        return product

    def __truediv__(self, other: Formula) -> Formula:
        quotient = _Product(f"{_bracket(self, PRODUCT)}/{_bracket(other, ATOM)}")
        if isinstance(self, _Product) and self.of and self.of[2] is None:
            quotient.of = *self.of[:2], other
        return quotient


class _Sum(Formula):
    """A sum or a difference. of: what it is the negative of."""

    __slots__ = ("of",)
    binds = SUM
    of: Formula | None

    def __new__(cls, text: str) -> _Sum:
        self = str.__new__(cls, text)
        self.of = None
        return self


class _Product(Formula):
    """A product or a quotient. of: its two factors, and what divides them."""

    __slots__ = ("of",)
    binds = PRODUCT
    of: tuple[Formula, Formula, Formula | None] | None

    def __new__(cls, text: str) -> _Product:
        self = str.__new__(cls, text)
        self.of = None
        return self


class Address(Formula):
    """One cell of the sheet that is being written, or (with `sheet`) of another."""

    __slots__ = ("column", "row", "sheet")
    row: int
    column: int
    sheet: str

    def __new__(cls, row: int, column: int, sheet: str = "") -> Address:
        text = f"{column_letters(column)}{row + 1}"
        self = str.__new__(cls, f"{quoted(sheet)}!{text}" if sheet else text)
        self.row, self.column, self.sheet = row, column, sheet
        return self

    @property
    def place(self) -> tuple[str, int, int]:
        return self.sheet, self.row, self.column


def functions() -> frozenset[str]:
    """Return every function that a workbook of ours may use."""
    return OWN_FUNCTIONS | {op.function.name.upper() for op in OPS.values() if op.function}


def _bracket(part: Formula, least: int) -> str:
    return part if part.binds >= least else f"({part})"


@cache
def column_letters(column: int) -> str:
    """Return a column's letters: 0 is A, 25 is Z, 26 is AA."""
    before, last = divmod(column, 26)
    return (column_letters(before - 1) if before else "") + chr(ord("A") + last)


@lru_cache(16_384)
def column_number(letters: str) -> int:
    """Return a column's number: A is 0, Z is 25, AA is 26."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def quoted(sheet: str) -> str:
    """Return a sheet's name as formulas write it. (Gnumeric 1.12 finds no sheet with an apostrophe in its name.)"""
    return "'" + sheet.replace("'", "''") + "'"


@dataclass(eq=False)
class _About:
    """What formulas need to know of a line.

    ranges: the cells that stand side by side, as ranges, if all are cells. ends: where each range ends in the line.
    runs: the same cells. tight: whether each cell can stand in a product without brackets.
    """

    runs: list[Sequence[Address]]
    ranges: list[str]
    ends: list[int]
    tight: bool
    text: str

    @property
    def in_one_range(self) -> bool:
        return len(self.ranges) == 1 and self.ends[0] > 1


def _about(line: Sequence[Formula]) -> _About:
    """Return what is known of a line; it is found out once for a line of a table."""
    about: _About | None = line.about if isinstance(line, Line) else None
    if about is None:
        runs = _runs(line) if _addresses(line) else []
        ranges = [_range(run) for run in runs]
        tight = bool(runs) or all(c.binds > SUM for c in line)
        about = _About(runs, ranges, list(accumulate(map(len, runs))), tight, ",".join(ranges or line))
        if isinstance(line, Line):
            line.about = about
    return about


def _addresses(line: Sequence[Formula]) -> TypeGuard[Sequence[Address]]:
    return all(isinstance(c, Address) for c in line)


def cells(line: Sequence[Formula]) -> str:
    """Return a line as a function's argument: B5:E5 where the cells stand side by side, else each cell in turn."""
    return _about(line).text


def in_one_range(line: Sequence[Formula]) -> bool:
    """Return whether MATCH and INDEX can search the line: no list of cells, and in IronCalc no single cell."""
    return _about(line).in_one_range


def look_up(sought: str, line: Sequence[Address]) -> Formula:
    """Return a formula for the index of `sought` in adjacent cells, from 0; MATCH gets a range even for one cell."""
    return _Sum(f"MATCH({sought},{_range([*line, line[-1]]) if len(line) == 1 else cells(line)},0)-1")


def _runs(line: Sequence[Address]) -> list[Sequence[Address]]:
    """Return the line as runs of adjacent cells."""
    runs: list[Sequence[Address]] = []
    begins, step = 0, None
    for n in range(1, len(line) + 1):
        move = _move(line[n - 1], line[n]) if n < len(line) else None
        if move is None or step not in (None, move):
            runs.append(line[begins:n])
            begins, step = n, None
        else:
            step = move
    return runs


def _move(before: Address, after: Address) -> str | None:
    """Return the direction from a cell to the next: "right", "down", or None if it is not beside it."""
    if before.sheet != after.sheet:
        return None
    if before.row == after.row:
        return "right" if after.column == before.column + 1 else None
    return "down" if before.column == after.column and after.row == before.row + 1 else None


def _range(run: Sequence[Address]) -> str:
    if len(run) == 1:
        return run[0]
    return f"{run[0]}:{column_letters(run[-1].column)}{run[-1].row + 1}"


def _is_row(run: Sequence[Address]) -> bool:
    return run[0].row == run[-1].row


def nth(line: tuple[Formula, ...], place: Formula) -> Formula:
    """Return the cell of a line at a place from 1. (Gnumeric's INDEX needs row and column in a horizontal range.)"""
    if not in_one_range(line):
        return Formula(f"CHOOSE({place},{','.join(line)})")
    flat = isinstance(line[0], Address) and isinstance(line[1], Address) and line[0].row == line[1].row
    return Formula(f"INDEX({cells(line)},{'1,' if flat else ''}{place})")


def _total_of_products(line: Sequence[Formula]) -> Formula | None:
    """Return a long sum of x*y, x*y/z or -x*y/z with the same z over the ranges of x and y, or of -x over that of x.

    None for other sums.
    """
    positive = [term.of for term in line if isinstance(term, _Sum) and term.of is not None]
    negative = len(positive) == len(line)
    if negative and in_one_range(positive):
        return -Formula(f"SUM({cells(positive)})")
    parts = [term.of for term in (positive if negative else line) if isinstance(term, _Product) and term.of]
    if len(parts) < len(line) or len({below for _, _, below in parts}) > 1:
        return None
    total = _by_ranges([x for x, _, _ in parts], [y for _, y, _ in parts])
    if total is None:
        return None
    below = parts[0][2]
    total = total if below is None else total / below
    return -total if negative else total


def _by_ranges(x: Sequence[Formula], y: Sequence[Formula]) -> Formula | None:
    """Return a long sum of products over the ranges of both lines; None if their cells stand too far apart."""
    left, right = _about(x), _about(y)
    if len(left.ranges) == len(right.ranges) == 1:
        return _product_of(left.runs[0], right.runs[0], left.ranges[0], right.ranges[0])
    cuts = sorted({0, *left.ends, *right.ends})
    if not left.runs or not right.runs or len(cuts) - 1 > MOST_TERMS:
        return None
    parts = [(x[a:b], y[a:b]) for a, b in pairwise(cuts)]
    sums = [_product_of(p, q, _range(p), _range(q)) for p, q in parts if _addresses(p) and _addresses(q)]
    return _Sum("+".join(sums))


def _product_of(x: Sequence[Address], y: Sequence[Address], x_range: str, y_range: str) -> Formula:
    """Return the sum of the products of two ranges: a row with a row, a column with a column, or a row with a column.

    SUMPRODUCT takes two ranges of one direction. MMULT takes a row and a column; in a SUM, no program makes an array of
    its single number, and Excel puts no @ before it. LibreOffice, Gnumeric and IronCalc give the same number for all.
    """
    if len(x) == 1:
        return _Product(f"{x_range}*{y_range}")
    if _is_row(x) == _is_row(y):
        return Formula(f"SUMPRODUCT({x_range},{y_range})")
    row, column = (x_range, y_range) if _is_row(x) else (y_range, x_range)
    return Formula(f"SUM(MMULT({row},{column}))")


class Excel(Arithmetic[Formula]):
    """The text of formulas.

    most_terms: the most products that a formula writes out: A1*B1+A2*B2+...; more are a function of two ranges.
    """

    def __init__(self, most_terms: int = MOST_TERMS) -> None:
        self.most_terms = most_terms

    def number(self, x: float) -> Formula:
        """Return digits only: some programs cannot read an exponent. Adding 0 removes the sign of a negative zero."""
        text = np.format_float_positional(x + 0.0, trim="-")
        return _Sum(text) if x < 0 else Formula(text)

    def pi(self) -> Formula:
        return Formula("PI()")

    def call(self, function: Function, x: Formula) -> Formula:
        return Formula(f"{function.name.upper()}({x})")

    def power(self, x: Formula, y: Formula) -> Formula:
        return Formula(f"POWER({x},{y})")

    def total(self, line: tuple[Formula, ...]) -> Formula:
        if len(line) > self.most_terms and (short := _total_of_products(line)) is not None:
            return short
        return Formula(f"SUM({cells(line)})")

    def dot(self, x: tuple[Formula, ...], y: tuple[Formula, ...]) -> Formula:
        if len(x) > self.most_terms and (short := _by_ranges(x, y)) is not None:
            return short
        if _about(x).tight and _about(y).tight:
            return _Sum("+".join(map("*".join, zip(x, y, strict=True))))
        return _Sum("+".join([a * b for a, b in zip(x, y, strict=True)]))

    def sum_of_squares(self, line: tuple[Formula, ...]) -> Formula:
        return Formula(f"SUMSQ({cells(line)})")

    def mean(self, line: tuple[Formula, ...]) -> Formula:
        return Formula(f"AVERAGE({cells(line)})")

    def largest(self, line: tuple[Formula, ...]) -> Formula:
        return Formula(f"MAX({cells(line)})")

    def larger(self, x: Formula, y: Formula) -> Formula:
        return Formula(f"MAX({x},{y})")

    def position_of_largest(self, line: tuple[Formula, ...]) -> Formula:
        """Return the index of the largest of a line, from 0: MATCH for a range, nested IFs for single cells."""
        if in_one_range(line):
            return _Sum(f"MATCH({self.largest(line)},{cells(line)},0)-1")
        place = self.number(len(line) - 1)
        for n in range(len(line) - 2, -1, -1):
            place = Formula(f"IF({line[n]}={self.largest(line)},{n},{place})")
        return place

    def compare(self, x: Formula, sign: str, y: Formula) -> Formula:
        return Formula(f"IF({x}{sign}{y},1,0)")

    def choose(self, condition: Formula, x: Formula, y: Formula) -> Formula:
        return Formula(f"IF({condition},{x},{y})")

    def count(self, x: Formula, line: tuple[Formula, ...]) -> Formula:
        if in_one_range(line):
            return Formula(f"COUNTIF({cells(line)},{x})")
        return super().count(x, line)

    def total_where(self, x: Formula, line: tuple[Formula, ...], values: tuple[Formula, ...]) -> Formula:
        if not (in_one_range(line) and in_one_range(values)):
            return super().total_where(x, line, values)
        return Formula(f"SUMIF({cells(line)},{x},{cells(values)})")

    def look_up(self, x: Formula, line: tuple[Formula, ...], values: tuple[Formula, ...]) -> Formula:
        if not (in_one_range(line) and in_one_range(values)):
            return super().look_up(x, line, values)
        place = Formula(f"MATCH({x},{cells(line)},0)")
        return Formula(f"IF({self.count(x, line)}=0,0,{nth(values, place)})")

    def pick(self, line: tuple[Formula, ...], index: Formula) -> Formula:
        return nth(line, Formula(f"{index}+1"))


EXCEL = Excel()
RANGES = Excel(most_terms=2)
"""For tables whose formulas are too long to read with each product written out."""
