"""The parts about learning against PyTorch: each loss written from its paper, with autograd's gradients.

learning.json was made in float64, with random numbers; the balance loss there is transformers' own function (made to
count in float64, too), and the variants of DPO and GRPO are trl's formulas.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import answer, refusal

from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS
from byhand.workbook.build import write_lesson
from byhand.xlsx.reader import read
from byhand.xlsx.recalculate import recalculate_books
from byhand.xlsx.verify import compare

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "data" / "learning.json").read_text("utf-8"))
PARTS = [name for name, model in ((name, MODELS[name]) for name in MODELS) if model.family == "learning"]


def recipe(case: dict[str, Any]) -> Recipe:
    return Recipe(case["model"], size=case["size"], set=case["set"], backward=case["backward"])


def test_each_part_has_a_reference() -> None:
    assert {case["model"] for case in CASES} == set(PARTS)


def test_losses_and_gradients_are_those_of_torch() -> None:
    for case in CASES:
        numbers = build(recipe(case)).numbers()
        for table, expected in case["expected"].items():
            np.testing.assert_allclose(numbers[table], expected, rtol=1e-11, atol=1e-11, err_msg=f"{case} {table}")


@pytest.mark.slow
def test_their_books_with_gradients_are_right(engine: str, tmp_path: Path) -> None:
    """One of each part; all are computed at once."""
    books = []
    for case in {case["model"]: case for case in CASES}.values():
        write_lesson(build(recipe(case)), path := tmp_path / f"{case['model']}.xlsx")
        books.append(read(path))
    reports = [compare(*pair, engine) for pair in zip(books, recalculate_books(books, engine), strict=True)]
    assert "\n".join(line for report in reports if not report.ok for line in report.lines()) == ""


def test_advantages_of_equal_rewards_are_zero() -> None:
    numbers = build(Recipe("grpo", set={"rewards": 1})).numbers()
    assert np.array_equal(numbers["advantage"], np.zeros((4, 1)))


def test_gradients_that_are_short_stay() -> None:
    numbers = build(Recipe("gradient-clipping", set={"g_W": 0, "g_b": 0})).numbers()
    assert numbers["factor"] == 1


@pytest.mark.usefixtures("here")
@pytest.mark.slow
def test_what_cannot_be_is_refused() -> None:
    for command, message in {
        "run lora --size rank=4": "A weight of 4×3 has no need of rank 4: choose one up to 3.",
        "run dropout --size p=1": "p is the share of the numbers that are dropped, from 0 to below 1, not 1.",
        "run gradient-clipping --size largest=0": "choose a number above 0.",
        "run distillation --size temperature=0": "The temperature is above 0",
        "run distillation --size mix=1.5": "mix from 0 to 1",
        "run balance-loss --size chosen=4": "A word cannot be sent to 4 of 3 experts",
        "run grpo --size answers=1,spread=sample": "One answer has no deviation over G − 1",
        "run dpo --backward --optimizer sgd": "dpo has no weights for an optimizer to change",
        "run dpo --backward --targets 1": "dpo predicts no words",
        "run dpo --set policy=-100000 --set policy[1,2]=-1 --set beta=1e6": "not finite",
    }.items():
        assert message in refusal(command), command


def test_the_list_names_them() -> None:
    listed = answer("byhand models learning")
    assert all(f"\n  {name} " in listed for name in PARTS)
