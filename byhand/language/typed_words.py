"""Words that a reader types, as numbers of letters, from which a model of pieces learns or which it cuts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from byhand.core.graph import Array, Dim, Node, source
from byhand.core.labels import UNKNOWN, Labels, Pieces, Typed
from byhand.errors import ByhandError, quoted
from byhand.language.architecture import Inputs

END = "</w>"
"""The end of a word, as Sennrich et al. write it in their program (in their paper: ·)."""
INSIDE = "##"
"""What a piece inside a word begins with (Schuster and Nakajima 2012, as BERT writes it)."""
LATIN = "abcdefghijklmnopqrstuvwxyz"
LONGEST, MOST_WORDS, MOST_COUNT = 24, 60, 1_000_000


def words_of(text: str) -> tuple[tuple[str, int], ...]:
    """Return the words of a text, each once with how often it is there, in the order in which they come."""
    return tuple(Counter(text.split()).items())


def counted_words(inputs: Inputs, example: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """Return the words to learn from, with their counts: the given ones, those of a text, or the model's example.

    ByhandError for words that a workbook cannot show letter by letter.
    """
    if inputs.word_counts is not None and inputs.text is not None:
        raise ByhandError("Give --word-counts or --prompt, not both.")
    given = inputs.word_counts or (tuple(example) if inputs.text is None else words_of(inputs.text))
    if not given:
        raise ByhandError("There is no word in the text: give at least one, such as --prompt 'low lower lowest'.")
    if len(given) > MOST_WORDS:
        raise ByhandError(
            f"A workbook shows the letters of at most {MOST_WORDS} words, not {len(given):,}: choose some, "
            "or learn from all with `byhand tokenize`."
        )
    for word, count in given:
        check_word(word)
        if not 0 <= count <= MOST_COUNT:
            raise ByhandError(f"{quoted(word)} is there {count:,} times: give a count from 0 to {MOST_COUNT:,}.")
    twice = next((word for word, n in Counter(word for word, _ in given).items() if n > 1), None)
    if twice is not None:
        raise ByhandError(f"--word-counts has {quoted(twice)} twice: give it once, with the sum of its counts.")
    return given


def check_word(word: str) -> None:
    """Raise ByhandError for a word that cannot be typed letter by letter in a workbook."""
    if not word or len(word) > LONGEST or not word.isprintable() or word.split() != [word] or UNKNOWN in word:
        raise ByhandError(f"{quoted(word)} is no word of 1 to {LONGEST} letters without blanks: change it.")
    if any(ord(letter) > 0xFFFF for letter in word):
        raise ByhandError(f"{quoted(word)} has a sign that spreadsheets count as two letters: leave it out.")


ALPHABETS = ("latin", "words")


def alphabet(words: Sequence[str], which: str) -> str:
    """Return the letters that can be typed: those of the words and, with "latin", small ones beside any of these."""
    letters = {letter for word in words for letter in word}
    if which == "words":
        return "".join(sorted(letters))
    return "".join(sorted(letters | (set(LATIN) if letters & set(LATIN) else set())))


def typed_letters(
    name: str, words: Sequence[str], letters: str, end_of_word: str, width: int = 0, like: Typed | None = None
) -> Typed:
    """Return words as the numbers of their letters in a table, named in the open scope. (words, letters)

    end_of_word: "own", a piece of its own; "last", a part of the last letter's piece; "none"; or "inside", where
    letters inside a word have pieces of their own. width: of the table, at least as wide as the longest word needs.
    like: other words with the same letters, of which these are pieces.
    """
    count = len(letters) + 1
    alone = (*letters, UNKNOWN)
    pieces, offsets = {
        "own": ((END, *alone), {"rest": 1, "end": 1}),
        "last": ((*alone, *(f"{letter}{END}" for letter in alone)), {"last": count}),
        "none": (alone, {}),
        "inside": ((*alone, *(f"{INSIDE}{letter}" for letter in alone)), {"rest": count, "first": -count}),
    }[end_of_word]
    of = like.pieces if like else Pieces("pieces", letters, pieces, inside=INSIDE if end_of_word == "inside" else "")
    width = max(width, *(len(word) + (end_of_word == "own") for word in words))
    rows = [numbers_of(word, letters, offsets, width) for word in words]
    ids = source(name, rows, "ids", columns=positions(width))
    typed = Typed(ids, tuple(words), of, what="pieces" if like else "words", **offsets)
    ids.shape = (Dim(len(words), typed), ids.shape[1])
    return typed


def numbers_of(word: str, letters: str, offsets: dict[str, int], width: int) -> list[float]:
    """Return the numbers of a word's letters, and 0 after its end, as the workbook's formulas compute them."""
    row = [float(letters.find(letter) + 1 or len(letters) + 1) for letter in word]
    row = [n + offsets.get("rest", 0) for n in row]
    if row:
        row[0] += offsets.get("first", 0)
        row[-1] += offsets.get("last", 0)
    row += [float(offsets["end"])] if "end" in offsets else []
    return (row + [0.0] * width)[:width]


def positions(count: int) -> Labels:
    """Return the numbers of letters from 1, as labels of columns."""
    return Labels("letters", tuple(str(n + 1) for n in range(count)))


def gaps(count: int) -> Labels:
    """Return the places between letters, 1·2 and so on, as labels of columns."""
    return Labels("pairs", tuple(f"{n + 1}·{n + 2}" for n in range(count)))


def counts_table(name: str, counts: Sequence[int], typed: Typed) -> Node:
    """Return how often each word is there, as a column. (words, 1)"""
    column: Array = np.array(counts, dtype=np.float64)[:, None]
    return source(name, column, "counts", rows=typed)
