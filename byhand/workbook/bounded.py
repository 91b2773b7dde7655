"""Reads a stranger's .xlsx file within small bounds: its cells, its names, and what its formats make of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

from byhand.errors import ByhandError
from byhand.workbook.archive import SAVE_AGAIN, damaged, opened
from byhand.workbook.cells import Cell, Cells, Value, strings_of
from byhand.workbook.dates import date_styles
from byhand.workbook.index import Index, index_of
from byhand.workbook.read import MASTERS

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
