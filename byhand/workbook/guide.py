"""What helps to find one's way on a sheet: a map of the model's sheets with the present one filled, and what to try."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import ceil
from textwrap import wrap

from byhand.core.roles import Look, Role
from byhand.workbook import style
from byhand.workbook.book import Book, title_of
from byhand.workbook.layout import TOP
from byhand.workbook.page import Page, columns_on_paper
from byhand.workbook.rule_lines import LINE_LETTERS
from byhand.workbook.tries import tries_of_page
from byhand.xlsx.writer import Sheet, Span

ROW = TOP - 1
"""The row of the map, under the links."""
BESIDE_SENTENCE = 12
"""The first column of a map beside a sentence."""
NAME_LETTER, NAME_ROOM = 1.12, 1.2
"""The widths of a letter of a name on the map, and of the room beside it."""
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


def short_name(page: Page, letters: int = LONGEST) -> str:
    """Return the name of a page in few letters: L1 H2. letters: at most."""
    name = title_of(page.scope)
    for long, short in SHORT.items():
        name = name.replace(long, short)
    name = re.sub(r"Head (\d)", r"H\1", name)
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


def write_map(book: Book, sheet: Sheet, page: Page, width: float) -> int:
    """Write the map: a box for each sheet, which is a link to it, and the present one filled; return where it ends.

    Sheets of the model and sheets of its first training step have a map each. Of many, it shows those around the
    present one, as many as the paper is wide. width: of the columns, in letters.
    """
    pages = [other for other in book.pages if book.in_model(other.scope) == book.in_model(page.scope)]
    if len(pages) == 1 or any(heading.row == ROW for heading in page.headings):
        return 0
    at = pages.index(page)
    start = BESIDE_SENTENCE if any(book.homes[of.ids].page is page for of in book.sentences) else 1
    columns = [ceil((NAME_LETTER * len(short_name(other)) + NAME_ROOM) / width) for other in pages]
    first, last = _around(at, columns, columns_on_paper(width) + 1 - start)
    column = start
    for other, count in zip(pages[first:last], columns[first:last], strict=True):
        box = style.MAP_HERE if other is page else style.on_map(_look(other))
        if count > 1:
            sheet.join((ROW, column, ROW, column + count - 1), box)
        if other is page:
            sheet.text(ROW, column, short_name(other), box)
        else:
            name = book.sheet_names[other]
            sheet.link(ROW, column, short_name(other), name, "A1", box)
        column += count
    return column


def _around(at: int, columns: Sequence[int], room: int) -> tuple[int, int]:
    """Return the first and the last end of the sheets around one that have room, half of them before it if they can."""
    first, last = at, at + 1
    while True:
        before, after = sum(columns[first:at]), sum(columns[at + 1 : last])
        free = room - before - after - columns[at]
        can_go_on, can_go_back = last < len(columns) and columns[last] <= free, first > 0 and columns[first - 1] <= free
        if can_go_on and (after <= before or not can_go_back):
            last += 1
        elif can_go_back:
            first -= 1
        else:
            return first, last


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
        for line in wrap(item.text, LINE_LETTERS):
            row += 1
            sheet.text(row, 1, line, style.text(11))
    return [(first, row + 1)]
