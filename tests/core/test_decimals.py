"""Decimals: a number as people read it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.formula_values import worth

from byhand.core.decimals import is_exact, short, shown
from byhand.notation.tree import Name, Negative, Number, Words


@pytest.mark.parametrize(
    ("x", "digits", "exact"),
    [
        (0.0, "0", True),
        (-0.0, "0", True),
        (1.0, "1", True),
        (-2.5, "-2.5", True),
        (0.1 + 0.2, "0.3", True),
        (1e-5, "0.00001", True),
        (123456789.0, "123456789", True),
        (1 / 3, "0.3333", False),
        (0.0123456, "0.01235", False),
        (12345.678, "12345.6780", False),
        (5.55e-17, "0", False),
    ],
)
def test_shown(x: float, digits: str, exact: bool) -> None:
    assert shown(x) == Number(digits)
    assert is_exact(x) == exact


def test_infinity_and_what_is_no_number() -> None:
    assert shown(-1e30) == shown(-1e30 / 2) == Negative(Name("∞"))
    assert is_exact(-1e30)
    assert shown(float("nan")) == shown(float("inf")) == Words("undefined")


@given(st.floats(-1e15, 1e15, allow_subnormal=False))
def test_what_is_shown_is_near_the_number_and_exact_where_it_says_so(x: float) -> None:
    near = worth(shown(x), {})
    assert near == pytest.approx(x, rel=0 if is_exact(x) and short(x) == "0" else 5.1e-4, abs=5.1e-5)
    if is_exact(x):
        assert near == pytest.approx(x, rel=1e-11, abs=0)


@given(st.integers(-10_000, 10_000))
def test_few_digits_are_shown_in_full(n: int) -> None:
    assert float(short(n / 1000)) == n / 1000
