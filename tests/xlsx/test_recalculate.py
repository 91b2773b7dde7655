"""Recalculation in each engine, and the formulas of a book live in it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.editing import edited
from support.workbooks import NOTHING, altered, at, write

from byhand.xlsx import recalculate as engines
from byhand.xlsx.cells import CellError
from byhand.xlsx.reader import read
from byhand.xlsx.recalculate import recalculate, recalculate_many

APOSTROPHE = "O'Brien's sheet"
WRONG = 99

FORMULAS = {
    "A1": ("=D1/7", 3 / 7),
    "A2": ("=EXP(-D1*30)", 8.194012623990515e-40),
    "A3": ("='Two words'!A1+1", 7.0),
    "A4": ("=layer1.q*2", 6.0),
    "A5": ('=D1&"x"', "3x"),
    "A6": ("=D2", "x<&>y π −∞"),
    "A7": ('=IF(D1>1,"","no")', ""),
    "A8": ('="#N/A"', "#N/A"),
    "A9": ('="1.5"', "1.5"),
    "A10": ("=D1>1", True),
    "A11": ("=AND(D3,D1<1)", False),
    "A12": ("=D9", 0.0),
    "A13": ('=" a "&CHAR(10)', " a \n"),
    "A14": ("=A15+1", 3.0),
    "A15": ("=1+1", 2.0),
}
"""Every formula with what it gives."""
FAILURES = {
    "B1": ("=1/0", "#DIV/0!"),
    "B2": ("=NOSUCHFUNCTION(1)", "#NAME?"),
    "B3": ("=no.such.name+1", None),
    "B4": ('="a"+1', "#VALUE!"),
    "B5": ("=NA()", "#N/A"),
    "B6": ("=#REF!+1", "#REF!"),
    "B7": ("=SQRT(-1)", None),
    "B8": ("=1+", None),
    "B9": ("=B1*2", "#DIV/0!"),
}
"""Every formula with the error that it gives; None where each engine calls it something else."""


def everything(path: Path) -> Path:
    """All of them, with a wrong result stored for each."""
    wrong = {address: (formula, WRONG) for address, (formula, _) in (FORMULAS | FAILURES).items()}
    sheets = {
        "Sheet1": wrong | {"D1": 3, "D2": "x<&>y π −∞", "D3": True},
        "Two words": {"A1": ("=Sheet1!D1*2", WRONG)},
        APOSTROPHE: {"A1": ("=A2+Sheet1!D1", WRONG), "A2": 4},
    }
    return write(path, sheets, {"layer1.q": "=Sheet1!$D$1"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("books")


@pytest.fixture(scope="module")
def values(engine: str, folder: Path) -> engines.Values:
    return recalculate(everything(folder / "everything.xlsx"), engine)


@pytest.fixture
def simple(tmp_path: Path) -> Path:
    return write(tmp_path / "simple.xlsx", {"Sheet1": {"A1": 1, "B1": ("=A1*2", WRONG)}})


# What engines make of formulas


@pytest.mark.parametrize("address", FORMULAS)
def test_a_fresh_value(values: engines.Values, address: str) -> None:
    value, expected = values[at(address)], FORMULAS[address][1]
    assert type(value) is type(expected)
    assert value == (pytest.approx(expected, rel=1e-14, abs=0) if isinstance(expected, float) else expected)


@pytest.mark.parametrize("address", FAILURES)
def test_an_error_is_told_from_a_text(values: engines.Values, address: str, engine: str) -> None:
    value, expected = values[at(address)], FAILURES[address][1]
    assert isinstance(value, CellError)
    assert value.startswith("#")
    assert value == (expected or value)


def test_other_sheets(values: engines.Values) -> None:
    assert values["Two words", 0, 0] == 6.0
    assert values[APOSTROPHE, 0, 0] == 7.0


def test_every_formula_has_a_value_and_nothing_else(values: engines.Values, folder: Path) -> None:
    assert values.keys() == read(folder / "everything.xlsx").formulas.keys()


@pytest.mark.parametrize("engine", ["ironcalc", pytest.param("libreoffice", marks=pytest.mark.slow)])
def test_a_reference_to_a_name_with_an_apostrophe(engine: str, needs: Callable[[str], None], tmp_path: Path) -> None:
    needs(engine)
    assert recalculate(_apostrophe(tmp_path), engine) == {at("A1"): 4.0}


def test_gnumeric_knows_no_reference_to_a_name_with_an_apostrophe(needs: Callable[[str], None], tmp_path: Path) -> None:
    """A fault of Gnumeric 1.12 that our own sheet names must stay clear of."""
    needs("gnumeric")
    assert isinstance(recalculate(_apostrophe(tmp_path), "gnumeric")[at("A1")], CellError)


def _apostrophe(folder: Path) -> Path:
    quoted = APOSTROPHE.replace("'", "''")
    return write(folder / "book.xlsx", {"Sheet1": {"A1": (f"='{quoted}'!A1", WRONG)}, APOSTROPHE: {"A1": 4}})


def test_booleans_in_a_number_format(engine: str, tmp_path: Path) -> None:
    """LibreOffice has no booleans, only numbers that are shown as such; the stored result says which are meant."""
    path = write(tmp_path / "book.xlsx", {"Sheet1": {"A1": ("=1>2", True), "A2": ("=0+1", 1), "A3": 5}})
    style = '<c r="A1" s="1" t="b">'
    altered(path, lambda xml: xml.replace('<c r="A1" t="b">', style).replace('<c r="A2">', '<c r="A2" s="1">'))
    altered(path, _with_a_number_format, "xl/styles.xml")
    for values in (recalculate(path, engine), edited(path, {}, engine)):
        assert [(type(v), v) for v in values.values()] == [(bool, False), (float, 1.0)]


def _with_a_number_format(xml: str) -> str:
    one = '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
    assert one in xml
    two = one.replace("</cellXfs>", '<xf numFmtId="2" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>')
    return xml.replace(f'<cellXfs count="1">{one}', f'<cellXfs count="2">{two}')


def test_several_files_in_their_order(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of one name in two folders; IronCalc and LibreOffice start once for all of them."""
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: started.append(a) or popen(*a, **k))
    paths = []
    for n in range(3):
        (tmp_path / str(n)).mkdir()
        paths.append(write(tmp_path / str(n) / "book.xlsx", {"Sheet1": {"A1": (f"={n}+10", WRONG)}}))
    assert recalculate_many(paths, engine) == [{at("A1"): n + 10.0} for n in range(3)]
    assert len(started) == (3 if engine == "gnumeric" else 1)


def test_two_at_once(engine: str, simple: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: recalculate(simple, engine), range(2)))
    assert results == 2 * [{at("B1"): 2.0}]


def test_a_book_that_stores_no_results(engine: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """IronCalc prints a remark on each such formula, which must not reach our own output."""
    path = write(tmp_path / "book.xlsx", {"Sheet1": {"A1": 1, "B1": ("=A1*2", NOTHING), "B2": ("=B1&B1", NOTHING)}})
    altered(path, lambda xml: xml.replace("<v></v>", ""))
    assert recalculate(path, engine) == {at("B1"): 2.0, at("B2"): "22"}
    assert capfd.readouterr() == ("", "")


def test_nothing_to_do(engine: str, tmp_path: Path) -> None:
    assert recalculate(write(tmp_path / "book.xlsx", {"Sheet1": {"A1": 1}}), engine) == {}
    assert recalculate_many([], engine) == []


def test_a_long_chain(needs: Callable[[str], None], tmp_path: Path) -> None:
    """Gnumeric runs out of stack at 100,000, but not at a length that a workbook of ours may have."""
    cells = {f"A{i}": (f"=A{i + 1}+1", WRONG) for i in range(1, 10_000)} | {"A10000": 1}
    path = write(tmp_path / "chain.xlsx", {"Sheet1": cells})
    for engine in ("ironcalc", "gnumeric"):
        needs(engine)
        assert recalculate(path, engine)[at("A1")] == 10_000


def test_edits_are_live(engine: str, tmp_path: Path) -> None:
    cells = {
        "A1": 1,
        "A2": "old",
        "A3": True,
        "A4": 7,
        "A5": ("=A4", 7),
        "B1": ("=A1*2", 2),
        "B2": ('=A2&"!"', "old!"),
        "B3": ('=IF(A3,"yes","no")', "yes"),
        "B4": ("=A4+1", 8),
        "B5": ("=A5*10", 70),
        "B6": ("=A6+1", 1),
        "B7": ("='Two words'!A1", 0),
    }
    path = write(tmp_path / "book.xlsx", {"Sheet1": cells, "Two words": {"A1": 0}})
    before = path.read_bytes()
    changes = {
        at("A1"): 21,
        at("A2"): "new",
        at("A3"): False,
        at("A4"): None,
        at("A5"): 3.5,
        at("A6"): "=A1+B1",
        at("A1", "Two words"): 1e-7,
    }
    values = edited(path, changes, engine)
    assert values == {
        at("B1"): 42.0,
        at("B2"): "new!",
        at("B3"): "no",
        at("B4"): 1.0,
        at("B5"): 35.0,
        at("B6"): 64.0,
        at("B7"): 1e-7,
        **changes,
        at("A6"): 63.0,
    }
    assert values[at("A3")] is False
    assert path.read_bytes() == before
