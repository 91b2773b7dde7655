"""How each verdict looks: a sign, a colour and a frame of its own, so that it is never the colour alone that tells."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.grading.outcome import Verdict
from byhand.workbook.style import ROLES


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
