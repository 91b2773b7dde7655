"""Transformer-XL (Dai et al. 2019): a text in segments, each remembering what the layers made of the last one."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from byhand.graph import Dim, Node, page, scope, source
from byhand.labels import Labels, token_ids
from byhand.layers import (
    attend,
    embed,
    feed_forward,
    join_heads,
    layer_norm,
    linear,
    residual,
    sinusoidal,
    softmax,
)
from byhand.models.architecture import Architecture, Graph, Inputs, example
from byhand.models.generate import next_word, write
from byhand.models.vocabulary import Vocabularies, words
from byhand.ops import again, below, beside, sqrt
from byhand.positions import shifted
from byhand.savings import causally, in_segments, savings
from byhand.weights import Weights

PAPER = "Dai et al. 2019"
HEAD = {
    "equation": "softmax(((Q + u) Kᵀ + (Q + v) Rᵀ) / √d_k) V",
    "column_equation": "V softmax((Kᵀ (Q + u) + Rᵀ (Q + v)) / √d_k)",
    "source": f"{PAPER}, section 3.3",
}


@dataclass(frozen=True)
class Options:
    """segment: how many words are read at a time, and as many before them are remembered."""

    vocab: int = 8
    segment: int = 2
    d_model: int = 4
    heads: int = 2
    layers: int = 1
    d_ff: int = 8
    activation: str = "relu"
    tied: bool = True
    eps: float = 1e-5


def head(h: Node, seen: Node, mask: Node, places: Node, weight: Weights, d_k: int) -> Node:
    """One head: what a key says, and how far away it is, each met by the query and by a learned row. -> (T, d_k)"""
    q = linear(h, weight, "Q", d_k, bias=False).named("Q")  # (T, d) @ (d, d_k) -> (T, d_k)
    k, v = (linear(seen, weight, name, d_k, bias=False).named(name) for name in "KV")  # (M + T, d_k)
    r = linear(places, weight, "R", d_k, bias=False).named("R")  # (n, d) @ (d, d_k) -> (n, d_k)
    with scope("", "by distance", equation="(Q + v) Rᵀ / √d_k", source=f"{PAPER}, section 3.3, terms b and d"):
        asks = (q + weight("bias_v", 1, d_k)).named("Q_place")
        by_distance = (asks @ r.T / sqrt(d_k)).named("by_distance")  # (T, d_k) @ (d_k, n) -> (T, n)
        by_key = shifted(by_distance, seen.shape[0]).named("by_key", role="positions")
    with scope("", "by content", equation="(Q + u) Kᵀ / √d_k", source=f"{PAPER}, section 3.3, terms a and c"):
        content = (q + weight("bias_u", 1, d_k)).named("Q_content")
    return attend(content, k, v, mask, bias=by_key)


def layer(h: Node, seen: Node, mask: Node, places: Node, weight: Weights, o: Options) -> Node:
    """norm(h + attention(h, memory and h)), then norm(h + ffn(h)). (T, d), (M + T, d) -> (T, d)"""
    outputs = []
    for n in range(1, o.heads + 1):
        with page(f"head{n}", f"Head {n}", **HEAD):
            outputs.append(head(h, seen, mask, places, weight, o.d_model // o.heads))
    with page("", "Attention"):
        h = residual(h, join_heads(beside(*outputs), weight, o.d_model, bias=False), "residual1")
        h = layer_norm(h, weight, "norm1", o.eps)
    with page("", "Feed-forward"):
        h = residual(h, feed_forward(h, weight, o.d_ff, o.activation), "residual2")
        return layer_norm(h, weight, "norm2", o.eps).named("output")


def segment(x: Node, keys: Dim, memories: list[Node], weight: Weights, o: Options) -> list[Node]:
    """What every layer makes of the segment's words x, and x itself. (T, d) -> (T, d) each"""
    words, found = x.shape[0], [x]
    with page("", "Relative positions"):
        numbers = np.arange(keys - 1, -words, -1)[:, None]
        places = sinusoidal(source("distance", numbers, role="given"), o.d_model)  # (M + 2 T - 1, d)
        mask = source("mask", np.tri(words, keys, keys - words), role="mask", rows=words.of, columns=keys.of)
    for n in range(1, o.layers + 1):
        with scope(f"layer{n}", f"Layer {n}"):
            h = seen = found[-1].playing("remembered")
            if memories:
                with (
                    page("", "Memory"),
                    scope("", "remembered", equation="[memory; h]", source=f"{PAPER}, section 3.2"),
                ):
                    memory = again(memories[n - 1]).named("memory", role="memory")
                    seen = below(memory, h)
                    seen.shape = (keys, h.shape[1])
                    seen.named("remembered")
            found.append(layer(h, seen, mask, places, weight, o))
    return found


def forward(ids: Node, vocabulary: Labels, weight: Weights, o: Options) -> tuple[Node, Node, Node]:
    """Segment by segment to the logits after each word, probabilities, and the next word. (T, 1) -> 2 (T, V), (1, 1)"""
    with page("", "Input"):
        table = weight("E", Dim(o.vocab, vocabulary), o.d_model)
        embedded = embed(table, ids, "words")
    memories: list[Node] = []
    outputs = []
    for n, start in enumerate(range(0, int(ids.shape[0]), o.segment), 1):
        stop = min(start + o.segment, int(ids.shape[0]))
        with scope(f"segment{n}" if n > 1 else "", f"Segment {n}", again=n > 1):
            first = max(start - o.segment, 0)
            here = [f"word {i + 1}" for i in range(start, stop)]
            there = [f"past {i + 1}" for i in range(first, start)]
            with page("", "Words"), scope("", "segment", equation=f"words {start + 1} to {stop}"):
                x = embedded.rows(start, stop)
                x.shape = (Dim(stop - start, Labels("segment", tuple(here))), x.shape[1])
                x.named("x")
            memories = segment(x, Dim(stop - first, Labels("seen", (*there, *here))), memories, weight, o)
            outputs.append(memories[-1])
    with page("", "Output"):
        x = below(*outputs)
        x.shape = (ids.shape[0], x.shape[1])
        with scope("", "logits", equation="x Eᵀ" if o.tied else "x W", column_equation="E x" if o.tied else "W x"):
            out = table.T if o.tied else weight("W_vocab", o.d_model, Dim(o.vocab, vocabulary))
            logits = (x.named("x_out") @ out).named("logits", role="result")  # (T, d) @ (d, V) -> (T, V)
        return logits, softmax(logits).named("probabilities", role="result"), next_word(logits, vocabulary)


def vocabularies(o: Options) -> tuple[Labels, ...]:
    return (words("vocabulary", o.vocab),)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    (vocabulary,) = vocabularies(o)
    ids = token_ids("ids", inputs.ids or example([0, 1, 4, 6], o.vocab), vocabulary)
    graph = write(lambda ids: forward(ids, vocabulary, weight, o), ids, vocabulary, inputs)

    saved = savings(causally, partial(in_segments, o.segment), int(ids.shape[0]), o.d_model // o.heads)
    return replace(graph, outputs=[*graph.outputs, saved])


ARCHITECTURE = Architecture(
    name="transformer-xl",
    title="Transformer-XL",
    family="sparse and long",
    source=PAPER,
    about="remembers the last segment; places are distances",
    options=Options,
    build=build,
    sizes={
        "small": {},
        "medium": {"d_model": 6, "heads": 3, "layers": 2, "d_ff": 12},
        "large": {"vocab": 12, "d_model": 8, "layers": 2, "d_ff": 16},
    },
    takes=frozenset({"ids", "generate"}),
    vocabularies=vocabularies,
    seed=45659,
)
