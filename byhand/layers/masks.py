"""Which keys each query may see: all, those before it, the last few, or every few."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from byhand.core.graph import Dim, Node, source


def causal_mask(tokens: Dim) -> Node:
    """1 where the key is not after the query, so that no word sees the ones to come. (T, T)"""
    return source("causal_mask", np.tri(tokens), role="mask", rows=tokens.labels, columns=tokens.labels)


MASKS = ("full", "causal", "window", "strided")
"""Kinds of attention, by who may see whom."""


def window_mask(tokens: Dim, window: int) -> Node:
    """1 where the key is the query itself or one of the `window` - 1 before it (Beltagy et al. 2020). (T, T)"""
    return _mask("window_mask", np.tri(tokens) - np.tri(tokens, k=-window), tokens)


def strided_mask(tokens: Dim, stride: int) -> Node:
    """1 where the key is less than a stride before the query, or whole strides (Child et al. 2019, 4.2). (T, T)"""
    distance = np.arange(tokens)[:, None] - np.arange(tokens)
    visible = (distance >= 0) & ((distance < stride) | (distance % stride == 0))
    return _mask("strided_mask", visible, tokens)


def strided_masks(tokens: Dim, stride: int) -> tuple[Node, Node]:
    """The words up to a stride before the query; and those whole strides before it (Child et al. 2019, 4.2)."""
    distance = np.arange(tokens)[:, None] - np.arange(tokens)
    near = (distance >= 0) & (distance <= stride)
    return _mask("near_mask", near, tokens), _mask("far_mask", (distance >= 0) & (distance % stride == 0), tokens)


def fixed_masks(tokens: Dim, stride: int, summaries: int) -> tuple[Node, Node]:
    """The query's own block of words; and the last few words of every block, beside the query (the same place)."""
    query, key = np.arange(tokens)[:, None], np.arange(tokens)
    near = (key <= query) & (key // stride == query // stride)
    far = (key <= query) & ((key % stride >= stride - summaries) | (key == query))
    return _mask("near_mask", near, tokens), _mask("far_mask", far, tokens)


def attention_mask(kind: str, tokens: Dim, window: int) -> Node | None:
    """The mask of a kind of attention; none where every word sees all. (T, T)"""
    if kind == "full":
        return None
    if kind == "causal":
        return causal_mask(tokens)
    return (window_mask if kind == "window" else strided_mask)(tokens, window)


def _mask(name: str, visible: NDArray[Any], tokens: Dim) -> Node:
    return source(name, visible, role="mask", rows=tokens.labels, columns=tokens.labels)
