"""What a misconception is: the places of a graph in which a student goes wrong, and the wrong table in each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from byhand.core.graph import Node, named_like, rewrite, within
from byhand.core.ops import stretch
from byhand.errors import ByhandError
from byhand.misconceptions.patterns import Find

Make = Callable[..., Node]
"""The pieces to the wrong table: a new one, or one of the pieces as it is."""
Rewrite = Callable[[Iterable[Node]], dict[Node, Node]]
"""A graph's outputs to its tables that come out otherwise: right -> wrong."""


@dataclass(frozen=True)
class Misconception:
    """A mistake that people make, as a rewrite of a right graph, and what a good tutor says to it.

    The sentence names what went wrong and what belongs there, never a number of the exercise.
    """

    name: str
    sentence: str
    rewrite: Rewrite


def mistake(name: str, sentence: str, *slips: tuple[Find, Make]) -> Misconception:
    """A misconception that is made in single tables: at every place that one of the slips finds."""

    def rule(node: Node, like: Node) -> Node:
        wrong = next(filter(None, (_wrong(like, find, make) for find, make in slips)), None)
        return wrong or like

    return Misconception(name, sentence, lambda outputs: rewrite(outputs, rule))


def _wrong(node: Node, find: Find, make: Make) -> Node | None:
    """What a student writes in the node's place; None where the slip does not fit, or the sizes do not let it pass."""
    pieces = find(node)
    if pieces is None:
        return None
    try:
        with within(node.scope):
            wrong = make(*pieces)
    except ByhandError:
        return None
    if wrong.shape != node.shape:
        return None
    return shown_as(node, wrong) if wrong in pieces else named_like(node, wrong)


def shown_as(node: Node, other: Node) -> Node:
    """A table that has a place of its own, shown again in the node's."""
    if not node.name:
        return other
    with within(node.scope):
        return named_like(node, stretch(other, rows=node.shape[0], columns=node.shape[1]))
