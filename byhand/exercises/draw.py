"""Numbers worth computing: drawn until they are kind to the hand, and every mistake shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from byhand.core.graph import INFINITE, Array, Node, fold
from byhand.core.roles import Role
from byhand.errors import ByhandError
from byhand.exercises.problem import Flags, Numbers, Problem
from byhand.exercises.recipe import Exercise

AT_ONCE, MOST_ROUNDS = 32, 200
"""Draws that are tried together for one student, and how often before a recipe counts as impossible."""
TOGETHER = 256
"""Draws on which all mistakes are tried at once, so that memory stays small."""
TIE = 1e-6
ANY = (0.0, 1.0)
"""What a recipe's `attend` says where attention may be as flat, or as much on one word, as it comes."""
Mistakes = Sequence[dict[Node, Node]]
"""For each misconception, the tables that it changes -> what they become."""


def draws(problem: Problem, mistakes: Mistakes, seed: int, students: Sequence[str]) -> list[Numbers]:
    """Each student's numbers, by name (or id) and seed alone: whoever else is in the class makes no difference.

    ByhandError where a recipe's conditions seem never to be met.
    """
    chances = {student: np.random.default_rng(_entropy(problem, seed, student)) for student in students}
    found: dict[str, Numbers] = {}
    for _ in range(MOST_ROUNDS):
        waiting = [s for s in students if s not in found]
        if not waiting:
            return [found[s] for s in students]
        trials = [tried(problem, chances[s], AT_ONCE) for s in waiting]
        together = {node: np.concatenate([trial[node] for trial in trials]) for node in trials[0]}
        good = _good(problem, mistakes, together).reshape(-1, AT_ONCE)
        for student, numbers, flags in zip(waiting, trials, good, strict=True):
            if flags.any():
                first = int(np.argmax(flags))
                found[student] = {node: table[first] for node, table in numbers.items()}
    raise ByhandError(
        f"No numbers fit the exercise {problem.exercise.name} in {MOST_ROUNDS * AT_ONCE:,} draws: "
        "ask for less (largest, whole, attend, mistakes) or let more numbers be drawn."
    )


def _entropy(problem: Problem, seed: int, student: str) -> list[int]:
    digest = sha256(f"{problem.exercise.name}\0{seed}\0{student}".encode()).digest()
    return [int.from_bytes(digest[n : n + 4], "big") for n in range(0, 32, 4)]


def tried(problem: Problem, chance: np.random.Generator, count: int) -> Numbers:
    """So many draws of every table that is drawn."""
    shapes = {node: (count, *map(int, node.shape)) for node in problem.drawn}
    return {
        node: np.array(numbers)[chance.integers(len(numbers), size=shapes[node])]
        for node, numbers in problem.drawn.items()
    }


def _good(problem: Problem, mistakes: Mistakes, given: Numbers) -> Flags:
    """Which draws will do; mistakes are tried only on those that are worth computing. (draws,)"""
    good = worth_computing(problem, given)
    kind = np.flatnonzero(good)
    for n in range(0, len(kind), TOGETHER):
        few = kind[n : n + TOGETHER]
        good[few] = diagnosable(problem, mistakes, {node: table[few] for node, table in given.items()})
    return good


def worth_computing(problem: Problem, given: Numbers) -> Flags:
    """Which draws a person can work out without losing the thread. (draws,)"""
    exercise = problem.exercise
    shares = exercise.attend != Exercise.attend
    with np.errstate(all="ignore"):
        values = fold(problem.outputs, given)
    good = np.ones(len(next(iter(given.values()))), dtype=bool)
    for node in problem.computed:
        table = values[node]
        good &= np.isfinite(table).all((-1, -2))
        good &= ((np.abs(table) <= exercise.largest) | (table < -INFINITE)).all((-1, -2))
        if exercise.attend != ANY and (node.role is Role.ATTENTION or (shares and node.name == "probabilities")):
            good &= _attentive(table, *exercise.attend)
        if node.name in exercise.whole:
            good &= (np.abs(table - np.rint(table)) < 1e-9).all((-1, -2))
    for node, table in given.items():
        good &= _telling(node, table, node.name in exercise.draw)
    for question in problem.questions:
        if question.ask.kind not in ("choice", "wrong cell"):
            if question.ask.places == 0:
                good &= _whole(question.cells(values[question.node]))
            good &= ~near_tie(question.cells(values[question.node]), question.ask.places).any(-1)
    return good


def _whole(answers: Array) -> Flags:
    return np.asarray((np.abs(answers - np.rint(answers)) < 1e-9).all(-1))


def near_tie(answers: Array, places: int) -> Flags:
    """Which answers lie so near the middle between two roundings that they could be rounded either way."""
    scaled = answers * 10.0**places
    return np.asarray(np.abs(np.abs(scaled - np.floor(scaled)) - 0.5) < TIE)


def _attentive(weights: Array, least: float, most: float) -> Flags:
    """No row flat or on one word alone; rows that see one word only are left out. (..., T, S)"""
    largest, seen = weights.max(-1), (weights > 0).sum(-1)
    flat = largest - 1 / np.maximum(seen, 1) < 0.05
    fine = (largest >= least) & (largest <= most) & ~flat
    return np.asarray((fine | (seen < 2)).all(-1) & (~flat | (seen < 2)).any(-1))


def _telling(node: Node, table: Array, asked: bool) -> Flags:
    """A given table that has no row twice, and is not all 0; words that a recipe asks to be drawn may come again."""
    tells = np.abs(table).sum((-1, -2)) > 0
    if asked and node.role is Role.TOKENS:
        tells &= (np.ptp(table, axis=-2) > 0).all(-1)
    elif node.role is Role.TOKENS or (node.role is Role.INPUT and node.shape[0] > 1):
        ordered = np.sort(_as_numbers(table), axis=-1)
        tells &= (np.diff(ordered, axis=-1) != 0).all(-1)
    return np.asarray(tells)


def _as_numbers(table: Array) -> Array:
    """Each row of a table as one number, another for other rows. (..., r, c) -> (..., r)"""
    return np.asarray(table @ np.sqrt(np.arange(2.0, 2.0 + table.shape[-1])))


def diagnosable(problem: Problem, mistakes: Mistakes, given: Numbers) -> Flags:
    """Which draws let every mistake show: beyond twice the margin from the key, and from each other. (draws,)"""
    answers = problem.solve_all(given, [{}, *mistakes])
    together = [np.stack(tables) for tables in zip(*answers, strict=True)]
    good = np.ones(len(next(iter(given.values()))), dtype=bool)
    for n in range(1, len(answers)):
        good &= apart(problem, [table[:n] for table in together], [table[n] for table in together]).all(0)
    return good


def apart(problem: Problem, one: list[Array], other: list[Array]) -> Flags:
    """Whether two sets of answers differ in a cell by more than twice its margin. (..., draws)"""
    differs: Flags = np.zeros(1, dtype=bool)
    for question, a, b in zip(problem.questions, one, other, strict=True):
        with np.errstate(all="ignore"):
            differs = differs | (~(np.abs(a - b) <= 2 * question.ask.margin)).any(-1)
    return differs


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
