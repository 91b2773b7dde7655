"""A long sheet is cut into pages of paper between its tables."""

from __future__ import annotations

from itertools import pairwise

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.lessons import BOOKS, opened, position, sweep

from byhand.xlsx.writer import A3, A4, UPRIGHT, Cut, cut

NARROW = 400.0


def test_what_fits_a_page_is_as_large_as_it_can_be() -> None:
    """40 rows of 15 points and 12 more, on 787 points less 15 in 1,000; 805 points, less 6 in 100, for 900."""
    assert cut([(4, 40)], NARROW) == Cut(126, [], UPRIGHT)
    assert cut([(4, 30)], 900.0) == Cut(84, [], A4)


def test_what_is_too_wide_for_a4_at_ten_per_cent_is_printed_on_a3() -> None:
    """8,000 points by 0.1 are more than 805 less 6 in 100. A3 takes 1,154 by 787 points."""
    assert cut([(4, 300), (300, 560)], 8_000.0) == Cut(13, [300], A3)


def test_a_long_sheet_that_is_too_wide_for_upright_paper_lies_across() -> None:
    """7,500 points by 0.1 are less than 805 less 6 in 100, and more than 559."""
    assert cut([(4, 400)], 7_500.0).paper == A4


def test_a_page_ends_between_bands() -> None:
    """Upright, a page takes 50 rows at full size, and 55 at 91 per cent."""
    assert cut([(4, 30), (32, 50), (50, 60), (62, 100)], NARROW) == Cut(100, [32, 62], UPRIGHT)


def test_a_band_longer_than_a_page_is_cut_between_its_tables() -> None:
    assert cut([(4, 30), (30, 56), (56, 110)], NARROW) == Cut(94, [30, 56], UPRIGHT)


def test_a_table_longer_than_a_page_is_cut_where_the_page_is_full() -> None:
    """50 rows: the largest size of the fewest pages."""
    assert cut([(4, 150)], NARROW) == Cut(100, [50, 100], UPRIGHT)


def test_pages_are_filled_alike() -> None:
    """Of 70 rows the first page takes 50; a page of 30 and one of 40 are as many."""
    bands = [(4, 14), (16, 28), (30, 42), (44, 58), (60, 70)]
    assert cut(bands, NARROW) == Cut(100, [30], UPRIGHT)


def test_numbers_have_ten_points_where_a_page_is_wide_enough() -> None:
    """11 points at 91 per cent: no more rows go on a page of A4 than 38 across and 55 upright."""
    for rows in (10, 35, 60, 200, 900):
        assert cut([(4, rows)], 800.0).scale * 11 >= 1000
    assert cut([(4, 200)], 1000.0).scale == 75


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 3)), min_size=8, max_size=40))
def test_short_tables_stay_whole_whatever_their_number(sizes: list[tuple[int, int]]) -> None:
    spans, row = [], 4
    for rows, gap in sizes:
        spans.append((row, row + rows))
        row += rows + gap
    made = cut(spans, NARROW)
    breaks = made.rows
    assert not [span for span in spans for at in breaks if span[0] < at < span[1]]
    assert all(b - a <= 55 for a, b in zip([0, *breaks], [*breaks, spans[-1][1]], strict=True))


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


@pytest.mark.parametrize("name", sweep(["gpt2", "bert", "transformer", "mamba", "softmax"], ["gpt2"]))
def test_pages_are_used(name: str) -> None:
    """Of a sheet of several pages each is filled by a third at least, and together they are by nearly half."""
    for sheet in opened(name):
        ends = [*(brk.id for brk in sheet.row_breaks.brk), last_row(sheet)]
        if len(ends) == 1:
            continue
        height = (UPRIGHT if sheet.page_setup.orientation == "portrait" else A4).height
        page = height * 100 / int(sheet.page_setup.scale or 100)
        shares = [15 * (b - a) / page for a, b in pairwise([0, *ends])]
        assert min(shares) > 1 / 3, f"{sheet.title}: {shares}"
        assert sum(shares) / len(shares) > 0.45, f"{sheet.title}: {shares}"


def test_gpt2_takes_few_pages() -> None:
    sheets = opened("gpt2").worksheets
    assert sum(1 + len(sheet.row_breaks.brk) for sheet in sheets) <= 15
    assert all((sheet.page_setup.scale or 100) >= 75 for sheet in sheets)


def last_row(sheet: openpyxl.worksheet.worksheet.Worksheet) -> int:
    """The last row with something in it."""
    return max(cell.row for row in sheet.iter_rows() for cell in row if cell.value not in (None, ""))
