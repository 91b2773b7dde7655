"""Worked steps: what is written on each line is worth what the table holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.formula_values import worth
from support.op_cases import CASES
from support.strategies import given_tables, short_numbers

from byhand.core.arithmetic.steps import STEPS, Given, Step
from byhand.core.graph import Node, Op
from byhand.core.number_text import shown
from byhand.core.ops import EXP, LOG
from byhand.core.table import Table, read
from byhand.notation.tree import Call, Name, Number, Product, Sum


def written(node: Node) -> Table:
    """The node's cells as worked steps over those of its arguments."""

    def of(argument: Node) -> Table:
        data = argument.data
        return Table(argument.shape, lambda r, c: Given(lambda: name(argument.name, r, c), float(data[r, c])))

    return read(node, STEPS, of)


def name(letters: str, r: int, c: int) -> Name:
    return Name(letters, (Number(str(r + 1)), Number(str(c + 1))))


def close(x: float, y: float) -> None:
    np.testing.assert_allclose(x, y, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("op", "shapes", "attrs"), CASES)
@examples(20)
@given(st.data())
def test_letters_and_numbers_mean_what_the_operation_computes(op: Op, shapes: Any, attrs: Any, data: Any) -> None:
    """The letters with the arguments' cells for them; the first line with nothing for them; the last line's number."""
    arrays = data.draw(short_numbers(op, shapes))
    nodes = given_tables(arrays)
    table = written(op(*nodes, **attrs).named("result"))
    expected = op.value(*arrays, **attrs)
    cells = {(n.name, (r + 1, c + 1)): n.data[r, c] for n in nodes for r, c in np.ndindex(*n.shape)}
    for r, c in np.ndindex(*expected.shape):
        step = table[r, c]
        close(worth(step.letters, cells), expected[r, c])
        close(worth(step.after(0), cells), expected[r, c])
        close(step.value, expected[r, c])
        assert step.after(step.depth) == shown(step.value)


def cell(value: float, letters: str = "x") -> Step:
    return Given(lambda: Name(letters), value)


def test_every_round_does_what_can_be_done_at_once() -> None:
    step = STEPS.dot((cell(1), cell(2)), (cell(3), cell(4)))
    one, two, three, four = (Number(str(n)) for n in (1, 2, 3, 4))
    assert step.depth == 2
    assert step.after(0) == Sum((Product((one, three), "×"), Product((two, four), "×")))
    assert step.after(1) == Sum((three, Number("8")))
    assert step.after(2) == Number("11")


def test_a_subtraction_is_one_step() -> None:
    assert (cell(5) - cell(3)).depth == 1
    assert (cell(5) - cell(3) * cell(2)).depth == 2


def test_a_long_line_is_written_with_dots() -> None:
    line = [cell(n, f"x{n}") for n in range(12)]
    step = STEPS.largest(line)
    dots = Name("…")
    assert step.letters == Call("max", (Name("x0"), Name("x1"), Name("x2"), dots, Name("x11")))
    assert step.after(0) == Call("max", (Number("0"), Number("1"), Number("2"), dots, Number("11")))
    assert step.after(1) == Number("11")


def test_a_row_is_named_before_its_number_is_put_in() -> None:
    line = [Given(lambda n=n: name("E", n, 0), n * 10) for n in range(3)]
    step = STEPS.pick(line, Given(lambda: Name("i"), 2))
    assert step.letters == Name("E", (Sum((Name("i"), Number("1"))), Number("1")))
    assert step.after(0) == name("E", 2, 0)
    assert step.after(1) == Number("20")


def test_what_cannot_be_computed_is_undefined() -> None:
    assert np.isnan((cell(1) / cell(0)).value)
    assert np.isnan(STEPS.call(LOG, cell(-1)).value)
    assert np.isnan(STEPS.call(EXP, cell(1e6)).value)
