"""A computed table with its labels: to look at, to index by word or number, to hand to numpy or pandas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.core.graph import INFINITE, Array, times
from byhand.core.labels import labels, spelling
from byhand.core.number_text import in_table
from byhand.errors import ByhandError, nearest, quoted
from byhand.escaping import escaped
from byhand.lessons.lesson import Lesson

MOST_ROWS, MOST_COLUMNS = 60, 30
"""The most rows and columns that are printed, or shown in a notebook."""
POSITIVE, NEGATIVE = "36, 104, 168", "192, 57, 43"
"""The colours of the heat map, as red, green, blue."""


@dataclass(frozen=True, eq=False)
class Table:
    """A named table of a lesson: its numbers, with a label for each row and column.

    name: its dotted path. values: (rows, columns) in float64. rows, columns: the words that they stand for, or their
    numbers from 1. rule: its formula in letters, as the workbook's caption says it; "" for given numbers.

    >>> import byhand
    >>> weights = byhand.build("gpt2", prompt="the cat sat")["layer1.head1.weights"]
    >>> weights.rows
    ('the', 'cat', 'sat')
    >>> weights["cat", "the"] == weights[2, 1]
    True
    """

    name: str
    values: Array
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    rule: str = ""
    texts: tuple[tuple[str, ...], ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.values.shape[0], self.values.shape[1]

    def numpy(self) -> Array:
        """Return a copy of the numbers, (rows, columns), float64. A masked score is −1e30, as in the workbook."""
        return self.values.copy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.values, dtype=dtype)

    def __getitem__(self, place: tuple[int | str, int | str]) -> float:
        """Return the number in a row and a column, given by word or number. Raises ByhandError if there is none."""
        if not isinstance(place, tuple) or len(place) != 2:
            raise ByhandError(f'A cell of {self.name} has a row and a column, such as [2, 1] or ["cat", "the"].')
        row, column = place
        return float(self.values[self._index("row", row, self.rows), self._index("column", column, self.columns)])

    def _index(self, kind: str, key: int | str, labels: Sequence[str]) -> int:
        if isinstance(key, str):
            if labels.count(key) > 1:
                places = ", ".join(str(n) for n, label in enumerate(labels, 1) if label == key)
                raise ByhandError(f"{self.name} has more than one {kind} {quoted(key)}: use its number, {places}.")
            if key not in labels:
                raise ByhandError(f"{self.name} has no {kind} {quoted(key)}; {nearest(key, labels)}.")
            return labels.index(key)
        if not 1 <= key <= len(labels):
            raise ByhandError(f"{self.name} has {kind}s 1 to {len(labels)}, counted from 1: there is no {kind} {key}.")
        return int(key) - 1

    def cells(self) -> Iterator[tuple[str, str, float]]:
        """Yield each number with the labels of its row and column, row by row."""
        for row, numbers in zip(self.rows, self.values.tolist(), strict=True):
            for column, number in zip(self.columns, numbers, strict=True):
                yield row, column, number

    def csv(self) -> str:
        """Return the table as CSV with a line of column labels, in full precision."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["", *self.columns])
        writer.writerows(
            [label, *map(repr, numbers)] for label, numbers in zip(self.rows, self.values.tolist(), strict=True)
        )
        return file.getvalue()

    def csv_lines(self) -> str:
        """Return a line of CSV for each number: table, row, column, value, in full precision."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows((self.name, row, column, repr(number)) for row, column, number in self.cells())
        return file.getvalue()

    def __repr__(self) -> str:
        heading = f"{self.name}  {times(self.shape)}"
        return "\n".join([heading, *self.lines()])

    def lines(self) -> list[str]:
        """Return the first rows and columns as aligned text, one line a row, with labels."""
        shown = self.values[:MOST_ROWS, :MOST_COLUMNS]
        grid = [["", *self.columns[:MOST_COLUMNS]]]
        grid += [[label, *texts] for label, texts in zip(self.rows, self._cell_texts(shown), strict=False)]
        from rich.cells import cell_len

        widths = [max(cell_len(line[n]) for line in grid) for n in range(len(grid[0]))]
        lines = [
            "  ".join(" " * (width - cell_len(text)) + text for text, width in zip(line, widths, strict=True)).rstrip()
            for line in grid
        ]
        if shown.shape != self.shape:
            lines.append(f"(the first {times(shown.shape)} of {times(self.shape)} numbers)")
        return lines

    def _cell_texts(self, shown: Array) -> list[list[str]]:
        """Return what the cells of a corner show: numbers, or pieces of words."""
        if self.texts:
            return [list(row[: shown.shape[1]]) for row in self.texts[: shown.shape[0]]]
        return [[in_table(number) for number in row] for row in shown.tolist()]

    def _repr_html_(self) -> str:
        """Return the table with its labels and a heat map, for a notebook; it suits light and dark pages."""
        shown = self.values[:MOST_ROWS, :MOST_COLUMNS]
        finite = np.abs(shown[np.abs(shown) < INFINITE])
        largest = float(finite.max()) if finite.size and finite.max() > 0 else 1.0
        caption = escaped(self.name) + (f" = {escaped(self.rule)}" if self.rule else "") + f" ({times(self.shape)})"
        if shown.shape != self.shape:
            caption += f", of which the first {times(shown.shape)} are shown"
        head = "".join(
            f'<th scope="col" style="{LABEL}">{escaped(label)}</th>' for label in self.columns[:MOST_COLUMNS]
        )
        body = "".join(
            f'<tr><th scope="row" style="{LABEL}">{escaped(label)}</th>'
            + "".join(
                f'<td style="{CELL}{"" if self.texts else heat(v, largest)}">{escaped(text)}</td>'
                for v, text in zip(numbers, texts, strict=True)
            )
            + "</tr>"
            for label, numbers, texts in zip(self.rows, shown.tolist(), self._cell_texts(shown), strict=False)
        )
        return (
            f'<table style="border-collapse: collapse; font-variant-numeric: tabular-nums">'
            f'<caption style="text-align: left; font-style: italic; white-space: nowrap">{caption}</caption>'
            f"<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"
        )


LABEL = "text-align: right; font-weight: normal; opacity: 0.75; padding: 0.15em 0.6em"
CELL = "text-align: right; padding: 0.15em 0.6em; border: 1px solid rgba(128, 128, 128, 0.35)"


def heat(value: float, largest: float) -> str:
    """Return the background of a cell, stronger for a number nearer to the table's largest."""
    if abs(value) >= INFINITE:
        return ""
    share = 0.55 * abs(value) / largest
    return f"; background: rgba({POSITIVE if value > 0 else NEGATIVE}, {share:.2f})" if share >= 0.005 else ""


def table_of(lesson: Lesson, name: str, rule: str = "") -> Table:
    """Return the lesson's table with this dotted name. Raises ByhandError if there is none."""
    node, numbers = lesson.table(name), lesson.numbers()
    pieces = spelling(node)
    texts: tuple[tuple[str, ...], ...] = ()
    if pieces is not None:
        texts = tuple(tuple(pieces.spell(number, numbers) for number in row) for row in numbers[name].tolist())
    return Table(name, numbers[name], labels(node, 0, numbers), labels(node, 1, numbers), rule, texts)
