"""A database of chunks of text, and the entry that is nearest to each chunk of a prompt (Borgeaud et al. 2022)."""

from __future__ import annotations

from functools import reduce
from operator import add

import numpy as np

from byhand.graph import Node, page, scope, source
from byhand.labels import Labels, labelled
from byhand.ops import argmax, lookup

PLACE = "Borgeaud et al. 2022, section 2.3"


def database(vocab: int, count: int, length: int, width: int, seed: int, words: Labels) -> tuple[Node, Node]:
    """Entries of so many words, and embeddings that are not learned, from the seed. (D, 2m), (V, width)"""
    draw = np.random.default_rng([seed, vocab, count])
    names = Labels("entries", tuple(f"entry {n + 1}" for n in range(count)))
    with page("database", "Database", source=PLACE):
        entries = source("entries", draw.integers(0, vocab, size=(count, length)), role="given", rows=names)
        return entries, source("frozen", draw.integers(-2, 3, size=(vocab, width)), role="given", rows=words)


def neighbours(ids: Node, entries: Node, frozen: Node, vocabulary: Labels) -> list[Node]:
    """For each whole chunk, the words of the entry whose first half is nearest. (T, 1), (D, 2m) -> (2m, 1) ..."""
    size = int(entries.shape[1]) // 2
    with page("database", "Database", source=PLACE), scope("", "keys", equation="mean of the first half's embeddings"):
        halves = [lookup(frozen, entries.columns(n, n + 1)) for n in range(size)]
        keys = (reduce(add, halves) / size).named("keys")  # (D, width)
    found = []
    for u in range(int(ids.shape[0]) // size):
        with page(f"chunk{u + 1}", f"Chunk {u + 1}", source=PLACE):
            with scope("", "the nearest entry", equation="where is min |key − mean of the chunk|²"):
                words = lookup(frozen, ids.rows(u * size, (u + 1) * size)).named("embedded")  # (m, width)
                apart = (keys - words.mean(0).named("mean")).named("apart")  # (D, width) - (1, width)
                nearest = argmax(-(apart * apart).sum(1).named("d"), axis=0).named("nearest")
                following = lookup(entries, nearest).T.named("ids", role="tokens")
            found.append(labelled(following, vocabulary))
    return found
