"""The filled cells of a workbook that nobody sees, as spreadsheet programs write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.colors import COLOR_INDEX, Color
from support.workbooks import altered, at

from byhand.xlsx.reader import read
from byhand.xlsx.visibility import colour, contrast, hides


def white(cell: Any) -> None:
    cell.font = Font(color="FFFFFFFF")


UNSEEN: dict[str, tuple[Callable[[Any], None], str]] = {
    "hidden row": (lambda s: setattr(s.row_dimensions[3], "hidden", True), "in a hidden row"),
    "a row of no height": (lambda s: setattr(s.row_dimensions[3], "height", 0.5), "in a hidden row"),
    "hidden column": (lambda s: setattr(s.column_dimensions["B"], "hidden", True), "in a hidden column"),
    "a column of no width": (lambda s: setattr(s.column_dimensions["B"], "width", 0.1), "in a hidden column"),
    "hidden sheet": (lambda s: setattr(s, "sheet_state", "hidden"), "on a hidden sheet"),
    "very hidden sheet": (lambda s: setattr(s, "sheet_state", "veryHidden"), "on a hidden sheet"),
    "white on white": (lambda s: white(s["B3"]), "in the colour of its background"),
    "nearly white": (lambda s: setattr(s["B3"], "font", Font(color="FFFDFDFD")), "in the colour of its background"),
    "white of the theme": (
        lambda s: setattr(s["B3"], "font", Font(color=Color(theme=0))),
        "in the colour of its background",
    ),
    "white of the palette": (
        lambda s: setattr(s["B3"], "font", Font(color=Color(indexed=9))),
        "in the colour of its background",
    ),
    "grey made white": (
        lambda s: setattr(s["B3"], "font", Font(color=Color(theme=1, tint=0.99))),
        "in the colour of its background",
    ),
    "black on black": (
        lambda s: setattr(s["B3"], "fill", PatternFill("solid", fgColor="FF000000")),
        "in the colour of its background",
    ),
    "tiny letters": (lambda s: setattr(s["B3"], "font", Font(size=1)), "in letters of 1 points"),
    "no number format": (
        lambda s: setattr(s["B3"], "number_format", ";;;"),
        "with a number format that shows nothing",
    ),
    "a text for each number": (
        lambda s: setattr(s["B3"], "number_format", '"seen";"seen";"seen"'),
        "with a number format that shows nothing",
    ),
    "white by its format": (
        lambda s: setattr(s["B3"], "number_format", "[White]0.00"),
        "in the colour of its background",
    ),
}
SEEN: dict[str, Callable[[Any], None]] = {
    "as it is": lambda s: None,
    "another row": lambda s: setattr(s.row_dimensions[4], "hidden", True),
    "another column": lambda s: setattr(s.column_dimensions["C"], "hidden", True),
    "grey": lambda s: setattr(s["B3"], "font", Font(color="FF999999")),
    "white on blue": lambda s: (
        white(s["B3"]),
        setattr(s["B3"], "fill", PatternFill("solid", fgColor="FF2468A8")),
    ),
    "black of the theme": lambda s: setattr(s["B3"], "font", Font(color=Color(theme=1))),
    "small letters": lambda s: setattr(s["B3"], "font", Font(size=6)),
    "two places": lambda s: setattr(s["B3"], "number_format", "0.00"),
    "red below 0": lambda s: setattr(s["B3"], "number_format", "0;[Red]-0"),
    "as an account": lambda s: setattr(s["B3"], "number_format", '_-* #,##0.00_-;-* #,##0.00_-;_-* "-"??_-;_-@_-'),
    "an empty white cell": lambda s: white(s["D9"]),
}


@pytest.fixture(params=[7.0, "=3+4"], ids=["number", "formula"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "Work"
    book.active["A1"], book.active["B3"] = "a text", request.param
    book.create_sheet("More")
    book.save(tmp_path / "book.xlsx")
    return tmp_path / "book.xlsx"


def unseen(path: Path, change: Callable[[Any], object]) -> dict[Any, str]:
    book = openpyxl.load_workbook(path)
    change(book["Work"])
    book.save(path)
    return dict(read(path).unseen)


@pytest.mark.parametrize("how", UNSEEN)
def test_what_is_not_seen(how: str, path: Path) -> None:
    change, why = UNSEEN[how]
    assert unseen(path, change).get(at("B3", "Work")) == why


@pytest.mark.parametrize("how", SEEN)
def test_what_is_seen(how: str, path: Path) -> None:
    assert at("B3", "Work") not in unseen(path, SEEN[how])


def test_rows_that_a_sheet_hides_by_default(path: Path) -> None:
    hidden = altered(path, lambda xml: xml.replace("<sheetFormatPr ", '<sheetFormatPr zeroHeight="1" '))
    assert set(read(hidden).unseen.values()) == {"in a hidden row"}


def test_styles_that_are_not_there_hide_nothing(path: Path) -> None:
    wild = altered(path, lambda xml: xml.replace('<c r="B3"', '<c r="B3" s="99"'))
    assert read(wild).unseen == {}


def test_colours_and_contrast() -> None:
    assert contrast("000000", "FFFFFF") == pytest.approx(21)
    assert contrast("777777", "FFFFFF") == pytest.approx(4.48, abs=0.01), "as WCAG's own examples have it"
    assert contrast("123456", "123456") == 1
    assert colour({"rgb": "FF12ab56"}) == "12AB56"
    assert colour({"theme": "99"}) == colour({"rgb": "red"}) == colour({}) == "000000"
    assert colour({"indexed": "65"}) == "FFFFFF"
    assert [colour({"indexed": str(n)}) for n in range(64)] == [digits[-6:] for digits in COLOR_INDEX[:64]]


@pytest.mark.parametrize("code", [";;;", ";;", '"";"";""', '"x"', "[Red]", r"\-;\-"])
def test_formats_that_show_no_number(code: str) -> None:
    assert hides(code, of_number=True)
    assert not hides(code, of_number=False) or code.count(";") == 3


@pytest.mark.parametrize("code", ["General", "0", "#,##0.00", '"a "0', "yyyy-mm-dd", "@", "0;-0;;@", "[h]:mm", "# ?/?"])
def test_formats_that_show_a_number(code: str) -> None:
    assert not hides(code, of_number=True)
    assert not hides(code, of_number=False)
