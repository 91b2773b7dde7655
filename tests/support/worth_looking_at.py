"""What a reader would stumble over in a lesson's numbers: equal rows, constant columns, attention that says nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from byhand.core.graph import Array, Node
from byhand.core.labels import word
from byhand.core.roles import Role
from byhand.lessons.lesson import Lesson

SAME = 1e-6
FLAT = 0.03
"""The least by which the largest weight of a row of attention is above an equal share, somewhere in the table."""
SHARP = 0.995
"""The most that a weight of attention is, on average over the rows with a choice."""
SKIPPED = {Role.TOKENS, Role.MASK, Role.CONSTANT, Role.SETTING, Role.GIVEN, Role.RATE, Role.GRADIENT, Role.SHARE}
"""Tables whose numbers are counted, not chosen; and gradients, which are 0 for a word that does not occur."""


def faults(lesson: Lesson) -> dict[str, str]:
    """Return the tables with numbers that say nothing, and what is wrong with each."""
    numbers = lesson.numbers()
    found: dict[str, str] = {}
    for name, node in lesson.tables.items():
        if node.role in SKIPPED:
            continue
        values = np.asarray(numbers[name], dtype=float)
        labels = [_label(node, row, numbers) for row in range(len(values))]
        wrong = next(_wrong(node, values, labels), None)
        if wrong:
            found[name] = wrong
    return found


def _label(node: Node, row: int, numbers: dict[str, Array]) -> str:
    labels = node.shape[0].labels
    return f"row {row + 1}" if labels is None else word(labels, row, numbers)


def _wrong(node: Node, values: Array, labels: list[str]) -> Iterator[str]:
    rows, columns = values.shape
    if node.role is Role.ATTENTION:
        yield from _attention(values, labels)
    for j in range(columns if rows > 1 else 0):
        if np.ptp(values[:, j]) < SAME:
            yield f"column {j + 1} is {values[0, j]:g} in every row"
    for i in range(rows if columns > 1 else 0):
        for k in range(i):
            if labels[i] != labels[k] and np.allclose(values[i], values[k], rtol=0, atol=SAME):
                yield f"rows {labels[k]} and {labels[i]} are equal"
    for j in range(columns if rows > 1 else 0):
        for k in range(j):
            if np.allclose(values[:, j], values[:, k], rtol=0, atol=SAME):
                yield f"columns {k + 1} and {j + 1} are equal"


def _attention(values: Array, labels: list[str]) -> Iterator[str]:
    """Rows with a choice of at least two words: equal shares, or all on one."""
    chosen = [row for row in values if (row > 0).sum() > 1]
    if not chosen:
        return
    if max(row.max() - 1 / (row > 0).sum() for row in chosen) < FLAT:
        yield "attention is flat in every row"
    if np.mean([row.max() for row in chosen]) > SHARP:
        yield "attention is all on one word in every row"
    for row, label in zip(values, labels, strict=True):
        if (row > 0).sum() > 1 and np.ptp(row[row > 0]) < SAME:
            yield f"attention of {label} is flat"
