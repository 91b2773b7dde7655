"""Workbooks that are damaged or hostile: one sentence for each, in little time and memory."""

from __future__ import annotations

import random
import tracemalloc
import warnings
from dataclasses import replace
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_LZMA, ZIP_STORED, ZipFile

import pytest
from support.broken_workbooks import damage, refusal, small_book
from support.workbooks import altered, at, parts_of, with_rows, write, zipped

from byhand.errors import ByhandError
from byhand.xlsx import archive, cells
from byhand.xlsx.reader import HANDED_IN, read


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "book.xlsx"


@pytest.fixture
def small(path: Path) -> Path:
    """A workbook with a bit of everything, to be broken."""
    return small_book(path)


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
    monkeypatch.setattr(archive, "LARGEST_RATIO", 10_000)
    with_rows(path, f'<row r="1">{cell}</row>')
    assert damage(path) == why


def test_too_many_cells(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path, {"Sheet1": {f"A{i}": i for i in range(1, 21)}})
    monkeypatch.setattr(cells, "MOST_CELLS", 20)
    assert len(read(path).values) == 20
    monkeypatch.setattr(cells, "MOST_CELLS", 19)
    assert damage(path) == "more than 19 cells, at or after 'Sheet1'!A20"


def test_what_a_person_makes_by_hand_is_small(small: Path) -> None:
    """A file that is handed in has bounds of its own: cells, sheets, and the bytes of both."""
    assert read(small, HANDED_IN) == read(small)
    for change, why in (
        ({"cells": 5}, "more than 5 cells"),
        ({"sheets": 1}, "more than 1 sheets"),
        ({"unpacked": 1000}, "bytes of cells and formats, more than 1,000: copy the answers into the workbook"),
    ):
        with pytest.raises(ByhandError, match=why):
            read(small, replace(HANDED_IN, **change))


def test_too_many_shared_formulas(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rest = "".join(f'<c r="A{i}"><f t="shared" si="0"/></c>' for i in range(2, 9))
    with_rows(path, f'<row r="1"><c r="A1"><f t="shared" si="0">B1</f></c>{rest}</row>')
    monkeypatch.setattr(cells, "MOST_TRANSLATED", 20)
    assert damage(path) == "more than 20 characters of shared formulas, at or after 'Sheet1'!A8"


def test_an_index_too_long(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("byhand.xlsx.reader.LARGEST_INDEX", 500)
    assert damage(small) == "_rels/.rels is longer than 500 bytes"


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
    assert outcomes == {"Contents", "ByhandError"}


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
    assert outcomes == {"Contents", "ByhandError"}


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
    """A part of some megabytes may be packed well: of a book with a thousand styles Gnumeric writes such a list."""
    zipped(small, parts_of(small) | {"xl/media/styles.xml": b"<xf/>" * 1_000_000})
    assert read(small)
    zipped(small, parts_of(small) | {"xl/media/bomb.png": bytes(archive.SMALL_PART)})
    assert read(small)
    zipped(small, parts_of(small) | {"xl/media/bomb.png": bytes(archive.SMALL_PART + 1)})
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
