"""Reads the cells in which answers stand, whatever a spreadsheet lets people put there."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from byhand.exercises.roster import clean
from byhand.grading.formulas import Needed, Refused
from byhand.grading.outcome import Typed
from byhand.grading.recompute import Recomputer
from byhand.workbook.bounded import Contents
from byhand.workbook.cells import Cell, CellDate, CellError, Value
from byhand.workbook.dates import day
from byhand.workbook.places import address

LONGEST = 2_000
"""The characters of an answer that are looked at."""
SHOWN = 100
"""The characters of an answer that are shown."""
CIRCLE = "#CIRC!"
AGREES = 1e-9
"""How far, in proportion, two spreadsheet programs may differ in a result."""
GROUPED = re.compile(r"\s*[+−-]?[1-9][0-9]{0,2},[0-9]{3}\s*")
"""What may be thousands, or a decimal comma and three places: 1,728."""
DECIMAL = re.compile(r"\s*[+−-]?(?:[0-9]*,(?:[0-9]{1,2}|[0-9]{4,})|0,[0-9]+)\s*")
"""What can only be a decimal comma: 0,05."""


class AnswerCells:
    """The answers of one book. warnings: what a person should know of them."""

    def __init__(self, contents: Contents, read_text: Callable[[str], Typed], engine: Recomputer) -> None:
        self.contents, self.read_text, self.engine = contents, read_text, engine
        self.warnings: list[str] = []
        self.commas = False

    def read(self, cells: Sequence[Cell]) -> list[Typed]:
        """Each as a number where it is one; formulas are worked out again, all of them together.

        1,728 is a number with three places in a book that has 0,05 too, and thousands in another.
        """
        texts = (self.contents.values.get(cell) for cell in cells)
        self.commas = any(isinstance(text, str) and DECIMAL.fullmatch(text[:LONGEST]) for text in texts)
        formulas = [cell for cell in cells if cell in self.contents.formulas]
        worked = self._worked_out(formulas) if formulas else {}
        return [worked[cell] if cell in worked else self._plain(cell) for cell in cells]

    def _plain(self, cell: Cell) -> Typed:
        value = self.contents.values.get(cell)
        if isinstance(value, CellDate) or cell in self.contents.dates:
            return self._date(value)
        return self._typed(value)

    def _typed(self, value: Value) -> Typed:
        if value is None:
            return Typed()
        if isinstance(value, bool):
            word = str(value).upper()
            return Typed(word, None, f"{word} is a truth value, not a number")
        if isinstance(value, float):
            return _number(value)
        if isinstance(value, CellError):
            shown = _shown(value)
            return Typed(shown, None, f"the cell shows the error {shown}")
        return self._text(value)

    def _text(self, text: str) -> Typed:
        if len(text) > LONGEST:
            return Typed(_shown(text), None, f"a text of more than {LONGEST:,} characters")
        if self.commas and GROUPED.fullmatch(text):
            read = self.read_text(text.replace(",", "."))
            return Typed(_shown(text.strip()), read.value, read.read_as)
        return self.read_text(text)

    def _date(self, value: Value) -> Typed:
        shown = day(value, self.contents.epoch) if isinstance(value, float) else _shown(str(value))
        why = "the spreadsheet has made a date or a time of what was typed"
        return Typed(shown or "a time", None, f"{why}: type =1/2 or 0.5 for a half")

    def _worked_out(self, cells: Sequence[Cell]) -> dict[Cell, Typed]:
        """Those cells that hold formulas."""
        needed, found = Needed(self.contents), dict[Cell, Typed]()
        for cell in cells:
            try:
                needed.add(cell)
            except Refused as reason:
                found[cell] = self._refused(cell, str(reason))
        asked = [cell for cell in cells if cell not in found]
        values = self.engine.values(needed, asked) if asked else []
        for cell, value in zip(asked, values or [None] * len(asked), strict=True):
            if values is None:
                found[cell] = self._refused(cell, "it could not be worked out in time")
            else:
                found[cell] = self._result(cell, value)
        return found

    def _refused(self, cell: Cell, reason: str) -> Typed:
        """A formula that is not worked out counts nothing, whatever result is stored beside it."""
        formula = _shown(self.contents.formulas[cell])
        self.warnings.append(f"The formula {formula} in {address(cell)} was not worked out: {reason}.")
        return Typed(formula, None, f"the formula is not worked out: {reason}")

    def _result(self, cell: Cell, value: Value) -> Typed:
        formula = _shown(self.contents.formulas[cell])
        stored = self.contents.values.get(cell)
        if stored is not None and not _agree(stored, value):
            self.warnings.append(
                f"The formula {formula} in {address(cell)} has {_brief(stored)} stored as its result, "
                f"but gives {_brief(value)}, which counts."
            )
        if value is None or value == "":
            return Typed(formula, None, "the formula gives an empty text")
        if isinstance(value, CellError):
            why = "refers to itself in a circle" if value == CIRCLE else f"gives the error {_shown(value)}"
            return Typed(formula, None, f"the formula {why}")
        read = self._typed(value)
        return Typed(formula, read.value, f"{formula} gives {read.read_as}")


def _number(value: float) -> Typed:
    text = _brief(value)
    if not math.isfinite(value):
        return Typed(text, None, "a number without end")
    return Typed(text, value, text)


def _brief(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return f"{value + 0.0:.15g}"
    return "nothing" if value in (None, "") else _shown(str(value))


def _shown(text: str) -> str:
    """On one line, and cut where it is long."""
    short = clean(text[: 4 * SHOWN])
    return short if len(short) <= SHOWN else f"{short[: SHOWN - 1]}…"


def _agree(stored: Value, value: Value) -> bool:
    if isinstance(stored, float) and isinstance(value, float):
        return abs(stored - value) <= AGREES * max(1.0, abs(stored), abs(value))
    if isinstance(stored, CellError) and isinstance(value, CellError):
        return True
    return (type(stored) is type(value) and stored == value) or (stored == "" and value is None)
