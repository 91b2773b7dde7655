"""Marks one file in a process of its own, which is stopped where the file takes too much."""

from __future__ import annotations

from pathlib import Path

from byhand.errors import ByhandError
from byhand.exercises.workers import Limits, Stopped, spread_within
from byhand.grading.one import Grader, Marked, key_of

LIMITS = Limits(20.0, 600_000_000)
"""What one file may take, whatever is in it."""
Answers = list[list[str]]


def checked(submission: Path, key: Path, reveal: bool) -> tuple[Marked, Answers | None]:
    """The marks, and where they are to be revealed the answers.

    ByhandError, with how to mend it, for a file that cannot be read, takes too long, or is nobody's.
    """
    (found,) = spread_within(LIMITS, Checking, (key, reveal), [submission], 1)
    if isinstance(found, Stopped):
        raise ByhandError(f"{submission} could not be read: {found.why}; look at it by hand.")
    return found


class Checking:
    """Does the job of the process."""

    def __init__(self, key: Path, reveal: bool) -> None:
        self.grader, self.reveal = Grader(key_of(key)).__enter__(), reveal

    def __call__(self, submission: Path) -> tuple[Marked, Answers | None]:
        marked = self.grader.mark(submission)
        return marked, self.grader.revealed(marked.marks.student) if self.reveal else None
