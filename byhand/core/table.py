"""A table in some arithmetic: cells on demand, and the lines that run through a cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from byhand.core.arithmetic import Arithmetic, Line
from byhand.core.graph import Node, Shape


class Table:
    """Cells of one node. A table of one row or one column answers for any row or column (it is stretched)."""

    __slots__ = ("_cell", "_lines", "_tall", "_wide", "shape")

    def __init__(self, shape: Shape, cell: Callable[[int, int], Any]) -> None:
        self.shape = shape
        self._cell = cell
        self._tall, self._wide = shape[0] > 1, shape[1] > 1
        self._lines: dict[tuple[int, int], Line] = {}

    def __getitem__(self, i: tuple[int, int]) -> Any:
        return self._cell(i[0] if self._tall else 0, i[1] if self._wide else 0)

    def line(self, i: tuple[int, int], axis: int) -> tuple[Any, ...]:
        """Return the line through cell i along an axis: its row (axis 1) or its column (axis 0)."""
        at = i[1 - axis] if self.shape[1 - axis] > 1 else 0
        line = self._lines.get((axis, at))
        if line is None:
            along = range(self.shape[axis])
            cells = [self._cell(at, j) for j in along] if axis == 1 else [self._cell(j, at) for j in along]
            line = self._lines[axis, at] = Line(cells)
        return line


def read(node: Node, arithmetic: Arithmetic[Any], given: Callable[[Node], Table | None]) -> Table:
    """Return the node's cells by its own cell rule; `given` has the tables where the reading stops."""
    tables = [given(a) or read(a, arithmetic, given) for a in node.args]
    cell, attrs = node.op.cell, node.attrs
    return Table(node.shape, lambda r, c: cell(arithmetic, (r, c), *tables, **attrs))
