"""Numbers as text: in a file, in a worked line, in a table, in a cell of a workbook, on paper."""

from __future__ import annotations

import math

import numpy as np

from byhand.core.graph import INFINITE
from byhand.notation.tree import Maths, Name, Negative, Number, Power, Product, Words
from byhand.translations import localized

MINUS_INFINITY = "−∞"
"""The text for the score of a masked word."""


def in_full(x: float) -> str:
    """Return a number for a file, to the last digit: whole ones without a point, never −0."""
    return repr(float(x) + 0.0).removesuffix(".0")


def in_print(x: float) -> str:
    """Return a given number as it is printed: in full, but for what binary fractions add to 3 × 0.1."""
    return in_full(round(x, 12))


def to_places(x: float, places: int) -> str:
    """Return a number rounded to some decimals, without trailing zeros: 7.5, 7, 6.67."""
    return localized(in_full(round(x, places)))


def to_digits(x: float, digits: int) -> str:
    """Return a number rounded to some significant digits, as on paper: −0.3333, −∞."""
    return MINUS_INFINITY if x < -INFINITE else localized(f"{x + 0.0:.{digits}g}".replace("-", "−"))


def in_cell(x: float, number_format: str) -> str:
    """Return a number as a workbook's cell of this number format shows it, to measure how wide a column must be."""
    places = len(number_format.rpartition(";")[2].partition(".")[2])
    return MINUS_INFINITY if x < -INFINITE else f"{x:.{places}f}"


def in_table(x: float) -> str:
    """Return a number as a printed table shows it: whole, with four decimals, or (a large one) with a power of ten."""
    if abs(x) >= LARGE:
        return MINUS_INFINITY if x < -INFINITE else f"{x:.4e}"
    return f"{x + 0.0:.0f}" if x == round(x) else f"{x:.4f}"


PLACES = 4
"""The places after the point of a number that is too long to be written out; of a small one, its digits that count."""
LONGEST = 5
"""A number of no more digits that count is written out."""
SMALL, LARGE = 1e-5, 1e12
"""Outside these a number is written as 1.5 × 10⁻⁷."""
NOTHING = 1e-12
"""On a worked line a number below this one is 0."""


def short(x: float) -> str:
    """Return the digits in full, without rounding noise; an empty text if they are many."""
    near = float(f"{x:.12g}") + 0.0
    digits = np.format_float_positional(near, trim="-")
    counted = digits.lstrip("-0.").replace(".", "")
    few = len(counted) <= LONGEST or near.is_integer()
    return digits if near == 0 or (few and SMALL <= abs(near) < LARGE) else ""


def shown(x: float) -> Maths:
    """Return the number as a worked line shows it: in full where that is short, else to a few places."""
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
    """Return whether `shown` loses nothing of the number."""
    rounded = float(f"{x:.{PLACES - 1}e}") if NOTHING <= abs(x) < SMALL or abs(x) >= LARGE else math.nan
    return x < -INFINITE or bool(short(x)) or rounded == float(f"{x:.12g}")
