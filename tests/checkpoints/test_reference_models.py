"""Every folder of the reference, in either form of its config: every number that PyTorch computed, within 1e-10."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.reference_models import (
    DATA,
    FOLDERS,
    NO_MODELS,
    SHARED,
    WRITERS,
    expected_of,
    expected_tables,
    folder_of,
    folders,
    forms_of,
    recipe_of,
    story_of,
)
from support.training_references import RECIPES, RUNS, assert_all_as_pytorch

from byhand.lessons.build import build

CLOSE = 1e-10
TRAINED = [name for name in folders(DATA) if name not in FOLDERS]
each_row = pytest.mark.parametrize("row", [0, 1])


def in_each_form(names: list[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("name", "form"), [(name, form) for name in names for form in forms_of(name)])


@pytest.mark.parametrize("place", SHARED)
def test_every_folder_is_of_a_model_and_has_its_copy_in_the_project(place: Path) -> None:
    if not place.is_dir():
        pytest.skip("the project's own copies stand for it")
    there = sorted(path.name for path in place.iterdir() if path.is_dir())
    assert folders(place) == sorted(set(there) - NO_MODELS)
    assert set(folders(place)) <= set(folders(DATA))
    for name in folders(place):
        for path in (place / name).iterdir():
            assert path.read_bytes() == (DATA / name / path.name).read_bytes(), path


@each_row
@in_each_form(FOLDERS)
def test_every_number_is_the_references(name: str, form: str, row: int) -> None:
    numbers = build(recipe_of(name, row, form)).numbers()
    for table, expected in expected_tables(name, row).items():
        assert numbers[table].shape == expected.shape, table
        np.testing.assert_allclose(numbers[table], expected, rtol=0, atol=CLOSE, err_msg=table)
        assert not (numbers[table] != 0)[expected == 0].any(), table


@pytest.mark.slow
@each_row
@in_each_form(WRITERS)
def test_the_words_are_those_that_the_reference_wrote(name: str, form: str, row: int) -> None:
    recipe, words = story_of(name, row, form)
    numbers = build(recipe).numbers()
    for step, (word, logits) in enumerate(zip(words, expected_of(name)["greedy_logits"][row], strict=True), 1):
        at = "" if step == 1 else f"step{step}."
        np.testing.assert_allclose(numbers[f"{at}logits"][-1], logits, rtol=0, atol=CLOSE)
        assert numbers[f"{at}next"] == word


@pytest.mark.parametrize("run", RUNS)
@in_each_form(TRAINED)
def test_it_learns_as_the_reference(name: str, form: str, run: str) -> None:
    optimizer, rate, steps = RUNS[run]
    lesson = build(replace(RECIPES[name](optimizer, rate, steps), model=str(folder_of(name, form))))
    assert_all_as_pytorch(lesson, name, run, lesson.numbers().__getitem__, CLOSE)
