"""The page of a learnt model whose tokens are pieces: the merges that its text teaches, and its words in pieces."""

from __future__ import annotations

from byhand.core.arithmetic.excel import Address
from byhand.core.roles import Look
from byhand.tokenizers.bpe_training import LearnedBpe
from byhand.workbook import style
from byhand.workbook.book import Book
from byhand.workbook.layout import TOP
from byhand.workbook.links import write_links
from byhand.workbook.page import Page
from byhand.xlsx.writer import Content, Sheet, cut, edges

NAME = "Pieces of words"
FIRST = 5  # the row of the column titles
NUMBER, LEFT, RIGHT, NEW, COUNT, TIED, WORD, TIMES, HOW_MANY, PIECES = 1, 2, 3, 4, 5, 6, 8, 9, 10, 11  # columns
MERGES = {
    NUMBER: "Merge",
    LEFT: "Left",
    RIGHT: "Right",
    NEW: "Together",
    COUNT: "Times",
    TIED: "Pairs as frequent",
}
WORDS = {WORD: "Word", TIMES: "Times", HOW_MANY: "Pieces", PIECES: "its pieces, after all merges"}
WIDTHS = {0: 3, NUMBER: 7, LEFT: 12, RIGHT: 12, NEW: 16, COUNT: 8, TIED: 17, 7: 3, WORD: 18, TIMES: 8, HOW_MANY: 8}
PIECE_WIDTH = 12
MOST_MERGES, MOST_WORDS, MOST_PIECES, LONGEST = 1_000, 200, 12, 40
"""The most that the page shows, and the most letters of a piece or a word there."""
USE = (
    "Every word begins as its letters; </w> marks the last. The pair that stands most often side by side is joined.",
    "Times: how often the pair stood in the text when it was joined. Pairs as frequent: the others with that number.",
    "A new word is cut by the same merges, in this order. The counts are the text's: they do not follow a change.",
    'With live counts, of words that you type: byhand workbook bpe --word-counts \'[["low", 5], ["lower", 2]]\'.',
)


def write_pieces(book: Book, sheet: Sheet, page: Page, learned: LearnedBpe) -> None:
    """Write the page; those of the model must have been placed."""
    sheet.text(0, 1, NAME, style.TITLE)
    sheet.height(0, 27)
    merges = f"{len(learned.steps):,} merge{'s' * (len(learned.steps) != 1)}"
    sheet.text(1, 1, f"Learnt from the text before the model was: {merges} (Sennrich et al. 2016)", style.SUBTITLE)
    write_links(book.sheet_names, sheet, page)
    for column, title in (MERGES | WORDS).items():
        align = "left" if column in (PIECES, TIED) else "center"
        sheet.text(FIRST, column, title, style.HEADING | {"align": align})
    for n, step in enumerate(learned.steps[:MOST_MERGES], 1):
        row = FIRST + n
        sheet.number(row, NUMBER, float(n), style.cell(Look.SHOWN, "0"))
        for column, piece in zip((LEFT, RIGHT), step.pair, strict=True):
            sheet.text(row, column, piece[:LONGEST], style.cell(Look.SHOWN, "@"))
        joined = f"CONCATENATE({Address(row, LEFT)},{Address(row, RIGHT)})"
        whole = "".join(piece[:LONGEST] for piece in step.pair)
        sheet.formula(row, NEW, joined, whole, style.cell(Look.RESULT, "General"))
        sheet.number(row, COUNT, float(step.count), style.cell(Look.COMPUTED, "0"))
        sheet.number(row, TIED, float(len(step.tied_with)), style.cell(Look.SHOWN, "0"))
    _words(sheet, learned)
    for n, line in enumerate(USE):
        sheet.text(FIRST + _rows(learned) + 2 + n, NUMBER, line, style.text(11, style.GREY))
    for column, width in WIDTHS.items():
        sheet.columns(column, column, width)
    most_pieces = max((len(pieces[:MOST_PIECES]) for pieces, _ in learned.words), default=1)
    sheet.columns(PIECES, PIECES + MOST_PIECES, PIECE_WIDTH)
    rows = [(row, row + 1) for row in range(FIRST, FIRST + _rows(learned) + 2 + len(USE))]
    across = [(NUMBER, 7), (WORD, PIECES + 1)]
    columns = edges([*WIDTHS.values(), *[PIECE_WIDTH] * most_pieces])
    sheet.page(TOP - 1, book.about.title, cut(Content(rows, columns, across)))


def _rows(learned: LearnedBpe) -> int:
    return max(min(len(learned.steps), MOST_MERGES), min(len(learned.words), MOST_WORDS))


def _words(sheet: Sheet, learned: LearnedBpe) -> None:
    """Write the most frequent words with their pieces, each in a cell."""
    often = sorted(learned.words, key=lambda word: -word[1])[:MOST_WORDS]
    for row, (pieces, count) in enumerate(often, FIRST + 1):
        sheet.text(row, WORD, "".join(pieces).removesuffix("</w>")[:LONGEST], style.cell(Look.SHOWN, "@"))
        sheet.number(row, TIMES, float(count), style.cell(Look.SHOWN, "0"))
        sheet.number(row, HOW_MANY, float(len(pieces)), style.cell(Look.COMPUTED, "0"))
        for n, piece in enumerate(pieces[:MOST_PIECES]):
            sheet.text(row, PIECES + n, piece[:LONGEST], style.cell(Look.RESULT, "@"))
