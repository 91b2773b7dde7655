"""Rounding as the explanation of answers: tables rounded on the way to them, and answers to fewer places than asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from byhand.core.graph import Array, Node
from byhand.exercises.problem import Flags
from byhand.grading.carry_forward import FAR, OwnTable, Round, StageEvidence, evaluate

MORE = 2
"""The extra places, beyond those asked, to which intermediate tables may be rounded."""
NEAREST = 8
"""The number of preceding tables of which each is tried as the only rounded one."""
FINE, COARSE = 0.3, 0.7
"""The cost of rounding to the places asked, and of rounding to fewer or with a large effect."""


@dataclass(frozen=True, eq=False)
class Rounding:
    """Rounding of intermediate tables. cells: the answers that it explains. expected: before their own rounding. (n,)

    cost: in explained answers.
    """

    cells: Flags
    expected: Array
    cost: float


def rounding_on_the_way(evidence: StageEvidence, own_tables: Mapping[int, OwnTable]) -> Rounding | None:
    """Return the finest intermediate rounding that explains two thirds of the open answers; None if there is none."""
    stage = evidence.stage
    plan = evidence.answers.hypotheses.plan(stage, ((),))
    shown = set(evidence.answers.hypotheses.problem.shown)
    needed = _behind(stage.by_hand, shown)
    tables = [n for n in plan if n in needed and n.name and n.data is None and _has_numbers_of_its_own(n)]
    if not tables or stage.of_rows:
        return None
    trials = _trials(int(stage.tolerances.places.max()), tables)
    replacements = {
        own_tables[n].stage.by_hand: _replacement(own_tables[n], trials) for n in stage.before if n in own_tables
    }
    values = evaluate(plan, evidence.answers.given, replacements, _rounding(trials, frozenset(tables), shown))
    expected = stage.cells(np.broadcast_to(values[stage.by_hand], (len(trials), *stage.node.shape)))
    far = np.abs(evidence.written - evidence.key) > FAR * np.abs(evidence.key).max() + stage.tolerances.units
    cells = stage.tolerances.agree(evidence.written, expected) & evidence.open
    for trial, trying in enumerate(trials):
        if 3 * cells[trial].sum() >= 2 * evidence.open.sum():
            fine = trying[0] >= stage.tolerances.places.max() and not (far & cells[trial]).any()
            return Rounding(cells[trial], expected[trial], FINE if fine else COARSE)
    return None


def rounding_of_answers(evidence: StageEvidence) -> Rounding | None:
    """Return the rounding of answers to fewer places than asked; None if there is none."""
    if not evidence.coarse.any():
        return None
    return Rounding(evidence.coarse, np.where(evidence.coarse, evidence.expected[evidence.ways.main], 0), FINE)


Trials = list[tuple[int, Node | None]]
"""Pairs of places and the one table that is rounded to them; None for every table."""


def _trials(places: int, tables: Sequence[Node]) -> Trials:
    every: Trials = [(k, None) for k in range(places + MORE, -1, -1)]
    return every + [(k, node) for k in range(places, -1, -1) for node in tables[-NEAREST:]]


def _replacement(own: OwnTable, trials: Trials) -> tuple[Flags, Array]:
    """Return where a student's table replaces the computed one, and its numbers. (trials, 1, 1), (trials, r, c)

    It replaces the computed one unless a trial rounds to more places and all of it is right.
    """
    kept = np.array([k > own.stage.tolerances.places.max() for k, _ in trials])[:, None, None]
    return (~kept | own.wrong), np.where(kept, own.exact, own.written)


def _has_numbers_of_its_own(node: Node) -> bool:
    """Whether a table is more than a view of other named tables."""
    return not node.op.view or not all(a.name for a in node.args)


def _behind(table: Node, shown: Set[Node]) -> set[Node]:
    """Return the tables from which a table is computed, back to those that the workbook shows."""
    nodes, todo = set[Node](), list(table.args)
    while todo:
        node = todo.pop()
        if node not in nodes:
            nodes.add(node)
            todo.extend(() if node in shown else node.args)
    return nodes


def _rounding(trials: Trials, tables: Set[Node], shown: Set[Node]) -> Round:
    """Return a function that rounds each table as the trials say; a shown table keeps at least one place."""
    places = np.array([k for k, _ in trials])[:, None, None]
    tens, every = 10.0**places, np.array([only is None for _, only in trials])[:, None, None]
    tried = {node: every.copy() for node in tables}
    for n, (_places, only) in enumerate(trials):
        if only is not None:
            tried[only][n] = True

    def rounded(node: Node, table: Array) -> Array:
        if node not in tables:
            return table
        here = tried[node] & (places >= (1 if node in shown else 0))
        return np.where(here, np.rint(table * tens) / tens, table)

    return rounded
