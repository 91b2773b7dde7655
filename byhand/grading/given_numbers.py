"""Whether the given numbers of a handed-in book are those that the student was given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from byhand.exercises.roster import clean
from byhand.grading.handed_out import Paper
from byhand.grading.submission import Submission
from byhand.xlsx.cells import Cell, Value
from byhand.xlsx.ranges import address

NEAR = 1e-9
SHOWN_NEAR = 1e-4
"""Computed tables are shown rounded."""
ANOTHER_SET = 0.4
"""The share of given numbers from which on they are not a few that were altered, but another draw's."""
LISTED = 3


@dataclass(frozen=True)
class Altered:
    """A given cell that does not hold what the student was given."""

    cell: Cell
    was: float
    found: Value


def altered(paper: Paper, submission: Submission, student: str) -> list[Altered]:
    """The cells that differ; one that is gone holds None."""
    return list(_altered(paper, submission, student))


def _altered(paper: Paper, submission: Submission, student: str) -> Iterator[Altered]:
    tables = paper.given(student)
    for cell, given in paper.givens.items():
        was, found = float(tables[given.table][given.row][given.column]), submission.seen.get(cell)
        near = SHOWN_NEAR if given.shown else NEAR
        if not (isinstance(found, float) and abs(found - was) <= near):
            yield Altered(cell, was, found)


def given_to(paper: Paper, submission: Submission) -> str | None:
    """The one student who was given all the numbers of a book, if there is one."""
    cells = paper.drawn_cells
    found = tuple(submission.seen.get(cell) for cell in cells)
    students = paper.by_drawn.get(found, ()) if cells else ()
    return students[0] if len(students) == 1 else None


def said_of(paper: Paper, submission: Submission, student: str) -> list[str]:
    """The sentences on numbers that are not the student's."""
    changed = altered(paper, submission, student)
    if not changed:
        return []
    other, count = given_to(paper, submission), len(paper.givens)
    if other is not None and other != student:
        return [f"The given numbers are those of {person(paper, other)}: the workbook was made for another student."]
    what = f"{len(changed)} of the {count} given numbers {'is' if len(changed) == 1 else 'are'} not as handed out"
    if len(changed) >= max(2.0, ANOTHER_SET * count):
        return [f"{what}: the workbook was made for another set or with another seed, or was filled in anew."]
    cells = "; ".join(_told(one) for one in changed[:LISTED])
    return [f"{what}: {cells}{'; and more' if len(changed) > LISTED else ''}."]


def person(paper: Paper, id: str) -> str:
    """A student as a sentence names them."""
    name = paper.key.students[id].name
    return clean(f"{id} ({name})" if name and name != id else id)


def _told(one: Altered) -> str:
    found = f"{one.found:.15g}" if isinstance(one.found, float) else clean(str(one.found or "empty"))[:40]
    return f"{address(one.cell)} is {found}, was {one.was:.15g}"
