"""Options chosen together: gradients, workbooks and explanations follow them, and pages say what they compute."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import byhand

from byhand.core.graph import Array, Node, fold
from byhand.lessons.build import build
from byhand.lessons.command import command
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe
from byhand.workbook.build import write_lesson
from byhand.xlsx.verify import verify

CHOICES: dict[str, tuple[Any, ...]] = {
    "norm": ("layer", "rms"),
    "norm_place": ("pre", "post", "both"),
    "activation": ("gelu", "silu"),
    "gated": (True, False),
    "attention": ("full", "causal", "window", "strided"),
    "kv_heads": (0, 1),
    "tied": (True, False),
    "temperature": (1.0, 2.5),
    "parallel": (True, False),
    "score_scale": (0.0, 1.0, 3.0),
    "score_cap": (0.0, 5.0),
    "attention_bias": (True, False),
    "mlp_bias": (True, False),
}
POSITIONS = ("sinusoidal", "learned", "rotary", "alibi", "relative", "none")
MODELS: dict[str, dict[str, Any]] = {
    "gpt2": {"targets": ["_", 4, 1]},
    "llama": {"targets": [2, "_", 1]},
    "bert": {"ids": [1, 4, 3, 2], "targets": ["_", "_", 5, "_"]},
    "vit": {"targets": [1]},
    "t5": {"targets": [3, "_", 1]},
    "transformer": {"targets": ["_", 2, 4]},
}
COMBINATIONS = [(model, positions) for model in MODELS for positions in POSITIONS]
SWEEP = [pytest.param(*one, marks=[pytest.mark.slow] if n % 3 else []) for n, one in enumerate(COMBINATIONS)]
"""By default every third."""


@cache
def lesson_of(model: str, positions: str) -> Lesson:
    """The model with options drawn anew for each kind of positions, small enough to differentiate cell by cell."""
    draw = random.Random(f"{model} {positions}")
    size: dict[str, Any] = {name: draw.choice(words) for name, words in CHOICES.items()} | {"positions": positions}
    if model in ("t5", "transformer"):
        size.pop("parallel")
    if model == "vit":
        size.pop("tied")
    return build(Recipe(model, size=size, backward=True, **MODELS[model]))


def learnt(made: Lesson) -> dict[Node, Array]:
    """Its weights, each moved a little, so that none is at a kink."""
    draw = np.random.default_rng(5)
    weights = [n for n in made.tables.values() if n.role == "weight" and n.data is not None]
    return {n: n.data + draw.uniform(-0.3, 0.3, n.shape) for n in weights if n.data is not None}


def slope(loss: Node, point: dict[Node, Array], direction: dict[Node, Array], h: float) -> float:
    """Of the loss, along a direction in which all weights move at once: exact up to h⁴."""
    moved = [fold([loss], {n: point[n] + k * h * direction[n] for n in point})[loss].item() for k in (-2, -1, 1, 2)]
    return float(np.dot([1, -8, 8, -1], moved) / (12 * h))


@pytest.mark.parametrize(("model", "positions"), SWEEP)
def test_gradients_are_the_slopes_of_the_loss(model: str, positions: str) -> None:
    made = lesson_of(model, positions)
    point, training = learnt(made), made.graph.training
    assert training is not None
    values = fold([*training.losses, *training.backward.gradients.values()], point)
    draw = np.random.default_rng(11)
    for _ in range(3):
        direction = {n: draw.normal(size=n.shape) for n in point}
        got = sum(float((values[training.backward.gradients[n]] * direction[n]).sum()) for n in point)
        assert got == pytest.approx(slope(training.losses[0], point, direction, 3e-4), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize(("model", "positions"), SWEEP)
def test_a_heads_page_says_what_is_done_to_its_scores(model: str, positions: str) -> None:
    made = lesson_of(model, positions)
    numbers = made.numbers()
    seen = 0
    for path, node in made.tables.items():
        if node.role != "scores" or path.startswith("grad."):
            continue
        head, says = path.rpartition(".")[0], node.page.equation if node.page else ""
        assert ("mask(" in says) == (f"{head}.masked" in made.tables), says
        assert ("cap(" in says) == (f"{head}.capped" in made.tables), says
        assert ("+ bias" in says or "+ m × distance" in says) == (f"{head}.biased" in made.tables), says
        divisor = 1.0
        if f"{head}.scaled" in made.tables:
            used = np.abs(numbers[path]) > 1e-9
            divisor = float(np.mean(numbers[path][used] / numbers[f"{head}.scaled"][used])) if used.any() else 0
        d_k = int(made.tables[f"{head}.Q"].shape[1])
        said = next((n for text, n in ((" / √d_k", d_k**0.5), (" / 3", 3.0)) if text in says), 1.0)
        assert divisor in (0, pytest.approx(said)), says
        seen += 1
    assert seen >= 2


@pytest.mark.slow
@pytest.mark.parametrize(("model", "positions"), COMBINATIONS)
def test_its_workbook_with_gradients_is_what_programs_reckon(model: str, positions: str, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    write_lesson(lesson_of(model, positions), path)
    report = verify(path)
    assert report.ok, "\n".join(report.lines())


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["md", "html"])
@pytest.mark.parametrize(("model", "positions"), COMBINATIONS)
def test_its_whole_lesson_is_explained(model: str, positions: str, suffix: str, tmp_path: Path) -> None:
    made, path = lesson_of(model, positions), tmp_path / f"lesson.{suffix}"
    line = command(made.recipe, "explain").removeprefix("byhand ")
    done = byhand(f"byhand {line} -o {path}")
    assert done.exit_code == 0, done.output
    text = path.read_text("utf-8")
    assert len(text) > 10_000
    assert all(bad not in text for bad in ("nan", "None", "inf ", "Traceback"))
