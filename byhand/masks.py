"""Which keys each query may see: all, those before it, the last few, or every few."""

import numpy as np

from byhand.graph import Array, Dim, Node, source
from byhand.layers import causal_mask

MASKS = ("full", "causal", "window", "strided")
"""Kinds of attention, by who may see whom."""


def window_mask(tokens: Dim, window: int) -> Node:
    """1 where the key is the query itself or one of the `window` - 1 before it (Beltagy et al. 2020). (T, T)"""
    return _mask("window_mask", np.tri(tokens) - np.tri(tokens, k=-window), tokens)


def strided_mask(tokens: Dim, stride: int) -> Node:
    """1 where the key is less than a stride before the query, or whole strides (Child et al. 2019, 4.2). (T, T)"""
    distance = np.arange(tokens)[:, None] - np.arange(tokens)
    seen = (distance >= 0) & ((distance < stride) | (distance % stride == 0))
    return _mask("strided_mask", seen, tokens)


def attention_mask(kind: str, tokens: Dim, window: int) -> Node | None:
    """The mask of a kind of attention; none where every word sees all. (T, T)"""
    if kind == "full":
        return None
    if kind == "causal":
        return causal_mask(tokens)
    return (window_mask if kind == "window" else strided_mask)(tokens, window)


def _mask(name: str, seen: Array, tokens: Dim) -> Node:
    return source(name, seen, role="mask", rows=tokens.of, columns=tokens.of)
