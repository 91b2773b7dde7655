"""Every number of a page is that of the lesson, also after changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.gradient_models import recipe_of as gradient_recipe
from support.lessons import SET_BY_HAND
from support.selection import often

from byhand.lessons.build import build
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS
from byhand.page.build import write_page

CLOSE, CLOSE_BY_FUNCTION = 1e-12, 1e-10
"""What a page may differ by, absolutely or relatively; the second where it has functions of another make, as erf."""
NAMES = [*MODELS, *(f"{model} backward" for model in MODELS if model not in SET_BY_HAND)]
FEW = {"gpt2", "mamba", "vit backward"}


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


@pytest.mark.parametrize("name", often(NAMES, FEW))
def test_every_number_of_a_page(name: str, visit: Any, tmp_path: Path) -> None:
    lesson = build(recipe_for(name))
    path = tmp_path / "page.html"
    assert write_page(lesson, path) < 1_000_000
    visit.open(path)
    got = visit.values()
    assert list(got) == list(lesson.tables)
    assert differences(got, lesson) == {}
