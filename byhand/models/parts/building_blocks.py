"""The parts of a transformer on their own, where a class begins."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from byhand.core.graph import Dim, Node, current_scope, page, source
from byhand.core.labels import Labels, token_ids
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs, example, words
from byhand.language.options import option
from byhand.layers.activations import ACTIVATIONS
from byhand.layers.attention import attention_equations, attention_head, join_heads, multi_head, softmax
from byhand.layers.feed_forward import feed_forward
from byhand.layers.linear import embed
from byhand.layers.masks import causal_mask
from byhand.layers.norms import layer_norm
from byhand.layers.positions import position_column, sinusoidal

SEED = 1435
"""Draws an input without two equal rows, and attention that is neither flat nor all on one word."""


def table_of_input(weight: Weights, tokens: int, width: int) -> Node:
    """X: small whole numbers from the seed, a row for each word; others for each row of a batch. (tokens, width)"""
    row = [crc32(place.encode())] if (place := current_scope().path) else []
    numbers = np.random.default_rng([weight.seed, tokens, width, *row]).integers(0, 4, size=(tokens, width))
    return source("X", numbers, role="input", rows=words("words", tokens))


@dataclass(frozen=True)
class SoftmaxOptions:
    rows: int = 3
    width: int = 4
    temperature: float = 1.0
    base: float = option(0.0, zero="e")


def build_softmax(o: SoftmaxOptions, weight: Weights, inputs: Inputs) -> Graph:
    with page("", "Softmax", source="Bridle 1990"):
        x = table_of_input(weight, o.rows, o.width)
        temperature = source("T", o.temperature, role="input")
        divided = (x / temperature).named("divided", role="temperature")
        p = softmax(divided, base=o.base or None)
        return Graph([p.named("probabilities", role="result")])


@dataclass(frozen=True)
class NormOptions:
    rows: int = 3
    width: int = 4
    eps: float = 1e-5


def build_layernorm(o: NormOptions, weight: Weights, inputs: Inputs) -> Graph:
    with page("", "Layer norm"):
        return Graph(
            [layer_norm(table_of_input(weight, o.rows, o.width), weight, "norm", o.eps).named("Y", role="result")]
        )


@dataclass(frozen=True)
class AttentionOptions:
    tokens: int = 3
    d_model: int = 4
    d_k: int = 2
    causal: bool = False
    bias: bool = False
    base: float = option(0.0, zero="e")


def build_attention(o: AttentionOptions, weight: Weights, inputs: Inputs) -> Graph:
    with page("", "Attention", **attention_equations(o.causal)):
        x = table_of_input(weight, o.tokens, o.d_model)
        mask = causal_mask(x.shape[0]) if o.causal else None
        z = attention_head(x, x, weight, o.d_k, mask, o.bias, base=o.base or None)
        return Graph([z.with_role("result")])


@dataclass(frozen=True)
class MultiHeadOptions:
    tokens: int = 3
    d_model: int = 4
    heads: int = option(2, counts="heads")
    causal: bool = False
    bias: bool = False
    base: float = option(0.0, zero="e")


def build_multi_head(o: MultiHeadOptions, weight: Weights, inputs: Inputs) -> Graph:
    with page("", "Input"):
        x = table_of_input(weight, o.tokens, o.d_model)
    mask = causal_mask(x.shape[0]) if o.causal else None
    z = multi_head(x, x, weight, o.heads, mask, o.bias, base=o.base or None)
    with page("", "Output"):
        return Graph([join_heads(z, weight, o.d_model, o.bias, "Y").with_role("result")])


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


@dataclass(frozen=True)
class PositionOptions:
    tokens: int = 6
    d_model: int = 6


def build_positions(o: PositionOptions, weight: Weights, inputs: Inputs) -> Graph:
    with page("", "Positions"):
        rows = Dim(o.tokens, Labels("places", tuple(f"place {n}" for n in range(o.tokens))))
        return Graph([sinusoidal(position_column(rows), o.d_model).with_role("result")])


@dataclass(frozen=True)
class EmbeddingOptions:
    vocab: int = 8
    d_model: int = 4


def vocabularies_of_embedding(o: EmbeddingOptions) -> tuple[Labels, ...]:
    return (words("vocabulary", o.vocab),)


def build_embedding(
    o: EmbeddingOptions,
    weight: Weights,
    inputs: Inputs,
    vocabularies: Callable[[EmbeddingOptions], tuple[Labels, ...]] = vocabularies_of_embedding,
) -> Graph:
    (vocabulary,) = vocabularies(o)
    ids = token_ids("ids", inputs.ids or example([1, 2, 4], o.vocab), vocabulary)
    with page("", "Embedding"):
        table = weight("E", Dim(o.vocab, vocabulary), o.d_model)
        return Graph([embed(table, ids, "embedded").with_role("result")])


def part(name: str, title: str, about: str, options: Any, build: Any, source: str, **more: Any) -> Architecture:
    return Architecture(name, title, "part", source, about, options, build, seed=SEED, **more)


PARTS = (
    part(
        "softmax",
        "Softmax",
        "scores to probabilities",
        SoftmaxOptions(),
        build_softmax,
        "Bridle 1990",
        sizes={"small": {}, "medium": {"rows": 4, "width": 6}, "large": {"rows": 6, "width": 10}},
    ),
    part(
        "layernorm",
        "Layer norm",
        "each row to mean 0 and variance 1",
        NormOptions(),
        build_layernorm,
        "Ba et al. 2016",
        sizes={"small": {}, "medium": {"rows": 4, "width": 6}, "large": {"rows": 6, "width": 8}},
    ),
    part(
        "attention",
        "One attention head",
        "each word looks at every word",
        AttentionOptions(),
        build_attention,
        "Vaswani et al. 2017",
        sizes={
            "small": {},
            "medium": {"tokens": 4, "d_model": 6, "d_k": 4},
            "large": {"tokens": 6, "d_model": 8, "d_k": 4},
        },
    ),
    part(
        "multi-head",
        "Multi-head attention",
        "several heads, joined",
        MultiHeadOptions(),
        build_multi_head,
        "Vaswani et al. 2017",
        sizes={"small": {}, "medium": {"tokens": 4, "d_model": 6, "heads": 3}, "large": {"tokens": 6, "d_model": 8}},
    ),
    part(
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
    ),
    part(
        "positions",
        "Positional encoding",
        "waves that tell where a word stands",
        PositionOptions(),
        build_positions,
        "Vaswani et al. 2017",
        sizes={"small": {}, "medium": {"tokens": 8, "d_model": 8}, "large": {"tokens": 12, "d_model": 12}},
    ),
    part(
        "embedding",
        "Word embedding",
        "words to rows of numbers",
        EmbeddingOptions(),
        build_embedding,
        "Bengio et al. 2003",
        sizes={"small": {}, "medium": {"vocab": 12, "d_model": 6}, "large": {"vocab": 20, "d_model": 8}},
        takes=frozenset({"ids"}),
        vocabularies=vocabularies_of_embedding,
    ),
)
