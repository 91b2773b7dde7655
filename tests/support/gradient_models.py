"""Models whose gradients are checked, built once a worker, and slopes measured by moving each cell a little."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from byhand.core.graph import Array, Node, fold
from byhand.lessons.build import build
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS
from support.lessons import SET_BY_HAND

TARGETS = {name: ["_", 3, "_", 5, 1] for name in ("bert", "roberta", "distilbert", "albert")}
GRADIENT_MODELS: dict[str, dict[str, Any]] = {
    **{name: {} for name in MODELS if name not in SET_BY_HAND},
    "vit": {"targets": [1]},
    "transformer-xl": {"size": {"segment": 4}},
    "feed-forward gelu": {"size": {"activation": "gelu"}},
    "feed-forward gelu_tanh": {"size": {"activation": "gelu_tanh"}},
    "softmax base": {"size": {"base": 3.0}},
    "attention causal": {"size": {"causal": True, "bias": True}},
    "multi-head causal": {"size": {"causal": True, "bias": True}},
    "encoder-layer": {"targets": [1, "_", 2]},
    "prediction": {"targets": [2]},
    "encoder-layer batch": {"targets": [1, "_", 2], "batch": [{"targets": [0, 0, 1]}]},
    "gpt2 deep": {"size": {"layers": 2}},
    "bert deep": {"size": {"layers": 2}},
    "transformer deep": {"size": {"encoder_layers": 2, "decoder_layers": 2}},
    "gpt2 smoothed": {"label_smoothing": 0.2, "targets": [3, "_", 5]},
    "gpt2 batch": {"ids": [3, 1, 4], "batch": [{"ids": [1, 5]}, {"ids": [2, 2, 6, 0]}]},
}


def recipe_of(name: str, **more: Any) -> Recipe:
    model = name.partition(" ")[0]
    usual = {"targets": TARGETS[model], "ids": [1, 5, 3, 2, 6]} if model in TARGETS else {}
    seed = MODELS[model].seed  # random weights: what a model has learnt leaves gradients that are 0 but for rounding
    return Recipe(model, backward=True, **{"seed": seed, **usual, **GRADIENT_MODELS[name], **more})


GRADIENTS_OFTEN = {
    *"softmax layernorm gpt2 transformer llama lstm".split(),
    *("attention causal", "encoder-layer batch", "gpt2 smoothed"),
}
"""Those that the default run tries."""


@cache
def lesson_of(name: str) -> Lesson:
    return build(recipe_of(name))


def differences(loss: Node, node: Node, given: Mapping[Node, Array], h: float = 3e-5) -> Array:
    """The slope of the loss by each cell of a table, from four points each: exact up to h⁴."""
    here = given.get(node, node.data)
    assert here is not None
    steps = np.eye(here.size).reshape(here.size, *here.shape) * h
    moved = np.stack([here + n * steps for n in (-2, -1, 1, 2)])
    values = fold([loss], {**given, node: moved})[loss]
    if values.ndim == 2:  # nothing follows from the table
        return np.zeros(here.shape)
    slopes = np.tensordot([1, -8, 8, -1], values[..., 0, 0], 1) / (12 * h)
    return slopes.reshape(here.shape)
