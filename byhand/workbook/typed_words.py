"""The words that a reader types, their counts and their letters, and the merges that follow, on the home page."""

from __future__ import annotations

from byhand.core.arithmetic.excel import Address, cells
from byhand.core.labels import Typed, spelling
from byhand.core.roles import Look
from byhand.workbook import style
from byhand.workbook.book import Book
from byhand.workbook.page import Block
from byhand.workbook.prompt_words import SIDE, WORDS
from byhand.xlsx.writer import Sheet

LENGTH, CUT = SIDE + WORDS + 1, SIDE + WORDS + 2
"""The column of the lengths of words, and the first one of their pieces."""
UNKNOWN_LETTER = "A letter is not among the letters below: add it, or it counts as �."
TOO_LONG = "A word is longer than {n} letters: what comes after them is left out."


def write_typed(book: Book, sheet: Sheet, typed: Typed, counts: Block | None, row: int) -> None:
    """Write the words with their counts, the letters, a sentence where something does not fit, and the merges."""
    often = f"The {typed.what} and their counts: type others"
    if counts and book.about.explain:
        sheet.note(row, SIDE + 1, book.note_of(counts))
    if typed.what == "words":
        sheet.text(row, LENGTH, "letters", style.ROW_WORD)
    sheet.text(row, SIDE, often if counts else f"The {typed.what}: type others", style.HEADING)
    for i, (_, line, column) in enumerate(book.words[typed]):
        sheet.text(line, column, typed.words[i], style.WORD)
        if counts:
            number = float(book.values[counts.node][i, 0])
            sheet.number(line, column + 1, number, style.cell(Look.INPUT, "0.###" if number % 1 else "0"))
        if typed.what == "words":
            length = float(len(typed.words[i]))
            sheet.formula(line, LENGTH, f"LEN({Address(line, column)})", length, style.cell(Look.COMPUTED, "0"))
    if typed is next(iter(book.typed)):
        _write_cut(book, sheet, row)
    if typed.what == "pieces":  # their letters are those of the words
        return
    _, line, column = book.letters[typed.pieces]
    sheet.text(line, column - 1, "letters", style.ROW_WORD)
    sheet.text(line, column, typed.pieces.typed, style.text(11, style.INK, bg_color=style.LOOKS[Look.INPUT][0]))
    for n, warning in enumerate((_too_long(book, typed), _unknown(book, typed)), 1):
        sheet.formula(line + n, column - 1, warning, "", style.text(11, style.RED))
    if typed.pieces.merges:
        _write_merges(book, sheet, typed, line + 4)


def _write_cut(book: Book, sheet: Sheet, row: int) -> None:
    """Write the pieces of each word in its row."""
    if book.graph.cut:
        sheet.text(row, CUT, "and their pieces", style.HEADING)
    for line, (table, at) in enumerate(book.graph.cut, row + 1):
        pieces = spelling(table)
        assert pieces is not None
        for n, cell in enumerate(book.result(table)[at]):
            text = pieces.spell(float(book.values[table][at, n]), book.values)
            cell_style = style.cell(Look.RESULT, "General") | {"shrink": True}
            sheet.formula(line, CUT + n, book.address(cell, book.home), text, cell_style)


def _too_long(book: Book, typed: Typed) -> str:
    """Return the formula for the sentence about a word that is too long; an empty text where none is."""
    lengths = [Address(row, LENGTH) for _, row, _ in book.words[typed]]
    most = int(typed.ids.shape[1]) - (1 if typed.end else 0)
    return f'IF(MAX({cells(tuple(lengths))})>{most},"{TOO_LONG.format(n=most)}","")'


def _unknown(book: Book, typed: Typed) -> str:
    """Return the formula for the sentence about a letter that is none of the letters; an empty text where all are."""
    ids = book.result(typed.ids)
    table = book.reference([ids[0][0], ids[-1][-1]])
    unknown = [n + 1 for n, letter in enumerate(typed.pieces.letters) if "�" in letter]
    count = "+".join(f"COUNTIF({table},{number})" for number in unknown)
    return f'IF({count}>0,"{UNKNOWN_LETTER}","")'


def _write_merges(book: Book, sheet: Sheet, typed: Typed, row: int) -> None:
    """Write each merge: its two pieces, and what they make."""
    pieces = typed.pieces
    sheet.text(row, SIDE, "and the merges, in the order in which they are learnt", style.HEADING)
    side_style = style.cell(Look.COMPUTED, "General") | {"shrink": True}
    for n, (left, right) in enumerate(pieces.merges):
        new = len(pieces.letters) + n + 1
        sides = [book.addresses(book.homes[side], book.home)[0, 0] for side in (left, right)]
        texts = [pieces.spell(float(book.values[side][0, 0]), book.values) for side in (left, right)]
        sheet.text(row + 1 + n, SIDE, f"{n + 1}", style.ROW_LABEL)
        for k, (side, text) in enumerate(zip(sides, texts, strict=True)):
            sheet.formula(row + 1 + n, SIDE + 1 + k, book.spelled(pieces, side), text, side_style)
        whole = pieces.spell(new, book.values)
        result = style.cell(Look.RESULT, "General") | {"align": "left"}  # a long piece runs to the right
        sheet.formula(row + 1 + n, SIDE + 3, book.piece(pieces, str(new)), whole, result)
