"""Books that are handed in in other formats, or with rows and columns inserted: read in their places, and bounded."""

from __future__ import annotations

import gzip
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
from support.other_formats import as_csv, as_gnumeric, as_numbers, as_ods, as_xls, rows_of
from support.submissions import class_set, filled, found, handed_in, right, values

from byhand.errors import ByhandError

ONE_SHEET = """
model = "dot-product"
title = "A dot product"
teaches = "Products and their sum."
level = 1
minutes = 5
"""
WRITERS: dict[str, Callable[[Path, Any], Path]] = {
    "s01.ods": as_ods,
    "s01.xls": as_xls,
    "s01.gnumeric": as_gnumeric,
}


def expected(student: str = "s01") -> list[float]:
    return list(right(class_set().key, student).values())


@pytest.mark.parametrize("name", WRITERS)
def test_a_book_of_another_format(name: str, tmp_path: Path) -> None:
    path = WRITERS[name](tmp_path / name, rows_of(filled(tmp_path / "book.xlsx")))
    assert values(handed_in(path)) == pytest.approx(expected())
    assert found(path) == ("s01", [])


@pytest.mark.slow
def test_a_numbers_file(tmp_path: Path) -> None:
    pytest.importorskip("numbers_parser")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = as_numbers(tmp_path / "s01.numbers", rows_of(filled(tmp_path / "book.xlsx")))
        assert values(handed_in(path)) == pytest.approx(expected())
        assert found(path) == ("s01", [])


@pytest.mark.parametrize("name", WRITERS)
def test_the_format_shows_in_the_file_and_not_in_its_name(name: str, tmp_path: Path) -> None:
    """The student is known by the id in the book."""
    path = WRITERS[name](tmp_path / "mine.xlsx", rows_of(filled(tmp_path / "book.xlsx", "s02")))
    assert found(path) == ("s02", [])


@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-16")])
def test_a_csv_of_the_sheet_with_the_answers(delimiter: str, encoding: str, tmp_path: Path) -> None:
    """A CSV file holds one sheet: the front page is not in it, so the student is known by the file's name."""
    rows = rows_of(filled(tmp_path / "book.xlsx"))
    path = as_csv(tmp_path / "s01.csv", rows, "Attention", delimiter, encoding)
    assert values(handed_in(path)) == pytest.approx(expected())
    assert found(path)[0] == "s01"


PROGRAMS = {"ods": "soffice", "xls": "soffice", "gnumeric": "ssconvert", "g.ods": "ssconvert", "g.xls": "ssconvert"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", PROGRAMS)
def test_books_that_programs_save(kind: str, tmp_path: Path) -> None:
    """LibreOffice and Gnumeric, with their own formats and Excel's old one."""
    book, path = filled(tmp_path / "book.xlsx"), tmp_path / f"s01.{kind}"
    if PROGRAMS[kind] == "ssconvert":
        subprocess.run(["ssconvert", str(book), str(path)], check=True, capture_output=True, timeout=120)
    else:
        profile = f"-env:UserInstallation={(tmp_path / 'profile').absolute().as_uri()}"
        command = ["soffice", profile, "--headless", "--convert-to", kind, "--outdir", str(tmp_path), str(book)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        (tmp_path / f"book.{kind}").rename(path)
    assert values(handed_in(path)) == pytest.approx(expected())
    assert found(path) == ("s01", [])


def inserted(row: int = 0, column: int = 0, sheet: str = "Attention") -> Callable[[Any], None]:
    """Inserts as openpyxl does: cells move, the names of ranges do not."""

    def change(book: Any) -> None:
        if row:
            book[sheet].insert_rows(row)
        if column:
            book[sheet].insert_cols(column)

    return change


INSERTED = {
    "a row above everything": {"row": 1},
    "a row between two tables": {"row": 22},
    "a row within the asked table": {"row": 31},
    "a row within the asked table, further down": {"row": 32},
    "a column at the left": {"column": 1},
    "a column within the asked table": {"column": 9},
    "a row and a column": {"row": 31, "column": 9},
    "a row on the first sheet": {"row": 5, "sheet": "Exercise"},
}


@pytest.mark.slow
@pytest.mark.parametrize("where", INSERTED)
def test_inserted_rows_and_columns(where: str, tmp_path: Path) -> None:
    book = filled(tmp_path / "s01.xlsx", change=inserted(**INSERTED[where]))
    assert values(handed_in(book)) == pytest.approx(expected())
    assert found(book) == ("s01", [])
    ods = as_ods(tmp_path / "s01.ods", rows_of(book))
    assert values(handed_in(ods)) == pytest.approx(expected())


def test_a_renamed_sheet_in_another_format(tmp_path: Path) -> None:
    rows = rows_of(filled(tmp_path / "book.xlsx"))
    path = as_xls(tmp_path / "s01.xls", {"Blatt 1": rows["Exercise"], "my work": rows["Attention"]})
    assert values(handed_in(path)) == pytest.approx(expected())


def test_formulas_of_open_formats_are_computed(tmp_path: Path) -> None:
    """Gnumeric stores no results beside them; a formula in a given cell is no given number."""
    key = class_set().key
    question = key.questions[0]
    place = openpyxl.utils.cell.coordinate_to_tuple(question.cells[0])
    rows = rows_of(filled(tmp_path / "book.xlsx"))
    right_first = rows[question.sheet][place[0] - 1][place[1] - 1]
    rows[question.sheet][place[0] - 1][place[1] - 1] = f"={right_first}+SUM(1,2)-3"
    path = as_gnumeric(tmp_path / "s01.gnumeric", rows)
    assert values(handed_in(path)) == pytest.approx(expected())


def refusal(path: Path) -> str:
    with pytest.raises(ByhandError) as error:
        handed_in(path)
    assert "\n" not in str(error.value)
    return str(error.value)


def ods(path: Path, content: str, **more: str) -> Path:
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        for name, text in more.items():
            archive.writestr(name.replace("__", "/"), text)
    return path


OFFICE = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0">{}</office:document-content>'
)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (
            '<table:table-row table:number-rows-repeated="1048576">{}</table:table-row>',
            "a row that is repeated too often",
        ),
        ('<table:table-row table:number-rows-repeated="40">{}</table:table-row>', "more than 30,000 cells"),
        (
            '<table:table-row table:number-rows-repeated="2000000"/><table:table-row>{}</table:table-row>',
            "beyond the end",
        ),
    ],
)
def test_an_ods_that_unpacks_to_too_many_cells(table: str, why: str, tmp_path: Path) -> None:
    cell = '<table:table-cell office:value-type="float" office:value="1" table:number-columns-repeated="{}"/>'
    rows = table.format(cell.format(1000) * 2)  # 2,000 cells a row
    path = ods(tmp_path / "s01.ods", OFFICE.format(f'<table:table table:name="A">{rows}</table:table>'))
    assert why in refusal(path)
    wide = f'<table:table table:name="A"><table:table-row>{cell.format(10**9)}</table:table-row></table:table>'
    assert "a cell that is repeated too often" in refusal(ods(tmp_path / "wide.ods", OFFICE.format(wide)))


HOSTILE: dict[str, tuple[bytes, str]] = {
    "bomb.gnumeric": (gzip.compress(b" " * 30_000_000), "holds more than 20,000,000 bytes of cells"),
    "entities.gnumeric": (
        gzip.compress(b'<!DOCTYPE x [<!ENTITY a "ha">]><gnm:Workbook xmlns:gnm="gnumeric">&a;</gnm:Workbook>'),
        "declares a document type",
    ),
    "cut.gnumeric": (gzip.compress(b"<gnm:Workbook xmlns:gnm='gnumeric'/>")[:20], "is cut short or damaged"),
    "other.gz": (gzip.compress(b"<x/>"), "is no workbook of Gnumeric"),
    "deep.gnumeric": (gzip.compress(b"<a>" * 1000), "is cut short or damaged"),
    "old.xls": (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "is cut short or damaged"),
    "huge.xls": (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(20_000_000), "more than 20,000,000"),
    "wide.csv": (b"1," * 40_000, "has a cell beyond the end of the sheet"),
    "many.csv": (b"1,2,3\n" * 10_001, "has more than 30,000 cells"),
    "huge.csv": (b"1\n" * 10_000_001, "more than 20,000,000"),
    "long.csv": (b'"' + b"9" * 200_000 + b'"\n', "is no table of text"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_files_that_would_harm(name: str, tmp_path: Path) -> None:
    data, why = HOSTILE[name]
    (tmp_path / name).write_bytes(data)
    assert why in refusal(tmp_path / name)


def test_an_ods_with_a_password(tmp_path: Path) -> None:
    path = ods(tmp_path / "a.ods", "noise", **{"META-INF__manifest.xml": "<m><manifest:encryption-data/></m>"})
    assert "is locked with a password" in refusal(path)
