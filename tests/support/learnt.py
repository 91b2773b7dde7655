"""PyTorch's training references as recipes: GPT-2, and an encoder layer with a classifier, each for a batch of two."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from byhand.core.graph import Array
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
