"""The files that are made for each student, by format: one line of the table for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from byhand.errors import ByhandError, nearest, quoted
from byhand.exercises.book import StudentBook
from byhand.exercises.problem import Problem
from byhand.exercises.variant import Variant

STUDENTS, KEYS = "students", "keys"
"""The folder that is handed out, and the one that is not."""
Writer = Callable[[Variant], bytes]


@dataclass(frozen=True)
class StudentFile:
    """One file for each student. writer: from a problem, and whether it is for practice, to what writes the file."""

    folder: str
    suffix: str
    writer: Callable[[Problem, bool], Writer]

    def path(self, folder: Path, name: str) -> Path:
        return folder / self.folder / f"{name}{self.suffix}"


FORMATS: dict[str, tuple[StudentFile, ...]] = {
    "xlsx": (StudentFile(STUDENTS, ".xlsx", lambda problem, practice: StudentBook(problem, practice).filled),),
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


def student_files(formats: tuple[str, ...]) -> list[StudentFile]:
    return [file for name in formats for file in FORMATS[name]]
