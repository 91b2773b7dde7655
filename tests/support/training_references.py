"""PyTorch's training references as recipes: GPT-2, and an encoder layer with a classifier, each for a batch of two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np

from byhand.core.graph import Array
from byhand.layers.training import Training
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe

DATA = Path(__file__).parents[1] / "data"
GPT2, ENCODER = "gpt2_train", "torch_encoder_train"


@cache
def expected_of(folder: str) -> dict[str, Array]:
    return dict(np.load(DATA / folder / "grads.npz"))


def expected_parameters(folder: str, kind: str) -> dict[str, Array]:
    """PyTorch's grad, sgd, adam or adam_step2 of every parameter, by its name there."""
    start = f"{kind}."
    return {name.removeprefix(start): a for name, a in expected_of(folder).items() if name.startswith(start)}


def gpt2_recipe(optimizer: str | None, lr: float | None, steps: int = 1, **more: object) -> Recipe:
    """Each position's target is the next label; -100 is none."""
    e = expected_of(GPT2)
    rows = [
        {"ids": ids.tolist(), "targets": [*("_" if t < 0 else int(t) for t in labels[1:]), "_"]}
        for ids, labels in zip(e["input_ids"], e["labels"], strict=True)
    ]
    settings = {"backward": True, "optimizer": optimizer, "lr": lr, "train_steps": steps}
    return Recipe(str(DATA / GPT2), **rows[0], batch=rows[1:], **settings, **more)


def encoder_recipe(optimizer: str | None, lr: float | None, steps: int = 1, **more: object) -> Recipe:
    """A post-norm encoder layer and a linear head over the classes; its input is given as numbers."""
    e = expected_of(ENCODER)
    first, second = ({"targets": labels.tolist()} for labels in e["labels"])
    inputs = {"X": e["x"][0].tolist(), "row2.X": e["x"][1].tolist()}
    settings = {"backward": True, "optimizer": optimizer, "lr": lr, "train_steps": steps}
    return Recipe(str(DATA / ENCODER), **first, batch=[second], size={"tokens": 5}, set=inputs, **settings, **more)


RECIPES = {GPT2: gpt2_recipe, ENCODER: encoder_recipe}
CLOSE = 1e-9
RUNS = {"sgd": ("sgd", 0.1, 2), "adam": ("adam", 0.01, 3)}
"""One step more than PyTorch took, for the loss after its last."""
LOSSES = {"sgd": ["loss", "loss_after_sgd"], "adam": ["loss", "loss_after_adam", "loss_after_adam_step2"]}
UPDATES = {"sgd": {1: "sgd"}, "adam": {1: "adam", 2: "adam_step2"}}
"""After how many steps PyTorch's parameters are known, and under what name."""


def training_of(lesson: Lesson) -> Training:
    assert lesson.graph.training is not None
    return lesson.graph.training


def assert_all_as_pytorch(
    lesson: Lesson, folder: str, run: str, table: Callable[[str], Array], within: float = CLOSE
) -> None:
    """Losses, gradients, their norm and the parameters; `table` has the numbers of a named table."""
    e = expected_of(folder)
    training, assemble = training_of(lesson), lesson.assemble
    for loss, name in zip(training.losses, LOSSES[run], strict=True):
        assert abs(table(loss.name).item() - e[name]) < within, name
    gradients = assemble({path: table(node.name) for path, node in training.gradients.items()})
    close(gradients, expected_parameters(folder, "grad"), within)
    norm = np.sqrt(sum((g**2).sum() for g in gradients.values()))
    assert abs(norm - e["grad_norm"]) < within
    for steps, kind in UPDATES[run].items():
        at = "" if steps == 1 else f"step{steps}."
        updated = assemble({path: table(f"{at}updated.{path}") for path in training.gradients})
        close(updated, expected_parameters(folder, kind), within)


def close(got: Mapping[str, Array], expected: Mapping[str, Array], within: float) -> None:
    assert got.keys() == expected.keys()
    for name, array in expected.items():
        assert got[name].shape == array.shape, name
        np.testing.assert_allclose(got[name], array, rtol=0, atol=within, err_msg=name)
