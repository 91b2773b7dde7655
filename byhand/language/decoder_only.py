"""A decoder-only language model: from words, layer by layer, to the next word."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from numpy.typing import NDArray

from byhand.core.graph import Dim, Node, page, scope
from byhand.core.labels import Labels, token_ids
from byhand.core.ops import lookup, tanh
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs, Vocabularies, example_ids, one_vocabulary
from byhand.language.blocks import Attention, Feed, block, grouped_attention, norm, plain_feed, position_info
from byhand.language.generation import predictions, word_logits, write_words
from byhand.language.options import Options
from byhand.layers.linear import embed, linear
from byhand.layers.positions import position_column, sinusoidal

ADDED_POSITIONS = ("learned", "sinusoidal")
"""Positions that are added to the embeddings; the others act inside attention."""
Names = tuple[str, str]
"""The names of a model's embeddings of words and of positions."""


def embedding(
    table: Node, ids: Node, weight: Weights, o: Options, places: str = "P", at: NDArray[Any] | None = None
) -> Node:
    """Return the embeddings of the words plus their positions, which are `at`, or 0, 1, 2 ... (T, 1) -> (T, d)"""
    alone = o.positions not in ADDED_POSITIONS and not o.embedding_norm
    x = embed(table, ids, "x" if alone and not o.d_embed else "words", scale=o.d_model if o.scale_embedding else None)
    if o.d_embed:
        with scope("", "widen", equation="words W_in", column_equation="W_in words"):
            x = linear(x, weight, "in", o.d_model, bias=False).named("x" if alone else "wide")
    x = add_positions(x, weight, o, places, "summed" if o.embedding_norm else "x", at=at)
    return norm(x, weight, "embedding_norm", o).named("x") if o.embedding_norm else x


def add_positions(
    x: Node,
    weight: Weights,
    o: Options,
    places: str,
    name: str,
    words: str = "E[word]",
    halves: bool = False,
    at: NDArray[Any] | None = None,
) -> Node:
    """Return x plus learned or sinusoidal positions, named `name`; x itself if there are none. (T, d) -> (T, d)"""
    if o.positions not in ADDED_POSITIONS:
        return x
    position = position_column(x.shape[0], at)
    if o.positions == "sinusoidal":
        waves = sinusoidal(position, o.d_model, halves)
        with scope("", "+ positions", equation="words + PE", look=Look.INPUT):
            return (x + waves).named(name)
    with scope("", "+ positions", equation=f"{words} + P[position]", look=Look.INPUT):
        place = lookup(position_table(weight, places, o), position).named("places", role="positions")
        return (x + place).named(name)  # (T, d) + (T, d)


def position_table(weight: Weights, name: str, o: Options) -> Node:
    """Return a learned row for each position, counted from 0. (max_positions, d)"""
    return numbered_from_0(weight(name, o.max_positions, o.d_model), "places", "place")


def numbered_from_0(table: Node, name: str, thing: str) -> Node:
    """Return a table whose rows are looked up by numbers from 0, and have these: place 0, place 1 ..."""
    rows = table.shape[0]
    if rows.labels is None:
        table.shape = (Dim(rows, Labels(name, tuple(f"{thing} {n}" for n in range(rows)))), table.shape[1])
    return table


def last_table(x: Node, weight: Weights, o: Options) -> Node:
    """Return the last layer's output, normed, and as wide as the embeddings. (T, d) -> (T, d)"""
    if o.norm_place != "post":
        x = norm(x, weight, "final_norm", o)
    if not o.d_embed:
        return x
    with scope("", "narrow", equation="x W_out", column_equation="W_out x"):
        return linear(x, weight, "out", o.d_embed, bias=False).named("narrow")


def predict(x: Node, table: Node, vocabulary: Labels, weight: Weights, o: Options) -> tuple[Node, Node, Node]:
    """Return logits, probabilities and the next word from the last layer's output. (T, d) -> 2 (T, V), (1, 1)"""
    x = last_table(x, weight, o)
    logits = word_logits(x, table, weight, o, o.logit_bias)
    if o.logit_scale != 1:
        with scope("", "scale", equation=f"logits × {o.logit_scale:g}"):
            logits = (logits.named("unscaled") * o.logit_scale).named("logits", role="result")
    if o.logit_cap:
        with scope("", "soft cap", equation="cap × tanh(logits / cap)", source="Gemma Team 2024, section 2"):
            logits = (o.logit_cap * tanh(logits.named("uncapped") / o.logit_cap)).named("logits", role="result")
    return predictions(logits, vocabulary, o.temperature)


def body(
    ids: Node, vocabulary: Labels, weight: Weights, o: Options, names: Names, attention: Attention, feed: Feed
) -> tuple[Node, Node]:
    """Return the last layer's output, and the embeddings. (T, 1) -> (T, d), (V, d)"""
    with page("", "Input"):
        table = weight(names[0], Dim(o.vocab, vocabulary), o.d_embed or o.d_model)
        x = embedding(table, ids, weight, o, names[1])
    info = position_info(ids.shape[0], weight, o)
    for layer in range(1, o.layers + 1):
        with scope(f"layer{layer}", f"Layer {layer}", shares=o.shares(layer)):
            x = block(x, weight, o, layer, info, attention, feed)
    return x, table


def forward(
    ids: Node, vocabulary: Labels, weight: Weights, o: Options, names: Names, attention: Attention, feed: Feed
) -> tuple[Node, Node, Node]:
    """Return the logits and probabilities of the word after each, and the next word. (T, 1) -> 2 (T, V), (1, 1)"""
    x, table = body(ids, vocabulary, weight, o, names, attention, feed)
    with page("", "Output"):
        return predict(x, table, vocabulary, weight, o)


def build(
    o: Options,
    weight: Weights,
    inputs: Inputs,
    vocabularies: Vocabularies = one_vocabulary,
    names: Names = ("E", "P"),
    attention: Attention = grouped_attention,
    feed: Feed = plain_feed,
) -> Graph:
    o.check()
    (vocabulary,) = vocabularies(o)
    room = o.max_positions - inputs.generate + 1 if o.positions == "learned" else None
    ids = token_ids("ids", inputs.ids or example_ids([0, 1, 4], o.vocab, room), vocabulary)
    if o.ending != "words":
        from byhand.language.endings import end

        x, _ = body(ids, vocabulary, weight, o, names, attention, feed)
        with page("", "Output"):
            x = last_table(x, weight, o)
        return end(x, weight, o, last=True)
    return write_words(lambda ids: forward(ids, vocabulary, weight, o, names, attention, feed), ids, vocabulary, inputs)


SIZES: dict[str, dict[str, Any]] = {
    "small": {},
    "medium": {"d_model": 6, "heads": 3, "layers": 2, "d_ff": 12},
    "large": {"vocab": 12, "d_model": 8, "heads": 2, "layers": 2, "d_ff": 16, "max_positions": 12},
}


def decoder_only(
    name: str,
    title: str,
    source: str,
    about: str,
    options: Options,
    seed: int,
    sizes: dict[str, dict[str, Any]] = SIZES,
    family: str = "decoder only",
    build: Callable[..., Graph] = build,
    **parts: Any,
) -> Architecture:
    """Return a model of this kind; `parts` are its own arguments of `build`."""
    builder = partial(build, **parts)
    takes = frozenset({"ids", "generate"})
    return Architecture(name, title, family, source, about, options, builder, sizes, takes, one_vocabulary, seed)
