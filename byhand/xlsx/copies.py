"""Copies of a workbook that differ in some cells and notes: all else is written, and compressed, only once."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from zipfile import ZipFile

from byhand.core.arithmetic.excel import Address, column_letters
from byhand.xlsx.cells import LONGEST_TEXT, position
from byhand.xlsx.parts import text_xml, xml_text, zipped
from byhand.xlsx.sheet_xml import PlainWorksheet
from byhand.xlsx.writer import BookFile, Style, note_box

TEXTS = "xl/sharedStrings.xml"
"""The part of a workbook with all its texts."""
ROW = re.compile(r'<row r="(\d+)"(?: spans="[^"]*")?([^>]*?)(?:/>|>(.*?)</row>)', re.DOTALL)
CELL = re.compile(r'<c r="([A-Z]+\d+)"[^>/]*(?:/>|>.*?</c>)', re.DOTALL)
NOTE = re.compile(
    r'(.*?<commentList>)(<comment ref=)"[^"]*"(.*?)<t>.*?</t>(.*?</comment>).*(</commentList>.*)', re.DOTALL
)
BOX = re.compile(r'(.*?)<v:shape id="_x0000_s(\d+)".*</v:shape>(.*)', re.DOTALL)
BOX_NUMBERS = re.compile(r"(?<=_x0000_s)0|(?<=z-index:)0")
"""The two numbers of a note's box: among those of the book, and of the sheet."""
Box = tuple[str, str, str]
"""The XML of a note's box, before, between and after its numbers."""


@dataclass(frozen=True)
class Row:
    """A row of a sheet: the XML of its attributes after the number, and of its cells by their column."""

    attributes: str = ""
    cells: dict[int, str] = field(default_factory=dict)

    def xml(self, number: int) -> str:
        """Return the XML of the row. number: from 0."""
        cells = "".join(self.cells[column] for column in sorted(self.cells))
        return f'<row r="{number + 1}"{self.attributes}>{cells}</row>'


class Notes:
    """The two parts with the notes of a sheet: the texts and the boxes, around the ones that stand in the original."""

    def __init__(self, parts: dict[str, str], n: int) -> None:
        """Take the parts of the n-th sheet with notes out of all parts."""
        self.part, self.boxes_part = f"xl/comments{n}.xml", f"xl/drawings/vmlDrawing{n}.vml"
        note, box = NOTE.fullmatch(parts.pop(self.part)), BOX.fullmatch(parts.pop(self.boxes_part))
        assert note
        assert box
        self.head, *self.frame, self.tail = note.groups()
        self.boxes_head, first, self.boxes_tail = box.groups()
        self.first_box = int(first)

    def filled(self, notes: Iterable[tuple[str, str, Box]]) -> dict[str, str]:
        """Return the parts with other notes. notes: the address, the text and the box of each."""
        texts, boxes = [], []
        start, middle, end = self.frame
        for n, (place, text, box) in enumerate(notes):
            texts.append(f'{start}"{place}"{middle}{text_xml(text)}{end}')
            boxes.append(f"{box[0]}{self.first_box + n}{box[1]}{n + 1}{box[2]}")
        return {
            self.part: f"{self.head}{''.join(texts)}{self.tail}",
            self.boxes_part: f"{self.boxes_head}{''.join(boxes)}{self.boxes_tail}",
        }


class OriginalSheet:
    """A sheet of the original: its rows, and the XML before and after them. notes: None for a sheet without any."""

    def __init__(self, worksheet: PlainWorksheet, part: str, xml: str, notes: Notes | None) -> None:
        self.part, self.notes = part, notes
        self.head, data, self.tail = re.split("(?<=<sheetData>)|(?=</sheetData>)", xml)
        self.rows: dict[int, Row] = {}
        for number, attributes, cells in ROW.findall(data):
            columns = {position(cell[1])[1]: cell[0] for cell in CELL.finditer(cells)}
            self.rows[int(number) - 1] = Row(attributes, columns)
        self.rows_xml = {number: row.xml(number) for number, row in self.rows.items()}
        places = [(number, column) for number, row in self.rows.items() for column in row.cells]
        self.corners = [tuple(map(of, zip(*places, strict=True))) for of in (min, max)] if places else []
        self.box = cache(lambda *of: tuple(BOX_NUMBERS.split(worksheet.note_box_xml(*of))))


class Original:
    """A workbook of which copies are made. Each sheet has a cell, and a note if its copies have some.

    styles: those that copies may use beside its own.
    """

    def __init__(self, file: BookFile, styles: Iterable[Style]) -> None:
        self.styles = file.style_numbers(styles)
        with ZipFile(io.BytesIO(file.data())) as archive:
            parts = {name: archive.read(name).decode() for name in archive.namelist()}
        self.sheets: dict[str, OriginalSheet] = {}
        noted = 0
        for n, worksheet in enumerate(file.worksheets(), 1):
            noted += worksheet.has_comments
            notes = Notes(parts, noted) if worksheet.has_comments else None
            part = f"xl/worksheets/sheet{n}.xml"
            self.sheets[worksheet.get_name()] = OriginalSheet(worksheet, part, parts.pop(part), notes)
        self.texts = re.sub(r' (count|uniqueCount)="\d+"', "", parts.pop(TEXTS)).removesuffix("</sst>")
        self.text_count = self.texts.count("<si>")
        self.common = zipped(parts)


class Copy:
    """One copy of a workbook."""

    def __init__(self, original: Original) -> None:
        self.original = original
        self._sheets = {name: SheetCopy(self, sheet) for name, sheet in original.sheets.items()}
        self._texts: dict[str, int] = {}

    def sheet(self, name: str) -> SheetCopy:
        return self._sheets[name]

    def style_number(self, style: Style) -> int:
        return self.original.styles[tuple(style.items())]

    def text_number(self, text: str) -> int:
        """Return the number of a text among those of the workbook."""
        return self._texts.setdefault(text, self.original.text_count + len(self._texts))

    def data(self) -> bytes:
        """Return the bytes of the copy."""
        parts: dict[str, str] = {}
        for sheet in self._sheets.values():
            parts |= sheet.parts()
        own = "".join(f"<si>{text_xml(text)}</si>" for text in self._texts)
        return zipped(parts | {TEXTS: f"{self.original.texts}{own}</sst>"}, self.original.common)


class SheetCopy:
    """A sheet of a copy, to which cells, notes and links are written as to a Sheet."""

    def __init__(self, copy: Copy, original: OriginalSheet) -> None:
        self.copy, self.original = copy, original
        self._cells: dict[int, dict[int, str]] = {}
        self._heights: dict[int, str] = {}
        self._links: list[str] = []
        self._notes: dict[tuple[int, int], tuple[str, str]] = {}
        self._tail = original.tail

    def text(self, row: int, column: int, text: str, style: Style) -> None:
        self._put(row, column, style, f' t="s"><v>{self.copy.text_number(text[:LONGEST_TEXT])}</v></c>')

    def number(self, row: int, column: int, value: float, style: Style) -> None:
        self._put(row, column, style, f"><v>{xml_text(value)}</v></c>")

    def empty(self, row: int, column: int, style: Style) -> None:
        self._put(row, column, style, "/>")

    def _put(self, row: int, column: int, style: Style, content: str) -> None:
        cell = f'<c r="{column_letters(column)}{row + 1}" s="{self.copy.style_number(style)}"{content}'
        self._cells.setdefault(row, {})[column] = cell

    def link(self, row: int, column: int, text: str, sheet: str, cell: str, style: Style) -> None:
        """Write a link to a cell of the same workbook, on a sheet whose original has no links."""
        self.text(row, column, text, style)
        there = "'{}'!{}".format(sheet.replace("'", "''"), cell)
        self._links.append(f'<hyperlink ref="{Address(row, column)}" location="{xml_text(there)}"/>')

    def height(self, row: int, height: float) -> None:
        self._heights[row] = f' ht="{xml_text(height)}" customHeight="1"'

    def coloured_note(self, row: int, column: int, text: str, colour: str) -> None:
        """Add a note in a box of this colour, as high as its text needs."""
        self._notes[row, column] = text, colour

    def footer(self, mark: str, text: str) -> None:
        """Put a text in place of a mark in the printed footer."""
        self._tail = self._tail.replace(mark, xml_text(text.replace("&", "&&")))

    def parts(self) -> dict[str, str]:
        """Return the XML of the sheet and of its notes, by the names of the parts."""
        original = self.original
        rows = original.rows_xml | {row: self._row_xml(row) for row in {*self._cells, *self._heights}}
        tail = self._tail
        if self._links:
            links = f"<hyperlinks>{''.join(self._links)}</hyperlinks>"
            tail = tail.replace("<pageMargins", f"{links}<pageMargins", 1)
        parts = {original.part: "".join((self._head(), *(rows[row] for row in sorted(rows)), tail))}
        if original.notes:
            parts |= original.notes.filled(self._note(place) for place in sorted(self._notes))
        return parts

    def _row_xml(self, number: int) -> str:
        row = self.original.rows.get(number, Row())
        attributes = self._heights.get(number, row.attributes)
        return Row(attributes, row.cells | self._cells.get(number, {})).xml(number)

    def _head(self) -> str:
        """Return the XML before the rows, with the range of all cells."""
        places = [*self.original.corners, *((row, column) for row, cells in self._cells.items() for column in cells)]
        rows, columns = zip(*places, strict=True)
        place = f"{Address(min(rows), min(columns))}:{Address(max(rows), max(columns))}"
        return re.sub(r'(?<=<dimension ref=")[^"]*', place, self.original.head)

    def _note(self, place: tuple[int, int]) -> tuple[str, str, Box]:
        text, colour = self._notes[place]
        return str(Address(*place)), text, self.original.box(*place, note_box(text, colour))
