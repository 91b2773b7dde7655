"""Ranges of cells in formulas and defined names, such as 'Layer 1'!$A$1:$B$2."""

from __future__ import annotations

import re
from dataclasses import dataclass

from byhand.core.arithmetic.excel import Address
from byhand.xlsx.cells import COLUMNS, ROWS, Cell, position

_SHEET = r"(?:(?:'((?:[^'\[\]|]|'')+)'|([^'!:\[\]|\s]+))!)?"
_CORNER = r"\$?[A-Z]{1,3}\$?[1-9][0-9]{0,6}"
_CELLS = re.compile(rf"{_SHEET}({_CORNER})(?::({_CORNER}))?", re.IGNORECASE)
_COLUMNS = re.compile(rf"{_SHEET}\$?([A-Z]{{1,3}}):\$?([A-Z]{{1,3}})", re.IGNORECASE)
_ROWS = re.compile(rf"{_SHEET}\$?([1-9][0-9]{{0,6}}):\$?([1-9][0-9]{{0,6}})")


@dataclass(frozen=True)
class Region:
    """A rectangle of cells. row, column: of the first cell, from 0. sheet: empty if the reference names none."""

    sheet: str
    row: int
    column: int
    rows: int = 1
    columns: int = 1

    @property
    def size(self) -> int:
        return self.rows * self.columns

    def holds(self, cell: Cell) -> bool:
        """Return whether the cell is in the region."""
        return (
            cell[0] == self.sheet and 0 <= cell[1] - self.row < self.rows and 0 <= cell[2] - self.column < self.columns
        )

    def cells(self) -> list[Cell]:
        """Return all cells; check the size first."""
        return [(self.sheet, self.row + i, self.column + j) for i in range(self.rows) for j in range(self.columns)]


def spoken_address(cell: Cell) -> str:
    """Return a cell as a sentence names it: Attention!C14."""
    return f"{cell[0]}!{Address(cell[1], cell[2])}"


def region_of(text: str) -> Region | None:
    """Return the region of a reference; None if it is no range of cells in the same file."""
    if match := _CELLS.fullmatch(text):
        first, last = match[3], match[4] or match[3]
    elif match := _COLUMNS.fullmatch(text):
        first, last = f"{match[3]}1", f"{match[4]}{ROWS}"
    elif match := _ROWS.fullmatch(text):
        first, last = f"A{match[3]}", f"XFD{match[4]}"
    else:
        return None
    sheet = (match[1] or "").replace("''", "'") or match[2] or ""
    try:
        corners = [position(corner.replace("$", "").upper()) for corner in (first, last)]
    except ValueError:
        return None
    (top, left), (bottom, right) = (tuple(map(choose, *corners)) for choose in (min, max))
    if bottom >= ROWS or right >= COLUMNS:
        return None
    return Region(sheet, top, left, bottom - top + 1, right - left + 1)
