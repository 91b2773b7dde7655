"""Students who do everything right, and go on with what they have written down: all of it, some tables, or none.

What they write is worked out here from the graph alone, table by table, and not by the code that sets the margins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from byhand.core.graph import Node, fold, toposort
from byhand.exercises.draw import Variant
from byhand.exercises.problem import Problem

Table = NDArray[np.float64]
AS_THEY_ARE = ("choice", "wrong cell", "missing", "cut")
"""The kinds of question whose answers are no numbers that are computed and rounded."""
FAR = 1e20
"""A masked score is beyond this, and is never rounded."""


def going_on(problem: Problem, variant: Variant, goes_on_with_rounded: Callable[[int], bool]) -> list[Table]:
    """Return the answers of a student, as written.

    goes_on_with_rounded: whether the student goes on with the n-th asked table as it is written down, or with all of
    its digits.
    """
    questions = [q for q in problem.questions if q.ask.kind not in AS_THEY_ARE]
    places: dict[Node, Table] = {}
    for question in questions:
        table = places.setdefault(question.node, np.full(tuple(map(int, question.node.shape)), np.nan))
        for i, j in question.indices:
            table[i, j] = question.ask.places
    own: dict[Node, Any] = {}
    asked = [node for node in toposort([q.node for q in questions]) if node in places]
    for n, node in enumerate(asked):
        if goes_on_with_rounded(n):
            own[node] = _as_written(_table(node, variant, own), places[node])
    return [
        _as_written(question.cells(_table(question.node, variant, own)), np.array(float(question.ask.places)))
        if question in questions
        else np.asarray(variant.answers[n], dtype=float)
        for n, question in enumerate(problem.questions)
    ]


def _table(node: Node, variant: Variant, own: dict[Node, Any]) -> Table:
    with np.errstate(all="ignore"):
        return np.array(fold([node], {**variant.numbers, **own})[node], dtype=float).reshape(
            tuple(map(int, node.shape))
        )


def _as_written(table: Table, places: Table) -> Table:
    """Return numbers as somebody writes them with so many decimals; NaN for those that are not asked for."""
    written = np.array(
        [
            value if np.isnan(decimals) or abs(value) > FAR else float(f"{value:.{int(decimals)}f}")
            for value, decimals in zip(table.ravel(), np.broadcast_to(places, table.shape).ravel(), strict=True)
        ]
    )
    return written.reshape(table.shape)
