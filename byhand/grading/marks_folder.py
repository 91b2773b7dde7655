"""The folder of a class's marks: what it says of itself, so that a run continues only what it has begun."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from byhand.errors import ByhandError
from byhand.exercises.keys import Key
from byhand.files import save, swept

KIND, VERSION = "class marks", 1
FEEDBACK, LOOK, GRADESCOPE = "feedback", "look", "gradescope"
FILES = ("grades.csv", "grades_canvas.csv", "problems.csv", "report.html", "report.json")
SUFFIXES = (".xlsx", ".html", ".json")


def digest_of(key: Key) -> str:
    """What tells the marks by two keys apart, and by two versions of byhand."""
    told = json.dumps([version("byhand"), key.digest, key.seed, sorted(key.students)])
    answers = sha256(json.dumps([s.answers for s in key.students.values()]).encode()).hexdigest()
    return sha256(f"{told}{answers}".encode()).hexdigest()


@dataclass(frozen=True)
class MarksFolder:
    """A folder with the grades, the report, and a file or two for each student."""

    path: Path

    @classmethod
    def opened(cls, path: Path, key: Key, submissions: Path, force: bool) -> MarksFolder:
        """ByhandError unless marks may be there: a new folder, an empty one, or one that a run with this key began."""
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
        """A student's own file."""
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
            told = json.loads(self._about.read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        sound = isinstance(told, dict) and (told.get("byhand"), told.get("version")) == (KIND, VERSION)
        return str(told.get("digest")) if sound else None

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
