"""The tables that a problem asks for, in the order of computation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from byhand.answers import equality
from byhand.answers.rules import Rule
from byhand.core.graph import INFINITE, Array, Node, fold, named_like, toposort, within
from byhand.exercises.lms_fields import INDEX_MARGIN
from byhand.exercises.problem import Flags, Problem, Question, random_tables
from byhand.exercises.recipe import BY_COUNTING, OF_ROWS, Ask

TRIES = 8


def alternatives(problem: Problem) -> dict[Node, Node]:
    """Return shorter forms in which people compute a table by hand: the gradient of the logits as (p − y)/n."""
    tables = problem.lesson.tables
    names = ("probabilities", "loss.counted", "loss.y", "loss.n", "grad.logits")
    if not all(name in tables for name in names):
        return {}
    p, counted, y, n, gradient = (tables[name] for name in names)
    if p.shape != gradient.shape:
        return {}
    with within(gradient.scope):
        short = named_like(gradient, (p * counted - y) / n)
    values = fold([short, gradient], random_tables(problem, np.random.default_rng(0), TRIES))
    return {gradient: short} if np.allclose(values[short], values[gradient], atol=1e-9) else {}


ROOM, WHOLE = float(equality.ROOM), float(equality.WHOLE)


@dataclass(frozen=True, eq=False)
class Tolerances:
    """The tolerance of each cell, and the number of places to which it is asked. (n,)

    This is the rule `margin` of answers.rules for many numbers at a time.
    """

    margins: Array
    places: Array

    @cached_property
    def units(self) -> Array:
        return np.asarray(10.0**-self.places)

    def agree(self, answers: Array, expected: Array) -> Flags:
        """Return which answers are as expected; NaN never is. (..., n), (..., n) -> (..., n)"""
        with np.errstate(all="ignore"):
            off, room = np.abs(answers - expected), ROOM * np.clip(np.abs(expected), 1, INFINITE)
            whole = answers / self.units
            as_asked = (np.abs(whole - np.rint(whole)) < WHOLE) & (off <= self.units / 2 + room)
            beyond = (np.abs(expected) > INFINITE) & (np.abs(answers) > INFINITE) & (answers * expected > 0)
            near = (off <= self.margins + room) & np.isfinite(expected)
        return np.asarray(near | as_asked | beyond)


def rule_of(ask: Ask) -> Rule:
    """Return the rule by which answers to a question are judged."""
    return Rule("exact") if ask.kind == "symbolic" else number_rule(ask)


def number_rule(ask: Ask) -> Rule:
    """Return the rule by which a question's numbers are compared; for an exact question, to diagnose a mistake."""
    margin, places = (INDEX_MARGIN, 0) if ask.kind in BY_COUNTING else (ask.margin, ask.places)
    return Rule("margin", n=places, tol=Fraction(repr(float(margin))))


def tolerances_of(asks: Sequence[Ask]) -> Tolerances:
    """Return the tolerances of cells, one for each ask."""
    rules = [number_rule(ask) for ask in asks]
    return Tolerances(np.array([float(rule.tol) for rule in rules]), np.array([float(rule.n) for rule in rules]))


Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Stage:
    """All questions about one table; or one question with an answer for a whole row, a choice or a cut.

    by_hand: the same table as people compute it. of_rows: the question with answers for rows. flat: the places of its
    cells among all answers. rows, columns: of each cell, from 0. exact: whether a cell is asked for as an expression.
    before: the numbers of the stages from whose tables this one is computed.
    """

    number: int
    node: Node
    by_hand: Node
    of_rows: Question | None
    flat: Indices
    rows: Indices
    columns: Indices
    tolerances: Tolerances
    exact: Flags
    before: tuple[int, ...]

    def cells(self, tables: Array) -> Array:
        """Return the answers that a table or a stack of tables gives. (..., r, c) -> (..., n)"""
        if self.of_rows:
            return self.of_rows.cells(tables)
        return np.asarray(tables[..., self.rows, self.columns])


def stages_of(problem: Problem) -> list[Stage]:
    """Return the stages in the model's order. A question about a wrong cell asks for no number and has no stage."""
    counts = np.cumsum([0, *(len(places_of(q)) for q in problem.questions)])
    groups: dict[tuple[Node, int], list[int]] = {}
    for n, question in enumerate(problem.questions):
        if question.ask.kind != "wrong cell":
            alone = n + 1 if question.ask.kind in OF_ROWS else 0
            groups.setdefault((question.node, alone), []).append(n)
    ways, found = alternatives(problem), list[Stage]()
    for (node, alone), numbers in sorted(groups.items(), key=lambda group: (group[0][0].serial, group[0][1])):
        needed = set(toposort([by_hand := ways.get(node, node)]))
        before = tuple(s.number for s in found if s.node in needed and not s.of_rows)
        found.append(_stage(problem.questions, len(found), (node, by_hand), alone, numbers, counts, before))
    return found


def places_of(question: Question) -> list[tuple[int, int]]:
    """Return the row and column of each number that a question asks for."""
    return [(0, 0), (0, 1)] if question.ask.kind == "wrong cell" else question.indices


def _stage(
    questions: Sequence[Question],
    number: int,
    nodes: tuple[Node, Node],
    alone: int,
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
    exact = np.array([ask.kind == "symbolic" for ask in asks])
    of_rows = questions[alone - 1] if alone else None
    return Stage(number, *nodes, of_rows, *whole, tolerances_of(asks), exact, before)
