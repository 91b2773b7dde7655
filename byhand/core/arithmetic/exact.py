"""Cell rules in exact numbers: fractions, roots, powers of e, as long as they stay small."""

from __future__ import annotations

import sympy
from sympy import Expr, Integer, Rational

from byhand.core.arithmetic import Arithmetic, Function
from byhand.core.graph import INFINITE
from byhand.core.number_text import short

NONE = sympy.nan
"""Marks a cell without an exact value; no cell computed from it has one either."""
MOST_OPERATIONS = 30
"""The most operations in an exact value that a person writes down."""
MOST_DIGITS = 9
MOST_TO_EXPAND = 100
"""The most operations in an expression that is expanded to see whether it becomes short."""
LARGEST_EXPONENT = 64
ROUNDING = 1e-14
"""Exact values nearer to each other than this are equal."""

Line = tuple[Expr, ...]


def if_small(cell: Expr) -> Expr:
    """Return the cell simplified, or NONE if it is too long to be written down, or not a number."""
    if cell is NONE or cell.has(sympy.nan, sympy.zoo) or cell.count_ops() > MOST_TO_EXPAND:
        return NONE
    if not cell.has(sympy.exp):
        cell = min((cell, sympy.expand(cell)), key=lambda form: form.count_ops())
    parts = (part for r in cell.atoms(Rational) for part in (r.p, r.q))
    too_long = cell.count_ops() > MOST_OPERATIONS or any(abs(part) >= 10**MOST_DIGITS for part in parts)
    return NONE if too_long else cell


class Exact(Arithmetic[Expr]):
    """SymPy's expressions; a cell without an exact value is NONE."""

    def number(self, x: float) -> Expr:
        """Return a short decimal as a fraction, −10³⁰ as −∞; any other has no exact value."""
        if x < -INFINITE:
            return -sympy.oo
        return Rational(digits) if (digits := short(x)) else NONE

    def pi(self) -> Expr:
        return sympy.pi

    def call(self, function: Function, x: Expr) -> Expr:
        return getattr(sympy, function.sympy)(x)

    def power(self, x: Expr, y: Expr) -> Expr:
        return NONE if NONE in (x, y) or abs(float(y)) > LARGEST_EXPONENT else x**y

    def total(self, line: Line) -> Expr:
        return NONE if NONE in line else sympy.Add(*line)

    def largest(self, line: Line) -> Expr:
        return NONE if NONE in line else max(line, key=float)

    def position_of_largest(self, line: Line) -> Expr:
        return NONE if NONE in line else Integer(line.index(self.largest(line)))

    def compare(self, x: Expr, sign: str, y: Expr) -> Expr:
        if NONE in (x, y):
            return NONE
        if x == y or abs(float(x - y)) < ROUNDING:
            return Integer(sign == "=")
        return Integer(sign == ">" and float(x - y) > 0)

    def choose(self, condition: Expr, x: Expr, y: Expr) -> Expr:
        return NONE if condition is NONE else y if condition.is_zero else x

    def pick(self, line: Line, index: Expr) -> Expr:
        return NONE if index is NONE else line[int(index)]


EXACT = Exact()
