"""Where the tables of a part stand on a page: as in the workbook, but a large table shows some rows and columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from math import ceil
from typing import Any

MOST_AT_ONCE = 3000
"""A table of more cells shows a window of them."""
WINDOW = 24
"""The rows and columns of a window."""
LETTERS_A_COLUMN = 8.5
ABOVE, BESIDE = 3, 1
"""The rows above a table for its caption and labels, and the columns beside it."""


@dataclass
class Place:
    """A table on a part. rows, columns: those that are shown, of all of them. text: the longest of its caption."""

    row: int
    column: int
    all_rows: int
    all_columns: int
    text: str
    strip: bool

    def __post_init__(self) -> None:
        large = self.all_rows * self.all_columns > MOST_AT_ONCE
        self.rows = min(self.all_rows, WINDOW) if large else self.all_rows
        self.columns = min(self.all_columns, WINDOW) if large else self.all_columns

    @property
    def is_window(self) -> bool:
        """Whether only some of its rows and columns are shown."""
        return (self.rows, self.columns) != (self.all_rows, self.all_columns)


def close_up(places: list[Place], headings: list[list[Any]]) -> None:
    """Leave out the rows and columns in which there are only cells that are not shown; headings move along."""
    if not any(place.is_window for place in places):
        return
    row_at = _closer([(p.row - ABOVE, p.row + p.rows + 1, p.row + p.all_rows) for p in places])
    column_at = _closer([(p.column - BESIDE, p.column + p.columns + 1, p.column + p.all_columns) for p in places])
    for place in places:
        place.row, place.column = row_at(place.row), column_at(place.column)
    for heading in headings:
        heading[2:4] = row_at(heading[2]), column_at(heading[3])


def _closer(spans: list[tuple[int, int, int]]) -> Callable[[int], int]:
    """Return the new place of a row or column. spans: of each table its start, the end of what is shown, its end."""
    shown = set(chain.from_iterable(range(start, end) for start, end, _ in spans))
    gone = {at for _, end, last in spans for at in range(end, last)} - shown
    return lambda at: at - sum(x < at for x in gone)


def bounds(places: list[Place], headings: list[list[Any]]) -> tuple[int, int, int, int]:
    """Return the first row and column of a part and those behind its last."""
    top = min([*(p.row - (1 if p.strip else ABOVE) for p in places), *(h[2] for h in headings)])
    left = min([*(p.column - BESIDE for p in places), *(h[3] for h in headings)])
    bottom = max(p.row + p.rows + p.is_window for p in places)
    right = max(p.column + max(p.columns, ceil(len(p.text) / LETTERS_A_COLUMN), 1) for p in places)
    return top, left, bottom, right


def first_below(heading: list[Any], places: list[Place]) -> int:
    """Return the number of the first table below a heading, before which it stands on a narrow screen."""
    _, _, row, column = heading
    return next((n for n, p in enumerate(places) if p.row >= row and p.column >= column), 0)
