"""Check a recipe before a class sees it: draw many variants, and report what a teacher would not want."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from time import perf_counter

import numpy as np

from byhand.core.graph import INFINITE, Array, Node
from byhand.exercises.distinct_mistakes import ShownMistakes, mistakes
from byhand.exercises.draw import Student, Variant, distinguishable, near_tie, variants
from byhand.exercises.problem import Flags, Numbers, Problem
from byhand.exercises.recipe import BESIDE
from byhand.exercises.varied_answers import (
    FEW,
    LEAST_DISTINCT,
    MOST_COPIED,
    copies,
    has_distinct,
    visible_tables,
    written_answers,
)
from byhand.exercises.work import fault_of_minutes, faults_of_claims, whole_minutes


@dataclass
class Sizes:
    """The sizes of the computed numbers: the largest, and how many of all cells are whole."""

    largest: float = 0.0
    whole: int = 0
    cells: int = 0

    def add(self, other: Sizes) -> None:
        self.largest = max(self.largest, other.largest)
        self.whole += other.whole
        self.cells += other.cells


def sizes(problem: Problem, samples: Sequence[Variant]) -> Sizes:
    """Return the sizes of all numbers that these students work out, without masked scores."""
    totals = Sizes()
    for node in problem.computed:
        table = np.array([variant.values[node] for variant in samples])
        table = table[np.abs(table) < INFINITE]
        whole = int((np.abs(table - np.rint(table)) < 1e-9).sum())
        totals.add(Sizes(float(np.abs(table).max(initial=0.0)), whole, table.size))
    return totals


MOST_LINES = 5
"""So many faults of a kind are listed, and the number of the others."""
LARGEST = {1: 50, 2: 200, 3: 500, 4: 1000, 5: 3000}
"""By level, the largest number that a student should have to write."""


@dataclass(frozen=True)
class Report:
    """The work and the faults of a recipe's variants. The lists name faults; an empty list is good.

    guesses: the share of the points that each guess earns on average, the best first.
    """

    exercise: str
    variants: int
    multiplications: int
    additions: int
    functions: int
    largest: float
    whole: float
    minutes: int
    seconds: float
    mistakes: dict[str, str]
    collisions: list[str] = field(default_factory=list)
    ties: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    sizes: list[str] = field(default_factory=list)
    claims: list[str] = field(default_factory=list)
    alike: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    guesses: dict[str, float] = field(default_factory=dict)

    @property
    def by_kind(self) -> list[list[str]]:
        """All that speaks against the recipe: for each kind of fault its sentences."""
        return [
            self.marks,
            self.claims,
            self.collisions,
            self.ties,
            self.duplicates,
            self.sizes,
            self.alike,
            self.given,
        ]

    @property
    def problems(self) -> list[str]:
        """All that speaks against the recipe, a sentence each."""
        return [sentence for kind in self.by_kind for sentence in kind]

    @property
    def ok(self) -> bool:
        return not self.problems

    def as_json(self) -> dict[str, object]:
        return {"ok": self.ok, **asdict(self)}

    def lines(self) -> list[str]:
        """Return the report as lines of text."""
        first = f"{self.exercise}: {self.variants:,} variants, {self.seconds / self.variants * 1000:.2f} ms each."
        work = (
            f"By hand, about {self.minutes} minutes: {self.multiplications} multiplications, "
            f"{self.additions} additions, {self.functions} functions; "
            f"largest number {self.largest:g}; {self.whole:.0%} of the numbers on the way are whole."
        )
        named = f"{len(self.mistakes)} mistakes show, each apart from the others: {', '.join(self.mistakes) or 'none'}."
        best = [f"The best guess, {name}, earns {share:.0%} on average." for name, share in self.guesses.items()][:1]
        return [first, work, named, *best, *_verdict(self.by_kind)]


def _verdict(by_kind: Sequence[Sequence[str]]) -> list[str]:
    """Return how many things are wrong, and the first of each kind."""
    count = sum(map(len, by_kind))
    if not count:
        return ["Nothing is wrong."]
    lines = ["1 thing is wrong:" if count == 1 else f"{count:,} things are wrong:"]
    for kind in by_kind:
        lines += [f"  {sentence}" for sentence in kind[:MOST_LINES]]
        lines += [f"  … and {len(kind) - MOST_LINES:,} more such things."] if len(kind) > MOST_LINES else []
    return lines


@dataclass(frozen=True)
class ExamReport:
    """The reports on the parts of an exam, and what is wrong with the minutes and the level of all of it."""

    exercise: str
    parts: tuple[Report, ...]
    minutes: int
    claims: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.claims and all(part.ok for part in self.parts)

    def as_json(self) -> dict[str, object]:
        parts = [part.as_json() for part in self.parts]
        return {"ok": self.ok, **asdict(self), "claims": [*self.claims], "parts": parts}

    def lines(self) -> list[str]:
        """Return the reports as lines of text."""
        whole = f"{self.exercise}: {len(self.parts)} parts, by hand about {self.minutes} minutes in all."
        claims = _verdict([self.claims]) if self.claims else []  # else the parts' own verdicts stand
        return [line for part in self.parts for line in part.lines()] + [whole, *claims]


def exam_report(problem: Problem, parts: Sequence[Report]) -> ExamReport:
    """Return the report on an exam. parts: the reports on its parts."""
    exam, work = problem.exercise, sum(part.work_minutes for part in problem.parts)
    in_words = any(part.exercise.in_words for part in problem.parts)
    claims = fault_of_minutes(exam.minutes, work, in_words=in_words)
    highest = max(part.level for part in exam.parts)
    if exam.level != highest:
        claims.append(
            f"The exam has level {exam.level}, but its hardest part has level {highest}: leave out level, or change it."
        )
    return ExamReport(exam.name, tuple(parts), whole_minutes(work), tuple(claims))


def lint(problem: Problem, seeds: int) -> Report:
    """Draw variants for `seeds` students and check them."""
    shown_mistakes = mistakes(problem)
    students = [Student(f"seed {n}") for n in range(1, seeds + 1)]
    start = perf_counter()
    samples = variants(problem, [changed for _, changed in shown_mistakes], 0, students)
    seconds = perf_counter() - start
    totals, work = sizes(problem, samples), problem.work()
    return Report(
        problem.exercise.name,
        seeds,
        work.multiplications,
        work.additions,
        work.functions,
        round(totals.largest, 4),
        totals.whole / max(totals.cells, 1),
        whole_minutes(problem.work_minutes),
        seconds,
        {m.name: m.sentence for m, _ in shown_mistakes},
        collisions=_collisions(problem, shown_mistakes, samples),
        ties=_ties(problem, samples),
        duplicates=[] if problem.same_for_all else _duplicates(samples),
        sizes=_size_messages(problem, totals.largest),
        claims=_claims(problem),
        alike=[*_alike(problem, samples), *_copied(problem, samples)],
        given=_not_nice(problem, samples),
    )


def _collisions(problem: Problem, shown_mistakes: ShownMistakes, samples: list[Variant]) -> list[str]:
    """Return messages about mistakes whose answers are within two margins of the key's or another mistake's."""
    given: Numbers = {node: np.stack([v.numbers[node] for v in samples]) for node in samples[0].numbers}
    answers: dict[str, list[Array]] = {"the key": problem.solve(given)}
    answers |= {m.name: problem.solve(given, changed) for m, changed in shown_mistakes}
    messages = []
    for one, other in combinations(answers, 2):
        same = ~distinguishable(problem, answers[one], answers[other])
        if same.any():
            messages.append(f"{other} cannot be told from {one} in {_variants(same, samples)}.")
    return messages


def _ties(problem: Problem, samples: list[Variant]) -> list[str]:
    """Return messages about answers in the middle between two roundings."""
    messages = []
    for n, question in enumerate(problem.questions):
        if question.ask.kind in BESIDE:
            continue
        answers = np.stack([v.answers[n].ravel() for v in samples])
        near = np.asarray(near_tie(answers, question.ask.places).any(axis=-1))
        if near.any():
            messages.append(
                f"Question {n + 1} could be rounded either way in {_variants(near, samples)}: ask for more places."
            )
    return messages


def _variants(flags: Flags, samples: Sequence[Variant]) -> str:
    """Return how many variants have a fault, and the student of one."""
    count, student = int(flags.sum()), samples[int(np.argmax(flags))].student.id
    return f"{count:,} variants, such as {student}" if count > 1 else f"the variant {student}"


def _duplicates(samples: list[Variant]) -> list[str]:
    """Return a message about students with the same numbers."""
    students: dict[bytes, str] = {}
    messages = []
    for variant in samples:
        numbers = b"".join(variant.numbers[node].tobytes() for node in variant.numbers)
        if numbers in students:
            messages.append(f"{variant.student.id} those of {students[numbers]}")
        students.setdefault(numbers, variant.student.id)
    if not messages:
        return []
    whose = "variant has" if len(messages) == 1 else "variants have"
    such = f"such as {messages[0]}: let more numbers be drawn."
    return [f"{len(messages):,} {whose} the same numbers as an earlier one, {such}"]


def _size_messages(problem: Problem, largest: float) -> list[str]:
    level = problem.exercise.level
    if largest <= LARGEST[level]:
        return []
    return [f"A number of {largest:g} comes up, too large for level {level}: lower `largest`, or raise the level."]


def _claims(problem: Problem) -> list[str]:
    """Return messages about minutes and a level that do not fit the work."""
    _, cells = problem.effort
    exercise = problem.exercise
    return faults_of_claims(
        exercise.minutes, exercise.level, len(cells), problem.work_minutes, in_words=exercise.in_words
    )


def _alike(problem: Problem, samples: list[Variant]) -> list[str]:
    """Return messages about questions for more than a few numbers that are nearly all the same."""
    messages = []
    for question, answers in written_answers(problem, _together(samples)):
        same = ~has_distinct(answers)
        if same.any():
            messages.append(
                f"{question.ask.table} has fewer than {LEAST_DISTINCT} different answers in "
                f"{_variants(same, samples)}: let more numbers be drawn, or ask for less of it."
            )
    return messages


def _copied(problem: Problem, samples: list[Variant]) -> list[str]:
    """Return messages about answers that stand in the same place of a given table, so that it can be copied."""
    messages = []
    values = _together(samples)
    for question, answers in written_answers(problem, values):
        if answers.shape[-1] < FEW:
            continue
        hit: dict[Node, Flags] = {}
        for node, hits in copies(problem, [(question, answers)], values):
            hit[node] = np.asarray(hit.get(node, False) | (hits.mean(-1) > MOST_COPIED))
        for node, copied in hit.items():
            if copied.any():
                messages.append(
                    f"{question.ask.table} can be copied from {node.name} in {_variants(copied, samples)}: "
                    "draw other numbers, or ask for less of it."
                )
    return messages


def _together(samples: Sequence[Variant]) -> dict[Node, Array]:
    """Return every table of all variants. (variants, r, c) each"""
    return {node: np.stack([variant.values[node] for variant in samples]) for node in samples[0].values}


NICE = {1: 4, 2: 4, 3: 100, 4: 1000, 5: 1000}
"""By level, the whole number by which given numbers become whole: quarters, hundredths, thousandths."""
NICE_NAMES = {4: "quarters", 100: "hundredths", 1000: "thousandths"}


def _not_nice(problem: Problem, samples: list[Variant]) -> list[str]:
    """Return messages about given and shown tables with numbers that are awkward by hand."""
    level, values = problem.exercise.level, _together(samples)
    parts = NICE[level]
    messages = []
    for node in visible_tables(problem) if not problem.exercise.build.learnt else ():  # learnt numbers are as they are
        table = values[node] if node.data is None else values.get(node, node.data)
        table = table[np.abs(table) < INFINITE]
        awkward = np.abs(table * parts - np.rint(table * parts)) > 1e-6
        if awkward.any():
            messages.append(
                f"{node.name} gives numbers such as {table[awkward][0]:.6g}, but level {level} promises "
                f"{NICE_NAMES[parts]}: draw the numbers of {node.name} itself, or raise the level."
            )
    return messages
