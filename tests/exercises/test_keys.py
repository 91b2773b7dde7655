"""The key of a class: what is written is read again, and a file that is not sound is refused."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from byhand.errors import ByhandError
from byhand.exercises.class_set import SetOptions, make_set
from byhand.exercises.draw import Student, variants
from byhand.exercises.keys import questions_of, read_key, student_line, write_key
from byhand.exercises.problem import Problem, problem
from byhand.exercises.recipe import exercise_of, find, read_exercise
from byhand.exercises.roster import Roster
from byhand.exercises.student_book import StudentBook

HEAD = """
model = "attention"
title = "One head"
teaches = "Looking."
minutes = 20
level = 3
whole = ["scaled"]
size = { tokens = 3, d_model = 3, d_k = 4 }

[[ask]]
table = "scores"
places = 0
points = 3

[[ask]]
table = "scaled"
kind = "wrong cell"

[[ask]]
table = "Z"
kind = "cell"
cell = [2, 1]
tolerance = 0.02

[[ask]]
table = "weights"
kind = "choice"
"""
STUDENTS = (Student("s1", 'Ada "the first" Lovelace'), Student("s2", "陳大文"), Student("a/b", "=cmd|'/c calc'!A0"))


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A folder with a class's set."""
    (tmp_path / "head.toml").write_text(HEAD)
    make_set(SetOptions(tmp_path / "head.toml", tmp_path / "class", Roster(STUDENTS), seed=5))
    return tmp_path


def built(table: dict[str, Any]) -> Problem:
    return problem(exercise_of(table, Path("head.toml")))


def test_a_key_holds_all_that_marking_needs(made: Path) -> None:
    """The problem is built again from the key alone, and its answers from the drawn numbers are those of the key."""
    key = read_key(made / "class" / "keys" / "key.json")
    assert (key.exercise, key.seed, key.practice) == ("head", 5, False)
    again = built(key.recipe)
    tables = again.lesson.tables
    for student in key.students.values():
        given = {tables[name]: np.array([rows], dtype=float) for name, rows in student.drawn.items()}
        for question, answers, solved in zip(key.questions, student.answers, again.solve(given), strict=True):
            if question.kind == "wrong cell":
                shown = np.array(student.planted[question.table])
                right = again.solve(given)[1].reshape(shown.shape)
                ((row, column),) = np.argwhere(~np.isclose(shown, right))
                assert answers == [row + 1, column + 1]
            else:
                np.testing.assert_allclose(answers, solved[0], rtol=1e-12, atol=1e-12)


def test_a_key_says_what_is_asked_and_where(made: Path) -> None:
    key = read_key(made / "class" / "keys" / "key.json")
    book = StudentBook(problem(read_exercise(made / "head.toml")))
    assert [(q.table, q.kind, q.points, q.places, q.margin) for q in key.questions] == [
        ("scores", "table", 3, 0, 0.2),
        ("scaled", "wrong cell", 1, 2, 0.005),
        ("Z", "cell", 1, 2, 0.02),
        ("weights", "choice", 1, 2, 0.005),
    ]
    assert [q.sheet for q in key.questions] == ["Attention", "Exercise", "Attention", "Exercise"]
    assert [len(q.cells) for q in key.questions] == [9, 2, 1, 1]
    assert [len(place.cells) for place in book.places] == [9, 2, 1, 1]
    assert all(q.text for q in key.questions)


def test_a_key_names_each_student_and_file(made: Path) -> None:
    key = read_key(made / "class" / "keys" / "key.json")
    assert [(s.id, s.name) for s in key.students.values()] == [(s.id, s.name) for s in STUDENTS]
    files = {f"{s.file}.xlsx" for s in key.students.values()}
    assert files == {path.name for path in (made / "class" / "students").iterdir()}
    assert key.students["s1"].file == "s1"


def test_a_key_has_a_line_for_each_student(made: Path) -> None:
    lines = (made / "class" / "keys" / "key.json").read_text("utf-8").splitlines()
    assert [line.split(":")[0] for line in lines[-len(STUDENTS) - 1 : -1]] == ['"s1"', '"s2"', '"a/b"']


def test_an_empty_class_is_sound_json() -> None:
    file = io.BytesIO()
    write_key(file, {"exercise": "x"}, [], [])
    assert json.loads(file.getvalue())["students"] == {}


def test_numbers_are_written_short_and_exactly() -> None:
    head = problem(read_exercise(find("attention-head")))
    (variant,) = variants(head, [], 0, [Student("s")])
    told = json.loads("{" + student_line(variant, "s") + "}")["s"]
    assert all(isinstance(x, int) for rows in told["drawn"].values() for row in rows for x in row)
    assert told["answers"][1] == variant.answers[1].ravel().tolist()
    places = StudentBook(head).places
    assert questions_of(head, places)[0]["cells"][0] == "H30"


# Keys that are not sound


def refusal(path: Path) -> str:
    with pytest.raises(ByhandError) as error:
        read_key(path)
    return str(error.value)


MADE_AGAIN = "make it again with the command that made the class."


def test_a_key_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert refusal(Path("key.json")) == "There is no key key.json: check its name and folder."
    Path("key.json").mkdir()
    assert refusal(Path("key.json")) == "The key key.json is a folder: name a file in it."


@pytest.mark.parametrize("text", ["", "{", "id,name", "[" * 100_000, '{"a": NaN}', "\xff"])
def test_what_is_no_json(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("key.json").write_bytes(text.encode("latin-1"))
    assert refusal(Path("key.json")) == f"The key key.json is not whole: {MADE_AGAIN}"


@pytest.mark.parametrize("text", ["[]", "7", "{}", '{"byhand": "class set", "version": 1}'])
def test_json_that_is_no_key(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("key.json").write_text(text)
    assert refusal(Path("key.json")) == (
        "key.json is no key of a class: name the key.json that `byhand exercise` has written."
    )


def test_of_what_is_no_key_no_value_is_made(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_bytes(b"[" + b"0.5," * 300_000 + b"1]")
    tracemalloc.start()
    try:
        assert "is no key of a class" in refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 3 * path.stat().st_size
    finally:
        tracemalloc.stop()


def test_a_key_that_is_cut(made: Path) -> None:
    path = made / "class" / "keys" / "key.json"
    whole = path.read_bytes()
    for cut in range(0, len(whole) - 2, 97):
        path.write_bytes(whole[:cut])
        assert refusal(path) == f"The key {path} is not whole: {MADE_AGAIN}"


Change = Callable[[dict[str, Any]], Any]
WRONG: dict[str, Change] = {
    "exercise": lambda key: key.pop("exercise"),
    "seed": lambda key: key.update(seed=True),
    "practice": lambda key: key.update(practice=0),
    "recipe": lambda key: key.update(recipe=[]),
    "questions": lambda key: key.update(questions={}),
    "students": lambda key: key.update(students=[]),
    "question 1, table": lambda key: key["questions"][0].update(table=7),
    "question 2, kind": lambda key: key["questions"][1].update(kind="riddle"),
    "question 1, points": lambda key: key["questions"][0].pop("points"),
    "question 3, cells": lambda key: key["questions"][2].update(cells=["A0"]),
    "question 4, cells": lambda key: key["questions"][3].update(cells=[]),
    "student s1, file": lambda key: key["students"]["s1"].pop("file"),
    "student s1, answers": lambda key: key["students"]["s1"]["answers"][0].pop(),
    "student s2, answers": lambda key: key["students"]["s2"]["answers"].append([1]),
    "student a/b, answers": lambda key: key["students"]["a/b"]["answers"][3].__setitem__(0, "2"),
    "student a/b, drawn": lambda key: key["students"]["a/b"]["drawn"]["X"].append([1]),
    "student s2, planted": lambda key: key["students"]["s2"].update(planted={"scaled": 3}),
}


@pytest.mark.slow
@pytest.mark.parametrize("where", WRONG)
def test_a_key_whose_parts_are_not_sound(where: str, made: Path) -> None:
    path = made / "class" / "keys" / "key.json"
    key = json.loads(path.read_bytes())
    WRONG[where](key)
    path.write_text(json.dumps(key))
    assert refusal(path) == f"The key {path} has no sound '{where}': {MADE_AGAIN}"


def test_a_key_of_a_newer_version(made: Path) -> None:
    path = made / "class" / "keys" / "key.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"version": 2}))
    assert refusal(path) == f"The key {path} is of version 2, which this byhand does not read: update it."


@pytest.mark.slow
@pytest.mark.parametrize("number", ["1e999", "-1e999", "1" + "0" * 400])
@pytest.mark.parametrize("table", ["answers", "drawn"])
def test_a_number_that_is_too_large_for_one_is_not_sound(number: str, table: str, made: Path) -> None:
    """JSON may hold it; read as a number it would be infinite."""
    path = made / "class" / "keys" / "key.json"
    key = json.loads(path.read_bytes())
    student = key["students"]["s1"]
    row = student["answers"][0] if table == "answers" else student["drawn"]["X"][0]
    row[0] = "HERE"
    path.write_text(json.dumps(key).replace('"HERE"', number))
    with pytest.raises(ByhandError) as error:
        read_key(path)
    assert str(error.value).startswith(f"The key {path} ")
