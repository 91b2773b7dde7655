"""Guesses: answer sheets that hold no work, and the share of the points that each earns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from byhand.core.graph import INFINITE, Array
from byhand.core.roles import Role
from byhand.exercises.distinct_mistakes import every_mistake
from byhand.exercises.draw import Variant
from byhand.exercises.problem import SHOWN_PLACES, Problem, Question, stacked
from byhand.exercises.recipe import BY_COUNTING
from byhand.grading.marking import Marker
from byhand.grading.silly_starts import silly_starts
from byhand.grading.stages import places_of
from byhand.grading.verdicts import CellMark, TypedAnswer, Verdict

CONSTANTS = (0.0, 1.0, -1.0, 2.0, 3.0, 0.5, 0.33, 0.25, 10.0)
"""Numbers of which each is tried in every cell."""
FREQUENT = 4
"""So many of the most frequent answers of a class are tried in every cell as well."""
COPIED = 4
"""So many of the given tables are tried as answers."""
MOST, FEWER = 50, 15
"""The number of students whose guesses are marked, and the number of those who try the guesses that are many."""
Sheet = list[Array]
"""The answers of one student: a row of numbers for each question."""
MASKED = 10 * INFINITE
"""The number that is typed for ∞."""
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
        self.answers = [_written(q, [v.answers[n] for v in made]) for n, q in enumerate(problem.questions)]
        """For each question the answers of the class as they are written down. (students, cells)"""
        self.mistaken = _mistaken_answers(problem, made)
        """The same for each known mistake, by its name."""
        usual = self._constant() | self._patterns()
        fixed = _without_doubles(usual | self._what_is_known())
        self.for_all = {name: sheet for name, sheet in fixed.items() if name in usual}
        """Sheets that are the same for every student, by the guess's name."""
        self.for_some = {name: sheet for name, sheet in fixed.items() if name not in usual}
        """More such sheets, which only the first FEWER students try."""
        self.silly = silly_starts(problem, made[:FEWER])

    def sheets(self, n: int, seed: int = 0) -> dict[str, Sheet]:
        """Return the answer sheets of each guess at the n-th student's exercise, by the guess's name."""
        chance = np.random.default_rng([seed, n])
        visible = _visible_tables(self.problem, self.made[n])
        by_name = dict(self.for_all)
        for name, numbers in visible.items():
            by_name[f"copies of {name}"] = [np.resize(numbers, a.shape[1]) for a in self.answers]
        if len(self.made) > 1:
            by_name["another student's answers"] = [answers[n - 1] for answers in self.answers]
        by_name["random numbers"] = [self._random(q, a, chance) for q, a in self._with_answers()]
        by_name["random answers of the class"] = [chance.choice(a.ravel(), a.shape[1]) for a in self.answers]
        by_name["random rows that add up to 1"] = self._alike(lambda q: _random_shares(q, chance))
        if n < FEWER:
            by_name |= self.for_some
            by_name |= {guess: [rows[n] for rows in sheet] for guess, sheet in self.silly.items()}
            for name, numbers in visible.items():
                by_name |= self._rearranged(name, numbers)
        return by_name

    def _rearranged(self, name: str, table: Array) -> dict[str, Sheet]:
        """Return what somebody may copy from a given table instead of all of it in its order."""
        by_name = {}
        if table.size > 1:
            for how, numbers in (("shifted by one", np.roll(table, 1)), ("backwards", table.ravel()[::-1])):
                by_name[f"{name} {how}"] = [np.resize(numbers, a.shape[1]) for a in self.answers]
        if 1 not in table.shape:
            for what, part in (
                (f"the first row of {name} in every row", table[:1]),
                (f"the first column of {name} in every column", table[:, :1]),
                (f"{name} with its rows as columns", table.T),
            ):
                rows, columns = part.shape
                by_name[what] = [
                    np.array([part[i % rows, j % columns] for i, j in places_of(q)]) for q in self.problem.questions
                ]
        return by_name

    def _constant(self) -> dict[str, Sheet]:
        """Return one number in every cell: usual guesses, the most frequent answers, and what mistakes give most."""
        constants = [*CONSTANTS, *_frequent(self.answers, FREQUENT)]
        constants += [number for answers in self.mistaken.values() for number in _frequent(answers, 1)]
        return {f"{c:g} in every cell": [np.full(a.shape[1], c) for a in self.answers] for c in constants}

    def _patterns(self) -> dict[str, Sheet]:
        """Return what is frequent in the class, and numbers that depend on their place alone."""
        return {
            "in each table its most frequent answer": [np.full(a.shape[1], _frequent([a], 1)[0]) for a in self.answers],
            "in each cell its most frequent answer": _usual(self.answers),
            "1/n in rows of n": self._alike(_uniform),
            "1/n for the first n of a row": self._alike(_uniform_so_far),
            "1 on the diagonal": self._alike(lambda q: _by_place(q, lambda i, j: i == j)),
            "1 in the first column": self._alike(lambda q: _by_place(q, lambda i, j: j == 0)),
            "1 up to the diagonal": self._alike(lambda q: _by_place(q, lambda i, j: j <= i)),
            "1, 2, 3": self._alike(lambda q: np.arange(1.0, _size(q) + 1)),
        }

    def _what_is_known(self) -> dict[str, Sheet]:
        """Return what somebody who knows the exercise, but not the student's numbers, may type."""
        by_name = {
            f"in each cell what {name} gives most often": _usual(answers) for name, answers in self.mistaken.items()
        }
        by_name["in each cell its most frequent answer, to 1 place"] = _usual([np.round(a, 1) for a in self.answers])
        by_name["in each cell its most frequent answer, to halves"] = _usual(
            [np.round(2 * a) / 2 for a in self.answers]
        )
        numbers = _frequent(self.answers, FREQUENT)
        sources = {"its most frequent answer": self.answers}
        if self.mistaken:
            of_mistakes = [np.concatenate(each) for each in zip(*self.mistaken.values(), strict=True)]
            numbers += _frequent(of_mistakes, FREQUENT)
            sources["what mistakes give most"] = of_mistakes
        for what, tables in sources.items():
            usual = [_frequent([table], 2) for table in tables]
            sheet = [np.full(table.shape[1], first) for table, (first, *_) in zip(tables, usual, strict=True)]
            by_name[f"in each table {what}"] = sheet
            last = [_with_last(row, number) for row, (*_, number) in zip(sheet, usual, strict=True)]
            by_name[f"in each table {what}, but the next most frequent number in its last cell"] = last
        numbers = [*dict.fromkeys(numbers)]
        for number, other in zip(numbers, numbers[1:] + numbers[:1], strict=True):
            by_name[f"{number:g} in every cell, but {other:g} in the last of each table"] = [
                _with_last(np.full(a.shape[1], number), other) for a in self.answers
            ]
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


def _written(question: Question, answers: Sequence[Array] | Array) -> Array:
    """Return the answers of a class as they are written down, to the places that are asked. (students, cells)"""
    rows = np.array(answers, dtype=float).reshape(len(answers), -1)
    finite = np.clip(np.nan_to_num(rows), -MASKED, MASKED)
    return np.asarray(np.round(finite, question.ask.places) + 0.0)


def _mistaken_answers(problem: Problem, made: Sequence[Variant]) -> dict[str, Sheet]:
    """Return for each known mistake what it leads to, as the class writes it down. (students, cells) each

    A wrong cell of a given table is the same whatever the mistake.
    """
    given = stacked(variant.numbers for variant in made)
    distinct, others = every_mistake(problem)
    found = {m.name: problem.solve(given, changed) for m, changed in [*distinct, *others]}
    return {
        name: [
            _written(q, [v.answers[n] for v in made] if q.ask.kind == "wrong cell" else rows)
            for n, (q, rows) in enumerate(zip(problem.questions, answers, strict=True))
        ]
        for name, answers in found.items()
    }


def _frequent(tables: Sequence[Array], count: int) -> list[float]:
    """Return the most frequent numbers of some tables, the most frequent first."""
    numbers, counts = np.unique(np.concatenate([table.ravel() for table in tables]), return_counts=True)
    return [float(number) for number in numbers[np.argsort(-counts, kind="stable")[:count]]]


def _usual(tables: Sequence[Array]) -> Sheet:
    """Return the most frequent number of each cell. (students, cells) each -> (cells,) each"""
    return [np.array([_frequent([cell], 1)[0] for cell in table.T]) for table in tables]


def _with_last(row: Array, number: float) -> Array:
    return np.array([*row[:-1], number])


def _without_doubles(sheets: Mapping[str, Sheet]) -> dict[str, Sheet]:
    """Return the sheets without those whose numbers are those of an earlier one."""
    first = {np.concatenate(sheet).tobytes(): name for name, sheet in reversed([*sheets.items()])}
    return {name: sheets[name] for name in sorted(first.values(), key=[*sheets].index)}


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
    """Return the first tables that the student sees in full, by name: drawn ones, then computed ones that are shown.

    Their numbers are as the sheet shows them.
    """
    asked = {question.node for question in problem.questions}
    drawn = [node for node in variant.numbers if node.role is not Role.TOKENS and node not in asked]
    shown = {node.name for node in problem.shown}
    computed = [node for node in variant.values if node.name in shown and node not in variant.numbers]
    tables = variant.numbers | variant.values
    return {node.name: np.round(tables[node], SHOWN_PLACES) for node in [*drawn, *computed][:COPIED]}


@dataclass(frozen=True)
class Earned:
    """What a guess earns from a class: the share of the points, from 0 to 1, of each student.

    There are guesses that only the first students try. by_verdict: the mean share that each verdict brings.
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
        Earned(name, tuple(each), {v: points / total / len(each) for v, points in verdicts[name].items()})
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
