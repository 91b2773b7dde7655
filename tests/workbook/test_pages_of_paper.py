"""A long sheet is cut into pages of paper between its tables."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from itertools import pairwise
from math import ceil
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from support.lessons import BOOKS, GALLERY, opened, path_of, position, sweep
from support.rooms import length, own_width, widths

from byhand.xlsx.writer import A3, A4, UPRIGHT, Content, Cut, cut


def content(rows: list[tuple[int, int]], width: float = 400.0, **more: Any) -> Content:
    """A sheet of columns of 40 points, but the last one."""
    return Content(rows, [*map(float, range(0, ceil(width), 40)), width], **more)


def test_what_fits_a_page_is_as_large_as_it_can_be() -> None:
    """40 rows of 15 points and 12 more, on 787 points less 15 in 1,000; 805 points, less 6 in 100, for 800."""
    assert cut(content([(4, 40)])) == Cut(126, [], UPRIGHT)
    assert cut(content([(4, 30)], 800.0)) == Cut(94, [], A4)


def test_what_is_wider_than_paper_has_pages_beside_each_other_between_its_tables() -> None:
    """At 91 per cent A4 takes 831 points: 20 columns of 40. The second table begins in column 17."""
    assert cut(content([(4, 30)], 1_200.0, columns=[(0, 16), (17, 30)])) == Cut(91, [], A4, [17])
    assert cut(content([(4, 30)], 1_200.0, columns=[(0, 16), (16, 30), (2, 9)])) == Cut(91, [], A4, [16])


def test_a_table_that_is_wider_than_a4_is_printed_on_a3() -> None:
    """1,192 points at 91 per cent."""
    assert cut(content([(4, 30)], 1_100.0, columns=[(0, 27)])).paper == A3
    assert cut(content([(4, 30)], 1_100.0, columns=[(0, 27)])).columns == []


def test_a3_is_taken_where_pages_of_a4_beside_each_other_would_be_more_paper() -> None:
    """1,000 points across are two pages of A4 and one of A3; where 62 rows are four of A4, A3 is less paper."""
    columns = [(0, 4), (5, 25)]
    assert cut(content([(4, 30)], 1_000.0, columns=columns)) == Cut(91, [], A4, [5])
    assert cut(content([(4, 30), (32, 50)], 1_000.0, columns=columns)) == Cut(101, [], A3)


def test_a_table_that_is_wider_than_any_paper_goes_on_where_a_page_is_full() -> None:
    made = cut(content([(4, 30)], 3_000.0, columns=[(0, 75)]))
    assert (made.paper, made.columns) == (A3, [29, 58])


def test_a_page_ends_between_bands() -> None:
    """Upright, a page takes 50 rows at full size, and 55 at 91 per cent."""
    assert cut(content([(4, 30), (32, 50), (50, 60), (62, 100)])) == Cut(100, [32, 62], UPRIGHT)


def test_a_band_longer_than_a_page_is_cut_between_its_tables() -> None:
    assert cut(content([(4, 30), (30, 56), (56, 110)])) == Cut(94, [30, 56], UPRIGHT)


def test_a_table_longer_than_a_page_is_cut_where_the_page_is_full() -> None:
    """50 rows: the largest size of the fewest pages."""
    assert cut(content([(4, 150)])) == Cut(100, [50, 100], UPRIGHT)


def test_a_high_row_takes_the_room_of_several() -> None:
    """60 rows, of which the first is as high as 21: both pages are as full after 20."""
    made = cut(content([(n, n + 1) for n in range(60)], heights={0: 315.0}))
    assert made.rows == [20]


def test_pages_are_filled_alike() -> None:
    """Of 70 rows the first page takes 50; a page of 30 and one of 40 are as many."""
    bands = [(4, 14), (16, 28), (30, 42), (44, 58), (60, 70)]
    assert cut(content(bands)) == Cut(100, [30], UPRIGHT)


def test_letters_have_ten_points_however_wide_a_sheet_is() -> None:
    """11 points at 91 per cent: no more rows go on a page of A4 than 38 across and 55 upright."""
    for rows, width in itertools.product((10, 35, 60, 200, 900), (400.0, 800.0, 1_000.0, 5_000.0)):
        assert cut(content([(4, rows)], width)).scale * 11 >= 1000


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 3)), min_size=8, max_size=40))
def test_short_tables_stay_whole_whatever_their_number(sizes: list[tuple[int, int]]) -> None:
    spans, row = [], 4
    for rows, gap in sizes:
        spans.append((row, row + rows))
        row += rows + gap
    made = cut(content(spans))
    breaks = made.rows
    assert not [span for span in spans for at in breaks if span[0] < at < span[1]]
    assert all(b - a <= 55 for a, b in zip([0, *breaks], [*breaks, spans[-1][1]], strict=True))


def test_the_last_page_has_more_than_its_last_lines() -> None:
    """Full pages of 55, 42 and 52 rows would leave the last four alone; 55, 41, 27 and 30 are as many pages."""
    bands = [(4, 19), (20, 55), (56, 96), (97, 122), (123, 148), (149, 153)]
    assert cut(content(bands)) == Cut(92, [55, 96, 123], UPRIGHT)


@pytest.mark.parametrize("name", sweep(BOOKS))
def test_no_table_is_cut_that_fits_a_page(name: str) -> None:
    """A caption's row, the rule below it and the labels stay with the cells, wherever a page ends."""
    for sheet in opened(name):
        ends = [brk.id for brk in sheet.row_breaks.brk]
        page = max((b - a for a, b in pairwise([0, *ends])), default=0)
        for at in ends:
            for table in side_by_side(framed_together(sheet, at)):
                assert max(rows_framed(sheet, cell, at) for cell in table) > page, f"{sheet.title}, before row {at + 1}"


def side_by_side(cells: list[str]) -> list[list[str]]:
    """Cells of a row, those in adjacent columns together."""
    groups: list[list[str]] = []
    for cell in cells:
        if groups and position(cell)[1] == position(groups[-1][-1])[1] + 1:
            groups[-1].append(cell)
        else:
            groups.append([cell])
    return groups


def rows_framed(sheet: openpyxl.worksheet.worksheet.Worksheet, cell: str, above: int) -> int:
    """Of a table with a cell above a break: how many rows it has."""
    column = sheet[cell].column
    first = last = above
    while (
        first > 1 and sheet.cell(first, column).border.top.style and sheet.cell(first - 1, column).border.bottom.style
    ):
        first -= 1
    while sheet.cell(last, column).border.bottom.style and sheet.cell(last + 1, column).border.top.style:
        last += 1
    return last - first + 1


def framed_together(sheet: openpyxl.worksheet.worksheet.Worksheet, above: int) -> list[str]:
    """The cells with a border above and below a break, over each other: of one table."""
    pairs = zip(sheet[above], sheet[above + 1], strict=True)
    return [a.coordinate for a, b in pairs if a.border.bottom.style and b.border.top.style]


@pytest.mark.parametrize("name", sweep(GALLERY, {"gpt2", "softmax"}))
def test_every_letter_and_digit_has_ten_points_on_paper(name: str) -> None:
    """A font's size by the sheet's scale; where a text is shrunk to its cell, that much smaller. In charts, too."""
    for sheet in opened(name):
        scale = (sheet.page_setup.scale or 100) / 100
        assert not sheet.sheet_properties.pageSetUpPr.fitToPage
        assert [cell for cell, size in sizes(sheet) if size * scale < 9.99] == []
    with ZipFile(path_of(name)) as book:
        charts = [book.read(part).decode() for part in book.namelist() if part.startswith("xl/charts/")]
    assert all(int(size) >= 1100 for chart in charts for size in re.findall(r' sz="(\d+)"', chart))


def sizes(sheet: openpyxl.worksheet.worksheet.Worksheet) -> Iterator[tuple[str, float]]:
    """The smallest font of each cell with something in it, in points at full size. A text that is shrunk shrinks."""
    wide = widths(sheet)
    for cell in (cell for row in sheet.iter_rows() for cell in row if cell.value not in (None, "")):
        parts = cell.value if isinstance(cell.value, CellRichText) else [cell]
        size = min((part.font if isinstance(part, TextBlock) else cell.font).sz or 11 for part in parts)
        if cell.alignment.shrink_to_fit and isinstance(cell.value, str | CellRichText):
            size *= min(1, (own_width(cell, wide) + ROUGHLY) / length(cell))
        yield cell.coordinate, size


ROUGHLY = 0.6
"""How far a text's width is overestimated, in digits."""


@pytest.mark.parametrize("name", sweep(GALLERY, {"gpt2", "mamba"}))
def test_no_table_is_cut_by_pages_beside_each_other_that_fits_one(name: str) -> None:
    """And large paper is for what is wider than A4."""
    for sheet in opened(name):
        edges = [0.0, *itertools.accumulate(5.25 * letters + 3.75 for letters in widths(sheet))]
        large = int(sheet.page_setup.paperSize or 9) == A3.number
        room = (A3 if large else A4).width * 0.94 * 100 / (sheet.page_setup.scale or 100)
        for column in (brk.id for brk in sheet.col_breaks.brk):
            for start, end in framed_across(sheet, column):
                assert edges[end] - edges[start] > room, f"{sheet.title}, before column {column + 1}"


def framed_across(sheet: openpyxl.worksheet.worksheet.Worksheet, at: int) -> Iterator[tuple[int, int]]:
    """The first and the last column's end of each row of a table that goes over the edge of a page."""
    for row in sheet.iter_rows(min_row=5):
        framed = [bool(cell.border.left.style and cell.border.right.style) for cell in row]
        if len(framed) > at and framed[at - 1] and framed[at]:
            start, end = at, at
            while start and framed[start - 1]:
                start -= 1
            while end < len(framed) and framed[end]:
                end += 1
            yield start, end


@pytest.mark.parametrize("name", sweep(["gpt2", "bert", "transformer", "mamba", "softmax"], ["gpt2"]))
def test_pages_are_used(name: str) -> None:
    """Of a sheet of several pages each is filled by a third at least, and together they are by nearly half."""
    for sheet in opened(name):
        ends = [*(brk.id for brk in sheet.row_breaks.brk), last_row(sheet)]
        if len(ends) == 1:
            continue
        height = (UPRIGHT if sheet.page_setup.orientation == "portrait" else A4).height
        page = height * 100 / int(sheet.page_setup.scale or 100)
        heights = [sheet.row_dimensions[row].height or 15 for row in range(1, ends[-1] + 1)]
        shares = [sum(heights[a:b]) / page for a, b in pairwise([0, *ends])]
        assert min(shares) > 1 / 3, f"{sheet.title}: {shares}"
        assert sum(shares) / len(shares) > 0.45, f"{sheet.title}: {shares}"


def test_gpt2_takes_few_pages() -> None:
    """Three more than when labels had 7 points, wide sheets 8, and the glossary 9."""
    sheets = opened("gpt2").worksheets
    assert sum((1 + len(sheet.row_breaks.brk)) * (1 + len(sheet.col_breaks.brk)) for sheet in sheets) <= 18


def last_row(sheet: openpyxl.worksheet.worksheet.Worksheet) -> int:
    """The last row with something in it."""
    return max(cell.row for row in sheet.iter_rows() for cell in row if cell.value not in (None, ""))
