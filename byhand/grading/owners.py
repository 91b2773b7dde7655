"""The owner of a submission, the latest of several, and the students of a key as learning systems know them."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from byhand.errors import ByhandError, quoted
from byhand.exercises.formats import bare_stem
from byhand.exercises.keys import Key
from byhand.exercises.roster import EMAILS, ID_NUMBERS, IDS, clean, header_key, read_columns
from byhand.grading.handed_out import HandedOut
from byhand.grading.submission import Submission
from byhand.translations import _

_MOODLE = re.compile(r"(?P<name>.+?)_(?P<user>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<rest>.*)", re.DOTALL)
_CANVAS = re.compile(r"(?P<name>[^_]+)(?:_late)?_(?P<user>\d+)_(?P<file>\d+)_(?P<rest>.+)", re.IGNORECASE | re.DOTALL)
_COPY = re.compile(
    r"(?:copy of |kopie von |copie de )|(?:[ _-]+(?:copy|kopie|copie))?(?:[ _]*\(\d+\)|-\d+)?$", re.IGNORECASE
)
_RESUBMISSION = re.compile(r"(?:-|\()(\d{1,6})\)?$")


@dataclass(frozen=True)
class FileName:
    """A parsed file name. system: the learning system that made the name, if any. person, number: as it names them.

    stem: the student's own file name, without its ending. order: higher for a later submission.
    """

    stem: str
    system: str = ""
    person: str = ""
    number: str = ""
    order: tuple[int, int] = (0, 0)


def read_name(path: Path) -> FileName:
    """Read a name of Moodle's (Name_12345_assignsubmission_file_/a.xlsx) or Canvas's (name_late_101_9001_a.xlsx).

    It may be that of a folder or zip file in which the file lies.
    """
    for part in reversed(path.parts):
        own = part == path.name
        if match := _MOODLE.fullmatch(part):
            stem = Path(match["rest"]).stem if own else path.stem
            return FileName(stem, "Moodle", match["name"], match["user"], (0, _resubmission_number(stem)))
        if match := _CANVAS.fullmatch(part) if own or part.lower().endswith(".zip") else None:
            written = Path(match["rest"]).stem
            order = int(match["file"][:18]), _resubmission_number(written)
            return FileName(written if own else path.stem, "Canvas", match["name"], match["user"], order)
    return FileName(path.stem, order=(0, _resubmission_number(path.stem)))


def _resubmission_number(stem: str) -> int:
    """Return the number that learning systems append to the file name of a resubmission; 0 for none."""
    match = _RESUBMISSION.search(stem)
    return int(match[1]) if match else 0


def plain_stem(stem: str) -> str:
    """Return a file name without the marks of a copy: Copy of, (1), -2."""
    return _COPY.sub("", stem).strip()


def fold_text(text: str) -> str:
    """Return a form of a text that ignores case and the Unicode form of accents."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", clean(text)).casefold())


def letters(text: str) -> str:
    """Return only the letters and digits of a name, without accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in plain if sign.isalnum())


def spellings(name: str) -> set[str]:
    """Return a person's name as systems write it, starting with each word in turn: adalovelace, lovelaceada."""
    words = [word for word in map(letters, re.split(r"[\s,]+", name)) if word]
    return {"".join(words[n:] + words[:n]) for n in range(len(words))}


class UnknownId(ByhandError):
    """A workbook states an id that no student of the key has. stated: that id."""

    def __init__(self, sentence: str, stated: str = "") -> None:
        super().__init__(sentence)
        self.stated = stated


@dataclass(frozen=True)
class Owner:
    """A student of the key. identified_by: what says that the workbook is theirs."""

    id: str
    identified_by: str


class Owners:
    """The students of a key, searchable by id, file name and person's name."""

    def __init__(self, handed_out: HandedOut) -> None:
        self.handed_out = handed_out
        students = handed_out.key.students.values()
        self._ids = Ids(handed_out.key.students)
        self._files = _unique((fold_text(s.file), s.id) for s in students)
        self._names = _unique((spelling, s.id) for s in students for spelling in spellings(s.name))

    def owner(self, submission: Submission) -> Owner:
        """Return the student whose workbook it is: by the learning system, the file's name, the id, or the numbers.

        In this order, since a student can change the later ones. A workbook that states an id which is not in the key
        comes from another set or class, so its file name says nothing: student-001.xlsx is no copy of student.xlsx.
        Raises UnknownId for such a workbook, and ByhandError for one that states no id and is nobody's.
        """
        name, stated = read_name(submission.path), submission.stated
        id_owner = self.by_id(stated)
        unknown = bool(stated) and id_owner is None
        candidates = (
            (self._by_system(name), _("{system}'s name for the file").format(system=name.system)),
            (None if unknown else self._by_stem(name.stem), _("the file's name")),
            (id_owner, _("the id in the workbook") if submission.has_cells else _("the id in the file")),
            (student_given(self.handed_out, submission), _("the given numbers")),
        )
        for id, identified_by in candidates:
            if id is not None:
                return Owner(id, identified_by)
        file = clean(str(submission.path))
        if unknown:
            raise UnknownId(
                f"{file} states the id {quoted(stated)}, which is not in this key, and was probably made with another "
                "set: mark it with the key of that set.",
                stated,
            )
        raise ByhandError(
            f"{file} states no id, and is not in the key, and neither its name nor its given numbers are a student's: "
            "rename it to the student's id."
        )

    def by_name(self, path: Path, copies: bool = True) -> str:
        """Return the student that a name alone identifies, for a file that does not say; empty for none.

        path: in the folder of submissions. The folder or zip file in which it lies may have the student's name, too.
        copies: whether s001-2.xlsx may be a copy of s001.xlsx.
        """
        name = read_name(path)
        stems = (name.stem, *(part.removesuffix(".zip") for part in reversed(path.parent.parts)))
        found = (self._by_stem(stem, copies) for stem in stems)
        return self._by_system(name) or next((student for student in found if student), "")

    def by_id(self, id: str) -> str | None:
        """Return the student with this id, ignoring case and the Unicode form of accents."""
        return self._ids.find(id)

    def _by_system(self, name: FileName) -> str | None:
        if not name.system:
            return None
        written = letters(name.person)
        id = self.by_id(name.number) if name.system == "Canvas" else None
        if id is not None and written in (spellings(self.handed_out.key.students[id].name) or {written}):
            return id
        return self._names.get(written)

    def _by_stem(self, stem: str, copies: bool = True) -> str | None:
        bare = bare_stem(plain_stem(stem) if copies else stem)
        for text in (stem, *((plain_stem(stem), plain_stem(bare)) if copies else ()), bare):
            student = self._files.get(fold_text(text)) or self.by_id(text)
            if student is not None:
                return student
        return None


def student_given(handed_out: HandedOut, submission: Submission) -> str | None:
    """Return the only student who was given all the numbers of a workbook; None if there is none."""
    students = students_given(handed_out, submission)
    return students[0] if len(students) == 1 else None


def students_given(handed_out: HandedOut, submission: Submission) -> Sequence[str]:
    """Return the students who were given all the numbers of a workbook: several, if they share a version."""
    cells = handed_out.drawn_cells
    given_numbers = tuple(submission.printed.get(cell) for cell in cells)
    return handed_out.by_drawn.get(given_numbers, ()) if cells else ()


class Ids:
    """The ids of a class, found as they are or, where only one is meant, in any case and Unicode form."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids = frozenset(ids)
        self._folded = _unique((fold_text(id), id) for id in self._ids)

    def find(self, text: str) -> str | None:
        """Return the id that a text stands for; None if it is none, or may be several."""
        return text if text in self._ids else self._folded.get(fold_text(text))


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the words that identify exactly one student, with that student."""
    students = defaultdict(set)
    for word, id in pairs:
        students[word].add(id)
    return {word: min(ids) for word, ids in students.items() if word and len(ids) == 1}


@dataclass(frozen=True)
class LatestFiles:
    """used: each student's latest file, in the key's order. older: their other files, the latest first.

    at_once: those of the others that are as late as the one that is used.
    """

    used: dict[str, Path]
    older: dict[str, tuple[Path, ...]]
    at_once: frozenset[Path] = frozenset()


def latest_files(key: Key, owners: Mapping[Path, str], ids: Mapping[str, str] | None = None) -> LatestFiles:
    """Return each student's latest file, by the learning system's number or else by its time, and the others.

    ids: the ids by which the students name their files, if those in the key are pseudonyms.
    """
    theirs: dict[str, list[Path]] = defaultdict(list)
    for path, student in owners.items():
        theirs[student].append(path)
    used, older, at_once = dict[str, Path](), dict[str, tuple[Path, ...]](), set[Path]()
    for student in key.students:
        if student in theirs:
            order = {path: _order(path, (ids or {}).get(student, student)) for path in theirs[student]}
            latest, *others = sorted(order, key=lambda path: (order[path], str(path)), reverse=True)
            used[student] = latest
            older |= {student: tuple(others)} if others else {}
            at_once |= {path for path in others if order[path] == order[latest]}
    return LatestFiles(used, older, frozenset(at_once))


def _order(path: Path, id: str) -> tuple[int, int, int]:
    """Return what is larger for a later file. A number at the end of the id itself is no number of a resubmission."""
    name = read_name(path)
    number = 0 if fold_text(name.stem) == fold_text(id) else name.order[1]
    return name.order[0], number, _time(path)


def _time(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


MOST_FILES, DEEPEST = 100_000, 20
NOBODYS = frozenset(("thumbs.db", "desktop.ini", "__macosx", "ehthumbs.db"))
"""Files that operating systems leave behind."""
OPEN_ELSEWHERE = ("~$", ".~lock")
"""The beginnings of the names of spreadsheet programs' lock files."""
BOOKS = (".xlsx", ".xlsm", ".xls", ".ods", ".numbers", ".csv")


def submissions(folder: Path) -> list[Path]:
    """Return every file in a folder and its subfolders, in the order of their names.

    Files that are no workbooks are included, and so are folders, links and pipes with the name of one, so that the
    reader reports them. Links are not followed. Raises ByhandError for a path that is no folder or too many files.
    """
    if not folder.is_dir():
        raise ByhandError(f"{clean(str(folder))} is no folder: name the one with the files that were handed in.")
    paths = []
    for path in _walk(folder, 0):
        paths.append(path)
        if len(paths) > MOST_FILES:
            raise ByhandError(
                f"{clean(str(folder))} holds more than {MOST_FILES:,} files: name the folder of one class."
            )
    return paths


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            there = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ByhandError(f"The folder {clean(str(folder))} cannot be read ({reason}).") from None
    for entry in there:
        if _is_nobodys(entry.name):
            continue
        book = entry.name.lower().endswith(BOOKS)
        if entry.is_dir(follow_symlinks=False) and not book:
            if depth < DEEPEST:
                yield from _walk(Path(entry.path), depth + 1)
        elif book or entry.is_file(follow_symlinks=False):
            yield Path(entry.path)


def _is_nobodys(name: str) -> bool:
    return name.startswith((".", *OPEN_ELSEWHERE)) or name.lower() in NOBODYS


CANVAS = ("student", "id", "sisuserid", "sisloginid", "section")
"""The columns by which Canvas identifies a student, as keys of headers."""


@dataclass(frozen=True)
class Person:
    """A student of the key. canvas: student, ID, SIS user ID, SIS login ID, section."""

    id: str
    name: str
    email: str
    number: str
    canvas: tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Rosters:
    """Lists of the class. paths: CSV files. id_column: the header of the ids, encoding: of the files, if given."""

    paths: tuple[Path, ...] = ()
    id_column: str = ""
    encoding: str = ""


def enrolled(key: Key, rosters: Rosters) -> tuple[list[Person], list[str]]:
    """Return the key's students in order, with the data of the rosters, and notes on how these were read.

    Raises ByhandError for an unusable roster.
    """
    people = {id: _from_key(id, student.name) for id, student in key.students.items()}
    ids = Ids(key.students)
    notes: list[str] = []
    for path in rosters.paths:
        table = read_columns(path, rosters.encoding)
        notes += table.notes
        keys = [header_key(name) for name in table.header]
        own = header_key(rosters.id_column)
        before = len(notes)
        matched = 0
        for _number, row in table.rows:
            cells = {key: clean(cell) for key, cell in reversed([*zip(keys, row, strict=False)])}
            written = [cells[name] for name in ([own] if own else IDS) if cells.get(name)]
            known = next((id for text in written if (id := ids.find(text)) is not None), None)
            if known is not None:
                matched += 1
                people[known] = _with_roster_data(people[known], cells)
        if not matched and len(notes) == before:
            notes.append(f"{path} names nobody whose id is in the key: give its column of ids with --id-column.")
    return list(people.values()), notes


def _from_key(id: str, name: str) -> Person:
    """Return a person known from the key alone: the id is an e-mail address or else a number."""
    email, number = (id, "") if "@" in id else ("", id)
    return Person(id, name, email, number, (name or id, "", number, email, ""))


def _with_roster_data(person: Person, cells: dict[str, str]) -> Person:
    if all(name in cells for name in CANVAS[:3]):
        student, id, user, login, section = (cells.get(name, "") for name in CANVAS)
        return replace(person, canvas=(student, id, user, login, section))
    email = next((cells[name] for name in map(header_key, EMAILS) if cells.get(name)), person.email)
    number = next((cells[name] for name in map(header_key, ID_NUMBERS) if cells.get(name)), person.number)
    return replace(person, email=email, number=number)
