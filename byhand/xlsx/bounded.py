"""Reads a stranger's .xlsx file within small bounds: its cells, its names, and what its formats make of numbers."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zipfile import ZipFile

from byhand.errors import ByhandError
from byhand.xlsx.archive import SAVE_AGAIN, damaged, opened
from byhand.xlsx.cells import Cell, Cells, Value, parse, strings_of
from byhand.xlsx.reader import MASTERS

LARGEST_INDEX = 4_000_000
"""The bytes of a part that lists sheets, names or other parts."""
MOST_SHEETS = 500
STRICT = "http://purl.oclc.org/ooxml/"
ROOT, RELATIONS = "_rels/.rels", "_rels"


@dataclass(frozen=True)
class SheetPart:
    """A sheet, and the part that holds its cells."""

    name: str
    part: str
    hidden: bool


@dataclass
class Index:
    """names: without those that programs make for themselves; one that a sheet keeps to itself is called sheet!name.

    strings, styles: the parts, if any. epoch: the year in which the numbers of days begin, 1900 or 1904.
    strict: the file is of the strict kind of Office Open XML, whose sheets have other tags.
    """

    sheets: list[SheetPart] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    strings: str = ""
    styles: str = ""
    epoch: int = 1900
    strict: bool = False


def index_of(archive: ZipFile) -> Index:
    """Raises ValueError, KeyError or ExpatError for what is none."""
    book = next((part for kind, part in _relations(archive, "").values() if kind == "officeDocument"), "")
    if not book:
        raise ValueError("it names no workbook")
    links = _relations(archive, book)
    parts = dict(links.values())
    reader = _Workbook({key: part for key, (_, part) in links.items()})
    _read(archive, book, reader.start, reader.end, reader.data)
    index = reader.index
    index.strings, index.styles = parts.get("sharedStrings", ""), parts.get("styles", "")
    index.names = {reader.full(local, name): text for local, name, text in reader.names}
    if len({sheet.name.casefold() for sheet in index.sheets}) < len(index.sheets):
        raise ValueError("two sheets have the same name")
    return index


def _read(
    archive: ZipFile,
    part: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] = lambda tag: None,
    data: Callable[[str], None] = lambda text: None,
) -> None:
    if archive.getinfo(part).file_size > LARGEST_INDEX:
        raise ValueError(f"{part} is longer than {LARGEST_INDEX:,} bytes")
    parse(archive, part, start, end, data)


def _relations(archive: ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """What a part refers to: by its key the kind and the other part. Addresses outside the file are left out."""
    folder, name = posixpath.split(part)
    found: dict[str, tuple[str, str]] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if _local(tag) == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
            found[attributes.get("Id", "")] = posixpath.basename(attributes.get("Type", "")), target

    _read(archive, posixpath.join(folder, RELATIONS, f"{name}.rels") if part else ROOT, start)
    return found


def _local(tag: str) -> str:
    return tag.rpartition(" ")[2]


class _Workbook:
    """Reads the part that lists the sheets and the names."""

    def __init__(self, parts: dict[str, str]) -> None:
        self.index, self.parts = Index(), parts
        self.names: list[tuple[str, str, str]] = []
        self.text: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        space, _, local = tag.rpartition(" ")
        if local == "workbook":
            self.index.strict = space.startswith(STRICT)
        elif local == "workbookPr":
            self.index.epoch = 1904 if attributes.get("date1904") in ("1", "true") else 1900
        elif local == "sheet":
            self._sheet(attributes)
        elif local == "definedName":
            self.names.append((attributes.get("localSheetId", ""), attributes.get("name", ""), ""))
            self.text = []

    def _sheet(self, attributes: dict[str, str]) -> None:
        key = next((value for name, value in attributes.items() if name.endswith(" id")), "")
        hidden = attributes.get("state", "visible") != "visible"
        self.index.sheets.append(SheetPart(attributes["name"], self.parts[key], hidden))
        if len(self.index.sheets) > MOST_SHEETS:
            raise ValueError(f"more than {MOST_SHEETS} sheets")

    def data(self, text: str) -> None:
        if self.text is not None:
            self.text.append(text)

    def end(self, tag: str) -> None:
        if self.text is not None and _local(tag) == "definedName":
            local, name, _ = self.names[-1]
            self.names[-1] = local, name, "".join(self.text)
            self.text = None

    def full(self, local: str, name: str) -> str:
        """A name as others may call it."""
        return f"{self.index.sheets[int(local)].name}!{name}" if local else name


BUILT_IN = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
"""The formats with a number of their own that show a date or a time (ECMA-376, 18.8.30)."""
MOST_STYLES = 65_000
"""Excel's own limit is 64,000."""
_NO_LETTERS = re.compile(r'"[^"]*"|\\.|[_*].|\[(?!h+\]|m+\]|s+\])[^\]]*\]|general|standard', re.IGNORECASE)


def date_styles(archive: ZipFile, part: str) -> frozenset[str]:
    """The numbers of the cell styles that show a date or a time."""
    if not part:
        return frozenset()
    reader = _Styles()
    parse(archive, part, reader.start, reader.end, lambda text: None, lambda: reader.finished)
    return frozenset(str(n) for n, code in enumerate(reader.codes) if reader.is_date(code))


class _Styles:
    """Reads as far as the last cell style, and no further."""

    def __init__(self) -> None:
        self.own: dict[str, str] = {}
        self.codes: list[str] = []
        self.inside = self.finished = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition(" ")[2]
        if local == "numFmt":
            self.own[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif local == "cellXfs":
            self.inside = True
        elif local == "xf" and self.inside:
            self.codes.append(attributes.get("numFmtId", "0"))
        if len(self.codes) + len(self.own) > MOST_STYLES:
            raise ValueError(f"more than {MOST_STYLES:,} styles")

    def end(self, tag: str) -> None:
        if tag.endswith(" cellXfs"):
            self.finished, self.inside = True, False

    def is_date(self, code: str) -> bool:
        return shows_date(self.own[code]) if code in self.own else code.isdigit() and int(code) in BUILT_IN


@lru_cache(1000)
def shows_date(code: str) -> bool:
    """Whether a number format, such as d-mmm or [h]:mm, shows a date or a time."""
    return re.search("[dmyhs]", _NO_LETTERS.sub("", code[:500]), re.IGNORECASE) is not None


def day(number: float, epoch: int) -> str:
    """What a number of days is as a date: 2026-01-02; nothing where it is none."""
    try:
        start = datetime(1904, 1, 1) if epoch == 1904 else datetime(1899, 12, 30)
        return (start + timedelta(days=number)).strftime("%Y-%m-%d") if number >= 1 else ""
    except (OverflowError, ValueError):
        return ""


MOST_UNPACKED = 20_000_000
"""The bytes of all parts that are read; an exercise has a thousandth of it."""
MOST_CELLS = 30_000
OTHER_KINDS = {
    "mimetype": "an OpenDocument file (.ods)",
    "Index/Document.iwa": "a Numbers file",
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a presentation",
    "xl/workbook.bin": "a binary Excel workbook (.xlsb)",
}
"""What other zip files hold, and what they are."""


@dataclass(frozen=True)
class Contents:
    """formulas, values: as in read.Book. arrays: the cells of formulas that fill a range.

    dates: the cells whose number is shown as a date or a time. epoch: the year in which the numbers of days begin.
    """

    sheets: tuple[str, ...]
    hidden: frozenset[str]
    names: dict[str, str]
    formulas: dict[Cell, str]
    arrays: set[Cell]
    values: dict[Cell, Value]
    dates: frozenset[Cell]
    epoch: int
    macros: bool


def read_bounded(path: Path) -> Contents:
    """Raises ByhandError for what `read` refuses, and for what is larger than a person makes it by hand."""
    with opened(path) as archive:
        _refuse_other_kinds(path, archive)
        try:
            return _contents(path, archive)
        except ByhandError:
            raise
        except Exception as reason:  # expat, zlib and openpyxl raise whatever a damaged part makes them trip over
            raise damaged(path, reason) from None


def _refuse_other_kinds(path: Path, archive: ZipFile) -> None:
    names = set(archive.namelist())
    for part, kind in OTHER_KINDS.items():
        if part in names:
            raise ByhandError(f"{path} is {kind}: {SAVE_AGAIN}.")
    if "[Content_Types].xml" not in names:
        raise ByhandError(f"{path} is a zip file but no Excel workbook: unpack it, and name the .xlsx file in it.")


def _contents(path: Path, archive: ZipFile) -> Contents:
    index = index_of(archive)
    if index.strict:
        raise ByhandError(f"{path} is saved as Strict Open XML: save it again as an ordinary Excel workbook (.xlsx).")
    if not index.sheets:
        raise ByhandError(f"{path} holds no sheets: {SAVE_AGAIN}.")
    _check_sizes(path, archive, index)
    cells = Cells(strings_of(archive, index.strings) if index.strings else [], MASTERS, MOST_CELLS)
    for sheet in index.sheets:
        cells.read(archive, sheet.name, sheet.part)
    styles = date_styles(archive, index.styles)
    return Contents(
        tuple(sheet.name for sheet in index.sheets),
        frozenset(sheet.name for sheet in index.sheets if sheet.hidden),
        {name: text for name, text in index.names.items() if "_xlnm." not in name},
        cells.formulas,
        cells.arrays,
        cells.values,
        frozenset(cell for cell, style in cells.styles.items() if style in styles) if styles else frozenset(),
        index.epoch,
        any(name.endswith("vbaProject.bin") for name in archive.namelist()),
    )


def _check_sizes(path: Path, archive: ZipFile, index: Index) -> None:
    parts = {sheet.part for sheet in index.sheets} | {part for part in (index.strings, index.styles) if part}
    if len(parts) < len(index.sheets):
        raise ValueError("two sheets have the same cells")
    unpacked = sum(archive.getinfo(part).file_size for part in parts)
    if unpacked > MOST_UNPACKED:
        raise ByhandError(
            f"{path} holds {unpacked:,} bytes of cells and formats, more than {MOST_UNPACKED:,}: "
            "copy the answers into the workbook that was handed out."
        )
