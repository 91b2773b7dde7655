"""The page of a learnt model that says what each of its heads does, from a measurement on its text."""

from __future__ import annotations

from byhand.core.roles import Look
from byhand.lessons.heads import Findings, Head, thing
from byhand.workbook import style
from byhand.workbook.book import Book, write_links
from byhand.workbook.layout import TOP
from byhand.workbook.page import Page
from byhand.xlsx.writer import Sheet

NAME = "What each head does"
FIRST = 5  # the second row of the column titles
HEAD, LOOKS, SHARE, EVEN, LOSS, RIGHT, HIT, BEFORE, AFTER = range(1, 10)  # columns
TITLES = {
    HEAD: ("", "Head"),
    LOOKS: ("", "Looks most at"),
    SHARE: ("Share of", "its weight"),
    EVEN: ("If it looked", "evenly"),
    LOSS: ("Loss", "without it"),
    RIGHT: ("Right", "without it"),
    HIT: ("Most is", "lost at"),
    BEFORE: ("Loss there,", "with it"),
    AFTER: ("", "without it"),
}
WIDTHS = {0: 3, HEAD: 30, LOOKS: 50, SHARE: 12, EVEN: 12, LOSS: 12, RIGHT: 12, HIT: 16, BEFORE: 12, AFTER: 12}
USE = (
    "Share of its weight: the mean of its attention weights there, over all places in the text where it has a choice.",
    "If it looked evenly: the share of a head that looks at all words that it may see alike.",
    "Without it: its result Z is 0 in every position of the text; all other tables are as they are.",
    "Loss: the mean of −ln p of the right answers. Right: the share of answers whose p is the largest.",
    "These numbers are measured on the whole text, with the weights as they were learnt: they do not follow a change.",
)
MOST_LOOKS = 3
"""The most things that are listed of what a head looks at."""


def write_heads(book: Book, sheet: Sheet, page: Page, findings: Findings) -> None:
    """Write the page; those of the model must have been placed."""
    sheet.text(0, 1, NAME, style.TITLE)
    sheet.height(0, 27)
    count, score = findings.sequences, findings.score
    sheet.text(1, 1, f"Measured on the text that it learnt: {count:,} sequence{'s' * (count != 1)}", style.SUBTITLE)
    write_links(book, sheet, page)
    for column, lines in TITLES.items():
        for n, line in enumerate(lines):
            align = {"align": "left" if column < SHARE else "center"}
            if line:
                sheet.text(FIRST - 1 + n, column, line, style.HEADING | align)
    row = FIRST + 1
    for head in findings.heads:
        row = _head(sheet, row, head, _page(book, head))
    result = style.cell(Look.RESULT, "0.000")
    sheet.text(row, HEAD, "With all its heads", style.text(11, bold=True))
    sheet.number(row, LOSS, score.loss, result)
    sheet.number(row, RIGHT, score.right, result | {"num_format": "0%"})
    for n, line in enumerate(USE):
        sheet.text(row + 2 + n, HEAD, line, style.text(10, style.GREY))
    for column, width in WIDTHS.items():
        sheet.columns(column, column, width)
    sheet.page(TOP - 1, book.about.title)


def _page(book: Book, head: Head) -> str:
    """Return the sheet of a head; an empty text if it has none of its own."""
    node = next((n for n in book.homes if n.name == f"{head.name}.weights"), None)
    return book.sheet_names[book.homes[node].page] if node else ""


def _head(sheet: Sheet, row: int, head: Head, page: str) -> int:
    """Write a head's rows, and return the first row below them."""
    attention, computed = style.cell(Look.ATTENTION, "0.00"), style.cell(Look.COMPUTED, "0.000")
    if page:
        sheet.link(row, HEAD, head.title, page, "A1", style.LINK)
    else:
        sheet.text(row, HEAD, head.title, style.text(11))
    shown = head.looks[:MOST_LOOKS]
    for n, look in enumerate(shown):
        sheet.text(row + n, LOOKS, thing(look), style.text(11, style.GREY if n else style.INK, bold=not n))
        sheet.number(row + n, SHARE, look.share, attention)
        sheet.number(row + n, EVEN, look.even, style.cell(Look.SHOWN, "0.00"))
    if shown:
        sheet.heat((row, SHARE, row + len(shown) - 1, SHARE), style.HEAT)
    word, before, after = head.hit
    sheet.number(row, LOSS, head.without.loss, computed)
    sheet.number(row, RIGHT, head.without.right, computed | {"num_format": "0%"})
    sheet.text(row, HIT, word, style.text(11, align="center"))
    sheet.number(row, BEFORE, before, computed)
    sheet.number(row, AFTER, after, computed)
    return row + max(len(shown), 1) + 1
