"""Cell rules in exact numbers: fractions, roots, powers of e, as long as they stay small."""

from __future__ import annotations

import builtins
from collections.abc import Sequence

import sympy
from sympy import Expr, Integer, Rational

from byhand.core.decimals import short
from byhand.core.graph import INFINITE

NONE = sympy.nan
"""The exact value of a cell that has none: whatever is computed from it has none either."""
MOST_OPERATIONS = 30
"""An exact value of more operations is none that a person would write down, nor one of longer whole numbers."""
MOST_DIGITS = 9
MOST_TO_EXPAND = 100
"""Longer ones are not even multiplied out to see whether they become short."""
LARGEST_EXPONENT = 64
ROUNDING = 1e-14
"""Two exact values that are nearer to each other than this are one."""

Line = Sequence[Expr]


def if_small(cell: Expr) -> Expr:
    """The cell as short as can be had cheaply, or NONE if it is too long to be written down, or not a number."""
    if cell is NONE or cell.has(sympy.nan, sympy.zoo) or cell.count_ops() > MOST_TO_EXPAND:
        return NONE
    if not cell.has(sympy.exp):
        cell = builtins.min((cell, sympy.expand(cell)), key=lambda form: form.count_ops())
    parts = (part for r in cell.atoms(Rational) for part in (r.p, r.q))
    too_long = cell.count_ops() > MOST_OPERATIONS or any(abs(part) >= 10**MOST_DIGITS for part in parts)
    return NONE if too_long else cell


def number(x: float) -> Expr:
    """A short decimal as a fraction, −10³⁰ as −∞; any other has no exact value."""
    if x < -INFINITE:
        return -sympy.oo
    return Rational(digits) if (digits := short(x)) else NONE


def pi() -> Expr:
    return sympy.pi


def dot(x: Line, y: Line) -> Expr:
    return sum([a * b for a, b in zip(x, y, strict=True)])


def sum(line: Line) -> Expr:
    return NONE if NONE in line else sympy.Add(*line)


def mean(line: Line) -> Expr:
    return sum(line) / Integer(len(line))


def sum_of_squares(line: Line) -> Expr:
    return sum([a**2 for a in line])


def max(line: Line) -> Expr:
    return NONE if NONE in line else builtins.max(line, key=float)


def larger(x: Expr, y: Expr) -> Expr:
    return max([x, y])


def position_of_max(line: Line) -> Expr:
    """Counted from 0, the first of equals."""
    return NONE if NONE in line else Integer(list(line).index(max(line)))


def equal(x: Expr, y: Expr) -> Expr:
    return NONE if NONE in (x, y) else Integer(x == y or abs(float(x - y)) < ROUNDING)


def greater(x: Expr, y: Expr) -> Expr:
    return NONE if NONE in (x, y) else Integer(x != y and float(x - y) >= ROUNDING)


def choose(condition: Expr, x: Expr, y: Expr) -> Expr:
    return NONE if condition is NONE else y if condition.is_zero else x


def pick(line: Line, index: Expr) -> Expr:
    """The cell of a line at an index counted from 0."""
    return NONE if index is NONE else line[int(index)]


def power(x: Expr, y: Expr) -> Expr:
    return NONE if NONE in (x, y) or abs(float(y)) > LARGEST_EXPONENT else x**y


def exp(x: Expr) -> Expr:
    return sympy.exp(x)


def log(x: Expr) -> Expr:
    return sympy.log(x)


def sqrt(x: Expr) -> Expr:
    return sympy.sqrt(x)


def tanh(x: Expr) -> Expr:
    return sympy.tanh(x)


def erf(x: Expr) -> Expr:
    return sympy.erf(x)


def sin(x: Expr) -> Expr:
    return sympy.sin(x)


def cos(x: Expr) -> Expr:
    return sympy.cos(x)
