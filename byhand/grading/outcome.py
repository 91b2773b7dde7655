"""What marking says of one asked cell, and of all that a student has handed in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a student's number is."""

    RIGHT = "right"
    FOLLOWS = "right from your own earlier step"
    MISTAKE = "a known mistake"
    ROUNDED = "rounded too early"
    SLIP = "arithmetic slip"
    WRONG = "wrong"
    BLANK = "blank"
    UNREADABLE = "not a number"


@dataclass(frozen=True)
class Typed:
    """What stands in an answer cell. value: the number that it is read as; None where blank, or where it is none.

    text: as the student sees it. read_as: how it was read, in a few words; or why it could not be.
    """

    text: str = ""
    value: float | None = None
    read_as: str = ""

    @property
    def blank(self) -> bool:
        return not self.text.strip()


@dataclass(frozen=True)
class CellMark:
    """The verdict on one asked cell.

    question: its number in the key, from 0. cell: its number in that question, from 0. points of `most`.
    sentence: what the student is told, without the answer. mistake: the misconception's name, where it is one.
    """

    question: int
    cell: int
    typed: Typed
    verdict: Verdict
    points: float
    most: float
    sentence: str
    mistake: str = ""


@dataclass(frozen=True)
class Marks:
    """A student's submission, marked. file: the name under which it was handed in.

    cells: one for each asked cell, in the key's order. warnings: what a person should look at before the marks count.
    """

    student: str
    name: str
    file: str
    cells: tuple[CellMark, ...]
    warnings: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        return sum(cell.points for cell in self.cells)

    @property
    def most(self) -> float:
        return sum(cell.most for cell in self.cells)
