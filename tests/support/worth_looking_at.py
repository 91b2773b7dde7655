"""What a reader would stumble over in a lesson's numbers: equal rows, constant columns, attention that says nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from byhand.core.graph import Array, Node, toposort
from byhand.core.labels import word
from byhand.core.roles import Role
from byhand.lessons.lesson import Lesson

SAME = 1e-6
"""Numbers that differ by less, for their size, look alike."""
MASKED = 1e29
"""Scores from here on are masked."""
FLAT = 0.03
"""The least by which the largest weight of a row of attention is above an equal share, somewhere in the table."""
SHARP = 0.995
"""The most that a weight of attention is, on average over the rows with a choice."""
SKIPPED = {Role.TOKENS, Role.MASK, Role.CONSTANT, Role.SETTING, Role.GIVEN, Role.GRADIENT, Role.SHARE, Role.TURNED}
"""Tables whose numbers are counted, not chosen; and gradients, which are 0 for a word that does not occur."""
SOFTMAX = {Role.SHIFT, Role.SHIFTED, Role.EXP, Role.TOTAL}
"""The columns of a softmax: 0 and 1 for the largest of a row, so that what counts is in its result."""


def faults(lesson: Lesson) -> dict[str, str]:
    """Return the tables with numbers that say nothing, and what is wrong with each."""
    numbers = lesson.numbers()
    chosen, learnt = _chosen(lesson), "learnt from" in lesson.weights
    found: dict[str, str] = {}
    for name, node in lesson.tables.items():
        if node.role in SKIPPED | SOFTMAX or node not in chosen:
            continue
        values = np.asarray(numbers[name], dtype=float)
        labels = _labels(node, 0, numbers), _labels(node, 1, numbers)
        wrong = next(_wrong(node, values, labels, learnt and node.role is Role.WEIGHT), None)
        if wrong:
            found[name] = wrong
    return found


def _chosen(lesson: Lesson) -> set[Node]:
    """Return the tables that depend on a weight, an input or the words: not on positions alone, nor on a gradient."""
    chosen: set[Node] = set()
    learning: set[Node] = set()
    for node in toposort(lesson.graph.outputs):
        if node.role in (Role.GRADIENT, Role.SHARE) or any(arg in learning for arg in node.args):
            learning.add(node)
        elif node.role in (Role.WEIGHT, Role.INPUT, Role.TOKENS) or any(arg in chosen for arg in node.args):
            chosen.add(node)
    return chosen


def _labels(node: Node, axis: int, numbers: dict[str, Array]) -> list[str]:
    """Return what stands beside the rows or above the columns; of equal words, equal numbers are no accident."""
    size = node.shape[axis]
    plain = size.labels is None
    return [f"{('row', 'column')[axis]} {n + 1}" if plain else word(size.labels, n, numbers) for n in range(int(size))]


def _wrong(node: Node, values: Array, labels: tuple[list[str], list[str]], learnt: bool) -> Iterator[str]:
    """Yield what is wrong with a table. Rows of learnt weights may be equal: two features then weigh alike."""
    rows, columns = values.shape
    same = SAME * max(float(np.abs(values[np.abs(values) < MASKED]).max(initial=0)), SAME)
    if node.role is Role.ATTENTION:
        yield from _attention(values, labels[0])
    for j in range(columns if rows > 1 else 0):
        if np.ptp(values[:, j]) <= same and not _is_centred(node, values) and not _is_last(node, values[:, j]):
            yield f"column {j + 1} is {values[0, j]:g} in every row"
    for i in range(rows if columns > 1 and not learnt else 0):
        for k in range(i):
            if labels[0][i] != labels[0][k] and np.allclose(values[i], values[k], rtol=0, atol=same):
                yield f"rows {labels[0][k]} and {labels[0][i]} are equal"
    for j in range(columns if rows > 1 else 0):
        for k in range(j):
            if labels[1][j] != labels[1][k] and np.allclose(values[:, j], values[:, k], rtol=0, atol=same):
                yield f"columns {k + 1} and {j + 1} are equal"


def _is_centred(node: Node, values: Array) -> bool:
    """Return whether these are means of rows that a norm has centred before."""
    return node.role is Role.MEAN and float(np.abs(values).max()) < SAME


def _is_last(node: Node, column: Array) -> bool:
    """Return whether these are the looks at a word that no other word may see."""
    return node.role is Role.ATTENTION and int((column > 0).sum()) < 2


def _attention(values: Array, labels: list[str]) -> Iterator[str]:
    """Rows with a choice of at least two words: equal shares, or all on one."""
    chosen = [row for row in values if (row > 0).sum() > 1]
    if not chosen:
        return
    if max(row.max() - 1 / (row > 0).sum() for row in chosen) < FLAT:
        yield "attention is flat in every row"
    if len(chosen) > 1 and np.mean([row.max() for row in chosen]) > SHARP:
        yield "attention is all on one word in every row"
    for row, label in zip(values, labels, strict=True):
        if (row > 0).sum() > 1 and np.ptp(row[row > 0]) < SAME:
            yield f"attention of {label} is flat"
