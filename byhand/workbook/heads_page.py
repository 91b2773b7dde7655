"""The page of a learnt model that says what each of its heads does, from a measurement on its text."""

from __future__ import annotations

from byhand.core.roles import Look
from byhand.lessons.heads import Findings, Head, thing
from byhand.workbook import style
from byhand.workbook.book import Book
from byhand.workbook.layout import TOP
from byhand.workbook.links import write_links
from byhand.workbook.page import Page
from byhand.xlsx.writer import ROW, Content, Sheet, cut, edges

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
WIDTHS = {0: 2, HEAD: 29.2, LOOKS: 45, HIT: 11} | dict.fromkeys((SHARE, EVEN, LOSS, RIGHT, BEFORE, AFTER), 10.6)
USE = (
    "Share of its weight: the mean of its attention weights there, over all places in the text where it has a choice.",
    "If it looked evenly: the share of a head that looks at all words that it may see alike.",
    "Without it: its result Z is 0 in every position of the text; all other tables are as they are.",
    "Loss: the mean of −ln p of the right answers. Right: the share of answers whose p is the largest.",
    "These numbers are measured on the whole text, with the weights as they were learnt: they do not follow a change.",
)
LOOKS_LETTERS = 44
"""The letters of a line of what a head looks at."""
MOST_LOOKS = 3
"""The most things that are listed of what a head looks at."""


def write_heads(book: Book, sheet: Sheet, page: Page, findings: Findings) -> None:
    """Write the page; those of the model must have been placed."""
    sheet.text(0, 1, NAME, style.TITLE)
    sheet.height(0, 27)
    count, score = findings.sequences, findings.score
    sheet.text(1, 1, f"Measured on the text that it learnt: {count:,} sequence{'s' * (count != 1)}", style.SUBTITLE)
    write_links(book.sheet_names, sheet, page)
    for column, lines in TITLES.items():
        for n, line in enumerate(lines):
            align = {"align": "left" if column < SHARE else "center"}
            if line:
                sheet.text(FIRST - 1 + n, column, line, style.HEADING | align)
    row = FIRST + 1
    heights: dict[int, float] = {}
    for head in findings.heads:
        row = _head(sheet, row, head, _page(book, head), heights)
    result = style.cell(Look.RESULT, "0.000")
    sheet.text(row, HEAD, "With all its heads", style.text(11, bold=True))
    sheet.number(row, LOSS, score.loss, result)
    sheet.number(row, RIGHT, score.right, result | {"num_format": "0%"})
    for n, line in enumerate(USE):
        sheet.text(row + 2 + n, HEAD, line, style.text(11, style.GREY))
    for column, width in WIDTHS.items():
        sheet.columns(column, column, width)
    rows = [(n, n + 1) for n in range(FIRST - 1, row + 2 + len(USE))]
    sheet.page(
        TOP - 1,
        book.about.title,
        cut(Content(rows, edges(WIDTHS[column] for column in sorted(WIDTHS)), heights=heights)),
    )


def _page(book: Book, head: Head) -> str:
    """Return the sheet of a head; an empty text if it has none of its own."""
    node = next((n for n in book.homes if n.name == f"{head.name}.weights"), None)
    return book.sheet_names[book.homes[node].page] if node else ""


def _head(sheet: Sheet, row: int, head: Head, page: str, heights: dict[int, float]) -> int:
    """Write a head's rows, enter the heights of high ones, and return the first row below them."""
    attention, computed = style.cell(Look.ATTENTION, "0.00"), style.cell(Look.COMPUTED, "0.000")
    if page:
        sheet.link(row, HEAD, head.title, page, "A1", style.LINK)
    else:
        sheet.text(row, HEAD, head.title, style.text(11))
    shown = head.looks[:MOST_LOOKS]
    for n, look in enumerate(shown):
        words = style.text(11, style.GREY if n else style.INK, bold=not n) | style.IN_LINES
        sheet.text(row + n, LOOKS, thing(look), words)
        if len(thing(look)) > LOOKS_LETTERS:
            heights[row + n] = 2 * ROW
            sheet.height(row + n, heights[row + n])
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
