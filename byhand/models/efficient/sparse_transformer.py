"""The sparse transformer (Child et al. 2019): some heads see near words, the others one word in each stride."""

from dataclasses import replace
from math import isqrt

import numpy as np

from byhand.core.graph import Array, Dim, Node, page, scope
from byhand.core.ops import below, beside, maximum
from byhand.core.weights import Weights
from byhand.language import decoder_only
from byhand.language.architecture import Graph, Inputs, Vocabularies, example_ids, one_vocabulary
from byhand.language.blocks import PositionInfo, grouped_attention
from byhand.language.options import Options, variant
from byhand.layers.attention import attend
from byhand.layers.attention_cost import causal_attention, mark_unseen, savings
from byhand.layers.masks import fixed_masks, strided_masks

PAPER = "Child et al. 2019"


SPARSE_TRANSFORMER = variant(
    Options(), without="attention window layer_kinds", pattern="strided", stride=2, summaries=1
)
"""stride: the number of near words, and the distance between the others. summaries: the last words of a fixed block."""


def masks(tokens: Dim, o: Options, stride: int) -> tuple[Node, Node]:
    """Return the masks of the odd and of the even heads (section 4.2). (T, T), (T, T)"""
    return strided_masks(tokens, stride) if o.pattern == "strided" else fixed_masks(tokens, stride, o.summaries)


def sparse_heads(x: Node, weight: Weights, o: Options, layer: int, info: PositionInfo) -> Node:
    """Return heads that see near or far words in turn; two reach all later words. (T, d) -> (T, heads * d_k)"""
    near, far = masks(x.shape[0], o, o.stride)
    return grouped_attention(
        x, weight, o, layer, info, turns=((", near", near), (", far", far)), source=f"{PAPER}, section 4.2"
    )


def gathered(q: Node, k: Node, v: Node, visible: Array) -> Node:
    """Return the same head without masked cells: each query meets only the keys that it sees. (T, d_k) ..."""
    rows = []
    for t, row in enumerate(visible):
        keys = [int(j) for j in np.flatnonzero(row)]
        few_k, few_v = (below(*(table.rows(j, j + 1) for j in keys)) for table in (k, v))
        rows.append(attend(q.rows(t, t + 1), few_k, few_v, None))
    return below(*rows)


def two_heads(q: Node, k: Node, v: Node) -> Node:
    return beside(causal_attention(q, k, v), causal_attention(q, k, v))


def given_up(tokens: Dim, o: Options) -> list[Node]:
    """Return the words that no head sees directly, and the number of two-step paths between words. 2 (T, T)"""
    with page("", "What is given up"):
        near, far = masks(tokens, o, o.stride)
        unseen = mark_unseen(maximum(near, far), "1 where neither head looks back")
        with scope("", "in two steps", equation="far × near: ways from word to word", source=f"{PAPER}, section 4.1"):
            return [unseen, (far @ near).named("ways")]  # (T, T) @ (T, T) -> (T, T)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = one_vocabulary) -> Graph:
    room = o.max_positions - inputs.generate + 1 if o.positions == "learned" else None
    ids = inputs.ids or example_ids([0, 1, 4, 6, 0, 7], o.vocab, room)
    graph = decoder_only.build(o, weight, replace(inputs, ids=ids), vocabularies, attention=sparse_heads)

    def cheaply(q: Node, k: Node, v: Node) -> Node:
        """Return the attention that is counted: the stride of a longer text is √T."""
        both = masks(q.shape[0], o, max(o.stride, isqrt(int(q.shape[0]))))
        return beside(*(gathered(q, k, v, mask.data) for mask in both if mask.data is not None))

    assert graph.logits is not None
    lost = given_up(graph.logits.shape[0], o)
    return replace(graph, outputs=[*graph.outputs, *lost, savings(two_heads, cheaply, len(ids), o.d_k)])


ARCHITECTURE = decoder_only.decoder_only(
    name="sparse-transformer",
    title="The sparse transformer",
    family="sparse and long",
    source=PAPER,
    about="heads that see what is near, or one word in every few",
    options=SPARSE_TRANSFORMER,
    seed=1428,
    build=build,
)
