"""Scripts of models with options drawn at random: each table as the lesson has it, in a process without byhand."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from byhand.code.build import script
from byhand.code.script import variable
from byhand.errors import ByhandError
from byhand.language.options import Option, option_records
from byhand.lessons.build import build
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS

RUNNER = """
import json, runpy, sys
sys.modules["byhand"] = None  # importing it fails
import numpy as np
for name in sys.argv[1:]:
    found = {k: v for k, v in runpy.run_path(name).items() if isinstance(v, np.ndarray)}
    np.savez(name + ".npz", **found)
"""


def drawn(draw: random.Random) -> Recipe:
    """Return a recipe with options that may be invalid together."""
    model = draw.choice(list(MODELS))
    options = MODELS[model].options
    records = option_records(options)
    names = draw.sample(list(records), min(len(records), draw.randint(1, 5)))
    size = {name: value_of(getattr(options, name), records[name], draw) for name in names}
    learning: dict[str, Any] = {}
    if draw.random() < 0.3:
        learning = {"backward": True}
        if draw.random() < 0.5:
            learning |= {"train_steps": draw.randint(1, 2), "optimizer": draw.choice(["sgd", "adam"])}
    elif draw.random() < 0.3:
        learning = {"generate": 2}
    return Recipe(model, size=size, seed=draw.randint(0, 9), **learning)


def value_of(default: Any, about: Option, draw: random.Random) -> Any:
    """Return a value for an option, of the type that it has."""
    if isinstance(default, bool):
        return draw.random() < 0.5
    if isinstance(default, str):
        return draw.choice(about.choices) if about.choices else default
    if isinstance(default, float):
        return draw.choice([default, 0.5, 1.0, 3.0])
    return draw.choice([default, 0 if about.zero else 1, 1, 2, 3, 4, 6, 8])


def lessons(count: int) -> list[tuple[str, Lesson]]:
    """Return lessons of valid recipes, each with what was drawn."""
    draw, found = random.Random(15), []
    while len(found) < count:
        recipe = drawn(draw)
        try:
            lesson = build(recipe)
        except ByhandError:
            continue
        if len(lesson.tables) <= 2000:
            found.append((f"{recipe.model} {recipe.size} {recipe.backward} {recipe.optimizer} {recipe.seed}", lesson))
    return found


@pytest.mark.parametrize("count", [4, pytest.param(200, marks=pytest.mark.sweep)])
def test_scripts_follow_any_options(count: int, tmp_path: Path) -> None:
    """A gradient of 0 that Adam divides by its own size is a quotient of rounding errors: there 1e-9 is allowed."""
    made = lessons(count)
    files = [f"{n}.py" for n in range(count)]
    for file, (_, lesson) in zip(files, made, strict=True):
        (tmp_path / file).write_text(script(lesson)[0])
    (tmp_path / "runner").write_text(RUNNER)
    subprocess.run([sys.executable, "runner", *files], cwd=tmp_path, check=True, capture_output=True)
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--output-format", "json", "."]
    checked = subprocess.run(ruff, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert json.loads(checked.stdout) == []
    for file, (what, lesson) in zip(files, made, strict=True):
        near = 1e-9 if lesson.recipe.optimizer == "adam" else 1e-12
        with np.load(tmp_path / f"{file}.npz") as found:
            for name, numbers in lesson.numbers().items():
                there = found[variable(name)]
                assert there.shape == numbers.shape, (what, name)
                np.testing.assert_allclose(there, numbers, rtol=near, atol=near, err_msg=f"{what}, {name}")
