"""Marks one file in a process of its own, which is stopped where the file takes too much."""

from __future__ import annotations

from pathlib import Path

from byhand.errors import ByhandError
from byhand.exercises.workers import Limits, Stopped, spread_within

LIMITS = Limits(20.0, 600_000_000)
"""What one file may take, whatever is in it."""
Told = tuple[str, bool]
"""What the terminal shows, and whether all is right."""


def checked(submission: Path, key: Path, reveal: bool, as_json: bool) -> Told:
    """ByhandError, with how to mend it, for a file that cannot be read, takes too long, or is nobody's."""
    (found,) = spread_within(LIMITS, Checking, (key, reveal, as_json), [submission], 1)
    if isinstance(found, Stopped):
        raise ByhandError(f"{submission} could not be read: {found.why}; look at it by hand.")
    return found


class Checking:
    """Does the job of the process, which alone loads what marking needs."""

    def __init__(self, key: Path, reveal: bool, as_json: bool) -> None:
        from byhand.grading.one import Grader, key_of

        self.grader = Grader(key_of(key)).__enter__()
        self.reveal, self.as_json = reveal, as_json

    def __call__(self, submission: Path) -> Told:
        from byhand.grading.one import steps_of
        from byhand.grading.tell import all_right, check_told

        marked, key = self.grader.mark(submission), self.grader.key
        answers = self.grader.revealed(marked.marks.student) if self.reveal else None
        return check_told(key, marked, steps_of(key), answers, self.as_json), all_right(marked.marks)
