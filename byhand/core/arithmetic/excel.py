"""Cell rules as spreadsheet formulas, in the few functions and forms that every program agrees on.

The safe forms are those of a plain formula in one cell: no arrays, no `^` (its sign rules differ from
mathematics), no function younger than Excel 2010, no number in scientific notation.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TypeGuard

import numpy as np

from byhand.core.arithmetic import Arithmetic, Function
from byhand.core.graph import OPS
from byhand.notation.printer import ATOM, PRODUCT, SUM

OWN_FUNCTIONS = frozenset(
    "ABS AVERAGE CHOOSE CONCATENATE COUNT COUNTIF EXACT FIND IF INDEX ISNA LEN MATCH MAX MID PI POWER SUBSTITUTE SUM "
    "SUMIF SUMSQ".split()
)
"""The functions in formulas, besides those of the operations."""


class Formula(str):
    """Formula text with its precedence, so that brackets are added only where necessary."""

    __slots__ = ()
    binds = ATOM

    def __add__(self, other: Formula) -> Formula:  # type: ignore[override]  # a sum, where str joins
        return _Sum(f"{self}+{other}" if other.binds > SUM or not other.startswith("-") else f"{self}+({other})")

    def __sub__(self, other: Formula) -> Formula:
        return _Sum(f"{self}-{_bracket(other, PRODUCT)}")

    def __neg__(self) -> Formula:
        return _Sum(f"-{_bracket(self, PRODUCT)}")

    def __mul__(self, other: Formula) -> Formula:  # type: ignore[override]  # a product, where str repeats
        return _Product(f"{_bracket(self, PRODUCT)}*{_bracket(other, PRODUCT)}")

    def __truediv__(self, other: Formula) -> Formula:
        return _Product(f"{_bracket(self, PRODUCT)}/{_bracket(other, ATOM)}")


class _Sum(Formula):
    __slots__ = ()
    binds = SUM


class _Product(Formula):
    __slots__ = ()
    binds = PRODUCT


class Address(Formula):
    """One cell of the sheet that is being written, or (with `sheet`) of another."""

    __slots__ = ("place",)
    place: tuple[str, int, int]

    def __new__(cls, row: int, column: int, sheet: str = "") -> Address:
        text = f"{column_letters(column)}{row + 1}"
        self = str.__new__(cls, f"{quoted(sheet)}!{text}" if sheet else text)
        self.place = (sheet, row, column)
        return self

    @property
    def sheet(self) -> str:
        return self.place[0]

    @property
    def row(self) -> int:
        return self.place[1]

    @property
    def column(self) -> int:
        return self.place[2]


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


def quoted(sheet: str) -> str:
    """Return a sheet's name as formulas write it. (Gnumeric 1.12 finds no sheet with an apostrophe in its name.)"""
    return "'" + sheet.replace("'", "''") + "'"


def _addresses(line: tuple[Formula, ...]) -> TypeGuard[tuple[Address, ...]]:
    return all(isinstance(c, Address) for c in line)


@lru_cache(1024)
def cells(line: tuple[Formula, ...]) -> str:
    """Return a line as a function's argument: B5:E5 where the cells stand side by side, else each cell in turn."""
    return ",".join(_range(run) for run in _runs(line)) if _addresses(line) else ",".join(line)


@lru_cache(1024)
def in_one_range(line: tuple[Formula, ...]) -> bool:
    """Return whether MATCH and INDEX can search the line: no list of cells, and in IronCalc no single cell."""
    return len(line) > 1 and _addresses(line) and len(_runs(line)) == 1


def look_up(sought: str, line: tuple[Address, ...]) -> Formula:
    """Return a formula for the index of `sought` in adjacent cells, from 0; MATCH gets a range even for one cell."""
    return _Sum(f"MATCH({sought},{_range([*line, line[-1]]) if len(line) == 1 else cells(line)},0)-1")


def _runs(line: tuple[Address, ...]) -> list[list[Address]]:
    """Return the line as runs of adjacent cells."""
    runs: list[list[Address]] = []
    step = None
    for cell in line:
        last = runs[-1][-1] if runs else None
        move = (cell.row - last.row, cell.column - last.column) if last and last.sheet == cell.sheet else None
        if move in ((0, 1), (1, 0)) and step in (None, move):
            runs[-1].append(cell)
            step = move
        else:
            runs.append([cell])
            step = None
    return runs


def _range(run: Sequence[Address]) -> str:
    if len(run) == 1:
        return run[0]
    return f"{run[0]}:{column_letters(run[-1].column)}{run[-1].row + 1}"


@lru_cache(1024)
def _tight(line: tuple[Formula, ...]) -> bool:
    """Return whether every cell can stand in a product without brackets."""
    return all(c.binds > SUM for c in line)


def nth(line: tuple[Formula, ...], place: Formula) -> Formula:
    """Return the cell of a line at a place from 1. (Gnumeric's INDEX needs row and column in a horizontal range.)"""
    if not in_one_range(line):
        return Formula(f"CHOOSE({place},{','.join(line)})")
    flat = isinstance(line[0], Address) and isinstance(line[1], Address) and line[0].row == line[1].row
    return Formula(f"INDEX({cells(line)},{'1,' if flat else ''}{place})")


class Excel(Arithmetic[Formula]):
    """The text of formulas."""

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
        return Formula(f"SUM({cells(line)})")

    def dot(self, x: tuple[Formula, ...], y: tuple[Formula, ...]) -> Formula:
        if _tight(x) and _tight(y):
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
