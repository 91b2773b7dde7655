"""The frame of the parts of a transformer on their own: tables of small numbers as their input."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np

from byhand.core.graph import Node, current_scope, labels_of, source
from byhand.core.labels import Labels
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, words


def table_of_input(weight: Weights, tokens: int, width: int) -> Node:
    """Return X, small whole numbers from the seed, a row for each word. Rows of a batch differ. (tokens, width)"""
    row = [crc32(place.encode())] if (place := current_scope().path) else []
    numbers = np.random.default_rng([weight.seed, tokens, width, *row]).integers(0, 4, size=(tokens, width))
    return source("X", numbers, role="input", rows=words("words", tokens))


def given_table(
    name: str, weight: Weights, rows: int, columns: int, least: int = -2, most: int = 3, near: Node | None = None
) -> Node:
    """Return a table of small whole numbers, from the seed and the table's name. (rows, columns)

    near: a given table, whose numbers are moved by the drawn ones, as tenths.
    """
    draw = np.random.default_rng([weight.seed, rows, columns, *name.encode()])
    of = labels_of(rows), labels_of(columns)
    numbers = draw.integers(least, most + 1, size=(rows, columns))
    moved = numbers if near is None or near.data is None else (near.data + numbers / 10).round(1)
    return source(name, moved, "input", *of)


def other_sentence(count: int) -> Labels:
    """Return the words of another sentence, each with a prime."""
    return Labels("source_words", tuple(f"{word}′" for word in words("", count).words))


def part(
    name: str, title: str, about: str, options: Any, build: Any, source: str, seed: int = 0, **more: Any
) -> Architecture:
    """Return a part; `seed` gives numbers without two equal rows or columns, and attention that says something."""
    return Architecture(name, title, "part", source, about, options, build, seed=seed, **more)


def learning_part(
    name: str, title: str, about: str, options: Any, build: Any, source: str, seed: int = 0, **more: Any
) -> Architecture:
    """Return a part that is about learning: a loss, or what is done to weights and gradients."""
    return Architecture(name, title, "learning", source, about, options, build, seed=seed, **more)
