"""The formats of a set: the files of each student, and the files of the whole class for a learning system."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.graph import Array, Node
from byhand.documents.document import Document
from byhand.errors import ByhandError, nearest, quoted
from byhand.exercises.distinct_mistakes import ShownMistakes, on_other_ways
from byhand.exercises.draw import Variant
from byhand.exercises.file_marks import marked
from byhand.exercises.keys import KEYS, questions_of, student_line, write_key
from byhand.exercises.problem import Problem, stacked
from byhand.exercises.student_book import StudentBook
from byhand.exercises.usual_answers import usual_answers

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
    """The files of the whole class for one learning system, with the answers.

    name: of the file, without suffix. module: the module of this folder that makes them. numbered: whether there may be
    several, NAME-1, NAME-2 and so on.
    """

    name: str
    suffix: str
    module: str
    numbered: bool = False

    def existing(self, folder: Path) -> list[Path]:
        """Return the files that a run before has written."""
        more = sorted((folder / KEYS).glob(f"{self.name}-[0-9]*{self.suffix}")) if self.numbered else []
        return [path for path in (folder / KEYS / f"{self.name}{self.suffix}", *more) if path.is_file()]

    def paths(self, folder: Path, count: int) -> list[Path]:
        """Return where so many files are written."""
        names = [self.name] if count == 1 else [f"{self.name}-{n}" for n in range(1, count + 1)]
        return [folder / KEYS / f"{name}{self.suffix}" for name in names]

    def variants_for(self, students: int, asked: int | None) -> int | None:
        """Return how many variants the class shares; None if each student has one. asked: the teacher's choice."""
        rule = getattr(import_module(f"byhand.exercises.{self.module}"), "variants_for", None)
        number: int | None = rule(students, asked) if rule else asked
        return number

    def write(
        self, problem: Problem, shown_mistakes: ShownMistakes, class_variants: Sequence[Variant], shared: bool = False
    ) -> tuple[list[bytes], list[str]]:
        """Return the files, and what the teacher should do and know, each a sentence.

        shared: whether the variants are for the whole class, not one for each student.
        """
        writer = import_module(f"byhand.exercises.{self.module}")
        mistakes = wrong_answers(problem, shown_mistakes, class_variants)
        files: list[bytes] = writer.class_files(problem, class_variants, mistakes, shared, self.name)
        notes: list[str] = writer.notes(problem, class_variants, shared, len(files))
        return files, notes


def wrong_answers(
    problem: Problem, shown_mistakes: ShownMistakes, class_variants: Sequence[Variant]
) -> list[list[tuple[str, str, float, Any, Any]]]:
    """Return each student's mistakes: name, sentence, partial credit, and the answers of somebody who makes it.

    Last come the numbers that it gives to half of all students.
    """
    given = stacked(variant.numbers for variant in class_variants)
    solved = [
        (m, part.exercise.partial_credit.mistake, problem.solve(given, changed), _usual(problem, part, changed))
        for m, changed in [*shown_mistakes, *on_other_ways(problem, shown_mistakes)]
        for part in problem.each
        if not part.nodes.isdisjoint(changed)
    ]
    return [
        [(m.name, m.sentence, share, [np.asarray(a[n]) for a in answers], usual) for m, share, answers, usual in solved]
        for n in range(len(class_variants))
    ]


def _usual(problem: Problem, part: Problem, changed: Mapping[Node, Node]) -> list[Array]:
    """Return the usual answers of a mistake in a part for each question of the problem; NaN in other parts."""
    usual = dict(zip(part.questions, usual_answers(part, changed), strict=True))
    return [usual.get(question, np.full(len(question.indices), np.nan)) for question in problem.questions]


MODULES = {"html": "html", "pdf": "pdf", "md": "markdown"}
"""The modules of byhand.documents that write a format on paper."""
ANSWERS = "answers"
"""The name of the answer table of a set in versions."""


def answer_files(folder: Path, formats: Sequence[str]) -> dict[str, Path]:
    """Return where the answer table is written, by format: in those on paper, or else as a page."""
    chosen = [name for name in formats if name in MODULES] or ["html"]
    return {name: folder / KEYS / f"{ANSWERS}.{name}" for name in chosen}


def as_document(document: Document, form: str) -> bytes:
    """Return a document in a format on paper; its module is imported late."""
    write: Callable[[Document], bytes] = import_module(f"byhand.documents.{MODULES[form]}").write
    return write(document)


def _document(kind: str, form: str) -> Callable[[Problem, About], Writer]:
    """Return the writer factory of the worksheet or the solution in a format; its modules are imported late."""

    def writer(problem: Problem, about: About) -> Writer:
        document = getattr(import_module("byhand.exercises.worksheet"), kind)
        return lambda variant, name: marked(as_document(document(problem, variant), form), f".{form}", variant.mark)

    return writer


def _paper(form: str) -> tuple[StudentFile, ...]:
    kinds = {STUDENTS: "worksheet", KEYS: "solution"}
    return tuple(StudentFile(folder, f".{form}", _document(kind, form)) for folder, kind in kinds.items())


def _book(problem: Problem, about: About) -> Writer:
    fill = StudentBook(problem, about["practice"]).fill
    return lambda variant, name: fill(variant)


def _own_key(problem: Problem, about: About) -> Writer:
    """Return the writer of a key with a single student."""
    book = StudentBook(problem, about["practice"])
    questions = questions_of(problem, book.places)
    own_about = {name: value for name, value in about.items() if name != "seed"}  # from it all answers would follow
    own_about["printed"] = book.template.printed

    def write(variant: Variant, name: str) -> bytes:
        stream = BytesIO()
        write_key(stream, own_about, questions, [student_line(variant, name)])
        return stream.getvalue()

    return write


def _page(problem: Problem, about: About) -> Writer:
    """Return the writer of the page to fill in; its module is imported late."""
    made = import_module("byhand.exercises.practice_page").ExercisePage(problem, about["practice"])
    return lambda variant, name: marked(made.page(variant), ".html", variant.mark)


def _notebook(problem: Problem, about: About) -> Writer:
    """Return the writer of the notebook; its module is imported late."""
    made = import_module("byhand.exercises.notebook").ExerciseNotebook(problem, about["practice"])
    write: Writer = made.notebook
    return write


OWN_KEY = StudentFile(STUDENTS, ".key.json", _own_key)
"""The key that comes with a workbook for practice; it holds that student's answers only."""
FORMATS: dict[str, tuple[StudentFile | ClassFile, ...]] = {
    "xlsx": (StudentFile(STUDENTS, ".xlsx", _book),),
    "html": _paper("html"),
    "pdf": _paper("pdf"),
    "md": _paper("md"),
    "page": (StudentFile(STUDENTS, ".page.html", _page),),
    "notebook": (StudentFile(STUDENTS, ".ipynb", _notebook),),
    "moodle": (ClassFile("moodle", ".xml", "moodle", numbered=True),),
    "canvas": (ClassFile("canvas", ".zip", "canvas"),),
    "qti": (ClassFile("qti", ".zip", "qti"),),
    "qti3": (ClassFile("qti3", ".zip", "qti"),),
}


SAVED = "-answers.json"
"""What a notebook's file of answers adds to the name of the student's files: s001.ipynb saves s001-answers.json."""


def bare_stem(stem: str) -> str:
    """Return the name that a student's files share, from one of theirs without its ending: s001 of s001-answers.

    Other stems are returned as they are.
    """
    suffixes = (*(file.suffix for file in student_files(tuple(FORMATS), practice=True)), SAVED)
    more = (suffix.rpartition(".")[0] for suffix in suffixes)
    return next((stem[: -len(end)] for end in more if end and stem.casefold().endswith(end)), stem)


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
