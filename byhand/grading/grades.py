"""The files of grades that Moodle and Canvas import: nothing in them is ever taken for a formula."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from byhand.exercises.keys import Key, KeyQuestion
from byhand.grading.lms_accounts import Person
from byhand.grading.phrases import by_question, counted, place, points, remarks, total, wrote
from byhand.grading.verdicts import CellMark, Marks

NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")
NO_GRADE = "-"
"""What Moodle takes for no grade."""


@dataclass(frozen=True)
class Grade:
    """points: None where there is no grade (yet)."""

    person: Person
    points: float | None
    feedback: str


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula: with an apostrophe before it where one might."""
    return f"'{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def moodle(title: str, grades: Iterable[Grade]) -> bytes:
    """Mapped by hand in Moodle's import; by e-mail address or ID number."""
    title = f"Assignment: {title}"
    lines = [_line(["Email address", "ID number", f"{title} (Real)", f"{title} (Feedback)"])]
    for g in grades:
        got = NO_GRADE if g.points is None else points(g.points)
        lines.append(f"{_line([safe(g.person.email), safe(g.person.number)])},{got},{_quoted(safe(g.feedback))}")
    return _file(lines)


def canvas(title: str, most: float, grades: Iterable[Grade]) -> bytes:
    """As Canvas exports its gradebook; a blank grade changes nothing there."""
    lines = [_line(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", safe(title)])]
    lines.append(f"    Points Possible,,,,,{points(most)}")
    for g in grades:
        got = "" if g.points is None else points(g.points)
        lines.append(f"{_line([safe(cell) for cell in g.person.canvas])},{got}")
    return _file(lines)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Any other table of texts."""
    return _file([_line(header), *(_line([safe(cell) for cell in row]) for row in rows)])


def _line(cells: Sequence[str]) -> str:
    return ",".join(_cell(cell) for cell in cells)


def _cell(text: str) -> str:
    """Quoted where it must be (RFC 4180), and where a spreadsheet would take an id such as 007 for a number."""
    plain = not re.search(r'[",;\t\r\n]|^\s|\s$', text) and not re.match(r"0\d|\d{12}|\d+[eE]\d", text)
    return text if plain else _quoted(text)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _file(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8")


def results(key: Key, marks: Marks) -> bytes:
    """The file, for marks that count: without a score it would add up the tests. What a student wrote is plain text."""
    said = f"{key.exercise}, seed {key.seed}. Marked by byhand {version('byhand')}."
    told: dict[str, Any] = {
        "score": round(marks.points, 4),
        "output": said,
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"student": marks.student, "key_digest": key.digest},
        "tests": [_test(n, q, cells) for n, (q, cells) in enumerate(by_question(key, marks), 1)],
    }
    return (json.dumps(told, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()


def _test(n: int, question: KeyQuestion, cells: Sequence[CellMark]) -> dict[str, Any]:
    got, most = total(cells)
    lines = [f"{counted(cells)}."]
    for remark in remarks(cells):
        where = ", ".join(f"{place(question, c.cell)} ({wrote(c)})".removesuffix(" ()") for c in remark.cells)
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
