"""A small class's set, and books of it as students hand them in."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl

from byhand.exercises.class_set import SetOptions, make_set
from byhand.exercises.draw import Student
from byhand.exercises.keys import Key, read_key
from byhand.exercises.recipe import find
from byhand.exercises.roster import Roster
from byhand.grading.verdicts import CellMark, StudentMark, TypedAnswer, Verdict

SENTENCES = {
    Verdict.FOLLOWS: "Right from your own scores.",
    Verdict.MISTAKE: "You left out the division by √d_k.",
    Verdict.ROUNDED: "You rounded too early.",
    Verdict.SLIP: "One product of the sum is missing.",
    Verdict.WRONG: "Work this cell again.",
    Verdict.BLANK: "Nothing stands here.",
    Verdict.UNREADABLE: "This could not be read as a number.",
}
SHARES = {Verdict.RIGHT: 1.0, Verdict.FOLLOWS: 1.0, Verdict.MISTAKE: 0.5, Verdict.ROUNDED: 0.5, Verdict.SLIP: 0.5}


def a_set(folder: Path, count: int = 5, recipe: str = "attention-head", **more: Any) -> Key:
    """The set of a class in the folder; its key. The students are s001, s002 ..., called Student 1, Student 2 ..."""
    students = tuple(Student(f"s{n:03}", f"Student {n}") for n in range(1, count + 1))
    make_set(SetOptions(find(recipe), folder, Roster(students), **{"seed": 3, **more}))
    return read_key(folder / "keys" / "key.json")


def spots(key: Key) -> list[list[tuple[str, int, int]]]:
    """Where each answer stands, from 0."""
    return [[(q.sheet, *_place(cell)) for cell in q.cells] for q in key.questions]


def _place(cell: str) -> tuple[int, int]:
    row, column = openpyxl.utils.cell.coordinate_to_tuple(cell)
    return row - 1, column - 1


def answered(folder: Path, key: Key, student: str, change: Callable[[int, int, float], Any] | None = None) -> bytes:
    """The student's book with the answers in it, rounded as asked; `change` makes something else of each."""
    book = openpyxl.load_workbook(folder / "students" / f"{key.students[student].file}.xlsx")
    for n, (question, row) in enumerate(zip(key.questions, spots(key), strict=True)):
        for c, (sheet, r, column) in enumerate(row):
            right = round(key.students[student].answers[n][c], question.places + 2)
            book[sheet].cell(r + 1, column + 1).value = change(n, c, right) if change else right
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def typed_in(book: bytes, sheet: str, values: dict[str, float]) -> bytes:
    """A book as it was handed out with numbers in some blank cells of a part: much faster than a program's own way."""
    stream = io.BytesIO()
    with ZipFile(io.BytesIO(book)) as source, ZipFile(stream, "w", ZIP_DEFLATED, compresslevel=1) as target:
        for name in source.namelist():
            data = source.read(name)
            if name == f"xl/worksheets/{sheet}.xml":
                text = data.decode()
                for cell, value in values.items():
                    text, count = re.subn(rf'(<c r="{cell}" s="\d+")/>', rf"\1><v>{value!r}</v></c>", text)
                    assert count == 1
                data = text.encode()
            target.writestr(name, data)
    return stream.getvalue()


def some_marks(key: Key, student: str, seed: int = 0, verdicts: Sequence[Verdict] = tuple(Verdict)) -> StudentMark:
    """Marks with every verdict, drawn at random."""
    chance, cells = random.Random(seed), []
    for n, question in enumerate(key.questions):
        most = question.points / len(question.cells)
        for c in range(len(question.cells)):
            verdict = chance.choice(verdicts)
            typed = {Verdict.BLANK: TypedAnswer(), Verdict.UNREADABLE: TypedAnswer("<b>three</b>", None, "no number")}
            seen = typed.get(verdict, TypedAnswer(f"{c}.5", c + 0.5, f"{c}.5"))
            points, sentence = SHARES.get(verdict, 0.0) * most, SENTENCES.get(verdict, "")
            name = "scores-not-scaled" if verdict is Verdict.MISTAKE else ""
            cells.append(CellMark(n, c, seen, verdict, points, most, sentence, name))
    return StudentMark(student, key.students[student].name, f"{student}.xlsx", tuple(cells))
