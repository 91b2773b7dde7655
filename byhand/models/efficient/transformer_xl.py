"""Transformer-XL (Dai et al. 2019): a text in segments, each of which reads the layers' memory of the last one."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from byhand.core.graph import Dim, Node, page, scope, source
from byhand.core.labels import Labels, labelled
from byhand.core.ops import alias, below, beside, sqrt
from byhand.core.weights import Weights
from byhand.language.architecture import Graph, Inputs, Vocabularies, example_ids, one_vocabulary
from byhand.language.blocks import PositionInfo, block, plain_feed
from byhand.language.decoder_only import decoder_only, predict
from byhand.language.generation import read_and_write
from byhand.language.options import Options, variant
from byhand.layers.attention import attend
from byhand.layers.attention_cost import causal_attention, mark_unseen, savings, segmented_attention
from byhand.layers.linear import embed, linear
from byhand.layers.positions import shift_rows, sinusoidal

PAPER = "Dai et al. 2019"
HEAD = {
    "equation": "softmax(((Q + u) Kᵀ + (Q + v) Rᵀ) / √d_k) V",
    "column_equation": "V softmax((Kᵀ (Q + u) + Rᵀ (Q + v)) / √d_k)",
    "source": f"{PAPER}, section 3.3",
}

TRANSFORMER_XL = variant(
    Options(positions="none", activation="relu", norm_place="post", attention_bias=False, join_bias=False),
    without="positions max_positions theta rotary_share interleaved scaling buckets farthest attention window "
    "layer_kinds kv_heads head_norm score_scale score_cap embedding_norm",
    positions="none",
    segment=2,
)
"""segment: the number of words that are read at a time, and of words in memory."""


def head(x: Node, context: Node, mask: Node | None, places: Node, weight: Weights, o: Any) -> Node:
    """Return one head; its scores add content and distance, each with a learned bias. -> (T, d_k)"""
    q = linear(x, weight, "Q", o.d_k, o.attention_bias).named("Q")  # (T, d) @ (d, d_k) -> (T, d_k)
    k, v = (linear(context, weight, name, o.d_k, o.attention_bias).named(name) for name in "KV")  # (M + T, d_k)
    r = linear(places, weight, "R", o.d_k, bias=False).named("R")  # (n, d) @ (d, d_k) -> (n, d_k)
    with scope("", "by distance", equation="(Q + v) Rᵀ / √d_k", source=f"{PAPER}, section 3.3, terms b and d"):
        asks = (q + weight("bias_v", 1, o.d_k)).named("Q_place")
        by_distance = (asks @ r.T / sqrt(o.d_k)).named("by_distance")  # (T, d_k) @ (d_k, n) -> (T, n)
        by_key = shift_rows(by_distance, context.shape[0]).named("by_key", role="positions")
    with scope("", "by content", equation="(Q + u) Kᵀ / √d_k", source=f"{PAPER}, section 3.3, terms a and c"):
        content = (q + weight("bias_u", 1, o.d_k)).named("Q_content")
    return attend(content, k, v, mask, bias=by_key)


def remembered(x: Node, memory: Node, keys: Dim) -> Node:
    """Return the memory of the last segment, without gradients, above this segment's words. -> (M + T, d)"""
    with page("", "Memory"), scope("", "remembered", equation="[memory; h]", source=f"{PAPER}, section 3.2"):
        context = below(alias(memory).named("memory", role="memory"), x)
        context.shape = (keys, x.shape[1])
        return context.named("remembered")


def segment(x: Node, keys: Dim, memories: list[Node], weight: Weights, o: Options) -> tuple[Node, list[Node]]:
    """Return the last layer's output for the segment's words x, and each layer's input. (T, d) each"""
    words, read = x.shape[0], list[Node]()
    with page("", "Relative positions"):
        numbers = np.arange(keys - 1, -words, -1)[:, None]
        places = sinusoidal(source("distance", numbers, role="given"), o.d_model)  # (M + 2 T - 1, d)
        mask = source("mask", np.tri(words, keys, keys - words), role="mask", rows=words.labels, columns=keys.labels)

    def attention(x: Node, weight: Weights, o: Options, layer: int, _: PositionInfo) -> Node:
        read.append(x.with_role("remembered"))
        context = remembered(x, memories[layer - 1], keys) if memories else x
        heads = []
        for n in range(1, o.heads + 1):
            with page(f"head{n}", f"Head {n}", **HEAD):
                heads.append(head(x, context, mask, places, weight, o))
        return beside(*heads)

    for n in range(1, o.layers + 1):
        with scope(f"layer{n}", f"Layer {n}"):
            x = block(x, weight, o, n, PositionInfo({}), attention, plain_feed)
    return x, read


def forward(ids: Node, vocabulary: Labels, weight: Weights, o: Options, shown: list[Node]) -> tuple[Node, Node, Node]:
    """Return the logits after each word, probabilities, and the next word, by segments. (T, 1) -> 2 (T, V), (1, 1)

    Adds to `shown` the ids that label each segment's tables.
    """
    with page("", "Input"):
        table = weight("E", Dim(o.vocab, vocabulary), o.d_model)
        embedded = embed(table, ids, "words", scale=o.d_model if o.scale_embedding else None)
    memories, outputs = list[Node](), []
    for n, start in enumerate(range(0, int(ids.shape[0]), o.segment), 1):
        first, stop = max(start - o.segment, 0), min(start + o.segment, int(ids.shape[0]))
        with scope(f"segment{n}" if n > 1 else "", f"Segment {n}", repeats=n > 1):
            with page("", "Words"), scope("", "segment", equation=f"words {start + 1} to {stop}"):
                own = labelled(ids.rows(start, stop).named("own_ids", role="tokens"), vocabulary)
                context_ids = labelled(ids.rows(first, stop).named("seen_ids", role="tokens"), vocabulary)
                x = embedded.rows(start, stop)
                x.shape = (own.shape[0], x.shape[1])
                x.named("x")
            x, memories = segment(x, context_ids.shape[0], memories, weight, o)
            outputs.append(x)
        shown += [own, context_ids]
    with page("", "Output"):
        x = below(*outputs)
        x.shape = (ids.shape[0], x.shape[1])
        return predict(x.named("x_out"), table, vocabulary, weight, o)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = one_vocabulary) -> Graph:
    o.check()
    ids = inputs.ids or example_ids([0, 1, 4, 6], o.vocab)
    shown: list[Node] = []
    reads = partial(forward, shown=shown)
    graph = read_and_write(o, weight, replace(inputs, ids=ids), reads, ids, vocabularies)
    with page("", "What is given up"):
        text = np.arange(3 * o.segment) // o.segment
        lost = mark_unseen(text[:, None] - text < 2, "1 where a layer does not look back")
    saved = savings(causal_attention, partial(segmented_attention, o.segment), len(ids), o.d_k)
    return replace(graph, outputs=[*graph.outputs, *shown, lost, saved])


ARCHITECTURE = decoder_only(
    name="transformer-xl",
    title="Transformer-XL",
    family="sparse and long",
    source=PAPER,
    about="remembers the last segment; places are distances",
    options=TRANSFORMER_XL,
    build=build,
    sizes={
        "small": {},
        "medium": {"d_model": 6, "heads": 3, "layers": 2, "d_ff": 12},
        "large": {"vocab": 12, "d_model": 8, "layers": 2, "d_ff": 16},
    },
    seed=45659,
)
