"""The folder of a set, and its description keys/set.json, by which a run continues only the same set."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from string import ascii_uppercase
from typing import Any, Literal

import msgspec

from byhand.errors import ByhandError, quoted
from byhand.exercises.draw import Student
from byhand.exercises.file_marks import mark_of
from byhand.exercises.formats import FORMATS, OWN_KEY, STUDENTS, answer_files, class_files, student_files
from byhand.exercises.keys import KEYS
from byhand.exercises.roster import number_of_students
from byhand.exercises.secret import SECRET, Source, new_secret, read_secret, secret_text
from byhand.files import RESERVED, read_bytes, save, swept
from byhand.folder_lock import LOCK
from byhand.translations import ENGLISH

KIND, VERSION, LONGEST_FILE = "class set", 1, 50_000_000

Row = tuple[str, str, str]
"""A student's id, the student's name, and the name of the student's files."""


class SetFile(msgspec.Struct, frozen=True):
    """The content of keys/set.json, which describes the set in the folder. source: the mark of its Source.

    versions: how many the class shares; 0 if each student has numbers of their own. assigned: each student's version.
    """

    byhand: Literal["class set"]
    version: Literal[1]
    exercise: str
    digest: str
    practice: bool
    formats: list[str]
    students: list[Row]
    seed: int | None = None
    source: str = ""
    language: str = ENGLISH
    versions: int = 0
    assigned: dict[str, str] = {}


def digest_of(name: str, table: Mapping[str, Any]) -> str:
    """Return a digest of the recipe and the version of byhand, since another version may draw other numbers."""
    described = json.dumps([version("byhand"), name, table], sort_keys=True, default=str)
    return sha256(described.encode()).hexdigest()


@dataclass(frozen=True)
class SetFolder:
    """A folder for a set. previous: the set that it holds already, if any."""

    path: Path
    previous: SetFile | None
    force: bool

    @classmethod
    def open(cls, path: Path, force: bool) -> SetFolder:
        """Open a folder for a set. ByhandError unless it is new, empty, or holds a set, or `force` is given."""
        if os.path.lexists(path) and not path.is_dir():
            raise ByhandError(f"{path} is not a folder: choose another with -o.")
        nearest = next(p for p in (path, *path.absolute().parents) if p.is_dir())
        if not os.access(nearest, os.W_OK):
            raise ByhandError(f"The folder {nearest} cannot be written: choose another with -o.")
        previous = _read_set_file(path / KEYS / "set.json")
        if previous is None and not force and any(_foreign_files(path)):
            raise ByhandError(
                f"{path} holds files that byhand has not begun as a set: choose an empty folder, "
                "or add --force to write over them."
            )
        return cls(path, previous, force)

    @property
    def key(self) -> Path:
        return self.path / KEYS / "key.json"

    @property
    def students(self) -> Path:
        return self.path / STUDENTS

    def source(self, seed: int | None, exercise: str, digest: str, purpose: str) -> Source:
        """Return what the set's numbers are drawn from: the seed, what the set to continue draws from, or a new secret.

        A copy of another set's secret in keys/ is used, also if nothing else is there. With `force`, a changed recipe
        keeps the secret, and so the numbers that were handed out. ByhandError if the secret of the set to continue is
        missing.
        """
        previous = None if self.force else self.previous
        if seed is not None or (previous and previous.seed is not None):
            return Source(previous.seed if seed is None and previous else seed, recipe=digest, purpose=purpose)
        changed = self.previous and self.previous.exercise == exercise and self.previous.digest != digest
        secret = read_secret(self.secret) if changed or not self.force else None
        if previous and secret is None:
            raise ByhandError(
                f"{self.secret}, from which the numbers of the set in {self.path} are drawn, is missing: "
                "put a copy of it in its place, or add --force to make another set."
            )
        return Source(secret=secret or new_secret(), recipe=digest, purpose=purpose)

    def with_versions(self, students: Sequence[Student], count: int) -> list[Student]:
        """Return the students, each with a version: by turns, or the one that they have in the set to continue."""
        letters = ascii_uppercase[:count]
        before = self.previous.assigned if self.previous and not self.force else {}
        given = Counter(before[s.id] for s in students if s.id in before)
        found = []
        for student in students:
            version = before.get(student.id) or min(letters, key=lambda letter: (given[letter], letter))
            given[version] += student.id not in before
            found.append(replace(student, version=version))
        return found

    @property
    def secret(self) -> Path:
        return self.path / KEYS / SECRET

    def begin(
        self, about: Mapping[str, Any], source: Source, formats: Sequence[str], named: Sequence[tuple[Student, str]]
    ) -> None:
        """Write the set's description, and remove files that do not belong to it. ByhandError for another set."""
        about = {**about, "source": source.mark}
        about["assigned"] = {student.id: student.version for student, _ in named if student.version}
        rows = [(student.id, student.name, name) for student, name in named]
        formats = [*formats]
        if self.previous and not self.force:
            self._compare(about, {row[0] for row in rows})
            formats = [*dict.fromkeys([*self.previous.formats, *formats])]
            self._check_files(source, rows)
        _make_folder(self.students)
        self.protect()
        for folder in (self.students, self.path / KEYS):
            swept(folder)
        self._clear(rows)
        if source.secret:
            save(self.secret, secret_text(source.secret), private=True)
        else:
            self.secret.unlink(missing_ok=True)
        content = {"byhand": KIND, "version": VERSION, **about, "formats": formats, "students": rows}
        save(self.path / KEYS / "set.json", msgspec.json.encode(content), private=True)

    def _compare(self, about: Mapping[str, Any], ids: set[str]) -> None:
        assert self.previous is not None
        seed = self.previous.seed
        names = {
            "exercise": "of another exercise",
            "digest": "of another version of the recipe",
            "seed": "that is drawn from a secret" if seed is None else f"of seed {seed}",
            "language": f"in the language {quoted(self.previous.language)}",
            "practice": "without --self-check" if about["practice"] else "with --self-check",
            "versions": f"in {self.previous.versions} versions" if self.previous.versions else "without --versions",
            "source": "of another secret",
        }
        about = {"versions": 0, **about}
        for name, other in names.items():
            if getattr(self.previous, name) != about.get(name):
                raise self._other(other)
        missing = [id for id, _, _ in self.previous.students if id not in ids]
        if missing:
            verb = "is" if len(missing) == 1 else "are"
            raise self._other(f"for {number_of_students(len(missing))} who {verb} not in this class")

    def _check_files(self, source: Source, rows: Sequence[Row]) -> None:
        """Raise ByhandError if a file of a student, which would be left as it is, does not belong to this set."""
        assert self.previous is not None
        kinds = [kind for kind in student_files(tuple(FORMATS), practice=True) if kind is not OWN_KEY]
        others = [
            path
            for id, name, file in _common(self.previous.students, [*rows])
            for path in (kind.path(self.path, file) for kind in kinds)
            if path.is_file() and path.stat().st_size and mark_of(path) != source.file_mark(id, name)
        ]
        if others:
            more = f" (and {len(others) - 1:,} more)" if len(others) > 1 else ""
            raise ByhandError(
                f"{others[0]}{more} is not of this set, or was saved by a program that takes out its mark: "
                "move it elsewhere, and give the same command again to make it anew."
            )

    def protect(self) -> None:
        """Let nobody but the owner read the folder with the keys, as far as the system can."""
        _make_folder(self.path / KEYS, private=True)

    @property
    def is_open_to_others(self) -> bool:
        """Whether others may read the keys all the same, as on a disk that has no owners of files."""
        return os.name == "posix" and bool((self.path / KEYS).stat().st_mode & 0o077)

    def _other(self, which: str) -> ByhandError:
        return ByhandError(
            f"{self.path} holds a set {which}: choose another folder, or add --force to put this one in its place."
        )

    def _clear(self, rows: list[Row]) -> None:
        """Remove the files of students who have changed, since they would be taken for files of this set."""
        previous = self.previous.students if self.previous else []
        unchanged = _common(previous, rows) if self.previous and not self.force else []
        names = {name for _, _, name in [*previous, *rows]} - {name for _, _, name in unchanged}
        for name in names:
            for kind in student_files(tuple(FORMATS), practice=True):
                kind.path(self.path, name).unlink(missing_ok=True)
        if not unchanged:
            for path in (
                self.key,
                *answer_files(self.path, tuple(FORMATS)).values(),
                *(path for kind in class_files(tuple(FORMATS)) for path in kind.existing(self.path)),
            ):
                path.unlink(missing_ok=True)


def _read_set_file(path: Path) -> SetFile | None:
    """Read the description of a set; None if there is none, or the file is not byhand's."""
    try:
        content = msgspec.json.decode(read_bytes(path, "set", LONGEST_FILE), type=SetFile)
    except (ByhandError, UnicodeDecodeError, msgspec.MsgspecError, RecursionError):
        return None
    return None if any("/" in name or "\\" in name for _, _, name in content.students) else content


def _common(previous: list[Row], rows: list[Row]) -> list[Row]:
    known = set(rows)
    return [row for row in previous if row in known]


def _foreign_files(path: Path) -> Iterator[Path]:
    """Yield the files in the two folders, without temporary files of a run that was stopped, and a copied secret."""
    for folder in (path / STUDENTS, path / KEYS):
        if folder.is_dir():
            yield from (f for f in folder.iterdir() if not f.name.endswith(".tmp") and f.name not in (SECRET, LOCK))


def _make_folder(folder: Path, private: bool = False) -> None:
    """Make a folder, if it is not there yet. private: only for its owner, also if it was there and open to others."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700 if private else 0o777, exist_ok=True)
        if private:
            for path in (folder, *folder.iterdir()):
                if not path.is_symlink():
                    path.chmod(0o700 if path.is_dir() else 0o600)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ByhandError(f"Cannot make the folder {folder}: {reason}; choose another with -o.") from None


LONGEST_NAME = 80
"""The most bytes of a name, without its suffix."""


def file_names(students: Iterable[Student]) -> list[str]:
    """Return for each student a file name without suffix, valid and unique on every system.

    It depends on the id alone, unless two ids differ only in upper and lower case.
    """
    students = list(students)
    plain = [_file_name(s.id) for s in students]
    counts = Counter(name.casefold() for name in plain)
    return [
        _with_digest(name, s.id) if counts[name.casefold()] > 1 else name
        for name, s in zip(plain, students, strict=True)
    ]


def _file_name(text: str) -> str:
    safe = "".join(c if c.isalnum() or c in "._-@+ " else "-" for c in text).strip(" .-")
    cut = safe.encode()[:LONGEST_NAME].decode(errors="ignore").rstrip(" .-")
    return cut if cut == text and not RESERVED.fullmatch(cut) else _with_digest(cut, text)


def _with_digest(name: str, text: str) -> str:
    """Return the name with the start of the id's digest."""
    return f"{name or 'student'}~{sha256(text.encode()).hexdigest()[:8]}"
