"""The folder of a class's marks, and its journal, in which a run that was stopped finds what it has read."""

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
    """What marking.json says of marks that were begun; digest: of the key that they are by."""

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
        """Open a new folder, an empty one, or one that a run with this key began. ByhandError for any other."""
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
        """Return the place of a student's own file."""
        return self.path / folder / f"{name}{suffix}"

    def keep_only(self, names: Iterable[tuple[str, str]], all_names: Iterable[str]) -> None:
        """Remove the files of students who, in that folder, no longer have any. names: folder and name of who has."""
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
    """file: its path in the folder of submissions. digest: of its bytes. student: the id; empty where nobody's.

    marks: None where it could not be marked, and then `refused` says why. by: what says whose it is.
    unknown_id: the id that the workbook states, where no student of the key has it.
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
        """Whether a person must look at it before its marks count."""
        return bool(self.marks and self.marks.warnings)


def as_line(result: FileResult) -> str:
    """Return the result as JSON on one line."""
    return json.dumps(msgspec.to_builtins(result), ensure_ascii=False, separators=(",", ":"))


def from_line(line: str) -> FileResult:
    """Return the result that a line holds. ValueError or msgspec.ValidationError for a line that is cut short."""
    return msgspec.convert(json.loads(line), FileResult)


def _text(line: bytes) -> str:
    """Return the line as text; names of files need not be text."""
    return line.decode("utf-8", "surrogateescape")


class Journal:
    """A file with a line for each result; of one file the last line counts. Only their places are kept in memory."""

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
        """Write a result at once, so that it is there after any stop."""
        assert self._file is not None
        self._file.seek(0, 2)
        self._at[result.file] = self._file.tell()
        self._file.write(as_line(result).encode("utf-8", "surrogateescape") + b"\n")
        self._file.flush()

    def get(self, file: str) -> FileResult | None:
        """Return what came of a file, if that is known."""
        if file not in self._at or self._file is None:
            return None
        self._file.seek(self._at[file])
        return from_line(_text(self._file.readline()))

    def all(self, files: list[str]) -> Iterator[FileResult]:
        """Yield what came of each of these files."""
        for file in files:
            result = self.get(file)
            if result is not None:
                yield result
