"""The formats of a set: the files of each student, and the files of the whole class for a learning system."""

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
from byhand.exercises.keys import KEYS, questions_of, student_line, write_key
from byhand.exercises.problem import Problem, stacked
from byhand.exercises.student_book import StudentBook

STUDENTS = "students"
"""The folder to hand out; KEYS is the folder with the answers."""
About = Mapping[str, Any]
"""The description of a set in its key: exercise, recipe, digest, practice, and the seed of a repeatable set."""
Writer = Callable[[Variant, str], bytes]
"""Makes a file from a student's variant and the name of the files."""


@dataclass(frozen=True)
class StudentFile:
    """One file for each student. writer: returns the writer of the files for a problem and the set's description."""

    folder: str
    suffix: str
    writer: Callable[[Problem, About], Writer]

    def path(self, folder: Path, name: str) -> Path:
        return folder / self.folder / f"{name}{self.suffix}"


@dataclass(frozen=True)
class ClassFile:
    """One file for the whole class, with the answers. module: the module of this folder whose `write` makes it."""

    module: str
    suffix: str

    def path(self, folder: Path) -> Path:
        return folder / KEYS / f"{self.module}{self.suffix}"

    def write(self, problem: Problem, shown_mistakes: ShownMistakes, class_variants: Sequence[Variant]) -> bytes:
        """Return the file, in which each student's likely wrong answers are recognised."""
        writer = import_module(f"byhand.exercises.{self.module}")
        data: bytes = writer.write(problem, class_variants, wrong_answers(problem, shown_mistakes, class_variants))
        return data


def wrong_answers(
    problem: Problem, shown_mistakes: ShownMistakes, class_variants: Sequence[Variant]
) -> list[list[tuple[str, str, float, Any]]]:
    """Return each student's mistakes: name, sentence, partial credit, and the answers of somebody who makes it."""
    given, share = stacked(variant.numbers for variant in class_variants), problem.exercise.partial_credit.mistake
    solved = [(m, problem.solve(given, changed)) for m, changed in shown_mistakes]
    return [
        [(m.name, m.sentence, share, [np.asarray(a[n]) for a in answers]) for m, answers in solved]
        for n in range(len(class_variants))
    ]


def _document(kind: str, form: str) -> Callable[[Problem, About], Writer]:
    """Return the writer factory of the worksheet or the solution, as HTML or PDF; its modules are imported late."""

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
    fill = StudentBook(problem, about["practice"]).fill
    return lambda variant, name: fill(variant)


def _own_key(problem: Problem, about: About) -> Writer:
    """Return the writer of a key with a single student."""
    questions = questions_of(problem, StudentBook(problem, about["practice"]).places)
    own_about = {name: value for name, value in about.items() if name != "seed"}  # from it all answers would follow

    def write(variant: Variant, name: str) -> bytes:
        stream = BytesIO()
        write_key(stream, own_about, questions, [student_line(variant, name)])
        return stream.getvalue()

    return write


OWN_KEY = StudentFile(STUDENTS, ".key.json", _own_key)
"""The key that comes with a workbook for practice; it holds that student's answers only."""
FORMATS: dict[str, tuple[StudentFile | ClassFile, ...]] = {
    "xlsx": (StudentFile(STUDENTS, ".xlsx", _book),),
    "html": _paper("html"),
    "pdf": _paper("pdf"),
    "moodle": (ClassFile("moodle", ".xml"),),
    "canvas": (ClassFile("canvas", ".zip"),),
}


def formats_of(text: str) -> tuple[str, ...]:
    """Return the formats in a comma-separated list, each once."""
    names = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    for name in names:
        if name not in FORMATS:
            raise ByhandError(f"There is no format {quoted(name)}; {nearest(name, FORMATS)}.")
    if not names:
        raise ByhandError(f"--format names no format; {nearest('', FORMATS)}.")
    return names


def student_files(formats: Sequence[str], practice: bool) -> list[StudentFile]:
    """Return the files of each student in these formats; with workbooks for practice, also the key to each."""
    files = [file for name in formats for file in FORMATS[name] if isinstance(file, StudentFile)]
    return [*files, OWN_KEY] if practice and "xlsx" in formats else files


def class_files(formats: Sequence[str]) -> list[ClassFile]:
    return [file for name in formats for file in FORMATS[name] if isinstance(file, ClassFile)]
