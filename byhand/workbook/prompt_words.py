"""A prompt on the home page: the text, its pieces in cells to change, their ids, and what is said of an unknown one."""

from __future__ import annotations

from math import ceil
from textwrap import wrap

from byhand.core.arithmetic.excel import Address
from byhand.core.labels import NO_WORD, Labels, Tokens
from byhand.workbook import style
from byhand.workbook.book import Book
from byhand.workbook.unknown_words import unknown_id
from byhand.xlsx.writer import Sheet

SIDE, WORDS = 1, 6
"""The first column of the words on the home page, and how many stand in a line."""

LETTERS = 42
"""The letters of a line of text under them."""
MARKS = {
    "Ġ": "Ġ in front of a piece stands for a space before it.",
    "▁": "▁ in a piece stands for a space.",
    "##": "## in front of a piece says that it continues the word before.",
    "</w>": "</w> at the end of a piece says that a word ends there.",
    "␣": "␣ stands for a space.",
}
"""What marks in pieces stand for; the first that a vocabulary has counts."""
MOST_IN_A_FORMULA = 100
"""The most words that one formula joins."""
UNKNOWN = "unknown"
SENTENCE = "Not in the list: an unknown word counts as {word}; choose another."


def mark_of(vocabulary: Labels) -> str:
    """Return the mark by which the pieces of a vocabulary say where words begin or end; an empty text for words."""
    for mark in MARKS:
        at_end = mark == "</w>"
        marked = (word.endswith(mark) if at_end else word.startswith(mark) for word in vocabulary.words)
        if sum(marked) > (0 if mark in ("␣", "##") else 1) and _in_pieces(mark, vocabulary):
            return mark
    return ""


def _in_pieces(mark: str, vocabulary: Labels) -> bool:
    """Return whether a blank's sign is one among single letters, as where each letter is a piece."""
    return mark != "␣" or all(len(word) == 1 or word[0] in "<[" for word in vocabulary.words)


def joined(words: list[str], mark: str) -> str:
    """Return pieces as a text."""
    if mark == "##":
        return " ".join(words).replace(" ##", "")
    return "".join(words).replace(mark, " ") if mark else " ".join(words)


def _joined_formula(start: str, words: list[Address], mark: str) -> str:
    between = "" if mark and mark != "##" else '," "'
    whole = f"CONCATENATE({f'{between},'.join(map(str, words))})"
    if mark:
        whole = f'SUBSTITUTE({whole},"{" ##" if mark == "##" else mark}","{"" if mark == "##" else " "}")'
    return f'CONCATENATE("{start}",{whole})'


def extra_lines(book: Book, tokens: Tokens) -> list[str]:
    """Return the lines under a prompt: what the mark in its pieces stands for, and which words are shown."""
    mark = "" if tokens.optional else mark_of(tokens.vocabulary)
    texts = [*([MARKS[mark]] if mark else []), *(book.about.note if tokens is book.prompts[0] else ())]
    return [line for text in texts for line in wrap(text, LETTERS)]


def word_cells(count: int, row: int) -> list[tuple[int, int]]:
    """Return the row and column of each word of a prompt whose heading stands in a row."""
    return [(row + 1 + 2 * (n // WORDS), SIDE + n % WORDS) for n in range(count)]


def rows_of_words(tokens: Tokens) -> int:
    """Return how many rows the heading, the words and their ids take."""
    return 1 + 2 * ceil(int(tokens.ids.shape[0]) / WORDS)


def rows_of(book: Book, tokens: Tokens) -> int:
    """Return how many rows a prompt takes: its text, words, ids, further lines, and a sentence or an empty one."""
    return rows_of_words(tokens) + 1 + len(extra_lines(book, tokens)) + bool(extra_lines(book, tokens))


def write_prompt(book: Book, sheet: Sheet, tokens: Tokens, row: int, heading: str) -> None:
    """Write a prompt from a row on: its text, then lines of words over their ids."""
    count = int(tokens.ids.shape[0])
    places = word_cells(count, row)
    typed = [Address(*place) for place in places]
    texts = [book.text_of(tokens, i) for i in range(count)]
    mark = mark_of(tokens.vocabulary)
    if tokens.optional or count > MOST_IN_A_FORMULA:
        sheet.text(row, SIDE, heading, style.HEADING)
    else:
        start = f"{heading.replace('words', 'text') if mark else heading}: "
        sheet.formula(row, SIDE, _joined_formula(start, typed, mark), start + joined(texts, mark), style.HEADING)
    for place, text in zip(places, texts, strict=True):
        sheet.text(*place, text, style.WORD)
    words = book.reference(book.words[tokens.vocabulary])
    lines = [places[n : n + WORDS] for n in range(0, count, WORDS)]
    first, *others = [(*line[0], *line[-1]) for line in lines]
    sheet.choices(first, f"={words}", "Choose a word of the vocabulary.", others)
    grey = style.text(11, style.GREY, align="center")
    for i, (id_, *_) in enumerate(book.result(tokens.ids)):
        number = float(book.values[tokens.ids][i, 0])
        shown = _shown_id(book, tokens, typed[i], book.address(id_, book.home))
        result = book.about.ids[int(number)] if book.about.ids else number
        sheet.formula(places[i][0] + 1, places[i][1], shown, NO_WORD if number < 0 else result, grey)
    unknown = "+".join(
        f'COUNTIF({Address(line[0][0] + 1, line[0][1])}:{Address(line[-1][0] + 1, line[-1][1])},"{UNKNOWN}")'
        for line in lines
    )
    fallback = NO_WORD if tokens.optional else tokens.vocabulary.words[unknown_id(tokens.vocabulary)]
    sentence = SENTENCE.format(word=fallback.replace('"', '""'))
    below = row + rows_of_words(tokens)
    sheet.formula(below, SIDE, f'IF({unknown}=0,"","{sentence}")', "", style.text(11, style.RED))
    for n, line in enumerate(extra_lines(book, tokens)):
        sheet.text(below + 1 + n, SIDE, line, style.text(11, style.GREY))


def _shown_id(book: Book, tokens: Tokens, word: Address, number: Address) -> str:
    """Return the formula for the id under a word: that of the whole vocabulary, or UNKNOWN for no word of the list."""
    own = book.about.ids
    shown = f"CHOOSE({number}+1,{','.join(map(str, own))})" if own else str(number)
    listed = book.nth(book.words[tokens.vocabulary], f"{number}+1")
    known = f'IF({word}={listed},{shown},"{UNKNOWN}")'
    return f'IF({number}<0,IF({word}="{NO_WORD}","{NO_WORD}","{UNKNOWN}"),{known})' if tokens.optional else known
