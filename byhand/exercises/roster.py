"""The students of a class: from a CSV file that Moodle, Canvas or a spreadsheet exports, or just numbered."""

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
"""Headers of a column of ids, the most reliable first."""
NAMES = ("full name", "student", "student name", "name")
FIRST_NAMES, LAST_NAMES = ("first name", "firstname", "vorname"), ("last name", "surname", "lastname", "nachname")
DELIMITERS = ",;\t|"
MOST_STUDENTS, LONGEST_FILE, LONGEST = 100_000, 50_000_000, 100
"""Limits: the students of a class, the bytes of its file, and the letters of an id or a name."""
Row = tuple[int, list[str]]
"""The line on which a row begins, and its cells."""


@dataclass(frozen=True)
class Roster:
    """The students of a class, and the header of the column of ids."""

    students: tuple[Student, ...]
    column: str = ""


def numbered(count: int | None) -> Roster:
    """Return a class of `count` numbered students; None for a single student."""
    if count is None:
        return Roster((Student("student"),))
    if not 1 <= count <= MOST_STUDENTS:
        raise ByhandError(f"A class has 1 to {MOST_STUDENTS:,} students, not {quoted(count)}.")
    return Roster(tuple(Student(f"student-{n:03}") for n in range(1, count + 1)))


def read_roster(path: Path) -> Roster:
    """Read a class from a CSV file, in its order. ByhandError, with the line, for a row that is not valid.

    The ids are in the first of the columns in IDS that is filled in for everybody. Cells are separated by commas,
    semicolons, tabs or bars, in UTF-8, UTF-16 or Latin-1; blank rows and Canvas's row of points are skipped.
    """
    header, student_rows = read_columns(path)
    folded = [name.casefold() for name in header]
    column, named = _id_column(path, header, folded, student_rows), _names(folded)
    lines: dict[str, int] = {}
    students = []
    for line, cells in student_rows:
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
    """Return the header of a roster and the row of each student. ByhandError as for `read_roster`."""
    text = _decoded(path)
    rows = _rows(path, text)
    header = [clean(cell) for cell in next(rows, (1, []))[1]]
    return header, list(_student_rows(path, len(header), rows))


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
    """Decode a file by its byte order mark, or else by the first of the usual encodings that fits."""
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
    """Return the delimiter: the one that Excel declares in a first line such as sep=; or else the most frequent."""
    first = next(line for line in text.splitlines() if line.strip())
    declared = re.fullmatch(r'"?sep=(.)"?', first.strip(), re.IGNORECASE)
    return declared[1] if declared else max(DELIMITERS, key=re.sub(r'"[^"]*"', "", first).count)


def _rows(path: Path, text: str) -> Iterator[Row]:
    """Yield each row that is not blank, with the line on which it begins."""
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


def _student_rows(path: Path, width: int, rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the rows of students, each as wide as the header."""
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


def _id_column(path: Path, header: Sequence[str], folded: Sequence[str], student_rows: Sequence[Row]) -> int:
    """Return the column of ids: the first that all students have, or else the first that anybody has."""
    columns = [folded.index(name) for name in IDS if name in folded]
    if not columns:
        there = ", ".join(name for name in header if name)
        raise ByhandError(f"{path} has no column of ids: name one of its columns id (there are: {there}).")
    filled_in = {c: sum(bool(clean(cells[c])) for _, cells in student_rows) for c in columns}
    full = [c for c in columns if filled_in[c] == len(student_rows)]
    some = [c for c in columns if filled_in[c]]
    return (full or some or columns)[0]


def _id(path: Path, line: int, cell: str) -> str:
    id = clean(cell)
    if not id:
        raise ByhandError(f"Line {line} of {path} has no id: fill it in, or take the line out.")
    if len(id) > LONGEST:
        raise ByhandError(f"Line {line} of {path} has an id of more than {LONGEST} letters: shorten it.")
    return id


def _names(header: Sequence[str]) -> Callable[[Sequence[str]], str]:
    """Return a function from a row to the student's name: the full name, first and last, or an empty text."""
    first, last = ([header.index(name) for name in names if name in header][:1] for names in (FIRST_NAMES, LAST_NAMES))
    whole = [] if first and last else [header.index(name) for name in NAMES if name in header][:1]
    columns = whole or [*first, *last]
    return lambda cells: clean(" ".join(cells[c] for c in columns))[:LONGEST].rstrip()


def number_of_students(count: int) -> str:
    """Return a count in words: 1 student, 1,200 students."""
    return f"{count:,} student{'' if count == 1 else 's'}"


def clean(text: str) -> str:
    """Return the text on one line, without control characters, changes of direction, and characters XML cannot hold."""
    letters = (" " if c.isspace() else c for c in unicodedata.normalize("NFC", text))
    return " ".join("".join(c for c in letters if c == " " or _is_harmless(c)).split())


def _is_harmless(letter: str) -> bool:
    code = ord(letter)
    turns = 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069 or code in (0x200E, 0x200F, 0xFEFF)
    return not turns and code & 0xFFFE != 0xFFFE and unicodedata.category(letter) not in ("Cc", "Cs")
