"""The class: read from what Moodle, Canvas or a spreadsheet exports, or just numbered."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from byhand.errors import ByhandError, quoted
from byhand.exercises.draw import Student

IDS = (
    "id number,sis user id,student id,student number,matriculation number,matrikelnummer,"
    "id,username,sis login id,email address,email,e-mail,e-mail-adresse"
).split(",")
"""The headers of a column of ids, the likeliest first."""
NAMES = ("full name", "student", "student name", "name")
FIRST_NAMES, LAST_NAMES = ("first name", "firstname", "vorname"), ("last name", "surname", "lastname", "nachname")
DELIMITERS = ",;\t|"
MOST_STUDENTS, LONGEST_FILE, LONGEST = 100_000, 50_000_000, 100
"""The students of a class, the bytes of its file, and the letters of an id or a name."""
Row = tuple[int, list[str]]
"""The line on which it begins, and its cells."""


@dataclass(frozen=True)
class Roster:
    """Who is in the class, and what the column of their ids is called."""

    students: tuple[Student, ...]
    column: str = ""


def numbered(count: int | None) -> Roster:
    """One student, or so many with a number each."""
    if count is None:
        return Roster((Student("student"),))
    if not 1 <= count <= MOST_STUDENTS:
        raise ByhandError(f"A class has 1 to {MOST_STUDENTS:,} students, not {quoted(count)}.")
    return Roster(tuple(Student(f"student-{n:03}") for n in range(1, count + 1)))


def read_roster(path: Path) -> Roster:
    """The class from a CSV file, in its order. ByhandError with the line for whatever in it cannot be.

    The first column of ids that is filled in for everybody counts. Commas, semicolons or tabs; UTF-8, UTF-16 or
    Latin-1; the row of points that Canvas adds, and blank rows, are passed over.
    """
    header, people = read_columns(path)
    folded = [name.casefold() for name in header]
    column, named = _of_ids(path, header, folded, people), _names(folded)
    lines: dict[str, int] = {}
    students = []
    for line, cells in people:
        student = Student(_id(path, line, cells[column]), named(cells))
        if student.id in lines:
            raise ByhandError(
                f"Line {line} of {path} has the id {quoted(student.id)} of line {lines[student.id]} again: "
                "give each student an id of their own."
            )
        lines[student.id] = line
        students.append(student)
    return Roster(tuple(students), header[column])


def read_columns(path: Path) -> tuple[list[str], list[Row]]:
    """The header of such a file, and the row of each student. ByhandError as for `read_roster`."""
    text = _decoded(path)
    rows = _rows(path, text)
    header = [clean(cell) for cell in next(rows, (1, []))[1]]
    return header, list(_people(path, len(header), rows))


def _decoded(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(LONGEST_FILE + 1)
    except FileNotFoundError:
        raise ByhandError(f"There is no roster {path}: check its name and folder.") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ByhandError(f"The roster {path} cannot be read ({reason}): name a CSV file.") from None
    if len(data) > LONGEST_FILE:
        raise ByhandError(f"{path} is no roster, which has at most {LONGEST_FILE:,} bytes: name another file.")
    text = _text(data)
    if data.startswith((b"PK\3\4", b"\xd0\xcf\x11\xe0", b"%PDF")) or "\0" in text:
        raise ByhandError(f"{path} is no text: save the class as CSV, and name that file.")
    if not text.strip():
        raise ByhandError(f"The roster {path} is empty: its first line names the columns, such as id,name.")
    return text


def _text(data: bytes) -> str:
    """By its mark, or else the first of the usual encodings that fits."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    sides = [data[start:200:2].count(0) for start in (0, 1)]
    if len(data) % 2 == 0 and max(sides) > len(data[:200]) / 4 and min(sides) == 0:
        return data.decode("utf-16-be" if sides[0] else "utf-16-le", errors="replace")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _delimiter(text: str) -> str:
    """What parts the first line that is not blank; Excel may say it in a line of its own (sep=;)."""
    first = next(line for line in text.splitlines() if line.strip())
    said = re.fullmatch(r'"?sep=(.)"?', first.strip(), re.IGNORECASE)
    return said[1] if said else max(DELIMITERS, key=re.sub(r'"[^"]*"', "", first).count)


def _rows(path: Path, text: str) -> Iterator[Row]:
    """Each row that is not blank, with the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    begins = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row) and not _separator(row):
                yield begins, row
            begins = reader.line_num + 1
    except csv.Error:
        raise ByhandError(
            f"Line {begins} of {path} has a quotation mark that is not closed, or text after it: mend it there."
        ) from None


def _separator(row: Sequence[str]) -> bool:
    return row[0].casefold().startswith("sep=") and not any(row[1:])


def _people(path: Path, width: int, rows: Iterable[Row]) -> Iterator[Row]:
    """The rows of students, each as wide as the header."""
    count = 0
    for line, row in rows:
        if row[0].strip() == "Points Possible":
            continue
        if any(cell.strip() for cell in row[width:]):
            raise ByhandError(
                f"Line {line} of {path} has {len(row)} cells, but its first line {width}: "
                "put text with a comma in quotation marks."
            )
        count += 1
        if count > MOST_STUDENTS:
            raise ByhandError(f"{path} has more than {MOST_STUDENTS:,} students: split it into classes.")
        yield line, [*row, *[""] * (width - len(row))]
    if not count:
        raise ByhandError(f"{path} has no students below its first line: add a line for each.")


def _of_ids(path: Path, header: Sequence[str], folded: Sequence[str], people: Sequence[Row]) -> int:
    """The column of ids: the first that all have, or else the first that anybody has."""
    columns = [folded.index(name) for name in IDS if name in folded]
    if not columns:
        there = ", ".join(name for name in header if name)
        raise ByhandError(f"{path} has no column of ids: name one of its columns id (there are: {there}).")
    have = {c: sum(bool(clean(cells[c])) for _, cells in people) for c in columns}
    full = [c for c in columns if have[c] == len(people)]
    some = [c for c in columns if have[c]]
    return (full or some or columns)[0]


def _id(path: Path, line: int, cell: str) -> str:
    found = clean(cell)
    if not found:
        raise ByhandError(f"Line {line} of {path} has no id: fill it in, or take the line out.")
    if len(found) > LONGEST:
        raise ByhandError(f"Line {line} of {path} has an id of more than {LONGEST} letters: shorten it.")
    return found


def _names(header: Sequence[str]) -> Callable[[Sequence[str]], str]:
    """How a student's name is read: whole, or first and last, or not at all."""
    first, last = ([header.index(name) for name in names if name in header][:1] for names in (FIRST_NAMES, LAST_NAMES))
    whole = [] if first and last else [header.index(name) for name in NAMES if name in header][:1]
    columns = whole or [*first, *last]
    return lambda cells: clean(" ".join(cells[c] for c in columns))[:LONGEST].rstrip()


def clean(text: str) -> str:
    """On one line, without letters that steer a terminal, turn the line round, or are no letters in XML."""
    kept = (" " if c.isspace() else c for c in unicodedata.normalize("NFC", text))
    return " ".join("".join(c for c in kept if c == " " or _harmless(c)).split())


def _harmless(letter: str) -> bool:
    code = ord(letter)
    turns = 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069 or code in (0x200E, 0x200F, 0xFEFF)
    return not turns and code & 0xFFFE != 0xFFFE and unicodedata.category(letter) not in ("Cc", "Cs")
