"""Whose a handed-in book is, which of several counts, and who has handed in nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from byhand.errors import ByhandError, quoted
from byhand.exercises.keys import Key
from byhand.exercises.roster import clean
from byhand.grading.givens import given_to
from byhand.grading.names import FileName, folded, letters, plain_stem, read_name, spellings
from byhand.grading.paper import Paper
from byhand.grading.submission import Submission


@dataclass(frozen=True)
class Owner:
    """A student of the key, and by what they are known."""

    id: str
    by: str


class Owners:
    """The students of a key, by everything that may name one."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        students = paper.key.students.values()
        self._ids = _unique((folded(s.id), s.id) for s in students)
        self._files = _unique((folded(s.file), s.id) for s in students)
        self._names = _unique((spelling, s.id) for s in students for spelling in spellings(s.name))

    def owner(self, submission: Submission) -> Owner:
        """By the learning system's name for the file, the file's own name, the id in the book, or its given numbers.

        In this order: what the student can change counts for less. ByhandError where none of them tells.
        """
        name = read_name(submission.path)
        ways = (
            (self._by_system(name), f"{name.system}'s name for the file"),
            (self._by_stem(name.stem), "the file's name"),
            (self.by_id(submission.stated), "the id in the workbook"),
            (given_to(self.paper, submission), "the given numbers"),
        )
        for id, by in ways:
            if id is not None:
                return Owner(id, by)
        states = f"states the id {quoted(submission.stated)}, which is" if submission.stated else "states no id, and is"
        raise ByhandError(
            f"{clean(str(submission.path))} {states} not in the key, and neither its name nor its given numbers are a "
            "student's: rename it to the student's id."
        )

    def by_name(self, path: Path) -> str:
        """The student whom a file's name alone tells, as for one that cannot be read; empty where it tells none."""
        name = read_name(path)
        return self._by_system(name) or self._by_stem(name.stem) or ""

    def by_id(self, id: str) -> str | None:
        """The student with this id, however its letters are written."""
        return id if id in self.paper.key.students else self._ids.get(folded(id))

    def _by_system(self, name: FileName) -> str | None:
        if not name.system:
            return None
        written = letters(name.person)
        id = self.by_id(name.number) if name.system == "Canvas" else None
        if id is not None and written in (spellings(self.paper.key.students[id].name) or {written}):
            return id
        return self._names.get(written)

    def _by_stem(self, stem: str) -> str | None:
        for text in (stem, plain_stem(stem)):
            found = self._files.get(folded(text)) or self.by_id(text)
            if found is not None:
                return found
        return None


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Only those that name one student."""
    found = defaultdict(set)
    for word, id in pairs:
        found[word].add(id)
    return {word: min(ids) for word, ids in found.items() if word and len(ids) == 1}


@dataclass(frozen=True)
class Counted:
    """used: the file that counts for each student, in the key's order. older: their others, the latest first."""

    used: dict[str, Path]
    older: dict[str, tuple[Path, ...]]
    missing: tuple[str, ...]

    def warning(self, student: str) -> str:
        """What is said where a student has handed in more than one file; nothing otherwise."""
        others = self.older.get(student, ())
        if not others:
            return ""
        names = ", ".join(_shown(path) for path in others)
        return f"There are {len(others) + 1} files of this student: {_shown(self.used[student])} counts, not {names}."


def counted(key: Key, owners: Mapping[Path, str]) -> Counted:
    """Of several files of one student, the latest counts: by the learning system's number, or else by its time."""
    theirs: dict[str, list[Path]] = defaultdict(list)
    for path, student in owners.items():
        theirs[student].append(path)
    found = {student: _latest_first(theirs[student]) for student in key.students if student in theirs}
    return Counted(
        {student: paths[0] for student, paths in found.items()},
        {student: tuple(paths[1:]) for student, paths in found.items() if len(paths) > 1},
        tuple(student for student in key.students if student not in theirs),
    )


def _latest_first(paths: Sequence[Path]) -> list[Path]:
    return sorted(paths, key=lambda path: (*read_name(path).order, _time(path), str(path)), reverse=True)


def _time(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _shown(path: Path) -> str:
    folder = path.parent.name
    return clean(f"{folder}/{path.name}" if "assignsubmission" in folder else path.name)
