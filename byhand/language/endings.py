"""What stands at the end of a model in place of words: its last table, classes, tags, a span, or a choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from byhand.core.graph import Dim, Node, page, scope, source
from byhand.core.labels import Labels
from byhand.core.ops import beside, exp, maximum, sqrt, stretch, tanh, where
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.language.architecture import Graph
from byhand.language.generation import probabilities
from byhand.layers.attention import NEG_INF, softmax
from byhand.layers.linear import linear

WORDS, TABLE, CLASSES, CHOICE, TAGS, SPAN = ENDINGS = ("words", "table", "classes", "choice", "tags", "span")
"""words: the model's own head. table: the last table, or one row pooled from it. classes: of the text. choice: one
score of the text, to be compared with those of other choices. tags: a class for each word. span: where an answer begins
and ends."""
POOLINGS = ("cls", "max", "mean", "mean_sqrt_len", "weightedmean", "lasttoken")


def end(x: Node, weight: Weights, o: Any, mask: Node | None = None, last: bool = False) -> Graph:
    """Return what follows from the last table. (T, d) -> see ENDINGS

    mask: 1 where a word is real, (1, T). last: the last word stands for the text, as in decoders; else the first.
    """
    with page("", "Ending"):
        if o.ending == TABLE:
            return Graph([_pooled(x, mask, o) if o.pooling else x])
        if o.ending == TAGS:
            with scope("", "tags", equation="x W + b", column_equation="W x + b", look=Look.RESULT):
                logits = _classes(x, weight, o)
            return _classified(logits, o)
        if o.ending == SPAN:
            return _span(x, weight)
        with scope("", "the text", equation="one word's row stands for all"):
            row = _last(x, mask) if last else x.rows(0, 1)
        if o.pool_activation:
            with scope("", "pooler", equation=f"{o.pool_activation}(x W + b)", source="Devlin et al. 2019, section 3"):
                wide = linear(row, weight, "pool", o.d_model)
                row = (tanh(wide) if o.pool_activation == "tanh" else maximum(wide, 0)).named(
                    "pooled", role="activation"
                )
        with scope("", "logits", equation="x W + b", column_equation="W x + b", look=Look.RESULT):
            logits = _classes(row, weight, o)
        return Graph([logits]) if o.ending == CHOICE else _classified(logits, o)


def _last(x: Node, mask: Node | None) -> Node:
    """Return the row of the last real word. (T, d) -> (1, d)"""
    at = int(x.shape[0]) - 1
    if mask is not None and mask.data is not None:
        at = int(np.flatnonzero(mask.data[0])[-1])
    return x.rows(at, at + 1)


def _classes(x: Node, weight: Weights, o: Any) -> Node:
    """Return the score of each class, for each row. (n, d) -> (n, classes)"""
    width = Dim(len(o.labels), Labels("classes", o.labels))
    return linear(x, weight, "class", width, o.class_bias).named("logits", role="result")


def _classified(logits: Node, o: Any) -> Graph:
    """Return the probabilities of the classes: together 1, or each by itself where several may hold; or the score."""
    if o.several_classes:
        with scope("", "each by itself", equation="1 / (1 + e^(−logit))", look=Look.RESULT):
            return Graph([(1 / (1 + exp(-logits))).named("probabilities", role="result")], logits=logits)
    if len(o.labels) == 1:
        return Graph([logits])
    p = probabilities(logits, 1.0)
    return Graph([p], p, logits=logits)


def _span(x: Node, weight: Weights) -> Graph:
    """Return how likely each word is to begin the answer, and to end it. (T, d) -> (2, T)"""
    ends = Dim(2, Labels("ends", ("begins", "ends")))
    with scope("", "logits", equation="x W + b", column_equation="W x + b", source="Devlin et al. 2019, section 4.2"):
        logits = linear(x, weight, "span", ends).named("logits", role="result")
        by_end = stretch(logits.T, rows=ends, columns=x.shape[0]).named("by_end")
    with scope("", "where it is", equation="softmax of each row", look=Look.RESULT):
        return Graph([softmax(by_end).named("span", role="result")], logits=logits)


def _pooled(x: Node, mask: Node | None, o: Any) -> Node:
    """Return one row for the text, pooled in each of the ways, side by side; of length 1 if it is normalised."""
    source_of = "Reimers and Gurevych 2019, section 3"
    with scope("", "pooling", equation=" and ".join(o.pooling), source=source_of, look=Look.RESULT):
        rows = [WAYS[way](x, mask).named(f"by_{way}") for way in o.pooling]
        row = beside(*rows).named("embedding", role="result")
    if not o.normalised:
        return row
    with scope("", "length 1", equation="x / √Σ x²", look=Look.RESULT):
        length = sqrt((row * row).sum(1)).named("length", role="root")
        return (row / length).named("unit", role="result")


def _weighted(x: Node, weights: Node) -> tuple[Node, Node]:
    """Return the weighted sum of the rows, and the sum of the weights. (T, d), (1, T) -> (1, d), (1, 1)"""
    return weights @ x, weights.sum(1)


def _ones(x: Node, mask: Node | None) -> Node:
    return source("every_word", np.ones((1, int(x.shape[0]))), "given") if mask is None else mask


def _mean(x: Node, mask: Node | None) -> Node:
    total, count = _weighted(x, _ones(x, mask))
    return total / count


def _mean_sqrt(x: Node, mask: Node | None) -> Node:
    total, count = _weighted(x, _ones(x, mask))
    return total / sqrt(count)


def _mean_by_place(x: Node, mask: Node | None) -> Node:
    place = source("place", np.arange(1, int(x.shape[0]) + 1)[None], "given")
    total, count = _weighted(x, place * _ones(x, mask))
    return total / count


def _largest(x: Node, mask: Node | None) -> Node:
    if mask is None:
        return x.max(0)
    real = stretch(mask.T, rows=x.shape[0], columns=x.shape[1])
    return where(real, x, NEG_INF).max(0)


WAYS: dict[str, Callable[[Node, Node | None], Node]] = {
    "cls": lambda x, mask: x.rows(0, 1),
    "max": _largest,
    "mean": _mean,
    "mean_sqrt_len": _mean_sqrt,
    "weightedmean": _mean_by_place,
    "lasttoken": _last,
}
"""How the rows of all words become one."""
