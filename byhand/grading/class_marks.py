"""Marks a class: every file in a folder, the grades, the feedback and the report; a run that is stopped continues."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from byhand.errors import ByhandError, nearest, quoted
from byhand.exercises.formats import FORMATS as FILES
from byhand.exercises.formats import KEYS, STUDENTS, student_files
from byhand.exercises.keys import Key
from byhand.exercises.workers import Stopped, spread_within
from byhand.grading.checked import LIMITS
from byhand.grading.class_files import HandedIn, Order, Outcome, write_class
from byhand.grading.feedback import FORMATS, Desk, Job, Marking, digest, names_of
from byhand.grading.inbox import submissions
from byhand.grading.marks_folder import MarksFolder
from byhand.grading.one import key_of
from byhand.grading.owners import counted
from byhand.grading.register import enrolled
from byhand.grading.result import Journal, Result


def ordered(submissions: Path, formats: str, **more: Any) -> Order:
    """What a command asks for. ByhandError for a format that there is not."""
    names = tuple(dict.fromkeys(word.strip() for word in formats.split(",") if word.strip()))
    for name in names:
        if name not in FORMATS:
            raise ByhandError(f"There is no feedback in the format {quoted(name)}; {nearest(name, FORMATS)}.")
    return Order(submissions, formats=names, **more)


def grade(order: Order, advance: Callable[[int], object] = lambda files: None) -> Outcome:
    """Mark every file in the folder, and write everything about the class.

    ByhandError for a key, a roster or a folder that cannot be; then nothing is written. Stopped and called again, it
    reads what is not read yet, and in the end writes the same files as if it had not been stopped.
    """
    key = key_of(order.key)
    people = enrolled(key, order.rosters)
    files = files_in(order.submissions)
    folder = MarksFolder.opened(order.folder, key, order.submissions, order.force)
    desk = Desk(order.key, order.submissions, folder, order.formats)
    with Journal(folder.journal) as journal:
        jobs = [(name, digest(path)) for name, path in files.items()]
        left = list(_left(jobs, journal, desk, names_of(key)))
        advance(len(jobs) - len(left))
        for result in _marked(desk, left, order.jobs):
            journal.add(result)
            advance(1)
        handed_in = _counting(key, desk, files, journal, order.jobs)
        return write_class(order, key, people, folder, handed_in, len(left))


def files_in(folder: Path) -> dict[str, Path]:
    """Each file that was handed in, by its path in the folder. ByhandError where there is none."""
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "is not there"
        raise ByhandError(f"{folder} {what}: name the folder with what was handed in.")
    there = [path for path in submissions(folder) if not _was_handed_out(path, folder)]
    found = {path.relative_to(folder).as_posix(): path for path in there}
    if not found:
        raise ByhandError(f"{folder} holds no files: name the folder with what was handed in.")
    return found


def _was_handed_out(path: Path, folder: Path) -> bool:
    """Whether this is a sheet or a key that lies beside a book in the set's own folder."""
    whole = folder.resolve()
    if whole.name != STUDENTS or not (whole.parent / KEYS / "set.json").is_file():
        return False
    others = (kind.suffix for kind in student_files(tuple(FILES), practice=True) if kind.folder == STUDENTS)
    bare = next((path.name.removesuffix(s) for s in others if s != ".xlsx" and path.name.endswith(s)), "")
    return bool(bare) and path.with_name(f"{bare}.xlsx").is_file()


def _left(jobs: Sequence[Job], journal: Journal, desk: Desk, names: Mapping[str, str]) -> Iterator[Job]:
    """The files that no earlier run has read as they are now, or whose feedback is not there."""
    for file, told in jobs:
        result = journal.get(file)
        if not (result and told == result.digest != "" and desk.has_all(names.get(result.student, ""), result)):
            yield file, told


def _marked(desk: Desk, jobs: Sequence[Job], processes: int | None) -> Iterator[Result]:
    """What comes of each job, in their order; a file that takes too much is said to."""
    results = spread_within(LIMITS, Marking, (desk,), jobs, processes or _cores())
    for (file, told), result in zip(jobs, results, strict=True):
        if isinstance(result, Stopped):
            yield Result(file, told, refused=f"It could not be read: {result.why}; look at it by hand.")
        else:
            yield result


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _counting(key: Key, desk: Desk, files: Mapping[str, Path], journal: Journal, processes: int | None) -> HandedIn:
    """Which file counts for each student, and which others it counts for.

    One that could be read counts before one that could not. Where a student has several that could, the one that
    counts is marked once more, so that the feedback is of that.
    """
    owners = {files[r.file]: r.student for r in journal.all(list(files)) if r.student and r.marks}
    found = counted(key, owners)
    unread = {r.student: r.file for r in journal.all(list(files)) if r.student and not r.marks}
    counts = unread | {student: _name(desk, path) for student, path in found.used.items()}
    several = [counts[student] for student in found.older]
    for result in _marked(desk, [(name, digest(files[name])) for name in several], processes):
        journal.add(result)
    replaced = {_name(desk, path): counts[student] for student, older in found.older.items() for path in older}
    return HandedIn(list(files), counts, replaced, journal)


def _name(desk: Desk, path: Path) -> str:
    return path.relative_to(desk.submissions).as_posix()
