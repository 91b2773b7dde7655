"""Exact values: equal to what the tables hold, and never longer than a person would write."""

from __future__ import annotations

import ast
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.lessons import FEWEST, UPRIGHT, lesson, sweep
from support.op_cases import CASES, definition
from support.strategies import given_tables, short_numbers

import byhand
from byhand.core.arithmetic import Arithmetic
from byhand.core.arithmetic.counts import Counts
from byhand.core.arithmetic.exact import EXACT, MOST_OPERATIONS, NONE, Exact, if_small
from byhand.core.arithmetic.excel import Excel
from byhand.core.arithmetic.numbers import Numbers
from byhand.core.arithmetic.steps import Steps
from byhand.core.graph import Op, toposort
from byhand.core.ops import EXP
from byhand.core.table import Table, read
from byhand.explanations.worked_cells import exact_tables
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe


def rules() -> set[str]:
    """What the cell rules of the operations call of an arithmetic `k`."""
    trees = [ast.parse((Path(byhand.__file__).parent / f"core/{name}.py").read_text("utf-8")) for name in MODULES]
    programs = {
        inner for tree in trees for node in ast.walk(tree) for inner in ast.walk(node) if _is_of_a_program(node)
    }
    return {
        node.attr
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "k"
        if node not in programs
    }


MODULES = ("ops", "piece_ops")


def _is_of_a_program(node: ast.AST) -> bool:
    """Whether it says what an operation is in a program, where `k` is a library of arrays."""
    return isinstance(node, ast.keyword) and node.arg == "code"


def offered(arithmetic: type[Any]) -> set[str]:
    return {name for name in dir(arithmetic) if not name.startswith("_")}


def test_an_arithmetic_is_what_rules_call() -> None:
    assert len(rules()) > 12
    assert offered(Arithmetic) == rules()


@pytest.mark.parametrize("arithmetic", [Numbers, Excel, Exact, Steps, Counts])
def test_every_arithmetic_is_one(arithmetic: type[Any]) -> None:
    assert issubclass(arithmetic, Arithmetic)
    assert offered(arithmetic) == offered(Arithmetic)


@pytest.mark.parametrize(("op", "shapes", "attrs"), CASES)
@examples(15)
@given(st.data())
def test_exact_cells_are_what_the_operation_computes(op: Op, shapes: Any, attrs: Any, data: Any) -> None:
    arrays = data.draw(short_numbers(op, shapes))
    node = op(*given_tables(arrays), **attrs)

    def of(argument: Any) -> Table:
        return Table(argument.shape, lambda r, c: EXACT.number(float(argument.data[r, c])))

    table = read(node, EXACT, of)
    expected = definition(op, arrays, attrs)
    for r, c in np.ndindex(*expected.shape):
        assert not table[r, c].has(sympy.Float)
        np.testing.assert_allclose(float(table[r, c]), expected[r, c], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("x", "fraction"),
    [(0.5, "1/2"), (-3.0, "-3"), (0.1 + 0.2, "3/10"), (1e-5, "1/100000"), (1 / 3, "nan"), (2**0.5, "nan")],
)
def test_short_decimals_are_fractions(x: float, fraction: str) -> None:
    assert str(EXACT.number(x)) == fraction


def test_minus_infinity_becomes_zero() -> None:
    assert EXACT.number(-1e30) == -sympy.oo
    assert EXACT.call(EXP, EXACT.number(-1e30)) == 0


def test_nothing_can_explode() -> None:
    start = time.process_time()
    assert EXACT.power(sympy.Integer(2), sympy.Integer(10) ** 12) is NONE
    x = sympy.Add(*(sympy.sqrt(p) for p in sympy.primerange(300)))
    assert if_small(x * x) is NONE
    assert if_small(x**30) is NONE
    assert if_small(sympy.Rational(1, 10**9)) is NONE
    assert if_small(sympy.Rational(1, 10**9 - 1)) == sympy.Rational(1, 10**9 - 1)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(("exponent", "written"), [(64, True), (-64, True), (65, False), (-65, False)])
def test_powers_are_written_out_up_to_64(exponent: int, written: bool) -> None:
    """2^64 has 20 digits, which is all that a person reads."""
    power = EXACT.power(sympy.Integer(2), sympy.Integer(exponent))
    assert (power == sympy.Rational(2) ** exponent) if written else power is NONE


def test_what_is_none_stays_none() -> None:
    one = sympy.Integer(1)
    assert all(
        x is NONE
        for x in (
            one + NONE,
            -NONE,
            EXACT.dot((one, NONE), (one, one)),
            EXACT.largest((one, NONE)),
            EXACT.position_of_largest((one, NONE)),
            EXACT.compare(one, "=", NONE),
            EXACT.compare(NONE, ">", one),
            EXACT.choose(NONE, one, one),
            EXACT.pick((one,), NONE),
            EXACT.power(NONE, one),
            EXACT.call(EXP, NONE),
        )
    )
    assert EXACT.choose(one, one, NONE) == 1


def test_a_choice_needs_no_value_of_what_it_leaves() -> None:
    assert EXACT.choose(sympy.Integer(0), NONE, -sympy.oo) == -sympy.oo


@pytest.mark.parametrize("name", sweep(UPRIGHT, FEWEST))
def test_exact_values_of_whole_lessons(name: str) -> None:
    """Those that exist are, in fifty digits, the numbers that numpy computes; and none is long."""
    tables = lesson(name).numbers()
    found = exact_tables(toposort(lesson(name).graph.outputs), tables)
    assert found
    for node, rows in found.items():
        for (r, c), number in np.ndenumerate(tables[node.name]):
            if rows[r][c] is not NONE:
                assert rows[r][c].count_ops() <= MOST_OPERATIONS
                value = -np.inf if number < -1e29 else number
                np.testing.assert_allclose(float(rows[r][c].evalf(50)), value, rtol=1e-9, atol=1e-9)


def test_softmax_and_layer_norm_are_exact_from_start_to_end() -> None:
    for name in ("softmax", "layernorm", "attention"):
        made = build(Recipe(name, seed=10))  # numbers whose values are short enough to be written
        tables = made.numbers()
        found = exact_tables(toposort(made.graph.outputs), tables)
        assert {node.name for node in found} == set(tables)
        assert not any(cell is NONE for rows in found.values() for row in rows for cell in row)
