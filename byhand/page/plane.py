"""Where the tables of a part stand on a page: as in the workbook."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

LETTERS_A_COLUMN = 8.5
ABOVE, BESIDE = 3, 1
"""The rows above a table for its caption and labels, and the columns beside it."""


@dataclass
class Place:
    """A table on a part. text: the longest of its caption."""

    row: int
    column: int
    rows: int
    columns: int
    text: str
    strip: bool


def bounds(places: list[Place], headings: list[list[Any]]) -> tuple[int, int, int, int]:
    """Return the first row and column of a part and those behind its last."""
    top = min([*(p.row - (1 if p.strip else ABOVE) for p in places), *(h[2] for h in headings)])
    left = min([*(p.column - BESIDE for p in places), *(h[3] for h in headings)])
    bottom = max(p.row + p.rows for p in places)
    right = max(p.column + max(p.columns, ceil(len(p.text) / LETTERS_A_COLUMN), 1) for p in places)
    return top, left, bottom, right


def first_below(heading: list[Any], places: list[Place]) -> int:
    """Return the number of the first table below a heading, before which it stands on a narrow screen."""
    _, _, row, column = heading
    return next((n for n, p in enumerate(places) if p.row >= row and p.column >= column), 0)
