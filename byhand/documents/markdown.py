"""A document as Markdown with LaTeX formulas, for notebooks and forges."""

from __future__ import annotations

import re

from byhand.documents.block_writer import BlockWriter, Row, with_labels
from byhand.documents.document import Document, Steps
from byhand.notation.latex import Latex

LATEX = Latex(row_end=r"\cr")


def write(document: Document) -> bytes:
    """Return the whole document, in UTF-8."""
    subtitle = [f"*{MARKDOWN.inline(document.subtitle)}*"] if document.subtitle else []
    parts = [f"# {_escaped(document.title)}", *subtitle, *MARKDOWN.blocks(document)]
    return ("\n\n".join(parts) + "\n").encode()


def _escaped(text: str) -> str:
    return re.sub(r"([\\*_`<$|\[\]])", r"\\\1", text)


def _steps(steps: Steps) -> str:
    """Return a list with a formula and its reason in each item; a first line without a reason leads the second."""
    points: list[str] = []
    left = ""
    for line in steps.lines:
        formula = f"{left}{LATEX.sign(line.relation)} {LATEX(line.maths)}" if line.relation else LATEX(line.maths)
        left = f"{formula} " if not (points or left or line.reason) and len(steps.lines) > 1 else ""
        if not left:
            reason = f"  \n  {MARKDOWN.inline(line.reason)}" if line.reason else ""
            points.append(rf"- $\displaystyle {formula}${reason}")
    return "\n".join(points)


def _table(caption: str, above: Row, before: Row, cells: list[Row], role: str) -> str:
    """Return a table; without labels above, its header is empty, since Markdown has no table without one."""
    above = above or [""] * max(map(len, cells), default=0)
    header, *rows = with_labels(above, [f"**{label}**" for label in before], cells)
    rule = [":--" if before and not at else "--:" for at in range(len(header))]
    lines = (f"| {' | '.join(row)} |" for row in (header, rule, *rows))
    return "\n".join([*([caption, ""] if caption else []), *lines])


MARKDOWN = BlockWriter(
    words=_escaped,
    formula=lambda maths: f"${LATEX(maths)}$",
    display=lambda maths: f"$${LATEX(maths)}$$",
    heading=lambda text, level: f"{'#' * (level + 1)} {text}",
    paragraph=lambda text, quiet: f"*{text}*" if quiet else text,
    code=lambda text: f"```\n{text}\n```",
    steps=_steps,
    table=_table,
    lines=lambda lines, _: "\n".join(f"- {line}" for line in lines),
    room=lambda height: "\n".join(["<br>"] * height),
)
