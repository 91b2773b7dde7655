"""A number as text, each way that it is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.formula_values import worth

from byhand.core.number_text import in_cell, in_full, in_table, is_exact, short, shown, to_digits, to_places
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


@pytest.mark.parametrize(
    ("x", "full", "places", "digits", "table"),
    [
        (-0.0, "0", "0", "0", "0"),
        (7.0, "7", "7", "7", "7"),
        (-2.5, "-2.5", "-2.5", "−2.5", "-2.5000"),
        (20 / 3, "6.666666666666667", "6.67", "6.667", "6.6667"),
        (-0.001, "-0.001", "0", "−0.001", "-0.0010"),
        (1.23456e13, "12345600000000", "12345600000000", "1.235e+13", "1.2346e+13"),
        (-1e30, "-1e+30", "-1e+30", "−∞", "−∞"),
    ],
)
def test_a_number_in_a_file_in_a_sentence_on_paper_and_in_a_table(
    x: float, full: str, places: str, digits: str, table: str
) -> None:
    assert (in_full(x), to_places(x, 2), to_digits(x, 4), in_table(x)) == (full, places, digits, table)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_file_holds_all_of_a_number(x: float) -> None:
    assert float(in_full(x)) == x
    assert in_full(x) != "-0"


@pytest.mark.parametrize(("x", "text"), [(1.25, "1.2500"), (-1e30, "−∞"), (12.0, "12.0000")])
def test_a_cell_is_measured_as_it_is_shown(x: float, text: str) -> None:
    assert in_cell(x, '[<-1000000000]"−∞";[<=-0.00005]-0.0000;0.0000') == text
