"""A workbook written once with marks where students differ, and filled in for each without writing it again."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from byhand.workbook.write import CREATED

FIRST_MARK = 700_000_001
"""Marks are numbers that no exercise draws; a text's mark is one in brackets."""
MARK = re.compile(r"§?(7\d{8})§?")


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


class Template:
    """The parts of a written workbook, those with marks cut at their marks."""

    def __init__(self, data: bytes, marks: Marks) -> None:
        self._plain: list[tuple[ZipInfo, bytes]] = []
        self._cut: list[tuple[ZipInfo, list[str], list[object]]] = []
        self._order: list[str] = []
        with ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                self._order.append(name)
                text = archive.read(name).decode("utf-8")
                pieces = MARK.split(text)
                if len(pieces) == 1:
                    self._plain.append((_entry(name), text.encode("utf-8")))
                else:
                    keys = [marks.keys[int(mark) - FIRST_MARK] for mark in pieces[1::2]]
                    self._cut.append((_entry(name), pieces[::2], keys))

    def filled(self, values: Mapping[object, float | str]) -> bytes:
        """The workbook with everything that its marks stand for in place of them."""
        texts = {key: escape(v) if isinstance(v, str) else number_text(v) for key, v in values.items()}
        file = io.BytesIO()
        with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=1) as archive:
            for entry, data in self._plain:
                archive.writestr(entry, data)
            for entry, pieces, keys in self._cut:
                between = [texts[key] for key in keys]
                whole = "".join(part for pair in zip(pieces, [*between, ""], strict=True) for part in pair)
                archive.writestr(entry, whole)
        return file.getvalue()


def number_text(value: float) -> str:
    """A number as the file holds it: whole ones without a point."""
    return str(int(value)) if value == int(value) else repr(float(value))


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, CREATED.timetuple()[:6])
    entry.compress_type = ZIP_DEFLATED
    return entry
