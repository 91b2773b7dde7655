"""A document as plain text with each formula on one line, for reading in a terminal."""

from __future__ import annotations

import sys
import textwrap
from dataclasses import replace
from functools import partial
from itertools import zip_longest

from byhand.documents.block_writer import BlockWriter, Row, with_labels
from byhand.documents.document import Document, Line, Steps
from byhand.notation.text import text

UNDERLINES = "=-"
"""Below the title and the headings of level 1; deeper headings have none."""
REASON = " " * 10
"""Before the reason of a line, which stands below it."""


def write(document: Document) -> bytes:
    """Return the whole document, in UTF-8; each sentence and each formula on one line, however long."""
    return on_terminal(document, sys.maxsize).encode()


def on_terminal(document: Document, width: int) -> str:
    """Return the whole document with its sentences wrapped; formulas and tables stay on one line."""
    plain = replace(PLAIN, paragraph=lambda text, quiet: _wrapped(text, width), steps=partial(_steps, width=width))
    subtitle = [_wrapped(document.subtitle, width)] if document.subtitle else []
    return "\n\n".join([_heading(document.title, 0), *subtitle, *plain.blocks(document)]) + "\n"


def _wrapped(text: str, width: int, indent: str = "") -> str:
    if len(indent + text) <= width:
        return indent + text
    return textwrap.fill(
        text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _heading(title: str, level: int) -> str:
    return f"{title}\n{UNDERLINES[level] * len(title)}" if level < len(UNDERLINES) else title


def _steps(steps: Steps, width: int = sys.maxsize) -> str:
    return "\n".join(_line(line, width) for line in steps.lines)


def _line(line: Line, width: int) -> str:
    reason = f"\n{_wrapped(line.reason, width, REASON)}" if line.reason else ""
    return f"    {line.relation:1} {text(line.maths)}{reason}"


def _table(caption: str, above: Row, before: Row, cells: list[Row], role: str) -> str:
    rows = with_labels(above, before, cells)
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    return "\n".join([*filter(None, [caption]), *(_aligned(row, widths, bool(before)) for row in rows)])


def _aligned(row: Row, widths: list[int], labelled: bool) -> str:
    cells = [
        cell.ljust(width) if labelled and not n else cell.rjust(width)
        for n, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "    " + "  ".join(cells).rstrip()


PLAIN = BlockWriter(
    words=str,
    formula=text,
    display=lambda maths: f"    {text(maths)}",
    heading=_heading,
    paragraph=lambda words, quiet: words,
    code=lambda typed: f"    {typed}",
    steps=_steps,
    table=_table,
    lines=lambda lines, _: "\n".join(f"    {line}" for line in lines),
    room=lambda height: "\n" * height,
    formulas_in_words=False,
)
