"""The places of answers in words: cat → sat for what a word takes from another, cat, z2 for a number of a word."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from byhand.core.graph import Array, Node, toposort
from byhand.core.labels import Labels, Tokens, Typed, word
from byhand.exercises.problem import Problem, Question
from byhand.exercises.recipe import OF_ROWS
from byhand.translations import _

BETWEEN_WORDS = " → "
Numbers = Mapping[Node, Array]


@lru_cache(8)
def words_for_all(problem: Problem) -> list[list[str]]:
    """Return the place of each cell of each question, in words that are the same for the whole class.

    Words of a prompt that each student has of their own are left out: row 2, column 1.
    """
    return [[_place(part, question, *cell, {}) for cell in _cells(question)] for part, question in _questions(problem)]


def words_of_student(problem: Problem, numbers: Numbers) -> list[list[str]]:
    """Return the place of each cell of each question, with the words of the student who has these numbers."""
    return [
        [_place(part, question, *cell, {n: numbers[n] for n in part.drawn}) for cell in _cells(question)]
        for part, question in _questions(problem)
    ]


def _questions(problem: Problem) -> list[tuple[Problem, Question]]:
    return [(part, question) for part in problem.each for question in part.questions]


def _cells(question: Question) -> list[tuple[int, int]]:
    """Return row and column of each answer; those of a wrong cell are its row and its column."""
    return [(-1, 0), (-1, 1)] if question.ask.kind == "wrong cell" else question.indices


def _place(problem: Problem, question: Question, row: int, column: int, numbers: Numbers) -> str:
    node = question.node
    if question.ask.kind == "wrong cell":
        return _("the row of the wrong number") if column == 0 else _("the column of the wrong number")
    row_word, column_word = (_word(problem, node, axis, i, numbers) for axis, i in ((0, row), (1, column)))
    if question.ask.kind in OF_ROWS:
        return row_word or _("row {n}").format(n=row + 1)
    if row_word and column_word and _is_of_words(node, 0) and _is_of_words(node, 1):
        return f"{row_word}{BETWEEN_WORDS}{column_word}"
    parts = []
    if int(node.shape[0]) > 1 or row_word:
        parts.append(row_word or _("row {n}").format(n=row + 1))
    if int(node.shape[1]) > 1 or column_word or not parts:
        parts.append(column_word or _("column {n}").format(n=column + 1))
    return ", ".join(parts)


def _is_of_words(node: Node, axis: int) -> bool:
    of = node.shape[axis].labels
    return isinstance(of, Tokens) or (isinstance(of, Labels) and of.name.endswith("words"))


def _word(problem: Problem, node: Node, axis: int, i: int, numbers: Numbers) -> str:
    """Return the label of a row or column; an empty text for a word that is drawn and not known."""
    of = node.shape[axis].labels
    if isinstance(of, Tokens | Typed) and not numbers and any(ids in problem.drawn for ids in toposort([of.ids])):
        return ""
    text = word(of, i, numbers)
    return "" if text == str(i + 1) else text
