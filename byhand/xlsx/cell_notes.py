"""Notes on cells: the two parts that a sheet needs for them, and those that are there already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from byhand.core.arithmetic.excel import Address
from byhand.workbook.style import FRAME, INK
from byhand.xlsx.cells import position
from byhand.xlsx.splice import Part

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LETTERS_A_LINE, LINE, LONGEST = 40, 15, 4_000
"""Of a note's box: letters and points a line; and the letters of a note."""
MOST = 1_000
"""The notes that the shapes' numbers of one sheet have room for."""
CONTROLS = re.compile(rb"ObjectType=\"(?!Note\")")
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Note:
    """A cell, and what is said of it. colour: of the box."""

    row: int
    column: int
    text: str
    author: str = "byhand"
    colour: str = "#FFFFFF"


def read_notes(part: Part) -> list[Note]:
    """The notes that a sheet has, as plain text."""
    elements = part.elements()
    authors = [_text(part, e.inner, e.close) for e in elements if e.local == "author" and not e.empty]
    found = []
    for comment in (e for e in elements if e.local == "comment"):
        row, column = position(comment.attributes.get("ref", ""))
        inside = [e for e in elements if e.local == "t" and comment.start < e.start < comment.end and not e.empty]
        text = "".join(_text(part, e.inner, e.close) for e in inside)
        n = int(comment.attributes.get("authorId", "0"))
        author = authors[n] if 0 <= n < len(authors) else ""
        found.append(Note(row, column, text, author))
    return found


def _text(part: Part, start: int, end: int) -> str:
    raw = part.data[start:end].decode()
    for sign, name in (("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&apos;"), ("&", "&amp;")):
        raw = raw.replace(name, sign)
    return raw


def joined(notes: Iterable[Note]) -> list[Note]:
    """One note a cell: the texts of those on the same cell one below the other; row by row."""
    found: dict[tuple[int, int], Note] = {}
    for note in notes:
        before = found.get((note.row, note.column))
        text = f"{before.text}\n\n{note.text}" if before else note.text
        found[note.row, note.column] = Note(note.row, note.column, text, note.author, note.colour)
    if len(found) > MOST:
        raise ValueError(f"more than {MOST:,} notes on a sheet")
    return [found[place] for place in sorted(found)]


def comments(notes: Iterable[Note]) -> bytes:
    """The part with the texts."""
    notes = list(notes)
    authors = list(dict.fromkeys(note.author for note in notes))
    told = "".join(f"<author>{xml(author)}</author>" for author in authors)
    lists = "".join(
        f'<comment ref="{Address(n.row, n.column)}" authorId="{authors.index(n.author)}"><text><r><rPr><sz val="9"/>'
        f'<color rgb="FF{INK[1:]}"/><rFont val="Calibri"/><family val="2"/></rPr>'
        f'<t xml:space="preserve">{xml(n.text[:LONGEST])}</t></r></text></comment>'
        for n in notes
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<comments xmlns="{MAIN}"><authors>{told}</authors><commentList>{lists}</commentList></comments>'
    ).encode()


def xml(text: str) -> str:
    """A text as XML holds it, without letters that it cannot."""
    return escape(NOT_XML.sub("�", text))


SHAPES = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit">'
    '<o:idmap v:ext="edit" data="{sheet}"/></o:shapelayout><v:shapetype id="_x0000_t202" coordsize="21600,21600" '
    'o:spt="202" path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/>'
    '<v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>{shapes}</xml>'
)
SHAPE = (
    '<v:shape id="_x0000_s{id}" type="#_x0000_t202" style="position:absolute;margin-left:80pt;margin-top:5pt;'
    'width:{width}pt;height:{height}pt;z-index:{z};visibility:hidden" fillcolor="{fill}" strokecolor="{frame}" '
    'o:insetmode="auto"><v:fill color2="{fill}"/><v:shadow on="t" color="black" obscured="t"/>'
    '<v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div>'
    '</v:textbox><x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
    "<x:Anchor>{left}, 15, {top}, 4, {right}, 15, {bottom}, 4</x:Anchor><x:AutoFill>False</x:AutoFill>"
    "<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
WIDE = 5
"""The columns that a note's box goes over."""


def shapes(notes: Iterable[Note], sheet: int) -> bytes:
    """The part with the boxes, hidden until the mouse rests on the cell. sheet: its number, from 1."""
    told = "".join(_shape(n, note, sheet) for n, note in enumerate(notes, 1))
    return SHAPES.format_map({"sheet": sheet, "shapes": told}).encode()


def _shape(n: int, note: Note, sheet: int) -> str:
    lines = sum(1 + len(line) // LETTERS_A_LINE for line in note.text[:LONGEST].splitlines() or [""]) + 1
    top = max(note.row - 1, 0)
    places: Mapping[str, object] = {
        "id": 1024 * sheet + n,
        "z": n,
        "width": 210,
        "height": LINE * lines,
        "fill": note.colour,
        "frame": FRAME,
        "left": note.column + 1,
        "top": top,
        "right": note.column + 1 + WIDE,
        "bottom": top + min(lines, 30),
        "row": note.row,
        "column": note.column,
    }
    return SHAPE.format_map(places)
