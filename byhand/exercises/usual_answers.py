"""The numbers that a mistake gives to most students alike: who knows the exercise can type them without any work."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from byhand.core.graph import Array, Node
from byhand.exercises.draw import easy_draws
from byhand.exercises.problem import Numbers, Problem, random_tables

STUDENTS = 64
"""The number of students whose numbers tell what is usual."""


def usual_answers(problem: Problem, mistaken: Mapping[Node, Node]) -> list[Array]:
    """Return for each question the numbers that half of all students get by a mistake, rounded as asked. (cells,) each

    NaN where they get different numbers, and everywhere if the recipe draws nothing. mistaken: tables -> the wrong
    tables that the mistake puts in their place.
    """
    drawn = _students(problem)
    answers = problem.solve(drawn, mistaken)
    if problem.same_for_all:
        return [np.full(table.shape[-1], np.nan) for table in answers]
    with np.errstate(all="ignore"):
        written = [np.round(table, q.ask.places) for q, table in zip(problem.questions, answers, strict=True)]
    return [np.array([_usual(cell) for cell in table.T]) for table in written]


def _students(problem: Problem) -> Numbers:
    """Return the numbers of some students, always the same ones. (students, r, c) each"""
    drawn = easy_draws(problem) or random_tables(problem, np.random.default_rng(0), STUDENTS)
    return {node: table[:STUDENTS] for node, table in drawn.items()}


def _usual(numbers: Array) -> float:
    """Return the number that half of these are; NaN if there is none."""
    found, counts = np.unique(numbers, return_counts=True)
    most = int(np.argmax(counts))
    return float(found[most]) if 2 * int(counts[most]) >= len(numbers) else np.nan
