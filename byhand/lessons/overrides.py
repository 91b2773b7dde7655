"""The `set` of a recipe: replace numbers in given tables of a built lesson."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from byhand.core import ops
from byhand.core.graph import Array, Node, fold, toposort
from byhand.core.roles import Role
from byhand.errors import ByhandError, quoted
from byhand.lessons.lesson import Lesson

FARTHEST = 100_000_000
"""The largest number that `set` puts into a cell; spreadsheets know no sine of much larger ones."""


def place_of(name: str) -> tuple[str, tuple[int, int] | None]:
    """Return the table that NAME or NAME[row,column] names, and the row and column of the cell, each from 1."""
    cell = re.fullmatch(r"(.+)\[ *(\d{1,7}) *, *(\d{1,7}) *\]", name)
    if "[" in name and not cell:
        raise ByhandError(f"{quoted(name)} names no cell: write NAME[row,column], each counted from 1.")
    return (cell[1], (int(cell[2]), int(cell[3]))) if cell else (name, None)


def override(lesson: Lesson, name: str, value: Any) -> None:
    """Put other numbers into a given table: all of it, or one cell NAME[row,column] counted from 1."""
    table, cell = place_of(name)
    if isinstance(value, dict) and not cell and name not in lesson.tables:
        raise ByhandError(f'Put the whole name of a table in quotes, as in "{name}.{next(iter(value), "W")}" = 1.')
    node = lesson.table(table)
    if node.data is None:
        raise ByhandError(f"{node.name} is computed: set one of the tables that it is computed from.")
    if node.role is Role.TOKENS:
        raise ByhandError(f"{node.name} holds words: change them with --ids or --prompt.")
    if node.role is Role.CONSTANT:
        raise ByhandError(f"{node.name} is a constant of the whole model: change a size, a weight or an input instead.")
    numbers = _numbers(name, value)
    data = node.data.copy()
    if cell:
        row, column = cell
        if not (1 <= row <= data.shape[0] and 1 <= column <= data.shape[1] and numbers.ndim == 0):
            raise ByhandError(
                f"{node.name} has rows 1 to {data.shape[0]} and columns 1 to {data.shape[1]}, one number a cell."
            )
        data[row - 1, column - 1] = numbers
    else:
        if numbers.shape not in (data.shape, ()):
            raise ByhandError(f"{node.name} is {data.shape[0]}×{data.shape[1]}: give as many numbers, or one for all.")
        data[...] = numbers
    node.data = data


def _numbers(name: str, value: Any) -> Array:
    """Return a number, a row or rows of numbers from a value of JSON or TOML."""
    rows = value if isinstance(value, list) and all(isinstance(row, list) for row in value) else [value]
    for v in (v for row in rows for v in (row if isinstance(row, list) else [row])):
        if not isinstance(v, int | float) or isinstance(v, bool) or not abs(v) <= FARTHEST:
            raise ByhandError(f"{name} takes numbers from -{FARTHEST:,} to {FARTHEST:,}, not {quoted(value)}.")
    if isinstance(value, list) and len({len(row) for row in rows}) > 1:
        raise ByhandError(f"The rows of {name} are not equally long in {quoted(value)}: give each as many numbers.")
    return np.array(rows if isinstance(value, list) else value, dtype=np.float64)


def check_lookups(lesson: Lesson) -> None:
    """Raise ByhandError if a table of indices has one that is not a row of the table where it is looked up."""
    for rows, table in _lookups(lesson):
        if rows.data is None and rows.role is Role.TOKENS:
            continue
        for row in fold([rows])[rows].flat:
            if row % 1 or not 0 <= row < table.shape[0]:
                what = rows.name or f"What is looked up in {table.label}"
                raise ByhandError(
                    f"{what} {'holds' if rows.data is not None else 'would hold'} {row:g}, "
                    f"which is no row of {table.label}: it takes whole numbers from 0 to {table.shape[0] - 1}."
                )


def lookup_tables(lesson: Lesson) -> list[tuple[Node, Node]]:
    """Return each given table of indices, with the table in which they are looked up."""
    pairs = [(_numbering(rows), table) for rows, table in _lookups(lesson)]
    return [(rows, table) for rows, table in pairs if rows.data is not None]


def _numbering(rows: Node) -> Node:
    """Return the given table with these indices: itself, or the table from which they are looked up."""
    while rows.op is ops.lookup:
        rows = _whole(rows.args[0])
    return rows


def _lookups(lesson: Lesson) -> list[tuple[Node, Node]]:
    """Return each table of indices, given or computed, with the table in which they are looked up."""
    lookups = [node.args for node in toposort(lesson.graph.outputs) if node.op is ops.lookup]
    return [(_whole(rows), _whole(table)) for table, rows in lookups]


def _whole(table: Node) -> Node:
    """Return the table of which this is rows or columns, or the table itself, as where it is turned or joined."""
    while not table.name and table.op.view and len(table.args) == 1 and table.op is not ops.transpose:
        table = table.args[0]
    return table
