"""A student's book with answers in it, as a spreadsheet saves it: for trying out what reads and marks it."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from xml.sax.saxutils import escape
from zipfile import ZipFile

from byhand.core.arithmetic.excel import Address
from byhand.core.number_text import in_full
from byhand.errors import ByhandError

SHEET = re.compile(r'<sheet name="([^"]*)"')
Cell = tuple[str, int, int]
"""A sheet, a row and a column, from 0."""


def filled_in(book: bytes, answers: Mapping[Cell, float | str]) -> bytes:
    """The book with these numbers and texts in its empty cells. ByhandError for a cell that is not there."""
    with ZipFile(io.BytesIO(book)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    names = SHEET.findall(parts["xl/workbook.xml"].decode())
    for n, name in enumerate(names, 1):
        here = {str(Address(r, c)): value for (sheet, r, c), value in answers.items() if escape(sheet) == name}
        if here:
            path = f"xl/worksheets/sheet{n}.xml"
            parts[path] = _with(parts[path].decode(), here).encode()
    out = io.BytesIO()
    with ZipFile(out, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def _with(sheet: str, answers: Mapping[str, float | str]) -> str:
    left = dict(answers)

    def answered(found: re.Match[str]) -> str:
        if found[1] not in left:
            return found[0]
        value = left.pop(found[1])
        if isinstance(value, str):
            return f'<c r="{found[1]}"{found[2]} t="inlineStr"><is><t>{escape(value)}</t></is></c>'
        return f'<c r="{found[1]}"{found[2]}><v>{in_full(value)}</v></c>'

    whole = re.sub(r'<c r="([A-Z]+[0-9]+)"( s="[0-9]+")/>', answered, sheet)
    if left:
        raise ByhandError(f"The student's book has no room for an answer in {min(left)}.")
    return whole
