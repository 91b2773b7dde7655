"""Pieces of words in answer cells: a pair typed as `q u`, `q|u` or `["q", "u"]` is the number of the pair."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from byhand.answers.limits import Unreadable
from byhand.answers.pieces import read_pieces, shown
from byhand.exercises.problem import Problem
from byhand.grading.submission import read_typed
from byhand.grading.verdicts import TypedAnswer
from byhand.language.pieces import base_of


def reader_of(problem: Problem | None) -> Callable[[str], TypedAnswer]:
    """Return the function that reads what is typed into the cells of a problem: numbers, and pieces where it has some.

    problem: None where it cannot be built again. Where letters are pieces, a text of pieces alone is read as these: e
    is a letter there, not Euler's number.
    """
    if problem is None:
        return read_typed
    graph = problem.lesson.graph
    merges = getattr(problem.lesson.options, "merges", None)
    if not graph.typed or merges is None:
        return read_typed
    letters = graph.typed[0][0].pieces.letters
    return lambda text: _read(text, {letter: n for n, letter in enumerate(letters, 1)}, base_of(len(letters) + merges))


def _read(text: str, numbers: Mapping[str, int], base: int) -> TypedAnswer:
    try:
        pieces = read_pieces(text)
    except Unreadable:
        return read_typed(text)
    if len(pieces) not in (1, 2) or not all(piece in numbers for piece in pieces):
        return read_typed(text)
    value = float(numbers[pieces[0]] if len(pieces) == 1 else base * numbers[pieces[0]] + numbers[pieces[1]])
    return TypedAnswer(text.strip(), value, f"{shown(pieces)}: {value:.0f}", f"{value:.0f}")
