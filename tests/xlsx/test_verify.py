"""Verification: every planted fault is found in every engine, and nothing else."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from support.programs import saved_by
from support.workbooks import NOTHING, altered, at, write

from byhand.errors import ByhandError
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.workbook.build import write_lesson
from byhand.xlsx import verify as verifying
from byhand.xlsx.cells import CellError
from byhand.xlsx.reader import Contents, read
from byhand.xlsx.recalculate import ENGINES
from byhand.xlsx.verify import Finding, Report, compare, tolerance_of, verify

GOOD: dict[str, Any] = {
    "A1": 3,
    "A2": "text",
    "B1": ("=A1/7", 3 / 7),
    "B2": ("=B1*1000000", 3e6 / 7),
    "B3": ('=A2&"s"', "texts"),
    "B4": ("=A1>1", True),
    "B5": ('=IF(A1>1,"","no")', ""),
    "B6": ("=layer1.q-3", 0),
}
FAULTS: dict[str, tuple[str, Any]] = {
    "C1": ("=A1*2", 6.1),
    "C2": ("=A1*3", 6),
    "C3": ("=1/0", 0),
    "C4": ("=A1+1", NOTHING),
    "C5": ('=A2&"s"', "text"),
    "C6": ("=A1>1", False),
    "C7": ("=A1&A1", 33),
    "C8": ("=A1*11", "33"),
    "C9": ("=NOSUCHFUNCTION(A1)", "#NAME?"),
    "D1": ("=A1", 3 + 1e-8),
    "D2": ("=A1*1000", "#REF!"),
}
"""A wrong result, a formula that is not the one of its result, an error, no result, a wrong text, a wrong boolean,
a number for a text, a text for a number, an error that is stored, a small difference, a stored error that is none."""
NAMES = {"layer1.q": "=Sheet1!$A$1"}


def test_a_good_workbook(engine: str, tmp_path: Path) -> None:
    path = write(tmp_path / "good.xlsx", {"Sheet1": GOOD, "Two words": {"A1": ("=Sheet1!B1", 3 / 7)}}, NAMES)
    report = verify(path, engine)
    assert report.ok
    assert (report.cells, report.errors, report.differing, report.missing) == (7, (), (), ())
    assert report.largest < 1e-14
    (line,) = report.lines()
    assert "gets the stored result of all 7 formulas" in line
    assert json.loads(json.dumps(report.as_json()))["ok"] is True


def test_every_planted_fault(engine: str, tmp_path: Path) -> None:
    report = verify(write(tmp_path / "bad.xlsx", {"Sheet1": GOOD | FAULTS}, NAMES), engine)
    assert not report.ok
    assert report.cells == 17
    assert {f.cell: f.error for f in report.errors} == {at("C3"): "#DIV/0!", at("C9"): "#NAME?"}
    found = {f.cell: (f.formula, f.stored, f.recalculated) for f in report.differing}
    assert found == {
        at("C1"): ("=A1*2", 6.1, 6.0),
        at("C2"): ("=A1*3", 6.0, 9.0),
        at("C4"): ("=A1+1", None, 4.0),
        at("C5"): ('=A2&"s"', "text", "texts"),
        at("C6"): ("=A1>1", False, True),
        at("C7"): ("=A1&A1", 33.0, "33"),
        at("C8"): ("=A1*11", "33", 33.0),
        at("D1"): ("=A1", 3.00000001, 3.0),
        at("D2"): ("=A1*1000", "#REF!", 3000.0),
    }
    assert [f.cell for f in report.missing] == [at("C4")]
    assert (report.largest, report.at) == (pytest.approx(0.5), at("C2"))


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_enough(fault: str, tmp_path: Path) -> None:
    report = verify(write(tmp_path / "bad.xlsx", {"Sheet1": GOOD | {fault: FAULTS[fault]}}, NAMES))
    assert [f.cell for f in report.errors + report.differing] == [at(fault)]
    assert not report.ok


def test_a_changed_number_spoils_what_depends_on_it(tmp_path: Path) -> None:
    path = write(tmp_path / "book.xlsx", {"Sheet1": GOOD}, NAMES)
    altered(path, lambda xml: xml.replace('<c r="A1"><v>3</v>', '<c r="A1"><v>4</v>'))
    assert [f.cell for f in verify(path).differing] == [at("B1"), at("B2"), at("B6")]


def test_an_error_in_a_cell_without_a_formula(tmp_path: Path) -> None:
    path = write(tmp_path / "book.xlsx", {"Sheet1": GOOD | {"C1": ("=NA()", "#N/A")}}, NAMES)
    altered(path, lambda xml: xml.replace("<f>NA()</f>", ""))
    report = verify(path)
    assert [(f.cell, f.formula, f.error) for f in report.errors] == [(at("C1"), "", "#N/A")]
    assert (report.ok, report.cells) == (False, 6)


def test_nothing_to_verify(tmp_path: Path) -> None:
    """A comparison of no cells must not pass for a good one."""
    path = write(tmp_path / "book.xlsx", {"Sheet1": {"A1": 1}})
    with pytest.raises(ByhandError) as error:
        verify(path)
    assert str(error.value) == (
        f"{path} holds no formulas, so there is nothing to verify: name a workbook with formulas."
    )


# The comparison itself


def compared(stored: Any, value: Any) -> Report:
    values = {} if stored is None else {at("A1"): stored}
    return compare(Contents(Path("x"), ("Sheet1",), {at("A1"): "=1"}, values, {}), {at("A1"): value}, "ironcalc")


@pytest.mark.parametrize(
    ("stored", "value"),
    [
        (0.0, 0.0),
        (0.0, -0.0),
        (0.0, 1e-9),
        (0.5, 0.5 - 0.99e-9),
        (1000.0, 1000.0000009),
        (-1e30, -1e30 * (1 + 9e-10)),
        ("a", "a"),
        ("", ""),
        (True, True),
        (None, ""),
    ],
)
def test_values_that_agree(stored: Any, value: Any) -> None:
    assert compared(stored, value).ok
    assert compared(stored, value).cells == 1


def test_no_difference_has_no_place() -> None:
    report = compared(2.0, 2.0)
    assert (report.largest, report.at) == (0.0, None)
    assert list(report.lines()) == ["x: IronCalc gets the stored result of all 1 formulas (no difference)."]


@pytest.mark.parametrize(
    ("stored", "value"),
    [
        (0.0, 1.01e-9),
        (0.0, -1.01e-9),
        (0.5, 0.5 + 1.1e-9),
        (1.0, 1 + 1.1e-9),
        (1000.0, 1000.0000011),
        (1e-12, 2e-9),
        (math.nan, math.nan),
        (0.0, math.nan),
        (math.inf, math.inf),
        (0.0, math.inf),
        (math.inf, 0.0),
        ("a", "A"),
        ("1", 1.0),
        (1.0, "1"),
        (True, False),
        (True, 1.0),
        (1.0, True),
        (0.0, ""),
        (0.0, None),
        ("", None),
        ("", 0.0),
        (None, 0.0),
        (None, None),
        (CellError("#N/A"), "#N/A"),
        ("#N/A", CellError("#N/A")),
        (CellError("#N/A"), CellError("#N/A")),
        (CellError("#N/A"), 0.0),
    ],
)
def test_values_that_differ(stored: Any, value: Any) -> None:
    report = compared(stored, value)
    assert not report.ok
    assert len(report.errors) + len(report.differing) == 1
    assert bool(report.errors) == isinstance(value, CellError)


def test_the_largest_difference_and_its_place() -> None:
    cells = [at("A1"), at("A2"), at("A3"), at("A4")]
    book = Contents(Path("x"), ("Sheet1",), dict.fromkeys(cells, "=1"), dict.fromkeys(cells, 10.0), {})
    report = compare(book, dict(zip(cells, [10.0, 10.0 + 4e-9, 10.0 - 8e-9, 10.0 + 1e-9], strict=True)), "ironcalc")
    assert report.ok
    assert (report.largest, report.at) == (pytest.approx(8e-10), at("A3"))
    assert list(report.lines()) == [
        "x: IronCalc gets the stored result of all 4 formulas (largest difference 8.0e-10 at 'Sheet1'!A3)."
    ]


# What the report says


@pytest.fixture
def report() -> Report:
    stored = {at("A1"): 6.1, at("A2"): "a", at("A4"): True, at("B1", "O'Brien"): CellError("#N/A")}
    formulas = dict.fromkeys([at("A1"), at("A2"), at("A3"), at("A4"), at("A5")], "=B1")
    fresh = {at("A1"): 6.0, at("A2"): CellError("#REF!"), at("A3"): math.inf, at("A4"): False, at("A5"): ""}
    return compare(Contents(Path("x.xlsx"), ("Sheet1",), formulas, stored, {}), fresh, "gnumeric")


def test_the_report_for_people(report: Report) -> None:
    assert list(report.lines()) == [
        "x.xlsx: of 5 formulas recalculated in Gnumeric, 3 give another result than the stored one (1 store none); "
        "2 cells show an error; largest difference 1.6e-02 at 'Sheet1'!A1.",
        "  'O''Brien'!B1  shows #N/A",
        "  'Sheet1'!A2  shows #REF!  =B1",
        "  'Sheet1'!A1  stores 6.1, gives 6.0  =B1",
        "  'Sheet1'!A3  stores nothing, gives inf  =B1",
        "  'Sheet1'!A4  stores TRUE, gives FALSE  =B1",
    ]


def test_a_long_report_is_cut(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "MOST_LINES", 1)
    lines = list(report.lines())
    assert len(lines) == 4
    assert lines[-1] == "  and 3 more."


def test_the_report_for_programs(report: Report) -> None:
    assert json.loads(json.dumps(report.as_json(), allow_nan=False)) == {
        "file": "x.xlsx",
        "engine": "gnumeric",
        "ok": False,
        "cells": 5,
        "errors": [
            {"cell": "'O''Brien'!B1", "error": "#N/A", "formula": ""},
            {"cell": "'Sheet1'!A2", "error": "#REF!", "formula": "=B1"},
        ],
        "differing": [
            {"cell": "'Sheet1'!A1", "formula": "=B1", "stored": 6.1, "recalculated": 6.0},
            {"cell": "'Sheet1'!A3", "formula": "=B1", "stored": None, "recalculated": "inf"},
            {"cell": "'Sheet1'!A4", "formula": "=B1", "stored": True, "recalculated": False},
        ],
        "missing": ["'Sheet1'!A3"],
        "largest": pytest.approx(0.1 / 6.1),
        "tolerance": 1e-9,
        "at": "'Sheet1'!A1",
    }


def test_a_finding_knows_its_address() -> None:
    assert Finding(("Layer 1", 1, 27), "=1", 1.0, 2.0).address == "'Layer 1'!AB2"


def test_the_tolerance_is_that_of_the_book_as_read(tmp_path: Path) -> None:
    """Stored results pass through the file's text on their way: they must come back as they were."""
    path = write(tmp_path / "book.xlsx", {"Sheet1": {"A1": ("=1/3", 1 / 3), "A2": ("=2/3*1000000", 2e6 / 3)}})
    assert read(path).values == {at("A1"): 1 / 3, at("A2"): 2e6 / 3}
    assert verify(path).largest < 1e-15


def test_what_rounding_can_make_of_a_step_of_adam(tmp_path: Path) -> None:
    """Where a gradient is 0 but for rounding, programs differ by more than 1e-9; a wrong formula by far more."""
    path = tmp_path / "adam.xlsx"
    recipe = Recipe("multi-head", backward=True, optimizer="adam", lr=0.01, train_steps=2)
    write_lesson(build(recipe), path)
    report = verify(path)
    assert report.ok
    assert report.tolerance == pytest.approx(1e-8)
    book = read(path)
    cell, value = next((c, v) for c in book.formulas if isinstance(v := book.values[c], float) and abs(v) < 1)
    assert not compare(book, {**book.values, cell: value + 1e-7}, "ironcalc").ok
    assert compare(book, {**book.values, cell: value + 5e-9}, "ironcalc").ok


def test_without_adam_the_tolerance_is_the_usual_one(tmp_path: Path) -> None:
    path = tmp_path / "sgd.xlsx"
    write_lesson(build(Recipe("attention", backward=True, optimizer="sgd")), path)
    assert verify(path).tolerance == 1e-9


def test_what_the_erf_of_one_program_can_make(tmp_path: Path) -> None:
    """Only there, and only where it is called."""
    path = tmp_path / "gelu.xlsx"
    write_lesson(build(Recipe("feed-forward", size={"activation": "gelu"})), path)
    assert [tolerance_of(read(path), engine)[0] for engine in ("ironcalc", "gnumeric")] == [1e-8, 1e-9]


@pytest.mark.slow
@pytest.mark.parametrize("program", ["libreoffice", "gnumeric", "ironcalc", "openpyxl"])
def test_a_workbook_that_another_program_has_saved(program: str, tmp_path: Path, needs: Callable[[str], None]) -> None:
    """The formulas and results of each are read; openpyxl stores no results, which is said of every formula."""
    needs("libreoffice")
    needs("gnumeric")
    write_lesson(build(Recipe("attention")), tmp_path / "attention.xlsx")
    cells = len(read(tmp_path / "attention.xlsx").formulas)
    path = saved_by(program, tmp_path / "attention.xlsx", tmp_path)
    for engine in ENGINES:
        report = verify(path, engine)
        assert report.cells == cells
        assert report.ok == (program != "openpyxl")
        assert len(report.missing) == (cells if program == "openpyxl" else 0)


def without_cell_styles(styles: str) -> str:
    """Gnumeric leaves out the names of styles."""
    return re.sub(r"<cellStyles.*?</cellStyles>", "", styles, flags=re.DOTALL)


PARTS = {
    "no names of styles": ("xl/styles.xml", without_cell_styles),
    "a comment by its absolute address": (
        "xl/worksheets/_rels/sheet1.xml.rels",
        lambda xml: xml.replace('Target="../comments1.xml"', 'Target="/xl/comments1.xml"'),
    ),
    "a drawing by its absolute address": (
        "xl/worksheets/_rels/sheet1.xml.rels",
        lambda xml: xml.replace('Target="../drawings/', 'Target="/xl/drawings/'),
    ),
    "a number format with an empty body": (
        "xl/styles.xml",
        lambda xml: re.sub(r"(<numFmt [^>]*?)/>", r"\1></numFmt>", xml),
    ),
    "a cell format without a number format": ("xl/styles.xml", lambda xml: xml.replace('<xf numFmtId="0" ', "<xf ")),
}
"""What other programs write, as people have reported it: a part of the file, and how it differs."""


@pytest.mark.parametrize("what", PARTS)
def test_what_other_programs_write_is_taken(what: str, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write("A1", 2, book.add_format({"num_format": "0.0000"}))
        sheet.write_formula("B1", "=A1*half", None, 1)
        sheet.write_comment("A1", "the first number")
        book.define_name("half", "=Sheet1!$C$1")
        book.define_name("Sheet1!third", "=Sheet1!$C$2")
        sheet.write("C1", 0.5)
        sheet.write("C2", 0.25)
        sheet.write_formula("B2", "=third*4", None, 1)
    part, change = PARTS[what]
    altered(path, change, part)
    report = verify(path)
    assert report.ok
    assert report.cells == 2


def test_a_book_that_stores_no_results_is_said_to_in_one_sentence(tmp_path: Path) -> None:
    path = write(tmp_path / "book.xlsx", {"Sheet1": {"A1": 2, "B1": ("=A1*2", 4), "B2": ("=B1*2", 8)}})
    openpyxl.load_workbook(path).save(path)
    report = verify(path)
    assert not report.ok
    assert list(report.lines()) == [
        f"{path} stores no result for 2 of its 2 formulas, as a program leaves it that does not calculate; IronCalc "
        "works out all of them without an error. To compare, open it in a spreadsheet program and save it again."
    ]
