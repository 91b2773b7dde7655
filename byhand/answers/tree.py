"""An answer as a tree: numbers, symbols, and operations on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Number:
    """value: exact. places: the decimals that were written, where it was written as a decimal number.

    open: the digits go on, as `0.333...` says.
    """

    value: Fraction
    places: int | None = None
    open: bool = False


@dataclass(frozen=True, slots=True)
class Symbol:
    """A letter that stands for a number: pi, e, or a variable of the question."""

    name: str


@dataclass(frozen=True, slots=True)
class Apply:
    """An operation on its arguments; values.py knows what each one is."""

    op: str
    args: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Infinite:
    """Infinity with its sign: a masked score."""

    sign: int


Tree = Number | Symbol | Apply | Infinite


def walked(tree: Tree) -> Iterator[Tree]:
    """The tree's nodes, without recursion."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Apply):
            waiting.extend(node.args)


def symbols(tree: Tree) -> set[str]:
    return {node.name for node in walked(tree) if isinstance(node, Symbol)} - {"e", "pi"}
