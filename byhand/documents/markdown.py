"""A document as Markdown with LaTeX formulas, for notebooks, forges and a terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence

from byhand.documents.document import (
    Block,
    Code,
    Document,
    Formula,
    Heading,
    Line,
    Paragraph,
    Piece,
    Steps,
    Table,
    pieces,
)
from byhand.notation.latex import Latex

LATEX = Latex(row_end=r"\cr")


def write(document: Document) -> bytes:
    """The whole document, in UTF-8."""
    subtitle = [f"*{_inline(document.subtitle)}*"] if document.subtitle else []
    parts = [f"# {_escaped(document.title)}", *subtitle, *map(_block, document.blocks)]
    return ("\n\n".join(parts) + "\n").encode()


def _inline(*parts: Piece) -> str:
    return "".join(_escaped(part) if isinstance(part, str) else f"${LATEX(part)}$" for part in pieces(*parts))


def _escaped(text: str) -> str:
    return re.sub(r"([\\*_`<$|\[\]])", r"\\\1", text)


def _block(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"{'#' * (level + 1)} {_inline(text)}"
        case Paragraph(parts, quiet):
            return f"*{_inline(*parts)}*" if quiet else _inline(*parts)
        case Formula(maths):
            return f"$${LATEX(maths)}$$"
        case Code(text):
            return f"```\n{text}\n```"
        case Steps(lines):
            return _steps(lines)
        case Table():
            return _table(block)


def _steps(lines: Sequence[Line]) -> str:
    """Points of a list, a formula and below it the reason; the first line, if it has none, is the second's left."""
    points: list[str] = []
    left = ""
    for line in lines:
        formula = f"{left}{LATEX.sign(line.relation)} {LATEX(line.maths)}" if line.relation else LATEX(line.maths)
        left = f"{formula} " if not (points or left or line.reason) and len(lines) > 1 else ""
        if not left:
            reason = f"  \n  {_inline(line.reason)}" if line.reason else ""
            points.append(rf"- $\displaystyle {formula}${reason}")
    return "\n".join(points)


def _table(table: Table) -> str:
    rows = [[_inline(cell) for cell in row] for row in table.cells]
    header = [_inline(cell) for cell in table.columns] or [""] * max(map(len, rows), default=0)
    if table.rows:
        rows = [[f"**{_inline(label)}**", *row] for label, row in zip(table.rows, rows, strict=True)]
        header = ["", *header]
    rule = [":--" if table.rows and not at else "--:" for at in range(len(header))]
    caption = [_inline(table.caption), ""] if table.caption else []
    return "\n".join([*caption, *map(_row, [header, rule, *rows])])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
