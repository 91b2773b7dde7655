"""Read the cells of OpenDocument (.ods) and Gnumeric files from any source within bounds, in one pass over the XML."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from xml.parsers import expat

from byhand.core.arithmetic.excel import Address, quoted
from byhand.errors import ByhandError
from byhand.xlsx.archive import MOST_BYTES, damaged, feed, open_archive
from byhand.xlsx.cells import COLUMNS, ROWS, Cell, CellDate, CellError, Value
from byhand.xlsx.formulas import SharedFormula
from byhand.xlsx.reader import Bounds, Contents, shows_date

LONGEST_TEXT = 32_767
SAVED_LOCKED = "is locked with a password: open it in a spreadsheet program and save it without one"


class _Book:
    """Collects the sheets, cells and names of a file. Raises ValueError for more than the bounds allow."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.sheets: list[str] = []
        self.hidden: set[str] = set()
        self.formulas: dict[Cell, str] = {}
        self.arrays: set[Cell] = set()
        self.values: dict[Cell, Value] = {}
        self.dates: set[Cell] = set()
        self.names: dict[str, str] = {}

    def add_sheet(self, name: str) -> None:
        if not name or name.casefold() in (sheet.casefold() for sheet in self.sheets):
            raise ValueError("two sheets have the same name")
        self.sheets.append(name)
        if len(self.sheets) > self.bounds.sheets:
            raise ValueError(f"more than {self.bounds.sheets} sheets")

    def add(self, row: int, column: int, value: Value, formula: str | None = None) -> None:
        if not (0 <= row < ROWS and 0 <= column < COLUMNS):
            raise ValueError("a cell beyond the end of the sheet")
        cell = (self.sheets[-1], row, column)
        if formula is not None:
            self.formulas[cell] = formula
        if value is not None and value != "":
            self.values[cell] = value[:LONGEST_TEXT] if type(value) is str else value
        if self.bounds.cells is not None and len(self.values) + len(self.formulas) > 2 * self.bounds.cells:
            raise ValueError(f"more than {self.bounds.cells:,} cells")

    def contents(self, path: Path, parts: tuple[str, ...] = ()) -> Contents:
        if not self.sheets:
            raise ValueError("it holds no sheets")
        return Contents(
            path,
            tuple(self.sheets),
            self.formulas,
            self.values,
            self.names,
            frozenset(self.hidden),
            frozenset(self.arrays),
            frozenset(self.dates),
            parts=parts,
        )


def _local(tag: str) -> str:
    return tag.rpartition(" ")[2]


def _plain(attributes: Mapping[str, str]) -> dict[str, str]:
    """Return attributes by their names without the namespace."""
    return {_local(name): value for name, value in attributes.items()}


def _number(text: str) -> float:
    return float(text) if text else 0.0


# OpenDocument


def read_ods(path: Path, bounds: Bounds) -> Contents:
    """Read an OpenDocument spreadsheet. Raises ByhandError as for an .xlsx file."""
    with open_archive(path) as archive:
        try:
            size = archive.getinfo("content.xml").file_size
            if size > bounds.unpacked:
                raise ByhandError(
                    f"{path} holds {size:,} bytes of cells, more than {bounds.unpacked:,}: {bounds.advice}."
                )
            if "META-INF/manifest.xml" in archive.namelist() and b"encryption-data" in archive.read(
                "META-INF/manifest.xml"
            ):
                raise ByhandError(f"{path} {SAVED_LOCKED}.")
            reader = _OdsReader(_Book(bounds))
            with archive.open("content.xml") as stream:
                for _ in feed(reader.parser(), stream):
                    pass
            return reader.book.contents(path, tuple(archive.namelist()))
        except ByhandError:
            raise
        except Exception as reason:  # expat and zlib raise errors of many kinds for a damaged part
            raise damaged(path, reason) from None


MOST_REPEATED = 1_000
"""The most times that a cell or row with contents is repeated; empty ones may be repeated to the sheet's end."""


class _OdsReader:
    """Reads content.xml. Rows and cells may stand for many of the same."""

    def __init__(self, book: _Book) -> None:
        self.book = book
        self.row = self.column = 0
        self.row_repeats = self.repeats = 1
        self.cells: list[tuple[int, Value, str | None]] = []
        self.cell: dict[str, str] | None = None
        self.paragraphs: list[list[str]] = []
        self.inside_text = self.skipped = 0
        self.hidden_styles: set[str] = set()
        self.style = ""

    def parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self.start, self.end
        parser.CharacterDataHandler = self.data
        return parser

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local, named = _local(tag), _plain(attributes)
        if local in ("annotation", "shapes", "tracked-changes", "dde-links"):
            self.skipped += 1
        elif self.skipped:
            return
        elif local == "style":
            self.style = named.get("name", "")
        elif local == "table-properties" and named.get("display") == "false":
            self.hidden_styles.add(self.style)
        elif local == "table":
            self.book.add_sheet(named.get("name", ""))
            self.row = 0
            if named.get("style-name") in self.hidden_styles:
                self.book.hidden.add(self.book.sheets[-1])
        elif local == "table-row":
            self.column, self.cells = 0, []
            self.row_repeats = int(named.get("number-rows-repeated", 1))
        elif local in ("table-cell", "covered-table-cell"):
            self.repeats = int(named.get("number-columns-repeated", 1))
            self.cell, self.paragraphs = named, []
        elif local == "p" and self.cell is not None:
            self.paragraphs.append([])
            self.inside_text += 1
        elif self.inside_text and local in ("s", "tab", "line-break"):
            self.data({"tab": "\t", "line-break": "\n"}.get(local, " " * min(int(named.get("c", 1)), 100)))
        elif local == "named-range" and "name" in named:
            self._name(named)

    def data(self, text: str) -> None:
        if self.inside_text and self.paragraphs:
            self.paragraphs[-1].append(text)

    def end(self, tag: str) -> None:
        local = _local(tag)
        if local in ("annotation", "shapes", "tracked-changes", "dde-links"):
            self.skipped -= 1
        elif self.skipped:
            return
        elif local == "p":
            self.inside_text = max(0, self.inside_text - 1)
        elif local in ("table-cell", "covered-table-cell") and self.cell is not None:
            value, formula = self._value(self.cell), _excel_formula(self.cell.get("formula", ""))
            if value is not None or formula is not None:
                if self.repeats > MOST_REPEATED:
                    raise ValueError("a cell that is repeated too often")
                self.cells += [(self.column + n, value, formula) for n in range(self.repeats)]
                if "number-matrix-columns-spanned" in self.cell:
                    self.book.arrays.add((self.book.sheets[-1], self.row, self.column))
            self.column += self.repeats
            self.cell = None
        elif local == "table-row":
            if self.cells and self.row_repeats > MOST_REPEATED:
                raise ValueError("a row that is repeated too often")
            for n in range(self.row_repeats if self.cells else 0):
                for column, value, formula in self.cells:
                    self.book.add(self.row + n, column, value, formula)
            self.row += self.row_repeats

    def _value(self, cell: dict[str, str]) -> Value:
        kind = cell.get("value-type", "")
        text = "\n".join("".join(part) for part in self.paragraphs)
        if "error" in (kind, cell.get("calcext:value-type", "")) or re.fullmatch(r"#[A-Z/0!?]+|Err:\d+", text):
            return CellError(text) if text else None
        if kind in ("float", "percentage", "currency"):
            return _number(cell.get("value", ""))
        if kind == "boolean":
            return cell.get("boolean-value") == "true"
        if kind == "date":
            return CellDate(cell.get("date-value", text)[:10])
        if kind == "time":
            return CellDate(text or "a time")
        return text or cell.get("string-value") or None

    def _name(self, named: dict[str, str]) -> None:
        text = _reference(named.get("cell-range-address", ""), named.get("name", ""))
        if text and not named["name"].startswith(("_xlnm", "Print_")):
            self.book.names[named["name"]] = text


_PLACE = re.compile(r"(?:\$?(?P<sheet>'(?:[^']|'')+'|[^.'!:\[\]]*)\.)?(?P<cell>\$?[A-Z]{1,3}\$?[1-9][0-9]*)")


def _reference(text: str, sheet: str = "") -> str:
    """Return an OpenDocument reference, $'Layer 1'.$A$1:.$B$2, as Excel writes it; an empty text for another."""
    parts = [_PLACE.fullmatch(part) for part in re.split(r":(?=(?:[^']*'[^']*')*[^']*$)", text)]
    if not parts or len(parts) > 2 or not all(parts):
        return ""
    first = parts[0]
    assert first is not None
    name = (first["sheet"] or "").strip("'").replace("''", "'")
    cells = ":".join(part["cell"] for part in parts if part)
    return f"{quoted(name)}!{cells}" if name else cells


def _excel_formula(text: str) -> str | None:
    """Return an OpenDocument formula, of:=SUM([.A1:.B2];3), as Excel writes it; None for no formula."""
    if not text:
        return None
    body = text.partition("=")[2]
    pieces = re.split(r'("(?:[^"]|"")*")', body)
    return "=" + "".join(piece if piece.startswith('"') else _excel_piece(piece) for piece in pieces)


def _excel_piece(text: str) -> str:
    parts = re.split(r"(\[[^\]]*\])", text)
    return "".join(
        (_reference(part[1:-1]) or "#REF!") if part.startswith("[") else part.replace(";", ",").replace("|", ";")
        for part in parts
    )


# Gnumeric


def read_gnumeric(path: Path, bounds: Bounds) -> Contents:
    """Read a file of Gnumeric's own. Raises ByhandError as for an .xlsx file."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ByhandError(f"{path} has more than {MOST_BYTES:,} bytes: {bounds.advice}.")
        with gzip.open(path) as packed:
            data = packed.read(bounds.unpacked + 1)
        if len(data) > bounds.unpacked:
            raise ByhandError(f"{path} holds more than {bounds.unpacked:,} bytes of cells: {bounds.advice}.")
        reader = _GnumericReader(_Book(bounds))
        for _ in feed(reader.parser(), BytesIO(data)):
            pass
        return reader.book.contents(path)
    except ByhandError:
        raise
    except (OSError, EOFError, zlib.error, ValueError, LookupError, expat.ExpatError) as reason:
        raise damaged(path, reason) from None


class _GnumericReader:
    """Reads a Gnumeric workbook. A formula has no stored result there, so it is computed as a student's always is."""

    def __init__(self, book: _Book) -> None:
        self.book = book
        self.path: list[str] = []
        self.text: list[str] = []
        self.cell: dict[str, str] = {}
        self.shared: dict[str, SharedFormula] = {}
        self.name = ""
        self.is_hidden = False

    def parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self.start, self.end
        parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = self.text.append, self._refuse
        return parser

    def _refuse(self, *_: object) -> None:
        raise ValueError("it declares a document type, which Gnumeric does not")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.path.append(_local(tag))
        if len(self.path) == 1 and not (self.path == ["Workbook"] and "gnumeric" in tag):
            raise ValueError("it is no workbook of Gnumeric")
        if len(self.path) > 50:
            raise ValueError("elements within elements without end")
        self.text.clear()
        if self.path[-1] == "Sheet":
            self.shared = {}
            self.is_hidden = "VISIBLE" not in attributes.get("Visibility", "VISIBLE").rpartition("_")[2]
        elif self.path[-1] == "Cell":
            self.cell = _plain(attributes)

    def end(self, tag: str) -> None:
        text, place = "".join(self.text), self.path[-3:]
        if place[-2:] == ["Sheet", "Name"]:
            self.book.add_sheet(text)
            if self.is_hidden:
                self.book.hidden.add(text)
        elif place == ["Sheet", "Cells", "Cell"]:
            self._cell(text)
        elif place == ["Names", "Name", "name"]:
            self.name = text
        elif place == ["Names", "Name", "value"] and "Sheet" not in self.path and "!" in text:
            self.book.names[self.name] = text
        self.path.pop()
        self.text.clear()

    def _cell(self, text: str) -> None:
        row, column = int(self.cell["Row"]), int(self.cell["Col"])
        kind, shared = self.cell.get("ValueType"), self.cell.get("ExprID")
        if kind is None:
            place = str(Address(row, column))
            if text.startswith("=") and shared:
                self.shared[shared] = SharedFormula(text, place)
            if shared and not text:
                text = self.shared[shared].at(place)
            self.book.add(row, column, None, text)
            if "Rows" in self.cell:
                self.book.arrays.add((self.book.sheets[-1], row, column))
        elif kind in ("30", "40"):
            self.book.add(row, column, _number(text))
            if shows_date(self.cell.get("ValueFormat", "")):
                self.book.dates.add((self.book.sheets[-1], row, column))
        elif kind == "20":
            self.book.add(row, column, text == "TRUE")
        elif kind == "50":
            self.book.add(row, column, CellError(text))
        else:
            self.book.add(row, column, text)
