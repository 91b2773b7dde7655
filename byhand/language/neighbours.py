"""A database of chunks of text, and the entries that are nearest to each chunk of a prompt (Borgeaud et al. 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np

from byhand.core.graph import Node, page, scope, source
from byhand.core.labels import Labels, labelled
from byhand.core.ops import argmax, below, lookup, one_hot, where
from byhand.language.options import Options
from byhand.layers.attention import NEG_INF

PLACE = "Borgeaud et al. 2022, section 2.3"


@dataclass(frozen=True)
class Database:
    """Entries of 2m words (D, 2m), the mean embedding of each one's first half, and the embeddings (V, width).

    The embeddings are not learned: they stand for the paper's frozen BERT.
    """

    entries: Node
    keys: Node
    frozen: Node


@dataclass(frozen=True)
class Chunk:
    """A chunk's words (m, 1), and those of its neighbours, stacked (k * 2m, 1)."""

    words: Node
    neighbours: Node


def neighbours_read(o: Options) -> int:
    """Return how many neighbours a chunk has, at most the number of entries."""
    return min(o.neighbours, o.database)


def database(vocab: int, count: int, length: int, width: int, seed: int, words: Labels) -> Database:
    """Return a database of random entries and embeddings from the seed."""
    draw = np.random.default_rng([seed, vocab, count])
    names = Labels("entries", tuple(f"entry {n + 1}" for n in range(count)))
    size = length // 2
    with page("database", "Database", source=PLACE):
        entries = source("entries", draw.integers(0, vocab, size=(count, length)), role="given", rows=names)
        frozen = source("frozen", draw.integers(-2, 3, size=(vocab, width)), role="given", rows=words)
        with scope("", "keys", equation="mean of the first half's embeddings"):
            halves = [lookup(frozen, entries.columns(n, n + 1)) for n in range(size)]
            return Database(entries, (reduce(add, halves) / size).named("keys"), frozen)  # (D, width)


def chunk_of(words: Node, store: Database, vocabulary: Labels, neighbours: int) -> Chunk:
    """Return the chunk and its nearest entries by |key - mean of the chunk|²; of equals, the first. (m, 1)"""
    words = labelled(words.named("words", role="tokens"), vocabulary)
    with scope("", "distances", equation="|key − mean of the chunk|²"):
        mean = lookup(store.frozen, words).named("embedded").mean(0).named("mean")  # (m, width) -> (1, width)
        apart = (store.keys - mean).named("apart")  # (D, width) - (1, width)
        left = (-(apart * apart).sum(1).named("d")).named("nearness")  # (D, 1)
    rows = []
    for n in range(1, neighbours + 1):
        with scope("", f"neighbour {n}", equation="where is the largest nearness" + (" left" if n > 1 else "")):
            nearest = argmax(left, axis=0).named(f"nearest{n}")
            rows.append(lookup(store.entries, nearest).T)  # (1, 2m), turned
            if n < neighbours:
                left = where(one_hot(nearest, width=left.shape[0]).T, NEG_INF, left).named(f"left{n}")
    with scope("", "their words", equation="the entries, one below the other"):
        return Chunk(words, labelled(below(*rows).named("ids", role="tokens"), vocabulary))
