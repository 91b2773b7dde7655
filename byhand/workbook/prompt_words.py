"""A prompt on the home page: the text, its pieces in cells to change, their ids, and what is said of an unknown one."""

from __future__ import annotations

from byhand.core.arithmetic.excel import Address
from byhand.core.labels import NO_WORD, Labels, Tokens
from byhand.workbook import style
from byhand.workbook.book import Book, unknown_id
from byhand.xlsx.writer import Sheet

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
SENTENCE = "Not in the list: a word that is unknown counts as {word} until you choose another."


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
    return [*([MARKS[mark]] if mark else []), *(book.about.note if tokens is book.prompts[0] else ())]


def rows_of(book: Book, tokens: Tokens) -> int:
    """Return how many rows a prompt takes: its text, words, ids, a sentence, further lines and an empty one."""
    return 5 + len(extra_lines(book, tokens))


def write_prompt(book: Book, sheet: Sheet, tokens: Tokens, row: int, heading: str, column: int) -> None:
    """Write a prompt from a row and a column on; its words stand in the second row."""
    count = int(tokens.ids.shape[0])
    typed = [Address(row + 1, column + i) for i in range(count)]
    texts = [book.text_of(tokens, i) for i in range(count)]
    mark = mark_of(tokens.vocabulary)
    if tokens.optional or count > MOST_IN_A_FORMULA:
        sheet.text(row, column, heading, style.HEADING)
    else:
        start = f"{heading.replace('words', 'text') if mark else heading}: "
        sheet.formula(row, column, _joined_formula(start, typed, mark), start + joined(texts, mark), style.HEADING)
    for i, text in enumerate(texts):
        sheet.text(row + 1, column + i, text, style.WORD)
    words = book.reference(book.words[tokens.vocabulary])
    sheet.choices((row + 1, column, row + 1, column + count - 1), f"={words}", "Choose a word of the vocabulary.")
    grey = style.text(9, style.GREY, align="center")
    for i, (id_, *_) in enumerate(book.result(tokens.ids)):
        number = float(book.values[tokens.ids][i, 0])
        shown = _shown_id(book, tokens, typed[i], book.address(id_, book.home))
        result = book.about.ids[int(number)] if book.about.ids else number
        sheet.formula(row + 2, column + i, shown, NO_WORD if number < 0 else result, grey)
    ids = f"{Address(row + 2, column)}:{Address(row + 2, column + count - 1)}"
    fallback = NO_WORD if tokens.optional else tokens.vocabulary.words[unknown_id(tokens.vocabulary)]
    sentence = SENTENCE.format(word=fallback.replace('"', '""'))
    sheet.formula(row + 3, column, f'IF(COUNTIF({ids},"{UNKNOWN}")=0,"","{sentence}")', "", style.text(10, style.RED))
    for n, line in enumerate(extra_lines(book, tokens)):
        sheet.text(row + 4 + n, column, line, style.text(10, style.GREY))


def _shown_id(book: Book, tokens: Tokens, word: Address, number: Address) -> str:
    """Return the formula for the id under a word: that of the whole vocabulary, or UNKNOWN for no word of the list."""
    own = book.about.ids
    shown = f"CHOOSE({number}+1,{','.join(map(str, own))})" if own else str(number)
    listed = book.nth(book.words[tokens.vocabulary], f"{number}+1")
    known = f'IF({word}={listed},{shown},"{UNKNOWN}")'
    return f'IF({number}<0,IF({word}="{NO_WORD}","{NO_WORD}","{UNKNOWN}"),{known})' if tokens.optional else known
