"""How a class stands after marking: what counts for each student, and whatever a person must know of a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from byhand.exercises.keys import Key
from byhand.exercises.roster import clean
from byhand.grading.journal import Result
from byhand.grading.phrases import in_short, place, wrote
from byhand.grading.verdicts import Verdict


class Status(StrEnum):
    """What has become of a student."""

    GRADED = "graded"
    LOOK = "look"
    UNREADABLE = "unreadable"
    MISSING = "missing"


SAID = {status: str(status) for status in Status} | {Status.LOOK: "to look at"}
"""After a number of students."""
TOLD = {
    Status.LOOK: "Not graded yet: your teacher will look at what you handed in.",
    Status.UNREADABLE: "What you handed in could not be read: ask your teacher.",
    Status.MISSING: "Nothing was handed in.",
}
"""What the student reads where there is no grade; nothing in it is of others."""


@dataclass(frozen=True)
class Standing:
    """file: the one that counts. points: None where there is no grade (yet). told: what the student reads beside it."""

    student: str
    name: str
    status: Status
    file: str
    points: float | None
    told: str


@dataclass(frozen=True)
class Concern:
    """Something that a person must know of a file, or of a student who handed in none. kind: in a word."""

    kind: str
    file: str
    student: str
    reason: str


def standing(key: Key, student: str, result: Result | None) -> Standing:
    """Of one student, by the result of the file that counts."""
    status = _status(result)
    name, file = key.students[student].name, clean(result.file) if result else ""
    if result is None or result.marks is None or status is not Status.GRADED:
        return Standing(student, name, status, file, None, TOLD[status])
    return Standing(student, name, status, file, round(result.marks.points, 6), in_short(key, result.marks))


def _status(result: Result | None) -> Status:
    if result is None:
        return Status.MISSING
    if result.marks is None:
        return Status.UNREADABLE
    return Status.LOOK if result.looked_at else Status.GRADED


def concerns(key: Key, result: Result) -> Iterator[Concern]:
    """What is to be known of one file; also of answers that could not be read, and so have no points."""
    file = clean(result.file)
    if result.refused:
        yield Concern("not marked", file, result.student, result.refused)
    for warning in result.marks.warnings if result.marks else ():
        yield Concern("look", file, result.student, warning)
    if unread := _unread(key, result):
        yield Concern("unread", file, result.student, unread)
    for note in result.notes:
        yield Concern("note", file, result.student, note)


def _unread(key: Key, result: Result) -> str:
    """The answers that have no points because they could not be read; nothing where there is none."""
    cells = [cell for cell in result.marks.cells if cell.verdict is Verdict.UNREADABLE] if result.marks else []
    if not cells:
        return ""
    first = f"{place(key.questions[cells[0].question], cells[0].cell)} ({wrote(cells[0])})"
    if len(cells) == 1:
        return f"The answer in {first} could not be read, and has no points."
    return f"{len(cells)} answers could not be read, and have no points; the first is in {first}."
