"""A small network: a linear layer, an activation, and the two linear layers with one between them."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.core.graph import page
from byhand.core.weights import Weights
from byhand.language.architecture import Graph, Inputs
from byhand.language.options import option
from byhand.language.parts import given_table, part, table_of_input
from byhand.layers.activations import ACTIVATIONS
from byhand.layers.feed_forward import feed_forward
from byhand.layers.linear import multiplied


@dataclass(frozen=True)
class LinearOptions:
    rows: int = 2
    ins: int = 3
    outs: int = 2


def build_linear(o: LinearOptions, weight: Weights, inputs: Inputs) -> Graph:
    with page("", "Linear layer", equation="Y = X W + b", column_equation="Y = W X + b"):
        x = given_table("X", weight, o.rows, o.ins, 0, 3)
        product = multiplied(x, weight, "W", o.outs) + weight("b", 1, o.outs)
        return Graph([product.named("Y", role="result")])


LINEAR = part(
    "linear",
    "Linear layer",
    "every feature from all features",
    LinearOptions(),
    build_linear,
    "Rosenblatt 1958",
    sizes={"small": {}, "medium": {"rows": 3, "ins": 4}, "large": {"rows": 4, "ins": 5, "outs": 4}},
)


@dataclass(frozen=True)
class ActivationOptions:
    rows: int = 2
    width: int = 4
    activation: str = option("relu", choices=ACTIVATIONS)


def build_activation(o: ActivationOptions, weight: Weights, inputs: Inputs) -> Graph:
    act, called = ACTIVATIONS[o.activation]
    with page("", "Activation", equation=f"{called}(x)"):
        active = act(given_table("X", weight, o.rows, o.width, -4, 4))
        return Graph([active.named("Y", role="activation")])


ACTIVATION = part(
    "activation",
    "Activation",
    "what a neuron lets through",
    ActivationOptions(),
    build_activation,
    "Nair and Hinton 2010",
    sizes={"small": {}, "medium": {"rows": 3}, "large": {"rows": 4, "width": 6}},
)


@dataclass(frozen=True)
class FeedForwardOptions:
    tokens: int = 3
    d_model: int = 4
    d_ff: int = 8
    activation: str = option("relu", choices=ACTIVATIONS)


def build_feed_forward(o: FeedForwardOptions, weight: Weights, inputs: Inputs) -> Graph:
    with page("", "Feed-forward"):
        x = table_of_input(weight, o.tokens, o.d_model)
        return Graph([feed_forward(x, weight, o.d_ff, o.activation, "Y").with_role("result")])


FEED_FORWARD = part(
    "feed-forward",
    "Feed-forward",
    "the same small network for each word",
    FeedForwardOptions(),
    build_feed_forward,
    "Vaswani et al. 2017",
    sizes={
        "small": {},
        "medium": {"tokens": 4, "d_model": 6, "d_ff": 12},
        "large": {"tokens": 6, "d_model": 8, "d_ff": 16},
    },
    seed=32,
)
