"""exercises/README.md: every key of a recipe is described and stands in an example, and every example works."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from byhand.errors import ByhandError
from byhand.exercises.class_set import SetOptions, make_set
from byhand.exercises.distinct_mistakes import mistakes
from byhand.exercises.draw import Student, variants
from byhand.exercises.exam import ExamTable, PartTable
from byhand.exercises.problem import problem
from byhand.exercises.recipe import (
    LESSON_KEYS,
    AskTable,
    ExerciseTable,
    PartialCredit,
    exercise_of,
    find,
    ready_made_folder,
)
from byhand.exercises.roster import numbered
from byhand.exercises.student_book import StudentBook
from byhand.exercises.worksheet import worksheet

README = (ready_made_folder() / "README.md").read_text("utf-8")
EXAMPLES = [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", README, re.DOTALL)]
KEYS = {
    "recipe": [*LESSON_KEYS, *(f.name for f in fields(ExerciseTable))],
    "ask": [f.name for f in fields(AskTable)],
    "marks": [f.name for f in fields(PartialCredit)],
    "exam": [f.name for f in fields(ExamTable)],
    "exercise": [f.name for f in fields(PartTable)],
}
"""All keys that the reader of recipes takes, by the kind of table."""


def recipes_in(example: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a recipe, or the recipes that stand in an exam."""
    if "exercise" not in example:
        yield example
    yield from (row["recipe"] for row in example.get("exercise", ()) if isinstance(row["recipe"], dict))


def used_keys(example: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the kind of table and the key, of every key in an example."""
    for recipe in recipes_in(example):
        yield from (("recipe", key) for key in recipe)
        yield from (("ask", key) for row in recipe["ask"] for key in row)
        yield from (("marks", key) for key in recipe.get("marks", ()))
    if "exercise" in example:
        yield from (("exam", key) for key in example)
        yield from (("marks", key) for key in example.get("marks", ()))
        yield from (("exercise", key) for row in example["exercise"] for key in row)


@pytest.mark.parametrize(("kind", "key"), [(kind, key) for kind, keys in KEYS.items() for key in keys])
def test_every_key_is_described_and_stands_in_an_example(kind: str, key: str) -> None:
    assert f"`{key}`" in README
    assert (kind, key) in {used for example in EXAMPLES for used in used_keys(example)}


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_makes_an_exercise(number: int) -> None:
    """It can be built, drawn for a class, and written as a workbook and on paper."""
    built = problem(exercise_of(EXAMPLES[number], Path(f"example{number}.toml")))
    shown = mistakes(built)
    made = variants(built, [changed for _, changed in shown], 1, [Student(f"s{n}") for n in range(3)])
    assert len({str([row.tolist() for row in one.answers]) for one in made}) == 3
    assert StudentBook(built).fill(made[0])
    assert worksheet(built, made[0]).blocks


def test_every_field_of_a_key_is_described(tmp_path: Path) -> None:
    text = (ready_made_folder().parent / "docs" / "exercises.md").read_text("utf-8").split("## The key")[1]
    make_set(SetOptions(find("find-the-wrong-score"), tmp_path / "one", numbered(2), seed=1, versions=2))
    make_set(SetOptions(find("midterm"), tmp_path / "other", numbered(2)))
    for folder in ("one", "other"):
        key = json.loads((tmp_path / folder / "keys" / "key.json").read_bytes())
        names = {*key, *key["questions"][0], *next(iter(key["students"].values()))}
        assert {name for name in names if f"`{name}`" not in text} == set()


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 7
    assert sum("exercise" in example for example in EXAMPLES) == 1


ODD: tuple[Any, ...] = (
    *(0, -1, 2.5, 1e308, float("inf"), float("nan"), 10**400, "", "x" * 6000, "a\n\x00b"),
    *([], [[]], [[1, 2], [3]], {}, {"a": 1}, True, [True], [1e308], [float("nan")], ["a", 1], [[1e308]], [10**30, 1]),
)
"""Values that few keys can have."""


def places_in(table: Any, so_far: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every key in a recipe."""
    rows = table.items() if isinstance(table, dict) else enumerate(table) if isinstance(table, list) else ()
    for name, value in rows:
        if isinstance(table, dict):
            yield (*so_far, name)
        if isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict)):
            yield from places_in(value, (*so_far, name))


def with_value(table: Any, place: tuple[Any, ...], value: Any) -> Any:
    """Return a copy of a recipe with another value in a place."""
    name, *rest = place
    copy = table.copy()
    copy[name] = with_value(copy[name], tuple(rest), value) if rest else value
    return copy


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1, 6])
def test_a_value_that_cannot_be_is_refused_in_one_sentence(number: int) -> None:
    """Each odd value, in the place of each value of the examples, makes an exercise or a short sentence."""
    example, sentences = EXAMPLES[number], []
    for place in places_in(example):
        for value in ODD:
            try:
                problem(exercise_of(with_value(example, place, value), Path("mine.toml")))
            except ByhandError as error:
                sentences.append(str(error))
    assert len(sentences) > 100
    assert all(sentence.isprintable() and len(sentence) < 1000 for sentence in sentences)
