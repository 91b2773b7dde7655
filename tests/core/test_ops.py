"""Every operation, read as numbers, cell by cell, and as a spreadsheet, against definitions that are not byhand's."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.op_cases import CASES, ORACLES, definition
from support.strategies import arguments, given_tables, recalculated

from byhand.core.arithmetic.excel import EXCEL, Address
from byhand.core.arithmetic.numbers import NUMBERS
from byhand.core.graph import OPS, Node, Op, times
from byhand.core.table import Table, read
from byhand.errors import ByhandError
from byhand.notation.text import text
from byhand.notation.tree import Name


def close(result: Any, expected: Any) -> None:
    np.testing.assert_allclose(result, expected, rtol=1e-9, atol=1e-9)


def applied(op: Op, arrays: list[Any], attrs: dict[str, Any]) -> Node:
    return op(*given_tables(arrays), **attrs).named("result")


def cells_in_values(node: Node) -> Any:
    """The node's own cell rule, cell by cell, in the arithmetic of numbers."""

    def of(argument: Node) -> Table:
        data = argument.data
        return Table(argument.shape, lambda r, c: float(data[r, c]))

    table = read(node, NUMBERS, of)
    return np.array([[table[r, c] for c in range(node.shape[1])] for r in range(node.shape[0])])


@pytest.mark.parametrize(("op", "shapes", "attrs"), CASES)
@examples(25)
@given(st.data())
def test_numbers(op: Op, shapes: Any, attrs: Any, data: st.DataObject) -> None:
    """The shape rule, the numpy rule and the cell rule agree with the definition."""
    arrays = data.draw(arguments(op, shapes))
    expected = definition(op, arrays, attrs)
    node = applied(op, arrays, attrs)
    result = op.value(*arrays, **attrs)
    assert node.shape == result.shape == expected.shape
    close(result, expected)
    close(cells_in_values(node), expected)


@pytest.mark.parametrize(("op", "shapes", "attrs"), CASES)
@examples(8)
@given(st.data())
def test_formulas(op: Op, shapes: Any, attrs: Any, data: st.DataObject) -> None:
    """The cell rule as formulas, computed by a spreadsheet engine, agrees with the definition."""
    arrays = data.draw(arguments(op, shapes))
    node = applied(op, arrays, attrs)
    close(recalculated([node])[node], definition(op, arrays, attrs))


@pytest.mark.parametrize(("op", "shapes", "attrs"), CASES)
@examples(5)
@given(st.data())
def test_leading_axes(op: Op, shapes: Any, attrs: Any, data: st.DataObject) -> None:
    """A stack of draws gives the stack of results, whichever of the arguments are stacked."""
    stacks = [data.draw(arguments(op, shapes)) for _ in range(3)]
    for stacked in product([True, False], repeat=len(shapes)):
        draws = [[stack[n] if many else stacks[0][n] for n, many in enumerate(stacked)] for stack in stacks]
        together = [np.stack(a) if many else a[0] for a, many in zip(zip(*draws, strict=True), stacked, strict=True)]
        expected = [op.value(*draw, **attrs) for draw in draws]
        result = op.value(*together, **attrs)
        np.testing.assert_allclose(result, expected if any(stacked) else expected[0], rtol=1e-12, atol=1e-12)
        assert result.ndim == 2 + any(stacked)


@pytest.mark.parametrize(("op", "shapes", "attrs"), [c for c in CASES if len(c.values[1]) > 1])
@examples(3)
@given(st.data())
def test_two_leading_axes(op: Op, shapes: Any, attrs: Any, data: st.DataObject) -> None:
    """Students along one axis and candidates along another: all pairs."""
    many = [data.draw(arguments(op, shapes)) for _ in range(3)]
    first = np.stack([draw[0] for draw in many])[:, None]
    second = np.stack([draw[1] for draw in many[:2]])
    result = op.value(first, second, *many[0][2:], **attrs)
    for i, j in product(range(3), range(2)):
        alone = op.value(many[i][0], many[j][1], *many[0][2:], **attrs)
        np.testing.assert_allclose(result[i, j], alone, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("op", "shapes", "attrs"), CASES)
def test_views_are_cells_of_their_arguments(op: Op, shapes: Any, attrs: Any) -> None:
    """A view's cells are addresses as they stand; any other operation with arguments writes a formula."""
    node = applied(op, [np.ones(shape) for shape in shapes], attrs)
    sheets = {a: Table(a.shape, lambda r, c, n=n: Address(r, c, f"sheet{n}")) for n, a in enumerate(node.args)}
    table = read(node, EXCEL, sheets.get)
    cells = [table[r, c] for r in range(node.shape[0]) for c in range(node.shape[1])]
    assert all(isinstance(cell, Address) for cell in cells) == op.view


@pytest.mark.parametrize(("op", "shapes", "attrs"), CASES)
def test_reading_hints(op: Op, shapes: Any, attrs: Any) -> None:
    """The formula names every argument once, and each argument has its side."""
    names = ["Alpha", "Beta", "Gamma"][: len(shapes)]
    letters = text(op.maths(*map(Name, names), **attrs))
    assert letters
    assert [letters.count(name) for name in names] == [1] * len(names)
    assert len(op.sides) in (0, len(shapes))
    assert set(op.sides) <= {"left", "above"}


REFUSED = [
    ("add", [(2, 3), (3, 3)], {}, "their rows differ"),
    ("add", [(2, 3), (2, 2)], {}, "their columns differ"),
    ("sub", [(2, 3), (2, 2)], {}, "their columns differ"),
    ("mul", [(2, 3), (4, 1)], {}, "their rows differ"),
    ("div", [(2, 3), (1, 4)], {}, "their columns differ"),
    ("maximum", [(3, 3), (2, 3)], {}, "their rows differ"),
    ("power", [(2, 2), (2, 3)], {}, "their columns differ"),
    ("where", [(2, 3), (2, 3), (3, 1)], {}, "their rows differ"),
    ("greater", [(2, 3), (3, 3)], {}, "their rows differ"),
    ("equal", [(2, 3), (2, 2)], {}, "their columns differ"),
    ("one_hot", [(2, 2)], {"width": 3}, "the row numbers must be one column"),
    ("columns", [(3, 4)], {"start": 2, "stop": 5}, "columns 2 to 5 are not in it"),
    ("stretch", [(2, 3)], {"rows": 3, "columns": 3}, "it cannot be stretched to 3×3"),
    ("stretch", [(2, 3)], {"rows": 2, "columns": 6}, "it cannot be stretched to 2×6"),
    ("matmul", [(2, 3), (2, 3)], {}, "the first one's columns must equal the second one's rows"),
    ("lookup", [(4, 3), (2, 2)], {}, "the row numbers must be one column"),
    ("tally", [(4, 3), (2, 1), (2, 2)], {}, "the lines need one weight each"),
    ("take", [(4, 3), (2, 1)], {}, "there must be one index for each row"),
    ("total_of", [(2, 3), (2, 3), (2, 4)], {}, "each number needs a value"),
    ("find", [(2, 3), (3, 1), (2, 1)], {}, "the numbers need one column, and one value each"),
    ("at_places", [(2, 3), (3, 3)], {}, "their rows differ"),
    ("beside", [(2, 3), (3, 3)], {}, "their rows differ"),
    ("below", [(2, 3), (2, 2)], {}, "their columns differ"),
    (
        "alternate",
        [(2, 3), (2, 2)],
        {"width": 5},
        "they must have one shape and together the columns that are asked for",
    ),
    (
        "alternate",
        [(2, 2), (2, 2)],
        {"width": 5},
        "they must have one shape and together the columns that are asked for",
    ),
    (
        "alternate",
        [(2, 2), (2, 2)],
        {"width": 2},
        "they must have one shape and together the columns that are asked for",
    ),
    ("rows", [(4, 3)], {"start": 2, "stop": 5}, "rows 2 to 5 are not in it"),
    ("rows", [(4, 3)], {"start": 2, "stop": 2}, "rows 2 to 2 are not in it"),
    ("rows", [(4, 3)], {"start": -1, "stop": 2}, "rows -1 to 2 are not in it"),
    ("sum", [(2, 3)], {"axis": 2}, "axis must be 1 (along the rows) or 0 (down the columns)"),
    ("max", [(2, 3)], {"axis": -1}, "axis must be 1 (along the rows) or 0 (down the columns)"),
]


@pytest.mark.parametrize(("name", "shapes", "attrs", "reason"), REFUSED)
def test_refused_shapes(name: str, shapes: Any, attrs: Any, reason: str) -> None:
    """Tables that do not fit are refused in one sentence that names them with their shapes."""
    nodes = given_tables([np.ones(shape) for shape in shapes])
    named = " and ".join(f"{node.name} ({times(node.shape)})" for node in nodes)
    with pytest.raises(ByhandError) as error:
        OPS[name](*nodes, **attrs)
    assert str(error.value) == f"{name} cannot take {named}: {reason}."


def test_an_unnamed_table_is_refused_by_its_operation() -> None:
    (x,) = given_tables([np.ones((2, 3))])
    with pytest.raises(ByhandError, match=r"^add cannot take exp \(2×3\) and transpose \(3×2\): their rows differ\.$"):
        OPS["exp"](x) + x.T


def test_every_operation_is_covered() -> None:
    """Examples, a definition of the test's own, and (with two tables or more) a refusal, for each operation."""
    assert set(ORACLES) == set(OPS)
    assert {case.values[0].name for case in CASES} == set(OPS)
    assert {name for name, *_ in REFUSED} >= {op.name for op in OPS.values() if len(op.examples[0][0]) > 1}
