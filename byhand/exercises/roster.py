"""The students of a class: from a CSV file that Moodle, Canvas or a spreadsheet exports, or just numbered."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from byhand.errors import ByhandError, nearest, quoted
from byhand.exercises.draw import Student
from byhand.files import read_bytes
from byhand.text_encoding import decode

ID_NUMBERS = (
    "id number,id-nummer,sis user id,student id,student number,student no,student nr,matriculation number,"
    "matriculation no,matrikelnummer,matrikel nr,matrikel,matr nr,registration number,registration no,roll number,"
    "roll no,candidate number,index number,university id,uni id,campus id,person id,user id,unique id,kennung,"
    "numéro d’identification,numéro d’étudiant,numéro étudiant,número de ID,número ID,"
    "número de identificación,número de identificação,número de identificação (ID),número de matrícula,"
    "codice identificativo,numero ID,matricola,numero di matricola,nummer (ID),studentnummer,studienummer,"
    "ID zenbakia,ID numarası,număr ID,индивидуальный номер,学号,學號,ID 号,学籍番号,IDナンバ,IDナンバー,학번"
).split(",")
LOGINS = (
    "username,user name,login,login id,sis login id,anmeldename,benutzername,nom d’utilisateur,nombre de usuario,"
    "nome utente,nome de utilizador,identificação de usuário,gebruikersnaam,логин,用户名,ユーザ名"
).split(",")
EMAILS = (
    "email address,email,e-mail-adresse,mail,mail address,adresse de courriel,adresse e-mail,adresse électronique,"
    "courriel,dirección de correo,dirección de correo electrónico,dirección email,correo electrónico,correo,"
    "indirizzo email,endereço de email,correio eletrónico,e-mailadres,e-postadress,адрес электронной почты,"
    "电子邮件地址,メールアドレス"
).split(",")
NAMES = (
    "full name,student,student name,name,vollständiger name,nom complet,nombre completo,nome completo,volledige naam,"
    "полное имя,фио,姓名,氏名,名前,フルネーム,全名,이름"
).split(",")
FIRST_NAMES = "first name,given name,forename,vorname,prénom,nombre,nome,voornaam,förnamn,prenume,имя,名".split(",")
LAST_NAMES = (
    "last name,surname,family name,nachname,familienname,nom de famille,nom,apellido(s),apellido,cognome,apelido,"
    "apelidos,sobrenome,achternaam,efternamn,nume de familie,фамилия,姓"
).split(",")
"""The headers of columns as Moodle, Canvas and people write them, in several languages; of ids the surest first."""
DELIMITERS = ",;\t|"
MOST_STUDENTS, LONGEST_FILE, LONGEST = 100_000, 20_000_000, 100
"""Limits: the students of a class, the bytes of its file, and the letters of an id or a name."""
Row = tuple[int, list[str]]
"""The line on which a row begins, and its cells."""


@dataclass(frozen=True)
class Roster:
    """The students of a class, and the header of the column of ids. notes: sentences on how the file was read."""

    students: tuple[Student, ...]
    column: str = ""
    notes: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class RosterTable:
    """The cells of a roster. header: as it is written. rows: of the students. notes: on how the file was read."""

    header: list[str]
    rows: list[Row]
    notes: tuple[str, ...]


def header_key(text: str) -> str:
    """Return the letters and digits of a header, without accents: idnumber for ID-Number and id_number."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in plain if sign.isalnum())


IDS = [header_key(name) for name in (*ID_NUMBERS, "id", *LOGINS, *EMAILS)]
"""The keys of headers of a column of ids, the surest first."""


def numbered(count: int | None) -> Roster:
    """Return a class of `count` numbered students; None for a single student."""
    if count is None:
        return Roster((Student("student"),))
    if not 1 <= count <= MOST_STUDENTS:
        raise ByhandError(f"A class has 1 to {MOST_STUDENTS:,} students, not {quoted(count)}.")
    return Roster(tuple(Student(f"student-{n:03}") for n in range(1, count + 1)))


def read_roster(path: Path, id_column: str = "", encoding: str = "") -> Roster:
    """Read a class from a CSV file, in its order. ByhandError, with the line, for a row that is not valid.

    The ids are in `id_column`, or else in the first of the columns in IDS that is filled in for everybody. Cells are
    separated by commas, semicolons, tabs or bars. encoding: of the file; without it, a file that is no UTF-8 or UTF-16
    is read in the likeliest encoding, and a note says which. Blank rows are skipped, and so are Canvas's rows that are
    no students, and its Test Student.
    """
    table = read_columns(path, encoding)
    keys = [header_key(name) for name in table.header]
    column, named = _id_column(path, table, keys, id_column), _names(keys)
    lines: dict[str, int] = {}
    students = []
    for line, cells in table.rows:
        student = Student(_id(path, line, cells[column]), named(cells))
        if student.id in lines:
            raise ByhandError(
                f"Line {line} of {path} has the id {quoted(student.id)} of line {lines[student.id]} again: "
                "give each student an id of their own."
            )
        lines[student.id] = line
        students.append(student)
    return Roster(tuple(students), table.header[column], table.notes)


def read_columns(path: Path, encoding: str = "") -> RosterTable:
    """Return the cells of a roster. ByhandError as for `read_roster`."""
    text, notes = _decoded(path, encoding)
    rows = _rows(path, text)
    header = [clean(cell) for cell in next(rows, (1, []))[1]]
    every = list(_wide_rows(path, len(header), rows))
    students = [row for row in every if not _of_canvas(header, row[1])]
    if not students:
        raise ByhandError(f"{path} has no students below its first line: add a line for each.")
    if len(students) > MOST_STUDENTS:
        raise ByhandError(f"{path} has more than {MOST_STUDENTS:,} students: split it into classes.")
    if any(_is_test_student(header, cells) for _, cells in every):
        notes = (*notes, "The Test Student of Canvas is no student of the class.")
    return RosterTable(header, students, notes)


def _decoded(path: Path, encoding: str) -> tuple[str, tuple[str, ...]]:
    """Return the text of a roster, and a note if its encoding was guessed."""
    data = read_bytes(path, "roster", LONGEST_FILE, "name a CSV file")
    if data.startswith((b"PK\3\4", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise ByhandError(f"{path} is no text: save the class as CSV, and name that file.")
    decoded = decode(data, encoding)
    if "\0" in decoded.text:
        raise ByhandError(f"{path} is no text: save the class as CSV, and name that file.")
    if not decoded.text.strip():
        raise ByhandError(f"The roster {path} is empty: its first line names the columns, such as id,name.")
    if not decoded.guess:
        return decoded.text, ()
    note = f"{path} is no UTF-8 and was read as {decoded.guess}: {quoted(clean(decoded.example))}"
    return decoded.text, (f"{note}; if that is wrong, give --encoding.",)


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


def _wide_rows(path: Path, width: int, rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the rows below the header, each as wide as it."""
    for line, row in islice(rows, MOST_STUDENTS + MOST_OTHER_ROWS + 1):
        if any(cell.strip() for cell in row[width:]):
            raise ByhandError(
                f"Line {line} of {path} has {len(row)} cells, but its first line {width}: "
                "put text with a comma in quotation marks."
            )
        yield line, [*row, *[""] * (width - len(row))]


MOST_OTHER_ROWS = 10
"""The most rows of a roster that are no students."""


def _of_canvas(header: Sequence[str], cells: Sequence[str]) -> bool:
    """Whether a row of Canvas's gradebook is no student: of points, of a way of posting, or of the Test Student."""
    if cells[0].strip() == "Points Possible" or _is_test_student(header, cells):
        return True
    named = _canvas_cells(header, cells)
    return bool(named) and not (named["id"] or named.get("sisuserid") or named.get("sisloginid"))


def _is_test_student(header: Sequence[str], cells: Sequence[str]) -> bool:
    """Whether a row of Canvas's gradebook is its Test Student, whose login is a digest."""
    named = _canvas_cells(header, cells)
    if not named or named.get("sisuserid"):
        return False
    name = header_key(named["student"])
    return name in ("studenttest", "teststudent") or bool(
        re.fullmatch("[0-9a-f]{32,64}", named.get("sisloginid", "")) and "test" in name
    )


def _canvas_cells(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Return the cells by which Canvas identifies a student, by the key of their header; none for another list."""
    named = {header_key(name): clean(cell) for name, cell in zip(header, cells, strict=False)}
    is_canvas = {"student", "id"} <= named.keys() and not {"sisuserid", "sisloginid", "section"}.isdisjoint(named)
    return named if is_canvas else {}


MOST_LISTED = 15
"""The most columns that a sentence names."""


def _id_column(path: Path, table: RosterTable, keys: Sequence[str], id_column: str) -> int:
    """Return the column of ids: the one that is named, the first that all students have, or the first that any has."""
    named = [name for name in table.header if name]
    there = ", ".join(name[:LONGEST] for name in named[:MOST_LISTED])
    there += f" and {len(named) - MOST_LISTED:,} more" if len(named) > MOST_LISTED else ""
    if id_column:
        if header_key(id_column) not in keys or not header_key(id_column):
            hint = nearest(id_column, named)
            raise ByhandError(f"{path} has no column {quoted(id_column)}; {hint}.")
        return keys.index(header_key(id_column))
    columns = [keys.index(name) for name in IDS if name in keys]
    if not columns:
        raise ByhandError(
            f"{path} has no column of ids: name one of its columns id, or give one with --id-column "
            f"(there are: {there})."
        )
    filled_in = {c: sum(bool(clean(cells[c])) for _, cells in table.rows) for c in columns}
    full = [c for c in columns if filled_in[c] == len(table.rows)]
    some = [c for c in columns if filled_in[c]]
    return (full or some or columns)[0]


def _id(path: Path, line: int, cell: str) -> str:
    id = clean(cell)
    if not id:
        raise ByhandError(f"Line {line} of {path} has no id: fill it in, or take the line out.")
    if len(id) > LONGEST:
        raise ByhandError(f"Line {line} of {path} has an id of more than {LONGEST} letters: shorten it.")
    return id


def _names(keys: Sequence[str]) -> Callable[[Sequence[str]], str]:
    """Return a function from a row to the student's name: the full name, first and last, or an empty text."""

    def columns_of(names: Sequence[str]) -> list[int]:
        return [keys.index(key) for name in names if (key := header_key(name)) in keys][:1]

    first, last = columns_of(FIRST_NAMES), columns_of(LAST_NAMES)
    whole = [] if first and last else columns_of(NAMES)
    columns = whole or [*first, *last]
    return lambda cells: clean(" ".join(cells[c] for c in columns))[:LONGEST].rstrip()


def number_of_students(count: int) -> str:
    """Return a count in words: 1 student, 1,200 students."""
    return f"{count:,} student{'' if count == 1 else 's'}"


def clean(text: str) -> str:
    """Return the text on one line, without control characters, changes of direction, and characters XML cannot hold."""
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    letters = (" " if c.isspace() else c for c in unicodedata.normalize("NFC", text))
    return " ".join("".join(c for c in letters if c == " " or _is_harmless(c)).split())


def _is_harmless(letter: str) -> bool:
    code = ord(letter)
    turns = 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069 or code in (0x200E, 0x200F, 0xFEFF)
    return not turns and code & 0xFFFE != 0xFFFE and unicodedata.category(letter) not in ("Cc", "Cs")
