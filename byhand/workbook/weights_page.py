"""The page Before and after: each weight before it learns, its first gradient and step, and what it has learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from byhand.core.graph import Array, Node, times
from byhand.core.labels import word
from byhand.core.number_text import in_cell
from byhand.core.roles import Look, Role
from byhand.lessons.first_step import PLACE, FirstStep
from byhand.workbook import style
from byhand.workbook.book import Book
from byhand.workbook.links import write_links
from byhand.workbook.page import Page, columns_on_paper
from byhand.xlsx.sheet_xml import FormulaRow
from byhand.xlsx.writer import Content, Sheet, Span, cut, edges

FIRST, GAP = 4, 2  # the row under the header, the columns between two tables
FEWEST = 17
"""The columns that the titles take."""
MOST_NUMBERS = 20_000
"""The most numbers in all weights that are shown."""
WIDTH = 6.8


@dataclass(frozen=True)
class Shown:
    """A table to show: its title, its numbers and, if it lives on another page, its node."""

    title: str
    values: Array
    node: Node | None
    look: Look


class WeightsPage:
    """Writes the page: a band for each weight, its tables side by side, or below each other if they are wide."""

    def __init__(
        self, book: Book, sheet: Sheet, page: Page, before: Mapping[str, Array], step: FirstStep | None
    ) -> None:
        self.book, self.sheet, self.page, self.before, self.step = book, sheet, page, before, step
        self.spans: list[Span] = []
        self.across: list[Span] = []
        self.columns, self.width = 0, WIDTH
        self.learnt = {n.name: n for n in book.nodes if n.role is Role.WEIGHT and n.name in before}

    def write(self) -> None:
        """Write all of the page."""
        self.sheet.text(0, 1, "Before and after: what learning did to each weight", style.TITLE)
        self.sheet.height(0, 27)
        about = (
            "Blue is above 0, red below; the tables of a weight share one scale of colours, its gradient has its own."
        )
        self.sheet.text(1, 1, about, style.SUBTITLE)
        write_links(self.book.sheet_names, self.sheet, self.page, WIDTH)
        row, shown = FIRST, 0
        for name, node in self.learnt.items():
            if shown + node.shape[0] * node.shape[1] > MOST_NUMBERS:
                self.sheet.text(row, 1, f"The weights from {name} on are too many to show here.", style.RULE)
                break
            shown += node.shape[0] * node.shape[1]
            row = self._band(row, name, node)
        self.sheet.columns(0, 0, 3)
        self.sheet.columns(1, max(self.columns, FEWEST), self.width)
        columns = edges([3, *[self.width] * max(self.columns, FEWEST)])
        self.sheet.page(
            FIRST - 1, self.book.about.title, cut(Content(self.spans or [(FIRST, FIRST + 1)], columns, self.across))
        )

    def _band(self, row: int, name: str, node: Node) -> int:
        """Write a weight's tables, and return the row of the next band."""
        tables = self._tables(name, node)
        rows, columns = node.shape
        moved = float(np.sqrt(np.mean((tables[-1].values - tables[0].values) ** 2)))
        about = f"  {times(node.shape)}, moved by {moved:.2f} (root of the mean square)"
        self.sheet.rich(row, 1, [(name, style.STEP), (about, style.NOTE)])
        beside = len(tables) * (max(columns, 3) + GAP) <= columns_on_paper(WIDTH)
        largest = max(float(np.abs(t.values).max()) for t in tables if t.look is not Look.GRADIENT) or 1.0
        for n, table in enumerate(tables):
            at = (row + 2, 2 + n * (max(columns, 3) + GAP)) if beside else (row + 2 + n * (rows + 2), 2)
            self._table(at, table, node, largest)
        end = row + 3 + rows if beside else row + 2 + len(tables) * (rows + 2)
        starts = [row] if beside else [row, *(row + 1 + n * (rows + 2) for n in range(1, len(tables)))]
        self.spans += zip(starts, [*starts[1:], end], strict=True)
        return end + 1

    def _tables(self, name: str, node: Node) -> Sequence[Shown]:
        """Return the tables about a weight, in the order of time."""
        learnt = Shown("learnt", self.book.values[node], node, Look.SHOWN)
        if self.step is None:
            return [Shown("before", self.before[name], None, Look.SHOWN), learnt]
        training = self.step.training
        table_of = {gradient: table for table, gradient in training.backward.gradients.items()}
        by_name = {table_of[g].name: (table_of[g], g, training.updated[p]) for p, g in training.gradients.items()}
        before, gradient, updated = by_name[f"{PLACE.path}.{node.name}"]
        return [
            Shown("before", self.book.values[before], before, Look.SHOWN),
            Shown("∂ of the first loss", self.book.values[gradient], gradient, Look.GRADIENT),
            Shown("after one step", self.book.values[updated], updated, Look.SHOWN),
            learnt,
        ]

    def _table(self, at: tuple[int, int], table: Shown, node: Node, largest: float) -> None:
        """Write a table with its first number in a cell, its title above and the labels of its rows at the left."""
        row, column = at
        rows, columns = node.shape
        self.sheet.text(row - 1, column, table.title, style.text(11, style.LOOKS[table.look][1], bold=True))
        for i in range(rows):
            label = word(node.shape[0].labels, i, self.book.values) if rows > 1 else ""
            self.sheet.text(row + i, column - 1, label, style.ROW_LABEL)
        is_gradient = table.look is Look.GRADIENT
        number_format = style.number_format([table.values], False)[0] if is_gradient else "0.00"
        look = style.cell(table.look, number_format)
        for extreme in (table.values.min(), table.values.max()):
            self.width = max(self.width, len(in_cell(float(extreme), number_format)) + 1.6)
        place = (row, column, row + rows - 1, column + columns - 1)
        shown = table.values
        self.columns = max(self.columns, column + columns)
        self.across.append((column - 1, column + columns))
        if table.node is None:
            self.sheet.numbers(place, lambda i: shown[i].tolist(), look)
        else:
            addresses = self.book.addresses(self.book.homes[table.node], self.page)

            def formulas(i: int) -> FormulaRow:
                return [addresses[i, j] for j in range(columns)], (shown[i] + 0.0).tolist()

            self.sheet.formulas(place, lambda: formulas, look)
        scale = largest if table.look is not Look.GRADIENT else float(np.abs(table.values).max())
        self.sheet.shades(place, scale or 1.0)
