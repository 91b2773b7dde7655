"""How much of an answer is looked at, and what is said of one that cannot be read."""

from __future__ import annotations

LONGEST = 2_000
"""The characters of an answer."""
MOST_TOKENS = 500
DEEPEST = 64
"""Brackets in brackets, and powers of powers."""
MOST_DIGITS = 60
"""The digits of one number."""
HIGHEST_POWER = 10_000
"""The exponent of a power, of e and of ten."""
LARGEST_FACTORIAL = 170
MOST_BITS = 40_000
"""Of a fraction's numerator and denominator: beyond, a number is held to some digits only."""
FARTHEST = 400_000
"""The binary exponent of any number on the way to a result."""


class Unreadable(Exception):
    """An answer that cannot be read. The message is the reason: a clause without its full stop."""
