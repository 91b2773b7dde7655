"""Candidate misconceptions, one or two at a time, and the tables that they produce."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from byhand.core.graph import Array, Node, Op, fold, toposort
from byhand.exercises.distinct_mistakes import both_mistakes, every_mistake
from byhand.exercises.problem import Flags, Problem
from byhand.exercises.usual_answers import usual_answers
from byhand.grading.evidence import stages_that_read
from byhand.grading.stages import Indices, Stage, places_of
from byhand.misconceptions.rewriting import Misconception

Size = tuple[int, int]
Replacements = Mapping[int, tuple[Flags, Array]]
"""For each stage a mask of the ways on which a table replaces it, and the tables. (ways, 1, 1), (ways, r, c)"""


@dataclass(frozen=True, eq=False)
class _Step:
    """Tables of one size that an operation computes in one call, with their places among the tables of that size.

    asked: the stage whose table this is in some graph; None for a table that no question asks for.
    """

    op: Op
    attrs: dict[str, Any]
    args: list[tuple[Size, Indices]]
    size: Size
    places: Indices
    asked: int | None


class Batch:
    """Computes the tables `wanted`, all of one size, of as many graphs. asked: the stage of each stage's table."""

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
                groups.setdefault((depth[node], node.op, _settings_of(node), size, sizes, asked.get(node)), []).append(
                    node
                )
        self.steps = [self._step(groups[kind]) for kind in sorted(groups, key=lambda kind: kind[0])]
        self.wanted = self._places(wanted)

    def _step(self, nodes: list[Node]) -> _Step:
        first = nodes[0]
        args = [self._places([n.args[i] for n in nodes]) for i in range(len(first.args))]
        return _Step(first.op, first.attrs, args, *self._places(nodes), self.asked.get(first))

    def _places(self, nodes: Sequence[Node]) -> tuple[Size, Indices]:
        return self.place[nodes[0]][0], np.array([self.place[n][1] for n in nodes])

    def tables(self, given: Mapping[Node, Array], ways: int, replacements: Replacements) -> Array:
        """Return the wanted tables. (graphs, ways, r, c)"""
        store = {size: np.empty((count, ways, *size)) for size, count in self.counts.items()}
        for node in self.sources:
            size, place = self.place[node]
            table = given.get(node, node.data)
            store[size][place] = _instead(table, replacements, self.asked.get(node))
        with np.errstate(all="ignore"):
            for step in self.steps:
                result = step.op.value(*(store[size][places] for size, places in step.args), **step.attrs)
                store[step.size][step.places] = _instead(result, replacements, step.asked)
        size, places = self.wanted
        return store[size][places]


def _instead(table: Any, replacements: Replacements, asked: int | None) -> Any:
    if asked is None or asked not in replacements:
        return table
    on, tables = replacements[asked]
    return np.where(on, tables, table)


def _settings_of(node: Node) -> object:
    """Return a hashable form of the operation's settings; the node itself where they cannot be hashed."""
    settings = tuple(sorted(node.attrs.items()))
    try:
        hash(settings)
    except TypeError:
        return node
    return settings


Combination = tuple[int, ...]
"""Indices of misconceptions, in ascending order; empty for the right computation."""


class Hypotheses:
    """Every misconception that applies to a problem, first those that its recipe distinguishes."""

    def __init__(self, problem: Problem, stages: Sequence[Stage]) -> None:
        self.stages = stages
        distinct, further = every_mistake(problem)
        self.distinct = len(distinct)
        found = [(m, changed) for m, changed in [*distinct, *further] if any(s.node in changed for s in stages)]
        self.list: list[Misconception] = [m for m, _ in found]
        self.problem = problem
        self.reads_given = stages_that_read(stages, problem.drawn)
        alternatives = {s.node: s.by_hand for s in stages}
        self._changed: dict[Combination, dict[Node, Node]] = {(): alternatives} | {
            (n,): c for n, (_, c) in enumerate(found)
        }
        self._pairs: dict[int, list[Combination]] = {}
        self._batches: dict[tuple[int, tuple[Combination, ...]], Batch] = {}
        self._usual: dict[Combination, Array] = {}
        self._plans: dict[tuple[int, tuple[Combination, ...]], list[Node]] = {}

    def version(self, combination: Combination, node: Node) -> Node:
        """Return the table that a combination puts in place of the right one."""
        return self._of(combination).get(node, node)

    def _of(self, combination: Combination) -> dict[Node, Node]:
        if combination not in self._changed:
            one, other = ((self.list[i], self._changed[i,]) for i in combination)
            self._changed[combination] = both_mistakes(self.problem, one, other)
        return self._changed[combination]

    @cached_property
    def singles(self) -> list[list[Combination]]:
        """The single misconceptions that change each stage's table."""
        singles: list[Combination] = [(n,) for n in range(len(self.list))]
        return [[i for i in singles if self.version(i, s.node) is not s.node] for s in self.stages]

    def pairs(self, stage: Stage) -> list[Combination]:
        """Return the pairs of distinguished misconceptions of which both change a stage's table."""
        if stage.number not in self._pairs:
            mine = sorted(i for (i,) in self.singles[stage.number] if i < self.distinct)
            candidates: list[Combination] = list(combinations(mine, 2))
            self._pairs[stage.number] = [
                combination for combination in candidates if self.differs(combination, stage.node)
            ]
        return self._pairs[stage.number]

    def differs(self, combination: Combination, node: Node) -> bool:
        """Whether a combination gives a table that none of its members gives alone."""
        return self.version(combination, node) not in (node, *(self.version((i,), node) for i in combination))

    @cached_property
    def same_for_all(self) -> list[Array]:
        """The tables that every student has alike: given ones, and those computed from them alone."""
        drawn, alike = {*self.problem.drawn}, list[Node]()
        for node in toposort(stage.by_hand for stage in self.stages):
            if node not in drawn and all(a in alike for a in node.args):
                alike.append(node)
        given = {node for node in self.problem.lesson.tables.values() if node.data is not None and node not in drawn}
        values = fold(dict.fromkeys([*given, *alike]))
        return [values[node] for node in values]

    def usual_numbers(self, stage: Stage, combination: Combination) -> Array:
        """Return the number that these misconceptions give to half of all students in each cell, NaN if none. (n,)"""
        if combination not in self._usual:
            answers = usual_answers(self.problem, self._of(combination))
            by_place = [
                row if len(row) == len(places_of(question)) else np.full(len(places_of(question)), np.nan)
                for question, row in zip(self.problem.questions, answers, strict=True)
            ]
            self._usual[combination] = np.concatenate(by_place)
        return self._usual[combination][stage.flat]

    def batch(self, stage: Stage, many: tuple[Combination, ...]) -> Batch:
        """Return the batch that computes a stage's table under each of these combinations."""
        if (stage.number, many) not in self._batches:
            before = [(self.stages[n].node, n) for n in stage.before]
            asked = {self.version(combination, node): n for node, n in before for combination in many}
            self._batches[stage.number, many] = Batch(
                [self.version(combination, stage.node) for combination in many], asked
            )
        return self._batches[stage.number, many]

    def plan(self, stage: Stage, many: tuple[Combination, ...]) -> list[Node]:
        """Return the nodes needed for a stage's table under these combinations, in order of evaluation."""
        if (stage.number, many) not in self._plans:
            self._plans[stage.number, many] = toposort(self.version(combination, stage.node) for combination in many)
        return self._plans[stage.number, many]
