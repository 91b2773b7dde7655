"""RETRO's chunked cross-attention: words from a chunk's last one on read its neighbours (Borgeaud et al. 2022)."""

from dataclasses import replace
from typing import Any

import numpy as np

from byhand.core.graph import Dim, Node, page, scope, source
from byhand.core.labels import Labels, labelled
from byhand.core.ops import below, beside, lookup, stretch
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.language.blocks import (
    PositionInfo,
    add_and_norm,
    attention_sublayer,
    feed_sublayer,
    grouped_attention,
    norm,
    position_info,
)
from byhand.language.decoder_only import embedding
from byhand.language.neighbours import Chunk, neighbours_read
from byhand.layers.attention import join_heads

PAPER = "Borgeaud et al. 2022"


def biases(weight: Weights, o: Any) -> list[Node]:
    """Return each head's bias on its scores, by the reader's position less the neighbour's. (m, k * 2m) each"""
    if o.positions != "relative":
        return []
    with page("", "Relative positions", equation="B[distance, head]", source=f"{PAPER}, appendix B", look=Look.INPUT):
        numbers = np.arange(2 * o.chunk) - np.arange(o.chunk)[:, None] + o.chunk - 1
        away = Labels("distances", tuple(f"{n - o.chunk + 1:+d}" for n in range(3 * o.chunk - 1)))
        row, table = source("row", numbers, role="given"), weight("B", 3 * o.chunk - 1, o.heads)
        table.shape = (Dim(table.shape[0], away), table.shape[1])
        found = []
        for h in range(o.heads):
            columns = [lookup(table.columns(h, h + 1), row.columns(j, j + 1)) for j in range(2 * o.chunk)]
            found.append(beside(*[beside(*columns).named(f"bias{h + 1}", role="positions")] * neighbours_read(o)))
        return found


def readers_of(ids: Node, u: int, vocabulary: Labels, o: Any) -> Node:
    """Return the words that read the neighbours of chunk u (from 1), its last word first. (T, 1) -> (m, 1) or less"""
    first = u * o.chunk - 1
    with scope("", "who reads them", equation="the chunk's last word, and those after it"):
        last = min(first + o.chunk, int(ids.shape[0]))
        return labelled(ids.rows(first, last).named("readers", role="tokens"), vocabulary)


def chunked_cross_attention(
    x: Node, memories: list[Node], readers: list[Node], weight: Weights, o: Any, layer: int
) -> Node:
    """Return x + CCA(x): m words, from a chunk's last one on, read its neighbours (section 2.4). (T, d) -> (T, d)"""
    with page("", "Norm"):
        y = x if o.norm_place == "post" else norm(x, weight, "norm2", o)
    by_place = biases(weight, o)
    parts = [stretch(0, rows=o.chunk - 1, columns=o.heads * o.d_k)] if o.chunk > 1 else []
    for u, (memory, words) in enumerate(zip(memories, readers, strict=True), 1):
        first = u * o.chunk - 1
        rows = y.rows(first, first + int(words.shape[0]))
        rows.shape = (words.shape[0], y.shape[1])
        info = PositionInfo({o.kind(layer): None}, biases=tuple(bias.rows(0, int(rows.shape[0])) for bias in by_place))
        with scope(f"chunk{u}", f"Chunk {u}", repeats=True):
            parts.append(grouped_attention(rows, weight, o, layer, info, memory, source=f"{PAPER}, section 2.4"))
    with page("", "Join"):
        z = stretch(below(*parts), rows=x.shape[0], columns=o.heads * o.d_k).named("Z")
        return add_and_norm(x, join_heads(z, weight, o.d_model, o.join_bias), weight, o, 2)


def encoder_position_info(weight: Weights, o: Any) -> PositionInfo:
    """Return the positions for the encoder: a chunk's neighbours are stacked, and each sees only itself."""
    length = 2 * o.chunk
    info = position_info(Dim(neighbours_read(o) * length), weight, replace(o, attention="full", layer_kinds=()))
    own = np.arange(neighbours_read(o) * length) // length
    mask = source("own", own[:, None] == own, role="mask") if neighbours_read(o) > 1 else None
    return replace(info, masks={"full": mask})


def encode_neighbours(chunk: Chunk, h: Node, table: Node, info: PositionInfo, weight: Weights, o: Any) -> Node:
    """Return the encoded neighbours: each sees itself, and the chunk for which it was retrieved (algorithm 1).

    (m, d) -> (k * 2m, d)
    """
    o = replace(o, attention="full", layer_kinds=())
    with page("", "Input"):
        place = np.tile(np.arange(2 * o.chunk), neighbours_read(o))[:, None]
        x = embedding(table, chunk.neighbours, weight, o, "P", place)
        h.shape = (chunk.words.shape[0], h.shape[1])
        h.named("H")
    for n in range(1, o.encoder_layers + 1):
        with scope(f"layer{n}", f"Layer {n}" if o.encoder_layers > 1 else ""):
            with scope("self", "Self"):
                x = attention_sublayer(x, None, info, weight, o, 1)
            with scope("cross", "Cross"):
                x = attention_sublayer(x, h, PositionInfo({"full": None}), weight, o, 2)
            x = feed_sublayer(x, weight, o, 3)
    return x
