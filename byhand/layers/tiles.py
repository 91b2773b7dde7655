"""Attention tile by tile, by a softmax with a running maximum and total (Dao et al. 2022)."""

from __future__ import annotations

from collections.abc import Iterator

from byhand.core.graph import Dim, Node, scope
from byhand.core.labels import Labels
from byhand.core.ops import beside, exp, log, maximum, sqrt, stretch, where
from byhand.layers.attention import NEG_INF

PAPER = "Dao 2023, algorithm 1"
ONLINE = {
    "equation": "O′ = e^(max − max′) O + P V",
    "source": PAPER,
}
Span = tuple[int, int]
"""The first of a tile, and the one after its last."""


def spans(count: int, size: int) -> list[Span]:
    """Return the first and the last but one of each tile: (0, 2), (2, 4) ..."""
    return [(start, min(start + size, count)) for start in range(0, count, size)]


def tiles(count: int, queries: int, keys: int, causal: bool) -> Iterator[tuple[Span, list[Span]]]:
    """Yield each tile of queries with the tiles of keys that it needs: under a causal mask, none that comes later."""
    for start, stop in spans(count, queries):
        yield (start, stop), [tile for tile in spans(count, keys) if not causal or tile[0] < stop]


def tile(x: Node, span: Span) -> Node:
    """Return some rows of a table with their labels. (T, n) -> (B, n)"""
    of, (start, stop) = x.shape[0].labels, span
    words = Labels(f"words{start + 1}", of.words[start:stop]) if isinstance(of, Labels) else None
    return stretch(x.rows(start, stop), rows=Dim(stop - start, words), columns=x.shape[1])


def online(q: Node, k: Node, v: Node, rows: Span, needed: list[Span], mask: Node | None) -> Node:
    """Return the attention of one tile of queries, beside L: one tile of keys after the other. 3 (T, d) -> (B, d + 1)

    Maximum, total and O are those of the keys so far; a larger maximum makes smaller what is there.
    """
    q, largest, total, result = tile(q, rows), None, None, None
    for n, (start, stop) in enumerate(needed, 1):
        with scope(f"keys{n}", f"key tile {n}", below=n > 1, **ONLINE):
            s = ((q @ tile(k, (start, stop)).T) / sqrt(q.shape[1])).named(
                "S", role="scale"
            )  # (B, d) @ (d, C) -> (B, C)
            if mask is not None and stop - 1 > rows[0]:
                s = where(mask.rows(*rows).columns(start, stop), s, NEG_INF).named("masked", role="mask")
            if largest is None or total is None or result is None:
                largest = s.max(1).named("max", role="shift")
                p = exp(s - largest).named("P", role="exp")
                total, result = p.sum(1).named("total", role="total"), (p @ tile(v, (start, stop))).named("O")
                continue
            now = maximum(largest, s.max(1)).named("max", role="shift")
            kept, p = exp(largest - now).named("kept"), exp(s - now).named("P", role="exp")
            total = (kept * total + p.sum(1)).named("total", role="total")
            here = (p @ tile(v, (start, stop))).named("PV")  # (B, C) @ (C, d) -> (B, d)
            result = (kept * result + here).named("O")
            largest = now
    assert largest is not None and total is not None and result is not None  # noqa: PT018
    with scope("", "divide once", equation="Z = O / total, L = max + ln total", source=PAPER, below=True):
        return beside((result / total).named("Z", role="heads"), (largest + log(total)).named("L"))
