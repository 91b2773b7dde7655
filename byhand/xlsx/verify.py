"""Compare a workbook's stored results with the results of a spreadsheet engine."""

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
"""The largest difference from a stored number: absolute up to 1, beyond that relative to it."""
NOISE = 1e-14
"""The rounding error of a gradient that should be 0, which Adam's step multiplies by learning rate / ε."""
ROUGH_ERF = 1e-8
"""The tolerance for IronCalc's ERF, which is right to 1e-10; a few layers and norms magnify that a hundred times."""
MOST_LINES = 20


@dataclass(frozen=True)
class Finding:
    """A cell with an error or a wrong result. formula: empty for a cell without one."""

    cell: Cell
    formula: str
    stored: Value
    recalculated: Value

    @property
    def address(self) -> str:
        """The cell's address: 'Layer 1'!B2."""
        return address(self.cell)

    @property
    def error(self) -> CellError | None:
        """The error that the cell shows, if any."""
        return self.recalculated if isinstance(self.recalculated, CellError) else None


@dataclass(frozen=True)
class Report:
    """The result of a comparison.

    cells: the number of formulas. errors: the cells that show an error. differing: the cells whose stored result is
    missing, has another type, or differs from the recalculated one; a cell is in one of the two lists only. largest:
    the largest difference between two numbers, relative if the stored one is beyond 1; `at` is its cell. tolerance: the
    largest difference that is allowed; why: the reason if it is larger than usual.
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
        """Whether every formula gives its stored result and no cell shows an error."""
        return not (self.errors or self.differing)

    @property
    def missing(self) -> tuple[Finding, ...]:
        """The differing cells without a stored result."""
        return tuple(finding for finding in self.differing if finding.stored is None)

    def lines(self) -> Iterator[str]:
        """Yield the report as lines of text."""
        title = ENGINES[self.engine].title
        largest = f"largest difference {self.largest:.1e} at {address(self.at)}" if self.at else "no difference"
        if self.ok:
            yield f"{self.path}: {title} gets the stored result of all {self.cells:,} formulas ({largest})."
            if self.largest > TOLERANCE:
                yield f"  ({self.why}, so up to {self.tolerance:.0e} counts as none here.)"
            return
        if not self.errors and self.cells < 2 * len(self.missing) == 2 * len(self.differing):
            yield (
                f"{self.path} stores no result for {len(self.missing):,} of its {self.cells:,} formulas, as a program "
                f"leaves it that does not calculate; {title} works out all of them without an error. "
                "To compare, open it in a spreadsheet program and save it again."
            )
            return
        yield (
            f"{self.path}: of {self.cells:,} formulas recalculated in {title}, {len(self.differing):,} give another "
            f"result than the stored one ({len(self.missing):,} store none); {len(self.errors):,} cells show an "
            f"error; {largest}."
        )
        for finding in self.errors[:MOST_LINES]:
            yield f"  {finding.address}  shows {finding.error}  {finding.formula}".rstrip()
        for finding in self.differing[:MOST_LINES]:
            stored, recalculated = _value_text(finding.stored), _value_text(finding.recalculated)
            yield f"  {finding.address}  stores {stored}, gives {recalculated}  {finding.formula}"
        rest = sum(max(0, len(findings) - MOST_LINES) for findings in (self.errors, self.differing))
        if rest:
            yield f"  and {rest:,} more."

    def as_json(self) -> dict[str, Any]:
        """Return the report for JSON, with infinite numbers as texts ("inf", "nan")."""
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
    """Recalculate a workbook and compare each formula's result with the stored one.

    Numbers a (stored) and b agree if |a - b| <= 1e-9 * max(1, |a|); texts and booleans if they are equal. The tolerance
    1e-9 is larger in two cases. With Adam it is at least 1e-14 * learning_rate / adam_eps: a gradient that is 0 up to
    rounding, divided by its own size + ε, differs by that much between programs. In IronCalc it is at least 1e-8 if a
    formula calls ERF, which is right to 1e-10 only.
    A result of another type differs, and so does a missing one, unless the formula gives the empty text, which
    XlsxWriter does not store. Every error is a fault, also a stored one, in a cell with a formula or without. Raises
    ByhandError for a file without formulas, and as `recalculate.recalculate` does.
    """
    book = read(path)
    if not book.formulas:
        raise ByhandError(f"{path} holds no formulas, so there is nothing to verify: name a workbook with formulas.")
    return compare(book, recalculate_books([book], engine)[0], engine)


def compare(book: Contents, fresh: Values, engine: str) -> Report:
    """Compare the stored results of a workbook with recalculated values."""
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
        difference = _difference(stored, value)
        if difference > largest:
            largest, at = difference, cell
        if isinstance(value, CellError):
            errors.append(Finding(cell, formula, stored, value))
        elif difference > tolerance or not _same_kind(stored, value):
            differing.append(Finding(cell, formula, stored, value))
    return Report(book.path, engine, len(book.formulas), tuple(errors), tuple(differing), largest, at, tolerance, why)


def tolerance_of(book: Contents, engine: str) -> tuple[float, str]:
    """Return the largest difference that right formulas can have in this engine, and the reason."""
    bounds = [(TOLERANCE, "")]
    rate, eps = (_setting(book, name) for name in ("learning_rate", "adam_eps"))
    if rate > 0 and eps > 0:
        bounds.append((NOISE * rate / eps, "Adam divides rounding errors by ε"))
    if engine == "ironcalc" and any("ERF(" in formula for formula in book.formulas.values()):
        bounds.append((ROUGH_ERF, "IronCalc's ERF is right to 1e-10 only, and later tables magnify it"))
    return max(bounds)


def _setting(book: Contents, name: str) -> float:
    """Return the number in the cell with a defined name; 0 if there is none."""
    place = re.fullmatch(r"'(.+)'!\$([A-Z]{1,3})\$(\d+)", book.names.get(name, ""))
    if place is None:
        return 0.0
    cells = (value for cell, value in book.values.items() if address(cell) == f"'{place[1]}'!{place[2]}{place[3]}")
    value = next(cells, None)
    return value if isinstance(value, float) else 0.0


def address(cell: Cell) -> str:
    """Return a cell's address: 'Layer 1'!B2."""
    sheet, row, column = cell
    return Address(row, column, sheet)


def _difference(stored: Value, value: Value) -> float:
    """Return the difference of two numbers, infinite if it is not a number; 0 for other values."""
    if not (isinstance(stored, float) and isinstance(value, float)):
        return 0.0
    difference = abs(stored - value) / max(1.0, abs(stored))
    return math.inf if math.isnan(difference) else difference


def _same_kind(stored: Value, value: Value) -> bool:
    """Return whether two values have the same type and, unless they are numbers, are equal."""
    if stored is None:
        return value == ""
    return type(stored) is type(value) and (isinstance(stored, float) or stored == value)


def _value_text(value: Value) -> str:
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
