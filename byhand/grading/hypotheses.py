"""The wrong ideas that a student may have had, alone or two together, and what the asked tables become by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from byhand.core.graph import Array, Node, Op, toposort
from byhand.exercises.distinct_mistakes import made, mistakes
from byhand.exercises.problem import Flags, Problem
from byhand.grading.stages import Indices, Stage
from byhand.misconceptions import applicable
from byhand.misconceptions.rewriting import Misconception

Size = tuple[int, int]
Taken = Mapping[int, tuple[Flags, Array]]
"""By stage, on which lanes its table is taken from the student, and the tables. (lanes, 1, 1), (lanes, r, c)"""


@dataclass(frozen=True, eq=False)
class _Step:
    """Tables of one size that an operation makes in one call; each has its place among those of its size.

    asked: the stage whose table this is in some graph; None for what nobody is asked.
    """

    op: Op
    attrs: dict[str, Any]
    args: list[tuple[Size, Indices]]
    size: Size
    places: Indices
    asked: int | None


class Batch:
    """The tables `wanted`, all of one size, of as many graphs. asked: of tables that are a stage's, which stage's."""

    def __init__(self, wanted: Sequence[Node], asked: Mapping[Node, int]) -> None:
        self.counts: dict[Size, int] = {}
        self.place: dict[Node, tuple[Size, int]] = {}
        depth: dict[Node, int] = {}
        groups: dict[tuple[Any, ...], list[Node]] = {}
        self.sources: list[Node] = []
        self.asked = asked
        for node in toposort(wanted):
            size = (int(node.shape[0]), int(node.shape[1]))
            self.place[node] = size, self.counts.get(size, 0)
            self.counts[size] = self.counts.get(size, 0) + 1
            depth[node] = 1 + max((depth[a] for a in node.args), default=0)
            if node.data is not None:
                self.sources.append(node)
            else:
                sizes = tuple(self.place[a][0] for a in node.args)
                groups.setdefault((depth[node], node.op, _told(node), size, sizes, asked.get(node)), []).append(node)
        self.steps = [self._step(groups[kind]) for kind in sorted(groups, key=lambda kind: kind[0])]
        self.wanted = self._places(wanted)

    def _step(self, nodes: list[Node]) -> _Step:
        first = nodes[0]
        args = [self._places([n.args[i] for n in nodes]) for i in range(len(first.args))]
        return _Step(first.op, first.attrs, args, *self._places(nodes), self.asked.get(first))

    def _places(self, nodes: Sequence[Node]) -> tuple[Size, Indices]:
        return self.place[nodes[0]][0], np.array([self.place[n][1] for n in nodes])

    def tables(self, given: Mapping[Node, Array], lanes: int, taken: Taken) -> Array:
        """(graphs, lanes, r, c)"""
        store = {size: np.empty((count, lanes, *size)) for size, count in self.counts.items()}
        for node in self.sources:
            size, place = self.place[node]
            table = given.get(node, node.data)
            store[size][place] = _instead(table, taken, self.asked.get(node))
        with np.errstate(all="ignore"):
            for step in self.steps:
                made = step.op.value(*(store[size][places] for size, places in step.args), **step.attrs)
                store[step.size][step.places] = _instead(made, taken, step.asked)
        size, places = self.wanted
        return store[size][places]


def _instead(table: Any, taken: Taken, asked: int | None) -> Any:
    if asked is None or asked not in taken:
        return table
    on, tables = taken[asked]
    return np.where(on, tables, table)


def _told(node: Node) -> object:
    """The operation's settings, for telling apart; those that cannot be compared are like no other's."""
    settings = tuple(sorted(node.attrs.items()))
    try:
        hash(settings)
    except TypeError:
        return node
    return settings


Ideas = tuple[int, ...]
"""Misconceptions by their numbers in the list, smallest first; none: the right way."""


class Known:
    """Every misconception that can be made in a problem: those that its recipe tells apart come first."""

    def __init__(self, problem: Problem, stages: Sequence[Stage]) -> None:
        self.stages = stages
        self.outputs = [*problem.outputs, *(q.node for q in problem.questions)]
        told = mistakes(problem)
        names = {m.name for m, _ in told}
        others = [(m, made(problem, m)) for m in applicable(self.outputs) if m.name not in names]
        self.told = len(told)
        found = [(m, changed) for m, changed in [*told, *others] if any(s.node in changed for s in stages)]
        self.list: list[Misconception] = [m for m, _ in found]
        self.problem = problem
        shorter = {s.node: s.made for s in stages}
        self._changed: dict[Ideas, dict[Node, Node]] = {(): shorter} | {(n,): c for n, (_, c) in enumerate(found)}
        self._pairs: dict[int, list[Ideas]] = {}
        self._batches: dict[tuple[int, tuple[Ideas, ...]], Batch] = {}
        self._plans: dict[tuple[int, tuple[Ideas, ...]], list[Node]] = {}

    def version(self, ideas: Ideas, node: Node) -> Node:
        """What stands in the right table's place."""
        return self._of(ideas).get(node, node)

    def _of(self, ideas: Ideas) -> dict[Node, Node]:
        if ideas not in self._changed:
            one, other = self._both(*ideas), self._both(*reversed(ideas))
            self._changed[ideas] = one or other or {}
        return self._changed[ideas]

    def _both(self, first: int, second: int) -> dict[Node, Node] | None:
        """The second made in a graph that the first has changed already; None where that leaves no place for it."""
        changed = self._changed[first,]
        try:
            then = made(self.problem, self.list[second], changed)
        except (LookupError, AttributeError, TypeError, ValueError, AssertionError):  # it looks for what is gone
            return None
        return then if then != changed else None

    @cached_property
    def alone(self) -> list[list[Ideas]]:
        """For each stage, the single ideas that change its table."""
        singles: list[Ideas] = [(n,) for n in range(len(self.list))]
        return [[i for i in singles if self.version(i, s.node) is not s.node] for s in self.stages]

    def pairs(self, stage: Stage) -> list[Ideas]:
        """Two ideas that the recipe tells apart, and that both matter for a stage's table."""
        if stage.number not in self._pairs:
            mine = sorted(i for (i,) in self.alone[stage.number] if i < self.told)
            found: list[Ideas] = list(combinations(mine, 2))
            self._pairs[stage.number] = [ideas for ideas in found if self.differs(ideas, stage.node)]
        return self._pairs[stage.number]

    def differs(self, ideas: Ideas, node: Node) -> bool:
        """Whether two ideas together give a table that neither gives alone."""
        return self.version(ideas, node) not in (node, *(self.version((i,), node) for i in ideas))

    def batch(self, stage: Stage, many: tuple[Ideas, ...]) -> Batch:
        """A stage's table by each of these ideas."""
        if (stage.number, many) not in self._batches:
            before = [(self.stages[n].node, n) for n in stage.before]
            asked = {self.version(ideas, node): n for node, n in before for ideas in many}
            self._batches[stage.number, many] = Batch([self.version(ideas, stage.node) for ideas in many], asked)
        return self._batches[stage.number, many]

    def plan(self, stage: Stage, many: tuple[Ideas, ...]) -> list[Node]:
        """The tables that these ideas' versions of a stage's table need, in order."""
        if (stage.number, many) not in self._plans:
            self._plans[stage.number, many] = toposort(self.version(ideas, stage.node) for ideas in many)
        return self._plans[stage.number, many]

    def sentence(self, name: str) -> str:
        return next(m.sentence for m in self.list if m.name == name)
