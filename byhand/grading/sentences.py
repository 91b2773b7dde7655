"""What a student is told of an answer, never with the number that is right."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.grading.outcome import Typed, Verdict

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
