"""The student's own numbers and texts in a workbook, and what a marked copy leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite

from byhand.exercises.roster import clean
from byhand.grading.handed_out import CellFinder, HandedOut
from byhand.xlsx.cells import Cell, Value
from byhand.xlsx.reader import Contents, day

LONGEST = 2_000
"""The longest text that a marked copy shows."""
MOST_BESIDE = 2_000
"""The largest number of cells beside the tables that a marked copy shows."""
MOST_SHEETS = 5
"""The largest number of the student's own sheets that are named."""
EXTRAS = {
    "pictures": "xl/media/",
    "charts": "xl/charts/",
    "notes on cells": "xl/comments|xl/threadedComments",
    "shapes": "xl/drawings/drawing",
    "macros": ".*vbaProject|xl/macrosheets|xl/dialogsheets",
    "controls or embedded files": "xl/activeX|xl/ctrlProps|xl/embeddings",
    "links to other files": "xl/externalLinks|xl/connections|xl/queryTables",
}
"""Other contents of a file, and the patterns of their parts."""


@dataclass(frozen=True)
class OwnWork:
    """values: numbers and texts in and beside the cells of the handed-out book, by their place in that book.

    left_out: phrases that name what a marked copy leaves out.
    """

    values: Mapping[Cell, float | str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def own_work(handed_out: HandedOut, contents: Contents, find: CellFinder) -> OwnWork:
    """Return the values in the cells; for formulas their stored results."""
    sheets = {cell[0] for cell in handed_out.cells}
    if find.unmoved:
        there = {cell: cell for cell in contents.values if cell[0] in sheets and cell not in handed_out.texts}
        beside = [cell for cell in there if cell not in handed_out.cells]
        for cell in beside[MOST_BESIDE:]:
            del there[cell]
        uncarried = len(beside[MOST_BESIDE:])
    else:
        cell_places = {cell: place for cell in handed_out.cells if (place := find(cell))}
        there = {cell: place for cell, place in cell_places.items() if cell not in handed_out.texts}
        places = set(cell_places.values())
        sheets = {place[0] for place in places}
        words = set(handed_out.texts.values())  # of a table that is shown again, the labels may not be cell_places
        uncarried = sum(
            cell[0] in sheets and cell not in places and value not in words for cell, value in contents.values.items()
        )
    values = {cell: value for cell, place in there.items() if (value := _plain(contents, place)) is not None}
    return OwnWork(values, tuple(_left_out(handed_out, contents, sheets, uncarried)))


def _plain(contents: Contents, place: Cell) -> float | str | None:
    """Return a value as a number or a text; a date as people read it."""
    value: Value = contents.values.get(place)
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, str):
        return value[:LONGEST]
    if place in contents.dates:
        return day(value, contents.epoch) or "a time"
    return value if isfinite(value) else str(value)


def _left_out(handed_out: HandedOut, contents: Contents, sheets: set[str], beside: int) -> Iterator[str]:
    if len(contents.formulas) > len(handed_out.formulas):
        yield "formulas (their results stand in their place)"
    own = [clean(sheet) for sheet in contents.sheets if sheet not in sheets]
    if own:
        names = ", ".join(f"“{name}”" for name in own[:MOST_SHEETS])
        more = f" and {len(own) - MOST_SHEETS} more" if len(own) > MOST_SHEETS else ""
        yield f"your own {'sheets' if len(own) > 1 else 'sheet'} {names}{more}"
    if beside:
        yield f"{beside:,} cell{'s' if beside > 1 else ''} beside the tables"
    there = [what for what, where in EXTRAS.items() if any(re.match(where, part) for part in contents.parts)]
    if "pictures" in there or "charts" in there:
        there = [what for what in there if what != "shapes"]  # a picture is one, in the file
    yield from there
    if contents.links:
        yield "links to places outside the workbook"
