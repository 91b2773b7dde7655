"""Attention by itself (Vaswani et al. 2017, sections 3.2.1 and 3.2.2): one head, several, and across two sentences."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.core.graph import Dim, page
from byhand.core.weights import Weights
from byhand.language.architecture import Graph, Inputs, words
from byhand.language.options import option
from byhand.language.parts import given_table, other_sentence, part, table_of_input
from byhand.layers.attention import attend, attention_equations, attention_head, join_heads, multi_head
from byhand.layers.linear import linear
from byhand.layers.masks import causal_mask


@dataclass(frozen=True)
class AttentionOptions:
    tokens: int = 3
    d_model: int = 4
    d_k: int = 2
    causal: bool = False
    bias: bool = False
    base: float = option(0.0, zero="e")


def build_attention(o: AttentionOptions, weight: Weights, inputs: Inputs) -> Graph:
    with page("", "Attention", **attention_equations(o.causal)):
        x = table_of_input(weight, o.tokens, o.d_model)
        mask = causal_mask(x.shape[0]) if o.causal else None
        z = attention_head(x, x, weight, o.d_k, mask, o.bias, base=o.base or None)
        return Graph([z.with_role("result")])


ATTENTION = part(
    "attention",
    "One attention head",
    "each word looks at every word",
    AttentionOptions(),
    build_attention,
    "Vaswani et al. 2017",
    sizes={
        "small": {},
        "medium": {"tokens": 4, "d_model": 6, "d_k": 4},
        "large": {"tokens": 6, "d_model": 8, "d_k": 4},
    },
    seed=49436,
)


@dataclass(frozen=True)
class MultiHeadOptions:
    tokens: int = 3
    d_model: int = 4
    heads: int = option(2, counts="heads")
    causal: bool = False
    bias: bool = False
    base: float = option(0.0, zero="e")


def build_multi_head(o: MultiHeadOptions, weight: Weights, inputs: Inputs) -> Graph:
    with page("", "Input"):
        x = table_of_input(weight, o.tokens, o.d_model)
    mask = causal_mask(x.shape[0]) if o.causal else None
    z = multi_head(x, x, weight, o.heads, mask, o.bias, base=o.base or None)
    with page("", "Output"):
        return Graph([join_heads(z, weight, o.d_model, o.bias, "Y").with_role("result")])


MULTI_HEAD = part(
    "multi-head",
    "Multi-head attention",
    "several heads, joined",
    MultiHeadOptions(),
    build_multi_head,
    "Vaswani et al. 2017",
    sizes={"small": {}, "medium": {"tokens": 4, "d_model": 6, "heads": 3}, "large": {"tokens": 6, "d_model": 8}},
    seed=354970,
)


@dataclass(frozen=True)
class CrossOptions:
    tokens: int = 2
    source_tokens: int = 3
    d_model: int = 4
    d_k: int = 2
    base: float = option(0.0, zero="e")


def build_cross(o: CrossOptions, weight: Weights, inputs: Inputs) -> Graph:
    here = words("target_words", o.tokens)
    there = other_sentence(o.source_tokens)
    with page("", "Cross-attention", **attention_equations(False)):
        x = given_table("X", weight, Dim(o.tokens, here), o.d_model, 0, 3)
        memory = given_table("memory", weight, Dim(o.source_tokens, there), o.d_model, 0, 3)
        q = linear(x, weight, "Q", o.d_k, bias=False).named("Q")
        k = linear(memory, weight, "K", o.d_k, bias=False).named("K")
        v = linear(memory, weight, "V", o.d_k, bias=False).named("V")
        return Graph([attend(q, k, v, None, base=o.base or None).with_role("result")])


CROSS_ATTENTION = part(
    "cross-attention",
    "Cross-attention",
    "each word of one sentence looks at those of another",
    CrossOptions(),
    build_cross,
    "Vaswani et al. 2017",
    sizes={
        "small": {},
        "medium": {"tokens": 3, "d_k": 4},
        "large": {"tokens": 4, "source_tokens": 5, "d_model": 6, "d_k": 4},
    },
    seed=1597,
)
