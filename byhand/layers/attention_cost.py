"""The cost of an approximate attention: its multiplications, counted in the graph, and its error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from byhand.core.arithmetic.counts import work
from byhand.core.graph import Node, outside, page, scope, source, toposort
from byhand.core.labels import Labels
from byhand.core.ops import below, maximum
from byhand.layers.attention import attend
from byhand.layers.masks import causal_mask

Attention = Callable[[Node, Node, Node], Node]
"""(Q, K, V) -> Z, each (T, d_k)."""
LONGER = (2, 4, 8, 16)
"""Multiplications are counted for the page's text and for texts so many times as long."""
MOST_WORDS = 1_000


def causal_attention(q: Node, k: Node, v: Node) -> Node:
    """Return attention in which every word sees itself and the words before it. 3 (T, d_k) -> (T, d_k)"""
    return attend(q, k, v, causal_mask(q.shape[0]))


def segmented_attention(segment: int, q: Node, k: Node, v: Node) -> Node:
    """Return attention in which every word sees its own segment and the one before. 3 (T, d_k) -> (T, d_k)"""
    words, rows = int(q.shape[0]), []
    for start in range(0, words, segment):
        stop, first = min(start + segment, words), max(start - segment, 0)
        rows.append(attend(q.rows(start, stop), k.rows(first, stop), v.rows(first, stop), None))
    return below(*rows)


def savings(exact: Attention, cheap: Attention, tokens: int, d_k: int) -> Node:
    """Return the multiplications of both for longer and longer texts, and their ratio. (n, 1)"""
    rows = []
    for words in [tokens, *(tokens * times for times in LONGER if tokens * times <= MOST_WORDS)]:
        with outside():
            given = [source(name, np.zeros((words, d_k)), role="given") for name in "QKV"]
            computed = (set(toposort([attention(*given)])) - set(given) for attention in (exact, cheap))
            rows.append([words, *(work(tables).multiplications for tables in computed)])
    with page("", "What it saves"):
        texts = Labels("texts", tuple(f"{words} words" for words, *_ in rows))
        columns = Labels("counted", ("words", "exact", "here"))
        counted = source("multiplications", rows, role="given", rows=texts, columns=columns)
        with scope("", "multiplications", equation="counted in the graphs: exact / here"):
            return (counted.columns(1, 2) / counted.columns(2, 3)).named("times_fewer")


def mark_unseen(visible: NDArray[Any] | Node, equation: str) -> Node:
    """Return 1 where an earlier word is not `visible`, which is a mask or plain numbers. (T, T)"""
    with scope("", "not seen at once", equation=equation):
        if not isinstance(visible, Node):
            words = Labels("text", tuple(f"word {n + 1}" for n in range(len(visible))))
            visible = source("seen", np.tril(visible), role="mask", rows=words, columns=words)
        return (causal_mask(visible.shape[0]) - visible).named("unseen")


def distance(z: Node, exact: Node) -> Node:
    """Return the largest difference from the exact result; the differences are named too. (T, d), (T, d) -> (1, 1)"""
    with page("", "What is given up"), scope("", "error", equation="Z − exact Z"):
        error = (z - exact).named("error")
        return maximum(error, -error).max(1).max(0).named("largest_error")
