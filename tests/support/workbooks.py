"""Small workbooks for tests, as XlsxWriter writes them, and ways to break them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import xlsxwriter

from byhand.errors import ByhandError
from byhand.xlsx.cells import Cell

NOTHING = ""
"""As a formula's stored result: XlsxWriter writes none. So it does for an empty text."""


def write(path: Path, sheets: Mapping[str, Mapping[str, Any]], names: Mapping[str, str] | None = None) -> Path:
    """A workbook: address to a number, text or boolean, or to (formula, stored result) in each sheet."""
    with xlsxwriter.Workbook(path) as book:
        for name, cells in sheets.items():
            sheet = book.add_worksheet(name)
            for address, content in cells.items():
                if isinstance(content, tuple):
                    sheet.write_formula(address, content[0], None, content[1])
                elif isinstance(content, str):
                    sheet.write_string(address, content)
                else:
                    sheet.write(address, content)
        for name, place in (names or {}).items():
            book.define_name(name, place)
    return path


def at(address: str, sheet: str = "Sheet1") -> Cell:
    """B3 to ("Sheet1", 2, 1); for columns A to Z."""
    return sheet, int(address[1:]) - 1, ord(address[0]) - ord("A")


def parts_of(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(path: Path, parts: Mapping[str, bytes | str]) -> Path:
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def altered(path: Path, change: Callable[[str], str], part: str = "xl/worksheets/sheet1.xml") -> Path:
    """The same file with another text in one of its parts."""
    parts = parts_of(path)
    before = parts[part].decode()
    after = change(before)
    assert after != before, "the change changes nothing"
    return zipped(path, parts | {part: after.encode()})


def with_rows(path: Path, rows: str) -> Path:
    """A workbook whose one sheet consists of these rows, in XML."""
    write(path, {"Sheet1": {"A1": 1}})
    return altered(path, lambda xml: xml[: xml.index("<sheetData>")] + f"<sheetData>{rows}</sheetData></worksheet>")


def refusal(do: Callable[[], object]) -> str:
    """The one sentence with which it is refused."""
    with pytest.raises(ByhandError) as error:
        do()
    sentence = str(error.value)
    assert sentence.endswith(".")
    assert ". " not in sentence
    assert "\n" not in sentence
    return sentence
