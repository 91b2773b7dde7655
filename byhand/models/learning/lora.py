"""LoRA (Hu et al. 2021): a frozen weight, and two small ones beside it whose product is all that it learns."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.core.graph import Node, page, scope, source
from byhand.core.labels import Labels
from byhand.core.roles import Role
from byhand.core.weights import ALPHA, Weights
from byhand.errors import ByhandError
from byhand.language.architecture import Graph, Inputs
from byhand.language.parts import learning_part, table_of_input

PLACE = "Hu et al. 2021, eq. 3"


@dataclass(frozen=True)
class LoraOptions:
    """rank: r, the columns of A. alpha: what A and B add counts alpha / rank times."""

    tokens: int = 2
    d_model: int = 4
    width: int = 3
    rank: int = 1
    alpha: float = 2.0


def build_lora(o: LoraOptions, weight: Weights, inputs: Inputs) -> Graph:
    if o.rank > min(o.d_model, o.width):
        raise ByhandError(
            f"A weight of {o.d_model}×{o.width} has no need of rank {o.rank}: "
            f"choose one up to {min(o.d_model, o.width)}."
        )
    with page("", "Apart", equation="Y = X W + α / r × (X A) B", source=PLACE):
        x = table_of_input(weight, o.tokens, o.d_model)
        w = weight("W", o.d_model, o.width).with_role(Role.FROZEN)
        a, b = weight("A", o.d_model, o.rank), weight("B", o.rank, o.width)
        alpha = source("alpha", o.alpha, "given", meaning=ALPHA)
        scale = (alpha / o.rank).named("scale")
        low = (x @ a).named("low")  # (T, d) @ (d, r) -> (T, r)
        change = (scale * (low @ b)).named("change")  # (T, r) @ (r, k) -> (T, k)
        y = (x @ w + change).named("Y", role="result")  # (T, d) @ (d, k) -> (T, k)
    with page("", "Merged", equation="Y = X (W + α / r × A B)", source=f"{PLACE.split(',')[0]}, section 4.1"):
        update = (scale * (a @ b)).named("update")  # (d, r) @ (r, k) -> (d, k)
        merged = (w + update).named("W_merged")
        same = (x @ merged).named("Y_merged", role="result")  # (T, d) @ (d, k) -> (T, k)
    return Graph([y, same, *counts(o)])


def counts(o: LoraOptions) -> list[Node]:
    """Return how many numbers W, A and B have, how many learn, and what share of W's. (3, 1), (1, 1), (1, 1)"""
    tables, sides = Labels("tables", ("W", "A", "B")), Labels("sizes", ("rows", "columns"))
    sizes = [[o.d_model, o.width], [o.d_model, o.rank], [o.rank, o.width]]
    with page("", "How many learn"), scope("", "numbers", equation="rows × columns"):
        size = source("size", sizes, "given", rows=tables, columns=sides)
        count = (size.columns(0, 1) * size.columns(1, 2)).named("count")
        learning = count.rows(1, 3).sum(0).named("learning")
        share = (learning / count.rows(0, 1)).named("share", role="result")
    return [count, learning, share]


LORA = learning_part(
    "lora",
    "LoRA",
    "a frozen weight, and a product of two small ones that learns in its place",
    LoraOptions(),
    build_lora,
    "Hu et al. 2021",
    sizes={
        "small": {},
        "medium": {"tokens": 3, "d_model": 6, "width": 4, "rank": 2},
        "large": {"tokens": 4, "d_model": 10, "width": 8, "rank": 2},
    },
    seed=68,
)
