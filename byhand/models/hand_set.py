"""The weights of two heads that are set by hand to copy a repeated pattern, and what each feature of theirs says."""

from __future__ import annotations

from typing import Any

import numpy as np

from byhand.graph import Array, Node, source
from byhand.labels import Labels

SHARP = 30.0
"""A score by which a head looks at one word alone: e to minus this is 1e-13."""


class Stream:
    """The features of the residual stream, by what they say: the word, its place, the word before, the one after."""

    def __init__(self, vocab: int, places: int) -> None:
        letters, numbers = [letter(n) for n in range(vocab)], [str(n + 1) for n in range(places)]
        parts = {"word": letters, "place": numbers, "before": letters, "after": letters}
        self.labels = Labels("stream", tuple(f"{name} {of}" for name, every in parts.items() for of in every))
        self.width, self.part = 0, {}
        for name, every in parts.items():
            self.part[name] = slice(self.width, self.width + len(every))
            self.width += len(every)

    def reading(self, name: str, values: Array) -> Array:
        """A matrix from the stream that reads one part of it. (d, columns of values)"""
        matrix = np.zeros((self.width, values.shape[1]))
        matrix[self.part[name]] = values
        return matrix


def letter(n: int) -> str:
    """A, B, ... Z, A26, A27 ..."""
    return chr(ord("A") + n) if n < 26 else f"A{n}"


def weights_of(o: Any) -> dict[str, Array]:
    """Every weight, each a matrix of 0s and 1s but for how sharply a head looks."""
    stream, words, places = Stream(o.vocab, o.max_positions), np.eye(o.vocab), np.eye(o.max_positions)
    first = np.zeros((o.max_positions, o.vocab))
    first[0] = -2 * SHARP  # the first word has none before it, and its head sees itself: never look there
    return {
        "E": stream.reading("word", words).T,
        "P": stream.reading("place", places).T,
        "layer1.W_Q": stream.reading("place", SHARP * np.eye(o.max_positions, k=-1)),
        "layer1.W_K": stream.reading("place", places),
        "layer1.W_V": stream.reading("word", words),
        "layer1.W_O": stream.reading("before", words).T,
        "layer2.W_Q": stream.reading("word", words),
        "layer2.W_K": stream.reading("before", SHARP * words) + stream.reading("place", first),
        "layer2.W_V": stream.reading("word", words),
        "layer2.W_O": stream.reading("after", words).T,
        "W_U": stream.reading("after", 10 * words),
    }


def tables_of(o: Any, words: Labels, places: Labels | None = None) -> dict[str, Node]:
    """The same as tables, which a reader may change."""
    features = Stream(o.vocab, o.max_positions).labels
    labels: dict[str, tuple[object, object]] = {"E": (words, features), "P": (places, features)}
    tables = {}
    for name, matrix in weights_of(o).items():
        read = (None, features) if name.endswith("W_O") else (features, words if name == "W_U" else None)
        tables[name] = source(name, matrix, "given", *labels.get(name, read))
    return tables
