"""Reading workbooks: what they say, and the one sentence for each that cannot be read."""

from __future__ import annotations

import random
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from support.broken_workbooks import APOSTROPHE, damage, refusal, small_book
from support.workbooks import NOTHING, altered, at, parts_of, with_rows, write, zipped

from byhand.xlsx.cells import CellError
from byhand.xlsx.reader import read


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "book.xlsx"


@pytest.fixture
def small(path: Path) -> Path:
    """A workbook with a bit of everything, to be broken."""
    return small_book(path)


# What a workbook says


def test_formulas_values_and_names(small: Path) -> None:
    book = read(small)
    assert book.path == small
    assert book.sheets == ("Sheet1", APOSTROPHE)
    assert book.formulas == {at("B1"): "=A1*2", at("B2"): '=A2&"s"', at("A1", APOSTROPHE): "=Sheet1!A1/7"}
    assert book.values == {
        at("A1"): 3.0,
        at("A2"): "text",
        at("A3"): True,
        at("B1"): 6.0,
        at("B2"): "texts",
        at("A1", APOSTROPHE): 3 / 7,
    }
    assert {type(value) for value in book.values.values()} == {float, str, bool}
    assert book.names == {"layer1.q": "Sheet1!$A$1:$B$1"}


def test_a_path_may_be_text(small: Path) -> None:
    assert read(str(small)) == read(small)


def test_names_of_one_sheet_are_told_apart_and_a_programs_own_left_out(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        for name in ("One", "Number two"):
            book.add_worksheet(name).print_area("A1:B2")
        book.define_name("q", "=One!$A$1")
        book.define_name("'Number two'!q", "=One!$A$2")
    assert read(path).names == {"q": "One!$A$1", "Number two!q": "One!$A$2"}


def test_hidden_sheets_are_read_too(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Shown")
        hidden = book.add_worksheet("Key")
        hidden.very_hidden()
        hidden.write("A1", 1)
    assert read(path).values == {("Key", 0, 0): 1.0}


def test_a_sheet_that_is_only_a_name_is_passed_over(small: Path) -> None:
    """Old programs leave such behind; openpyxl would warn of it on our standard error."""
    before = read(small)
    altered(small, lambda xml: xml.replace("</sheets>", '<sheet name="x" sheetId="9"/></sheets>'), "xl/workbook.xml")
    assert read(small) == before


def test_a_chart_sheet_has_no_cells(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("One").write("A1", 1)
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=One!$A$1:$A$2"})
        book.add_chartsheet("Chart").set_chart(chart)
    assert read(path).sheets == ("One", "Chart")
    assert read(path).values == {("One", 0, 0): 1.0}


@pytest.mark.parametrize("error", ["#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"])
def test_errors_are_told_from_texts(path: Path, error: str) -> None:
    write(path, {"Sheet1": {"A1": ("=NA()", error), "A2": error}})
    values = read(path).values
    assert values == {at("A1"): error, at("A2"): error}
    assert isinstance(values[at("A1")], CellError)
    assert not isinstance(values[at("A2")], CellError)


def test_a_missing_result_has_no_value(path: Path) -> None:
    write(path, {"Sheet1": {"A1": ("=1+1", NOTHING)}})
    assert read(path).formulas == {at("A1"): "=1+1"}
    assert read(path).values == {}


def test_an_empty_text_is_a_value(path: Path) -> None:
    """As Excel stores the result of ="": XlsxWriter leaves the type out, which is the same as no result."""
    with_rows(path, '<row r="1"><c r="A1" t="str"><f>""</f><v></v></c><c r="B1"><f>""</f><v/></c></row>')
    assert read(path).values == {at("A1"): ""}


def test_text_in_several_dresses_is_one_text_and_its_reading_no_part_of_it(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_rich_string("A1", "one ", book.add_format({"bold": True}), "two ", "three")
    altered(path, lambda xml: xml.replace("</si>", "<rPh><t>reading</t></rPh></si>"), "xl/sharedStrings.xml")
    assert read(path).values == {at("A1"): "one two three"}


def test_spaces_breaks_and_escapes_in_texts(path: Path) -> None:
    texts = [" a ", "a\nb", "\t", "x<&>y", "π −∞ 😀", "a\x01b", "_x0041_", "_x", "_xyz_"]
    write(path, {"Sheet1": {f"A{i + 1}": text for i, text in enumerate(texts)}})
    assert list(read(path).values.values()) == texts


def test_texts_are_long_one_by_one_and_not_together(path: Path) -> None:
    texts = [letter * 20_000 for letter in "abcd"]
    write(path, {"Sheet1": {f"A{i + 1}": text for i, text in enumerate(texts)}})
    assert list(read(path).values.values()) == texts


def test_numbers_come_back_to_the_last_digit(path: Path) -> None:
    numbers = [0.1, 1 / 3, -2.0, 1e300, 5e-324, 123456789012345678.0, -1e30]
    write(path, {"Sheet1": {f"A{i + 1}": ("=0", number) for i, number in enumerate(numbers)}})
    assert list(read(path).values.values()) == [pytest.approx(n, rel=1e-15, abs=0) for n in numbers]


def test_dates_stay_numbers(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write("A1", 45000.5, book.add_format({"num_format": "yyyy-mm-dd"}))
    assert read(path).values == {at("A1"): 45000.5}


def test_forms_of_cells_that_other_programs_write(path: Path) -> None:
    rows = """
      <row><c><v>1</v></c><c t="inlineStr"><is><r><t>in</t></r><r><t>line</t></r></is></c></row>
      <row r="4"><c r="B4" t="d"><v>2026-01-01</v></c><c><v>2.50</v></c><c t="b"><v>false</v></c>
        <c t="b"><v>true</v></c></row>
      <row r="5"><c r="A5">
        <f>A1 +
 1</f>
        <v> 2 </v>
      </c><c r="B5" s="1"/></row>"""
    with_rows(path, rows)
    assert read(path).values == {
        at("A1"): 1.0,
        at("B1"): "inline",
        at("B4"): "2026-01-01",
        at("C4"): 2.5,
        at("D4"): False,
        at("E4"): True,
        at("A5"): 2.0,
    }
    assert read(path).formulas == {at("A5"): "=A1 +\n 1"}


def test_a_sheet_whose_elements_have_a_prefix(small: Path) -> None:
    def prefixed(xml: str) -> str:
        head, body = xml.split("<worksheet", 1)
        return (
            head
            + "<worksheet"
            + body.replace("xmlns=", "xmlns:x=").replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:")
        )

    before = read(small)
    altered(small, lambda xml: prefixed(xml).replace("<worksheet", "<x:worksheet"))
    assert read(small) == before


def test_formulas_that_are_given_as_like_the_one_above(path: Path) -> None:
    rows = """
      <row r="1"><c r="A1"><v>2</v></c><c r="B1"><f t="shared" ref="B1:B3" si="0">A1*$A$1</f><v>4</v></c></row>
      <row r="2"><c r="A2"><v>3</v></c><c r="B2"><f t="shared" si="0"/><v>6</v></c></row>
      <row r="3"><c r="A3"><v>4</v></c><c r="B3"><f t="shared" si="0"></f><v>8</v></c></row>"""
    with_rows(path, rows)
    assert list(read(path).formulas.values()) == ["=A1*$A$1", "=A2*$A$1", "=A3*$A$1"]


def test_an_array_has_its_formula_in_its_first_cell(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write_array_formula("A1:A2", "{=B1:B2*2}", None, 4)
    assert read(path).formulas == {at("A1"): "=B1:B2*2"}
    assert read(path).values == {at("A1"): 4.0, at("A2"): 0.0}


def test_says_the_same_as_openpyxl(tmp_path: Path) -> None:
    """In a larger workbook: openpyxl reads formulas and values in two passes of its own."""
    draw = random.Random(1)
    contents = [1, -2.5, "word", "", True, ("=1+1", 2), ('="a"', "a"), ("=1>2", False), ("=1/0", "#DIV/0!")]
    sheets = {
        f"Sheet {n}": {
            xlsxwriter.utility.xl_rowcol_to_cell(row, column): draw.choice(contents)
            for row in range(40)
            for column in range(0, 60, 1 + n)
        }
        for n in range(3)
    }
    path = write(tmp_path / "large.xlsx", sheets)
    book = read(path)
    for data_only, ours in ((False, book.formulas), (True, book.values)):
        cells = {
            (sheet.title, cell.row - 1, cell.column - 1): cell.value
            for sheet in openpyxl.load_workbook(path, data_only=data_only)
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None and (data_only or cell.data_type == "f")
        }
        assert ours == cells


# What is no workbook


def test_a_missing_file(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.xlsx", tmp_path / "no" / "where.xlsx"):
        assert refusal(path) == "There is no file X: check its name and folder."


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    for path in (Path("a\0b"), tmp_path / ("x" * 300)):
        assert refusal(path).startswith("X cannot be read (")


def test_a_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "X is a folder: name a workbook (.xlsx) in it."


def test_an_empty_file(path: Path) -> None:
    path.touch()
    assert refusal(path) == "X is empty: get it again."


@pytest.mark.parametrize("data", [b"a,b\n1,2\n", b"<html></html>", b"%PDF-1.7", b"P", bytes(5000)])
def test_a_file_of_another_kind(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    again = "open it in a spreadsheet program and save it again as .xlsx."
    assert refusal(path) == f"X is no Excel workbook: name an .xlsx file, or {again}"


def test_an_old_excel_file_and_a_password(path: Path) -> None:
    old = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
    path.write_bytes(old)
    assert refusal(path) == (
        "X is an old Excel file (.xls): open it in a spreadsheet program and save it again as .xlsx."
    )
    path.write_bytes(old + "EncryptedPackage".encode("utf-16-le") + old)
    assert refusal(path) == ("X is locked with a password: open it in a spreadsheet program and save it without one.")


def test_a_zip_of_another_kind(path: Path) -> None:
    zipped(path, {"word/document.xml": "<w/>"})
    assert refusal(path) == "X is a Word document: open it in a spreadsheet program and save it again as .xlsx."
    zipped(path, {"a.txt": "a"})
    assert refusal(path) == "X is a zip file but no Excel workbook: unpack it, and name the .xlsx file in it."
    types = "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>"
    zipped(path, {"[Content_Types].xml": types, "a.txt": "a"})
    assert refusal(path).startswith("X is a zip file but no Excel workbook: unpack it")


@pytest.mark.parametrize("kept", [4, 30, 100, 0.3, 0.5, 0.9, -1, -21, -22])
def test_a_file_that_is_cut_short(small: Path, kept: float) -> None:
    data = small.read_bytes()
    small.write_bytes(data[: int(kept * len(data)) if 0 < kept < 1 else int(kept)])
    assert damage(small)


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"])
def test_a_part_that_is_missing_or_cut_or_no_xml(small: Path, part: str) -> None:
    parts = parts_of(small)
    for data in (b"", b"<", b"\0\1\2", b"<a/>", parts[part][:-30], parts[part].replace(b"=", b"")):
        if part.endswith("sheet1.xml") and data == b"<a/>":
            continue
        zipped(small, parts | {part: data})
        if data == parts[part][:-30] and part.endswith("sheet1.xml"):
            assert read(small).values  # what follows the cells is not looked at
        else:
            assert refusal(small)
    zipped(small, {name: data for name, data in parts.items() if name != part})
    assert damage(small)


def test_a_workbook_without_sheets(small: Path) -> None:
    altered(small, lambda xml: xml[: xml.index("<sheets>")] + "<sheets/></workbook>", "xl/workbook.xml")
    assert refusal(small) == "X holds no sheets: open it in a spreadsheet program and save it again as .xlsx."


def test_two_sheets_of_one_name(small: Path) -> None:
    altered(
        small,
        lambda xml: xml.replace(APOSTROPHE.replace("'", "&apos;"), "SHEET1").replace(APOSTROPHE, "SHEET1"),
        "xl/workbook.xml",
    )
    assert damage(small) == "two sheets have the same name"
