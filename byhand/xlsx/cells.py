"""Read the cells and texts of an .xlsx file as a stream, so that no part is in memory as a whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO
from xml.parsers import expat
from zipfile import ZipFile

from byhand.core.arithmetic.excel import Address, column_number
from byhand.xlsx.archive import feed
from byhand.xlsx.formulas import SharedFormula

SHEET_MAIN_NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
ROWS, COLUMNS = 1_048_576, 16_384
LONGEST_TEXT = 32_767
MOST_CELLS = 3_000_000
MOST_TRANSLATED = 20_000_000
"""The most characters of all shared formulas, which a file gives once for many cells, after they are written out."""
TRANSLATED_A_CELL = 30
"""The same for each cell, if fewer cells are allowed."""
MOST_OTHER = 300_000
"""The most other elements in a part's texts; a limit, since the parser remembers each open one."""


Cell = tuple[str, int, int]
"""(sheet, row, column), rows and columns from 0."""
Value = float | str | bool | None
USUAL_WIDTH, USUAL_HEIGHT = 8.0, 15.0
NARROWEST, LOWEST = 0.3, 2.0
"""The width of a column, in letters, and the height of a row, in points, below which nothing in it is seen."""


class CellError(str):
    """The error that a cell shows: #DIV/0!, #NAME?, Err:508."""

    __slots__ = ()


class CellDate(str):
    """A date that a file stores as text (2026-01-31), and not as a number of days."""

    __slots__ = ()


def strings_of(archive: ZipFile, name: str) -> list[str]:
    """Return the texts that cells refer to by number."""
    strings: list[str] = []
    texts = _Texts()

    def end(tag: str) -> None:
        texts.end(tag)
        if tag == _ITEM:
            strings.append(texts.take())

    parse(archive, name, texts.start, end, texts.data)
    return strings


def parse(
    archive: ZipFile,
    name: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    data: Callable[[str], None],
    finished: Callable[[], bool] = lambda: False,
) -> None:
    """Parse a part as a stream, to its end or until `finished` returns true."""
    with archive.open(name) as stream:
        parse_stream(stream, start, end, data, finished)


def parse_stream(
    stream: IO[bytes],
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    data: Callable[[str], None],
    finished: Callable[[], bool],
) -> None:
    """Parse an open part, as `parse` does."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    for _ in feed(parser, stream):
        if finished():
            return


def _tag(name: str) -> str:
    return f"{SHEET_MAIN_NS} {name}"


_ITEM, _TEXT, _PHONETIC = _tag("si"), _tag("t"), _tag("rPh")
_DATA, _ROW, _CELL, _FORMULA, _VALUE = _tag("sheetData"), _tag("row"), _tag("c"), _tag("f"), _tag("v")
_COLUMNS, _SHEET_FORMAT = _tag("col"), _tag("sheetFormatPr")


class _Texts:
    """Joins the runs of a text, which may have different formats, without phonetic readings (rPh)."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = self.others = 0
        self.inside = self.reading = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == _TEXT:
            self.inside = not self.reading
        elif tag == _PHONETIC:
            self.reading = True
        else:
            self.others += 1
            if self.others > MOST_OTHER:
                raise ValueError(f"more than {MOST_OTHER:,} elements in texts")

    def data(self, text: str) -> None:
        if self.inside:
            self.parts.append(text)
            self.length += len(text)
            if self.length > LONGEST_TEXT:
                raise ValueError(f"a text of more than {LONGEST_TEXT:,} characters")

    def end(self, tag: str) -> None:
        if tag == _TEXT:
            self.inside = False
        elif tag == _PHONETIC:
            self.reading = False

    def take(self) -> str:
        """Return the text so far, and start an empty one."""
        text = "".join(self.parts)
        self.parts, self.length = [], 0
        return text


@dataclass
class Hidden:
    """The rows and columns of sheets that are hidden, or too narrow to see anything."""

    rows: set[tuple[str, int]] = field(default_factory=set)
    columns: list[tuple[str, int, int]] = field(default_factory=list)

    def add_row(self, sheet: str, row: int, attributes: Mapping[str, str], usual_height: float) -> None:
        if is_true(attributes.get("hidden", "")) or number(attributes.get("ht"), usual_height) < LOWEST:
            self.rows.add((sheet, row))

    def add_columns(self, sheet: str, attributes: Mapping[str, str]) -> None:
        if is_true(attributes.get("hidden", "")) or number(attributes.get("width"), USUAL_WIDTH) < NARROWEST:
            first, last = (int(number(attributes.get(name), 0.0)) - 1 for name in ("min", "max"))
            self.columns.append((sheet, first, last))

    def why(self, cell: Cell) -> str:
        """Return where a cell is hidden; an empty text if it is not."""
        if cell[:2] in self.rows:
            return "in a hidden row"
        if any(sheet == cell[0] and first <= cell[2] <= last for sheet, first, last in self.columns):
            return "in a hidden column"
        return ""


def number(text: str | None, missing: float) -> float:
    """Return a number in an attribute; `missing` if there is none."""
    try:
        return float(text) if text is not None else missing
    except ValueError:
        return missing


def is_true(text: str) -> bool:
    return text in ("1", "true", "on")


class Cells:
    """Collects the cells of sheets. strings: the shared texts. most: the most cells."""

    formula: str | None
    stored: str | None
    shared: str | None

    def __init__(self, strings: list[str], most: int | None = None) -> None:
        self.most = MOST_CELLS if most is None else most
        self.most_translated = MOST_TRANSLATED if most is None else TRANSLATED_A_CELL * most
        self.formulas: dict[Cell, str] = {}
        self.arrays: set[Cell] = set()
        self.styles: dict[Cell, str] = {}
        self.hidden = Hidden()
        self.values: dict[Cell, Value] = {}
        self.strings = [_plain(text) for text in strings]
        self.translated = self.count = 0

    def read(self, archive: ZipFile, sheet: str, part: str) -> None:
        """Add a sheet's cells. Reading stops after them, before formats and drop-downs."""
        self.sheet, self.row, self.column = sheet, -1, -1
        self.texts, self.masters = _Texts(), dict[str, SharedFormula]()
        self.inside = self.finished = False
        self.usual_height = USUAL_HEIGHT
        try:
            parse(archive, part, self._start, self._end, self.texts.data, lambda: self.finished)
        except ValueError as reason:
            where = Address(max(self.row, 0), max(self.column, 0), sheet)
            raise ValueError(f"{reason}, at or after {where}") from None

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == _CELL:
            place = attributes.get("r")
            self.row, self.column = position(place) if place else (self.row, self.column + 1)
            self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "0")
            self.formula = self.stored = None
            self.inside = True
        elif tag == _ROW:
            self.row, self.column = int(attributes.get("r", self.row + 2)) - 1, -1
            self.hidden.add_row(self.sheet, self.row, attributes, self.usual_height)
        elif self.inside and tag in (_VALUE, _FORMULA):
            self.texts.inside = True
            if tag == _FORMULA:
                self._begin_formula(attributes)
        elif self.inside:
            self.texts.start(tag, attributes)
        elif tag == _COLUMNS:
            self.hidden.add_columns(self.sheet, attributes)
        elif tag == _SHEET_FORMAT and is_true(attributes.get("zeroHeight", "")):
            self.usual_height = 0.0

    def _begin_formula(self, attributes: dict[str, str]) -> None:
        kind = attributes.get("t")
        self.shared = attributes.get("si", "") if kind == "shared" else None
        if kind == "array":
            self.arrays.add((self.sheet, self.row, self.column))

    def _end(self, tag: str) -> None:
        if tag == _VALUE:
            self.texts.inside = False
            self.stored = self.texts.take()
        elif tag == _FORMULA:
            self.texts.inside = False
            self.formula = self._full_formula(self.texts.take())
        elif tag == _CELL:
            self.inside = False
            self._add_cell()
        elif tag == _DATA:
            self.finished = True
        else:
            self.texts.end(tag)

    def _full_formula(self, text: str) -> str | None:
        """Return a cell's formula, written out if it is shared; None for the further cells of an array formula."""
        if self.shared is None or text:
            if self.shared is not None:
                self.masters[self.shared] = SharedFormula(f"={text}", str(Address(self.row, self.column)))
            return f"={text}" if text else None
        if self.shared not in self.masters:
            raise ValueError("a formula refers to one that is not there")
        formula = self.masters[self.shared].at(str(Address(self.row, self.column)))
        self.translated += len(formula)
        if self.translated > self.most_translated:
            raise ValueError(f"more than {self.most_translated:,} characters of shared formulas")
        return formula

    def _add_cell(self) -> None:
        cell = (self.sheet, self.row, self.column)
        if self.row >= ROWS or self.column >= COLUMNS:
            raise ValueError("a cell beyond the end of the sheet")
        if self.formula is not None:
            self.formulas[cell] = self.formula
        if self.kind == "inlineStr":
            self.stored = self.texts.take()
        if self.stored is not None:
            value = self._value(self.stored)
            if value is not None:
                self.values[cell] = value
        if cell in self.values or self.formula is not None:
            self.styles[cell] = self.style
        self.count += 1
        if self.count > self.most:
            raise ValueError(f"more than {self.most:,} cells")

    def _value(self, text: str) -> Value:
        if self.kind == "n":
            return float(text) if text else None
        if self.kind == "s":
            return self.strings[_index(text, len(self.strings))]
        if self.kind == "b":
            return _boolean(text)
        if self.kind == "e":
            return CellError(text)
        return CellDate(text) if self.kind == "d" else _plain(text)


def _boolean(text: str) -> bool | None:
    if text not in ("1", "0", "true", "false", ""):
        raise ValueError(f"{text!r} is no boolean")
    return text in ("1", "true") if text else None


def _index(text: str, length: int) -> int:
    number = int(text)
    if not 0 <= number < length:
        raise ValueError(f"text number {text} of {length}")
    return number


def _plain(text: str) -> str:
    """Replace escapes such as _x000D_ by the characters that XML cannot hold."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda code: chr(int(code[1], 16)), text) if "_x" in text else text


_PLACE = re.compile("([A-Z]{1,3})([1-9][0-9]{0,6})")


@lru_cache(10_000)
def position(place: str) -> tuple[int, int]:
    """Return the row and the column of an address, from 0: (2, 1) for B3. ValueError for no address."""
    match = _PLACE.fullmatch(place)
    if not match:
        raise ValueError(f"a cell with the address {place!r}")
    return int(match[2]) - 1, column_number(match[1])
