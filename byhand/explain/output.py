"""Prints a document, or writes it to a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from byhand.errors import ByhandError
from byhand.explain.document import Block, Code, Document, Formula, Heading, Paragraph, Piece, Steps, Table
from byhand.maths_text import text


def deliver(document: Document, form: str, path: Path | None, force: bool) -> None:
    """In one of the formats, to a new file, or to the terminal. ByhandError if that cannot be."""
    if form != "text":
        raise ByhandError(f"The format {form} is not there yet: choose text.")
    written = "\n\n".join([document.title, document.subtitle, *map(_block, document.blocks)]) + "\n"
    if path is None:
        click.echo(written, nl=False)
        return
    if path.exists() and not force:
        raise ByhandError(f"{path} exists: choose another name, or write over it with --force.")
    path.write_text(written, "utf-8")
    click.echo(f"Wrote {path}.")


def _piece(piece: Piece) -> str:
    return piece if isinstance(piece, str) else text(piece)


def _block(block: Block) -> str:
    match block:
        case Heading(title):
            return title
        case Paragraph(parts):
            return "".join(map(_piece, parts))
        case Formula(maths):
            return f"    {text(maths)}"
        case Steps(lines):
            return "\n".join(f"  {a.relation:1} {text(a.maths)}" + f"    ({a.reason})" * bool(a.reason) for a in lines)
        case Table():
            return "\n".join(_table(block))
        case Code(typed):
            return typed


def _table(table: Table) -> Iterator[str]:
    yield _piece(table.caption)
    if table.columns:
        yield "    " + "  ".join(map(_piece, ("", *table.columns)))
    for n, row in enumerate(table.cells):
        yield "    " + "  ".join(map(_piece, (*table.rows[n : n + 1], *row)))
