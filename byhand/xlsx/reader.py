"""Reads an .xlsx file into plain data: the only module that knows openpyxl."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from zipfile import ZipFile

from openpyxl import load_workbook
from openpyxl.formula import Tokenizer
from openpyxl.formula.translate import Translator
from openpyxl.packaging.manifest import Manifest
from openpyxl.reader.workbook import WorkbookParser
from openpyxl.xml.constants import ARC_CONTENT_TYPES, SHARED_STRINGS, XLSM, XLSX, XLTM, XLTX
from openpyxl.xml.functions import fromstring

from byhand.errors import ByhandError, nearest
from byhand.xlsx.archive import SAVE_AGAIN, damaged, opened
from byhand.xlsx.cells import Cell, Cells, Masters, Value, strings_of

LARGEST_INDEX = 10_000_000
"""The bytes of a part that openpyxl takes in whole: the lists of parts, sheets and names."""


MASTERS: Masters = Translator
"""openpyxl's way of saying what a formula is in another place."""


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


def tokens(formula: str) -> list[tuple[str, str, str]]:
    """A formula's pieces: kind (FUNC, OPERAND, ...), part (OPEN, RANGE, ...) and text. ValueError for what is none."""
    try:
        return [(token.type, token.subtype, token.value) for token in Tokenizer(formula).items]
    except Exception as reason:  # openpyxl raises whatever an unfinished formula makes it trip over
        raise ValueError("it is no formula") from reason


def check_sheet(book: Book, sheet: str) -> None:
    if sheet not in book.sheets:
        raise ByhandError(f"{book.path} has no sheet '{sheet}'; {nearest(sheet, book.sheets)}.")


def _book(path: Path, archive: ZipFile) -> Book:
    contents: Any = fromstring(_small(archive, ARC_CONTENT_TYPES))
    package: Any = Manifest.from_tree(contents)
    parser = _workbook(path, archive, package)
    kept = package.find(SHARED_STRINGS)
    strings = strings_of(archive, kept.PartName.lstrip("/")) if kept is not None else []
    cells = Cells(strings, Translator)
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
