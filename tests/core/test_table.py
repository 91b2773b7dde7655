"""A table's cells and lines, and whole models at random read cell by cell, as numbers and as spreadsheets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from support.examples import examples
from support.strategies import formula_cells, graphs, recalculated

from byhand.core.arithmetic.excel import EXCEL, Address
from byhand.core.arithmetic.numbers import NUMBERS
from byhand.core.graph import OPS, Array, Dim, Node, fold, source, toposort
from byhand.core.table import Table, read


def table(rows: int, columns: int) -> Table:
    """Cells that say where they are."""
    return Table((Dim(rows), Dim(columns)), lambda r, c: f"{r}{c}")


def test_cells() -> None:
    assert [[table(2, 3)[r, c] for c in range(3)] for r in range(2)] == [["00", "01", "02"], ["10", "11", "12"]]


@pytest.mark.parametrize(
    ("rows", "columns", "cell"),
    [(1, 3, "02"), (2, 1, "10"), (1, 1, "00"), (2, 3, "12")],
)
def test_a_single_row_or_column_answers_for_any(rows: int, columns: int, cell: str) -> None:
    assert table(rows, columns)[1, 2] == cell


def test_lines_run_through_the_cell() -> None:
    assert table(2, 3).line((1, 2), axis=1) == ("10", "11", "12")
    assert table(2, 3).line((1, 2), axis=0) == ("02", "12")


def test_lines_of_a_single_row_or_column() -> None:
    assert table(1, 3).line((1, 2), axis=1) == ("00", "01", "02")
    assert table(1, 3).line((1, 2), axis=0) == ("02",)
    assert table(2, 1).line((1, 2), axis=1) == ("10",)
    assert table(2, 1).line((1, 2), axis=0) == ("00", "10")


def test_a_line_is_made_once() -> None:
    """So that a product reads each row and column of its factors once, and not once for each of its cells."""
    asked: list[tuple[int, int]] = []
    counted = Table((Dim(2), Dim(3)), lambda r, c: asked.append((r, c)))
    for cell in [(0, 0), (0, 1), (0, 2), (1, 0)]:
        counted.line(cell, axis=1)
    assert asked == [(r, c) for r in range(2) for c in range(3)]


def addresses(node: Node) -> Table | None:
    """Cells of their own for the named tables: each on a sheet with its name."""
    return Table(node.shape, lambda r, c: Address(r, c, node.name)) if node.name else None


def test_reading_stops_at_given_tables_and_writes_unnamed_ones_inside() -> None:
    x, y = source("x", [[1, 2]], "input"), source("y", [[3, 4]], "input")
    inner, named = x + y, (x - y).named("d")
    assert read(inner * named, EXCEL, addresses)[0, 1] == "('x'!B1+'y'!B1)*'d'!B1"
    assert read(named, EXCEL, addresses)[0, 0] == "'x'!A1-'y'!A1"


def test_views_resolve_to_the_cells_that_they_show() -> None:
    x, y = source("x", np.ones((2, 2)), "input"), source("y", np.ones((2, 1)), "input")
    shown = read(OPS["beside"](x.T, y).rows(1, 2), EXCEL, addresses)
    assert [shown[0, c] for c in range(3)] == ["'x'!B1", "'x'!B2", "'y'!A2"]
    assert shown.line((0, 0), axis=1) == ("'x'!B1", "'x'!B2", "'y'!A2")


def test_a_product_with_a_transpose_reads_rows() -> None:
    q, k = source("q", np.ones((2, 2)), "input"), source("k", np.ones((3, 2)), "input")
    assert read(q @ k.T, EXCEL, addresses)[1, 2] == "'q'!A2*'k'!A3+'q'!B2*'k'!B3"


def in_values(node: Node) -> Array:
    """Down to the sources, each cell by its own rule, in the arithmetic of numbers."""

    def of(other: Node) -> Table | None:
        data: Any = other.data
        return None if data is None else Table(other.shape, lambda r, c: float(data[r, c]))

    cells = of(node) or read(node, NUMBERS, of)
    return np.array([[cells[r, c] for c in range(node.shape[1])] for r in range(node.shape[0])])


@examples(100)
@given(graphs())
def test_cell_rules_agree_with_the_numbers_of_any_graph(node: Node) -> None:
    expected = fold([node])[node]
    assert expected.shape == node.shape
    np.testing.assert_array_equal(in_values(node), expected)


@examples(100)
@given(graphs())
def test_spreadsheets_agree_with_the_numbers_of_any_graph(node: Node) -> None:
    """Every named table, whatever stands unnamed inside its formulas."""
    expected = fold([node])
    found = recalculated([node])
    assert set(found) == {n for n in toposort([node]) if n.name}
    for named, table in found.items():
        np.testing.assert_allclose(table, expected[named], rtol=1e-12, atol=1e-12)


def test_a_formula_is_the_same_however_often_it_is_read() -> None:
    x = source("x", [[1, 2], [3, 4]], "input")
    y = (x @ x.T + 1).named("y")
    assert formula_cells([y]) == formula_cells([y])
