"""A number as people read it: in full where that is short, else to a few places."""

from __future__ import annotations

import math

import numpy as np

from byhand.core.graph import INFINITE
from byhand.notation.tree import Maths, Name, Negative, Number, Power, Product, Words

PLACES = 4
"""The places after the point of a number that is too long to be written out; of a small one, its digits that count."""
LONGEST = 5
"""A number of no more digits that count is written out."""
SMALL, LARGE = 1e-5, 1e12
"""Outside these a number is written as 1.5 × 10⁻⁷."""
NOTHING = 1e-12
"""A number below this one is shown as 0."""


def short(x: float) -> str:
    """The number's digits in full, without what a computer's rounding adds; an empty text if they are many."""
    near = float(f"{x:.12g}") + 0.0
    digits = np.format_float_positional(near, trim="-")
    counted = digits.lstrip("-0.").replace(".", "")
    few = len(counted) <= LONGEST or near.is_integer()
    return digits if near == 0 or (few and SMALL <= abs(near) < LARGE) else ""


def shown(x: float) -> Maths:
    """The number as a worked line shows it."""
    if not math.isfinite(x):
        return Words("undefined")
    if x < -INFINITE:
        return Negative(Name("∞"))
    if digits := short(x):
        return Number(digits)
    if SMALL <= abs(x) < LARGE:
        return Number(_rounded(x))
    if abs(x) < NOTHING:
        return Number("0")
    digits, _, exponent = f"{x:.{PLACES - 1}e}".partition("e")
    tens = Power(Number("10"), Number(str(int(exponent))))
    return Product((Number(short(float(digits)) or digits), tens), "×")


def _rounded(x: float) -> str:
    if abs(x) >= 0.1:
        return f"{x:.{PLACES}f}"
    return np.format_float_positional(x, PLACES, unique=False, fractional=False)


def is_exact(x: float) -> bool:
    """Whether `shown` tells all of it."""
    rounded = float(f"{x:.{PLACES - 1}e}") if NOTHING <= abs(x) < SMALL or abs(x) >= LARGE else math.nan
    return x < -INFINITE or bool(short(x)) or rounded == float(f"{x:.12g}")
