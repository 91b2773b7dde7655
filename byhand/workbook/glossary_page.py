"""The page Glossary: every symbol and every step of a workbook with what it is for, its shape, and a link to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from textwrap import wrap

from byhand.core.captions import opened, symbol
from byhand.core.graph import times
from byhand.core.roles import Look, Role
from byhand.glossary import entry_of, meaning, step_meaning
from byhand.workbook import style
from byhand.workbook.book import Book, title_of
from byhand.workbook.layout import TOP
from byhand.workbook.page import Block
from byhand.workbook.steps import steps
from byhand.xlsx.writer import ROW, Content, Sheet, cut, edges

NAME = "Glossary"
SYMBOL, WORDS, SHAPE, PLACE = 1, 2, 3, 4  # columns
MARGIN = 1.5
WIDTHS = {SYMBOL: 15.0, WORDS: 46.0, SHAPE: 20.0, PLACE: 21.0}
"""The widths of the columns, in letters: a page of upright paper. Longer texts have several lines."""
LETTER = {SYMBOL: 1.06, WORDS: 0.94, SHAPE: 1.15, PLACE: 1.0}
"""The widths of a letter of the columns' texts: one of a sentence is narrower than a digit, which widths count."""


@dataclass(frozen=True)
class Term:
    """A line of the page. shape: or a step's equation. block: the first table or step that it is about."""

    symbol: str
    words: str
    shape: str
    block: Block


def write_glossary(book: Book, sheet: Sheet) -> None:
    """Write the page; those of the model must have been placed."""
    sheet.text(0, 1, NAME, style.TITLE)
    sheet.height(0, 27)
    sheet.text(1, 1, "What each symbol and each step is for; a link leads to the first of its kind", style.SUBTITLE)
    last, home = book.sheet_names[book.pages[-1]], book.sheet_names[book.home]
    sheet.link(2, SYMBOL, f"◂ {last}", last, "A1", style.LINK)
    sheet.link(2, SHAPE, home, home, "A1", style.LINK)
    row = TOP
    heights: dict[int, float] = {}
    for heading, beside, terms in (("Symbol", "Shape", symbols(book)), ("Step", "Equation", steps_in_words(book))):
        titles = {SYMBOL: heading, WORDS: "What it is for", SHAPE: beside, PLACE: "Where"}
        for column, title in titles.items():
            sheet.text(row, column, title, style.HEADING)
        row += 1
        for term in terms:
            lines = _lines(_term(book, sheet, row, term))
            if lines > 1:
                heights[row] = lines * ROW
                sheet.height(row, heights[row])
            row += 1
        row += 1
    sheet.columns(0, 0, MARGIN)
    for column, width in WIDTHS.items():
        sheet.columns(column, column, width)
    rows = [(n, n + 1) for n in range(TOP, row - 1)]
    sheet.page(TOP - 1, book.about.title, cut(Content(rows, edges([MARGIN, *WIDTHS.values()]), heights=heights)))


def _lines(texts: Mapping[int, str]) -> int:
    """Return how many lines the texts of a row take in their columns."""
    wrapped = (
        wrap(text, int(WIDTHS[column] / LETTER[column]), break_long_words=False, break_on_hyphens=False)
        for column, text in texts.items()
    )
    return max(map(len, wrapped))


def _term(book: Book, sheet: Sheet, row: int, term: Term) -> dict[int, str]:
    """Write a line, and return its texts by their columns."""
    name = book.sheet_names[term.block.page]
    _, colour, _ = style.LOOKS[term.block.node.look]
    place = title_of(term.block.page.scope)
    sheet.text(row, SYMBOL, term.symbol, style.text(11, colour, bold=True) | style.IN_LINES)
    sheet.text(row, WORDS, term.words, style.text(11) | style.IN_LINES)
    sheet.text(row, SHAPE, term.shape, style.text(11, style.GREY) | style.IN_LINES)
    sheet.link(row, PLACE, place, name, term.block.caption_cell, style.LINK | style.IN_LINES)
    return {SYMBOL: term.symbol, WORDS: term.words, SHAPE: term.shape, PLACE: place}


def symbols(book: Book) -> Iterator[Term]:
    """Yield the symbols of a workbook in their order, each once; one of all gradients, and one of all new weights."""
    known: set[str] = set()
    for node, block in book.homes.items():
        key = entry_of(node)
        if node.role.traits.look is Look.GRADIENT or node.role is Role.UPDATED:
            key = str(node.role)
        if key and key not in known:
            known.add(key)
            yield Term(symbol(node), meaning(node, symbol(node)), times(node.shape), block)


def steps_in_words(book: Book) -> Iterator[Term]:
    """Yield the steps of a workbook in their order, each kind once."""
    known: set[str] = set()
    for step in steps(book):
        words = step_meaning(step.scope)
        if words and words not in known:
            known.add(words)
            equation = step.scope.equation_as(book.turned)
            yield Term(opened(step.scope.title), words, equation, step.block)
