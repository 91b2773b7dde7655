"""The student's own numbers and texts in a workbook, and what a marked copy leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite

from byhand.exercises.roster import clean
from byhand.grading.handed_out import CellFinder, HandedOut
from byhand.translations import _, counted
from byhand.xlsx.cells import Cell, Value
from byhand.xlsx.reader import Contents, day

LONGEST = 2_000
"""The longest text that a marked copy shows."""
MOST_BESIDE = 2_000
"""The largest number of cells beside the tables that a marked copy shows."""
MOST_SHEETS = 5
"""The largest number of the student's own sheets that are named."""
PICTURES, CHARTS, SHAPES = "xl/media/", "xl/charts/", "xl/drawings/drawing"
EXTRAS = {
    PICTURES: "pictures",
    CHARTS: "charts",
    "xl/comments|xl/threadedComments": "notes on cells",
    SHAPES: "shapes",
    ".*vbaProject|xl/macrosheets|xl/dialogsheets": "macros",
    "xl/activeX|xl/ctrlProps|xl/embeddings": "controls or embedded files",
    "xl/externalLinks|xl/connections|xl/queryTables": "links to other files",
}
"""The patterns of parts with other contents of a file, and what these are called."""
PATTERNS = [(where, re.compile(where)) for where in EXTRAS]


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
        return day(value, contents.epoch) or _("a time")
    return value if isfinite(value) else str(value)


def _left_out(handed_out: HandedOut, contents: Contents, sheets: set[str], beside: int) -> Iterator[str]:
    if len(contents.formulas) > len(handed_out.formulas):
        yield _("formulas (their results stand in their place)")
    own = [clean(sheet) for sheet in contents.sheets if sheet not in sheets]
    if own:
        names = ", ".join(f"“{name}”" for name in own[:MOST_SHEETS])
        more = len(own) - MOST_SHEETS
        yield (
            _("your own sheets {names} and {n} more").format(names=names, n=more)
            if more > 0
            else counted("your own sheet {names}", "your own sheets {names}", len(own)).format(names=names)
        )
    if beside:
        yield counted("{n} cell beside the tables", "{n} cells beside the tables", beside).format(n=beside)
    there = [where for where, pattern in PATTERNS if any(map(pattern.match, contents.parts))]
    if PICTURES in there or CHARTS in there:
        there = [where for where in there if where != SHAPES]  # a picture is one, in the file
    yield from (_(EXTRAS[where]) for where in there)
    if contents.links:
        yield _("links to places outside the workbook")
