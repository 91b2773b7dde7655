"""Kinds of letters, as the tokenizers library sees them: what is a letter, a number, a space, a part of a word."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from byhand.tokenizers.unicode_tables import (
    NEWER_LETTERS,
    NEWER_NUMBERS,
    NEWER_PARTS_OF_WORDS,
    NO_CONTROL,
    NO_MARK,
    NO_NONSPACING,
    NO_PUNCTUATION,
    OLDER_MARKS,
    OLDER_NONSPACING,
    OLDER_PUNCTUATION,
)

KEPT = 1 << 16
FILE_SEPARATORS = "\x1c\x1d\x1e\x1f"
"""Python calls these spaces; Unicode's property White_Space leaves them out."""


@lru_cache(KEPT)
def kind(letter: str) -> str:
    """Return L for a letter, N for a number, S for a space, O for others: the classes of GPT-2's pattern."""
    category = unicodedata.category(letter)[0]
    if category in "LN":
        return category
    if letter in NEWER_LETTERS or letter in NEWER_NUMBERS:
        return "L" if letter in NEWER_LETTERS else "N"
    return "S" if is_space(letter) else "O"


def is_space(letter: str) -> bool:
    """Return whether it is white space by Unicode."""
    return letter.isspace() and letter not in FILE_SEPARATORS


@lru_cache(KEPT)
def is_word(letter: str) -> bool:
    r"""Return whether it is part of a word: \\w of Unicode's regular expressions (UTS 18)."""
    category = unicodedata.category(letter)
    if category[0] in "LM" or category in ("Nd", "Nl", "Pc") or letter in JOINERS or letter in NEWER_PARTS_OF_WORDS:
        return True
    return any(start <= letter <= end for start, end in ALPHABETIC_SYMBOLS)


JOINERS = "\u200c\u200d"
"""What joins letters and what keeps them apart, without a width."""
ALPHABETIC_SYMBOLS = (
    ("\u24b6", "\u24e9"),
    ("\U0001f130", "\U0001f149"),
    ("\U0001f150", "\U0001f169"),
    ("\U0001f170", "\U0001f189"),
)
"""Letters in circles and squares, which Unicode calls symbols, and alphabetic."""


@lru_cache(KEPT)
def is_punctuation(letter: str) -> bool:
    """Return whether BERT splits a text around it: a sign of ASCII that is no letter or number, or punctuation."""
    if letter.isascii():
        return letter.isprintable() and not letter.isalnum() and letter != " "
    return letter not in NO_PUNCTUATION and (unicodedata.category(letter)[0] == "P" or letter in OLDER_PUNCTUATION)


@lru_cache(KEPT)
def is_control(letter: str) -> bool:
    """Return whether BERT removes it: control and format characters, private ones, and lone surrogates."""
    return letter not in "\t\n\r" and letter not in NO_CONTROL and unicodedata.category(letter) in CONTROLS


CONTROLS = ("Cc", "Cf", "Co", "Cs")


CHINESE = (
    ("\u4e00", "\u9fff"),
    ("\u3400", "\u4dbf"),
    ("\U00020000", "\U0002a6df"),
    ("\U0002a700", "\U0002b73f"),
    ("\U0002b740", "\U0002b81f"),
    ("\U0002b920", "\U0002ceaf"),
    ("\uf900", "\ufaff"),
    ("\U0002f800", "\U0002fa1f"),
)


@lru_cache(KEPT)
def is_chinese(letter: str) -> bool:
    """Return whether BERT puts spaces around it: the blocks of Chinese characters (as in the library)."""
    return any(start <= letter <= end for start, end in CHINESE)


@lru_cache(KEPT)
def is_mark(letter: str) -> bool:
    """Return whether it is a combining mark."""
    return letter not in NO_MARK and (unicodedata.category(letter)[0] == "M" or letter in OLDER_MARKS)


@lru_cache(KEPT)
def is_nonspacing(letter: str) -> bool:
    """Return whether it is a mark without a width of its own: an accent."""
    return letter not in NO_NONSPACING and (unicodedata.category(letter) == "Mn" or letter in OLDER_NONSPACING)
