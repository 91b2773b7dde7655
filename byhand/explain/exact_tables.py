"""The exact cells of a lesson's tables, as far as there are any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from sympy import Expr

from byhand.arithmetic import exact
from byhand.arithmetic.exact import NONE
from byhand.explain.cells import Exact
from byhand.explain.from_sympy import from_sympy
from byhand.graph import Array, Node
from byhand.maths import Maths
from byhand.table import Table, read

LONGEST_SIDE = 64
"""A larger table is not worked exactly."""

SHORT = 16
"""An exact value of at most so many operations is put into other formulas."""

Rows = list[list[Expr]]


def exact_values(nodes: Iterable[Node], values: Mapping[str, Array]) -> Exact:
    """How the cells of a lesson are asked for their exact values."""
    tables = exact_tables(nodes, values)

    @cache
    def of(node: Node, i: int, j: int, short: bool) -> Maths | None:
        value = tables[node][i][j] if node in tables else NONE
        return None if value is NONE or (short and value.count_ops() > SHORT) else from_sympy(value)

    return of


def exact_tables(nodes: Iterable[Node], values: Mapping[str, Array]) -> dict[Node, Rows]:
    """Each named table's exact cells, NONE where a cell has none; nodes in the order in which they are computed.

    A cell is made of the exact values of the tables that its rule names, and kept only if it is small, so that no
    expression can grow from step to step. Tables without any exact cell are left out.
    """
    found: dict[Node, Rows] = {}
    for node in nodes:
        if node.name and max(node.shape) <= LONGEST_SIDE:
            rows = _given(values[node.name]) if node.data is not None else _computed(node, found)
            if any(cell is not NONE for row in rows for cell in row):
                found[node] = rows
    return found


def _given(data: Array) -> Rows:
    return [[exact.number(float(x)) for x in row] for row in data]


def _computed(node: Node, found: Mapping[Node, Rows]) -> Rows:
    def given(argument: Node) -> Table | None:
        if not argument.name:
            return None
        rows = found.get(argument)
        return Table(argument.shape, lambda i, j: rows[i][j] if rows else NONE)

    table = read(node, exact, given)
    return [[exact.if_small(table[i, j]) for j in range(node.shape[1])] for i in range(node.shape[0])]
