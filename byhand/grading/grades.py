"""The files of grades that Moodle and Canvas import: nothing in them is ever taken for a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from byhand.grading.register import Person
from byhand.grading.wording import points

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
