"""Reading a typed answer: numbers in every form against fractions, formulas against a spreadsheet engine and Python."""

from __future__ import annotations

import ast
import math
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

import ironcalc
import pytest
from hypothesis import assume, example, given
from hypothesis import settings as profile
from hypothesis import strategies as st
from support.answer_files import outcome

from byhand.answers.equality import constant_value
from byhand.answers.grammar import Meaning
from byhand.answers.reading import AskedShape, read
from byhand.answers.rules import Settings
from byhand.grading.submission import read_typed

wholes = st.integers(0, 10**9)
decimals = st.builds(lambda n, places: Decimal(n).scaleb(-places), wholes, st.integers(0, 9))
SIGNS = {"": 1, "-": -1, "−": -1, "–": -1, "- ": -1, "+": 1}


def value(text: str, **settings: Any) -> Any:
    return constant_value(read(text, AskedShape(), Meaning(), Settings(**settings)).entries[0])


def plain(number: Decimal) -> str:
    return format(number, "f")


FORMS = {
    "point": plain,
    "comma": lambda d: plain(d).replace(".", ","),
    "no leading zero": lambda d: plain(d).removeprefix("0") if plain(d).startswith("0.") else plain(d),
    "powers": lambda d: f"{d:e}",
    "times ten": lambda d: "{}×10^{{{}}}".format(*f"{d:e}".split("e")).replace("+", ""),
    "percent": lambda d: plain(d * 100) + "%",
    "fraction": lambda d: "{}/{}".format(*Fraction(d).as_integer_ratio()),
    "LaTeX": lambda d: "\\frac{{{}}}{{{}}}".format(*Fraction(d).as_integer_ratio()),
    "spreadsheet": lambda d: f"={plain(d)}",
    "label": lambda d: f"x = {plain(d)}",
    "about": lambda d: f"≈ {plain(d)}",
    "full stop": lambda d: f"{plain(d)}.",
    "full width": lambda d: "".join(chr(ord(c) + 0xFEE0) for c in plain(d)),
    "brackets": lambda d: f"({plain(d)})",
    "thousands": lambda d: f"{d:,f}",
}


@pytest.mark.parametrize("form", FORMS)
@given(number=decimals, sign=st.sampled_from(sorted(SIGNS)))
@profile(max_examples=40, deadline=None)
def test_a_number_is_read_back_exactly_in_each_form(form: str, number: Decimal, sign: str) -> None:
    text = FORMS[form](number)
    if form == "comma":
        whole, _, places = plain(number).partition(".")
        assume(not (len(places) == 3 and 0 < int(whole) < 1000))  # `1,234` is a thousand and more
    if form in ("spreadsheet", "label", "about", "brackets"):
        assert value(text) == Fraction(number)
        return
    assert value(sign + text) == SIGNS[sign] * Fraction(number)
    assert read_typed(sign + text).value == float(SIGNS[sign] * Fraction(number))


@given(number=decimals)
@profile(max_examples=60, deadline=None)
def test_with_a_decimal_comma_points_stand_between_thousands(number: Decimal) -> None:
    text = f"{number:,f}".translate(str.maketrans(",.", ".,"))
    assert value(text, decimal="comma") == Fraction(number)


@given(whole=st.integers(0, 999), over=st.integers(1, 99), under=st.integers(2, 99))
def test_mixed_numbers(whole: int, over: int, under: int) -> None:
    assume(over < under)
    assert value(f"{whole} {over}/{under}") == whole + Fraction(over, under)
    assert outcome(f"{whole} {over}/{under}", f"{whole * over}/{under}") == "wrong"


@given(fixed=st.text("0123456789", max_size=4), period=st.text("0123456789", min_size=1, max_size=5))
def test_repeating_decimals(fixed: str, period: str) -> None:
    oracle = Fraction(int(fixed + period) - int(fixed or "0"), 10 ** len(fixed) * (10 ** len(period) - 1))
    assert value(f"0.{fixed}" + "".join(digit + "\u0305" for digit in period)) == oracle
    assert value(f"0.{fixed}\\overline{{{period}}}") == oracle


atoms = st.integers(0, 9).map(str) | st.sampled_from(["0.5", "2.25", "(1+2)", "(3-4)"])
operators = st.sampled_from(["+", "-", "*", "/", "^", "^-", "*-", " + ", " - "])
sums = st.builds(
    lambda first, rest, sign: sign + first + "".join(operator + atom for operator, atom in rest),
    atoms,
    st.lists(st.tuples(operators, atoms), max_size=5),
    st.sampled_from(["", "-"]),
)


def computed(node: ast.expr) -> Fraction:
    """Python's own reading of the expression, in fractions. Raises where there is no such fraction."""
    if isinstance(node, ast.Constant):
        return Fraction(str(node.value))
    if isinstance(node, ast.UnaryOp):
        return -computed(node.operand)
    assert isinstance(node, ast.BinOp)
    left, right = computed(node.left), computed(node.right)
    if isinstance(node.op, ast.Pow):
        if right.denominator != 1 or abs(right) > 1000 or abs(left) > 10**50 or not (left or right > 0):
            raise OverflowError
        return Fraction(left**right.numerator)
    operations = {ast.Add: left.__add__, ast.Sub: left.__sub__, ast.Mult: left.__mul__, ast.Div: left.__truediv__}
    return operations[type(node.op)](right)


@given(text=sums)
@profile(max_examples=150, deadline=None)
def test_mathematics_binds_as_in_python(text: str) -> None:
    try:
        oracle = computed(ast.parse(text.replace("^", "**"), mode="eval").body)
    except (ArithmeticError, OverflowError):
        return
    assert value(text) == oracle


FORMULAS = """-2^2  2^3^2  --2  2^-1  -2%  10%^2  -3^2*2  2*-3  +5  1-2-3  8/4/2  2^3*2  -2^-2  50%*2  EXP(2)/(1+EXP(2))
LOG(100)  LOG(8,2)  LN(2)  LOG10(0.001)  SQRT(2)/2  PI()  ROUND(2.675,2)  ROUND(-2.5,0)  MOD(-3,2)
INT(-2.5)  QUOTIENT(-7,2)  TRUNC(-2.57,1)  ROUNDUP(-2.51,1)  ROUNDDOWN(2.59,1)  SUM(1,2,3)  PRODUCT(2,3,4)  MAX(1,5,2)
MIN(4,2)  AVERAGE(1,2,6)  SUMSQ(1,2,3)  POWER(2,0.5)  FACT(5)  ABS(-3)  SIGN(-2)  TANH(0.5)
1E3+1  .5+5.  exp(1)  SIN(1)^2""".split()


@given(number=decimals, key=decimals, places=st.integers(0, 9), sign=st.sampled_from([1, -1]))
@example(number=Decimal("1.0005"), key=Decimal("1.001"), places=3, sign=1)
@profile(max_examples=60, deadline=None)
def test_decimal_places_are_counted_as_by_fractions(number: Decimal, key: Decimal, places: int, sign: int) -> None:
    near = key.quantize(Decimal(1).scaleb(-places)) if key < 10**9 else key
    for typed_number in (number, near, near + Decimal(5).scaleb(-places - 1), key + Decimal(5).scaleb(-places - 1)):
        oracle = abs(Fraction(typed_number) - Fraction(key)) <= Fraction(1, 2 * 10**places)
        minus = "-" if sign < 0 else ""
        found = outcome(minus + plain(typed_number), minus + plain(key), f"dp:{places}")
        assert found == ("right" if oracle else "wrong")


@given(key=st.decimals(Decimal("1e-6"), Decimal("1e6"), places=9), figures=st.integers(1, 8))
@example(key=Decimal("40815"), figures=4)
@profile(max_examples=60, deadline=None)
def test_significant_figures_are_counted_as_by_the_decimal_module(key: Decimal, figures: int) -> None:
    rounded = Context(prec=figures).plus(key)
    last = Decimal(1).scaleb(key.adjusted() - figures + 1)
    assert outcome(f"{rounded:e}", plain(key), f"sf:{figures}") == "right"
    for number in (rounded + last, rounded - last):
        tie = abs(number - key) * 2 == last
        assert outcome(plain(number), plain(key), f"sf:{figures}") == ("right" if tie else "wrong")


@given(key=decimals, number=decimals, tol=st.decimals(0, 1, places=4))
@profile(max_examples=60, deadline=None)
def test_tolerances_are_kept_as_by_fractions(key: Decimal, number: Decimal, tol: Decimal) -> None:
    for typed_number in (number, key + tol, key * (1 + tol), key - tol - Decimal("1e-9")):
        apart = abs(Fraction(typed_number) - Fraction(key))
        for rule, far in (("abs", Fraction(tol)), ("rel", Fraction(tol) * Fraction(key))):
            sign = "-" if typed_number < 0 else ""
            found = outcome(sign + plain(abs(typed_number)), plain(key), f"{rule}:{plain(tol)}")
            assert found == ("right" if apart <= far else "wrong")


def test_formulas_are_computed_as_a_spreadsheet_does() -> None:
    model = ironcalc.create("answers", "en", "UTC", "en")
    for row, formula in enumerate(FORMULAS, 1):
        model.set_user_input(0, row, 1, f"={formula}")
    model.evaluate()
    for row, formula in enumerate(FORMULAS, 1):
        assert read_typed(f"={formula}").value == pytest.approx(model.get_cell_value(0, row, 1), rel=1e-12), formula


@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_a_cell_gives_the_very_float(number: float) -> None:
    assert read_typed(repr(number)).value == number


@pytest.mark.parametrize(
    ("text", "number", "how"),
    [
        ("0.5", 0.5, "0.5"),
        (" 1e-3 ", 0.001, "1e-3"),
        ("0,88", 0.88, "0.88 (decimal comma)"),
        ("88%", 0.88, "0.88 (from 88%)"),
        ("1/3", 1 / 3, "1/3"),
        ("=EXP(2)/(1+EXP(2))", math.exp(2) / (1 + math.exp(2)), None),
        ("", None, ""),
        ("  ", None, ""),
        ("x", None, "'x' is no number"),
        ("1e999", None, "the number is too large for a cell"),
        ("1, 2", None, "2 numbers stand where one is asked for"),
        ("-inf", None, "infinity is no number here"),
        ("1 234,5", 1234.5, "1234.5 (decimal comma)"),
        ("12/05/2024", None, "it looks like a date"),
        ("2024-05-12", None, "it looks like a date"),
        ("0.5\n", 0.5, "0.5"),
        ("=A1", None, "'A1' is another cell: give the numbers themselves"),
    ],
)
def test_a_cell(text: str, number: float | None, how: str | None) -> None:
    found = read_typed(text)
    assert found.value == number
    assert how is None or found.read_as == how
    assert found.blank is (not text.strip())


def test_a_cell_may_hold_infinity_where_the_item_allows_it() -> None:
    assert read_typed("−∞", Settings(allow_infinity=True)).value == -math.inf
    assert read_typed("1.234", Settings(decimal="comma")).value == 1234
