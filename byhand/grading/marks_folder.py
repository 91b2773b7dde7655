"""The folder of a class's marks, and the journal from which a stopped run continues."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import IO, Literal, Self

import msgspec

from byhand.errors import ByhandError
from byhand.exercises.keys import Key
from byhand.files import save, swept
from byhand.grading.verdicts import StudentMark

KIND, VERSION = "class marks", 1
FEEDBACK, LOOK, GRADESCOPE = "feedback", "look", "gradescope"
FILES = ("grades.csv", "grades_canvas.csv", "problems.csv", "report.html", "report.json")
SUFFIXES = (".xlsx", ".html", ".json")


class MarksFile(msgspec.Struct, frozen=True):
    """The contents of marking.json. digest: of the key by which the folder's files are marked."""

    byhand: Literal["class marks"]
    version: Literal[1]
    digest: str


def digest_of(key: Key) -> str:
    """Return a digest that differs for another key, and for another version of byhand."""
    identity = json.dumps([version("byhand"), key.digest, key.seed, sorted(key.students)])
    answers = sha256(json.dumps([s.answers for s in key.students.values()]).encode()).hexdigest()
    return sha256(f"{identity}{answers}".encode()).hexdigest()


@dataclass(frozen=True)
class MarksFolder:
    """A folder with the grades, the report, and a file or two for each student."""

    path: Path

    @classmethod
    def opened(cls, path: Path, key: Key, submissions: Path, force: bool) -> MarksFolder:
        """Open a new or empty folder, or one that a run with this key began. Raises ByhandError for any other."""
        if os.path.lexists(path) and not path.is_dir():
            raise ByhandError(f"{path} is not a folder: choose another with -o.")
        if path.resolve().is_relative_to(submissions.resolve()):
            raise ByhandError(f"{path} lies in the folder that is graded: choose one outside it with -o.")
        nearest = next(p for p in (path, *path.absolute().parents) if p.is_dir())
        if not os.access(nearest, os.W_OK):
            raise ByhandError(f"The folder {nearest} cannot be written: choose another with -o.")
        folder = cls(path)
        before, digest = folder._before(), digest_of(key)
        if before is None and not force and path.is_dir() and any(path.iterdir()):
            raise ByhandError(
                f"{path} holds files that byhand has not begun as marks: choose an empty folder, "
                "or add --force to write among them."
            )
        if before not in (None, digest) and not force:
            raise ByhandError(
                f"{path} holds marks by another key: choose another folder, or add --force to put these in their place."
            )
        folder._begin(digest, anew=before != digest)
        return folder

    @property
    def journal(self) -> Path:
        return self.path / "journal.jsonl"

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

    def _before(self) -> str | None:
        try:
            return msgspec.json.decode(self._about.read_bytes(), type=MarksFile).digest
        except (OSError, UnicodeDecodeError, msgspec.MsgspecError, RecursionError):
            return None

    def _begin(self, digest: str, anew: bool) -> None:
        for folder in (FEEDBACK, LOOK):
            try:
                (self.path / folder).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
                raise ByhandError(f"Cannot make the folder {self.path}: {reason}; choose another with -o.") from None
            swept(self.path / folder)
        swept(self.path)
        if anew:
            for name in (self.journal.name, *FILES):
                (self.path / name).unlink(missing_ok=True)
            save(self._about, json.dumps({"byhand": KIND, "version": VERSION, "digest": digest}).encode())


@dataclass(frozen=True)
class FileResult:
    """The result of marking one file. file: its path in the folder of submissions. digest: of its bytes.

    student: the id; empty for a file that is nobody's. marks: None for a file that could not be marked; `refused` says
    why. by: what identifies the student. unknown_id: the id that the workbook states, if it is not in the key.
    """

    file: str
    digest: str
    student: str = ""
    marks: StudentMark | None = None
    refused: str = ""
    by: str = ""
    unknown_id: str = ""

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


class Journal:
    """A file with one line for each result; the last line about a file counts. Memory holds only line positions."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._at: dict[str, int] = {}
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self._file = self.path.open("a+b")
        self._file.seek(0)
        whole = 0
        for line in self._file:
            with suppress(ValueError, msgspec.ValidationError):
                if line.endswith(b"\n"):
                    self._at[from_line(_text(line)).file] = whole
            whole += len(line) if line.endswith(b"\n") else 0
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
