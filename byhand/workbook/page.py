"""A page of a workbook: blocks of cells, captions and headings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil

from byhand.core.arithmetic.excel import Address
from byhand.core.graph import Node, Scope
from byhand.xlsx.writer import A4, Paper, Span, points

HEADER = 3  # rows over a table: its name and shape, its rule, the labels of its columns
NARROWEST = 5.2  # letters of a column of the grid: -2.83
LABEL_LETTER = 0.98  # the width of a letter of a column's label
LETTERS_A_COLUMN = 5.6  # of a caption, in one column of the grid

SCREEN = 1300
"""The pixels of a sheet's cells that a screen of 1440 shows."""
MARGIN_LETTERS = 3.0
"""The width of the column before the tables, in letters."""

Key = tuple[object, ...]


def pixels(letters: float) -> int:
    """Return the width of a column of so many letters in LibreOffice, which takes more room than other programs."""
    return round(7.78 * letters + 5.55)


def chart_pixels(letters: float) -> int:
    """Return the width of a column of so many letters as charts are measured, which cover whole columns everywhere."""
    return int(7 * letters + 5)


def columns_on_screen(letters: float) -> int:
    """Return how many columns of this width stand beside each other on a screen, with the one before the tables."""
    return 1 + (SCREEN - pixels(MARGIN_LETTERS)) // pixels(letters)


def columns_on_paper(letters: float, paper: Paper = A4) -> int:
    """Return how many columns of this width a page of paper takes, after the one before the tables."""
    return int((paper.readable_width - points(MARGIN_LETTERS)) / points(letters))


def key(node: Node) -> Key:
    """Return what identifies a table's cells: the node, or for a view its operation and the key of its arguments."""
    if node.name or not node.op.view:
        return (node,)
    return (node.op, *node.attrs.items(), *(key(a) for a in node.args))


@dataclass(frozen=True)
class Caption:
    """The text over a table: its name and shapes; below, its rule, or the page it comes from."""

    name: str
    shape: str
    rule: str

    @property
    def columns(self) -> int:
        """The number of columns that it covers."""
        return ceil(max(len(self.name) + len(self.shape) * 0.95 + 2, len(self.rule)) / LETTERS_A_COLUMN)


def width_of(text: str) -> int:
    """Return the number of columns that a text covers."""
    return ceil(len(text) / LETTERS_A_COLUMN)


@dataclass(eq=False)
class Block:
    """A table in its place on a page.

    along, across: the position of its first cell, see layout. home: whether it is the original, not a copy. strip: a
    single row (turned: column) above another table, without a header. labels: prefixes of the row and column labels.
    reads: the blocks that its formulas refer to.
    """

    node: Node
    page: Page
    along: int
    across: int
    home: bool
    caption: Caption
    strip: bool = False
    labels: tuple[str, str] = ("", "")
    reads: dict[Key, Block] = field(default_factory=dict)

    @property
    def turned(self) -> bool:
        return self.page.turned

    @property
    def row(self) -> int:
        return self.along if self.page.turned else self.across

    @property
    def column(self) -> int:
        return self.across if self.page.turned else self.along

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns as shown."""
        rows, columns = self.node.shape
        return (columns, rows) if self.turned else (rows, columns)

    def at(self, i: int, j: int) -> tuple[int, int]:
        """Return the row and the column of the node's cell (i, j)."""
        if self.page.turned:
            return self.along + j, self.across + i
        return self.across + i, self.along + j

    @property
    def caption_cell(self) -> str:
        """The cell that names the table: its caption, or what stands beside or over a strip, or its first number."""
        row, column = self.row - HEADER, self.column
        if self.strip:
            row, column = (self.row - 1, self.column) if self.turned else (self.row, self.column - 1)
        elif not self.caption.rule and not self.caption.shape:
            row = self.row
        return str(Address(row, column))

    @cached_property
    def addresses(self) -> list[list[Address]]:
        """The addresses of its cells, row by row of the node, as formulas on its own page write them."""
        rows, columns = self.node.shape
        return [[Address(*self.at(i, j)) for j in range(columns)] for i in range(rows)]


@dataclass(frozen=True)
class Heading:
    """The name of a step, over its first table."""

    scope: Scope
    row: int
    column: int


@dataclass(eq=False)
class Page:
    """One sheet: its blocks and headings."""

    scope: Scope
    turned: bool
    blocks: list[Block] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)

    def spans_across(self, letters: float) -> Iterator[Span]:
        """Yield the columns to keep on one page of paper: each table with its labels and its caption.

        letters: the width of the columns.
        """
        for block in self.blocks:
            covered = 0 if block.strip else ceil(block.caption.columns * NARROWEST / letters)
            yield block.column - 1, block.column + max(block.shape[1], covered)

    def spans(self) -> Iterator[Span]:
        """Yield the rows to keep on one page of paper: each table with its caption, each heading with the next row."""
        for block in self.blocks:
            over = 1 if block.strip and block.turned else 0 if block.strip else HEADER
            yield block.row - over, block.row + block.shape[0]
        for heading in self.headings:
            yield heading.row, heading.row + 2
