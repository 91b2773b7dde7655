"""Classes whose students are simulated: their keys, and the ways in which they go wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from byhand.exercises.distinct_mistakes import mistaken_tables, mistakes
from byhand.exercises.draw import Student, Variant, distinguishable, variants
from byhand.exercises.keys import Key, KeyQuestion, KeyStudent, student_line
from byhand.exercises.problem import Problem, problem, stacked
from byhand.exercises.recipe import exercise_of, find, ready_made
from byhand.exercises.set_folder import digest_of
from byhand.grading.marking import Marker
from byhand.grading.verdicts import CellMark, TypedAnswer
from byhand.lessons.recipe import read_toml

Array = NDArray[np.float64]
Rows = Sequence[Any]


@dataclass(frozen=True)
class Class:
    """A class of an exercise, and what marks it."""

    problem: Problem
    told: Any
    made: list[Variant]
    key: Key
    marker: Marker

    def student(self, n: int) -> KeyStudent:
        return self.key.students[self.made[n].student.id]

    def tables(self, n: int) -> dict[str, Array]:
        """The tables that the student is given, by name; also those that are the same for everybody."""
        fixed = {node.name: node.data for node in self.problem.lesson.tables.values() if node.data is not None}
        return fixed | {node.name: table for node, table in self.made[n].numbers.items()}

    def right(self, n: int) -> list[Array]:
        return [np.array(row, dtype=float) for row in self.made[n].answers]

    def asked(self, rows: Rows) -> list[Array]:
        """As a student writes the numbers down."""
        return [
            np.round(np.ravel(row), q.ask.places) + 0.0 for q, row in zip(self.problem.questions, rows, strict=True)
        ]

    def mark(self, n: int, rows: Rows) -> tuple[CellMark, ...]:
        return self.marker.mark(self.student(n), as_typed(rows))

    def planted(self, changed: Mapping[Any, Any]) -> list[list[Array]]:
        """What each student answers whose tables are changed like this."""
        with np.errstate(all="ignore"):
            answers = self.problem.solve(stacked(v.numbers for v in self.made), changed)
        return [[table[n] for table in answers] for n in range(len(self.made))]


def as_typed(rows: Rows) -> list[list[TypedAnswer]]:
    return [
        [TypedAnswer(str(x), float(x)) if str(x) != "nan" else TypedAnswer() for x in np.ravel(row)] for row in rows
    ]


def class_of(name: str, count: int) -> Class:
    return _class(name, count)


@lru_cache(4)
def _class(name: str, count: int) -> Class:
    path = find(name)
    return built(path, read_toml(path), count)


def built(path: Path, table: dict[str, Any], count: int) -> Class:
    made_of = problem(exercise_of(table, path))
    told = mistakes(made_of)
    students = [Student(f"s{n}", f"Student {n}") for n in range(count)]
    made = variants(made_of, [changed for _, changed in told], 0, students)
    key = load_key(made_of, table, made)
    return Class(made_of, told, made, key, Marker(key, made_of))


def load_key(made_of: Problem, table: dict[str, Any], made: Sequence[Variant]) -> Key:
    """The key without its file; where the cells stand does not matter to marking."""
    questions = tuple(
        KeyQuestion(a.table, a.kind, a.points, a.places, a.margin, "", "S", tuple(f"A{n + 1}" for n in range(len(row))))
        for a, row in zip((q.ask for q in made_of.questions), made[0].answers, strict=True)
    )
    lines = json.loads("{" + ",".join(student_line(variant, variant.student.id) for variant in made) + "}")
    students = {id: KeyStudent(id, **line) for id, line in lines.items()}
    name = made_of.exercise.name
    return Key(name, table, digest_of(name, table), 0, False, questions, students)


def named(marks: Sequence[CellMark]) -> set[str]:
    """The mistakes that the student is told of."""
    return {name for mark in marks for name in mark.mistake.split(", ") if name}


def verdicts(marks: Sequence[CellMark]) -> list[str]:
    return [mark.verdict.name for mark in marks]


PLANTED = [name for name in ready_made() if name not in ("embedding", "find-the-wrong-score", "missing-number")]
"""The recipes in which a mistake shows in the numbers that are asked for."""


def pairs(of: Class) -> list[tuple[str, str, dict[Any, Any]]]:
    """Two mistakes in one graph, where the first leaves a place for the second."""
    found = []
    for (one, first), (other, _) in combinations(of.told, 2):
        try:
            then = mistaken_tables(of.problem, other, first)
        except (LookupError, TypeError, AssertionError):
            continue
        if then != first:
            found.append((one.name, other.name, then))
    return found


def both_named(name: str, seeds: int, most: int) -> Counter[bool]:
    """Of pairs that can be told from each mistake alone and from each other pair, how often both are named."""
    of, found = class_of(name, seeds), Counter[bool]()
    given = stacked(v.numbers for v in of.made)
    tried = pairs(of)
    with np.errstate(all="ignore"):
        two = [of.problem.solve(given, nodes) for _, _, nodes in tried]
        fewer = [of.problem.solve(given), *(of.problem.solve(given, changed) for _, changed in of.told)]
    for place in np.random.default_rng(2).permutation(len(tried))[:most]:
        (one, other, _), answers = tried[place], two[place]
        others = [*fewer, *two[:place], *two[place + 1 :]]
        for n in np.flatnonzero(np.all([distinguishable(of.problem, answers, table) for table in others], axis=0)):
            rows = [table[n] for table in answers]
            if all(np.isfinite(row).all() for row in rows):
                found[{one, other} <= named(of.mark(n, of.asked(rows)))] += 1
    return found
