"""One student's exercise: the numbers that were drawn, and the answers that are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from byhand.exercises.draw import Mistakes, draws
from byhand.exercises.problem import Numbers, Problem
from byhand.graph import Array, Node, fold


@dataclass(frozen=True)
class Student:
    """`id` is what the numbers depend on; the name is only printed."""

    id: str
    name: str = ""


@dataclass(frozen=True, eq=False)
class Variant:
    """numbers: of the tables that are drawn. values: of every table. answers: to each question, its numbers in a row.

    planted: for a question about a wrong cell, the table as it is shown, with one cell wrong.
    """

    student: Student
    numbers: Numbers
    values: dict[Node, Array]
    answers: list[Array]
    planted: dict[Node, Array]


def variants(problem: Problem, mistakes: Mistakes, seed: int, students: Sequence[Student]) -> list[Variant]:
    """Each student's own exercise. The same seed and student give the same one, in any class."""
    drawn = draws(problem, mistakes, seed, [s.id for s in students])
    return [_variant(problem, seed, s, numbers) for s, numbers in zip(students, drawn, strict=True)]


def _variant(problem: Problem, seed: int, student: Student, numbers: Numbers) -> Variant:
    values = fold([*problem.outputs, *(q.node for q in problem.questions)], numbers)
    answers, planted = [], {}
    for n, question in enumerate(problem.questions):
        if question.ask.kind == "wrong cell":
            place, planted[question.node] = _plant(values[question.node], chance(seed, student.id, n))
            answers.append(np.array(place, dtype=float) + 1)
        else:
            answers.append(question.cells(values[question.node]))
    return Variant(student, numbers, values, answers, planted)


def chance(seed: int, student: str, n: int) -> np.random.Generator:
    """What is left to chance in a student's n-th question."""
    return np.random.default_rng(list(sha256(f"{seed}\0{student}\0{n}".encode()).digest()))


def _plant(table: Array, chance: np.random.Generator) -> tuple[tuple[int, int], Array]:
    """A cell, and the table with another number there: off by a step that a slip would make."""
    row, column = (int(chance.integers(size)) for size in table.shape)
    whole = bool((table == np.rint(table)).all())
    step = float(chance.choice([-2, -1, 1, 2])) * (1 if whole else 0.1)
    wrong = table.copy()
    wrong[row, column] += step
    return (row, column), wrong
