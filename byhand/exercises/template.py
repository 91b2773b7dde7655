"""A workbook written once with marks where students differ, and filled in for each without writing it again."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from xml.sax.saxutils import escape
from zipfile import ZipFile

from byhand.workbook.packed import Member, archived

FIRST_MARK = 700_000_001
"""Marks are numbers that no exercise draws; a text's mark is one in brackets."""
MARK = re.compile(r"§?(?<![\d.])(7\d{8})(?![\d.])§?")
LEVEL = 1
"""How hard what students differ in is packed; the rest is packed once, as well as can be."""
ESCAPE_LIKE = re.compile(r"(?=_x[0-9A-Fa-f]{4}_)")
"""What a spreadsheet would read as an escaped character."""


@dataclass
class Marks:
    """What the marks of a template stand for: marks are given out while it is written."""

    keys: list[object] = field(default_factory=list)
    _known: dict[object, int] = field(default_factory=dict)

    def number(self, key: object) -> float:
        """The mark of a number; a key that is asked for again has the same one."""
        if key not in self._known:
            self._known[key] = FIRST_MARK + len(self.keys)
            self.keys.append(key)
        return float(self._known[key])

    def text(self, key: object) -> str:
        return f"§{self.number(key):.0f}§"

    def cut(self, text: str) -> tuple[list[str], list[object]]:
        """The pieces of a text around its marks, and the keys between them."""
        pieces, keys, end = [], [], 0
        for found in MARK.finditer(text):
            n = int(found[1]) - FIRST_MARK
            if n < len(self.keys):
                pieces.append(text[end : found.start()])
                keys.append(self.keys[n])
                end = found.end()
        return [*pieces, text[end:]], keys


class Template:
    """The parts of a written workbook: those that are everybody's packed once, those with marks cut at their marks."""

    def __init__(self, data: bytes, marks: Marks) -> None:
        self._parts: list[Member | tuple[bytes, list[str], list[object]]] = []
        with ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                whole = archive.read(name)
                pieces, keys = marks.cut(whole.decode("utf-8"))
                part = (name.encode(), pieces, keys) if keys else Member.packed(name.encode(), whole, 9)
                self._parts.append(part)

    def filled(self, values: Mapping[object, float | str]) -> bytes:
        """The workbook with everything that its marks stand for in place of them."""
        texts = {key: text_of(value) for key, value in values.items()}
        members = []
        for part in self._parts:
            if isinstance(part, Member):
                members.append(part)
            else:
                name, pieces, keys = part
                between = [texts[key] for key in keys]
                whole = "".join(chain.from_iterable(zip(pieces, [*between, ""], strict=True)))
                members.append(Member.packed(name, whole.encode(), LEVEL))
        return archived(members)


def text_of(value: float | str) -> str:
    """A value as the file's XML holds it."""
    if isinstance(value, str):
        return escape(ESCAPE_LIKE.sub("_x005F", value))
    return number_text(value)


def number_text(value: float) -> str:
    """A number as the file holds it: whole ones without a point."""
    return str(int(value)) if value == int(value) else repr(float(value))
