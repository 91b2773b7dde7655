"""Books of tokens: words and counts that are typed change every merge, as a plain implementation has them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from support.editing import edited
from support.plain_pieces import (
    Words,
    best_way,
    costs_of_dropping,
    em_step,
    joined,
    learn_bpe,
    learn_wordpiece,
    longest_match,
    symbols,
)

from byhand.core.labels import Typed
from byhand.lessons.build import build
from byhand.lessons.command import command
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe
from byhand.tokenizers.wordpiece import WordPiece
from byhand.workbook.about import About
from byhand.workbook.book import Book
from byhand.workbook.build import write_lesson
from byhand.workbook.home_page import plan
from byhand.xlsx.cells import Cell
from byhand.xlsx.verify import verify

SENNRICH = [("low", 5), ("lower", 2), ("newest", 6), ("widest", 3)]
COURSE = [("hug", 10), ("pug", 5), ("pun", 12), ("bun", 4), ("hugs", 5)]
ENGINES = ["ironcalc", *(pytest.param(other, marks=pytest.mark.slow) for other in ("libreoffice", "gnumeric"))]
ENDS_OF_WORDS = [
    *(("own", "ironcalc"), ("last", "ironcalc"), ("none", "ironcalc")),
    *(pytest.param(*pair, marks=pytest.mark.slow) for pair in (("last", "libreoffice"), ("own", "gnumeric"))),
    *(pytest.param(end, "libreoffice", marks=pytest.mark.sweep) for end in ("own", "none")),
    *(pytest.param(end, "gnumeric", marks=pytest.mark.sweep) for end in ("last", "none")),
]
"""How words end, in each program: CI takes one for each of the slow ones."""


class TokenBook:
    """A book of tokens, its plan, and what it shows after other words are typed."""

    def __init__(self, recipe: Recipe) -> None:
        self.lesson: Lesson = build(recipe)
        self.path = Path(mkdtemp(prefix="byhand-")) / "book.xlsx"
        write_lesson(self.lesson, self.path)
        self.book = Book(self.lesson.graph, About("", "", command(recipe), guide=True))
        plan(self.book)

    def place(self, cell: Any) -> Cell:
        page, row, column = cell
        return self.book.sheet_names[page], row, column

    def typing(self, words: Words, which: int = 0) -> dict[Cell, Any]:
        """The changes of typing these words with these counts."""
        typed, counts = list(self.book.typed.items())[which]
        changes: dict[Cell, Any] = {
            self.place(cell): word for cell, (word, _) in zip(self.book.words[typed], words, strict=True)
        }
        if counts:
            numbers = (self.book.result(counts.node)[n][0] for n in range(len(words)))
            changes |= {self.place(cell): times for cell, (_, times) in zip(numbers, words, strict=True)}
        return changes

    def texts(self, values: dict[Cell, Any], table: str) -> list[list[Any]]:
        """The cells of a table as they are shown, without those that are empty."""
        cells = self.book.result(self.lesson.tables[table])
        return [[v for v in (values.get(self.place(cell)) for cell in row) if v not in ("", None)] for row in cells]

    def numbers(self, values: dict[Cell, Any], table: str) -> list[list[Any]]:
        return [[values[self.place(cell)] for cell in row] for row in self.book.result(self.lesson.tables[table])]

    def warning(self, values: dict[Cell, Any]) -> Any:
        (typed, *_) = (t for t in self.book.typed if isinstance(t, Typed))
        page, row, column = self.book.letters[typed.pieces]
        return "".join(str(values[self.place((page, row + n, column - 1))] or "") for n in (1, 2))


@cache
def token_book(
    model: str, size: tuple[tuple[str, Any], ...] = (), words: tuple[Any, ...] = (), prompt: Any = None
) -> TokenBook:
    return TokenBook(Recipe(model, size=dict(size), word_counts=list(words), prompt=prompt))


def random_words(count: int, longest: int, seed: int) -> list[tuple[str, int]]:
    draw = random.Random(seed)
    words: dict[str, int] = {}
    while len(words) < count:
        words["".join(draw.choices("aabbc", k=draw.randint(1, longest)))] = draw.randint(0, 9)
    return list(words.items())


def assert_learns(book: TokenBook, words: Sequence[tuple[str, int]], end_of_word: str, engine: str) -> None:
    values = edited(book.path, book.typing(words), engine)
    merges, cut = learn_bpe(words, len(book.texts(values, "merges")), end_of_word)
    shown = [tuple(row) for row in book.texts(values, "merges") if row]
    counts = [row[0] for row in book.numbers(values, "worth")]
    assert shown == [(left, right) for left, right, _ in merges]
    assert counts[: len(merges)] == [times for *_, times in merges]
    assert not any(counts[len(merges) :])
    assert [" ".join(row) for row in book.texts(values, "words_in_pieces")] == cut
    every = sum(len(pieces.split()) * times for pieces, (_, times) in zip(cut, words, strict=True))
    last = book.numbers(values, "compression")[-1][0]
    assert last == pytest.approx(every / sum(times for _, times in words), rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("model", ["bpe", "bpe-encode", "wordpiece", "wordpiece-encode", "unigram"])
def test_every_result_is_recalculated(model: str, engine: str) -> None:
    assert verify(token_book(model).path, engine).ok


@pytest.mark.slow
@pytest.mark.parametrize(("end_of_word", "engine"), ENDS_OF_WORDS)
def test_typed_words_and_counts_change_every_merge(end_of_word: str, engine: str) -> None:
    book = token_book("bpe", (("merges", 6), ("end_of_word", end_of_word)))
    assert_learns(book, SENNRICH, end_of_word, engine)
    assert_learns(book, [("newer", 3), ("hugs", 9), ("aaaaaa", 4), ("a", 1)], end_of_word, engine)
    assert_learns(book, [("abab", 2), ("aab", 0), ("baba", 7), ("bb", 1)], end_of_word, engine)
    for seed in range(2):
        assert_learns(book, random_words(4, 6, seed), end_of_word, engine)


def test_few_pairs_leave_merges_empty() -> None:
    book = token_book("bpe", (("merges", 6), ("end_of_word", "none")))
    assert_learns(book, [("ab", 1), ("b", 1), ("c", 1), ("d", 1)], "none", "ironcalc")


def test_an_unknown_letter_and_a_long_word_have_a_sentence() -> None:
    book = token_book("bpe")
    assert book.warning(edited(book.path, book.typing(SENNRICH))) == ""
    unknown = edited(book.path, book.typing([("löw", 5), *SENNRICH[1:]]))
    assert "not among the letters" in book.warning(unknown)
    assert book.texts(unknown, "merge1.letters")[0] == ["l", "�", "w", "</w>"]
    longer = edited(book.path, book.typing([("lowest", 5), ("lowlands", 2), *SENNRICH[2:]]))
    assert "longer than 6 letters" in book.warning(longer)


def test_capitals_and_wildcards_are_letters_of_their_own() -> None:
    words = [("aA*", 2), ("A?a", 1), ("~a*", 5)]
    book = token_book("bpe", (("merges", 3),), tuple(words))
    assert_learns(book, words, "own", "ironcalc")


def test_published_merges() -> None:
    """Sennrich et al. 2016; the course of Hugging Face; Gage 1994, whose text ends as X d X a c."""
    report = token_book("bpe", (("merges", 10),)).lesson.graph.report
    assert report is not None
    learnt = report(token_book("bpe", (("merges", 10),)).lesson.numbers())
    assert learnt["merges"] == [
        ["e", "s"], ["es", "t"], ["est", "</w>"], ["l", "o"], ["lo", "w"],
        ["n", "e"], ["ne", "w"], ["new", "est</w>"], ["low", "</w>"], ["w", "i"],
    ]  # fmt: skip
    assert [step["count"] for step in learnt["steps"]] == [9, 9, 9, 7, 7, 6, 6, 6, 5, 3]
    course = build(Recipe("bpe", size={"merges": 3, "end_of_word": "none"}, word_counts=COURSE))
    assert course.graph.report is not None
    steps = course.graph.report(course.numbers())["steps"]
    assert [(*step["pair"], step["count"]) for step in steps] == [("u", "g", 20), ("u", "n", 16), ("h", "ug", 15)]
    gage = build(Recipe("bpe", size={"merges": 3, "end_of_word": "none"}, prompt="aaabdaaabac"))
    assert gage.graph.report is not None
    assert gage.graph.report(gage.numbers())["words"] == {"aaabdaaabac": ["aaab", "d", "aaab", "a", "c"]}


@pytest.mark.slow
@pytest.mark.parametrize(("end_of_word", "engine"), ENDS_OF_WORDS)
def test_a_typed_word_goes_merge_by_merge(end_of_word: str, engine: str) -> None:
    """In the order in which the merges were learnt, as the plain implementation applies them."""
    book = token_book("bpe-encode", (("merges", 9), ("end_of_word", end_of_word)))
    merges, _ = learn_bpe(SENNRICH, 9, end_of_word)
    for words in (["lowest", "newer"], ["west", "low"], ["wildes", "t"], ["nownow", "lo"]):
        values = edited(book.path, book.typing([(word, 1) for word in words]), engine)
        for n, word in enumerate(words, 1):
            way = [symbols(word, end_of_word)]
            for left, right, _ in merges:
                way.append(joined(way[-1], left, right, left + right))
            assert book.texts(values, f"way_{n}") == way


@pytest.mark.parametrize("engine", ENGINES)
def test_wordpiece_divides_by_the_counts_of_the_pieces(engine: str) -> None:
    book = token_book("wordpiece", (("merges", 5),))
    for words in (COURSE, [("gag", 3), ("agag", 2), ("ga", 9), ("a", 4), ("aaaa", 1)], random_words(5, 4, 3)):
        values = edited(book.path, book.typing(words), engine)
        merges, cut = learn_wordpiece(words, 5)
        assert [tuple(row) for row in book.texts(values, "merges") if row] == [(a, b) for a, b, _ in merges]
        scores = [row[0] for row in book.numbers(values, "worth")][: len(merges)]
        assert scores == pytest.approx([float(score) for *_, score in merges], rel=1e-12)
        assert [" ".join(row) for row in book.texts(values, "words_in_pieces")] == cut


@pytest.mark.parametrize("engine", ENGINES)
def test_wordpiece_takes_the_longest_piece_from_the_left(engine: str) -> None:
    """Of typed words, with typed pieces too, among them words that a way not from the left would cut."""
    book = token_book("wordpiece-encode", (("merges", 4),))
    learnt = list(list(book.book.typed)[1].words)
    others = ["[UNK]", "a", "ab", "abc", "##c", "##d", "##cd", "##bc", "u", "##u", "hu", "##g"]
    for words, vocabulary in (
        (["hugs", "bugs", "bum"], learnt),
        (["pun", "hug", "gs"], learnt),
        (["ab", "abcd", "acd"], others),
        (["abd", "#", "uug"], others),
    ):
        typed = [(piece, 0) for piece in vocabulary]
        values = edited(book.path, book.typing([(word, 0) for word in words]) | book.typing(typed, 1), engine)
        for n, word in enumerate(words, 1):
            assert book.texts(values, f"word{n}.path") == [longest_match(word, vocabulary)], word


def test_words_that_are_never_there_teach_nothing() -> None:
    lesson = build(Recipe("wordpiece-encode", size={"merges": 2}, word_counts=[("aabc", 0), ("bb", 5)], prompt="bb a"))
    assert lesson.graph.report is not None
    words = lesson.graph.report(lesson.numbers())["words"]
    assert words == {"bb": ["bb"], "a": ["a"]}


def test_a_word_is_cut_as_the_tokenizer_cuts_it() -> None:
    vocabulary = ["[UNK]", "a", "b", "ab", "##a", "##b", "##ab", "##ba"]
    model = WordPiece({piece: n for n, piece in enumerate(vocabulary)})
    for word in ("abab", "bab", "aabba", "abc", "c"):
        assert longest_match(word, vocabulary) == [piece.text for piece in model.pieces(word)]


@pytest.mark.parametrize("engine", ENGINES)
def test_unigram_cuts_estimates_and_drops(engine: str) -> None:
    """The lattice of typed words and typed pieces, against every way to cut them."""
    book = token_book("unigram")
    pieces = [("h", 5), ("u", 9), ("g", 4), ("s", 2), ("n", 3), ("b", 1), ("p", 2)]
    pieces += [("hu", 7), ("ug", 3), ("gs", 8), ("hug", 1), ("nu", 6), ("un", 4)]
    for words, vocabulary in (
        (COURSE, None),
        ([("hugs", 4), ("snug", 2), ("guns", 3), ("hub", 1), ("u", 6)], None),
        ([("hugs", 4), ("snug", 2), ("guns", 3), ("hub", 1), ("ugh", 0)], pieces),
    ):
        changes = book.typing(words) | (book.typing(vocabulary, 1) if vocabulary else {})
        values = edited(book.path, changes, engine)
        start = book.lesson.numbers()["frequency"][:, 0].tolist()
        names = list(book.book.typed)[1].words
        counts = dict(vocabulary or zip(names, start, strict=True))
        p = {piece: n / sum(counts.values()) for piece, n in counts.items()}
        loss, new = em_step(words, p)
        assert book.numbers(values, "loss")[0][0] == pytest.approx(loss, rel=1e-9)
        assert [row[0] for row in book.numbers(values, "new_p")] == pytest.approx(list(new.values()), rel=1e-9)
        assert [row[0] for row in book.numbers(values, "cost")] == pytest.approx(
            list(costs_of_dropping(words, p).values()), rel=1e-9, abs=1e-9
        )
        for n, (word, _) in enumerate(words, 1):
            assert book.texts(values, f"word{n}.path") == [best_way(word, p)[0]], word
