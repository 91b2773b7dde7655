"""A recipe proves itself before a class sees it: many variants are drawn, and what could go wrong is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from time import perf_counter

import numpy as np

from byhand.core.graph import INFINITE, Array
from byhand.exercises.distinct_mistakes import ShownMistakes, mistakes
from byhand.exercises.draw import Student, Variant, apart, near_tie, variants
from byhand.exercises.problem import Numbers, Problem


@dataclass
class Sizes:
    """The numbers that the students meet: the largest, and how many of those in between are whole."""

    largest: float = 0.0
    whole: int = 0
    cells: int = 0

    def add(self, other: Sizes) -> None:
        self.largest = max(self.largest, other.largest)
        self.whole += other.whole
        self.cells += other.cells


def sizes(problem: Problem, made: Sequence[Variant]) -> Sizes:
    """Of every number that these students work out; masked scores are none."""
    found = Sizes()
    for node in problem.computed:
        table = np.array([variant.values[node] for variant in made])
        table = table[np.abs(table) < INFINITE]
        whole = int((np.abs(table - np.rint(table)) < 1e-9).sum())
        found.add(Sizes(float(np.abs(table).max(initial=0.0)), whole, table.size))
    return found


LARGEST = {1: 50, 2: 200, 3: 500, 4: 1000, 5: 3000}
"""A level, and the largest number that a person of that level should have to write."""


@dataclass(frozen=True)
class Report:
    """What a recipe's variants are like. The lists name what is wrong; an empty one is good."""

    exercise: str
    variants: int
    multiplications: int
    additions: int
    functions: int
    largest: float
    whole: float
    seconds: float
    mistakes: dict[str, str]
    collisions: list[str] = field(default_factory=list)
    ties: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    sizes: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        return [*self.collisions, *self.ties, *self.duplicates, *self.sizes, *self.marks]

    @property
    def ok(self) -> bool:
        return not self.problems

    def as_json(self) -> dict[str, object]:
        return {"ok": self.ok, **asdict(self)}

    def lines(self) -> list[str]:
        """For people."""
        first = f"{self.exercise}: {self.variants:,} variants, {self.seconds / self.variants * 1000:.2f} ms each."
        work = (
            f"By hand: {self.multiplications} multiplications, {self.additions} additions, {self.functions} functions; "
            f"largest number {self.largest:g}; {self.whole:.0%} of the numbers on the way are whole."
        )
        named = f"{len(self.mistakes)} mistakes show, each apart from the others: {', '.join(self.mistakes) or 'none'}."
        found = [f"  {line}" for line in self.problems[:20]]
        verdict = "Nothing is wrong." if self.ok else f"{len(self.problems):,} things are wrong:"
        return [first, work, named, verdict, *found]


def lint(problem: Problem, seeds: int) -> Report:
    """Draw variants for so many students, and look for what a teacher would not want."""
    shown_mistakes = mistakes(problem)
    students = [Student(f"seed {n}") for n in range(1, seeds + 1)]
    start = perf_counter()
    made = variants(problem, [changed for _, changed in shown_mistakes], 0, students)
    seconds = perf_counter() - start
    met, work = sizes(problem, made), problem.work()
    return Report(
        problem.exercise.name,
        seeds,
        work.multiplications,
        work.additions,
        work.functions,
        round(met.largest, 4),
        met.whole / max(met.cells, 1),
        seconds,
        {m.name: m.sentence for m, _ in shown_mistakes},
        collisions=_collisions(problem, shown_mistakes, made),
        ties=_ties(problem, made),
        duplicates=_duplicates(made),
        sizes=_sizes(problem, met.largest),
    )


def _collisions(problem: Problem, shown_mistakes: ShownMistakes, made: list[Variant]) -> list[str]:
    """Mistakes whose answers are, within two margins, the key's or another's."""
    given: Numbers = {node: np.stack([v.numbers[node] for v in made]) for node in made[0].numbers}
    answers: dict[str, list[Array]] = {"the key": problem.solve(given)}
    answers |= {m.name: problem.solve(given, changed) for m, changed in shown_mistakes}
    found = []
    for one, other in combinations(answers, 2):
        alike = ~apart(problem, answers[one], answers[other])
        if alike.any():
            student = made[int(np.argmax(alike))].student.id
            found.append(f"{other} cannot be told from {one} in {int(alike.sum())} variants, such as {student}.")
    return found


def _ties(problem: Problem, made: list[Variant]) -> list[str]:
    """Answers that lie in the middle between two roundings."""
    found = []
    for n, question in enumerate(problem.questions):
        if question.ask.kind in ("choice", "wrong cell"):
            continue
        near = near_tie(np.stack([v.answers[n].ravel() for v in made]), question.ask.places)
        for row in np.flatnonzero(near.any(-1))[:3]:
            found.append(
                f"Question {n + 1} of {made[row].student.id} could be rounded either way: ask for more places."
            )
    return found


def _duplicates(made: list[Variant]) -> list[str]:
    """Students with the same numbers."""
    seen: dict[bytes, str] = {}
    found = []
    for variant in made:
        numbers = b"".join(variant.numbers[node].tobytes() for node in variant.numbers)
        if numbers in seen:
            found.append(f"{variant.student.id} has the same numbers as {seen[numbers]}: let more numbers be drawn.")
        seen.setdefault(numbers, variant.student.id)
    return found


def _sizes(problem: Problem, largest: float) -> list[str]:
    level = problem.exercise.level
    if largest <= LARGEST[level]:
        return []
    return [f"A number of {largest:g} comes up, too large for level {level}: lower `largest`, or raise the level."]
