"""Grades of a class, problems for a person, and files of grades for learning systems."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from typing import Any

from byhand.exercises.keys import Key, KeyQuestion
from byhand.exercises.roster import clean
from byhand.grading.decisions import DECIDED, NO_DECISION, Decision
from byhand.grading.marks_folder import FileResult
from byhand.grading.owners import Person
from byhand.grading.verdicts import (
    CellMark,
    Places,
    StudentMark,
    Verdict,
    by_question,
    place_of,
    points,
    remarks,
    summary,
    total,
    typed_text,
    verdict_counts,
)
from byhand.translations import _


class Status(StrEnum):
    """Whether a student is graded, and if not, why."""

    GRADED = "graded"
    LOOK = "look"
    UNREADABLE = "unreadable"
    MISSING = "missing"
    EXEMPT = "exempt"


STATUS_WORDS = {status: str(status) for status in Status} | {Status.LOOK: "to look at"}
"""The words after a number of students: 3 to look at."""
NOT_GRADED = {
    Status.LOOK: "Not graded yet: your teacher will look at what you handed in.",
    Status.UNREADABLE: "What you handed in could not be read: ask your teacher.",
    Status.MISSING: "Nothing was handed in.",
    Status.EXEMPT: "You are exempt from this exercise.",
}
"""The sentence that a student reads in place of a grade."""


@dataclass(frozen=True)
class StudentGrade:
    """One student's grade. file: the one that counts. points: None without a grade. feedback: for the student."""

    person: Person
    status: Status
    file: str
    points: float | None
    feedback: str

    @property
    def student(self) -> str:
        return self.person.id

    @property
    def name(self) -> str:
        return self.person.name


LONGEST_ID = 60
"""The longest unknown id that is shown."""


@dataclass(frozen=True)
class FileProblem:
    """A problem with a file, or with a student who handed in none. kind: in a word."""

    kind: str
    file: str
    student: str
    reason: str


def student_grade(
    key: Key,
    person: Person,
    result: FileResult | None,
    decision: Decision = NO_DECISION,
    *,
    may_be_theirs: bool = False,
) -> StudentGrade:
    """Return the grade of one student from the result of the file that counts, and from what the teacher decided.

    may_be_theirs: whether another's file waits for a decision whether it is this student's.
    """
    status, file = _status(result, may_be_theirs), clean(result.file) if result else ""
    comment = [decision.comment] if decision.comment else []
    if decision.exempt:
        return StudentGrade(person, Status.EXEMPT, file, None, " ".join([_(NOT_GRADED[Status.EXEMPT]), *comment]))
    marks = result.marks if result else None
    if status is Status.GRADED and marks is not None:
        feedback = " ".join([summary(key, marks), *marks.notes])
        return StudentGrade(person, status, file, round(marks.points, 6), feedback)
    if decision.grade is not None:
        sentence = " ".join([_(DECIDED), *comment])
        return StudentGrade(person, Status.GRADED, file, round(decision.grade, 6), sentence)
    return StudentGrade(person, status, file, None, " ".join([_(NOT_GRADED[status]), *comment]))


def _status(result: FileResult | None, may_be_theirs: bool) -> Status:
    if result is None:
        return Status.LOOK if may_be_theirs else Status.MISSING
    if result.marks is None:
        return Status.UNREADABLE
    return Status.LOOK if result.needs_a_look else Status.GRADED


def problems_of(result: FileResult) -> Iterator[FileProblem]:
    """Yield the problems of one file, and what the teacher has set aside."""
    file = clean(result.file)
    if result.unknown_id:
        yield FileProblem("look", file, result.unknown_id[:LONGEST_ID], result.refused)
    elif result.refused:
        yield FileProblem("not marked", file, result.student, result.refused)
    for warning in together(result.marks.warnings if result.marks else ()):
        yield FileProblem("look", file, result.student, warning)
    for warning in together(result.accepted):
        yield FileProblem("accepted", file, result.student, warning)
    if is_blank(result):
        yield FileProblem("blank", file, result.student, "No answer is filled in: it has 0 points.")


_PLACED = re.compile(r"(\D+ \d+), ([A-Z]+\d+): (.+)", re.DOTALL)
MOST_PLACES = 3
"""The most cells that one sentence names."""


def together(warnings: Iterable[str]) -> list[str]:
    """Return the warnings, with one for all cells of a question of which the same is said."""
    groups: dict[tuple[str, str], list[str]] = {}
    for warning in warnings:
        match = _PLACED.fullmatch(warning)
        question, cell, said = match.groups() if match else ("", "", warning)
        groups.setdefault((question, said), []).append(cell)
    return [_of_cells(question, cells, said) for (question, said), cells in groups.items()]


def _of_cells(question: str, cells: Sequence[str], said: str) -> str:
    if not question:
        return said
    more = f" and {len(cells) - MOST_PLACES} more cells" if len(cells) > MOST_PLACES else ""
    return f"{question}, {', '.join(cells[:MOST_PLACES])}{more}: {said}"


def is_blank(result: FileResult) -> bool:
    """Return whether a marked file has no answer in it."""
    marks = result.marks
    return marks is not None and marks.final is None and all(cell.verdict is Verdict.BLANK for cell in marks.cells)


NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")
NO_GRADE = "-"
"""Moodle's sign for no grade."""
EXCUSED = "EX"
"""Canvas's sign for a student who need not hand in."""


def safe(text: str) -> str:
    """Return the text, with an apostrophe before it if a spreadsheet could take it for a formula."""
    return f"'{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def moodle_csv(title: str, grades: Iterable[StudentGrade]) -> bytes:
    """Return the file for Moodle's import of grades, which finds students by e-mail address or ID number."""
    title = f"Assignment: {title}"
    lines = [_line(["Email address", "ID number", f"{title} (Real)", f"{title} (Feedback)"])]
    for g in grades:
        got = NO_GRADE if g.points is None else points(g.points)
        lines.append(f"{_line([safe(g.person.email), safe(g.person.number)])},{got},{_quoted(safe(g.feedback))}")
    return _file(lines)


def canvas_csv(title: str, most: float, grades: Iterable[StudentGrade]) -> bytes:
    """Return the file as Canvas exports its gradebook; a blank grade changes nothing there."""
    lines = [_line(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", safe(title)])]
    lines.append(f"    Points Possible,,,,,{points(most)}")
    for g in grades:
        got = EXCUSED if g.status is Status.EXEMPT else "" if g.points is None else points(g.points)
        lines.append(f"{_line([safe(cell) for cell in g.person.canvas])},{got}")
    return _file(lines)


def problems_csv(problems: Iterable[FileProblem]) -> bytes:
    """Return the list of problems as a file."""
    rows = ([p.kind, p.student, p.file, p.reason] for p in problems)
    return csv_file([["What", "Student", "File", "Why"], *rows])


def csv_file(rows: Iterable[Sequence[str]]) -> bytes:
    """Return rows of texts as a CSV file, which no spreadsheet takes for formulas."""
    return _file([_line([safe(cell) for cell in row]) for row in rows])


def _line(cells: Sequence[str]) -> str:
    return ",".join(_cell(cell) for cell in cells)


def _cell(text: str) -> str:
    """Quote where RFC 4180 asks for it, and, as csv.writer cannot, an id that a spreadsheet takes for a number: 007."""
    plain = not re.search(r'[",;\t\r\n]|^\s|\s$', text) and not re.match(r"0\d|\d{12}|\d+[eE]\d", text)
    return text if plain else _quoted(text)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _file(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8")


def gradescope_results(key: Key, marks: StudentMark) -> bytes:
    """Return Gradescope's results.json for marks that count, as plain text: without a score it adds up the tests."""
    output = f"{key.exercise}. Marked by byhand {version('byhand')}."
    results: dict[str, Any] = {
        "score": round(marks.points, 4),
        "output": output,
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"student": marks.student, "key_digest": key.digest},
        "tests": [_test(key, n, q, cells, marks.places) for n, (q, cells) in enumerate(by_question(key, marks), 1)],
    }
    return (json.dumps(results, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()


def _test(key: Key, n: int, question: KeyQuestion, cells: Sequence[CellMark], places: Places) -> dict[str, Any]:
    got, most = total(cells)
    lines = [f"{verdict_counts(cells)}."]
    for remark in remarks(cells):
        where = ", ".join(
            f"{place_of(key, n - 1, c.cell, places)} ({typed_text(c)})".removesuffix(" ()") for c in remark.cells
        )
        lines.append(f"{where}: {remark.verdict}. {remark.sentence}".rstrip())
    return {
        "name": f"{n} {question.table}",
        "number": str(n),
        "score": round(got, 4),
        "max_score": round(most, 4),
        "status": "passed" if got >= most - 1e-9 else "failed",
        "output": "\n".join(lines),
        "output_format": "text",
        "tags": [question.table],
        "visibility": "visible",
    }
