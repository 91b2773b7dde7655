"""What has changed since the last run: each student's grade before and after, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from byhand.errors import ByhandError
from byhand.files import holds, read_bytes, save
from byhand.grading.grades import StudentGrade, csv_file
from byhand.grading.marks_folder import CHANGES, LONGEST_RECORD, FileResult, MarksFolder
from byhand.grading.verdicts import points


class LastGrade(msgspec.Struct, frozen=True):
    """A student's grade in the last run, and what it came from."""

    status: str
    points: float | None
    file: str = ""
    digest: str = ""
    decision: str = ""


@dataclass(frozen=True)
class GradeChange:
    """A grade that has changed. before, after: points, or no grade. why: one or more reasons."""

    student: str
    name: str
    before: str
    after: str
    why: str


def changes_since(
    folder: MarksFolder, grades: Sequence[StudentGrade], results: Mapping[str, FileResult], decisions: Mapping[str, str]
) -> list[GradeChange]:
    """Return the changes since the last run in the folder, and write changes.csv, which has only a head for none.

    results: by student, the file that counts. decisions: by student, the fingerprint of what the teacher decided.
    """
    before, now = _last(folder.last_run), _now(grades, results, decisions)
    found = []
    for grade in grades:
        old, new = before.get(grade.student), now[grade.student]
        if old is not None and (old.status, old.points) != (new.status, new.points):
            why = _reasons(old, new, folder.key_change)
            found.append(GradeChange(grade.student, grade.name, _shown(old), _shown(new), why))
    rows = [[c.student, c.name, c.before, c.after, c.why] for c in found]
    save(folder.path / CHANGES, csv_file([["Student", "Name", "Before", "After", "Why"], *rows]))
    data = msgspec.json.encode(now)
    if not holds(folder.last_run, data):
        save(folder.last_run, data)
    return found


def _now(
    grades: Sequence[StudentGrade], results: Mapping[str, FileResult], decisions: Mapping[str, str]
) -> dict[str, LastGrade]:
    return {
        grade.student: LastGrade(
            str(grade.status),
            grade.points,
            grade.file,
            results[grade.student].digest if grade.student in results else "",
            decisions.get(grade.student, ""),
        )
        for grade in grades
    }


def _last(path: Path) -> dict[str, LastGrade]:
    try:
        return msgspec.json.decode(read_bytes(path, "record of a run", LONGEST_RECORD), type=dict[str, LastGrade])
    except (ByhandError, UnicodeDecodeError, msgspec.MsgspecError, RecursionError):
        return {}


def _shown(grade: LastGrade) -> str:
    return f"no grade ({grade.status})" if grade.points is None else points(grade.points)


def _reasons(old: LastGrade, new: LastGrade, key_change: str) -> str:
    reasons = []
    if old.digest != new.digest or old.file != new.file:
        there = "another file counts" if old.file else "a file came"
        reasons.append(there if new.file else "the file is gone")
    if old.decision != new.decision:
        reasons.append("the teacher has decided otherwise" if old.decision else "the teacher has decided")
    if key_change:
        reasons.append(key_change)
    text = "; ".join(reasons) or "the file was marked again"
    return f"{text[:1].upper()}{text[1:]}."
