"""A page of a workbook: its tables in their places, each with its caption."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil

from byhand.core.arithmetic.excel import Address
from byhand.core.graph import Node, Scope
from byhand.xlsx.writer import Span

HEADER = 3  # rows over a table: its name and shape, its rule, the labels of its columns
LETTERS_A_COLUMN = 8.5  # of a caption, in one column of the grid

Key = tuple[object, ...]


def key(node: Node) -> Key:
    """Views of the same cells are the same table, however often they are written."""
    if node.name or not node.op.view:
        return (node,)
    return (node.op, *node.attrs.items(), *(key(a) for a in node.args))


@dataclass(frozen=True)
class Caption:
    """What stands over a table: its name and shapes; below, its rule, or where it comes from."""

    name: str
    shape: str
    rule: str

    @property
    def columns(self) -> int:
        """How many columns of the grid it takes."""
        return ceil(max(len(self.name) * 1.2 + len(self.shape) * 0.85 + 2, len(self.rule)) / LETTERS_A_COLUMN)


def width_of(text: str) -> int:
    """How many columns of the grid a text takes."""
    return ceil(len(text) / LETTERS_A_COLUMN)


@dataclass(eq=False)
class Block:
    """A table in its place.

    `row` and `column` are those of its first cell; `home` says that it is not a copy; a strip is a single row (turned:
    column) that stands above without a header; `reads` are the blocks that its formulas refer to.
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
        """Where the node's cell (i, j) stands."""
        if self.page.turned:
            return self.along + j, self.across + i
        return self.across + i, self.along + j

    @cached_property
    def addresses(self) -> list[list[Address]]:
        """Its cells, row by row of the node, as formulas on its own page name them."""
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
    """One sheet: its blocks and headings, and the tables that are at home on it."""

    scope: Scope
    turned: bool
    blocks: list[Block] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)

    def spans(self) -> Iterator[Span]:
        """The rows of each table with what stands over it, and of each heading with what it heads."""
        for block in self.blocks:
            over = 1 if block.strip and block.turned else 0 if block.strip else HEADER
            yield block.row - over, block.row + block.shape[0]
        for heading in self.headings:
            yield heading.row, heading.row + 2
