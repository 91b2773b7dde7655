"""Linear layers, residual paths and embeddings."""

from __future__ import annotations

from byhand.core.graph import Node, scope
from byhand.core.ops import lookup, sqrt
from byhand.core.roles import Look
from byhand.core.weights import Weights


def linear(x: Node, weight: Weights, name: str, width: int, bias: bool = True) -> Node:
    """Return x W + b, not named. (T, d) @ (d, width) + (1, width) -> (T, width); the weights are W_name and b_name."""
    product = x @ weight(f"W_{name}", x.shape[1], width)
    return product + weight(f"b_{name}", 1, width) if bias else product


def residual(x: Node, change: Node, name: str) -> Node:
    """Return x + change, the residual connection (He et al. 2016, eq. 1). (T, d), (T, d) -> (T, d)"""
    with scope("", "⊕ residual", equation="x + sublayer(x)", source="He et al. 2016, eq. 1", look=Look.SHOWN):
        return (x + change).named(name, role="residual")


def embed(table: Node, ids: Node, name: str, scale: float | None = None) -> Node:
    """Return the table's row for each word, multiplied by `scale` if given. (V, d), (T, 1) -> (T, d)"""
    with scope("", "word embeddings", equation="E[word] × √d" if scale else "E[word]", look=Look.INPUT):
        rows = lookup(table, ids)
        return (rows * sqrt(scale) if scale else rows).named(name)
