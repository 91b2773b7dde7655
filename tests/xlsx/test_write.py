"""Writing: the file is XlsxWriter's own, is there whole or not at all, and what is wrong in it is found."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from support.lessons import GALLERY, book_of, cells_of, lesson, path_of, sweep
from support.workbooks import altered, parts_of
from xlsxwriter.worksheet import Worksheet

from byhand.core.arithmetic.excel import functions
from byhand.errors import ByhandError
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.workbook import book
from byhand.workbook import build as building
from byhand.workbook.build import write_lesson
from byhand.xlsx import writer
from byhand.xlsx.charts import Chart, Kind, Series
from byhand.xlsx.reader import read
from byhand.xlsx.recalculate import recalculate_many
from byhand.xlsx.sheet_xml import DrawnWorksheet, FormulaRows, PlainWorksheet, Range
from byhand.xlsx.verify import compare
from byhand.xlsx.writer import CREATED, BookFile

STYLE = {"bold": True}


class OwnWorksheet(DrawnWorksheet):
    """As XlsxWriter takes and writes cells, with all that it does to them."""

    def put_text(self, row: int, column: int, text: str, cell_format: Any) -> None:
        self.write_string(row, column, text, cell_format)

    def put_number(self, row: int, column: int, number: float, cell_format: Any) -> None:
        self.write_number(row, column, number, cell_format)

    def put_blank(self, row: int, column: int, cell_format: Any) -> None:
        self.write_blank(row, column, None, cell_format)

    def put_rich(self, row: int, column: int, parts: Any, formats: list[Any], cell_format: Any) -> None:
        pieces = [piece for pair in zip(formats, (text for text, _ in parts), strict=True) for piece in pair]
        self.write_rich_string(row, column, *pieces, *filter(None, [cell_format]))

    def fill_formulas(self, place: Range, rows: FormulaRows, cell_format: Any) -> None:
        formulas_of = rows()
        for row in range(place[0], place[2] + 1):
            for column, formula, value in zip(columns(place), *formulas_of(row - place[0]), strict=True):
                self.write_formula(row, column, f"={formula}", cell_format, value)

    def fill_numbers(self, place: Range, numbers_of: Callable[[int], Any], formats: Any) -> None:
        for row in range(place[0], place[2] + 1):
            styles = formats(row - place[0]) if callable(formats) else [formats] * len(columns(place))
            for column, number, cell_format in zip(columns(place), numbers_of(row - place[0]), styles, strict=True):
                self.write_number(row, column, number, cell_format)

    def fill_texts(self, place: Range, texts: Sequence[str], cell_format: Any) -> None:
        cells = product(range(place[0], place[2] + 1), columns(place))
        for cell, text in zip(cells, texts, strict=True):
            self.write_string(*cell, text, cell_format)


def columns(place: Range) -> range:
    return range(place[1], place[3] + 1)


@pytest.mark.parametrize("name", sweep([*GALLERY, "bert turned", "transformer turned"]))
def test_the_file_is_the_one_that_xlsxwriter_would_write(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PlainWorksheet", OwnWorksheet)
    monkeypatch.setattr(BookFile, "_new_format", lambda self, key: self._book.add_format(dict(key)))
    own = tmp_path / "own.xlsx"
    write_lesson(lesson(name), own)
    assert parts_of(own) == parts_of(path_of(name))


def parts_with(kind: type[Worksheet], path: Path, formula: str, value: Any, dressed: bool = True) -> dict[str, bytes]:
    """A file with one formula, written by one kind of worksheet."""
    book = writer.xlsxwriter.Workbook(path)
    book.worksheet_class = kind
    book.set_properties({"created": CREATED})
    book.add_worksheet()._write_formula(0, 0, formula, book.add_format(STYLE) if dressed else None, value)
    book.close()
    return parts_of(path)


def both(path: Path, *formula: Any) -> tuple[dict[str, bytes], ...]:
    return tuple(parts_with(kind, path / "book.xlsx", *formula) for kind in (PlainWorksheet, Worksheet))


@pytest.mark.parametrize("function", sorted(functions()))
def test_xlsxwriter_would_leave_each_of_our_functions_as_it_is(function: str, tmp_path: Path) -> None:
    plain, own = both(tmp_path, f"{function}(B1,C1)", 1.5)
    assert plain == own


@pytest.mark.parametrize("formula", ["IF(B1>=2,B1&C1,'a <b>'!A1)", '"&amp;"&"<"', "B1"])
@pytest.mark.parametrize("value", [0.1, -1e30, 5e-324, 3.0, 7, "text & <more>", "", True, "#N/A"])
@pytest.mark.parametrize("dressed", [True, False])
def test_any_formula_and_result_is_written_as_xlsxwriter_does(
    formula: str, value: Any, dressed: bool, tmp_path: Path
) -> None:
    plain, own = both(tmp_path, formula, value, dressed)
    assert plain == own


@pytest.mark.parametrize("formula", ["XLOOKUP(1,A1:A2,B1:B2)", "{SUM(A1:A2)}", "=SUM(A1:A2)"])
def test_a_formula_for_which_xlsxwriter_would_do_more_gives_another_file(formula: str, tmp_path: Path) -> None:
    plain, own = both(tmp_path, formula, 1.5)
    assert plain != own


# There whole, or not at all


def begun(path: Path) -> BookFile:
    file = BookFile(path, "A title")
    sheet = file.sheet("Sheet", "#000000")
    sheet.number(0, 0, 2.0, STYLE)
    sheet.formula(0, 1, "A1*2", 4.0, STYLE)
    sheet.formulas((1, 0, 1, 1), lambda: lambda row: (["A1+1", "A1+2"], [3.0, 4.0]), STYLE)
    return file


def test_nothing_is_on_disk_until_it_is_saved(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    file = begun(path)
    assert list(tmp_path.iterdir()) == []
    file.save()
    assert list(tmp_path.iterdir()) == [path]
    assert file.formula_cells == len(read(path).formulas) == 3


def test_an_old_file_stays_until_the_new_one_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "book.xlsx"
    path.write_text("old")
    seen = []
    replace = os.replace

    def look(source: Path, target: Path) -> None:
        seen.append((path.read_text(), len(read(source).formulas)))
        replace(source, target)

    monkeypatch.setattr(os, "replace", look)
    begun(path).save()
    assert seen == [("old", 3)]
    assert list(tmp_path.iterdir()) == [path]


def missing_folder(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    return folder / "missing" / "book.xlsx"


def file_as_folder(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    (folder / "file").write_text("")
    return folder / "file" / "book.xlsx"


def folder_as_file(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    (folder / "book.xlsx").mkdir()
    return folder / "book.xlsx"


def full_disk(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    def refuse(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    patch.setattr(writer.xlsxwriter.Workbook, "_store_workbook", refuse)
    return folder / "book.xlsx"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (missing_folder, "no such file or directory"),
        (file_as_folder, "not a directory"),
        (folder_as_file, "is a directory"),
        (full_disk, "no space left on device"),
    ],
)
def test_a_place_that_cannot_be_written(
    make: Callable[[Path, pytest.MonkeyPatch], Path], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(tmp_path, monkeypatch)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ByhandError) as error:
        begun(path).save()
    assert str(error.value) == f"Cannot write {path}: {reason}; choose another place with -o."
    assert sorted(tmp_path.rglob("*")) == before


def test_a_stop_between_the_pages_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(building, "write_home", stop)
    with pytest.raises(KeyboardInterrupt):
        write_lesson(build(Recipe("softmax")), tmp_path / "book.xlsx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [
        (
            Recipe("softmax", size={"rows": 2, "width": 16_380}),
            "Table X is 16,380 wide, but a sheet has 16,384 columns: choose smaller sizes with --size, or print "
            "it with `byhand run`.",
        ),
        (
            Recipe("softmax", size={"rows": 1_000, "width": 1_000}),
            "This model would need 5,002,001 cells, more than a spreadsheet program can bear (2,000,000): "
            "choose smaller sizes with --size, or print it with `byhand run`.",
        ),
    ],
)
def test_what_does_not_fit_leaves_no_file(recipe: Recipe, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ByhandError) as error:
        write_lesson(build(recipe), tmp_path / "book.xlsx")
    assert str(error.value).startswith(sentence)
    assert list(tmp_path.iterdir()) == []


def test_a_formula_that_is_too_long_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found while the file is saved, since its cells are made then."""
    monkeypatch.setattr(book, "LONGEST_FORMULA", 10)
    with pytest.raises(
        ByhandError, match=r"^A formula of .* would have \d+ characters, more than the 10 that a cell takes"
    ):
        write_lesson(build(Recipe("attention")), tmp_path / "book.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_a_cell_in_two_ranges_is_refused(tmp_path: Path) -> None:
    """Both would be in the file, which no program opens."""
    for row, column in ((1, 1), (2, 2)):
        file = begun(tmp_path / "book.xlsx")
        sheet = file._book.worksheets()[0]
        sheet.fill_texts((2, 1, 2, 2), ["a", "b"], file.format(STYLE))
        sheet.put_number(row, column, 1.0, file.format(STYLE))
        with pytest.raises(AssertionError, match="is to hold two cells"):
            file.data()


def test_a_chart_stores_the_numbers_of_filled_ranges(tmp_path: Path) -> None:
    """They are made when the file is saved, after XlsxWriter reads what a chart stores."""
    path = tmp_path / "book.xlsx"
    file = begun(path)
    sheet = file.sheet("Curve", "#000000")
    sheet.numbers((0, 0, 2, 0), lambda row: [float(row)], STYLE)
    sheet.formulas((0, 1, 2, 1), lambda: lambda row: (["1+1"], [row + 0.5]), STYLE)
    line = Series("A curve", ((0, 0), (2, 0)), ((0, 1), (2, 1)))
    sheet.chart(0, 4, Chart(Kind.LINES, "A curve", [line]))
    file.save()
    chart = parts_of(path)["xl/charts/chart1.xml"].decode()
    assert re.findall("<c:v>([^<]*)</c:v>", chart)[-6:] == ["0", "1", "2", "0.5", "1.5", "2.5"]


def test_a_style_is_recorded_once_however_often_it_is_made(tmp_path: Path) -> None:
    file = BookFile(tmp_path / "book.xlsx", "")
    assert file.format({"bold": True}) is file.format({"bold": True})
    assert file.format({"bold": True}) is not file.format({"bold": False})


# What is wrong is found


def sheet_part(name: str, sheet: str) -> str:
    return f"xl/worksheets/sheet{book_of(name).sheets.index(sheet) + 1}.xml"


def planted(tmp_path: Path, change: Callable[[str], str], table: str = "layer1.output") -> tuple[Path, str]:
    """A copy of a gallery's workbook with one cell changed, and that cell's address in its sheet."""
    sheet, row, column = cells_of(book_of("gpt2"), table)[1][0]
    address = f"{chr(ord('A') + column)}{row + 1}"
    path = tmp_path / "planted.xlsx"
    path.write_bytes(path_of("gpt2").read_bytes())

    def in_cell(xml: str) -> str:
        return re.sub(rf'<c r="{address}".*?</c>', lambda found: change(found[0]), xml)

    return altered(path, in_cell, sheet_part("gpt2", sheet)), f"'{sheet}'!{address}"


FAULTS: dict[str, Callable[[str], str]] = {
    "result": lambda cell: re.sub("<v>.*</v>", "<v>0.123</v>", cell),
    "slightly wrong result": lambda cell: re.sub("<v>(.*)</v>", lambda v: f"<v>{float(v[1]) + 1e-6}</v>", cell),
    "formula": lambda cell: re.sub("<f>(.*)</f>", r"<f>\1+0.5</f>", cell),
    "reference that slipped": lambda cell: re.sub(r"<f>([A-Z]+)(\d+)", lambda f: f"<f>{f[1]}{int(f[2]) - 1}", cell),
    "unknown function": lambda cell: re.sub("<f>.*</f>", "<f>NOSUCH(1)</f>", cell),
}


def test_planted_faults_are_found(tmp_path: Path, engine: str) -> None:
    """That very cell is named; where the formula is wrong, so is what reads it. LibreOffice starts once for all."""
    paths, addresses = [], []
    for n, change in enumerate(FAULTS.values()):
        (tmp_path / str(n)).mkdir()
        path, address = planted(tmp_path / str(n), change)
        paths.append(path)
        addresses.append(address)
    fresh = recalculate_many(paths, engine)
    for fault, path, address, values in zip(FAULTS, paths, addresses, fresh, strict=True):
        report = compare(read(path), values, engine)
        found = report.errors if fault == "unknown function" else report.differing
        assert not report.ok, fault
        assert address in [finding.address for finding in found], fault
        assert (len(found) == 1) == fault.endswith("result"), fault
