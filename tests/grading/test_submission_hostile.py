"""Workbooks that break graders: each is read or refused in a sentence, in seconds, and in little memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from support.examples import examples
from support.submissions import class_set, engine, filled, values
from support.workbooks import altered, parts_of, zipped

from byhand.errors import ByhandError
from byhand.grading.submission import read_submission
from byhand.grading.verdicts import TypedAnswer

DATA = Path(__file__).parents[1] / "data" / "hostile"
LIMIT_SECONDS, MOST_MEMORY = 5.0, 500_000_000
HEAD = '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'

CHILD = """
import json, os, resource, sys
sys.path[:0] = [{tests!r}]
from pathlib import Path
from support.submissions import ANSWERS, handed_in, values
from byhand.errors import ByhandError
for path in sys.argv[1:]:
    start = sum(os.times()[:4])
    try:
        read = handed_in(Path(path), ANSWERS)
        read_as = [typed.read_as for row in read.answers for typed in row]
        said = {{"values": values(read), "read_as": read_as, "warnings": read.warnings}}
    except ByhandError as error:
        said = {{"error": str(error)}}
    status = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    usage = [int(status["VmHWM"].split()[0]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]
    said |= {{"seconds": sum(os.times()[:4]) - start, "memory": 1000 * max(usage)}}
    print(json.dumps(said))
"""


def judged(*paths: Path) -> list[dict[str, Any]]:
    """What is said of files by a process of its own, whose time and memory are measured.

    Its own peak is VmHWM: the one that getrusage gives begins with what its starter had.
    """
    command = [sys.executable, "-c", CHILD.format(tests=str(Path(__file__).parents[1])), *map(str, paths)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=200)
    assert run.returncode == 0, run.stderr
    assert "unexpected" not in run.stdout.lower()
    said: list[dict[str, Any]] = [json.loads(line) for line in run.stdout.splitlines()]
    for one, path in zip(said, paths, strict=True):
        assert one["seconds"] < LIMIT_SECONDS, path
        assert one["memory"] < MOST_MEMORY, path
    return said


@pytest.fixture(scope="module")
def of_stand_ins() -> dict[str, dict[str, Any]]:
    """What is said of each of them."""
    paths = sorted(DATA.iterdir())
    return dict(zip((path.name for path in paths), judged(*paths), strict=True))


REFUSED = {
    "bad_ref.xlsx": "is cut short or damaged (a cell with the address 'ZZZZZ1', at or after 'Answers'!A2)",
    "bad_shared_index.xlsx": "is cut short or damaged (text number 999999999 of 1, at or after 'Answers'!B2)",
    "laughs.xlsx": "declares a document type in xl/sharedStrings.xml",
    "quadratic.xlsx": "declares a document type in xl/sharedStrings.xml",
    "not_zip.xlsx": "is a picture (PNG): hand in the workbook (.xlsx)",
    "truncated.xlsx": "is cut short or damaged",
    "zipslip.xlsx": "holds a part with the unsafe name '../../canary_zipslip'",
    "renamed_sheet.xlsx": "is not the workbook of this exercise",
}
READ: dict[str, tuple[list[float | None], str]] = {
    "bool_cells.xlsx": ([None], "TRUE is a truth value, not a number"),
    "cached_lie.xlsx": ([2.0], "=1+1 gives 2"),
    "circular.xlsx": ([None], "the formula refers to itself in a circle"),
    "error_cells.xlsx": ([None, None], "the cell shows the error #DIV/0!"),
    "huge_dim.xlsx": ([1.0], "1"),
    "key_peek.xlsx": ([None], "the formula is not worked out: INDIRECT reaches for what is not in the formula"),
    "lambda_rec.xlsx": ([None], "the formula is not worked out: it calls LAMBDA, which marking does not work out"),
    "macro.xlsm": ([0.8808], "0.8808"),
    "pow_tower.xlsx": ([None], "the formula gives the error #DIV/0!"),
    "rept.xlsx": ([None], "the formula is not worked out: it calls REPT, which marking does not work out"),
    "text_numbers.xlsx": ([0.8808, 0.8808, None], "0,8808"),
    "volatile.xlsx": ([None], "the formula is not worked out: RAND gives another number every time"),
    "webservice.xlsx": ([None], "the formula is not worked out: it is no formula of numbers and cells"),
}


def test_every_stand_in_is_listed() -> None:
    assert {*REFUSED, *READ} == {path.name for path in DATA.iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_refused(name: str, of_stand_ins: dict[str, dict[str, Any]]) -> None:
    said = of_stand_ins[name]
    assert REFUSED[name] in said["error"]
    assert said["error"].startswith(str(DATA / name))
    assert not (DATA.parent / "canary_zipslip").exists()


@pytest.mark.parametrize("name", READ)
def test_a_file_that_is_read(name: str, of_stand_ins: dict[str, dict[str, Any]]) -> None:
    said = of_stand_ins[name]
    numbers, read_as = READ[name]
    assert said["values"] == numbers + [None] * (3 - len(numbers))
    assert said["read_as"][0] == read_as


def test_what_is_said_of_macros_and_of_a_lie(of_stand_ins: dict[str, dict[str, Any]]) -> None:
    assert of_stand_ins["macro.xlsm"]["warnings"] == ["The workbook holds macros, which were not run."]
    (lie,) = of_stand_ins["cached_lie.xlsx"]["warnings"]
    assert lie == "Answers!B2: the formula =1+1 has 0.8808 stored as its result, but gives 2, which counts."


def sheet(path: Path, rows: str, rest: str = "") -> Path:
    """A stand-in with other rows, and something behind them."""
    parts = parts_of(DATA / "bool_cells.xlsx")
    return zipped(path, parts | {"xl/worksheets/sheet1.xml": f"{HEAD}<sheetData>{rows}</sheetData>{rest}</worksheet>"})


def cell(cell_address: str, inside: str) -> str:
    return f'<c r="{cell_address}">{inside}</c>'


ONE = f'<row r="2">{cell("B2", "<v>1</v>")}</row>'


def long_sheets() -> dict[str, str]:
    """The cells of sheets that hold too much of something."""
    shared = "".join(f'<row><c r="A{i}"><f t="shared" si="0"/></c></row>' for i in range(2, 29_990))
    return {
        "a chain of formulas": "".join(f"<row>{cell(f'A{i}', f'<f>A{i + 1}+1</f>')}</row>" for i in range(1, 100_001)),
        "shared formulas": f'<row r="1"><c r="A1"><f t="shared" si="0">{"B1+C1*D1+" * 5}1</f></c></row>{shared}',
        "cells": "".join(f"<row>{cell(f'A{i}', '<v>1</v>')}</row>" for i in range(1, 200_001)),
        "empty elements": f'<row r="2">{cell("B2", "".join(f"<x{i}/>" for i in range(400_000)))}</row>',
        "nested elements": f'<row r="2">{cell("B2", "".join(f"<x{i}>" for i in range(400_000)))}</row>',
    }


def many_rules() -> str:
    return "".join(
        f'<conditionalFormatting sqref="A{i}:XFD1048576"><cfRule type="expression" priority="{i}">'
        f"<formula>A{i}=1</formula></cfRule></conditionalFormatting>"
        for i in range(1, 100_001)
    )


@pytest.mark.slow
def test_too_much_of_something(tmp_path: Path) -> None:
    """Refused; but what stands behind the cells is not read at all."""
    long = long_sheets()
    paths = [sheet(tmp_path / f"{n}.xlsx", rows) for n, rows in enumerate(long.values())]
    *refused, read, styles = judged(
        *paths,
        sheet(tmp_path / "rules.xlsx", ONE, many_rules()),
        many_styles(tmp_path / "styles.xlsx"),
    )
    for kind, said in zip(long, refused, strict=True):
        assert "get it again, or open it in a spreadsheet program" in said.get("error", ""), (kind, said)
    assert read["values"][0] == 1
    assert "more than 65,000 styles" in styles["error"]


def many_styles(path: Path) -> Path:
    parts = parts_of(class_set().book("s01"))
    more = "".join(f'<xf numFmtId="14" fontId="{n}"/>' for n in range(70_000))
    styles = parts["xl/styles.xml"].decode().replace("</cellXfs>", f"{more}</cellXfs>")
    return zipped(path, parts | {"xl/styles.xml": styles})


@pytest.mark.slow
def test_a_bomb_of_a_gigabyte(tmp_path: Path) -> None:
    path = tmp_path / "zipbomb.xlsx"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, data in parts_of(DATA / "bool_cells.xlsx").items():
            if "sheet1" not in name:
                archive.writestr(name, data)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            part.write(HEAD.encode())
            for _ in range(1000):
                part.write(b" " * 1_000_000)
    assert "as a zip bomb does" in judged(path)[0]["error"]


@pytest.mark.slow
def test_seventy_thousand_parts(tmp_path: Path) -> None:
    path = tmp_path / "manyfiles.xlsx"
    with ZipFile(path, "w") as archive:
        for n in range(70_000):
            archive.writestr(f"xl/{n}.xml", b"")
    assert "holds 70,000 parts, more than 5,000" in judged(path)[0]["error"]


NOT_THIS = "is not the workbook of this exercise (attention-head): hand in the one that was handed out."
OTHER_KINDS: dict[str, tuple[bytes, str]] = {
    "notes.pdf": (b"%PDF-1.7\n%\xe2", "is a PDF: hand in the workbook"),
    "photo.jpg": (b"\xff\xd8\xff\xe0", "is a picture (JPEG)"),
    "photo.heic": (b"\0\0\0\x18ftypheic", "is a picture (HEIC)"),
    "answers.csv": (b"q1,0.5\n", NOT_THIS),
    "sep.csv": (b"sep=;\nq1;0,5", NOT_THIS),
    "utf16.csv": (b"\xff\xfeq\0001\0,\0001\0", NOT_THIS),
    "bytes.csv": (b"q1,\x80\x81", NOT_THIS),
    "long.csv": (b'q1,"' + b"9" * 200_000 + b'"\n', "is no table of text"),
    "nan.json": (b'{"q1": NaN, "q2": Infinity}', "is no file of answers: run the notebook from top to bottom"),
    "laughs.yaml": (b"a: &a [1,1]\nb: &b [*a,*a]", NOT_THIS),
    "page.html": (b"<!DOCTYPE html><html>", "is a web page or an XML file"),
    "key.json": (b'{"byhand":"class key",\n', "is a key or a list of byhand's own, no student's work"),
    "empty.xlsx": (b"", "is empty: get it again"),
    "rubbish.xlsx": (b"\x00\x01PK", "is no Excel workbook"),
    "old.xls": (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "is cut short or damaged"),
    "locked.xlsx": (
        bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
        "is locked with a password: open it in a spreadsheet program and save it without one",
    ),
}


def refusal(path: Path) -> str:
    with pytest.raises(ByhandError) as error:
        read_submission(path, class_set().handed_out, TypedAnswer, engine())
    assert str(error.value).startswith((str(path), "There is no file"))
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHER_KINDS)
def test_files_of_other_kinds(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    data, why = OTHER_KINDS[name]
    path.write_bytes(data)
    assert why in refusal(path)


@pytest.mark.parametrize(
    ("part", "why"),
    [
        ("mimetype", "is an OpenDocument file (.ods): open it in a spreadsheet program and save it again as .xlsx"),
        (
            "Index/Document.iwa",
            "is cut short or damaged" if find_spec("numbers_parser") else "is a Numbers file: export it",
        ),
        ("word/document.xml", "is a Word document"),
        ("xl/workbook.bin", "is cut short or damaged"),
        ("s01.xlsx", "is a zip file but no Excel workbook: unpack it, and name the .xlsx file in it"),
    ],
)
def test_other_kinds_of_zip_files(part: str, why: str, tmp_path: Path) -> None:
    assert why in refusal(zipped(tmp_path / "book.xlsx", {part: ""}))


def test_what_is_no_ordinary_file(tmp_path: Path) -> None:
    folder, pipe, link = (tmp_path / name for name in ("answers.xlsx", "pipe.xlsx", "link.xlsx"))
    folder.mkdir()
    os.mkfifo(pipe)
    link.symlink_to(class_set().book("s01"))
    assert "is a folder" in refusal(folder)
    assert "is no ordinary file" in refusal(pipe)
    assert "is a link to another file" in refusal(link)
    assert "There is no file" in refusal(tmp_path / "missing.xlsx")


def test_an_encoding_that_nobody_knows(tmp_path: Path) -> None:
    path = filled(tmp_path / "encoding.xlsx")
    altered(
        path, lambda xml: f'<?xml version="1.0" encoding="UTF-77"?>{xml[xml.index("<workbook") :]}', "xl/workbook.xml"
    )
    assert "is cut short or damaged (unknown encoding: UTF-77)" in refusal(path)


def test_a_strict_workbook_says_so(tmp_path: Path) -> None:
    path = filled(tmp_path / "strict.xlsx")
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    altered(path, lambda xml: xml.replace(main, "http://purl.oclc.org/ooxml/spreadsheetml/main"), "xl/workbook.xml")
    assert "is saved as Strict Open XML: save it again as an ordinary Excel workbook (.xlsx)" in refusal(path)


def test_a_name_that_steers_a_terminal_is_shown_without_it(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31m\n\u202eb.xlsx"
    path.write_bytes(b"%PDF")
    with pytest.raises(ByhandError) as error:
        read_submission(path, class_set().handed_out, TypedAnswer, engine())
    assert not set("\x1b\n\u202e") & set(str(error.value))


# Whatever stands in the cells


def breaks(change: Callable[[bytes], bytes], path: Path, part: str) -> Path:
    parts = parts_of(class_set().book("s01"))
    return zipped(path, parts | {part: change(parts[part])})


PARTS = ["xl/workbook.xml", "xl/worksheets/sheet2.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels"]
ANYTHING = st.one_of(
    st.text(max_size=20),
    st.floats(-1e300, 1e300),
    st.booleans(),
    st.text("=+-*/^%(){}[]:;,.!$'\"#@&<> 0123456789AHXEPSUMIFR\\", max_size=40).map("={}".format),
)


def read_or_refused(path: Path) -> None:
    with suppress(ByhandError):
        read_submission(path, class_set().handed_out, TypedAnswer, engine())


def printable(value: Any) -> bool:
    return not isinstance(value, str) or not openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.search(value)


@examples(8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ANYTHING.filter(printable), min_size=30, max_size=30))
def test_no_contents_of_cells_raise(tmp_path: Path, contents: list[Any]) -> None:
    key = class_set().key
    cells = [(q.sheet, cell) for q in key.questions for cell in q.cells]
    path = filled(tmp_path / "any.xlsx", changes=dict(zip(cells, contents, strict=True)))
    read = read_submission(path, class_set().handed_out, lambda text: TypedAnswer(text, None, "a text"), engine())
    assert len(values(read)) == 30
    for value, typed in zip(contents, (t for row in read.answers for t in row), strict=True):
        if isinstance(value, float):
            assert typed.value == pytest.approx(value, rel=1e-12)


@examples(15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PARTS), st.integers(0, 100_000), st.binary(max_size=12), st.integers(0, 30))
def test_no_damage_raises_anything_else(tmp_path: Path, part: str, cell_address: int, put: bytes, cut: int) -> None:
    """A few bytes of a part are replaced by others."""

    def change(data: bytes) -> bytes:
        at = cell_address % len(data)
        return data[:at] + put + data[at + cut :]

    path = breaks(change, tmp_path / "damaged.xlsx", part)
    read_or_refused(path)


@examples(15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 100_000), st.binary(min_size=1, max_size=12))
def test_no_damage_of_the_zip_raises_anything_else(tmp_path: Path, cell_address: int, put: bytes) -> None:
    data = bytearray(class_set().book("s01").read_bytes())
    at = cell_address % len(data)
    data[at : at + len(put)] = put
    path = tmp_path / "damaged.xlsx"
    path.write_bytes(data)
    read_or_refused(path)


def test_a_zip_is_a_zip() -> None:
    """The stand-ins are what they say: a guard of the data."""
    assert zipfile.is_zipfile(DATA / "bool_cells.xlsx")
    assert not zipfile.is_zipfile(DATA / "truncated.xlsx")
