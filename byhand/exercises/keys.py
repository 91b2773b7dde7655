"""The key of a class: everything that marking needs, in one file with a line for each student."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from byhand.core.arithmetic.excel import Address
from byhand.core.graph import Array
from byhand.errors import ByhandError, quoted
from byhand.exercises.draw import Variant
from byhand.exercises.problem import Problem, sentence
from byhand.exercises.recipe import KINDS
from byhand.exercises.student_book import Place

KIND, VERSION = "class key", 1
Rows = list[list[float]]


@dataclass(frozen=True)
class KeyQuestion:
    """One question, and where it is answered: a sheet and its cells, row by row. margin: how far off is still right."""

    table: str
    kind: str
    points: float
    places: int
    margin: float
    text: str
    sheet: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class KeyStudent:
    """answers: to each question, a number for each of its cells. drawn, planted: tables by name."""

    id: str
    name: str
    file: str
    answers: list[list[float]]
    drawn: dict[str, Rows]
    planted: dict[str, Rows]


@dataclass(frozen=True)
class Key:
    """recipe: what the exercise's file held, of which the problem can be built again; digest: of that and its name."""

    exercise: str
    recipe: dict[str, Any]
    digest: str
    seed: int
    practice: bool
    questions: tuple[KeyQuestion, ...]
    students: dict[str, KeyStudent]


def questions_of(problem: Problem, places: Iterable[Place]) -> list[dict[str, Any]]:
    """What the key says of each question."""
    return [
        {
            "table": question.ask.table,
            "kind": question.ask.kind,
            "points": question.ask.points,
            "places": question.ask.places,
            "margin": question.ask.margin,
            "text": sentence(question),
            "sheet": place.sheet,
            "cells": [str(Address(row, column)) for row, column in place.cells],
        }
        for question, place in zip(problem.questions, places, strict=True)
    ]


def student_line(variant: Variant, file: str) -> str:
    """What the key says of a student, as JSON on one line."""
    told = {
        "name": variant.student.name,
        "file": file,
        "answers": [_numbers(answers.ravel()) for answers in variant.answers],
        "drawn": {node.name: _rows(table) for node, table in variant.numbers.items()},
        "planted": {node.name: _rows(table) for node, table in variant.planted.items()},
    }
    return f"{_json(variant.student.id)}:{_json(told)}"


def _numbers(table: Array) -> list[float]:
    return [int(x) if x == int(x) and abs(x) < 1e15 else x for x in table.tolist()]


def _rows(table: Array) -> list[list[float]]:
    return [_numbers(row) for row in np.atleast_2d(table)]


def _json(thing: Any) -> str:
    return json.dumps(thing, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def write_key(file: IO[bytes], about: Mapping[str, Any], questions: list[dict[str, Any]], lines: Iterable[str]) -> None:
    """Write the key as its lines come. about: exercise, recipe, digest, seed, practice."""
    head = {"byhand": KIND, "version": VERSION, **about}
    parts = [f"{_json(name)}:{_json(value)}" for name, value in head.items()]
    asked = ",\n".join(_json(question) for question in questions)
    file.write(("{" + ",\n".join(parts) + f',\n"questions":[\n{asked}\n],\n"students":{{').encode())
    for n, line in enumerate(lines):
        file.write(f"{',' if n else ''}\n{line}".encode())
    file.write(b"\n}}\n")


def read_key(path: Path) -> Key:
    """The key of a class. ByhandError for a file that is none, is not whole, or is of a newer byhand."""
    table = _object(path)
    if table.get("byhand") != KIND:
        raise ByhandError(f"{path} is no key of a class: name the key.json that `byhand exercise` has written.")
    if table.get("version") != VERSION:
        raise ByhandError(
            f"The key {path} is of version {quoted(table.get('version'))}, which this byhand does not read: update it."
        )
    reader = _Reader(path)
    rows = reader.taken(table, "questions", list)
    questions = tuple(reader.question(n, row) for n, row in enumerate(rows, 1))
    people = reader.taken(table, "students", dict)
    return Key(
        reader.taken(table, "exercise", str),
        reader.taken(table, "recipe", dict),
        reader.taken(table, "digest", str),
        reader.taken(table, "seed", int),
        reader.taken(table, "practice", bool),
        questions,
        {id: reader.student(id, row, questions) for id, row in people.items()},
    )


def _object(path: Path) -> dict[str, Any]:
    try:
        table = json.loads(path.read_bytes(), parse_constant=_refused)
    except FileNotFoundError:
        raise ByhandError(f"There is no key {path}: check its name and folder.") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ByhandError(f"The key {path} cannot be read ({reason}): name a class's key.json.") from None
    except (ValueError, RecursionError):
        raise ByhandError(f"The key {path} is not whole: make it again with the command that made the class.") from None
    return table if isinstance(table, dict) else {}


def _refused(constant: str) -> float:
    raise ValueError(constant)


@dataclass(frozen=True)
class _Reader:
    """Takes what must be there out of a key, or says where it is not as it must be."""

    path: Path

    def taken(self, row: Any, name: str, kind: type | tuple[type, ...], where: str = "") -> Any:
        found = row.get(name) if isinstance(row, dict) else None
        if not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool):
            raise self.wrong(f"{where}{name}")
        return found

    def wrong(self, where: str) -> ByhandError:
        return ByhandError(
            f"The key {self.path} has no sound {quoted(where)}: make it again with the command that made the class."
        )

    def question(self, n: int, row: Any) -> KeyQuestion:
        where = f"question {n}, "
        words = {name: self.taken(row, name, str, where) for name in ("table", "kind", "text", "sheet")}
        numbers = {name: self.taken(row, name, (int, float), where) for name in ("points", "margin")}
        cells = self.taken(row, "cells", list, where)
        if words["kind"] not in KINDS:
            raise self.wrong(f"{where}kind")
        if not cells or not all(isinstance(cell, str) and CELL.fullmatch(cell) for cell in cells):
            raise self.wrong(f"{where}cells")
        return KeyQuestion(places=self.taken(row, "places", int, where), cells=tuple(cells), **words, **numbers)

    def student(self, id: str, row: Any, questions: tuple[KeyQuestion, ...]) -> KeyStudent:
        where = f"student {id}, "
        answers = self.taken(row, "answers", list, where)
        if [len(a) if _is_row(a) else -1 for a in answers] != [len(q.cells) for q in questions]:
            raise self.wrong(f"{where}answers")
        name, file = (self.taken(row, word, str, where) for word in ("name", "file"))
        tables = (self.tables(row, word, where) for word in ("drawn", "planted"))
        return KeyStudent(id, name, file, answers, *tables)

    def tables(self, row: Any, name: str, where: str) -> dict[str, Rows]:
        found: dict[str, Rows] = self.taken(row, name, dict, where)
        if not all(map(_is_table, found.values())):
            raise self.wrong(f"{where}{name}")
        return found


CELL = re.compile(r"\$?[A-Z]{1,3}\$?[1-9]\d{0,6}")


def _is_row(row: Any) -> bool:
    return isinstance(row, list) and all(type(x) in (int, float) and math.isfinite(x) for x in row)


def _is_table(rows: Any) -> bool:
    return isinstance(rows, list) and all(map(_is_row, rows)) and len(set(map(len, rows))) == 1
