"""RASP's select, aggregate and selector_width as attention that is set by hand (Weiss et al. 2021)."""

import numpy as np

from byhand.graph import Dim, Node, scope, source
from byhand.layers import NEG_INF, softmax
from byhand.ops import beside, greater, stretch, where


def one_hot_of(x: Node, width: Dim, name: str) -> Node:
    """1 in the column of the whole number that x is nearest to. (T, 1) -> (T, n)"""
    with scope("", "one-hot", equation="1 where place − ½ < x < place + ½"):
        place = source(f"place_{name}", np.arange(int(width)), role="given", columns=width.of)
        return (greater(x, place - 0.5) * greater(place + 0.5, x)).named(name)


def shared(selector: Node) -> Node:
    """A selector's 1s, shared: what it does not select is masked, and softmax divides by how many are left. (T, S)"""
    masked = where(selector, 0, NEG_INF).named("masked", role="mask")
    return softmax(masked).named("weights", role="attention")


def select_equal(keys: Node, queries: Node) -> Node:
    """1 where the key is the query: the dot product of two one-hot rows. (S, n), (T, n) -> (T, S)"""
    return (queries @ keys.T).named("selected", role="scores")


def selector_width(selector: Node) -> Node:
    """How many are selected: with a [START] that all select, it gets 1 / (1 + n). (T, S) -> (T, 1)"""
    with scope("width", "count with [START]", equation="1 / (the weight of [START]) − 1"):
        start = stretch(1, rows=selector.shape[0], columns=1)
        weights = shared(beside(start, selector).named("with_start"))
        return (1 / weights.columns(0, 1) - 1).named("n")
