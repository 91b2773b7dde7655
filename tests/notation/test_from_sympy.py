"""Exact values on paper: worth what SymPy says, and written as a person would."""

from __future__ import annotations

import math
from typing import Any

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.formula_values import worth
from sympy import E, Rational, cos, erf, exp, log, oo, pi, sin, sqrt, tanh

from byhand.notation.from_sympy import from_sympy
from byhand.notation.text import text

HALF = Rational(1, 2)

WRITTEN: list[tuple[Any, str]] = [
    (sympy.Integer(-3), "−3"),
    (Rational(-3, 4), "−3 / 4"),
    (sqrt(2) / 2, "√2 / 2"),
    (exp(-HALF) / (1 + exp(-HALF)), "e^(−1 / 2) / (e^(−1 / 2) + 1)"),
    (-175 * sqrt(6) / 22917, "−175 √6 / 22917"),
    (1 - sqrt(2), "1 − √2"),
    (-1 - sqrt(2), "−√2 − 1"),
    (10 * 10 ** Rational(1, 3), "10 · 10^(1 / 3)"),
    (pi * E, "e π"),
    (-oo, "−∞"),
    (log(3), "ln(3)"),
    (sin(HALF) + cos(2), "cos(2) + sin(1 / 2)"),
    (1 / (1 + exp(-2)), "1 / (e^(−2) + 1)"),
    (1 / sqrt(1 + sqrt(2)), "1 / √(1 + √2)"),
]


@pytest.mark.parametrize(("value", "line"), WRITTEN, ids=[line for _, line in WRITTEN])
def test_written(value: Any, line: str) -> None:
    assert text(from_sympy(value)) == line


parts = st.integers(-9, 9).map(sympy.Integer) | st.fractions(-3, 3, max_denominator=9).map(
    lambda f: Rational(f.numerator, f.denominator)
)
values = st.recursive(
    parts | st.just(pi),
    lambda part: (
        st.tuples(part, part).map(sum)
        | st.tuples(part, part).map(lambda p: p[0] * p[1])
        | part.map(lambda x: 1 / x if x != 0 else x)
        | part.map(lambda x: sqrt(x**2 + 1))
        | part.map(lambda x: sin(x) * tanh(x) + erf(x))
        | part.map(lambda x: exp(x) if abs(float(x)) < 9 else x)
    ),
    max_leaves=5,
)


@given(values)
@examples(200)
def test_it_is_worth_what_sympy_says(value: Any) -> None:
    number = float(value.evalf(30))
    assert math.isclose(worth(from_sympy(value), {}), number, rel_tol=1e-6, abs_tol=1e-6)
