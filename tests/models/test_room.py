"""Room on a workbook's sheets: no text is cut off, no number shows as ###."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText
from openpyxl.styles import Alignment
from support.lessons import BOOKS, FEWEST, INFINITE, load, opened, sweep
from support.rooms import breadth, length, own_width, widths

from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.workbook.build import write_lesson

each_book = pytest.mark.parametrize("name", sweep(BOOKS))


def cut_off(sheet: Any) -> Iterator[str]:
    """The texts that run into a neighbour, or off the sheet."""
    wide = widths(sheet)
    for row in sheet.iter_rows():
        filled = [c.column - 1 for c in row if c.value is not None]
        for cell in (c for c in row if isinstance(c.value, str | CellRichText)):
            if cell.alignment.wrap_text:
                if is_too_high(cell, wide):
                    yield f"{sheet.title}!{cell.coordinate} {str(cell.value)!r} has more lines than room"
                continue
            room = room_of(cell, filled, wide)
            if length(cell) > room:
                yield f"{sheet.title}!{cell.coordinate} {str(cell.value)!r}: {length(cell):.1f} in {room:.1f}"


def lines_of(cell: Any, wide: float) -> int:
    """How many lines a text takes in a cell that breaks it between words."""
    words, lines, at = str(cell.value).split(" "), 1, 0.0
    scale = length(cell) / sum(map(breadth, str(cell.value)))
    for word in words:
        size = scale * sum(map(breadth, word))
        if at and at + size > wide:
            lines, at = lines + 1, 0.0
        at += size + scale * breadth(" ")
    return lines


def is_too_high(cell: Any, wide: list[float]) -> bool:
    """Whether a text in lines is cut off below: a line takes 15 points."""
    height = cell.parent.row_dimensions[cell.row].height or 15
    return 15 * lines_of(cell, own_width(cell, wide)) > height


def room_of(cell: Any, filled: list[int], wide: list[float]) -> float:
    at = cell.column - 1
    if cell.alignment.shrink_to_fit:  # to half of its letters' size at most: smaller ones cannot be read
        return 2 * own_width(cell, wide)
    before = max((c for c in filled if c < at), default=-1)
    after = min((c for c in filled if c > at), default=len(wide))
    left, right = sum(wide[before + 1 : at]), sum(wide[at + 1 : after])
    extra = {"right": left, "center": 2 * min(left, right)}.get(cell.alignment.horizontal, right)
    return wide[at] + extra


@pytest.mark.parametrize("name", sweep(BOOKS, FEWEST))
def test_no_text_is_cut_off(name: str) -> None:
    assert [offender for sheet in opened(name) for offender in cut_off(sheet)] == []


@pytest.mark.parametrize(
    ("text", "align", "fits"), [("a long text", None, False), ("a long text", "right", True), ("a", None, True)]
)
def test_a_text_that_is_cut_off_is_seen(text: str, align: str | None, fits: bool) -> None:
    """Its right neighbour is filled, the left one empty."""
    sheet = openpyxl.Workbook().active
    sheet["B1"], sheet["C1"] = text, 1
    sheet["B1"].alignment = Alignment(horizontal=align)
    assert list(cut_off(sheet)) == [] if fits else ["Sheet!B1 'a long text': 9.9 in 8.4"]


def shown(value: float, number_format: str) -> str:
    """A number as its cell shows it, at its widest."""
    if value < INFINITE:
        return "−∞"
    return f"{value:.{len(number_format.rpartition(';')[2].partition('.')[2])}f}"


def digits(text: str) -> float:
    """How wide a number is, in digits: its sign and its point take less, but for the minus before infinity."""
    return sum({"-": 0.65, ".": 0.53, "∞": 1.5}.get(letter, 1.0) for letter in text)


def without_room(sheet: Any) -> Iterator[str]:
    """The numbers that a spreadsheet program shows as ###."""
    wide = widths(sheet)
    for cell in (c for row in sheet.iter_rows() for c in row if isinstance(c.value, int | float)):
        text = shown(cell.value, cell.number_format)
        if digits(text) + 0.5 > wide[cell.column - 1]:
            yield f"{sheet.title}!{cell.coordinate} {text}"


@each_book
def test_every_number_has_room(name: str) -> None:
    assert [offender for sheet in opened(name) for offender in without_room(sheet)] == []


def test_columns_are_as_wide_as_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    write_lesson(build(Recipe("attention", set={"X[1,1]": -123456.789, "W_V[2,2]": 1e7})), path)
    book = load(path, data_only=True)
    assert max(abs(c.value) for row in book["Attention"].iter_rows() for c in row if isinstance(c.value, float)) > 1e6
    assert [offender for sheet in book for offender in without_room(sheet)] == []
