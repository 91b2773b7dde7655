"""Check of a recipe's marking: right answers, each mistake, garbage and blanks are typed, read and marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeVar

import numpy as np

from byhand.core.graph import Array
from byhand.exercises.cuts import Cuts
from byhand.exercises.distinct_mistakes import ShownMistakes, mistakes
from byhand.exercises.draw import Student, Variant, variants
from byhand.exercises.keys import Key, questions_of, read_key, student_line, write_key
from byhand.exercises.lint import ExamReport, Report, exam_report, lint
from byhand.exercises.problem import Problem, check_shown, problem, stacked
from byhand.exercises.recipe import Exercise, exercise_of, exercise_table, find
from byhand.exercises.set_folder import digest_of
from byhand.exercises.student_book import StudentBook
from byhand.files import temporary_folder
from byhand.grading.guesses import earned_by_guesses, guess_faults
from byhand.grading.marking import Marker
from byhand.grading.submission import read_cut, read_typed
from byhand.grading.verdicts import BETWEEN, CellMark, TypedAnswer, Verdict

GARBAGE = "no idea"
MOST = 100
"""The largest number of students whose answers are tried."""
CLASS = 200
"""The students whose answers say what is frequent, which a guess may know."""
LEAST, GUESSED = 20, 50
"""The least and the largest number of students whose guesses are marked."""
OF_EACH = 4
"""The number of mistakes that each student makes."""
SELDOM = 0.01
"""The share of students whose mistake may be given another name."""
Row = Sequence[float | str]
Thing = TypeVar("Thing")


def lint_recipe(recipe: str, seeds: int) -> Report | ExamReport:
    """Return a recipe's report, including the problems of its marking; of an exam, a report on each part."""
    path = find(recipe)
    table = exercise_table(path)
    exercise = exercise_of(table, path)
    if not exercise.parts:
        return _lint(exercise, table, seeds)
    built = problem(exercise)
    StudentBook(built)  # which fails where the parts do not go together
    rows = zip(exercise.parts, table["exercise"], strict=True)
    return exam_report(built, [_lint(part, row["recipe"], seeds) for part, row in rows])


def _lint(exercise: Exercise, table: dict[str, object], seeds: int) -> Report:
    built = problem(exercise)
    check_shown(built)
    report = lint(built, seeds)
    trial = Trial(built, table, CLASS)
    earned = earned_by_guesses(trial.marker, trial.made, min(max(seeds, LEAST), GUESSED))
    faults = [*guess_faults(earned, sum(trial.marker.counts)), *trial.problems(min(seeds, MOST))]
    return replace(report, marks=[*report.marks, *faults], guesses={one.guess: round(one.mean, 4) for one in earned})


class Trial:
    """A trial class that gives every kind of answer that marking must distinguish."""

    def __init__(self, built: Problem, table: dict[str, object], count: int) -> None:
        self.problem, self.shown_mistakes = built, mistakes(built)
        students = [Student(f"seed {n}") for n in range(1, count + 1)]
        self.made = variants(built, [changed for _, changed in self.shown_mistakes], 0, students)
        self.book = StudentBook(built)
        self.key = _key(built, table, self.book, self.made)
        self.marker = Marker(self.key, built)

    def problems(self, most: int | None = None) -> Iterator[str]:
        """Yield a line for each kind of answer that is not marked as it should be, of the first `most` students."""
        wrong = _wrong_answers(self.problem, self.shown_mistakes, self.made)
        missed: Counter[str] = Counter()
        tried: Counter[str] = Counter()
        taken, full = dict[str, list[str]](), dict[str, list[str]]()
        for n, variant in enumerate(self.made[:most]):
            for what in self._plain(variant):
                taken.setdefault(what, []).append(variant.student.id)
            for name, answers in islice(_in_turn(wrong[n], n * OF_EACH), OF_EACH):
                marks = self.mark(variant, answers)
                tried[name] += 1
                missed[name] += {m for mark in marks for m in mark.mistake.split(BETWEEN) if m} != {name}
                if all(mark.verdict == Verdict.RIGHT for mark in marks):
                    full.setdefault(name, []).append(variant.student.id)
        for what, students in taken.items():
            yield f"Marking does not take {what} of {_and_others(students)} for what it is."
        for name, students in full.items():
            yield f"Marking gives full marks to {name} of {_and_others(students)}."
        for name, count in missed.items():
            if count > max(1, SELDOM * tried[name]):
                yield f"Marking does not name {name} in {count} of {tried[name]} answers."

    def _plain(self, variant: Variant) -> Iterator[str]:
        """Yield which of the key, blanks and garbage are not marked as they should be; garbage as a cut is wrong."""
        right = self.right(variant)
        for what, answers, verdict, of_cut in (
            ("the key", right, Verdict.RIGHT, Verdict.RIGHT),
            ("blanks", [[""] * len(row) for row in right], Verdict.BLANK, Verdict.BLANK),
            (GARBAGE, [[GARBAGE] * len(row) for row in right], Verdict.UNREADABLE, Verdict.WRONG),
        ):
            marks = self.mark(variant, answers)
            if any(m.verdict != (of_cut if self.problem.questions[m.question].cuts else verdict) for m in marks):
                yield what

    def right(self, variant: Variant) -> list[Row]:
        """Return the key as a student writes it: rounded numbers, and expressions where these are asked for."""
        rows: list[Row] = [*written(self.problem, variant.answers)]
        for n, question in enumerate(self.problem.questions):
            if question.ask.kind == "symbolic":
                rows[n] = [self.marker.revealed(self.key.students[variant.student.id], n, 0)]
        return rows

    def mark(self, variant: Variant, answers: Sequence[Row]) -> tuple[CellMark, ...]:
        """Mark what a student types: numbers, texts, or nothing. A cut is typed in letters."""
        asked = zip(self.problem.questions, answers, strict=True)
        typed = [[_typed(x, question.cuts) for x in row] for question, row in asked]
        return self.marker.mark(self.key.students[variant.student.id], typed)


def _and_others(students: Sequence[str]) -> str:
    """Return the first of some students, and how many more there are."""
    return f"{students[0]} and {len(students) - 1} more" if len(students) > 1 else students[0]


def _typed(answer: float | str, cuts: Cuts | None) -> TypedAnswer:
    """Return an answer as it is read from a cell."""
    if cuts is None:
        return read_typed(answer if isinstance(answer, str) else repr(answer))
    return read_cut(answer if isinstance(answer, str) else cuts.text(answer), cuts)


def written(problem: Problem, answers: Sequence[Array]) -> list[list[float]]:
    """Return answers as a student writes them down, to the places that were asked."""
    rows = zip(problem.questions, answers, strict=True)
    return [(np.round(np.asarray(row, dtype=float).ravel(), q.ask.places) + 0.0).tolist() for q, row in rows]


def _wrong_answers(
    problem: Problem, shown_mistakes: ShownMistakes, made: Sequence[Variant]
) -> list[list[tuple[str, list[list[float]]]]]:
    """Return for each student the answers that each mistake leads to, if all of them are finite."""
    given = stacked(variant.numbers for variant in made)
    solved = [(m.name, problem.solve(given, changed)) for m, changed in shown_mistakes]
    found: list[list[tuple[str, list[list[float]]]]] = []
    for n, variant in enumerate(made):
        each = [(name, _own(problem, variant, [answers[n] for answers in all_])) for name, all_ in solved]
        finite = [(name, rows) for name, rows in each if all(np.isfinite(row).all() for row in rows)]
        found.append([(name, written(problem, rows)) for name, rows in finite])
    return found


def _own(problem: Problem, variant: Variant, answers: Sequence[Array]) -> list[Array]:
    """Return answers in which a wrong cell is named rightly: no misconception changes that."""
    rows = zip(problem.questions, answers, variant.answers, strict=True)
    return [right if question.ask.kind == "wrong cell" else row for question, row, right in rows]


def _in_turn(things: Sequence[Thing], first: int) -> Iterator[Thing]:
    """Return an iterator over all of them that starts at index `first` and wraps around."""
    return (things[(first + n) % len(things)] for n in range(len(things)))


def _key(built: Problem, table: dict[str, object], book: StudentBook, made: Sequence[Variant]) -> Key:
    """Return the class's key, written to a file and read back."""
    name = built.exercise.name
    about = {"exercise": name, "recipe": table, "digest": digest_of(name, table), "seed": 0, "practice": False}
    with temporary_folder() as folder:
        path = folder / "key.json"
        with path.open("wb") as file:
            lines = (student_line(variant, variant.student.id) for variant in made)
            write_key(file, about, questions_of(built, book.places), lines)
        return read_key(path)
