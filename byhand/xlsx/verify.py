"""Compares what a workbook stores for each formula with what a spreadsheet engine makes of it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from byhand.core.arithmetic.excel import Address
from byhand.errors import ByhandError
from byhand.xlsx.cells import Cell, CellError, Value
from byhand.xlsx.reader import Contents, read
from byhand.xlsx.recalculate import ENGINES, Values, recalculate_books

TOLERANCE = 1e-9
"""How far a number may lie from the stored one: absolutely up to 1, beyond that as a part of the stored one."""
NOISE = 1e-14
"""The rounding error that Adam's step multiplies by learning rate / ε where a gradient is 0 but for rounding."""
ROUGH_ERF = 1e-8
"""IronCalc's ERF is right to 1e-10; a few layers and norms later, that is a hundred times as much."""
SHOWN = 20


@dataclass(frozen=True)
class Finding:
    """A cell that is not as it should be. formula: empty for a cell that has none."""

    cell: Cell
    formula: str
    stored: Value
    recalculated: Value

    @property
    def address(self) -> str:
        """'Layer 1'!B2"""
        return address(self.cell)

    @property
    def error(self) -> CellError | None:
        """The error that it shows, if it shows one."""
        return self.recalculated if isinstance(self.recalculated, CellError) else None


@dataclass(frozen=True)
class Report:
    """What a comparison has found.

    cells: how many formulas were compared. errors: the cells that show an error. differing: those whose stored result
    is another than the recalculated one, is of another type, or is missing; a cell is in one of the two lists only.
    largest: the largest difference between two numbers, relative where the stored one is beyond 1; `at` is its cell.
    tolerance: how large a difference counts as none; why: what makes it larger than usual.
    """

    path: Path
    engine: str
    cells: int
    errors: tuple[Finding, ...]
    differing: tuple[Finding, ...]
    largest: float
    at: Cell | None
    tolerance: float = TOLERANCE
    why: str = ""

    @property
    def ok(self) -> bool:
        """Whether every formula gives its stored result."""
        return not (self.errors or self.differing)

    @property
    def missing(self) -> tuple[Finding, ...]:
        """The differing ones for which nothing is stored."""
        return tuple(found for found in self.differing if found.stored is None)

    def lines(self) -> Iterator[str]:
        """The report for people."""
        title = ENGINES[self.engine].title
        largest = f"largest difference {self.largest:.1e} at {address(self.at)}" if self.at else "no difference"
        if self.ok:
            yield f"{self.path}: {title} gets the stored result of all {self.cells:,} formulas ({largest})."
            if self.largest > TOLERANCE:
                yield f"  ({self.why}, so up to {self.tolerance:.0e} counts as none here.)"
            return
        yield (
            f"{self.path}: of {self.cells:,} formulas recalculated in {title}, {len(self.differing):,} give another "
            f"result than the stored one ({len(self.missing):,} store none); {len(self.errors):,} cells show an "
            f"error; {largest}."
        )
        for found in self.errors[:SHOWN]:
            yield f"  {found.address}  shows {found.error}  {found.formula}".rstrip()
        for found in self.differing[:SHOWN]:
            yield f"  {found.address}  stores {_said(found.stored)}, gives {_said(found.recalculated)}  {found.formula}"
        rest = sum(max(0, len(findings) - SHOWN) for findings in (self.errors, self.differing))
        if rest:
            yield f"  and {rest:,} more."

    def as_json(self) -> dict[str, Any]:
        """The report for programs. Numbers that JSON has no way to write are texts ("inf", "nan")."""
        return {
            "file": str(self.path),
            "engine": self.engine,
            "ok": self.ok,
            "cells": self.cells,
            "errors": [{"cell": f.address, "error": str(f.error), "formula": f.formula} for f in self.errors],
            "differing": [
                {
                    "cell": f.address,
                    "formula": f.formula,
                    "stored": _plain(f.stored),
                    "recalculated": _plain(f.recalculated),
                }
                for f in self.differing
            ],
            "missing": [f.address for f in self.missing],
            "largest": _plain(self.largest),
            "at": address(self.at) if self.at else None,
            "tolerance": self.tolerance,
        }


def verify(path: Path | str, engine: str = "ironcalc") -> Report:
    """Recalculates the workbook and compares each formula's fresh value with its stored one.

    Numbers a (stored) and b agree when |a - b| <= 1e-9 * max(1, |a|); texts and booleans when they are the same. Where
    the book takes a step of Adam, 1e-14 * learning_rate / adam_eps takes the place of a smaller 1e-9: a gradient that
    is 0 but for rounding, divided by its own size + ε, differs from program to program by that much. In IronCalc, whose
    ERF is right to 1e-10 only, 1e-8 takes its place where a formula calls ERF.
    A result of another type differs, and so does a missing one, unless the formula gives the empty text: that looks
    the same, and XlsxWriter stores it so. Any error is a fault, also one that is stored, in a cell with a formula or
    without. Raises ByhandError for a file without formulas (a comparison of nothing proves nothing), and as
    `recalculate.recalculate` does.
    """
    book = read(path)
    if not book.formulas:
        raise ByhandError(f"{path} holds no formulas, so there is nothing to verify: name a workbook with formulas.")
    return compare(book, recalculate_books([book], engine)[0], engine)


def compare(book: Contents, fresh: Values, engine: str) -> Report:
    """What the book stores against the fresh values of its formulas."""
    errors = [
        Finding(cell, "", value, value)
        for cell, value in book.values.items()
        if isinstance(value, CellError) and cell not in book.formulas
    ]
    differing = []
    largest, at = 0.0, None
    tolerance, why = tolerance_of(book, engine)
    for cell, formula in book.formulas.items():
        stored, value = book.values.get(cell), fresh.get(cell)
        apart = _apart(stored, value)
        if apart > largest:
            largest, at = apart, cell
        if isinstance(value, CellError):
            errors.append(Finding(cell, formula, stored, value))
        elif apart > tolerance or not _alike(stored, value):
            differing.append(Finding(cell, formula, stored, value))
    return Report(book.path, engine, len(book.formulas), tuple(errors), tuple(differing), largest, at, tolerance, why)


def tolerance_of(book: Contents, engine: str) -> tuple[float, str]:
    """How large a difference can be though every formula is right, and why."""
    found = [(TOLERANCE, "")]
    rate, eps = (_setting(book, name) for name in ("learning_rate", "adam_eps"))
    if rate > 0 and eps > 0:
        found.append((NOISE * rate / eps, "Adam divides rounding errors by ε"))
    if engine == "ironcalc" and any("ERF(" in formula for formula in book.formulas.values()):
        found.append((ROUGH_ERF, "IronCalc's ERF is right to 1e-10 only, and later tables magnify it"))
    return max(found)


def _setting(book: Contents, name: str) -> float:
    """The number in the one cell that a name stands for; 0 where there is none."""
    place = re.fullmatch(r"'(.+)'!\$([A-Z]{1,3})\$(\d+)", book.names.get(name, ""))
    if place is None:
        return 0.0
    cells = (value for cell, value in book.values.items() if address(cell) == f"'{place[1]}'!{place[2]}{place[3]}")
    value = next(cells, None)
    return value if isinstance(value, float) else 0.0


def address(cell: Cell) -> str:
    """'Layer 1'!B2"""
    sheet, row, column = cell
    return Address(row, column, sheet)


def _apart(stored: Value, value: Value) -> float:
    """The difference of two numbers, infinite if one is none that can be compared; 0 for anything but two numbers."""
    if not (isinstance(stored, float) and isinstance(value, float)):
        return 0.0
    apart = abs(stored - value) / max(1.0, abs(stored))
    return math.inf if math.isnan(apart) else apart


def _alike(stored: Value, value: Value) -> bool:
    """Whether two values have one type and, unless they are numbers, are the same."""
    if stored is None:
        return value == ""
    return type(stored) is type(value) and (isinstance(stored, float) or stored == value)


def _said(value: Value) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).upper()
    return (
        repr(value)
        if isinstance(value, float) or (isinstance(value, str) and not isinstance(value, CellError))
        else value
    )


def _plain(value: Value) -> Value:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
