"""Gradient clipping (Pascanu et al. 2013): gradients that are long together are made shorter, all by one factor."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.core.graph import page, source
from byhand.core.ops import beside, maximum, sqrt
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language.architecture import Graph, Inputs
from byhand.language.parts import given_table, learning_part

PLACE = "Pascanu et al. 2013, algorithm 1"


@dataclass(frozen=True)
class ClippingOptions:
    """largest: how long all gradients together may be."""

    ins: int = 3
    outs: int = 2
    largest: float = 1.0


def build_clipping(o: ClippingOptions, weight: Weights, inputs: Inputs) -> Graph:
    if o.largest == 0:
        raise ByhandError("largest is how long the gradients may be together: choose a number above 0.")
    with page("", "How long", equation="√ Σ g², over all weights", source=PLACE):
        g_w, g_b = given_table("g_W", weight, o.ins, o.outs), given_table("g_b", weight, 1, o.outs)
        sums = [
            (g * g).named(f"squares_{n}").sum(1).named(f"rows_{n}").sum(0).named(f"sum_{n}")
            for n, g in (("W", g_w), ("b", g_b))
        ]
        length = sqrt(beside(*sums).sum(1)).named("length")
    with page("", "Clip", equation="g × c / max(length, c)", source=PLACE):
        largest = source("c", o.largest, "given", meaning="how long all gradients together may be")
        factor = (largest / maximum(length, largest)).named("factor")
        clipped_w, clipped_b = ((g * factor).named(f"clipped_{n}", role="result") for n, g in (("W", g_w), ("b", g_b)))
    return Graph([clipped_w, clipped_b])


CLIPPING = learning_part(
    "gradient-clipping",
    "Gradient clipping",
    "gradients made shorter, all by one factor",
    ClippingOptions(),
    build_clipping,
    PLACE.split(",")[0],
    sizes={"small": {}, "medium": {"ins": 4, "outs": 3}, "large": {"ins": 8, "outs": 6}},
)
