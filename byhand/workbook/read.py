"""Reads an .xlsx file into plain data: the only module that knows openpyxl."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any
from xml.parsers import expat
from zipfile import ZipFile

from openpyxl import load_workbook
from openpyxl.formula.translate import Translator
from openpyxl.packaging.manifest import Manifest
from openpyxl.reader.workbook import WorkbookParser
from openpyxl.xml.constants import ARC_CONTENT_TYPES, SHARED_STRINGS, SHEET_MAIN_NS, XLSM, XLSX, XLTM, XLTX
from openpyxl.xml.functions import fromstring

from byhand.arithmetic.formulas import Address
from byhand.errors import ByhandError, nearest
from byhand.workbook.archive import SAVE_AGAIN, damaged, feed, opened

ROWS, COLUMNS = 1_048_576, 16_384
LONGEST_TEXT = 32_767
MOST_CELLS = 3_000_000
MOST_TRANSLATED = 20_000_000
"""The characters of all formulas that a file gives only as `like the one above`, and that must be worked out."""
LARGEST_INDEX = 10_000_000
"""The bytes of a part that openpyxl takes in whole: the lists of parts, sheets and names."""

Cell = tuple[str, int, int]
"""(sheet, row, column), rows and columns from 0."""
Value = float | str | bool | None


class CellError(str):
    """What a cell shows where its formula has failed: #DIV/0!, #NAME?, Err:508."""

    __slots__ = ()


@dataclass(frozen=True)
class Book:
    """What an .xlsx file says.

    sheets: their names in order, hidden ones too. formulas: each formula cell's text, with its =.
    values: what the file stores for each cell that is not empty; for a formula, the result when it was last saved
    (no entry: none is stored). Numbers are float; a failed formula's is a CellError.
    names: each defined name and what it stands for ('Layer 1'!$A$1:$B$2); one that a sheet keeps to itself
    is called sheet!name.
    """

    path: Path
    sheets: tuple[str, ...]
    formulas: dict[Cell, str]
    values: dict[Cell, Value]
    names: dict[str, str]


def read(path: Path | str) -> Book:
    """Everything that an .xlsx file says, in one pass over its parts.

    Raises ByhandError for what is missing, locked, damaged, too large or no workbook (see archive.opened).
    """
    path = Path(path)
    with opened(path) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _book(path, archive)
        except ByhandError:
            raise
        except Exception as reason:  # openpyxl and expat raise whatever a damaged part makes them trip over
            raise damaged(path, reason) from None


def save_changed(path: Path, changes: Mapping[Cell, Value], target: Path) -> None:
    """Writes a copy with other contents in some cells (None: empty; a text that begins with = is a formula).

    The copy stores no results, and loses what openpyxl does not know. Raises ByhandError as `read` does.
    """
    with opened(path), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            book = load_workbook(path)
        except Exception as reason:  # as in `read`
            raise damaged(path, reason) from None
    for (sheet, row, column), value in changes.items():
        book[sheet].cell(row + 1, column + 1).value = value
    book.save(target)


def check_sheet(book: Book, sheet: str) -> None:
    if sheet not in book.sheets:
        raise ByhandError(f"{book.path} has no sheet '{sheet}'; {nearest(sheet, book.sheets)}.")


def _book(path: Path, archive: ZipFile) -> Book:
    contents: Any = fromstring(_small(archive, ARC_CONTENT_TYPES))
    package: Any = Manifest.from_tree(contents)
    parser = _workbook(path, archive, package)
    kept = package.find(SHARED_STRINGS)
    strings = _strings(archive, kept.PartName.lstrip("/")) if kept is not None else []
    cells = _Cells(strings)
    sheets = []
    for sheet, link in parser.find_sheets():
        sheets.append(sheet.name)
        cells.read(archive, sheet.name, link.target)
    if len({name.casefold() for name in sheets}) < len(sheets):
        raise ValueError("two sheets have the same name")
    if not sheets:
        raise ByhandError(f"{path} holds no sheets: {SAVE_AGAIN}.")
    return Book(path, tuple(sheets), cells.formulas, cells.values, _names(parser, sheets))


def _small(archive: ZipFile, name: str) -> bytes:
    if name not in archive.namelist():
        raise ValueError(f"it has no {name}")
    if archive.getinfo(name).file_size > LARGEST_INDEX:
        raise ValueError(f"{name} is longer than {LARGEST_INDEX:,} bytes")
    return archive.read(name)


def _workbook(path: Path, archive: ZipFile, package: Any) -> Any:
    """openpyxl's list of the sheets and names."""
    parts = (package.find(kind) for kind in (XLSX, XLSM, XLTX, XLTM))
    part = next((PurePosixPath(part.PartName.lstrip("/")) for part in parts if part is not None), None)
    if part is None:
        raise ByhandError(f"{path} is a zip file but no Excel workbook: name an .xlsx file, or {SAVE_AGAIN}.")
    _small(archive, str(part))
    _small(archive, str(part.parent / "_rels" / f"{part.name}.rels"))
    parser = WorkbookParser(archive, str(part), keep_links=False)
    parser.parse()
    return parser


def _names(parser: Any, sheets: list[str]) -> dict[str, str]:
    """Without the ones that programs make for themselves (print areas and filters)."""
    names = {}
    for name in parser.defined_names.definedName:
        if not name.name.startswith("_xlnm."):
            local = f"{sheets[name.localSheetId]}!" if name.localSheetId is not None else ""
            names[local + name.name] = str(name.value or "")
    return names


def _strings(archive: ZipFile, name: str) -> list[str]:
    """The texts that cells refer to by number."""
    strings: list[str] = []
    texts = _Texts()

    def end(tag: str) -> None:
        texts.end(tag)
        if tag == _ITEM:
            strings.append(texts.taken())

    _parse(archive, name, texts.start, end, texts.data)
    return strings


def _parse(
    archive: ZipFile,
    name: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    data: Callable[[str], None],
    done: Callable[[], bool] = lambda: False,
) -> None:
    """Reads a part without ever holding it whole, until it ends or `done` says so."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    with archive.open(name) as stream:
        for _ in feed(parser, stream):
            if done():
                return


def _tag(name: str) -> str:
    return f"{SHEET_MAIN_NS} {name}"


_ITEM, _TEXT, _PHONETIC = _tag("si"), _tag("t"), _tag("rPh")
_DATA, _ROW, _CELL, _FORMULA, _VALUE = _tag("sheetData"), _tag("row"), _tag("c"), _tag("f"), _tag("v")


class _Texts:
    """Puts together the text of an item, whose runs may be dressed differently; readings (rPh) are no part of it."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.inside = self.reading = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == _TEXT:
            self.inside = not self.reading
        elif tag == _PHONETIC:
            self.reading = True

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

    def taken(self) -> str:
        """The text so far; the next one begins empty."""
        text = "".join(self.parts)
        self.parts, self.length = [], 0
        return text


class _Cells:
    """Collects the cells of one sheet after the other."""

    formula: str | None
    stored: str | None
    shared: str | None

    def __init__(self, strings: list[str]) -> None:
        self.formulas: dict[Cell, str] = {}
        self.values: dict[Cell, Value] = {}
        self.strings = [_plain(text) for text in strings]
        self.translated = self.kept = 0

    def read(self, archive: ZipFile, sheet: str, part: str) -> None:
        """Adds a sheet's cells. What follows them (formats, drop-downs) is not looked at."""
        self.sheet, self.row, self.column = sheet, -1, -1
        self.texts, self.masters = _Texts(), dict[str, Translator]()
        self.inside = self.finished = False
        try:
            _parse(archive, part, self.start, self.end, self.texts.data, lambda: self.finished)
        except ValueError as reason:
            where = Address(max(self.row, 0), max(self.column, 0), sheet)
            raise ValueError(f"{reason}, at or after {where}") from None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == _CELL:
            place = attributes.get("r")
            self.row, self.column = _position(place) if place else (self.row, self.column + 1)
            self.kind = attributes.get("t", "n")
            self.formula = self.stored = None
            self.inside = True
        elif tag == _ROW:
            self.row, self.column = int(attributes.get("r", self.row + 2)) - 1, -1
        elif self.inside and tag in (_VALUE, _FORMULA):
            self.texts.inside = True
            if tag == _FORMULA:
                self.shared = attributes.get("si", "") if attributes.get("t") == "shared" else None
        elif self.inside:
            self.texts.start(tag, attributes)

    def end(self, tag: str) -> None:
        if tag == _VALUE:
            self.texts.inside = False
            self.stored = self.texts.taken()
        elif tag == _FORMULA:
            self.texts.inside = False
            self.formula = self._whole(self.texts.taken())
        elif tag == _CELL:
            self.inside = False
            self._keep()
        elif tag == _DATA:
            self.finished = True
        else:
            self.texts.end(tag)

    def _whole(self, text: str) -> str | None:
        """The formula, worked out from its master's where the file gives only that; None for an array's other cells."""
        if self.shared is None or text:
            if self.shared is not None:
                self.masters[self.shared] = Translator(f"={text}", Address(self.row, self.column))
            return f"={text}" if text else None
        if self.shared not in self.masters:
            raise ValueError("a formula refers to one that is not there")
        formula = str(self.masters[self.shared].translate_formula(Address(self.row, self.column)))
        self.translated += len(formula)
        if self.translated > MOST_TRANSLATED:
            raise ValueError(f"more than {MOST_TRANSLATED:,} characters of shared formulas")
        return formula

    def _keep(self) -> None:
        cell = (self.sheet, self.row, self.column)
        if self.row >= ROWS or self.column >= COLUMNS:
            raise ValueError("a cell beyond the end of the sheet")
        if self.formula is not None:
            self.formulas[cell] = self.formula
        if self.kind == "inlineStr":
            self.stored = self.texts.taken()
        if self.stored is not None:
            value = self._value(self.stored)
            if value is not None:
                self.values[cell] = value
        self.kept += 1
        if self.kept > MOST_CELLS:
            raise ValueError(f"more than {MOST_CELLS:,} cells")

    def _value(self, text: str) -> Value:
        if self.kind == "n":
            return float(text) if text else None
        if self.kind == "s":
            return self.strings[_index(text, len(self.strings))]
        if self.kind == "b":
            return _boolean(text)
        return CellError(text) if self.kind == "e" else _plain(text)


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
    """Without the escapes by which a file writes what XML cannot: _x000D_."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda code: chr(int(code[1], 16)), text) if "_x" in text else text


_PLACE = re.compile("([A-Z]{1,3})([1-9][0-9]{0,6})")


def _position(place: str) -> tuple[int, int]:
    """B3 to (2, 1)."""
    match = _PLACE.fullmatch(place)
    if not match:
        raise ValueError(f"a cell with the address {place!r}")
    return int(match[2]) - 1, _column(match[1])


@lru_cache(COLUMNS)
def _column(letters: str) -> int:
    """A to 0, Z to 25, AA to 26."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number - 1
