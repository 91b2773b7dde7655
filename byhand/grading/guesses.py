"""Guesses: answer sheets that hold no work, and the share of the points that each earns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from byhand.core.graph import INFINITE, Array
from byhand.core.roles import Role
from byhand.exercises.draw import Variant
from byhand.exercises.problem import Problem, Question
from byhand.exercises.recipe import BY_COUNTING
from byhand.grading.marking import Marker
from byhand.grading.stages import places_of
from byhand.grading.verdicts import CellMark, TypedAnswer, Verdict

CONSTANTS = (0.0, 1.0, -1.0, 2.0, 3.0, 0.5, 0.33, 0.25, 10.0)
"""Numbers of which each is tried in every cell."""
FREQUENT = 4
"""So many of the most frequent answers of a class are tried in every cell as well."""
COPIED = 4
"""So many of the given tables are tried as answers."""
MOST = 50
"""The number of students whose guesses are marked."""
Sheet = list[Array]
"""The answers of one student: a row of numbers for each question."""
LEAST_PLACES = 2
"""A guess such as 1/3 is written to at least so many places."""
RANDOM_MOST, GUESS_MOST, FEW_MOST, STUDENT_MOST = 0.10, 0.20, 0.25, 0.35
"""The largest share of the points that guesses may earn: random numbers and the best guess on average, the best guess
where fewer than FEW numbers are asked, and any guess of any one student where more than MANY numbers are asked."""
FEW, MANY = 4, 6
RANDOM = ("random numbers", "random answers of the class")
"""The guesses that are random numbers of the right size."""


class Guesses:
    """The guesses at the exercises of a class. The answers of the whole class supply what is frequent, and sizes."""

    def __init__(self, problem: Problem, made: Sequence[Variant]) -> None:
        self.problem, self.made = problem, made
        self.answers = [
            np.stack([_written(question, variant.answers[n]) for variant in made])
            for n, question in enumerate(problem.questions)
        ]
        """For each question the answers of the class as they are written down. (students, cells)"""
        self.usual = [_most_frequent(answers.ravel()) for answers in self.answers]
        self.usual_cells = [np.array([_most_frequent(cell) for cell in answers.T]) for answers in self.answers]
        counts = Counter(np.concatenate([answers.ravel() for answers in self.answers]).tolist())
        frequent = [number for number, _ in counts.most_common(FREQUENT)]
        self.constants = [*dict.fromkeys([*CONSTANTS, *frequent])]

    def sheets(self, n: int, seed: int = 0) -> dict[str, Sheet]:
        """Return the answer sheets of each guess at the n-th student's exercise, by the guess's name."""
        chance = np.random.default_rng([seed, n])
        by_name = {f"{c:g} in every cell": [np.full(a.shape[1], c) for a in self.answers] for c in self.constants}
        by_name["in each table its most frequent answer"] = [
            np.full(row.shape[1], number) for row, number in zip(self.answers, self.usual, strict=True)
        ]
        by_name["in each cell its most frequent answer"] = self.usual_cells
        by_name["1/n in rows of n"] = self._alike(_uniform)
        by_name["1/n for the first n of a row"] = self._alike(_uniform_so_far)
        by_name["1 on the diagonal"] = self._alike(lambda q: _by_place(q, lambda i, j: i == j))
        by_name["1 in the first column"] = self._alike(lambda q: _by_place(q, lambda i, j: j == 0))
        by_name["1 up to the diagonal"] = self._alike(lambda q: _by_place(q, lambda i, j: j <= i))
        by_name["1, 2, 3"] = self._alike(lambda q: np.arange(1.0, _size(q) + 1))
        for name, numbers in _visible_tables(self.problem, self.made[n]).items():
            by_name[f"copies of {name}"] = [np.resize(numbers, a.shape[1]) for a in self.answers]
        if len(self.made) > 1:
            by_name["another student's answers"] = [answers[n - 1] for answers in self.answers]
        by_name["random numbers"] = [self._random(q, a, chance) for q, a in self._with_answers()]
        by_name["random answers of the class"] = [chance.choice(a.ravel(), a.shape[1]) for a in self.answers]
        by_name["random rows that add up to 1"] = self._alike(lambda q: _random_shares(q, chance))
        return by_name

    def _alike(self, guess: Callable[[Question], Array]) -> Sheet:
        return [
            np.round(guess(question), max(LEAST_PLACES, question.ask.places)) for question in self.problem.questions
        ]

    def _with_answers(self) -> Iterator[tuple[Question, Array]]:
        return zip(self.problem.questions, self.answers, strict=True)

    @staticmethod
    def _random(question: Question, answers: Array, chance: np.random.Generator) -> Array:
        """Return random numbers between the class's least and greatest answers, to the places that are asked."""
        finite = answers[np.abs(answers) < INFINITE]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        places = 0 if question.ask.kind in BY_COUNTING else question.ask.places
        unit = 10.0**-places
        whole = chance.integers(round(low / unit), round(high / unit), size=answers.shape[1], endpoint=True)
        return np.asarray(np.round(whole * unit, places))


def _size(question: Question) -> int:
    return len(places_of(question))


def _written(question: Question, answers: Array) -> Array:
    """Return answers as they are written down, to the places that are asked."""
    return np.asarray(np.round(np.asarray(answers, dtype=float).ravel(), question.ask.places) + 0.0)


def _most_frequent(numbers: Array) -> float:
    found, counts = np.unique(numbers, return_counts=True)
    return float(found[int(np.argmax(counts))])


def _uniform(question: Question) -> Array:
    columns = int(question.node.shape[1])
    return np.full(_size(question), 1 / (columns if columns > 1 else int(question.node.shape[0])))


def _uniform_so_far(question: Question) -> Array:
    return np.array([1 / (row + 1) if column <= row else 0.0 for row, column in places_of(question)])


def _by_place(question: Question, chosen: Callable[[int, int], bool]) -> Array:
    return np.array([float(chosen(row, column)) for row, column in places_of(question)])


def _random_shares(question: Question, chance: np.random.Generator) -> Array:
    """Return random positive numbers that add up to 1 in each row."""
    table = chance.dirichlet(np.ones(int(question.node.shape[1])), size=int(question.node.shape[0]))
    return np.array([table[row, column] for row, column in places_of(question)])


def _visible_tables(problem: Problem, variant: Variant) -> dict[str, Array]:
    """Return the first tables that the student sees, by name: drawn ones, then computed ones that are shown."""
    drawn = [node for node in variant.numbers if node.role is not Role.TOKENS]
    shown = {node.name for node in problem.shown}
    computed = [node for node in variant.values if node.name in shown and node not in variant.numbers]
    return {node.name: (variant.numbers | variant.values)[node] for node in [*drawn, *computed][:COPIED]}


@dataclass(frozen=True)
class Earned:
    """What a guess earns from a class: the share of the points, from 0 to 1, of each student.

    by_verdict: the mean share that each verdict brings.
    """

    guess: str
    shares: tuple[float, ...]
    by_verdict: Mapping[Verdict, float]

    @property
    def mean(self) -> float:
        return float(np.mean(self.shares))

    @property
    def largest(self) -> float:
        return max(self.shares)


def earned_by_guesses(marker: Marker, made: Sequence[Variant], most: int = MOST) -> list[Earned]:
    """Return what each guess earns from the first students of a class, the best guess first.

    The answers of the whole class supply what is frequent in it. most: the number of students whose guesses are marked.
    """
    guesses = Guesses(marker.problem, made)
    total = marker.problem.exercise.points
    shares: dict[str, list[float]] = {}
    verdicts: dict[str, Counter[Verdict]] = {}
    for n, variant in enumerate(made[:most]):
        student = marker.key.students[variant.student.id]
        for name, sheet in guesses.sheets(n).items():
            marks = marker.mark(student, [[_typed(x) for x in row.tolist()] for row in sheet])
            shares.setdefault(name, []).append(sum(mark.points for mark in marks) / total)
            verdicts.setdefault(name, Counter()).update(_by_verdict(marks))
    every = [
        Earned(name, tuple(each), {v: points / total / len(made[:most]) for v, points in verdicts[name].items()})
        for name, each in shares.items()
    ]
    return sorted(every, key=lambda earned: -earned.mean)


def guess_faults(earned: Sequence[Earned], asked: int) -> list[str]:
    """Return a message for each bound that guesses exceed. asked: the number of asked cells."""
    best = max(earned, key=lambda one: one.mean)
    random = max((one for one in earned if one.guess in RANDOM), key=lambda one: one.mean)
    luckiest = max(earned, key=lambda one: one.largest)
    bound = FEW_MOST if asked < FEW else GUESS_MOST
    found = []
    if best.mean > bound:
        found.append(_fault(best.guess, best.mean, bound, "on average"))
    if random.mean > RANDOM_MOST:
        found.append(_fault(random.guess, random.mean, RANDOM_MOST, "on average"))
    if asked > MANY and luckiest.largest > STUDENT_MOST:
        found.append(_fault(luckiest.guess, luckiest.largest, STUDENT_MOST, "for one student"))
    return found


def _fault(guess: str, share: float, bound: float, whom: str) -> str:
    return (
        f"A guess, {guess}, earns {share:.0%} of the points {whom}, more than {bound:.0%}: "
        "ask for cells whose numbers differ, or let more numbers be drawn."
    )


def _typed(number: float) -> TypedAnswer:
    text = repr(number)
    return TypedAnswer(text, number, text, text)


def _by_verdict(marks: Sequence[CellMark]) -> Counter[Verdict]:
    points: Counter[Verdict] = Counter()
    for mark in marks:
        if mark.points:
            points[mark.verdict] += mark.points  # type: ignore[assignment]  # a sum of points is no whole number
    return points
