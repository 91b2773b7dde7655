"""How any format writes the blocks of a document: it says how each part is written, and this puts them together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from byhand.documents.document import (
    Block,
    Code,
    Document,
    Formula,
    Heading,
    Lines,
    Paragraph,
    Piece,
    Room,
    SideBySide,
    Steps,
    Table,
    pieces,
)
from byhand.notation.tree import Maths

Row = list[str]


@dataclass(frozen=True)
class BlockWriter:
    """A format, by how it writes each part. Text that a part is made of is in the format already, but for code."""

    words: Callable[[str], str]
    formula: Callable[[Maths], str]
    """A formula among words."""
    display: Callable[[Maths], str]
    """A formula on its own line."""
    heading: Callable[[str, int], str]
    paragraph: Callable[[str, bool], str]
    code: Callable[[str], str]
    steps: Callable[[Steps], str]
    table: Callable[[str, Row, Row, list[Row], str], str]
    """A caption, the labels above the columns and before the rows (perhaps none), the cells, and a role."""
    lines: Callable[[Row, bool], str]
    """The lines, and whether they are small."""
    room: Callable[[int], str]
    side_by_side: Callable[[Row], str] = "\n\n".join
    formulas_in_words: bool = True
    """Whether what reads as a formula among words, such as W_Q, is written as one."""

    def inline(self, *parts: Piece) -> str:
        """Return words with formulas among them."""
        found = pieces(*parts) if self.formulas_in_words else parts
        return "".join(self.words(part) if isinstance(part, str) else self.formula(part) for part in found)

    def block(self, block: Block) -> str:
        """Return one block."""
        match block:
            case Heading(text, level):
                return self.heading(self.inline(text), level)
            case Paragraph(parts, quiet):
                return self.paragraph(self.inline(*parts), quiet)
            case Formula(maths):
                return self.display(maths)
            case Code(text):
                return self.code(text)
            case Steps():
                return self.steps(block)
            case Lines(lines, small):
                return self.lines(list(map(self.words, lines)), small)
            case Room(height):
                return self.room(height)
            case SideBySide(tables):
                return self.side_by_side([self.block(table) for table in tables])
            case Table():
                return self.table(*self._table(block), block.role)

    def _table(self, table: Table) -> tuple[str, Row, Row, list[Row]]:
        above, before, *rows = (list(map(self.inline, row)) for row in (table.columns, table.rows, *table.cells))
        return self.inline(table.caption), above, before, rows

    def blocks(self, document: Document) -> list[str]:
        """Return each block of a document."""
        return [self.block(block) for block in document.blocks]


def with_labels(above: Row, before: Row, rows: list[Row], corner: str = "") -> list[Row]:
    """Return a table's rows, those above (if any) first, with each row's label (if they have labels) at its left."""
    if before:
        rows = [[label, *row] for label, row in zip(before, rows, strict=True)]
        above = [corner, *above] if above else []
    return [above, *rows] if above else rows
