"""A misconception as a rewrite of a graph: patterns of right tables, and the wrong tables in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from byhand.core.graph import Node, named_like, rewrite, within
from byhand.core.ops import stretch
from byhand.errors import ByhandError
from byhand.misconceptions.patterns import Find
from byhand.translations import _

Make = Callable[..., Node]
"""Makes the wrong table from the pieces of a match: a new node, or one of the pieces."""
Rewrite = Callable[[Iterable[Node]], dict[Node, Node]]
"""From a graph's outputs to the tables that change: right -> wrong."""


@dataclass(frozen=True)
class Misconception:
    """A usual mistake, as a rewrite of a right graph, and the feedback that a good tutor gives.

    english: a sentence that says what is wrong and what is right, without numbers of the exercise.
    other_way: the same mistake in work on another way that is right as well; None where that gives the same numbers.
    """

    name: str
    english: str
    rewrite: Rewrite
    other_way: Rewrite | None = None

    @property
    def sentence(self) -> str:
        """The sentence, in the language that is written now."""
        return _(self.english)

    @property
    def on_other_way(self) -> Misconception | None:
        """The mistake in work on another way, under the same name."""
        return Misconception(self.name, self.english, self.other_way) if self.other_way else None


Slip = tuple[Find, Make]


def mistake(name: str, sentence: str, *slips: Slip, other_way: Slip | None = None) -> Misconception:
    """Return a misconception that changes single tables. slips: patterns, each with the wrong table for its matches."""
    return Misconception(name, sentence, _rewriting(slips), _rewriting([other_way]) if other_way else None)


def _rewriting(slips: Sequence[Slip]) -> Rewrite:
    def rule(node: Node, like: Node) -> Node:
        wrong = next(filter(None, (_wrong(like, find, make) for find, make in slips)), None)
        return wrong or like

    return lambda outputs: rewrite(outputs, rule)


def _wrong(node: Node, find: Find, make: Make) -> Node | None:
    """Return the wrong table in the node's place; None if the pattern does not match, or the shapes do not fit."""
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
    """Return a copy of another table in the node's place."""
    if not node.name:
        return other
    with within(node.scope):
        return named_like(node, stretch(other, rows=node.shape[0], columns=node.shape[1]))
