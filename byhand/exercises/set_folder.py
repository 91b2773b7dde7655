"""The folder of a set: what it says of itself, so that a run continues only what it has begun."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import msgspec

from byhand.errors import ByhandError
from byhand.exercises.draw import Student
from byhand.exercises.formats import FORMATS, KEYS, STUDENTS, class_files, student_files
from byhand.files import save, swept

KIND, VERSION = "class set", 1


Row = tuple[str, str, str]
"""A student's id, name, and the name of the files."""


class SetFile(msgspec.Struct, frozen=True):
    """What keys/set.json says of a set that was begun; of each student the id, the name, and the name of the files."""

    byhand: Literal["class set"]
    version: Literal[1]
    exercise: str
    digest: str
    seed: int
    practice: bool
    formats: list[str]
    students: list[Row]


def digest_of(name: str, table: Mapping[str, Any]) -> str:
    """What tells two recipes apart, and two versions of byhand, which may draw other numbers."""
    described = json.dumps([version("byhand"), name, table], sort_keys=True, default=str)
    return sha256(described.encode()).hexdigest()


@dataclass(frozen=True)
class SetFolder:
    """A folder with the students' files and the keys, or one for them."""

    path: Path
    before: SetFile | None
    force: bool

    @classmethod
    def opened(cls, path: Path, force: bool) -> SetFolder:
        """ByhandError unless a set may be there: a new folder, an empty one, or one that a run has begun."""
        if os.path.lexists(path) and not path.is_dir():
            raise ByhandError(f"{path} is not a folder: choose another with -o.")
        nearest = next(p for p in (path, *path.absolute().parents) if p.is_dir())
        if not os.access(nearest, os.W_OK):
            raise ByhandError(f"The folder {nearest} cannot be written: choose another with -o.")
        before = _begun(path / KEYS / "set.json")
        if before is None and not force and any(_strange(path)):
            raise ByhandError(
                f"{path} holds files that byhand has not begun as a set: choose an empty folder, "
                "or add --force to write over them."
            )
        return cls(path, before, force)

    @property
    def key(self) -> Path:
        return self.path / KEYS / "key.json"

    @property
    def students(self) -> Path:
        return self.path / STUDENTS

    @property
    def seed(self) -> int | None:
        """The seed of the set that is there and is to be continued."""
        return self.before.seed if self.before and not self.force else None

    def begin(self, about: Mapping[str, Any], formats: Sequence[str], named: Sequence[tuple[Student, str]]) -> None:
        """Say what is being made here, and remove what of it is not as it will be. ByhandError for another set."""
        rows = [(student.id, student.name, name) for student, name in named]
        formats = [*formats]
        if self.before and not self.force:
            self._compare(about, {row[0] for row in rows})
            formats = [*dict.fromkeys([*self.before.formats, *formats])]
        for folder in (self.students, self.path / KEYS):
            _make(folder)
            swept(folder)
        self._clear(rows)
        begun = {"byhand": KIND, "version": VERSION, **about, "formats": formats, "students": rows}
        save(self.path / KEYS / "set.json", msgspec.json.encode(begun))

    def _compare(self, about: Mapping[str, Any], ids: set[str]) -> None:
        assert self.before is not None
        names = {"exercise": "of another exercise", "digest": "of another version of the recipe", "seed": "of seed "}
        names |= {"practice": "without --self-check" if about["practice"] else "with --self-check"}
        for name, other in names.items():
            if getattr(self.before, name) != about[name]:
                which = f"{other}{self.before.seed}" if name == "seed" else other
                raise self._other(which)
        gone = [id for id, _, _ in self.before.students if id not in ids]
        if gone:
            raise self._other(f"for {len(gone):,} students who are not in this class")

    def _other(self, which: str) -> ByhandError:
        return ByhandError(
            f"{self.path} holds a set {which}: choose another folder, or add --force to put this one in its place."
        )

    def _clear(self, rows: list[Row]) -> None:
        """Without the files that would be taken for this set's, and are not."""
        before = self.before.students if self.before else []
        right = _common(before, rows) if self.before and not self.force else []
        names = {name for _, _, name in [*before, *rows]} - {name for _, _, name in right}
        for name in names:
            for kind in student_files(tuple(FORMATS), practice=True):
                kind.path(self.path, name).unlink(missing_ok=True)
        if not right:
            for path in (self.key, *(kind.path(self.path) for kind in class_files(tuple(FORMATS)))):
                path.unlink(missing_ok=True)


def _begun(path: Path) -> SetFile | None:
    """What a run has said of the set that it began; None where there is nothing, or nothing of ours."""
    try:
        begun = msgspec.json.decode(path.read_bytes(), type=SetFile)
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError, RecursionError):
        return None
    return None if any("/" in name or "\\" in name for _, _, name in begun.students) else begun


def _common(before: list[Row], rows: list[Row]) -> list[Row]:
    known = set(rows)
    return [row for row in before if row in known]


def _strange(path: Path) -> Iterator[Path]:
    """Files in the two folders; none that a run left before it could say what it makes."""
    for folder in (path / STUDENTS, path / KEYS):
        if folder.is_dir():
            yield from (file for file in folder.iterdir() if not file.name.endswith(".tmp"))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ByhandError(f"Cannot make the folder {folder}: {reason}; choose another with -o.") from None


RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
"""Names that are no file's on Windows."""
LONGEST_NAME = 80
"""Bytes of a name, before what it ends in."""


def file_names(students: Iterable[Student]) -> list[str]:
    """For each student the name of a file, without what it ends in, on every system its own.

    It depends on the id alone, unless two ids differ only in the size of their letters.
    """
    students = list(students)
    plain = [_file_name(s.id) for s in students]
    often = Counter(name.casefold() for name in plain)
    return [
        _marked(name, s.id) if often[name.casefold()] > 1 else name for name, s in zip(plain, students, strict=True)
    ]


def _file_name(text: str) -> str:
    safe = "".join(c if c.isalnum() or c in "._-@+ " else "-" for c in text).strip(" .-")
    cut = safe.encode()[:LONGEST_NAME].decode(errors="ignore").rstrip(" .-")
    return cut if cut == text and not RESERVED.fullmatch(cut) else _marked(cut, text)


def _marked(name: str, text: str) -> str:
    """With some letters that only this id has."""
    return f"{name or 'student'}~{sha256(text.encode()).hexdigest()[:8]}"
