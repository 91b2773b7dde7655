"""The first steps of a course, each on a sheet of its own: products, activation, linear layer, prediction, loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from byhand.core.graph import Dim, Node, labels_of, page, scope, source
from byhand.core.labels import Labels
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs, words
from byhand.language.options import option
from byhand.layers.activations import ACTIVATIONS
from byhand.layers.attention import attend, attention_equations, softmax
from byhand.layers.linear import linear
from byhand.models.parts.building_blocks import part, table_of_input


def table(name: str, weight: Weights, rows: int, columns: int, least: int = -2, most: int = 3) -> Node:
    """Small whole numbers from the seed and the table's name. (rows, columns)"""
    draw = np.random.default_rng([weight.seed, rows, columns, *name.encode()])
    of = labels_of(rows), labels_of(columns)
    return source(name, draw.integers(least, most + 1, size=(rows, columns)), "input", *of)


@dataclass(frozen=True)
class DotOptions:
    """columns: how many columns the row x meets, one after the other."""

    width: int = 4
    columns: int = 1


def build_dot(o: DotOptions, weight: Weights, inputs: Inputs) -> Graph:
    with page("", "Dot product", equation="x · y = Σ xᵢ yᵢ"):
        x, y = table("x", weight, 1, o.width), table("y", weight, o.width, o.columns)
        return Graph([(x @ y).named("product", role="result")])  # (1, n) @ (n, columns) -> (1, columns)


@dataclass(frozen=True)
class ProductOptions:
    rows: int = 2
    inner: int = 3
    columns: int = 2


def build_product(o: ProductOptions, weight: Weights, inputs: Inputs) -> Graph:
    with page("", "Matrix product", equation="cᵢⱼ = Σ aᵢₖ bₖⱼ"):
        a, b = table("A", weight, o.rows, o.inner), table("B", weight, o.inner, o.columns)
        return Graph([(a @ b).named("C", role="result")])


@dataclass(frozen=True)
class ActivationOptions:
    rows: int = 2
    width: int = 4
    activation: str = option("relu", choices=ACTIVATIONS)


def build_activation(o: ActivationOptions, weight: Weights, inputs: Inputs) -> Graph:
    act, called = ACTIVATIONS[o.activation]
    with page("", "Activation", equation=f"{called}(x)"):
        active = act(table("X", weight, o.rows, o.width, -4, 4))
        return Graph([active.named("Y", role="activation")])


@dataclass(frozen=True)
class LinearOptions:
    rows: int = 2
    ins: int = 3
    outs: int = 2


def build_linear(o: LinearOptions, weight: Weights, inputs: Inputs) -> Graph:
    with page("", "Linear layer", equation="Y = X W + b", column_equation="Y = W X + b"):
        x = table("X", weight, o.rows, o.ins, 0, 3)
        product = x @ weight("W", o.ins, o.outs) + weight("b", 1, o.outs)
        return Graph([product.named("Y", role="result")])


@dataclass(frozen=True)
class PredictionOptions:
    tokens: int = 1
    d_model: int = 2
    vocab: int = 3


def build_prediction(o: PredictionOptions, weight: Weights, inputs: Inputs) -> Graph:
    vocabulary = words("vocabulary", o.vocab)
    with page("", "Prediction"):
        x = table_of_input(weight, o.tokens, o.d_model)
        with scope("", "logits", equation="x W + b", column_equation="W x + b", look=Look.RESULT):
            logits = linear(x, weight, "vocab", Dim(o.vocab, vocabulary)).named("logits", role="result")
        return Graph([softmax(logits).named("probabilities", role="result")], logits=logits)


@dataclass(frozen=True)
class CrossOptions:
    tokens: int = 2
    source_tokens: int = 3
    d_model: int = 4
    d_k: int = 2
    base: float = option(0.0, zero="e")


def build_cross(o: CrossOptions, weight: Weights, inputs: Inputs) -> Graph:
    here = words("target_words", o.tokens)
    there = Labels("source_words", tuple(f"{word}′" for word in words("", o.source_tokens).words))
    with page("", "Cross-attention", **attention_equations(False)):
        x = table("X", weight, Dim(o.tokens, here), o.d_model, 0, 3)
        memory = table("memory", weight, Dim(o.source_tokens, there), o.d_model, 0, 3)
        q = linear(x, weight, "Q", o.d_k, bias=False).named("Q")
        k = linear(memory, weight, "K", o.d_k, bias=False).named("K")
        v = linear(memory, weight, "V", o.d_k, bias=False).named("V")
        return Graph([attend(q, k, v, None, base=o.base or None).with_role("result")])


BASICS: tuple[Architecture, ...] = (
    part(
        "dot-product",
        "Dot product",
        "two rows of numbers to one number",
        DotOptions(),
        build_dot,
        "Grassmann 1844",
        sizes={"small": {}, "medium": {"width": 6}, "large": {"width": 8}},
    ),
    part(
        "matrix-product",
        "Matrix product",
        "each row by each column",
        ProductOptions(),
        build_product,
        "Cayley 1858",
        sizes={"small": {}, "medium": {"rows": 3, "inner": 4}, "large": {"rows": 4, "inner": 5, "columns": 4}},
    ),
    part(
        "activation",
        "Activation",
        "what a neuron lets through",
        ActivationOptions(),
        build_activation,
        "Nair and Hinton 2010",
        sizes={"small": {}, "medium": {"rows": 3}, "large": {"rows": 4, "width": 6}},
    ),
    part(
        "linear",
        "Linear layer",
        "every feature from all features",
        LinearOptions(),
        build_linear,
        "Rosenblatt 1958",
        sizes={"small": {}, "medium": {"rows": 3, "ins": 4}, "large": {"rows": 4, "ins": 5, "outs": 4}},
    ),
    part(
        "prediction",
        "Prediction",
        "features to the probabilities of words",
        PredictionOptions(),
        build_prediction,
        "Bengio et al. 2003",
        sizes={"small": {}, "medium": {"tokens": 2, "vocab": 4}, "large": {"tokens": 3, "d_model": 4, "vocab": 6}},
    ),
    part(
        "cross-attention",
        "Cross-attention",
        "each word of one sentence looks at those of another",
        CrossOptions(),
        build_cross,
        "Vaswani et al. 2017",
        sizes={
            "small": {},
            "medium": {"tokens": 3, "d_k": 4},
            "large": {"tokens": 4, "source_tokens": 5, "d_model": 6, "d_k": 4},
        },
    ),
)
