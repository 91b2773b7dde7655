"""The exact cells of a lesson's tables, as far as there are any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sympy import Expr

from byhand.arithmetic import exact
from byhand.arithmetic.exact import NONE
from byhand.graph import Array, Node
from byhand.table import Table, read

LONGEST_SIDE = 64
"""A larger table is not worked exactly."""

Rows = list[list[Expr]]


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
