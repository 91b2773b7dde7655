"""What marking says of one asked cell, and of all that a student has handed in."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from byhand.workbook.style import ROLES


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
    expression: all of it as it is judged where an exact answer is asked for; of a formula, with what it reads put in.
    """

    text: str = ""
    value: float | None = None
    read_as: str = ""
    expression: str = field(default="", compare=False)

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


@dataclass(frozen=True)
class Look:
    """line: of the frame, as spreadsheets call it. short: the verdict in a word or two. means: for the legend."""

    sign: str
    fill: str
    ink: str
    line: str
    short: str
    means: str


LOOKS = {
    Verdict.RIGHT: Look("✓", *ROLES["result"][:2], "thin", "right", "right"),
    Verdict.FOLLOWS: Look(
        "↳", *ROLES["computed"][:2], "thin", "follows", "right, from a number of yours that came before"
    ),
    Verdict.MISTAKE: Look("✗", *ROLES["gradient"][:2], "medium", "known mistake", "a mistake with a name"),
    Verdict.ROUNDED: Look(
        "≈", ROLES["input"][0], "#8A6500", "dashed", "rounded", "rounded too early, or to too few places"
    ),
    Verdict.SLIP: Look(
        "±", "#EFE7F8", ROLES["attention"][1], "medium", "slip", "the right way, with an arithmetic slip"
    ),
    Verdict.WRONG: Look("✗", "#FBE3DF", ROLES["weight"][1], "double", "wrong", "wrong"),
    Verdict.BLANK: Look("–", "#F1F3F5", "#56616E", "dotted", "blank", "nothing there"),
    Verdict.UNREADABLE: Look("?", "#E3E7EB", "#1F2933", "dashed", "not a number", "could not be read as a number"),
}
"""In the order of legends."""

BLANK = "Nothing is written here yet."
WRONG = "Not right: work this one out once more."
UNREADABLE = "This cannot be read as a number."
ROUNDED = "Rounded too early: keep more decimals on the way, and round only the answer."
ROW_FIRST = "The row comes first, then the column."
BETWEEN = ", "
"""Stands between the names of two misconceptions that a number comes from together."""


@dataclass(frozen=True)
class Said:
    """A verdict and its sentence. mistake: the misconception's name; two of them with ", " between."""

    verdict: Verdict
    sentence: str = ""
    mistake: str = ""


def nothing(typed: Typed) -> Said | None:
    """Of a cell without a number."""
    if typed.blank:
        return Said(Verdict.BLANK, BLANK)
    if typed.value is not None:
        return None
    why = f"{UNREADABLE[:-1]}: {typed.read_as.removesuffix('.')}." if typed.read_as else UNREADABLE
    return Said(Verdict.UNREADABLE, why)


def follows(table: str, rounded: bool) -> Said:
    return Said(Verdict.FOLLOWS, f"Right from your own {table}{', as you rounded them' if rounded else ''}.")
