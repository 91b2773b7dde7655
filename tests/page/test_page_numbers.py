"""Every number of a page is that of the lesson, also after changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.browser import page_of
from support.gradient_models import recipe_of as gradient_recipe
from support.lessons import SET_BY_HAND
from support.selection import often

from byhand.core.labels import Tokens
from byhand.core.roles import Role
from byhand.lessons.build import build
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe, read_toml
from byhand.models import MODELS

CLOSE, CLOSE_BY_FUNCTION = 1e-12, 1e-10
"""What a page may differ by, absolutely or relatively; the second where it has functions of another make, as erf."""
NAMES = [*MODELS, *(f"{model} backward" for model in MODELS if model not in SET_BY_HAND)]
FEW = {"gpt2", "softmax backward"}
SWEPT = {name for n, name in enumerate(NAMES) if name.endswith("backward") and n % 4} - FEW
CASES = [
    pytest.param(*case.values, marks=pytest.mark.sweep if case.values[0] in SWEPT else case.marks)
    for case in often(NAMES, FEW)
]
"""CI takes every model forward and every fourth backward, a sweep all."""


def recipe_for(name: str) -> Recipe:
    """A model, or with " backward" its gradients too."""
    model, _, backward = name.partition(" ")
    return gradient_recipe(model) if backward else Recipe(model)


def differences(got: dict[str, Any], lesson: Lesson) -> dict[str, float]:
    """The tables that differ by more than a browser may, each with its largest difference."""
    bound = CLOSE_BY_FUNCTION if any(n.op.name == "erf" for n in lesson.tables.values()) else CLOSE
    found = {}
    for name, right in lesson.numbers().items():
        difference = float(np.max(np.abs(np.array(got[name]) - right) / np.maximum(1, np.abs(right))))
        if not difference <= bound:
            found[name] = difference
    return found


@pytest.mark.parametrize("name", CASES)
def test_every_number_of_a_page(name: str, visit: Any) -> None:
    lesson = build(recipe_for(name))
    path = page_of(lesson.recipe)
    assert path.stat().st_size < 1_000_000
    visit.open(path)
    got = visit.values()
    assert list(got) == list(lesson.tables)
    assert differences(got, lesson) == {}


CHANGED = "gpt2 llama bert transformer t5 mamba lstm mixtral attention softmax".split()
CHANGES = 100


def some_changes(lesson: Lesson, count: int, random: np.random.Generator) -> list[tuple[str, int, int, float]]:
    """Changes of words and weights, anywhere in the model: (table, row and column from 1, number)."""
    given = [n for n in lesson.tables.values() if n.data is not None]
    words = [n for n in given if n.role is Role.TOKENS and isinstance(n.shape[0].labels, Tokens)]
    weights = [n for n in given if n.role is Role.WEIGHT]
    others = weights or [n for n in given if n.role is Role.INPUT]
    changes = []
    for _ in range(count):
        tables = words if words and random.random() < 0.3 else others
        table = tables[random.integers(len(tables))]
        row, column = (int(random.integers(size)) + 1 for size in table.shape)
        of = table.shape[0].labels
        word = table.role is Role.TOKENS and isinstance(of, Tokens)
        number = random.integers(len(of.vocabulary.words)) if word else random.integers(-8, 9) / 4  # type: ignore[union-attr]
        changes.append((table.name, row, column, float(number)))
    return changes


def rebuilt(lesson: Lesson, changes: list[tuple[str, int, int, float]]) -> Lesson:
    """The lesson of a recipe with these words and weights."""
    ids: dict[str, list[int]] = {}
    numbers: dict[str, float] = {}
    for name, row, column, number in changes:
        node = lesson.tables[name]
        if node.role is not Role.TOKENS:
            numbers[f"{name}[{row},{column}]"] = number
            continue
        assert node.data is not None
        field = "target_ids" if name.startswith("decoder") else "ids"
        ids.setdefault(field, [int(n) for n in node.data[:, 0]])[row - 1] = int(number)
    for field, name in (("mask", "padding_mask"), ("segment_ids", "segment_ids")):  # those of the model's own example
        if ids and field in lesson.architecture.takes and name in lesson.tables:
            ids[field] = [int(n) for n in np.ravel(lesson.numbers()[name])]
    return build(replace(lesson.recipe, set=lesson.recipe.set | numbers, **ids))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", often(CHANGED, {"attention"}))
def test_after_a_hundred_changes_all_is_as_if_it_were_built_so(name: str, visit: Any) -> None:
    lesson = build(Recipe(name))
    changes = some_changes(lesson, CHANGES, np.random.default_rng(len(name)))
    visit.open(page_of(lesson.recipe))
    visit.tab.evaluate("(changes) => changes.forEach((change) => byhand.set(...change))", changes)
    assert differences(visit.values(), rebuilt(lesson, changes)) == {}


def test_the_handle_refuses_what_there_is_not(visit: Any) -> None:
    visit.open(page_of(Recipe("gpt2")))
    tables = ("'nothing'", "undefined", "'__proto__'", "Symbol()", "null")
    places = ("0, 1", "9, 1", "1, 0", "1.5, 1", "'1', 1", "NaN, 1", "1")
    numbers = ("'2'", "null", "undefined", "NaN", "Infinity", "1e31")
    calls = {f"value({name})": "There is no table" for name in tables}
    calls |= {f"inputs('wpe', {place})": "has rows 1 to" for place in places}
    calls |= {f"set('wpe', {place}, 2)": "has rows 1 to" for place in places[:-1]}
    calls |= {f"set('wpe', 1, 1, {number})": "is no number" for number in numbers}
    for call, sentence in calls.items():
        with pytest.raises(Exception, match=sentence):
            visit.tab.evaluate(f"byhand.{call}")
    assert differences(visit.values(), build(Recipe("gpt2"))) == {}


@pytest.mark.slow
def test_adam_divides_a_gradient_that_is_0_but_for_rounding_by_its_own_size(visit: Any) -> None:
    """The only numbers of a page that may differ by more than their last digits.

    Softmax ignores what every score of a row has more, so the bias of the keys has the gradient 0. A browser's exp and
    sums round it to another number of 1e-17 than numpy's; Adam's first step makes lr g / (|g| + 1e-8) of either.
    """
    worksheet = read_toml(Path(__file__).parents[2] / "worksheets" / "gpt2-training.toml")
    lesson = build(Recipe(**worksheet))
    visit.open(page_of(lesson.recipe))
    got, right = visit.values(), lesson.numbers()
    differing = differences(got, lesson)
    assert max(differing.values(), default=0) < 1e-8
    assert all(name.startswith(("updated.", "step")) for name in differing)
    gradients = [np.array(table["grad.layer1.head1.b_K"]) for table in (got, right)]
    assert max(np.abs(g).max() for g in gradients) < 1e-15
    steps = [0.02 * g / (np.abs(g) + 1e-8) for g in gradients]
    new = [np.array(table["updated.layer1.head1.b_K"]) for table in (got, right)]
    assert np.allclose(new[0] - new[1], steps[1] - steps[0], rtol=1e-6, atol=1e-15)
