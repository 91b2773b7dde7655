"""A class's books as students fill them in, for the tests of what is handed in."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import openpyxl

from byhand.exercises.class_set import SetOptions, make_set
from byhand.exercises.draw import Student
from byhand.exercises.keys import Key, read_key
from byhand.exercises.roster import Roster
from byhand.grading.handed_out import HandedOut
from byhand.grading.integrity import warnings_of
from byhand.grading.owners import Owners
from byhand.grading.student_formulas import Recomputer
from byhand.grading.submission import Submission, read_submission
from byhand.grading.verdicts import TypedAnswer
from support.class_sets import HEAD

NAMES = "Ada Lovelace,Emmy Noether,Sofja Kowalewskaja,Émilie du Châtelet,Mary Somerville,Maria Agnesi".split(",")
ANSWERS = HandedOut(
    Key("stand-in", {}, "", 0, False, (), {}), ((("Answers", 1, 1), ("Answers", 1, 2), ("Answers", 1, 3)),)
)
"""What asks for B2, C2 and D2 of a sheet called Answers: the stand-ins that break graders have their answers there."""


@dataclass(frozen=True)
class ClassSet:
    """A set that was handed out: its folder, its key, and what was on its paper."""

    folder: Path
    key: Key
    handed_out: HandedOut

    def book(self, student: str) -> Path:
        return self.folder / "students" / f"{self.key.students[student].file}.xlsx"


@lru_cache
def class_set(recipe: str = "", seed: int = 3, count: int = len(NAMES), practice: bool = False) -> ClassSet:
    """s01 to s06, of one attention head unless another recipe is named."""
    folder = Path(mkdtemp(prefix="byhand-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    students = [Student(f"s{n:02}", NAMES[(n - 1) % len(NAMES)]) for n in range(1, count + 1)]
    place = HEAD
    if recipe:
        place = folder / "recipe.toml"
        place.write_text(recipe, "utf-8")
    make_set(
        SetOptions(place, folder / "set", Roster(tuple(students)), seed=seed, formats=("xlsx",), practice=practice)
    )
    key = read_key(folder / "set" / "keys" / "key.json")
    return ClassSet(folder / "set", key, HandedOut.of(key))


def right(key: Key, student: str) -> dict[tuple[str, str], float]:
    """Every asked cell with its answer, rounded as a student does it."""
    rows = zip(key.questions, key.students[student].answers, strict=True)
    return {(q.sheet, cell): round(x, q.places) for q, row in rows for cell, x in zip(q.cells, row, strict=True)}


def typed(of: ClassSet, student: str) -> dict[tuple[str, str], float | str]:
    """Every asked cell with what a student types who is right: a number, or a word in its pieces."""
    answers: dict[tuple[str, str], float | str] = dict(right(of.key, student))
    assert of.handed_out.problem
    for asked, question in zip(of.key.questions, of.handed_out.problem.questions, strict=True):
        if question.cuts:
            places = [(asked.sheet, cell) for cell in asked.cells]
            answers |= {place: question.cuts.text(float(answers[place])) for place in places}
    return answers


def filled(
    path: Path,
    student: str = "s01",
    changes: Mapping[tuple[str, str], Any] | None = None,
    of: ClassSet | None = None,
    change: Callable[[Any], None] = lambda book: None,
) -> Path:
    """The student's own book with the right answers, but for the changes."""
    of = of or class_set()
    book = openpyxl.load_workbook(of.book(student))
    for (sheet, cell), value in {**typed(of, student), **(changes or {})}.items():
        book[sheet][cell] = value
    change(book)
    book.save(path)
    return path


def as_float(text: str) -> TypedAnswer:
    """Reads a text as a number with a point or a comma: the real reader has tests of its own."""
    try:
        return TypedAnswer(text, float(text.replace(",", ".")), text.strip())
    except ValueError:
        return TypedAnswer(text, None, "no number")


@lru_cache
def engine() -> Recomputer:
    """One for all tests of a process."""
    found = Recomputer()
    atexit.register(found.close)
    return found


def handed_in(path: Path, handed_out: HandedOut | None = None) -> Submission:
    return read_submission(path, handed_out or class_set().handed_out, as_float, engine())


def values(submission: Submission) -> list[float | None]:
    return [typed.value for row in submission.answers for typed in row]


def found(path: Path, of: ClassSet | None = None) -> tuple[str, list[str]]:
    """Whose it is, and what is said of it."""
    handed_out = (of or class_set()).handed_out
    submission = handed_in(path, handed_out)
    owner = Owners(handed_out).owner(submission)
    return owner.id, [*submission.warnings, *warnings_of(submission, handed_out, owner.id)]
