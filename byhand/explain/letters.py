"""What the printers of formulas do alike with letters: accents, and what stands between subscripts."""

from __future__ import annotations

from typing import NamedTuple
from unicodedata import combining, normalize

from byhand.maths import Maths, Name, Number


class Accent(NamedTuple):
    """A mark above a letter in each notation; in MathML it is a sign of its own."""

    latex: str
    mathml: str
    typst: str


ACCENTS = {
    "\u0302": Accent("hat", "^", "hat"),
    "\u0304": Accent("bar", "¯", "macron"),
    "\u0303": Accent("tilde", "~", "tilde"),
    "\u0307": Accent("dot", "˙", "dot"),
    "\u20d7": Accent("vec", "→", "arrow"),
}
"""Combining marks that a name may end with: x̂, x̄, x̃."""


def accent(letters: str) -> tuple[str, str]:
    """The letters without the mark above a single letter, and that mark: x̂ is x and a hat."""
    apart = normalize("NFD", letters)
    return (apart[0], apart[1]) if len(apart) == 2 and combining(apart[1]) else (letters, "")


def led(name: Name) -> tuple[str, Name]:
    """A name's ∂ apart: ∂x is a sign and the letter that it stands before."""
    if len(name.letters) > 1 and name.letters.startswith("∂"):
        return "∂", Name(name.letters[1:], name.below, name.bold)
    return "", name


def commas(below: tuple[Maths, ...]) -> str:
    """What stands between subscripts: nothing in x_ij, commas where one is more than a letter."""
    return "" if all(map(_is_short, below)) else ", "


def _is_short(maths: Maths) -> bool:
    text = maths.letters if isinstance(maths, Name) and not maths.below else ""
    return len(maths.digits if isinstance(maths, Number) else text) == 1
