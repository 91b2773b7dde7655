"""The asked tables of a problem, in the order in which one follows from another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from byhand.exercises.problem import Problem, Question
from byhand.grading.agreement import Rule, rule_of
from byhand.grading.shorter import shorter
from byhand.graph import Array, Node, toposort

Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Stage:
    """All that is asked of one table; or of one row of it, which column is the largest (choice).

    made: the same table as people make it. flat: where its cells stand among all answers. rows, columns: of each cell,
    from 0. before: the stages whose tables this one is worked out from, each a number in the list of stages.
    """

    number: int
    node: Node
    made: Node
    choice: bool
    flat: Indices
    rows: Indices
    columns: Indices
    rule: Rule
    before: tuple[int, ...]

    def cells(self, tables: Array) -> Array:
        """What is asked of a table or a stack of them. (..., r, c) -> (..., n)"""
        if self.choice:
            return np.asarray(np.argmax(tables[..., self.rows, :], axis=-1) + 1.0)
        return np.asarray(tables[..., self.rows, self.columns])


def stages_of(problem: Problem) -> list[Stage]:
    """In the model's order. Who is asked for the wrong cell is asked for no number of the table, so has none."""
    counts = np.cumsum([0, *(len(places_of(q)) for q in problem.questions)])
    groups: dict[tuple[Node, int], list[int]] = {}
    for n, question in enumerate(problem.questions):
        if question.ask.kind != "wrong cell":
            alone = n + 1 if question.ask.kind == "choice" else 0
            groups.setdefault((question.node, alone), []).append(n)
    ways, found = shorter(problem), list[Stage]()
    for (node, alone), numbers in sorted(groups.items(), key=lambda group: (group[0][0].serial, group[0][1])):
        needed = set(toposort([made := ways.get(node, node)]))
        before = tuple(s.number for s in found if s.node in needed and not s.choice)
        found.append(_stage(problem.questions, len(found), (node, made), bool(alone), numbers, counts, before))
    return found


def places_of(question: Question) -> list[tuple[int, int]]:
    """The row and column of each number that is asked."""
    if question.ask.kind == "choice":
        return [((question.ask.cell or (int(question.node.shape[0]), 1))[0] - 1, 0)]
    return [(0, 0), (0, 1)] if question.ask.kind == "wrong cell" else question.indices


def _stage(
    questions: Sequence[Question],
    number: int,
    nodes: tuple[Node, Node],
    choice: bool,
    numbers: list[int],
    counts: NDArray[Any],
    before: tuple[int, ...],
) -> Stage:
    rows, columns, flat, asks = [], [], [], []
    for n in numbers:
        for cell, (row, column) in enumerate(places_of(questions[n])):
            rows.append(row)
            columns.append(column)
            flat.append(counts[n] + cell)
            asks.append(questions[n].ask)
    whole = np.array(flat), np.array(rows), np.array(columns)
    return Stage(number, *nodes, choice, *whole, rule_of(asks), before)
