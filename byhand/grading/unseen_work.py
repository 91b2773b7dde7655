"""Warnings about work in a submission that is not shown: helper cells that nobody sees, and answers that use them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress

from byhand.grading.handed_out import CellFinder, HandedOut
from byhand.grading.student_formulas import Needed, Refused
from byhand.xlsx.cells import Cell
from byhand.xlsx.ranges import spoken_address
from byhand.xlsx.reader import Contents

FAR = 200
"""Rows or columns behind the last cell of the handed-out sheet, from which on a cell is far from what is looked at."""
FAR_AWAY = "far from the exercise"
LISTED = 3


def unseen_findings(handed_out: HandedOut, contents: Contents, find: CellFinder) -> list[str]:
    """Return warnings about a student's own cells that are not seen, and about answers that depend on them."""
    unseen = _students_own(handed_out, contents, find)
    if not unseen:
        return []
    return [*_hidden_cells(unseen), *_hidden_sources(handed_out, contents, find, unseen)]


def _students_own(handed_out: HandedOut, contents: Contents, find: CellFinder) -> dict[Cell, str]:
    """Return the filled cells that are not seen and were not handed out as they are, and why."""
    unseen = {**contents.unseen, **dict.fromkeys(_far_away(handed_out, contents), FAR_AWAY)}
    if not unseen:
        return {}
    theirs = {find(cell) for cell in handed_out.cells - handed_out.blank}
    return {cell: why for cell, why in unseen.items() if cell not in theirs}


def _far_away(handed_out: HandedOut, contents: Contents) -> Iterator[Cell]:
    """Yield the filled cells of handed-out sheets that lie far below or right of everything on them."""
    last = handed_out.last_cells
    for cell in contents.values.keys() | contents.formulas.keys():
        if cell[0] in last and (cell[1] > last[cell[0]][0] + FAR or cell[2] > last[cell[0]][1] + FAR):
            yield cell


def _hidden_cells(unseen: dict[Cell, str]) -> Iterator[str]:
    by_reason: dict[str, list[Cell]] = defaultdict(list)
    for cell, why in unseen.items():
        by_reason[why].append(cell)
    for why, cells in by_reason.items():
        is_filled = "1 filled cell is" if len(cells) == 1 else f"{len(cells):,} filled cells are"
        yield f"{is_filled} not seen, {why}: {listed(sorted(cells))}."


def _hidden_sources(
    handed_out: HandedOut, contents: Contents, find: CellFinder, unseen: dict[Cell, str]
) -> Iterator[str]:
    """Yield a warning if answers are formulas over cells that are not seen."""
    answers, needed = [], Needed(contents)
    for cell in (place for row in handed_out.asked for cell in row if (place := find(cell))):
        with suppress(Refused):
            if cell in contents.formulas and (needed.sources(cell) - {cell}) & unseen.keys():
                answers.append(cell)
    if answers:
        is_formula = "1 answer is a formula" if len(answers) == 1 else f"{len(answers):,} answers are formulas"
        yield f"{is_formula} over cells that are not seen: {listed(answers)}."


def listed(cells: Sequence[Cell]) -> str:
    """Return the first cells as a list in words."""
    shown = ", ".join(spoken_address(cell) for cell in cells[:LISTED])
    return f"{shown} and {len(cells) - LISTED:,} more" if len(cells) > LISTED else shown
