"""What helps to find one's way on a sheet: a map of the model's sheets with the present one filled, and what to try."""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import wrap

from byhand.core.roles import Look, Role
from byhand.workbook import style
from byhand.workbook.book import Book, title_of
from byhand.workbook.layout import TOP
from byhand.workbook.page import Page
from byhand.workbook.tries import tries_of_page
from byhand.xlsx.writer import Sheet, Span

ROW = TOP - 1
"""The row of the map, under the links."""
MOST, FEWER = 16, 10
"""The most sheets in a map, those around the present one: alone in its row, and beside a sentence."""
LETTERS = 130
"""The letters of a line of what to try."""
LONGEST = 12
"""The letters of a name on the map."""
SHORT = {
    "First step · ": "",
    "Sentence ": "S",
    "Layer ": "L",
    "Encoder": "Enc",
    "Decoder": "Dec",
    "Attention": "Att",
    "Feed-forward": "FF",
    "Backward": "∂",
    "Update": "new",
    "Keys and values": "KV",
    "Positions": "Pos",
    " · ": " ",
}


def short_name(page: Page) -> str:
    """Return the name of a page in few letters: L1 Head 2."""
    name = title_of(page.scope)
    for long, short in SHORT.items():
        name = name.replace(long, short)
    name = re.sub(r"Head (\d)", r"H\1", name)
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def write_map(book: Book, sheet: Sheet, page: Page) -> int:
    """Write the map: a cell for each sheet, which is a link to it, and the present one filled; return where it ends.

    Sheets of the model and sheets of its first training step have a map each.
    """
    pages = [other for other in book.pages if book.in_model(other.scope) == book.in_model(page.scope)]
    if len(pages) == 1 or any(heading.row == ROW for heading in page.headings):
        return 0
    at = pages.index(page)
    start, most = (12, FEWER) if any(book.homes[of.ids].page is page for of in book.sentences) else (1, MOST)
    first = max(0, min(at - most // 2, len(pages) - most))
    shown = pages[first : first + most]
    for n, other in enumerate(shown):
        if other is page:
            sheet.text(ROW, start + n, short_name(other), style.MAP_HERE)
        else:
            name = book.sheet_names[other]
            sheet.link(ROW, start + n, short_name(other), name, "A1", style.on_map(_look(other)))
    return start + len(shown) + 1  # a name that is made smaller to fit reaches into the next column for LibreOffice


def _look(page: Page) -> Look:
    if any(block.node.role is Role.ATTENTION for block in page.blocks):
        return Look.ATTENTION
    look = page.scope.look or next((place.look for place in page.scope.outward if place.look), None)
    return look if look in style.BOXES else Look.COMPUTED


def write_tries(book: Book, sheet: Sheet, page: Page, beside: Sequence[Span]) -> list[Span]:
    """Write what to try under the tables, and what to expect; return the rows, which stay together on paper.

    beside: the rows of what stands beside or under the tables.
    """
    row = max(*(block.row + block.shape[0] for block in page.blocks), *(end for _, end in beside), 0) + 1
    tries = tries_of_page(book, page)
    if not tries:
        return []
    first = row
    sheet.text(row, 1, "Try this", style.HEADING)
    for item in tries:
        for line in wrap(item.text, LETTERS):
            row += 1
            sheet.text(row, 1, line, style.text(10))
    return [(first, row + 1)]
