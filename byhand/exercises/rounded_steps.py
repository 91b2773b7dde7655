"""How far an answer may be from its key because the student went on with earlier answers, rounded as asked.

A learning system compares each number with the key alone, so the margin of a field must hold what correctly rounded
earlier answers lead to. Marking of workbooks follows the student's own numbers instead and needs none of this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from byhand.core.graph import INFINITE, Array, Node, fold, toposort
from byhand.exercises.draw import Variant
from byhand.exercises.problem import Flags, Numbers, Problem, Question, stacked

IN_TABLES = ("table", "cell", "symbolic")
"""The kinds of question whose answers a student goes on with."""
MOST_SUBSETS = 5
"""Up to so many asked tables before a question, every choice of which to round is worked out."""
AT_A_TIME = 100
"""Variants that are worked out together."""
SLACK = 1.05
"""The effects of single rounded numbers are added up; this allows for what they do together."""


@dataclass(frozen=True, eq=False)
class Reach:
    """How far right work can be from the key of each cell of one question, before its own rounding.

    tables: the difference for each choice of which earlier tables are rounded as asked. (choices, n)
    numbers: the largest difference if that is chosen for each single number, as near as it can be told. (n,)
    """

    tables: Array
    numbers: Array

    @property
    def largest(self) -> Array:
        """The largest difference in each cell. (n,)"""
        return np.asarray(np.maximum(np.abs(self.tables).max(0, initial=0), self.numbers))


def reaches(problem: Problem, variants: Sequence[Variant]) -> list[list[Reach]]:
    """Return the reach of every question, for each variant."""
    found: list[list[Reach]] = []
    for start in range(0, len(variants), AT_A_TIME):
        found += _reaches(problem, variants[start : start + AT_A_TIME])
    return found


def _reaches(problem: Problem, variants: Sequence[Variant]) -> list[list[Reach]]:
    given = stacked(variant.numbers for variant in variants)
    asked = [q for q in problem.questions if q.ask.kind in IN_TABLES]
    order = {node: n for n, node in enumerate(toposort([q.node for q in asked]))}
    places = _places(asked)
    nodes = sorted(places, key=order.__getitem__)
    with np.errstate(all="ignore"):
        values = fold(nodes, given)
        right = {node: np.broadcast_to(values[node], (len(variants), *places[node].shape)) for node in nodes}
        before = {node: _before(node, nodes) for node in nodes}
        numbers = _reach_of_numbers(nodes, before, given, right, places)
        tables = {node: _reach_of_tables(node, before[node], given, right, places) for node in nodes}
    return [[_reach(q, n, tables, numbers) for q in problem.questions] for n in range(len(variants))]


def _reach(question: Question, n: int, tables: Mapping[Node, Array], numbers: Mapping[Node, Array]) -> Reach:
    if question.ask.kind not in IN_TABLES:
        count = 2 if question.ask.kind == "wrong cell" else len(question.indices)
        return Reach(np.zeros((0, count)), np.zeros(count))
    return Reach(question.cells(tables[question.node][:, n]), question.cells(numbers[question.node][n]))


def _places(asked: Sequence[Question]) -> dict[Node, Array]:
    """Return for each asked table the decimals that each cell is rounded to; NaN for a cell that is not asked."""
    places: dict[Node, Array] = {}
    for question in asked:
        table = places.setdefault(question.node, np.full(tuple(map(int, question.node.shape)), np.nan))
        rows, columns = zip(*question.indices, strict=True)
        table[rows, columns] = question.ask.places
    return places


def _before(node: Node, nodes: Sequence[Node]) -> list[Node]:
    """Return the asked tables that a table is computed from, in order."""
    ancestors = set(toposort([node])) - {node}
    return [other for other in nodes if other in ancestors]


def _rounded(table: Array, places: Array) -> Array:
    """Return a table with the asked cells rounded."""
    scale = 10.0 ** np.where(np.isnan(places), 0, places)
    with np.errstate(all="ignore"):
        rounded = np.rint(table * scale) / scale
    return np.where(np.isnan(places) | (np.abs(table) >= INFINITE), table, rounded)


def _reach_of_tables(
    node: Node, before: Sequence[Node], given: Numbers, right: Mapping[Node, Array], places: Mapping[Node, Array]
) -> Array:
    """Return the difference from the right table for each choice of earlier tables to round. (choices, draws, r, c)"""
    differences = [np.zeros(right[node].shape)]
    sizes = range(1, len(before) + 1) if len(before) <= MOST_SUBSETS else (1, len(before) - 1, len(before))
    for size in sizes:
        for chosen in combinations(before, size):
            values: dict[Node, Array] = {}
            for table in chosen:
                values[table] = _rounded(fold([table], {**given, **values})[table], places[table])
            off = fold([node], {**given, **values})[node] - right[node]
            differences.append(np.where(np.isfinite(off), off, 0))
    return np.stack(differences)


def _reach_of_numbers(
    nodes: Sequence[Node],
    before: Mapping[Node, Sequence[Node]],
    given: Numbers,
    right: Mapping[Node, Array],
    places: Mapping[Node, Array],
) -> dict[Node, Array]:
    """Return the sum of the effects of the rounding of every earlier number, each alone, on every later table.

    A number that follows from rounded ones may be rounded up or down; any other is rounded as it is.
    """
    least = {node: np.zeros(right[node].shape) for node in nodes}
    most = {node: np.zeros(right[node].shape) for node in nodes}
    for node in nodes:
        after = [later for later in nodes if node in before[later]]
        rounding = _rounded(right[node], places[node]) - right[node]
        exact = np.abs(rounding) < 1e-12
        follows = any(least[node].ravel()) or any(most[node].ravel())
        if not after or (exact.all() and not follows):
            continue
        half = np.broadcast_to(0.5 * 10.0 ** -places[node], rounding.shape)
        steps = [half, -half] if follows else [rounding]
        effects = [_effects(node, after, given, right, step, ~np.isnan(places[node])) for step in steps]
        for later in after:
            each = [effect[later] for effect in effects]
            least[later] = least[later] + np.minimum(np.min(each, axis=0), 0).sum(0)
            most[later] = most[later] + np.maximum(np.max(each, axis=0), 0).sum(0)
    return {node: SLACK * np.maximum(most[node], -least[node]) for node in nodes}


def _effects(
    node: Node, after: Sequence[Node], given: Numbers, right: Mapping[Node, Array], step: Array, asked: Flags
) -> dict[Node, Array]:
    """Return what changes in later tables if one number of a table changes by its step. (cells, draws, r, c) each"""
    table = right[node]
    cells = np.argwhere(asked)
    changed = np.repeat(table[None], len(cells), axis=0)
    for n, (i, j) in enumerate(cells):
        changed[n, ..., i, j] += step[..., i, j]
    values = fold(after, {**given, node: changed})
    effects = {later: values[later] - right[later] for later in after}
    return {later: np.where(np.isfinite(effect), effect, 0) for later, effect in effects.items()}
