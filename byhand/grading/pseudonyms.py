"""Pseudonyms for a class that is marked without names; the list of who is who stays beside the key."""

from __future__ import annotations

import csv
import io
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from operator import itemgetter
from pathlib import Path

from byhand.errors import ByhandError
from byhand.exercises.keys import Key
from byhand.files import read_bytes, save
from byhand.grading.handed_out import HandedOut
from byhand.grading.own_work import OwnWork
from byhand.grading.owners import Ids, Owner, fold_text, letters
from byhand.grading.submission import Submission
from byhand.grading.submitted_files import SubmittedFile

WHO_IS_WHO = "pseudonyms.csv"
HEADER = ["What", "Pseudonym", "Id or file", "Name"]
STUDENT, FILE = "student", "file"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Letters that are not taken for each other."""
LENGTH = 5
MOST_BYTES = 100_000_000
SHORTEST_WORD = 3
"""The fewest letters of a word of a name that is looked for in a student's own texts."""
REMOVED = "(a name was here)"


@dataclass
class Pseudonyms:
    """The pseudonym of each student and of each file, and where the list of them is."""

    path: Path
    students: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    _names_of: Key | None = field(default=None, repr=False)

    @classmethod
    def beside(cls, key_file: Path, key: Key) -> Pseudonyms:
        """Read the list beside a key, with new pseudonyms for students who have none yet."""
        found = cls(key_file.parent / WHO_IS_WHO)
        found._read()
        for id in key.students:
            if id not in found.students:
                found.students[id] = found._new("P-")
        found._write({id: student.name for id, student in key.students.items()})
        return found

    def of_files(self, files: Mapping[str, SubmittedFile], key: Key) -> dict[str, SubmittedFile]:
        """Return the files by their pseudonyms, in the order of these, since that of the names would tell them."""
        for name in files:
            if name not in self.files:
                self.files[name] = self._new("file-") + _suffix(name)
        self._write({id: student.name for id, student in key.students.items()})
        return {self.files[name]: files[name] for name in sorted(files, key=self.files.__getitem__)}

    def of_key(self, key: Key) -> Key:
        """Return the key with pseudonyms in place of ids, in the order of these, and without names."""
        students = sorted(((self.students[id], s) for id, s in key.students.items()), key=itemgetter(0))
        return replace(key, students={name: replace(s, id=name, name="", file=name) for name, s in students})

    def real_id(self, pseudonym: str) -> str:
        """Return the id of a student by the pseudonym."""
        return next(id for id, name in self.students.items() if name == pseudonym)

    def hide_owner(self, owner: Owner, submission: Submission, handed_out: HandedOut) -> tuple[Owner, Submission]:
        """Return the owner of a submission under the pseudonym, and the submission without name and id.

        owner: its id, or pseudonym if the teacher says whose it is. handed_out: of the key with names.
        """
        id = owner.id if owner.id in handed_out.key.students else self.real_id(owner.id)
        return replace(owner, id=self.students[id]), self._without_names(submission, id, handed_out)

    def _without_names(self, submission: Submission, owner: str, handed_out: HandedOut) -> Submission:
        names = self._names(handed_out.key)
        theirs = Ids(self.students).find(submission.stated)
        stated = self.students[theirs] if theirs is not None else ""
        if submission.stated and not stated:
            stated = "another id"
        own = OwnWork(
            {
                cell: value
                for cell, value in submission.own.values.items()
                if cell != handed_out.id and not (isinstance(value, str) and names.are_in(value))
            },
            tuple(phrase for phrase in submission.own.left_out if not names.are_in(phrase)),
        )
        if handed_out.id:
            own = replace(own, values={**own.values, handed_out.id: self.students[owner]})
        answers = tuple(
            tuple(
                replace(a, text=REMOVED, read_as="", expression="") if a.value is None and names.are_in(a.text) else a
                for a in row
            )
            for row in submission.answers
        )
        warnings = tuple(names.removed(warning) for warning in submission.warnings)
        file = self.students[owner] + _suffix(submission.path.name)
        return replace(submission, stated=stated, file=file, own=own, answers=answers, warnings=warnings)

    def _names(self, key: Key) -> _Names:
        """Return the names of the whole class, since a book may be another student's. They are collected once."""
        if key is not self._names_of:
            self._names_of, self._class = key, _Names(key)
        return self._class

    def _new(self, start: str) -> str:
        known = {name.partition(".")[0] for name in (*self.students.values(), *self.files.values())}
        while (name := start + "".join(secrets.choice(LETTERS) for _ in range(LENGTH))) in known:
            pass
        return name

    def _read(self) -> None:
        if not os.path.lexists(self.path):
            return
        data = read_bytes(self.path, "list of pseudonyms", MOST_BYTES, "put a copy of it in its place")
        try:
            rows = list(csv.reader(io.StringIO(data.decode("utf-8", "surrogateescape"))))
        except csv.Error:
            rows = []
        if not rows or rows[0] != HEADER or any(len(row) != len(HEADER) for row in rows):
            raise ByhandError(f"{self.path} is no list of pseudonyms: put a copy of it in its place.")
        self.students = {id: name for what, name, id, _ in rows[1:] if what == STUDENT}
        self.files = {file: name for what, name, file, _ in rows[1:] if what == FILE}

    def _write(self, names: Mapping[str, str]) -> None:
        """Write the list, readable by its owner only, as the key is."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows([STUDENT, pseudonym, id, names.get(id, "")] for id, pseudonym in self.students.items())
        writer.writerows([FILE, pseudonym, name, ""] for name, pseudonym in self.files.items())
        save(self.path, out.getvalue().encode("utf-8", "surrogateescape"), private=True)


def _suffix(name: str) -> str:
    suffix = Path(name).suffix
    return suffix if re.fullmatch(r"\.[A-Za-z0-9]{1,8}", suffix) else ""


class _Names:
    """The ids and the words of the names of a class."""

    def __init__(self, key: Key) -> None:
        self.ids = {fold_text(id) for id in key.students}
        words = (letters(word) for student in key.students.values() for word in student.name.split())
        self.words = {word for word in words if len(word) >= SHORTEST_WORD}

    def are_in(self, text: str) -> bool:
        return not self.ids.isdisjoint(_words(text, fold_text)) or not self.words.isdisjoint(_words(text, letters))

    def removed(self, text: str) -> str:
        return REMOVED if self.are_in(text) else text


def _words(text: str, form: Callable[[str], str]) -> set[str]:
    return {form(piece.strip(".")) for piece in re.split(r"[^\w.@+-]+", text) if piece}
