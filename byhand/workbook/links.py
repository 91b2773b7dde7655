"""The links of a sheet to those before and after it, and home."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from byhand.workbook import style
from byhand.workbook.page import NARROWEST, Page
from byhand.xlsx.writer import Sheet

LINK_LETTER = 0.95
"""The width of a letter of a link, where a digit has 1."""


def write_links(sheet_names: Mapping[Page, str], sheet: Sheet, page: Page, letters_a_column: float = NARROWEST) -> int:
    """Write the links to the sheets before and after a page, and home; return the first free column after them.

    sheet_names: of all sheets in their order, home first.
    """
    pages = list(sheet_names)
    at = pages.index(page)
    before, home = sheet_names[pages[at - 1]], sheet_names[pages[0]]
    sheet.link(2, 1, f"◂ {before}", before, "A1", style.LINK)
    column = max(ceil(6 * NARROWEST / letters_a_column), 1 + ceil((len(before) + 3) / letters_a_column))
    if at > 1:
        sheet.link(2, column, home, home, "A1", style.LINK)
    column += ceil((len(home) + 2) / letters_a_column)
    if at + 1 < len(pages):
        after = sheet_names[pages[at + 1]]
        sheet.link(2, column, f"{after} ▸", after, "A1", style.LINK)
        column += ceil(1.1 * (len(after) + 2) / letters_a_column)
    return column
