"""A document as plain text with each formula on one line, for reading in a terminal."""

from __future__ import annotations

from itertools import zip_longest

from byhand.documents.document import Block, Code, Document, Formula, Heading, Line, Paragraph, Piece, Steps, Table
from byhand.notation.text import text

UNDERLINES = "=-"
"""Below the title and the headings of level 1; deeper headings have none."""


def write(document: Document) -> bytes:
    """The whole document, in UTF-8."""
    subtitle = [document.subtitle] if document.subtitle else []
    parts = [_heading(document.title, 0), *subtitle, *map(_block, document.blocks)]
    return ("\n\n".join(parts) + "\n").encode()


def _piece(piece: Piece) -> str:
    return piece if isinstance(piece, str) else text(piece)


def _heading(title: str, level: int) -> str:
    return f"{title}\n{UNDERLINES[level] * len(title)}" if level < len(UNDERLINES) else title


def _block(block: Block) -> str:
    match block:
        case Heading(title, level):
            return _heading(title, level)
        case Paragraph(parts):
            return "".join(map(_piece, parts))
        case Formula(maths):
            return f"    {text(maths)}"
        case Code(typed):
            return f"    {typed}"
        case Steps(lines):
            return "\n".join(map(_line, lines))
        case Table():
            return _table(block)


def _line(line: Line) -> str:
    reason = f"\n          {line.reason}" if line.reason else ""
    return f"    {line.relation:1} {text(line.maths)}{reason}"


def _table(table: Table) -> str:
    rows = [list(map(_piece, row)) for row in ([table.columns] if table.columns else []) + list(table.cells)]
    if table.rows:
        labels = ["", *map(_piece, table.rows)][0 if table.columns else 1 :]
        rows = [[label, *row] for label, row in zip(labels, rows, strict=True)]
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    caption = [_piece(table.caption)] if table.caption else []
    return "\n".join([*caption, *(_aligned(row, widths, bool(table.rows)) for row in rows)])


def _aligned(row: list[str], widths: list[int], labelled: bool) -> str:
    cells = [
        cell.ljust(width) if labelled and not n else cell.rjust(width)
        for n, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "    " + "  ".join(cells).rstrip()
