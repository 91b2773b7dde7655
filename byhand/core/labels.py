"""Labels of the rows and columns of a table: words of a vocabulary, or the tokens of a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.core.graph import Array, Dim, Node, fold, named_like, source, toposort


@dataclass(frozen=True, eq=False)
class Labels:
    """Fixed names of rows or columns, such as a vocabulary's words."""

    name: str
    words: tuple[str, ...]


NO_WORD = "_"
"""The target of a position without a target word."""


@dataclass(frozen=True, eq=False)
class Tokens:
    """The words of a prompt: the ids (T, 1) and their vocabulary; if `optional`, -1 stands for no word."""

    ids: Node
    vocabulary: Labels
    optional: bool = False

    def ids_from(self, numbers: Mapping[Node, Array]) -> Array:
        """Return the ids, computed from the numbers of other tables. (T, 1)"""
        return fold([self.ids], numbers)[self.ids]

    def word(self, number: float) -> str:
        """Return the word with this id."""
        return self.vocabulary.words[int(number)] if number >= 0 else NO_WORD


SO_FAR = "1 where the word of the column is that of the row or stands before it"
"""The meaning of a lower triangle of ones, by which the words up to each are counted."""


def token_ids(name: str, ids: list[int], vocabulary: Labels, optional: bool = False) -> Node:
    """Return a prompt's ids as a column; its words label its rows and the rows of all tables made from it. (T, 1)"""
    node = source(name, np.array(ids)[:, None], role="tokens")
    return labelled(node, vocabulary, optional)


def labelled(ids: Node, vocabulary: Labels, optional: bool = False) -> Node:
    """Return a column of ids, given or generated, whose words label the rows of tables made from it."""
    node = named_like(ids, ids)
    node.shape = (Dim(ids.shape[0], Tokens(node, vocabulary, optional)), ids.shape[1])
    return node


def word(of: object, i: int, numbers: Mapping[Node, Array] | Mapping[str, Array]) -> str:
    """Return the label of row or column i from its dimension's labels; an empty text if it has none.

    numbers: of the tables from which the ids of a prompt are computed, by table or by name.
    """
    if isinstance(of, Labels):
        return of.words[i]
    if isinstance(of, Tokens):
        return of.word(_ids(of, numbers)[i, 0])
    return ""


def _ids(tokens: Tokens, numbers: Mapping[Any, Array]) -> Array:
    """Return the ids of a prompt from the numbers of tables. (T, 1)"""
    if tokens.ids in numbers:
        return numbers[tokens.ids]
    if tokens.ids.name in numbers:
        return numbers[tokens.ids.name]
    return tokens.ids_from({n: numbers[key] for n in toposort([tokens.ids]) for key in (n, n.name) if key in numbers})


def label(node: Node, axis: int, i: int, numbers: Mapping[Node, Array] | Mapping[str, Array]) -> str:
    """Return the label of row i (axis 0) or column i (axis 1): its word, or its number from 1."""
    return word(node.shape[axis].labels, i, numbers) or str(i + 1)


def labels(node: Node, axis: int, numbers: Mapping[Node, Array] | Mapping[str, Array]) -> tuple[str, ...]:
    """Return the labels of all rows (axis 0) or columns (axis 1)."""
    return tuple(label(node, axis, i, numbers) for i in range(int(node.shape[axis])))
