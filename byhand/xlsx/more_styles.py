"""Adds to the styles of a workbook that is there: fills, frames, fonts, number formats, and cells dressed in them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from byhand.xlsx.splice import Element, Part, with_attributes

FIRST_FORMAT = 164
"""Number formats below this one are built in."""
BUILT_IN = {0: "General", 1: "0", 2: "0.00"}
NONE = -1
SECTIONS = ("numFmts", "fonts", "fills", "borders", "cellXfs")


@dataclass(frozen=True)
class Dress:
    """What a cell looks like. Each that is empty stays as it is.

    fill, frame: colours (#RRGGBB). line: of the frame (thin, medium, dashed, double ...). sign: written before the
    number or the text. font, align: as the file's XML says them, with {p} where a prefix belongs.
    """

    fill: str = ""
    frame: str = ""
    line: str = "thin"
    sign: str = ""
    font: str = ""
    align: str = ""
    places: str = ""


class Styles:
    """The styles of a workbook, and what is added to them. ValueError for styles without their usual lists."""

    def __init__(self, part: Part) -> None:
        self._part = part
        elements = part.elements()
        self._root = elements[0]
        self._lists = {e.local: e for e in elements if e.depth == 1 and e.local in SECTIONS}
        missing = [name for name in SECTIONS[1:] if name not in self._lists]
        if missing:
            raise ValueError(f"styles without {missing[0]}")
        self._here = {name: _children(elements, e) for name, e in self._lists.items()}
        self._added: dict[str, list[bytes]] = {name: [] for name in SECTIONS}
        self._known: dict[tuple[str, bytes], int] = {}
        self._dressed: dict[tuple[int, Dress], int] = {}
        formats = self._here.get("numFmts", [])
        self._codes = BUILT_IN | {
            int(e.attributes["numFmtId"]): e.attributes.get("formatCode", "General") for e in formats
        }
        self._next_format = max([FIRST_FORMAT - 1, *self._codes]) + 1

    def like(self, style: int, dress: Dress) -> int:
        """The number of a cell style that is like another but for the dress."""
        if (style, dress) not in self._dressed:
            self._dressed[style, dress] = self._like(style, dress)
        return self._dressed[style, dress]

    def _like(self, style: int, dress: Dress) -> int:
        cells = self._here["cellXfs"]
        if not 0 <= style < len(cells):
            raise ValueError(f"a cell with the style {style} of {len(cells)}")
        raw = self._part.raw(cells[style])
        first = len(raw) - (cells[style].end - cells[style].inner)
        changes = self._changes(dress, int(cells[style].attributes.get("numFmtId", 0)))
        tag = with_attributes(raw[:first], **changes)
        return self._add("cellXfs", tag + raw[first:])

    def new(self, dress: Dress) -> int:
        """The number of a cell style of its own."""
        if (NONE, dress) not in self._dressed:
            self._dressed[NONE, dress] = self._new(dress)
        return self._dressed[NONE, dress]

    def _new(self, dress: Dress) -> int:
        changes = {"numFmtId": "0", "fontId": "0", "fillId": "0", "borderId": "0", "xfId": "0"}
        changes |= self._changes(dress, 0)
        align = f">{dress.align}</{{p}}xf>" if dress.align else "/>"
        changes |= {"applyAlignment": "1"} if dress.align else {}
        told = " ".join(f'{name}="{value}"' for name, value in changes.items())
        return self._add("cellXfs", self._written(f"<{{p}}xf {told}{align}"))

    def _changes(self, dress: Dress, format_id: int) -> dict[str, str]:
        changes: dict[str, str] = {}
        if dress.fill:
            fill = '<{p}fill><{p}patternFill patternType="solid"><{p}fgColor rgb="FF' + dress.fill[1:]
            fill += '"/><{p}bgColor indexed="64"/></{p}patternFill></{p}fill>'
            changes |= {"fillId": self._id("fills", fill), "applyFill": "1"}
        if dress.frame:
            sides = "".join(
                f'<{{p}}{side} style="{dress.line}"><{{p}}color rgb="FF{dress.frame[1:]}"/></{{p}}{side}>'
                for side in ("left", "right", "top", "bottom")
            )
            border = f"<{{p}}border>{sides}<{{p}}diagonal/></{{p}}border>"
            changes |= {"borderId": self._id("borders", border), "applyBorder": "1"}
        if dress.font:
            changes |= {"fontId": self._id("fonts", f"<{{p}}font>{dress.font}</{{p}}font>"), "applyFont": "1"}
        code = signed(dress.places or self._codes.get(format_id, ""), dress.sign)
        if code:
            changes |= {"numFmtId": self._format(code), "applyNumberFormat": "1"}
        return changes

    def _format(self, code: str) -> str:
        for id, known in self._codes.items():
            if known == code:
                return str(id)
        id = self._next_format
        self._next_format += 1
        self._codes[id] = code
        told = code.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
        self._added["numFmts"].append(self._written(f'<{{p}}numFmt numFmtId="{id}" formatCode="{told}"/>'))
        return str(id)

    def _id(self, section: str, xml: str) -> str:
        return str(self._add(section, self._written(xml)))

    def _add(self, section: str, xml: bytes) -> int:
        """The number of an entry; those that are the same share one."""
        if (section, xml) not in self._known:
            self._known[section, xml] = len(self._here[section]) + len(self._added[section])
            self._added[section].append(xml)
        return self._known[section, xml]

    def _written(self, xml: str) -> bytes:
        prefix = self._part.prefixed(self._root, "").decode()
        return xml.replace("{p}", prefix).encode()

    def finish(self) -> None:
        """Put what was added into the part."""
        for name in SECTIONS:
            added = b"".join(self._added[name])
            count = str(len(self._here.get(name, [])) + len(self._added[name]))
            if added and name in self._lists:
                section = self._lists[name]
                first = with_attributes(self._part.data[section.start : section.inner], count=count)
                if section.empty:
                    raise ValueError(f"an empty list of {name}")
                self._part.change(section.start, section.inner, first)
                self._part.append(section, added)
            elif added:
                tag = self._part.prefixed(self._root, name)
                told = b'<%s count="%s">%s</%s>' % (tag, count.encode(), added, tag)
                self._part.change(self._root.inner, self._root.inner, told)


def _children(elements: list[Element], parent: Element) -> list[Element]:
    first, last, depth = parent.start, parent.end, parent.depth + 1
    return [e for e in elements if e.depth == depth and first < e.start < last]


PLAIN = re.compile(r"(0|#,##0|0\.0+|0\.0*#+)(_\))?")


def signed(code: str, sign: str) -> str:
    """A number format that writes a sign first; nothing where the format is not a plain one."""
    if not sign or not PLAIN.fullmatch(code):
        return code if PLAIN.fullmatch(code) else ""
    mark = f'"{sign} "'
    return f"{mark}{code};{mark}-{code};{mark}{code};{mark}@"


def fonts(size: float, colour: str, name: str = "Calibri", marks: str = "") -> str:
    """A font as the file says it. marks: <{p}b/>, <{p}i/>, <{p}u/>, in this order."""
    told = f'<{{p}}sz val="{size:g}"/><{{p}}color rgb="FF{colour[1:]}"/><{{p}}name val="{name}"/><{{p}}family val="2"/>'
    return marks + told
