"""RETRO's chunked cross-attention: a chunk's neighbours are read from its last word on (Borgeaud et al. 2022)."""

from typing import Any

import numpy as np

from byhand.graph import Dim, Node, page, scope, source
from byhand.labels import Labels, labelled
from byhand.layers import join_heads
from byhand.models.blocks import Places, grouped_attention, norm
from byhand.models.transformer import joined
from byhand.ops import below, beside, lookup, stretch
from byhand.weights import Weights

PAPER = "Borgeaud et al. 2022"


def biases(weight: Weights, o: Any) -> list[Node]:
    """What each head adds to its scores for a reader's place less a neighbour's, the same for all. (m, k * 2m) each"""
    if o.positions != "relative":
        return []
    with page("", "Relative positions", equation="B[distance, head]", source=f"{PAPER}, appendix B"):
        numbers = np.arange(2 * o.chunk) - np.arange(o.chunk)[:, None] + o.chunk - 1
        away = Labels("distances", tuple(f"{n - o.chunk + 1:+d}" for n in range(3 * o.chunk - 1)))
        row, table = source("row", numbers, role="given"), weight("B", 3 * o.chunk - 1, o.heads)
        table.shape = (Dim(table.shape[0], away), table.shape[1])
        found = []
        for h in range(o.heads):
            columns = [lookup(table.columns(h, h + 1), row.columns(j, j + 1)) for j in range(2 * o.chunk)]
            found.append(beside(*[beside(*columns).named(f"bias{h + 1}", role="positions")] * o.read))
        return found


def readers_of(ids: Node, u: int, vocabulary: Labels, o: Any) -> Node:
    """The words that read the neighbours of chunk u, counted from 1: from its last word on. (T, 1) -> (m, 1) or less"""
    first = u * o.chunk - 1
    with scope("", "who reads them", equation="the chunk's last word, and those after it"):
        last = min(first + o.chunk, int(ids.shape[0]))
        return labelled(ids.rows(first, last).named("readers", role="tokens"), vocabulary)


def chunked_cross_attention(
    x: Node, memories: list[Node], readers: list[Node], weight: Weights, o: Any, layer: int
) -> Node:
    """x + CCA: from a chunk's last word on, a chunk's length reads its neighbours (section 2.4). (T, d) -> (T, d)"""
    with page("", "Norm"):
        y = x if o.norm_place == "post" else norm(x, weight, "norm2", o)
    by_place = biases(weight, o)
    read = [stretch(0, rows=o.chunk - 1, columns=o.heads * o.d_k)] if o.chunk > 1 else []
    for u, (memory, words) in enumerate(zip(memories, readers, strict=True), 1):
        first = u * o.chunk - 1
        rows = y.rows(first, first + int(words.shape[0]))
        rows.shape = (words.shape[0], y.shape[1])
        places = Places({o.kind(layer): None}, biases=tuple(bias.rows(0, int(rows.shape[0])) for bias in by_place))
        with scope(f"chunk{u}", f"Chunk {u}", again=True):
            read.append(grouped_attention(rows, weight, o, layer, places, memory, source=f"{PAPER}, section 2.4"))
    with page("", "Join"):
        z = stretch(below(*read), rows=x.shape[0], columns=o.heads * o.d_k).named("Z")
        return joined(x, join_heads(z, weight, o.d_model, o.join_bias), weight, o, 2)
