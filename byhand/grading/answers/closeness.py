"""How far from its key a right number may be: half a unit of the last asked place, edges included."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from byhand.grading.answers.rules import Rule
from byhand.grading.answers.values import Arithmetic

REAL = Arithmetic()
"""In which numbers that are no fractions are compared."""


def tolerance(key: Any, rule: Rule) -> Any:
    """How far from the key a right answer may be."""
    if rule.type == "dp":
        return Fraction(1, 2 * 10**rule.n)
    if rule.type == "sf":
        return Fraction(10) ** (magnitude(key) - rule.n + 1) / 2 if key else Fraction(0)
    return rule.tol * abs(key) if rule.type == "rel" and type(key) is Fraction else _relative(key, rule)


def _relative(key: Any, rule: Rule) -> Any:
    return rule.tol if rule.type == "abs" else REAL.real(rule.tol) * abs(key)


def magnitude(value: Any) -> int:
    """The power of ten of the first digit."""
    size = abs(value)
    guess = int(REAL.mp.floor(REAL.mp.log10(REAL.real(size))))
    while _exceeds(Fraction(10) ** guess, size):
        guess -= 1
    while not _exceeds(Fraction(10) ** (guess + 1), size):
        guess += 1
    return guess


def _exceeds(one: Fraction, other: Any) -> bool:
    return bool(one > other) if type(other) is Fraction else bool(REAL.real(one) > other)


def within(value: Any, key: Any, far: Any) -> bool:
    """|value - key| <= far: exactly, where all are fractions; else to many digits, edges included."""
    if type(value) is Fraction and type(key) is Fraction and type(far) is Fraction:
        return abs(value - key) <= far
    value, key, far = map(REAL.real, (value, key, far))
    apart = abs(value - key)
    if not REAL.mp.isfinite(apart):
        return False
    slack = REAL.mp.mpf(10) ** -40 * max(abs(value), abs(key), far)
    return bool(apart <= far + slack)
