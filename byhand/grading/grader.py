"""Reads and marks one file that was handed in: whose it is, what its answers are worth, what a person must look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from byhand.errors import ByhandError
from byhand.exercises.formats import KEYS
from byhand.exercises.keys import Key, read_key
from byhand.exercises.recipe import exercise_of
from byhand.grading.handed_out import Paper
from byhand.grading.integrity import findings
from byhand.grading.marking import Marker
from byhand.grading.owners import Owners
from byhand.grading.student_formulas import Recomputer
from byhand.grading.submission import Submission, read_submission, typed
from byhand.grading.verdicts import Marks
from byhand.lessons.lesson import command
from byhand.processes import Limits

BROKEN = "What stands in it could not be made sense of: open it in a spreadsheet program and save it again as .xlsx."


def key_of(path: Path) -> Key:
    """The key in a file, or in the folder of a set. ByhandError for a file that is none."""
    inside = [path / KEYS / "key.json", path / "key.json"]
    found = next((p for p in inside if p.is_file()), inside[0]) if path.is_dir() else path
    return read_key(found)


def steps_of(key: Key) -> list[str]:
    """To each question the command that works its table, with other numbers, so that it gives nothing away."""
    exercise = exercise_of(key.recipe, Path(f"{key.exercise}.toml"))
    return [f"{command(exercise.build, 'explain')} --step {ask.table}" for ask in exercise.asks]


@dataclass(frozen=True, eq=False)
class Marked:
    """A file that was read and marked. by: how it is known whose it is."""

    submission: Submission
    marks: Marks
    by: str


class Grader:
    """Marks files of one key; built once, to be used as a context, since it may start a process that recalculates."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.paper = Paper.of(key)
        self.marker = Marker(key, self.paper.problem)
        self.owners = Owners(self.paper)
        self.engine = Recomputer()

    def __enter__(self) -> Self:
        self.engine.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.engine.__exit__(kind, error, trace)

    def mark(self, path: Path) -> Marked:
        """ByhandError, with how to mend it, for a file that cannot be read, or is nobody's, whatever is in it."""
        try:
            return self._marked(path)
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
            raise ByhandError(BROKEN) from None  # what a stranger's file has made a reader trip over

    def _marked(self, path: Path) -> Marked:
        submission = read_submission(path, self.paper, typed, self.engine)
        owner = self.owners.owner(submission)
        student = self.key.students[owner.id]
        cells = self.marker.mark(student, submission.answers)
        warnings = [*submission.warnings, *findings(submission, self.paper, owner.id)]
        return Marked(submission, Marks(owner.id, student.name, submission.file, cells, tuple(warnings)), owner.by)

    def revealed(self, student: str) -> list[list[str]]:
        """The answers: to each question, the number for each of its cells."""
        theirs = self.key.students[student]
        cells = [range(len(q.cells)) for q in self.key.questions]
        return [[self.marker.revealed(theirs, n, cell) for cell in row] for n, row in enumerate(cells)]


LIMITS = Limits(20.0, 600_000_000)
"""What one file may take, whatever is in it."""
