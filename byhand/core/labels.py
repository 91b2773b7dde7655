"""Labels of the rows and columns of a table: words of a vocabulary, or the tokens of a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from byhand.core.graph import Array, Dim, Node, fold, named_like, source, toposort


@dataclass(frozen=True, eq=False)
class Labels:
    """Fixed names of rows or columns, such as a vocabulary's words."""

    name: str
    words: tuple[str, ...]


UNKNOWN = "�"
"""The piece for a letter that is typed, but is none of the letters."""
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


@dataclass(frozen=True, eq=False)
class Pieces:
    """The pieces of words, numbered from 1: letters, then what each merge makes, which can change with what is typed.

    typed: the letters that words are typed in, in the order of their numbers. letters: the pieces that are there before
    any merge. merges: the numbers of the two pieces that each merge joins, (1, 1) each; it grows with the model.
    inside: what a piece begins with that does not begin a word, such as ##; a merge drops it.
    """

    name: str
    typed: str
    letters: tuple[str, ...]
    merges: list[tuple[Node, Node]] = field(default_factory=list)
    inside: str = ""

    def spell(self, number: float, numbers: Mapping[Any, Array]) -> str:
        """Return the text of the piece with this number, from the numbers of tables; an empty text for 0."""
        n = int(number) - 1
        if n < 0:
            return ""
        if n < len(self.letters):
            return self.letters[n]
        left, right = (self.spell(_number(side, numbers), numbers) for side in self.merges[n - len(self.letters)])
        return left + right.removeprefix(self.inside)


@dataclass(frozen=True, eq=False)
class Typed:
    """Words that are typed letter by letter: they label the rows of their letters' numbers, and of what follows.

    ids: (words, letters), 0 where a word is over. end: a last piece of each word's own, if it has one. first, last: by
    how much the number of a letter grows at the beginning and at the end of a word, where such letters are pieces of
    their own; rest: by how much everywhere else. what: "words", or "pieces" where these are typed themselves.
    """

    ids: Node
    words: tuple[str, ...]
    pieces: Pieces
    end: int = 0
    rest: int = 0
    first: int = 0
    last: int = 0
    what: str = "words"

    def spell(self, number: float, numbers: Mapping[Any, Array]) -> str:
        """Return the word with this number, from 1; an empty text for 0."""
        return self.words[int(number) - 1] if number >= 1 else ""

    def word(self, i: int, numbers: Mapping[Any, Array]) -> str:
        """Return the word of row i: that of other letters where the numbers of tables have such."""
        ids = numbers.get(self.ids, numbers.get(self.ids.name))
        if ids is None or self.ids.data is None or np.array_equal(ids, self.ids.data):
            return self.words[i]
        row = [int(n) for n in ids[i].tolist() if n and n != self.end]
        letters = [n - self.rest for n in row]
        if letters:
            letters[0] -= self.first
            letters[-1] -= self.last
        return "".join((self.pieces.typed + UNKNOWN)[n - 1] for n in letters)


WordLabels = Labels | Tokens | Typed | Pieces
"""Labels that are words, each in a cell of its own."""


def _number(node: Node, numbers: Mapping[Any, Array]) -> float:
    """Return the only number of a table, from the numbers of tables by table or by name."""
    if node in numbers:
        return float(numbers[node].flat[0])
    if node.name in numbers:
        return float(numbers[node.name].flat[0])
    given = {n: numbers[key] for n in toposort([node]) for key in (n, n.name) if key in numbers}
    return float(fold([node], given)[node].flat[0])


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
    if isinstance(of, Typed):
        return of.word(i, numbers)
    if isinstance(of, Pieces):
        return of.spell(i + 1, numbers)
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


def spelling(node: Node) -> Pieces | Typed | None:
    """Return the pieces whose numbers a table holds, if its cells are shown as pieces."""
    while node.op.view and len(node.args) == 1 and "pieces" not in node.attrs:
        (node,) = node.args
    return node.attrs.get("pieces")


def label(node: Node, axis: int, i: int, numbers: Mapping[Node, Array] | Mapping[str, Array]) -> str:
    """Return the label of row i (axis 0) or column i (axis 1): its word, or its number from 1."""
    return word(node.shape[axis].labels, i, numbers) or str(i + 1)


def labels(node: Node, axis: int, numbers: Mapping[Node, Array] | Mapping[str, Array]) -> tuple[str, ...]:
    """Return the labels of all rows (axis 0) or columns (axis 1)."""
    return tuple(label(node, axis, i, numbers) for i in range(int(node.shape[axis])))
