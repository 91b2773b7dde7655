"""Dropout (Srivastava et al. 2014): while a model learns, some of its numbers are 0, and the others make up for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from byhand.core.graph import page, source
from byhand.core.ops import alias
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language.architecture import Graph, Inputs
from byhand.language.parts import learning_part, table_of_input

PLACE = "Srivastava et al. 2014"


@dataclass(frozen=True)
class DropoutOptions:
    """p: the probability with which a number is dropped."""

    tokens: int = 3
    width: int = 4
    p: float = 0.5


def build_dropout(o: DropoutOptions, weight: Weights, inputs: Inputs) -> Graph:
    if o.p >= 1:
        raise ByhandError(f"p is the share of the numbers that are dropped, from 0 to below 1, not {o.p:g}.")
    with page("", "While it learns", equation="Y = X × mask / (1 − p)", source=f"{PLACE}, section 10"):
        x = table_of_input(weight, o.tokens, o.width)
        p = source("p", o.p, "given", meaning="the probability with which a number is dropped")
        uniform = np.random.default_rng([weight.seed, o.tokens, o.width, 7]).random((o.tokens, o.width))
        kept = (uniform >= o.p).astype(float)
        mask = source("mask", kept, "given", rows=x.shape[0].labels, meaning="1 for a number that stays, 0 for others")
        left = (x * mask).named("left")
        y = (left / (1 - p)).named("Y", role="result")
    with page("", "When it is used", equation="Y = X", source=f"{PLACE}, figure 2"):
        used = alias(x).named("Y_used", role="result")
    return Graph([y, used])


DROPOUT = learning_part(
    "dropout",
    "Dropout",
    "some numbers set to 0 while a model learns, the others scaled up",
    DropoutOptions(),
    build_dropout,
    PLACE,
    sizes={"small": {}, "medium": {"tokens": 4, "width": 6}, "large": {"tokens": 6, "width": 8}},
    seed=4,
)
