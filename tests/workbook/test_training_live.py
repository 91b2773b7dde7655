"""Training that is live: after an edit, a workbook shows what the changed recipe computes, in every later step."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pytest
from support.editing import edited
from support.lessons import cells_of, load, numbers_of

from byhand.lessons.build import build
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe
from byhand.workbook.build import write_lesson
from byhand.xlsx.cells import Cell, Value
from byhand.xlsx.reader import Contents, read

FOLDER = Path(mkdtemp(prefix="byhand-training-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
RECIPE = Recipe("gpt2", ids=[3, 1, 4], targets=[2, 4, "_"], backward=True, optimizer="adam", lr=0.01, train_steps=3)


@cache
def live() -> tuple[Lesson, Path, Contents]:
    """Three steps of Adam, with targets of which the last is none."""
    made = build(RECIPE)
    path = FOLDER / "live.xlsx"
    write_lesson(made, path)
    return made, path, read(path)


def shown(values: Mapping[Cell, Value]) -> dict[str, Any]:
    made, _, book = live()
    return {table: numbers_of(book, table, values) for table in made.tables}


def assert_shows(values: Mapping[Cell, Value], **change: Any) -> set[str]:
    """The edited book is the book of the changed recipe; the tables that this changes.

    To 1e-7: where a gradient is 0 but for rounding, Adam divides it by little more than 1e-8.
    """
    made = live()[0]
    expected, before = build(replace(made.recipe, **change)).numbers(), made.numbers()
    for table, numbers in shown(values).items():
        np.testing.assert_allclose(numbers, expected[table], rtol=1e-7, atol=1e-7, err_msg=table)
    return {table for table in expected if np.abs(expected[table] - before[table]).max() > 1e-6}


def cell_of(table: str, row: int = 1, column: int = 1) -> Cell:
    return cells_of(live()[2], table)[row - 1][column - 1]


@pytest.mark.slow
def test_the_learning_rate_changes_all_that_comes_after_it_and_nothing_before() -> None:
    _, path, _ = live()
    changed = assert_shows(edited(path, {cell_of("learning_rate"): 0.03}), lr=0.03)
    before = {table for table in changed if not table.startswith(("updated.", "step"))}
    assert before == {"learning_rate"}
    assert {"step2.loss", "step3.loss", "updated.wte", "step2.updated.wte", "step3.updated.layer1.W_1"} <= changed
    assert {"step2.grad.wte", "step3.grad.layer1.head1.W_Q", "step3.logits"} <= changed
    kept = {t for t in live()[0].tables if t.startswith("updated.") and t.endswith(("m_hat", "v_hat", ".m", ".v"))}
    assert kept
    assert not kept & changed


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        ([2, "_", "_"], {2: "_"}),
        pytest.param([5, 4, "_"], {1: 5}, marks=pytest.mark.slow),
        pytest.param([2, 4, 0], {3: 0}, marks=pytest.mark.slow),
    ],
)
@pytest.mark.slow
def test_another_target_changes_the_loss_and_the_gradients(targets: list[Any], words: dict[int, Any]) -> None:
    """Chosen on the home page, by its word, or _ for none."""
    made, path, _ = live()
    (vocabulary,) = made.architecture.vocabularies(made.options)
    cells = target_cells()
    changes = {cells[n - 1]: "_" if word == "_" else vocabulary.words[word] for n, word in words.items()}
    changed = assert_shows(edited(path, changes), targets=targets)
    assert {"loss", "grad.logits", "grad.wte", "step2.loss", "step3.updated.wte", "loss.targets"} <= changed
    assert not {"logits", "layer1.output", "probabilities"} & changed


def target_cells() -> list[Cell]:
    """Where the home page says which words should follow, and its cells let one choose them or none."""
    book = live()[2]
    ((_, row, column),) = [
        at for at, text in book.values.items() if at[0] == "Contents" and str(text).startswith("The words that should")
    ]
    return [("Contents", row + 1, column + n) for n in range(3)]


@pytest.mark.slow
def test_targets_are_drop_downs_that_offer_none() -> None:
    _, path, book = live()
    sheet = load(path)["Contents"]
    for _, row, column in target_cells():
        at = sheet.cell(row + 1, column + 1)
        (rule,) = [r for r in sheet.data_validations.dataValidation if at.coordinate in r.sqref]
        assert rule.type == "list"
    assert [book.values[cell] for cell in target_cells()] == ["dog", "sat", "_"]


@pytest.mark.slow
def test_every_word_as_no_target_shows_an_error_and_no_wrong_number() -> None:
    """The mean of nothing: the cells say so, in place of a number."""
    _, path, _ = live()
    values = edited(path, dict.fromkeys(target_cells(), "_"))
    assert str(values[cell_of("loss")]).startswith("#DIV/0")


@pytest.mark.parametrize(
    ("table", "value"),
    [
        ("wte", -0.5),
        pytest.param("layer1.head1.W_V", 1.5, marks=pytest.mark.slow),
        pytest.param("layer1.norm1.gamma", 2.0, marks=pytest.mark.slow),
    ],
)
@pytest.mark.slow
def test_another_weight_changes_every_step(table: str, value: float) -> None:
    _, path, _ = live()
    cell = cell_of(table, 1, 2)
    changed = assert_shows(edited(path, {cell: value}), set={f"{table}[1,2]": value})
    assert {table, "loss", f"grad.{table}", f"updated.{table}", "step2.loss", f"step3.updated.{table}"} <= changed


@pytest.mark.slow
def test_another_prompt_changes_every_step() -> None:
    made, path, book = live()
    ((_, row, column),) = [
        at for at, text in book.values.items() if at[0] == "Contents" and str(text).startswith("The prompt's words")
    ]
    (vocabulary,) = made.architecture.vocabularies(made.options)
    ids = [6, 0, 2]
    changes = {("Contents", row + 1, column + n): vocabulary.words[i] for n, i in enumerate(ids)}
    changed = assert_shows(edited(path, changes), ids=ids)
    assert {"loss", "step2.loss", "step3.loss", "grad.wte", "updated.wte"} <= changed


@pytest.mark.slow
def test_a_constant_of_the_optimizer_is_live() -> None:
    values = edited(live()[1], {cell_of("beta1"): 0.0})
    got = shown(values)
    np.testing.assert_allclose(got["updated.wte.m"], got["grad.wte"], atol=1e-12)
    assert abs(got["step3.loss"].item() - live()[0].numbers()["step3.loss"].item()) > 1e-6


@pytest.mark.slow
def test_editing_is_live_in_every_program(engine: str) -> None:
    _, path, _ = live()
    changes = {cell_of("learning_rate"): 0.05, target_cells()[0]: "_"}
    assert "step3.loss" in assert_shows(edited(path, changes, engine), lr=0.05, targets=["_", 4, "_"])
