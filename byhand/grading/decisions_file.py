"""The text of decisions.toml: it belongs to the teacher, and lines are added to it or replaced, and nothing else."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from byhand.decoding import check_keys
from byhand.errors import ByhandError
from byhand.exercises.roster import clean
from byhand.files import read_bytes

DECISIONS = "decisions.toml"
LONGEST_FILE = 5_000_000
TEMPLATE = """\
# What you decide about single submissions. byhand reads this file on every run, and adds a line, commented out, for
# each case that needs a person. Take the # away, and change the line if need be:
#
#   accept = true                         the marks count as byhand gives them
#   grade = 6.5                           these points, in place of byhand's
#   cells = { "2 C5" = 0.5, "3" = "right" }   points of a cell of question 2, and all of question 3
#   comment = "Well done!"                the student reads it
#   exempt = true                         no grade, and none is missing
#   late = 2                              days; late_rule says what they cost
#   file = "s004-2.xlsx"                  which of several files counts

attempts = "last"  # which of a student's files counts: the "last" or the "best"
# late_rule = "10 % a day, at most 50 %"  # of the points that were got; or "1 point a day"

# The same for everybody, such as a question that is left out: cells = { "3" = "right" }
[everyone]

# Files that are nobody's, and whose they are: "scan.xlsx" = "s004"
[files]

[students]
"""
SETTINGS = ("attempts", "late_rule")
SECTIONS = ("everyone", "files", "students")


def toml_table(text: str, where: str) -> dict[str, Any]:
    """Return the tables in a text. Raises ByhandError for one that is no TOML. where: the file's name."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        if twice := _decided_twice(text):
            raise ByhandError(f"{where} decides twice about {clean(twice)}: take one of the lines out.") from None
        raise ByhandError(f"{where} is no TOML: {clean(str(error)).rstrip('.')}; mend it there.") from None


def _decided_twice(text: str) -> str:
    """Return the first name that has two lines in a section; an empty text for none."""
    lines, section = set[tuple[str, str]](), ""
    for line in text.splitlines():
        if match := _NAMED.match(line):
            if (section, match[1]) in lines:
                return match[1]
            lines.add((section, match[1]))
        section = line.strip() if line.lstrip().startswith("[") else section
    return ""


_NAMED = re.compile(r'\s*("[^"]*"|[\w-]+)\s*=')
"""The beginning of a line with a value, and its name."""


@dataclass(frozen=True)
class OpenCase:
    """A case that waits for a decision. section: students or files. name: an id or a file's. choice: a proposal."""

    section: str
    name: str
    choice: str
    reason: str

    @property
    def line(self) -> str:
        return f"# {toml_key(self.name)} = {self.choice}"


def with_open_cases(text: str, cases: Iterable[OpenCase]) -> str:
    """Return the text of the file with a line, commented out, for each case that has none yet."""
    for case in cases:
        if not any(line.strip().startswith(case.line) for line in text.splitlines()):
            text = _inserted(text, case.section, f"{case.line}  # {clean(case.reason)}")
    return text


def merged(text: str, more: str, where: str) -> str:
    """Return the text of the file with the decisions of another in it; these replace what is about the same."""
    table = toml_table(more, where)
    check_keys(table, (*SETTINGS, *SECTIONS), f"the file {where}")
    for name in SETTINGS:
        if name in table:
            line = f"{name} = {toml_value(table[name])}"
            text, count = re.subn(rf"(?m)^#?\s*{name}\s*=.*$", lambda _: line, text, count=1)  # noqa: B023  used at once
            text = text if count else f"{line}\n{text}"
    for section in SECTIONS:
        entries = table.get(section, {})
        for name, value in entries.items() if isinstance(entries, dict) else ():
            text = _inserted(_without(text, section, name), section, f"{toml_key(name)} = {toml_value(value)}")
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise ByhandError(
            f"The decisions of {where} do not fit into {DECISIONS}, which has the same ones as tables: "
            "take them out there."
        ) from None
    return text


def _section(lines: Sequence[str], section: str) -> tuple[int, int] | None:
    """Return the lines of a section, from the one after its head to its end."""
    heads = [n for n, line in enumerate(lines) if re.match(r"\s*\[", line)]
    start = next((n for n in heads if re.match(rf"\s*\[\s*{section}\s*\]", lines[n])), None)
    if start is None:
        return None
    return start + 1, next((n for n in heads if n > start), len(lines))


def _inserted(text: str, section: str, line: str) -> str:
    lines = text.splitlines()
    place = _section(lines, section)
    if place is None:
        return "\n".join([*lines, "", f"[{section}]", line, ""])
    end = place[1]
    while end > place[0] and (not lines[end - 1].strip() or _is_heading(lines, end - 1)):
        end -= 1
    return "\n".join([*lines[:end], line, *lines[end:], ""])


def _is_heading(lines: Sequence[str], n: int) -> bool:
    """Whether a comment stands before the next section, and belongs to it."""
    following = lines[n + 1] if n + 1 < len(lines) else ""
    return lines[n].startswith("#") and bool(re.match(r"\s*\[", following))


def _without(text: str, section: str, name: str) -> str:
    lines = text.splitlines()
    place = _section(lines, section)
    if place is None:
        return text
    head = re.compile(rf"\s*(?:{re.escape(toml_key(name))}|{re.escape(json.dumps(name))}|'{re.escape(name)}')\s*=")
    kept = [line for n, line in enumerate(lines) if not (place[0] <= n < place[1] and head.match(line))]
    return "\n".join([*kept, ""])


def toml_key(name: str) -> str:
    """Return a name as a key of TOML."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml_value(name)


def toml_value(value: Any) -> str:
    """Return a value on one line of TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{toml_key(str(k))} = {toml_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def decisions_text(path: Path) -> str:
    """Return the text of a file of decisions. Raises ByhandError for one that cannot be read."""
    data = read_bytes(path, "file of decisions", LONGEST_FILE, f"name a file such as {DECISIONS}")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise ByhandError(f"{path} is no UTF-8: save it as UTF-8.") from None
