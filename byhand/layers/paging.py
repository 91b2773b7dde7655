"""Blocks of a cache (Kwon et al. 2023): which texts have which, what memory holds, and where a word is."""

from __future__ import annotations

from typing import Any

import numpy as np

from byhand.core.graph import Dim, Node, scope, source
from byhand.core.labels import Labels
from byhand.core.ops import int_, lookup
from byhand.layers.positions import position_column

BLOCKS = "for each block of the text the number of its block in memory, counted from 0"
PAPER = "Kwon et al. 2023, section 4.1"


def block_tables(blocks: int, shared: int, seed: int) -> list[list[int]]:
    """Return the blocks of two texts in the order of their words, by numbers in memory; the first are the same."""
    order: list[int] = np.random.default_rng([seed, blocks, shared]).permutation(2 * blocks - shared).tolist()
    return [order[:blocks], order[:shared] + order[blocks:]]


def written(tables: list[list[int]], tokens: int, size: int, shared: int) -> list[list[float]]:
    """Return the row of both texts' words, one below the other, that each place in memory holds; −1 for none."""
    rows: Any = np.full((2 * len(tables[0]) - shared) * size, -1.0)
    for n, table in enumerate(tables):
        for i in range(tokens):
            own = n * tokens if i >= shared * size else 0
            rows[table[i // size] * size + i % size] = i + own
    return [[float(row)] for row in rows]


def place_of(blocks: list[int], size: int, tokens: Dim) -> Node:
    """Return where in memory each word of a text is. (T, 1)"""
    position = position_column(tokens)
    with scope("", "find the words", equation="table[⌊i / size⌋] · size + i mod size", source=PAPER):
        names = Labels("text_blocks", tuple(f"block {n + 1}" for n in range(len(blocks))))
        table = source("block_table", np.array(blocks)[:, None], "given", names, meaning=BLOCKS)
        block = int_(position / size).named("block")
        inside = (position - size * block).named("inside")
        return (lookup(table, block) * size + inside).named("place")
