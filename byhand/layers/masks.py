"""Which keys each query may see: all, those before it, the last few, or every few."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from byhand.core.graph import Dim, Node, source


def causal_mask(tokens: Dim) -> Node:
    """Return 1 where the key is not after the query, so that no word sees later ones. (T, T)"""
    return source("causal_mask", np.tri(tokens), role="mask", rows=tokens.labels, columns=tokens.labels)


MASKS = ("full", "causal", "window", "strided")
"""Kinds of attention, by which keys a query sees."""


def window_mask(tokens: Dim, window: int) -> Node:
    """Return 1 where the key is the query or one of the `window` - 1 before it (Beltagy et al. 2020). (T, T)"""
    return _mask("window_mask", np.tri(tokens) - np.tri(tokens, k=-window), tokens)


def strided_mask(tokens: Dim, stride: int) -> Node:
    """Return 1 where the key is less than a stride, or whole strides, before the query (Child et al. 2019). (T, T)"""
    distance = np.arange(tokens)[:, None] - np.arange(tokens)
    visible = (distance >= 0) & ((distance < stride) | (distance % stride == 0))
    return _mask("strided_mask", visible, tokens)


def strided_masks(tokens: Dim, stride: int) -> tuple[Node, Node]:
    """Return two masks: the stride up to the query, and whole strides before it (Child et al. 2019, 4.2)."""
    distance = np.arange(tokens)[:, None] - np.arange(tokens)
    near = (distance >= 0) & (distance <= stride)
    return _mask("near_mask", near, tokens), _mask("far_mask", (distance >= 0) & (distance % stride == 0), tokens)


def fixed_masks(tokens: Dim, stride: int, summaries: int) -> tuple[Node, Node]:
    """Return two masks: the query's own block, and the query with the last words (`summaries`) of every block."""
    query, key = np.arange(tokens)[:, None], np.arange(tokens)
    near = (key <= query) & (key // stride == query // stride)
    far = (key <= query) & ((key % stride >= stride - summaries) | (key == query))
    return _mask("near_mask", near, tokens), _mask("far_mask", far, tokens)


def attention_mask(kind: str, tokens: Dim, window: int) -> Node | None:
    """Return the mask of a kind of attention; None where every word sees all. (T, T)"""
    if kind == "full":
        return None
    if kind == "causal":
        return causal_mask(tokens)
    return (window_mask if kind == "window" else strided_mask)(tokens, window)


def _mask(name: str, visible: NDArray[Any], tokens: Dim) -> Node:
    return source(name, visible, role="mask", rows=tokens.labels, columns=tokens.labels)
