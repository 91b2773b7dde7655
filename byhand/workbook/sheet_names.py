"""The names of sheets, unique and short enough for every program, and which formulas that hold them can be read."""

from __future__ import annotations

import re

from byhand.core.captions import titles
from byhand.workbook.page import Page

LONGEST, LONGEST_WITHOUT_NAMES = 250, 150
"""The most letters of a formula that a person reads, with and without the names of sheets."""


def sheet_names_of(pages: list[Page]) -> dict[Page, str]:
    """Return a unique name for each sheet, of at most 31 characters."""
    names: dict[Page, str] = {}
    used: set[str] = set()
    for page in pages:
        name = " ".join(re.sub(r"[\[\]:*?/\\·]", " ", " · ".join(titles(page.scope))).split())
        for long, short in (
            ("Encoder", "Enc"),
            ("Decoder", "Dec"),
            ("Layer ", "L"),
            ("Step ", "S"),
            ("Attention", "Att"),
            ("First step", "1st"),
            ("Feed-forward", "FF"),
            ("Backward", "Back"),
        ):
            name = name.replace(long, short) if len(name) > 31 else name
        n, unique = 2, name[:31].rstrip()
        while unique.casefold() in used:
            unique, n = f"{name[:28].rstrip()} {n}", n + 1
        names[page] = unique
        used.add(unique.casefold())
    return names


def can_be_read(formula: str) -> bool:
    """Return whether a person can read a formula: whether it is short, with the names of sheets and without them."""
    letters = 1 + len(formula)
    without_names = 1 + len(re.sub(r"'(?:[^']|'')*'!", "", formula)) if "!" in formula else letters
    return letters <= LONGEST and without_names <= LONGEST_WITHOUT_NAMES
