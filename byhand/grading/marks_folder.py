"""The folder of a class's marks, and the journal from which a stopped run continues."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import IO, Literal, Self

import msgspec

from byhand.errors import ByhandError
from byhand.exercises.keys import Key
from byhand.exercises.roster import number_of_students
from byhand.files import open_file, read_bytes, reason_of, replacing, save, swept
from byhand.folder_lock import LOCK
from byhand.grading.integrity import FOR_ANOTHER_SET, FOR_PRACTICE
from byhand.grading.verdicts import StudentMark

KIND, VERSION = "class marks", 1
FEEDBACK, LOOK, GRADESCOPE = "feedback", "look", "gradescope"
CHANGES = "changes.csv"
LONGEST_RECORD = 100_000_000
"""The most bytes of a record of a run, which has a line for each student."""
FILES = ("grades.csv", "grades_canvas.csv", "problems.csv", "report.html", "report.json", CHANGES)
SUFFIXES = (".xlsx", ".html", ".json")


class KeyRecord(msgspec.Struct, frozen=True):
    """What identifies a key. scheme: the digest of the recipe and the questions. students: digests by id.

    numbers, answers: of the tables that each student is given, and of the right answers.
    """

    exercise: str
    byhand: str
    scheme: str
    numbers: dict[str, str]
    answers: dict[str, str]
    anonymous: bool = False

    @classmethod
    def of(cls, key: Key, anonymous: bool = False) -> KeyRecord:
        numbers = {id: _digest(student.drawn) for id, student in key.students.items()}
        answers = {id: _digest(student.answers) for id, student in key.students.items()}
        scheme = _digest([key.recipe, key.digest, key.practice, key.questions])
        return cls(key.exercise, version("byhand"), scheme, numbers, answers, anonymous)

    def same_set(self, other: KeyRecord) -> bool:
        """Return whether most of the students that both have are given the same numbers."""
        shared = self.numbers.keys() & other.numbers.keys()
        same = sum(self.numbers[id] == other.numbers[id] for id in shared)
        return self.exercise == other.exercise and self.anonymous == other.anonymous and 2 * same > len(shared)

    def same_marks(self, other: KeyRecord) -> bool:
        """Return whether a file of a student that both have gets the same marks."""
        shared = self.answers.keys() & other.answers.keys()
        alike = (self.byhand, self.scheme) == (other.byhand, other.scheme)
        return alike and all(
            (self.numbers[id], self.answers[id]) == (other.numbers[id], other.answers[id]) for id in shared
        )


def _digest(thing: object) -> str:
    return sha256(json.dumps(msgspec.to_builtins(thing), sort_keys=True, default=str).encode()).hexdigest()[:16]


class MarksFile(msgspec.Struct, frozen=True):
    """The contents of marking.json. key: of the key by which the folder's files are marked."""

    byhand: Literal["class marks"]
    version: Literal[1]
    key: KeyRecord


@dataclass(frozen=True)
class MarksFolder:
    """A folder with the grades, the report, and a file or two for each student.

    now, before: the key's record, and that of the marks in the folder; None if it has none of this set.
    """

    path: Path
    now: KeyRecord
    before: KeyRecord | None = None

    @classmethod
    def opened(cls, path: Path, key: Key, submissions: Path, force: bool, anonymous: bool = False) -> MarksFolder:
        """Open a new or empty folder, or one with marks of this set. Raises ByhandError for any other.

        Nothing is written yet, see `begin`.
        """
        if os.path.lexists(path) and not path.is_dir():
            raise ByhandError(f"{path} is not a folder: choose another with -o.")
        if path.resolve().is_relative_to(submissions.resolve()):
            raise ByhandError(f"{path} lies in the folder that is graded: choose one outside it with -o.")
        nearest = next(p for p in (path, *path.absolute().parents) if p.is_dir())
        if not os.access(nearest, os.W_OK):
            raise ByhandError(f"The folder {nearest} cannot be written: choose another with -o.")
        now = KeyRecord.of(key, anonymous)
        before = cls(path, now)._before()
        if before is None and not force and path.is_dir() and any(map(_is_foreign, path.rglob("*"))):
            raise ByhandError(
                f"{path} holds files that byhand has not begun as marks: choose an empty folder, "
                "or add --force to write among them."
            )
        if before and not now.same_set(before):
            if not force:
                raise ByhandError(
                    f"{path} holds marks {_difference(before, now)}: choose another folder, or add --force to put "
                    "these in their place."
                )
            before = None
        return cls(path, now, before)

    @property
    def journal(self) -> Path:
        return self.path / "journal.jsonl"

    @property
    def decisions(self) -> Path:
        return self.path / "decisions.toml"

    @property
    def last_run(self) -> Path:
        return self.path / "last-run.json"

    @property
    def _about(self) -> Path:
        return self.path / "marking.json"

    def file(self, folder: str, name: str, suffix: str) -> Path:
        """Return the path of a student's own file."""
        return self.path / folder / f"{name}{suffix}"

    def keep_only(self, names: Iterable[tuple[str, str]], all_names: Iterable[str]) -> None:
        """Remove students' files that are no longer valid. names: folder and file name of those that stay."""
        kept = set(names)
        for folder in (FEEDBACK, LOOK, GRADESCOPE):
            for name in all_names:
                if (folder, name) not in kept:
                    for suffix in SUFFIXES:
                        self.file(folder, name, suffix).unlink(missing_ok=True)

    def _before(self) -> KeyRecord | None:
        try:
            return msgspec.json.decode(read_bytes(self._about, "record of marks", LONGEST_RECORD), type=MarksFile).key
        except (ByhandError, UnicodeDecodeError, msgspec.MsgspecError, RecursionError):
            return None

    def begin(self) -> None:
        """Make the folder. Marks of the same set stay if the class was enlarged, and go where the key has changed."""
        now, before = self.now, self.before
        for folder in (FEEDBACK, LOOK):
            try:
                (self.path / folder).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
                raise ByhandError(f"Cannot make the folder {self.path}: {reason}; choose another with -o.") from None
            swept(self.path / folder)
        swept(self.path)
        if before == now:
            return
        if before is None:
            self._set_aside_decisions()
            for name in (self.last_run.name, *FILES):
                (self.path / name).unlink(missing_ok=True)
        if before is None or not now.same_marks(before):
            self.journal.unlink(missing_ok=True)
        else:
            _keep_marks(self.journal)
        save(self._about, msgspec.json.encode(MarksFile("class marks", 1, now)))

    @property
    def key_change(self) -> str:
        """Why marks may differ from those of the run before, as a clause; an empty text if the key is the same."""
        return "" if self.before is None or self.now.same_marks(self.before) else _key_change(self.before, self.now)

    @property
    def notes(self) -> list[str]:
        """What has changed in the class and its key since the run before."""
        now, before = self.now, self.before
        if before is None:
            return []
        notes = []
        added, gone = now.numbers.keys() - before.numbers.keys(), before.numbers.keys() - now.numbers.keys()
        if added:
            notes.append(f"{number_of_students(len(added))} came to the class since the last run.")
        if gone:
            notes.append(f"{number_of_students(len(gone))} of the last run {_verb(gone)} no longer in the class.")
        if self.key_change:
            notes.append(
                f"All files are marked again, since {self.key_change}: {CHANGES} lists the grades that change."
            )
        return notes

    def _set_aside_decisions(self) -> None:
        """Give the decisions about another class another name, since a person wrote them."""
        if self.decisions.is_file():
            self.decisions.replace(self.decisions.with_name("decisions-before.toml"))


def _difference(before: KeyRecord, now: KeyRecord) -> str:
    """Return in which way the marks in a folder are of something else."""
    if before.exercise != now.exercise:
        return f"of another exercise ({before.exercise})"
    if before.anonymous != now.anonymous:
        return "under pseudonyms" if before.anonymous else "under names"
    return f"of another set of {before.exercise}, in which the students have other numbers"


def _key_change(before: KeyRecord, now: KeyRecord) -> str:
    """Return why the same file may get other marks, as a clause."""
    reasons = []
    if before.byhand != now.byhand:
        reasons.append(f"byhand is of another version ({now.byhand}, was {before.byhand})")
    if before.scheme != now.scheme:
        reasons.append("the recipe's questions, points or shares have changed")
    shared = before.answers.keys() & now.answers.keys()
    others = sum((before.numbers[i], before.answers[i]) != (now.numbers[i], now.answers[i]) for i in shared)
    if others:
        reasons.append(f"the key has other answers for {number_of_students(others)}")
    return " and ".join(reasons)


def _verb(many: Collection[str]) -> str:
    return "is" if len(many) == 1 else "are"


def _is_foreign(path: Path) -> bool:
    """Return whether a file or folder is none that a run leaves which was stopped before it had begun the marks."""
    if path.is_dir():
        return path.name not in (FEEDBACK, LOOK)
    return path.name != LOCK and not (path.name.startswith(".") and path.suffix == ".tmp")


def _keep_marks(journal: Path) -> None:
    """Take out of a journal the files without marks, which may be those of students who are new in the class."""
    if not journal.is_file():
        return
    with _opened(journal) as file, replacing(journal) as kept:
        for line in _lines(file, journal):
            with suppress(ValueError, msgspec.ValidationError, RecursionError):
                if from_line(_text(line)).marks is not None:
                    kept.write(line)


@dataclass(frozen=True)
class FileResult:
    """The result of marking one file. file: its path in the folder of submissions. digest: of its bytes.

    student: the id; empty for a file that is nobody's. marks: None for a file that could not be marked; `refused` says
    why. unknown_id: the id that the workbook states, if it is not in the key. decision: the fingerprint of the
    decisions by which it was marked. accepted: the warnings that the teacher has set aside. other_exercise: whether it
    is refused since it is of another exercise than the key. numbers_of: the other student whose given numbers it has.
    """

    file: str
    digest: str
    student: str = ""
    marks: StudentMark | None = None
    refused: str = ""
    unknown_id: str = ""
    decision: str = ""
    accepted: tuple[str, ...] = ()
    other_exercise: bool = False
    numbers_of: str = ""

    @property
    def from_another_set(self) -> bool:
        """Whether the file was made with another set than the key."""
        warnings = self.marks.warnings if self.marks else ()
        signs = any(FOR_ANOTHER_SET in warning or warning == FOR_PRACTICE for warning in warnings)
        return self.other_exercise or bool(self.unknown_id) or signs

    @property
    def needs_a_look(self) -> bool:
        """Whether a person must look at the file before its marks count."""
        return bool(self.marks and self.marks.warnings)


def as_line(result: FileResult) -> str:
    """Return the result as JSON on one line."""
    return json.dumps(msgspec.to_builtins(result), ensure_ascii=False, separators=(",", ":"))


def from_line(line: str) -> FileResult:
    """Return the result in a line. Raises ValueError or msgspec.ValidationError for an incomplete line."""
    return msgspec.convert(json.loads(line), FileResult)


def _text(line: bytes) -> str:
    """Decode a line; file names need not be valid UTF-8."""
    return line.decode("utf-8", "surrogateescape")


MOST_JOURNAL, LONGEST_LINE = 10_000_000_000, 20_000_000
"""The most bytes of a journal, and of a line: a student's marks take some 50,000."""


def _opened(path: Path) -> IO[bytes]:
    """Open a journal to read. Raises ByhandError for one that no run of byhand has written."""
    try:
        file = open_file(path)
    except OSError as error:
        raise ByhandError(f"The journal {path} cannot be read ({reason_of(error)}): {ANEW}.") from None
    if os.fstat(file.fileno()).st_size > MOST_JOURNAL:
        file.close()
        raise ByhandError(f"The journal {path} has more than {MOST_JOURNAL:,} bytes: {ANEW}.")
    return file


def _lines(file: IO[bytes], path: Path) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise ByhandError(f"The journal {path} has a line of more than {LONGEST_LINE:,} bytes: {ANEW}.")
        yield line


ANEW = "move it elsewhere, and all files are marked again"


class Journal:
    """A file with one line for each result; the last line about a file counts. Memory holds only line positions."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._at: dict[str, int] = {}
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        whole = 0
        if os.path.lexists(self.path):
            with _opened(self.path) as file:
                for line in _lines(file, self.path):
                    with suppress(ValueError, msgspec.ValidationError, RecursionError):
                        if line.endswith(b"\n"):
                            self._at[from_line(_text(line)).file] = whole
                    whole += len(line) if line.endswith(b"\n") else 0
        self._file = self.path.open("a+b")
        self._file.truncate(whole)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def add(self, result: FileResult) -> None:
        """Write a result at once, so that a stopped run does not lose it."""
        assert self._file is not None
        self._file.seek(0, 2)
        self._at[result.file] = self._file.tell()
        self._file.write(as_line(result).encode("utf-8", "surrogateescape") + b"\n")
        self._file.flush()

    def get(self, file: str) -> FileResult | None:
        """Return the result of a file; None if it has none yet."""
        if file not in self._at or self._file is None:
            return None
        self._file.seek(self._at[file])
        return from_line(_text(self._file.readline()))

    def all(self, files: list[str]) -> Iterator[FileResult]:
        """Yield the results of these files."""
        for file in files:
            result = self.get(file)
            if result is not None:
                yield result
