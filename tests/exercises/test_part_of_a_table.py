"""A question about a part of a table: the same cells are asked for in every format, the key and the marks."""

from __future__ import annotations

import io
import re
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from support.small_exercises import a_class, attention

from byhand.errors import ByhandError
from byhand.exercises.asked import part_text
from byhand.exercises.class_set import SetOptions, make_set
from byhand.exercises.keys import read_key
from byhand.exercises.lms_fields import parts
from byhand.exercises.recipe import Ask, exercise_of
from byhand.exercises.roster import numbered
from byhand.exercises.student_book import StudentBook
from byhand.exercises.worksheet import worksheet
from byhand.grading.marking import Marker
from byhand.grading.submission import read_typed

LOWER = ((2, 1), (2, 2), (3, 1), (3, 2), (3, 3))
RECIPE = """
model = "attention"
size = { tokens = 3, d_model = 3, d_k = 4, causal = true }
title = "A part"
teaches = "Some of the cells."
minutes = 30
level = 3

[[ask]]
table = "weights"
cells = [[3, 3], [2, 1], [2, 2], [3, 1], [3, 2]]

[[ask]]
table = "Z"
rows = [3]

[[ask]]
table = "Q"
columns = [1, 4]
places = 0
"""


@pytest.mark.parametrize(
    ("ask", "cells", "words"),
    [
        (Ask("weights", rows=(2, 3)), [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)], "rows 2 and 3"),
        (Ask("weights", columns=(2,)), [(0, 1), (1, 1), (2, 1)], "column 2"),
        (Ask("Z", rows=(3,), columns=(1, 4)), [(2, 0), (2, 3)], "row 3, columns 1 and 4"),
        (
            Ask("weights", cells=LOWER),
            [(1, 0), (1, 1), (2, 0), (2, 1), (2, 2)],
            "row 2, columns 1 and 2; row 3, columns 1 to 3",
        ),
    ],
)
def test_the_cells_of_a_part(ask: Ask, cells: list[tuple[int, int]], words: str) -> None:
    built = attention(ask)
    (question,) = built.questions
    assert question.indices == cells
    assert part_text(question) == words
    variant = a_class(built)[0]
    table = variant.values[question.node]
    assert variant.answers[0].tolist() == [table[i, j] for i, j in cells]
    assert [f.key for f in parts(built, variant, ())[0].fields] == [table[i, j] for i, j in cells]


def test_choices_in_several_rows() -> None:
    built = attention(Ask("weights", kind="choice", rows=(1, 3), points=2))
    (question,) = built.questions
    variant = a_class(built)[0]
    largest = variant.values[question.node].argmax(-1) + 1
    assert variant.answers[0].tolist() == [largest[0], largest[2]]
    (part,) = parts(built, variant, ())
    assert [field.key for field in part.fields] == [largest[0], largest[2]]
    assert [len(field.options) for field in part.fields] == [3, 3]
    assert len(StudentBook(built).places[0].cells) == 2
    assert any(getattr(block, "cells", ()) == (("",), ("",)) for block in worksheet(built, variant).blocks)


def test_the_same_cells_in_every_format(tmp_path: Path) -> None:
    recipe = tmp_path / "part.toml"
    recipe.write_text(RECIPE)
    make_set(SetOptions(recipe, tmp_path / "set", numbered(3), seed=3, formats=("xlsx", "html", "moodle", "canvas")))
    key = read_key(tmp_path / "set/keys/key.json")
    assert [len(question.cells) for question in key.questions] == [5, 4, 6]
    student = next(iter(key.students.values()))
    assert [len(row) for row in student.answers] == [5, 4, 6]
    book = openpyxl.load_workbook(tmp_path / "set/students" / f"{student.file}.xlsx")
    for question in key.questions:
        asked = {book[question.sheet][cell].fill.fgColor.rgb for cell in question.cells}
        assert len(asked) == 1  # all of them yellow
        assert all(book[question.sheet][cell].value is None for cell in question.cells)
    page = (tmp_path / "set/students" / f"{student.file}.html").read_text()
    assert page.count(">–</td>") == (9 - 5) + (12 - 4) + (12 - 6)
    quiz = (tmp_path / "set/keys/moodle.xml").read_text()
    first = quiz.split("<question ")[2]
    assert len(re.findall(r"\{\d+:NUMERICAL:", first)) == 15
    with ZipFile(io.BytesIO((tmp_path / "set/keys/canvas.zip").read_bytes())) as archive:
        each = [archive.read(n).decode() for n in archive.namelist() if re.fullmatch(r"(\w+)/\1\.xml", n)]
    assert [text.count("numerical_question") for text in each] == [15] * 3
    assert "Row 3 (" in each[0] or "Row 3," in each[0]


def test_marks_of_a_part(tmp_path: Path) -> None:
    """Right answers are right."""
    recipe = tmp_path / "part.toml"
    recipe.write_text(RECIPE)
    make_set(SetOptions(recipe, tmp_path / "set", numbered(1), seed=3))
    key = read_key(tmp_path / "set/keys/key.json")
    marker = Marker(key)
    student = next(iter(key.students.values()))
    right = [[read_typed(f"{x:.3f}") for x in row] for row in student.answers]
    assert {mark.verdict.value for mark in marker.mark(student, right)} == {"right"}


HEAD = {"model": "attention", "size": {"tokens": 3}, "title": "t", "teaches": "t", "minutes": 1, "level": 1}


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        ({"rows": [0]}, "Question 1 of the exercise mine.toml: rows are counted from 1, not [0]."),
        ({"columns": [2, 2]}, "Question 1 of the exercise mine.toml: columns names a place twice: name each once."),
        (
            {"cells": [[1]]},
            "Question 1 of the exercise mine.toml: cells are pairs of a row and a column, such as [[2, 1], [3, 1]].",
        ),
        (
            {"cells": [[1, 1]], "rows": [1]},
            "Question 1 of the exercise mine.toml has both rows and cells: leave one of them out.",
        ),
        (
            {"kind": "missing", "rows": [1]},
            "Question 1 of the exercise mine.toml is of the kind 'missing': leave rows out.",
        ),
    ],
)
def test_what_a_part_may_not_be(ask: dict[str, object], why: str) -> None:
    with pytest.raises(ByhandError) as error:
        exercise_of({**HEAD, "ask": [{"table": "weights", **ask}]}, Path("mine.toml"))
    assert str(error.value) == why


@pytest.mark.parametrize(
    ("ask", "what"),
    [(Ask("Z", rows=(4,)), "row 4"), (Ask("Z", columns=(5,)), "column 5"), (Ask("Z", cells=((1, 5),)), "cell 1,5")],
)
def test_a_part_that_the_table_does_not_have(ask: Ask, what: str) -> None:
    with pytest.raises(ByhandError) as error:
        attention(ask)
    assert str(error.value) == (f"In the exercise one-head, question 1: Z has 3 rows and 4 columns, so no {what}.")
