"""The wrong ideas that a student may have had, alone or two together, and what the asked tables become by them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import combinations

from byhand.exercises.mistakes import made, mistakes
from byhand.exercises.problem import Problem
from byhand.grading.batch import Batch
from byhand.grading.stages import Stage
from byhand.graph import Node, toposort
from byhand.misconceptions import applicable
from byhand.misconceptions.rewriting import Misconception

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
