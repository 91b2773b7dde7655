"""The files of a set by format: those that each student has, and those that a learning system takes for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from byhand.errors import ByhandError, nearest, quoted
from byhand.exercises.distinct_mistakes import ShownMistakes
from byhand.exercises.draw import Variant
from byhand.exercises.keys import questions_of, student_line, write_key
from byhand.exercises.problem import Problem, stacked
from byhand.exercises.student_book import StudentBook

STUDENTS, KEYS = "students", "keys"
"""The folder that is handed out, and the one that is not."""
About = Mapping[str, Any]
"""What the key says of a set: exercise, recipe, digest, seed, practice."""
Writer = Callable[[Variant, str], bytes]
"""From a student's variant, and the name of the files."""


@dataclass(frozen=True)
class StudentFile:
    """One file for each student. writer: from a problem, and what is said of the set, to what writes the file."""

    folder: str
    suffix: str
    writer: Callable[[Problem, About], Writer]

    def path(self, folder: Path, name: str) -> Path:
        return folder / self.folder / f"{name}{self.suffix}"


@dataclass(frozen=True)
class ClassFile:
    """One file for the whole class; it holds the answers. module: of this folder, the one whose `write` makes it."""

    module: str
    suffix: str

    def path(self, folder: Path) -> Path:
        return folder / KEYS / f"{self.module}{self.suffix}"

    def write(self, problem: Problem, shown_mistakes: ShownMistakes, made: Sequence[Variant]) -> bytes:
        """The file, which knows each student's own wrong answers."""
        writer = import_module(f"byhand.exercises.{self.module}")
        data: bytes = writer.write(problem, made, wrong_answers(problem, shown_mistakes, made))
        return data


def wrong_answers(
    problem: Problem, shown_mistakes: ShownMistakes, made: Sequence[Variant]
) -> list[list[tuple[str, str, float, Any]]]:
    """For each student, each mistake: its name and sentence, what it is worth, and what one answers who makes it."""
    given, share = stacked(variant.numbers for variant in made), problem.exercise.worth.mistake
    solved = [(m, problem.solve(given, changed)) for m, changed in shown_mistakes]
    return [
        [(m.name, m.sentence, share, [np.asarray(a[n]) for a in answers]) for m, answers in solved]
        for n in range(len(made))
    ]


def _document(kind: str, form: str) -> Callable[[Problem, About], Writer]:
    """The worksheet or the solution, as HTML or PDF. What it takes is loaded only for whoever wants it."""

    def writer(problem: Problem, about: About) -> Writer:
        document = getattr(import_module("byhand.exercises.worksheet"), kind)
        write: Callable[[Any], bytes | str] = import_module(f"byhand.documents.{form}").write
        return lambda variant, name: _bytes(write(document(problem, variant)))

    return writer


def _bytes(data: bytes | str) -> bytes:
    return data.encode() if isinstance(data, str) else data


def _paper(form: str) -> tuple[StudentFile, ...]:
    kinds = {STUDENTS: "worksheet", KEYS: "solution"}
    return tuple(StudentFile(folder, f".{form}", _document(kind, form)) for folder, kind in kinds.items())


def _book(problem: Problem, about: About) -> Writer:
    filled = StudentBook(problem, about["practice"]).filled
    return lambda variant, name: filled(variant)


def _own_key(problem: Problem, about: About) -> Writer:
    """The key of a class of one."""
    asked = questions_of(problem, StudentBook(problem, about["practice"]).places)

    def write(variant: Variant, name: str) -> bytes:
        stream = BytesIO()
        write_key(stream, about, asked, [student_line(variant, name)])
        return stream.getvalue()

    return write


OWN_KEY = StudentFile(STUDENTS, ".key.json", _own_key)
"""What a student checks a book for practice with, alone; it holds nobody else's answers."""
FORMATS: dict[str, tuple[StudentFile | ClassFile, ...]] = {
    "xlsx": (StudentFile(STUDENTS, ".xlsx", _book),),
    "html": _paper("html"),
    "pdf": _paper("pdf"),
    "moodle": (ClassFile("moodle", ".xml"),),
    "canvas": (ClassFile("canvas", ".zip"),),
}


def formats_of(text: str) -> tuple[str, ...]:
    """The formats that a list with commas names, each once."""
    names = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    for name in names:
        if name not in FORMATS:
            raise ByhandError(f"There is no format {quoted(name)}; {nearest(name, FORMATS)}.")
    if not names:
        raise ByhandError(f"--format names no format; {nearest('', FORMATS)}.")
    return names


def student_files(formats: Sequence[str], practice: bool) -> list[StudentFile]:
    """Those of the formats; with books for practice, the key to each."""
    found = [file for name in formats for file in FORMATS[name] if isinstance(file, StudentFile)]
    return [*found, OWN_KEY] if practice and "xlsx" in formats else found


def class_files(formats: Sequence[str]) -> list[ClassFile]:
    return [file for name in formats for file in FORMATS[name] if isinstance(file, ClassFile)]
