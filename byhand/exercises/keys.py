"""The key of a class: all that marking needs, in one JSON file with a line for each student."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Annotated, Any

import msgspec
import numpy as np

from byhand.core.arithmetic.excel import Address
from byhand.core.graph import Array
from byhand.decoding import LARGEST_NUMBER, check_numbers, check_parts
from byhand.errors import ByhandError, quoted
from byhand.exercises.asked import question_text
from byhand.exercises.bounds import Places
from byhand.exercises.draw import Variant
from byhand.exercises.problem import Problem
from byhand.exercises.recipe import KINDS
from byhand.exercises.roster import MOST_STUDENTS
from byhand.exercises.secret import SECRET, Source, keyed_hash, read_secret
from byhand.exercises.student_book import Place
from byhand.files import read_bytes
from byhand.translations import ENGLISH, LANGUAGES

KIND, VERSION = "class key", 1
KEYS = "keys"
"""The folder of a set with its key."""
LONGEST_FILE, LONGEST_HEAD, LONGEST_STUDENT = 500_000_000, 30_000_000, 1_000_000
"""The most bytes of a key's file, of each of its parts but the students, and of one student."""
Rows = list[list[int | float]]
_MOST = msgspec.Meta(ge=0, le=1000)


@dataclass(frozen=True)
class KeyQuestion:
    """One question, and where it is answered: a sheet and its cells, row by row. margin: the tolerance."""

    table: str
    kind: str
    points: Annotated[int, _MOST] | Annotated[float, _MOST]
    places: Places
    margin: Annotated[float, _MOST]
    text: str
    sheet: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class KeyStudent:
    """One student. answers: for each question, a number for each cell. drawn, planted: tables by name.

    version: its letter, in a set of a few versions.
    """

    id: str
    name: str
    file: str
    answers: list[list[int | float]]
    drawn: dict[str, Rows]
    planted: dict[str, Rows]
    version: str = ""


@dataclass(frozen=True)
class Key:
    """A class's key. recipe: the content of the exercise's file, from which the problem can be rebuilt.

    digest: of the recipe and its name. seed: None if the numbers are drawn from a secret, and in a student's own key.
    language: a code of byhand.translations, in which the class reads. printed: a digest of the workbooks' texts, which
    another version of byhand may word in another way.
    """

    exercise: str
    recipe: dict[str, Any]
    digest: str
    seed: int | None
    practice: bool
    questions: tuple[KeyQuestion, ...]
    students: dict[str, KeyStudent]
    language: str = ENGLISH
    printed: str = ""


def questions_of(problem: Problem, places: Iterable[Place]) -> list[dict[str, Any]]:
    """Return the entries of the questions in the key."""
    return [
        {
            "table": question.ask.table,
            "kind": question.ask.kind,
            "points": question.ask.points,
            "places": question.ask.places,
            "margin": question.ask.margin,
            "text": question_text(problem, question),
            "sheet": place.sheet,
            "cells": [str(Address(row, column)) for row, column in place.cells],
        }
        for question, place in zip(problem.questions, places, strict=True)
    ]


def student_line(variant: Variant, file: str) -> str:
    """Return a student's entry in the key, as JSON on one line."""
    line = {
        "name": variant.student.name,
        "file": file,
        **({"version": variant.student.version} if variant.student.version else {}),
        "answers": [_numbers(answers.ravel()) for answers in variant.answers],
        "drawn": {node.name: _rows(table) for node, table in variant.numbers.items()},
        "planted": {node.name: _rows(table) for node, table in variant.planted.items()},
    }
    return f"{_json(variant.student.id)}:{_json(line)}"


def _numbers(table: Array) -> list[float]:
    return [int(x) if x == int(x) and abs(x) < 1e15 else x for x in table.tolist()]


def _rows(table: Array) -> list[list[float]]:
    return [_numbers(row) for row in np.atleast_2d(table)]


def _json(thing: Any) -> str:
    return json.dumps(thing, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def write_key(
    file: IO[bytes],
    about: Mapping[str, Any],
    questions: list[dict[str, Any]],
    lines: Iterable[str],
    source: Source | None = None,
) -> None:
    """Write the key line by line, as the students' lines arrive, and at its end what shows whether it was altered.

    about: exercise, recipe, digest, practice, and the seed of a repeatable set. source: with a secret, the key is
    sealed under it.
    """
    head = {"byhand": KIND, "version": VERSION, **about}
    parts = [f"{_json(name)}:{_json(value)}" for name, value in head.items()]
    asked = ",\n".join(_json(question) for question in questions)
    start = "{" + ",\n".join(parts) + f',\n"questions":[\n{asked}\n]'
    file.write(f'{start},\n"students":{{'.encode())
    checksum = Checksum(msgspec.json.decode(f"{start}}}"))
    for n, line in enumerate(lines):
        file.write(f"{',' if n else ''}\n{line}".encode())
        checksum.add(msgspec.json.decode(f"{{{line}}}"))
    end = {"checksum": checksum.text}
    if source and source.secret:
        end["seal"] = seal_of(source.secret, checksum.text)
    file.write(f"\n}},{_json(end)[1:]}\n".encode())


class Checksum:
    """The digest of a key's content, whatever its layout and the order of names in it."""

    def __init__(self, head: Mapping[str, Any]) -> None:
        self._digest = sha256()
        self.add(head)

    def add(self, part: Mapping[str, Any]) -> None:
        self._digest.update(msgspec.json.encode(part, order="sorted") + b"\n")

    @property
    def text(self) -> str:
        return self._digest.hexdigest()


def seal_of(secret: bytes, checksum: str) -> str:
    """Return what only somebody with the secret can write into a key."""
    return keyed_hash(secret, "key", checksum).hex()


_Bounds = msgspec.Meta(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)
_Number = Annotated[int, _Bounds] | Annotated[float, _Bounds]
"""As a key writes it; a whole number of hundreds of digits is none that can be computed with."""


class _StudentLine(msgspec.Struct):
    """A student's entry in the key's file, under the id."""

    name: str
    file: str
    answers: list[list[_Number]]
    drawn: dict[str, list[list[_Number]]]
    planted: dict[str, list[list[_Number]]]
    version: str = ""


class _KeyFile(msgspec.Struct):
    """The content of a key's file. Each student is decoded separately, so that an error can name the student."""

    exercise: str
    recipe: dict[str, Any]
    digest: str
    practice: bool
    questions: list[KeyQuestion]
    students: dict[str, msgspec.Raw]
    seed: int | None = None
    language: str = ENGLISH
    printed: str = ""


class _Head(msgspec.Struct):
    byhand: Any = None
    version: Any = None


def read_key(path: Path) -> Key:
    """Read the key of a class. ByhandError for a file that is no key, is incomplete, or is of a newer version."""
    data = read_bytes(path, "key", LONGEST_FILE, "name a class's key.json")
    head = _head(path, data)
    if head.byhand != KIND:
        raise ByhandError(f"{path} is no key of a class: name the key.json that `byhand exercise` has written.")
    if head.version != VERSION:
        raise ByhandError(
            f"The key {path} is of version {quoted(head.version)}, which this byhand does not read: update it."
        )
    _check_sizes(path, data)
    try:
        table = msgspec.json.decode(data, type=_KeyFile)
    except msgspec.ValidationError as error:
        raise _unsound(path, _place(str(error))) from None
    for n, question in enumerate(table.questions, 1):
        if question.kind not in KINDS:
            raise _unsound(path, f"question {n}, kind")
        if not question.cells or not all(map(CELL.fullmatch, question.cells)):
            raise _unsound(path, f"question {n}, cells")
    check_numbers(table.recipe, f"the key {path}")
    students = {id: _student(path, id, line, table.questions) for id, line in table.students.items()}
    if table.language not in LANGUAGES:
        raise _unsound(path, "language")
    _check_unaltered(path, data)
    about = (table.exercise, table.recipe, table.digest, table.seed, table.practice)
    return Key(*about, tuple(table.questions), students, table.language, table.printed)


def _check_unaltered(path: Path, data: bytes) -> None:
    """Raise ByhandError if the content is not as it was written. Keys of before have no checksum."""
    parts = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    students = msgspec.json.decode(parts.pop("students"), type=dict[str, msgspec.Raw])
    content = {name: msgspec.json.decode(part) for name, part in parts.items()}
    written, seal = content.pop("checksum", None), content.pop("seal", None)
    secret = read_secret(path.parent / SECRET) if seal is not None or path.absolute().parent.name == KEYS else None
    if written is None and secret is None:
        return
    checksum = Checksum(content)
    for id, line in students.items():
        checksum.add({id: msgspec.json.decode(line)})
    if written != checksum.text or (secret is not None and seal != seal_of(secret, checksum.text)):
        raise ByhandError(
            f"The key {path} was altered after byhand had written it, or belongs to another secret: put a copy in its "
            "place, or make it again with the command that made the class."
        )


def _check_sizes(path: Path, data: bytes) -> None:
    """Raise ByhandError for a key with more students than a class has, or larger parts than byhand writes."""
    parts = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    students = parts.pop("students", msgspec.Raw(b"{}"))
    try:
        lines = msgspec.json.decode(students, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError as error:
        raise _unsound(path, f"students{_place(str(error))}") from None
    if len(lines) > MOST_STUDENTS:
        raise ByhandError(f"The key {path} has more than {MOST_STUDENTS:,} students: name the key of one class.")
    for name, part in parts.items():
        if len(bytes(part)) > LONGEST_HEAD:
            raise _unsound(path, name)
        check_parts(bytes(part), f"The key {path}", "make it again with the command that made the class")
    for id, line in lines.items():
        if len(bytes(line)) > LONGEST_STUDENT:
            raise _unsound(path, f"student {id}")


def _head(path: Path, data: bytes) -> _Head:
    """Return the file's kind and version; an empty head if it is JSON but no object."""
    try:
        try:
            return msgspec.json.decode(data, type=_Head)
        except msgspec.ValidationError:
            msgspec.json.decode(data, type=msgspec.Raw)
            return _Head()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ByhandError(f"The key {path} is not whole: make it again with the command that made the class.") from None


def _student(path: Path, id: str, line: msgspec.Raw, questions: list[KeyQuestion]) -> KeyStudent:
    try:
        student = msgspec.json.decode(line, type=_StudentLine)
    except msgspec.ValidationError as error:
        raise _unsound(path, f"student {id}, {_place(str(error))}") from None
    if [len(answers) for answers in student.answers] != [len(question.cells) for question in questions]:
        raise _unsound(path, f"student {id}, answers")
    for name, tables in (("drawn", student.drawn), ("planted", student.planted)):
        if any(len({len(row) for row in rows}) != 1 for rows in tables.values()):
            raise _unsound(path, f"student {id}, {name}")
    return KeyStudent(id, student.name, student.file, student.answers, student.drawn, student.planted, student.version)


def _place(error: str) -> str:
    """Return the place of an error, such as "question 2, cells", from the decoder's message."""
    place = re.search(r"\$\.(?:questions\[(\d+)\]\.?)?(\w*)", error)
    missing = re.search(r"required field `(\w+)`", error)
    question = f"question {int(place[1]) + 1}, " if place and place[1] else ""
    return question + (missing[1] if missing else place[2] if place else "")


def _unsound(path: Path, where: str) -> ByhandError:
    return ByhandError(
        f"The key {path} has no sound {quoted(where)}: make it again with the command that made the class."
    )


CELL = re.compile(r"\$?[A-Z]{1,3}\$?[1-9]\d{0,6}")
