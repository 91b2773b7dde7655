"""Read .xlsx files from any source within bounds: sheets, cells, names, dates and links."""

from __future__ import annotations

import io
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import IO
from zipfile import ZipFile

from byhand.errors import ByhandError
from byhand.xlsx.archive import SAVE_AGAIN, damaged, open_archive
from byhand.xlsx.cells import Cell, Cells, Value, parse, parse_stream, strings_of
from byhand.xlsx.visibility import COLOUR_ATTRIBUTES, Looks, unseen_cells

LARGEST_INDEX = 10_000_000
"""The most bytes of a part that lists sheets, names or other parts."""


@dataclass(frozen=True)
class Bounds:
    """Limits of a file. unpacked: the bytes of its cells, texts and styles. advice: what to do if there are more."""

    sheets: int
    cells: int | None
    unpacked: int
    advice: str


ANY_BOOK = Bounds(65_000, None, 500_000_000, "split it")
"""The bounds for any workbook."""
HANDED_IN = Bounds(500, 30_000, 20_000_000, "copy the answers into the workbook that was handed out")
"""The bounds for a workbook that a student hands in; an exercise has a thousandth of this."""


@dataclass(frozen=True)
class Contents:
    """The contents of an .xlsx file.

    sheets: the names in order, with hidden sheets. formulas: each formula cell's text, with its =. values: the stored
    value of each cell that is not empty; for a formula, the result when it was last saved (no entry: none is stored).
    Numbers are float, errors CellError. names: each defined name and its reference ('Layer 1'!$A$1:$B$2); a name that
    is local to a sheet is sheet!name. hidden: the hidden sheets. arrays: the cells of array formulas. dates: the cells
    whose number is shown as a date or a time. epoch: the year from which days are counted. parts: the names of all
    parts in the file. links: whether a sheet links to other files or addresses. unseen: the filled cells that are not
    seen, and why.
    """

    path: Path
    sheets: tuple[str, ...]
    formulas: dict[Cell, str]
    values: dict[Cell, Value]
    names: dict[str, str]
    hidden: frozenset[str] = frozenset()
    arrays: frozenset[Cell] = frozenset()
    dates: frozenset[Cell] = frozenset()
    epoch: int = 1900
    parts: tuple[str, ...] = ()
    links: bool = False
    unseen: Mapping[Cell, str] = field(default_factory=dict)

    @property
    def macros(self) -> bool:
        return any(part.endswith("vbaProject.bin") for part in self.parts)


def read(path: Path | str, bounds: Bounds = ANY_BOOK) -> Contents:
    """Read the contents of an .xlsx file, in one pass over its parts.

    Raises ByhandError for a file that is missing, locked, damaged, too large or no workbook (see archive.open_archive).
    """
    path = Path(path)
    with open_archive(path) as archive:
        _refuse_other_kinds(path, archive)
        try:
            return _contents(path, archive, bounds)
        except ByhandError:
            raise
        except Exception as reason:  # expat, zlib and openpyxl raise errors of many kinds for a damaged part
            raise damaged(path, reason) from None


OTHER_KINDS = {
    "mimetype": "an OpenDocument file (.ods)",
    "Index/Document.iwa": "a Numbers file",
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a presentation",
    "xl/workbook.bin": "a binary Excel workbook (.xlsb)",
}
"""A part that shows another kind of file -> that kind."""


def _refuse_other_kinds(path: Path, archive: ZipFile) -> None:
    names = set(archive.namelist())
    for part, kind in OTHER_KINDS.items():
        if part in names:
            raise ByhandError(f"{path} is {kind}: {SAVE_AGAIN}.")
    if not {"[Content_Types].xml", "_rels/.rels"} <= names:
        raise ByhandError(f"{path} is a zip file but no Excel workbook: unpack it, and name the .xlsx file in it.")


def _contents(path: Path, archive: ZipFile, bounds: Bounds) -> Contents:
    index = _index(archive, bounds)
    if index.strict:
        raise ByhandError(f"{path} is saved as Strict Open XML: save it again as an ordinary Excel workbook (.xlsx).")
    if not index.sheets:
        raise ByhandError(f"{path} holds no sheets: {SAVE_AGAIN}.")
    _check_sizes(path, archive, index, bounds)
    strings = strings_of(archive, index.strings) if index.strings else []
    cells = Cells(strings, bounds.cells)
    for sheet in index.sheets:
        cells.read(archive, sheet.name, sheet.part)
    looks = _looks(archive, index.styles)
    dates = frozenset(str(n) for n, (code, _, _) in enumerate(looks.styles) if _is_date(looks, code))
    parts = tuple(archive.namelist())
    hidden_sheets = frozenset(sheet.name for sheet in index.sheets if sheet.hidden)
    return Contents(
        path,
        tuple(sheet.name for sheet in index.sheets),
        cells.formulas,
        cells.values,
        {name: text for name, text in index.names.items() if "_xlnm." not in name},
        hidden_sheets,
        frozenset(cells.arrays),
        frozenset(c for c, style in cells.styles.items() if style in dates and isinstance(cells.values.get(c), float)),
        index.epoch,
        parts,
        any(_links_outside(archive, part) for part in parts if part.startswith("xl/worksheets/_rels/")),
        unseen_cells(cells.styles, cells.values, hidden_sheets, cells.hidden, looks),
    )


def _check_sizes(path: Path, archive: ZipFile, index: _Index, bounds: Bounds) -> None:
    parts = {sheet.part for sheet in index.sheets} | {part for part in (index.strings, index.styles) if part}
    if len({sheet.part for sheet in index.sheets}) < len(index.sheets):
        raise ValueError("two sheets have the same cells")
    unpacked = sum(archive.getinfo(part).file_size for part in parts)
    if unpacked > bounds.unpacked:
        raise ByhandError(
            f"{path} holds {unpacked:,} bytes of cells and formats, more than {bounds.unpacked:,}: {bounds.advice}."
        )


@dataclass(frozen=True)
class _SheetPart:
    """A sheet, and the part that holds its cells."""

    name: str
    part: str
    hidden: bool


@dataclass
class _Index:
    """The list of sheets and names in a workbook. strings, styles: the parts, if any.

    strict: whether the file is Strict Open XML, whose sheets have other tags.
    """

    sheets: list[_SheetPart] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    strings: str = ""
    styles: str = ""
    epoch: int = 1900
    strict: bool = False


def _index(archive: ZipFile, bounds: Bounds) -> _Index:
    """Read the list of sheets and names. Raises ValueError, KeyError or ExpatError if it is damaged."""
    book = next((part for kind, part in _relations(archive, "").values() if kind == "officeDocument"), "")
    if not book:
        raise ValueError("it names no workbook")
    links = _relations(archive, book)
    parts = dict(links.values())
    reader = _WorkbookPart({key: part for key, (_, part) in links.items()}, bounds.sheets)
    _read_index(archive, book, reader.start, reader.end, reader.data)
    index = reader.index
    index.strings, styles = parts.get("sharedStrings", ""), parts.get("styles", "")
    index.styles = styles if styles in archive.namelist() else ""  # some files name styles that they do not have
    index.names = {reader.full(local, name): text for local, name, text in reader.names}
    if len({sheet.name.casefold() for sheet in index.sheets}) < len(index.sheets):
        raise ValueError("two sheets have the same name")
    return index


def _read_index(
    archive: ZipFile,
    part: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] = lambda tag: None,
    data: Callable[[str], None] = lambda text: None,
) -> None:
    if archive.getinfo(part).file_size > LARGEST_INDEX:
        raise ValueError(f"{part} is longer than {LARGEST_INDEX:,} bytes")
    parse(archive, part, start, end, data)


def _relations_part(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _relations(archive: ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Return the relations of a part (or of the file, if the name is empty): key -> (kind, other part).

    Addresses outside the file are left out.
    """
    folder = posixpath.dirname(part)
    relations: dict[str, tuple[str, str]] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if _local(tag) == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
            relations[attributes.get("Id", "")] = posixpath.basename(attributes.get("Type", "")), target

    _read_index(archive, _relations_part(part), start)
    return relations


def _links_outside(archive: ZipFile, relations: str) -> bool:
    """Return whether a part that lists relations names an address outside the file."""
    return archive.getinfo(relations).file_size > LARGEST_INDEX or b"External" in archive.read(relations)


def _local(tag: str) -> str:
    return tag.rpartition(" ")[2]


class _WorkbookPart:
    """Reads the part that lists the sheets and the names."""

    STRICT = "http://purl.oclc.org/ooxml/"

    def __init__(self, parts: dict[str, str], most_sheets: int) -> None:
        self.index, self.parts, self.most_sheets = _Index(), parts, most_sheets
        self.names: list[tuple[str, str, str]] = []
        self.text: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        space, _, local = tag.rpartition(" ")
        if local == "workbook":
            self.index.strict = space.startswith(self.STRICT)
        elif local == "workbookPr":
            self.index.epoch = 1904 if attributes.get("date1904") in ("1", "true") else 1900
        elif local == "sheet":
            self._sheet(attributes)
        elif local == "definedName":
            self.names.append((attributes.get("localSheetId", ""), attributes.get("name", ""), ""))
            self.text = []

    def _sheet(self, attributes: dict[str, str]) -> None:
        key = next((value for name, value in attributes.items() if name.endswith(" id")), None)
        if key is None:
            return  # only a name, as old programs leave behind
        hidden = attributes.get("state", "visible") != "visible"
        self.index.sheets.append(_SheetPart(attributes["name"], self.parts[key], hidden))
        if len(self.index.sheets) > self.most_sheets:
            raise ValueError(f"more than {self.most_sheets} sheets")

    def data(self, text: str) -> None:
        if self.text is not None:
            self.text.append(text)

    def end(self, tag: str) -> None:
        if self.text is not None and _local(tag) == "definedName":
            local, name, _ = self.names[-1]
            self.names[-1] = local, name, "".join(self.text)
            self.text = None

    def full(self, local: str, name: str) -> str:
        """Return a name as other sheets write it, with its sheet if it is local."""
        return f"{self.index.sheets[int(local)].name}!{name}" if local else name


BUILT_IN_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
"""The built-in number formats that show a date or a time (ECMA-376, 18.8.30)."""
MOST_STYLES = 65_000
"""Excel's own limit is 64,000."""
_NO_LETTERS = re.compile(r'"[^"]*"|\\.|[_*].|\[(?!h+\]|m+\]|s+\])[^\]]*\]|general|standard', re.IGNORECASE)


def _looks(archive: ZipFile, part: str) -> Looks:
    """Return the cell styles of a workbook."""
    if not part:
        return Looks()
    if archive.getinfo(part).file_size <= USUAL_STYLES:
        return _looks_in(archive.read(part))
    with archive.open(part) as stream:
        return _looks_of(stream)


USUAL_STYLES = 100_000
"""Up to so many bytes, the styles of a file are kept for others: a class has most of its books from one program."""


@lru_cache(16)
def _looks_in(text: bytes) -> Looks:
    return _looks_of(io.BytesIO(text))


def _looks_of(stream: IO[bytes]) -> Looks:
    reader = _StylesPart()
    parse_stream(stream, reader.start, reader.end, lambda text: None, lambda: reader.finished)
    return reader.looks


def _is_date(looks: Looks, code: str) -> bool:
    """Return whether a cell style's number format shows a date or a time."""
    if code in looks.formats:
        return shows_date(looks.formats[code])
    return code.isdigit() and int(code) in BUILT_IN_DATES


STYLE_NUMBERS = (("numFmtId", "0"), ("fontId", ""), ("fillId", ""))
"""The attributes of a cell style, and what stands for a missing one."""


class _StylesPart:
    """Reads the number formats, letters, backgrounds and cell styles, and stops after them."""

    def __init__(self) -> None:
        self.looks = Looks()
        self.inside = self.finished = False
        self.current: dict[str, str] | None = None
        self.count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local, looks = _local(tag), self.looks
        if self.inside:
            if local == "xf":
                self._count()
                numbers = (attributes.get(name, missing) for name, missing in STYLE_NUMBERS)
                looks.styles.append((next(numbers), next(numbers), next(numbers)))
        elif self.current is not None:
            if local in ("color", "fgColor"):
                self.current |= {name: value for name, value in attributes.items() if name in COLOUR_ATTRIBUTES}
            elif local == "sz":
                self.current["size"] = attributes.get("val", "")
            elif local == "patternFill":
                self.current["pattern"] = attributes.get("patternType", "none")
        elif local in ("font", "fill"):
            self._count()
            self.current = {}
            (looks.fonts if local == "font" else looks.fills).append(self.current)
        elif local == "numFmt":
            self._count()
            looks.formats[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif local == "cellXfs":
            self.inside = True

    def _count(self) -> None:
        self.count += 1
        if self.count > MOST_STYLES:
            raise ValueError(f"more than {MOST_STYLES:,} styles")

    def end(self, tag: str) -> None:
        if tag.endswith((" font", " fill")):
            self.current = None
        elif tag.endswith(" cellXfs"):
            self.finished, self.inside = True, False


@lru_cache(1000)
def shows_date(code: str) -> bool:
    """Return whether a number format, such as d-mmm or [h]:mm, shows a date or a time."""
    return re.search("[dmyhs]", _NO_LETTERS.sub("", code[:500]), re.IGNORECASE) is not None


def day(number: float, epoch: int) -> str:
    """Return a number of days as a date (2026-01-02), or an empty text if it is no date."""
    try:
        start = datetime(1904, 1, 1) if epoch == 1904 else datetime(1899, 12, 30)
        return (start + timedelta(days=number)).strftime("%Y-%m-%d") if number >= 1 else ""
    except (OverflowError, ValueError):
        return ""
