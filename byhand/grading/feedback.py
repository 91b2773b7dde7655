"""Marks the files of a class one by one, and writes each student's feedback."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from byhand.errors import ByhandError
from byhand.exercises.file_names import file_names
from byhand.exercises.keys import Key
from byhand.exercises.roster import clean
from byhand.exercises.variant import Student
from byhand.files import save
from byhand.grading.feedback_book import feedback_book
from byhand.grading.feedback_page import feedback_page
from byhand.grading.marks_folder import FEEDBACK, LOOK, MarksFolder
from byhand.grading.one import Grader, Marked, key_of, steps_of
from byhand.grading.result import Result
from byhand.workbook.archive import MOST_BYTES

FORMATS = {"xlsx": ".xlsx", "html": ".html"}
Job = tuple[str, str]
"""A file's path in the folder of submissions, and the digest of its bytes."""


@dataclass(frozen=True)
class Desk:
    """What a process needs for marking."""

    key: Path
    submissions: Path
    folder: MarksFolder
    formats: tuple[str, ...]

    def has_all(self, name: str, result: Result) -> bool:
        """Whether the feedback of a file that was read before is there."""
        if result.marks is None:
            return True
        here = LOOK if result.looked_at else FEEDBACK
        wanted = {form: suffix for form, suffix in FORMATS.items() if form in self.formats}
        if result.notes:
            wanted.pop("xlsx", None)
        return all(self.folder.file(here, name, suffix).is_file() for suffix in wanted.values())


def names_of(key: Key) -> dict[str, str]:
    """What each student's files are called, without what they end in."""
    students = [Student(id, student.name) for id, student in key.students.items()]
    return {s.id: name for s, name in zip(students, file_names(students), strict=True)}


def digest(path: Path) -> str:
    """Of a file's bytes; nothing for what is no ordinary file, or too large to be read at all."""
    if not path.is_file() or path.stat().st_size > MOST_BYTES:
        return ""
    with path.open("rb") as file:
        told = sha256()
        while piece := file.read(1 << 20):
            told.update(piece)
    return told.hexdigest()


class Marking:
    """Does the jobs of one process."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.key = key_of(desk.key)
        self.grader = Grader(self.key).__enter__()
        self.steps = steps_of(self.key)
        self.names = names_of(self.key)

    def __call__(self, job: Job) -> Result:
        """What comes of a file; its feedback is written. Whatever is in the file, there is a result."""
        file, told = job
        path = self.desk.submissions / file
        try:
            marked = self.grader.mark(path)
        except ByhandError as error:
            return self._refused(path, job, without_folder(str(error), self.desk.submissions))
        return Result(file, told, marked.marks.student, marked.marks, notes=self._hand_out(path, marked), by=marked.by)

    def _refused(self, path: Path, job: Job, why: str) -> Result:
        return Result(*job, self.grader.owners.by_name(path), refused=why)

    def _hand_out(self, path: Path, marked: Marked) -> tuple[str, ...]:
        """Write the feedback; what is to be known of it. What a person must look at has a folder of its own."""
        marks, formats, name = marked.marks, self.desk.formats, self.names[marked.marks.student]
        here, elsewhere = (LOOK, FEEDBACK) if marks.warnings else (FEEDBACK, LOOK)
        for suffix in FORMATS.values():
            self.desk.folder.file(elsewhere, name, suffix).unlink(missing_ok=True)
        if "html" in formats:
            save(self.desk.folder.file(here, name, ".html"), feedback_page(self.key, marks, self.steps))
        if "xlsx" not in formats:
            return ()
        place = self.desk.folder.file(here, name, ".xlsx")
        try:
            book = feedback_book(path, self.key, marks, marked.submission.places)
        except ByhandError as error:
            place.unlink(missing_ok=True)
            return (without_folder(str(error), self.desk.submissions),)
        save(place, book)
        return ()


def without_folder(sentence: str, folder: Path) -> str:
    """A sentence about a file, which names it as the list of files does."""
    return clean(sentence.replace(f"{folder}/", "").replace(f"{folder}\\", ""))
