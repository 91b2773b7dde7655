"""Reading workbooks: what they say, and the one sentence for each that cannot be read."""

from __future__ import annotations

import random
import tracemalloc
import warnings
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_LZMA, ZIP_STORED, ZipFile

import openpyxl
import pytest
import xlsxwriter
from workbooks import NOTHING, altered, at, parts_of, with_rows, write, zipped

from byhand.errors import ByhandError
from byhand.workbook import archive, cells
from byhand.workbook.cells import CellError
from byhand.workbook.read import check_sheet, read, save_changed

APOSTROPHE = "O'Brien's sheet"
GET_AGAIN = "get it again, or open it in a spreadsheet program and save it again as .xlsx."


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "book.xlsx"


@pytest.fixture
def small(path: Path) -> Path:
    """A workbook with a bit of everything, to be broken."""
    sheets = {
        "Sheet1": {"A1": 3, "A2": "text", "A3": True, "B1": ("=A1*2", 6), "B2": ('=A2&"s"', "texts")},
        APOSTROPHE: {"A1": ("=Sheet1!A1/7", 3 / 7)},
    }
    return write(path, sheets, {"layer1.q": "=Sheet1!$A$1:$B$1"})


def refusal(path: Path) -> str:
    """What read says of the file: one sentence, without the path."""
    with pytest.raises(ByhandError) as error:
        read(path)
    sentence = str(error.value)
    assert sentence.endswith(".")
    assert ". " not in sentence
    assert "\n" not in sentence
    assert str(path) in sentence
    return sentence.replace(str(path), "X")


def damage(path: Path) -> str:
    """Why read finds the file damaged."""
    sentence = refusal(path)
    assert sentence.startswith("X is cut short or damaged (")
    assert sentence.endswith(f"): {GET_AGAIN}")
    return sentence.removeprefix("X is cut short or damaged (").removesuffix(f"): {GET_AGAIN}")


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
      <row r="4"><c r="B4" t="d"><v>2026-01-01</v></c><c><v>2.50</v></c><c t="b"><v>false</v></c></row>
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


def test_a_saved_copy_has_the_changes_and_the_rest(small: Path, tmp_path: Path) -> None:
    before, bytes_before = read(small), small.read_bytes()
    changes = {at("A1"): 5.0, at("A2"): None, at("A3"): False, at("B2"): "=A1", at("C9"): "new"}
    save_changed(small, changes, tmp_path / "copy.xlsx")
    copy = read(tmp_path / "copy.xlsx")
    assert small.read_bytes() == bytes_before
    assert copy.formulas == before.formulas | {at("B2"): "=A1"}
    assert copy.values == {at("A1"): 5.0, at("A3"): False, at("C9"): "new"}
    assert (copy.sheets, copy.names) == (before.sheets, before.names)


def test_a_sheet_that_is_not_there(small: Path) -> None:
    check_sheet(read(small), "Sheet1")
    with pytest.raises(ByhandError) as error:
        check_sheet(read(small), "Shet1")
    assert str(error.value) == f"{small} has no sheet 'Shet1'; the nearest is Sheet1."


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
    assert damage(path) == "it has no [Content_Types].xml"
    types = "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>"
    zipped(path, {"[Content_Types].xml": types, "word/document.xml": "<w/>"})
    assert refusal(path).startswith("X is a zip file but no Excel workbook: name an .xlsx file, or ")


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


# What is damaged


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ('<c r="ZZZZZ1"><v>1</v></c>', "a cell with the address 'ZZZZZ1', at or after 'Sheet1'!A1"),
        ('<c r="é1"><v>1</v></c>', "a cell with the address 'é1', at or after 'Sheet1'!A1"),
        ('<c r="A0"><v>1</v></c>', "a cell with the address 'A0', at or after 'Sheet1'!A1"),
        ('<c r="XFE1"><v>1</v></c>', "a cell beyond the end of the sheet, at or after 'Sheet1'!XFE1"),
        ('<c r="A1048577"><v>1</v></c>', "a cell beyond the end of the sheet, at or after 'Sheet1'!A1048577"),
        ('<c r="B2" t="s"><v>7</v></c>', "text number 7 of 0, at or after 'Sheet1'!B2"),
        ('<c r="B2" t="s"><v>-1</v></c>', "text number -1 of 0, at or after 'Sheet1'!B2"),
        ('<c r="B2"><v>1,5</v></c>', "could not convert string to float: '1,5', at or after 'Sheet1'!B2"),
        ('<c r="B2" t="b"><v>maybe</v></c>', "'maybe' is no boolean, at or after 'Sheet1'!B2"),
        ('<c r="B2"><f t="shared" si="3"/></c>', "a formula refers to one that is not there, at or after 'Sheet1'!B2"),
        (
            f'<c r="B2" t="str"><v>{"x" * 40_000}</v></c>',
            "a text of more than 32,767 characters, at or after 'Sheet1'!B2",
        ),
        (f'<c r="B2" s="{"x" * 3_000_000}"/>', "a tag without end, at or after 'Sheet1'!A1"),
    ],
)
def test_a_cell_that_cannot_be(path: Path, cell: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_SHRUNK", 10_000)
    with_rows(path, f'<row r="1">{cell}</row>')
    assert damage(path) == why


def test_too_many_cells(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path, {"Sheet1": {f"A{i}": i for i in range(1, 21)}})
    monkeypatch.setattr(cells, "MOST_CELLS", 20)
    assert len(read(path).values) == 20
    monkeypatch.setattr(cells, "MOST_CELLS", 19)
    assert damage(path) == "more than 19 cells, at or after 'Sheet1'!A20"


def test_too_many_shared_formulas(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rest = "".join(f'<c r="A{i}"><f t="shared" si="0"/></c>' for i in range(2, 9))
    with_rows(path, f'<row r="1"><c r="A1"><f t="shared" si="0">B1</f></c>{rest}</row>')
    monkeypatch.setattr(cells, "MOST_TRANSLATED", 20)
    assert damage(path) == "more than 20 characters of shared formulas, at or after 'Sheet1'!A8"


def test_an_index_too_long(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("byhand.workbook.read.LARGEST_INDEX", 500)
    assert damage(small) == "[Content_Types].xml is longer than 500 bytes"


def test_any_broken_byte_gives_a_book_or_a_sentence(small: Path) -> None:
    """Nothing but ByhandError may come out, whatever has happened to the file."""
    data, draw = small.read_bytes(), random.Random(0)
    outcomes = set()
    for _ in range(400):
        broken = bytearray(data)
        for _ in range(draw.choice([1, 1, 4])):
            broken[draw.randrange(len(data))] = draw.randrange(256)
        small.write_bytes(broken[: draw.choice([len(data), len(data), draw.randrange(len(data))])])
        try:
            outcomes.add(type(read(small)).__name__)
        except ByhandError:
            outcomes.add("ByhandError")
    assert outcomes == {"Book", "ByhandError"}


def test_any_broken_part_gives_a_book_or_a_sentence(small: Path) -> None:
    """The same inside the parts, where no checksum guards them."""
    parts, draw = parts_of(small), random.Random(0)
    outcomes = set()
    for _ in range(150):
        name = draw.choice([n for n in parts if "xl/" in n or n.startswith("[")])
        broken = bytearray(parts[name])
        start = draw.randrange(len(broken))
        broken[start : start + draw.choice([0, 1, 5])] = draw.choice([b"", b"9", b'"', b"<", b"x", b"&a;", b"\xff"])
        zipped(small, parts | {name: bytes(broken)})
        try:
            outcomes.add(type(read(small)).__name__)
        except ByhandError:
            outcomes.add("ByhandError")
    assert outcomes == {"Book", "ByhandError"}


# What is hostile


def test_a_file_too_large(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = small.stat().st_size
    monkeypatch.setattr(archive, "MOST_BYTES", size)
    assert read(small)
    monkeypatch.setattr(archive, "MOST_BYTES", size - 1)
    assert refusal(small) == f"X has {size:,} bytes, more than {size - 1:,}: remove pictures or split it."


def test_too_many_parts(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = len(parts_of(small))
    monkeypatch.setattr(archive, "MOST_PARTS", count)
    assert read(small)
    monkeypatch.setattr(archive, "MOST_PARTS", count - 1)
    assert refusal(small).startswith(f"X holds {count} parts, more than {count - 1}: ")


def test_too_many_parts_are_seen_before_their_list_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zipped(path, {f"part{i}": "" for i in range(archive.MOST_PARTS + 1)})
    monkeypatch.setattr(archive, "ZipFile", None)
    assert refusal(path).startswith("X holds 5,001 parts, more than 5,000: ")


def test_parts_too_large(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    total = sum(len(data) for data in parts_of(small).values())
    monkeypatch.setattr(archive, "MOST_UNPACKED", total)
    assert read(small)
    monkeypatch.setattr(archive, "MOST_UNPACKED", total - 1)
    assert refusal(small) == f"X would unpack to {total:,} bytes, more than {total - 1:,}: split it."


def test_a_zip_bomb(small: Path) -> None:
    zipped(small, parts_of(small) | {"xl/media/bomb.png": bytes(archive.ALWAYS_FINE)})
    assert read(small)
    zipped(small, parts_of(small) | {"xl/media/bomb.png": bytes(archive.ALWAYS_FINE + 1)})
    assert refusal(small).startswith(
        "X holds a part that unpacks to more than 100 times its size (xl/media/bomb.png), as a zip bomb does: "
    )


@pytest.mark.parametrize("name", ["../../canary", "/etc/canary", "xl/../../canary", "C:/canary", "xl:canary"])
def test_unsafe_names(small: Path, name: str) -> None:
    zipped(small, parts_of(small) | {name: "x"})
    assert refusal(small) == f"X holds a part with the unsafe name {name!r}: ask its author for a new copy."


def test_an_unsafe_name_with_a_backslash(small: Path) -> None:
    zipped(small, parts_of(small) | {"xl/..!canary": "x"})
    small.write_bytes(small.read_bytes().replace(b"xl/..!canary", b"xl\\..\\canary"))
    assert refusal(small).startswith("X holds a part with the unsafe name 'xl\\\\..\\\\canary': ")


@pytest.mark.parametrize("name", ["xl/workbook.xml", "XL/Workbook.xml"])
def test_two_parts_of_one_name(small: Path, name: str) -> None:
    with warnings.catch_warnings(), ZipFile(small, "a") as again:
        warnings.simplefilter("ignore")  # zipfile warns of what we do on purpose
        again.writestr(name, "<other/>")
    assert refusal(small).startswith(f"X holds two parts called {name!r}: ")


@pytest.mark.parametrize("packing", [ZIP_BZIP2, ZIP_LZMA])
def test_a_packing_that_no_spreadsheet_program_uses(small: Path, packing: int) -> None:
    parts = parts_of(small)
    with ZipFile(small, "w", packing) as again:
        for name, data in parts.items():
            again.writestr(name, data)
    assert refusal(small).startswith("X is packed in a way that no spreadsheet program writes: ")


def test_a_zip_with_a_password(small: Path) -> None:
    """The flag that says so, in each part's two headers."""
    data = small.read_bytes().replace(b"PK\x03\x04\x14\x00\x00", b"PK\x03\x04\x14\x00\x01")
    small.write_bytes(data.replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"))
    assert refusal(small) == "X is locked with a password: unpack it with the password and zip it without one."


DOCTYPE = '<!DOCTYPE r [<!ENTITY a "lol"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]>'


@pytest.mark.parametrize("part", ["[Content_Types].xml", "xl/workbook.xml", "xl/sharedStrings.xml", "xl/extra.bin"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_a_document_type_in_any_part_and_encoding(small: Path, part: str, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n<!-- é -->{DOCTYPE}<r>&c;</r>'
    zipped(small, parts_of(small) | {part: text.encode(encoding)})
    assert refusal(small).startswith(f"X declares a document type in {part}, which no spreadsheet program does: ")


def test_the_word_alone_is_no_document_type(path: Path) -> None:
    write(path, {"Sheet1": {"A1": DOCTYPE, "A2": ('="<!DOCTYPE"', "<!DOCTYPE")}})
    assert read(path).values == {at("A1"): DOCTYPE, at("A2"): "<!DOCTYPE"}


def test_a_document_type_behind_a_long_comment(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "LONGEST_TOKEN", 6400)
    for length in (1000, 100_000):
        zipped(small, parts_of(small) | {"xl/extra.xml": f"<!--{'x' * length}-->{DOCTYPE}<r>&c;</r>"})
        expected = "declares a document type" if length == 1000 else "begins with 6,400 bytes that are no element"
        assert expected in refusal(small)


def test_entities_in_one_small_part_are_never_multiplied(small: Path) -> None:
    """All of it fits into the first piece that a parser would take."""
    levels = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
    bomb = f'<!DOCTYPE r [<!ENTITY a0 "lol">{levels}]><r>&a11;</r>'
    zipped(small, parts_of(small) | {"xl/sharedStrings.xml": bomb})
    tracemalloc.start()
    assert "declares a document type in xl/sharedStrings.xml" in refusal(small)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_a_cell_at_the_far_end_costs_nothing(path: Path) -> None:
    with_rows(path, '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    tracemalloc.start()
    assert read(path).values == {("Sheet1", 1_048_575, 16_383): 1.0}
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_what_follows_the_cells_is_not_read(path: Path) -> None:
    """100,000 conditional formats would take a reader that looks at them seconds, and hundreds of megabytes."""
    write(path, {"Sheet1": {"A1": 1}})
    rule = '<conditionalFormatting sqref="A1"><cfRule type="expression" priority="{}"/></conditionalFormatting>'
    rules = "".join(map(rule.format, range(100_000)))
    altered(path, lambda xml: xml.replace("</sheetData>", f"</sheetData>{rules}"))
    tracemalloc.start()
    assert read(path).values == {at("A1"): 1.0}
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_stored_parts_are_read_too(small: Path) -> None:
    parts, before = parts_of(small), read(small)
    with ZipFile(small, "w", ZIP_STORED) as again:
        for name, data in parts.items():
            again.writestr(name, data)
    assert read(small) == before
