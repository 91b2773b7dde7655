"""Two attention-only layers, set by hand, that copy a repeated pattern (Elhage et al. 2021; Olsson et al. 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.core.graph import Array, Node, page, scope, source
from byhand.core.labels import Labels, token_ids
from byhand.core.ops import lookup
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs, Vocabularies, example_ids
from byhand.language.generation import next_word, write_words
from byhand.layers.attention import attend, attention_equations, softmax
from byhand.layers.linear import embed, residual
from byhand.layers.masks import causal_mask
from byhand.layers.positions import position_column

SHARP = 30.0
"""A score so large that a head attends to one word alone: e to minus this is 1e-13."""


class Stream:
    """The features of the residual stream: the word, its position, the word before, the next word."""

    def __init__(self, vocab: int, places: int) -> None:
        letters, numbers = [letter(n) for n in range(vocab)], [str(n + 1) for n in range(places)]
        parts = {"word": letters, "place": numbers, "before": letters, "after": letters}
        self.labels = Labels("stream", tuple(f"{name} {of}" for name, every in parts.items() for of in every))
        self.width, self.part = 0, {}
        for name, every in parts.items():
            self.part[name] = slice(self.width, self.width + len(every))
            self.width += len(every)

    def reading(self, name: str, values: Array) -> Array:
        """Return a matrix that reads one part of the stream. (d, columns of values)"""
        matrix = np.zeros((self.width, values.shape[1]))
        matrix[self.part[name]] = values
        return matrix


def letter(n: int) -> str:
    """Return the n-th letter: A, B, ... Z, A26, A27 ..."""
    return chr(ord("A") + n) if n < 26 else f"A{n}"


def weights_of(o: Any) -> dict[str, Array]:
    """Return every weight, a matrix of 0s and 1s, times the sharpness of a head."""
    stream, words, places = Stream(o.vocab, o.max_positions), np.eye(o.vocab), np.eye(o.max_positions)
    first = np.zeros((o.max_positions, o.vocab))
    first[0] = -2 * SHARP  # the first word has none before it, and its head sees itself: never look there
    return {
        "E": stream.reading("word", words).T,
        "P": stream.reading("place", places).T,
        "layer1.W_Q": stream.reading("place", SHARP * np.eye(o.max_positions, k=-1)),
        "layer1.W_K": stream.reading("place", places),
        "layer1.W_V": stream.reading("word", words),
        "layer1.W_O": stream.reading("before", words).T,
        "layer2.W_Q": stream.reading("word", words),
        "layer2.W_K": stream.reading("before", SHARP * words) + stream.reading("place", first),
        "layer2.W_V": stream.reading("word", words),
        "layer2.W_O": stream.reading("after", words).T,
        "W_U": stream.reading("after", 10 * words),
    }


def tables_of(o: Any, words: Labels, places: Labels | None = None) -> dict[str, Node]:
    """Return the weights as tables, which can be changed."""
    features = Stream(o.vocab, o.max_positions).labels
    labels: dict[str, tuple[object, object]] = {"E": (words, features), "P": (places, features)}
    tables = {}
    for name, matrix in weights_of(o).items():
        read = (None, features) if name.endswith("W_O") else (features, words if name == "W_U" else None)
        tables[name] = source(name, matrix, "given", *labels.get(name, read))
    return tables


@dataclass(frozen=True)
class Options:
    vocab: int = 3
    max_positions: int = 6


def head(x: Node, layer: int, about: str, w: dict[str, Node], mask: Node) -> Node:
    """Return x + softmax(Q Kᵀ) V W_O: one head a layer, without scaling of scores. (T, d) -> (T, d)"""
    name, title = f"layer{layer}", f"Layer {layer}"
    products, column_products = "x W_Q, x W_K, x W_V", "W_Q x, W_K x, W_V x"
    with page(name, f"{title}: Q, K, V"), scope("", "Q, K, V", equation=products, column_equation=column_products):
        q, k, v = ((x @ w[f"{name}.W_{part}"]).named(part) for part in "QKV")  # (T, d) @ (d, k) -> (T, k)
    with page(name, f"{title}: {about}", **attention_equations(True, divided="")):
        z = attend(q, k, v, mask, scale=1)
    with page(name, f"{title}: written"):
        return residual(x, (z @ w[f"{name}.W_O"]).named("written"), "output")  # (T, V) @ (V, d) -> (T, d)


def forward(ids: Node, vocabulary: Labels, w: dict[str, Node]) -> tuple[Node, Node, Node]:
    """Return the logits and probabilities of the word after each, and the next word. (T, 1) -> 2 (T, V), (1, 1)"""
    with page("", "Input"):
        words = embed(w["E"], ids, "words")
        with scope("", "+ positions", equation="E[word] + P[position]", look=Look.INPUT):
            x = (words + lookup(w["P"], position_column(ids.shape[0]))).named("x")
    mask = causal_mask(ids.shape[0])
    x = head(x, 1, "before", w, mask)
    x = head(x, 2, "after", w, mask)
    with page("", "Output"):
        with scope("", "logits", equation="x W_U", column_equation="W_U x", look=Look.RESULT):
            logits = (x @ w["W_U"]).named("logits", role="result")  # (T, d) @ (d, V) -> (T, V)
        return logits, softmax(logits).named("probabilities", role="result"), next_word(logits, vocabulary)


def vocabularies(o: Any) -> tuple[Labels, ...]:
    return (Labels("vocabulary", tuple(letter(n) for n in range(o.vocab))),)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    (vocabulary,) = vocabularies(o)
    room = o.max_positions - inputs.generate + 1
    ids = token_ids("ids", inputs.ids or example_ids([2, 0, 1, 2, 0], o.vocab, room), vocabulary)
    tables = tables_of(o, vocabulary)
    return write_words(lambda ids: forward(ids, vocabulary, tables), ids, vocabulary, inputs)


ARCHITECTURE = Architecture(
    name="induction-head",
    title="An induction head",
    family="looking inside",
    source="Elhage et al. 2021",
    about="two heads set by hand: one marks the word before, one copies",
    options=Options(),
    build=build,
    sizes={
        "small": {},
        "medium": {"vocab": 5, "max_positions": 10},
        "large": {"vocab": 10, "max_positions": 16},
    },
    takes=frozenset({"ids", "generate"}),
    vocabularies=vocabularies,
)
