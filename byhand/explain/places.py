"""What --step and --cell mean in a lesson."""

from __future__ import annotations

from byhand.errors import ByhandError
from byhand.graph import Node
from byhand.lesson import Lesson
from byhand.workbook.letters import defined_name

PREFIX = "table."
"""Stands before a table's name in a workbook where the name alone would be a cell's address."""
MOST = 12
"""Tables that are named in a sentence."""


def find_step(lesson: Lesson, name: str) -> Node:
    """The table with this dotted name, as the model or as its workbook calls it. ByhandError if there is none."""
    tables = lesson.tables
    plain = name.removeprefix(PREFIX)
    known = {defined_name(node): other for other, node in tables.items()} | {other: other for other in tables}
    found = known.get(name, known.get(plain, ""))
    if found:
        return tables[found]
    inside = [other for other in tables if other.startswith(f"{plain}.")]
    if inside:
        more = f" and {len(inside) - MOST:,} more" if len(inside) > MOST else ""
        raise ByhandError(
            f"{plain} is a part of the model: choose one of its tables, {', '.join(inside[:MOST])}{more}."
        )
    raise lesson.no_table(plain)


def find_cell(node: Node, cell: tuple[int, int], turned: bool) -> tuple[int, int]:
    """Row and column of the table, counted from 0, of a place that is counted from 1 as the workbook shows it."""
    shape = (node.shape[1], node.shape[0]) if turned else node.shape
    row, column = (n - 1 for n in cell)
    if not (0 <= row < shape[0] and 0 <= column < shape[1]):
        raise ByhandError(
            f"{node.name} has rows 1 to {shape[0]} and columns 1 to {shape[1]}: there is no cell {cell[0]},{cell[1]}."
        )
    return (column, row) if turned else (row, column)
