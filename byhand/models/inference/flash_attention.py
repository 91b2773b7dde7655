"""FlashAttention (Dao et al. 2022; Dao 2023): exact attention tile by tile, so that the scores are never stored."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.core.graph import Node, page, scope, source
from byhand.core.labels import Labels
from byhand.core.ops import below, stretch
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs
from byhand.language.parts import table_of_input
from byhand.layers.attention import attend, attention_equations
from byhand.layers.linear import linear
from byhand.layers.masks import causal_mask
from byhand.layers.tiles import online, tiles

LONGER = (4, 16, 64)
"""Numbers that are moved are counted for the page's text and for texts so many times as long."""
TILE = 64
"""The most words in a tile of a longer text, as on a processor with 100 kB of fast memory."""


@dataclass(frozen=True)
class Options:
    """query_tile, key_tile: how many queries, and how many keys, a tile has. bytes: of a number in slow memory."""

    tokens: int = 4
    d_model: int = 4
    d_k: int = 2
    query_tile: int = 2
    key_tile: int = 2
    causal: bool = False
    bytes: int = 2


def moved(o: Options, tokens: int, tile_of: tuple[int, int]) -> dict[str, list[int]]:
    """Return how many numbers each way reads and writes: of each table, [exact read, written, by tiles read, written].

    Exact attention writes the scores, reads them, writes their softmax and reads it (Dao et al. 2022, algorithm 0).
    """
    square, table = tokens * tokens, tokens * o.d_k
    again = sum(stop - start for _, keys in tiles(tokens, *tile_of, o.causal) for start, stop in keys) * o.d_k
    return {
        "Q": [table, 0, table, 0],
        "K": [table, 0, again, 0],
        "scores": [square, square, 0, 0],
        "weights": [square, square, 0, 0],
        "V": [table, 0, again, 0],
        "Z": [0, table, 0, table],
        "L": [0, 0, 0, tokens],
    }


def traffic(o: Options) -> list[Node]:
    """Return the bytes that move for this text, (1, 4), and how many times fewer for longer ones. (n, 1)"""
    with page("", "Bytes", equation="numbers × bytes", source="Dao et al. 2022, algorithm 0 and theorem 2"):
        size = source("bytes", o.bytes, role="given", meaning="the bytes of a number: 2 in half precision")
        counts = moved(o, o.tokens, (o.query_tile, o.key_tile))
        ways = Labels("ways", ("full in", "full out", "tiles in", "tiles out"))
        rows = Labels("tables", tuple(counts))
        numbers = source("numbers", list(counts.values()), role="given", rows=rows, columns=ways)
        total = (numbers.sum(0).named("numbers_moved") * size).named("bytes_moved", role="result")
    with page("", "Longer texts", equation="exact / tiles", source=f"tiles of up to {TILE} words"):
        longer = []
        for words in (o.tokens * times for times in LONGER):
            at = moved(o, words, (TILE, TILE)).values()
            longer.append([words, sum(n[0] + n[1] for n in at), sum(n[2] + n[3] for n in at)])
        texts = Labels("texts", tuple(f"{words} words" for words, *_ in longer))
        columns = Labels("counted", ("words", "exact", "tiles"))
        counted = source("longer", longer, role="given", rows=texts, columns=columns)
        return [total, (counted.columns(1, 2) / counted.columns(2, 3)).named("times_fewer")]


def build(o: Options, weight: Weights, inputs: Inputs) -> Graph:
    with page("", "Input"):
        x = table_of_input(weight, o.tokens, o.d_model)
        with scope("", "Q, K, V", equation="X W_Q, X W_K, X W_V"):
            q, k, v = (linear(x, weight, name, o.d_k, bias=False).named(name) for name in "QKV")
    mask, rows = causal_mask(x.shape[0]) if o.causal else None, []
    for n, (at, needed) in enumerate(tiles(o.tokens, o.query_tile, o.key_tile, o.causal), 1):
        with page(f"queries{n}", f"Queries {n}"):
            rows.append(online(q, k, v, at, needed, mask))
    with page("exact", "In full", **attention_equations(o.causal)):
        exact = attend(q, k, v, mask)
    with page("", "Equal"), scope("", "the two ways", equation="tiles − exact: 0 but for rounding"):
        joined = stretch(below(*rows), rows=x.shape[0], columns=o.d_k + 1)
        z = joined.columns(0, o.d_k).named("Z", role="result")
        difference = (z - exact).named("difference")
    return Graph([z, difference, *rows, *traffic(o)])


ARCHITECTURE = Architecture(
    name="flash-attention",
    title="FlashAttention",
    family="inference",
    source="Dao et al. 2022",
    about="attention tile by tile with a running maximum and total, shown equal",
    options=Options(),
    build=build,
    sizes={
        "small": {},
        "medium": {"tokens": 6, "d_model": 6, "query_tile": 3},
        "large": {"tokens": 9, "d_model": 8, "d_k": 4, "query_tile": 4, "key_tile": 3},
    },
    seed=160,
)
