"""Losses: the cross-entropy of the words that follow or, for a part of a model, a weighted sum of its result."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

import numpy as np

from byhand.core.graph import Node, Scope, outside, page, scope, source, within
from byhand.core.labels import Labels, token_ids
from byhand.core.roles import Look
from byhand.language.architecture import Graph
from byhand.layers.losses import cross_entropy

Row = tuple[Scope, Graph, list[int]]
"""One row of a batch: its scope, its graph, and its targets: for each position a word's id, or -1 for none."""

SMOOTHING = "the share of each target that is spread over all words"
"""The meaning of label smoothing, for the home page."""


def next_word_loss(rows: Sequence[Row], smoothing: float) -> Node:
    """Return the mean cross-entropy over all targets that count, in all rows. (1, 1)"""
    epsilon = None
    if smoothing:
        with outside():
            epsilon = source("label_smoothing", smoothing, role="constant", meaning=SMOOTHING)
    if len(rows) == 1:
        with page("", "Loss"):
            summed, count = _row_loss(rows[0], epsilon)
            return _mean([summed], [count])
    sums, counts = [], []
    for row in rows:
        with within(row[0]), page("", "Loss"):
            summed, count = _row_loss(row, epsilon)
            sums.append(summed)
            counts.append(count)
    with page("", "Loss of the batch"):
        return _mean(sums, counts)


def _row_loss(row: Row, epsilon: Node | None) -> tuple[Node, Node]:
    """Return the sum of a row's losses, and their number. (1, 1), (1, 1)"""
    _, graph, ids = row
    assert graph.logits is not None
    vocabulary = graph.logits.shape[1].labels
    assert isinstance(vocabulary, Labels)
    with scope("loss"):
        losses, counted = cross_entropy(graph.logits, token_ids("targets", ids, vocabulary, optional=True), epsilon)
        return losses.sum(0).named("sum"), counted.sum(0).named("n")


def _mean(sums: list[Node], counts: list[Node]) -> Node:
    with scope("", "mean loss", equation="Σ losses / n", look=Look.RESULT):
        return (reduce(add, sums) / reduce(add, counts)).named("loss", role="result")


def weighted_sum(result: Node, seed: int) -> Node:
    """Return the sum of a table's numbers times small whole numbers, which are its upstream gradient. (1, 1)"""
    numbers = np.random.default_rng([seed, *map(int, result.shape)]).integers(-1, 3, size=result.shape)
    with page("", "Loss"), scope("", "a loss to follow backward", equation="Σ Y × upstream", look=Look.RESULT):
        upstream = source(
            "upstream", numbers, role="input", rows=result.shape[0].labels, columns=result.shape[1].labels
        )
        weighted = (result * upstream).named("weighted")
        return weighted.sum(1).named("row_sums").sum(0).named("loss", role="result")
