"""Whether wrong answers are another student's right ones, which a mistake does not bring about by chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from byhand.core.graph import Array
from byhand.grading.handed_out import Paper
from byhand.grading.submission import Submission

LEAST = 4
"""The different wrong answers that must be another's right ones."""
CHANCE = 1e-6
"""How often an honest submission may be said to be another's."""
INDEPENDENT = 2 / 3
"""Numbers of a table go together (a row of a softmax adds up to 1), so that they tell less than so many alone would."""


@dataclass(frozen=True)
class Source:
    """Whose right answers they are, and how many of the wrong ones."""

    student: str
    matching: int
    wrong: int


@dataclass(frozen=True, eq=False)
class _Class:
    """Everybody's right answers side by side: (students, cells), the margin of each cell, and where a question ends."""

    ids: list[str]
    answers: Array
    margins: Array
    questions: NDArray[np.intp]
    pools: list[Array]


@lru_cache(4)
def _class(paper: Paper) -> _Class:
    people, questions = list(paper.key.students.values()), paper.key.questions
    tables = [np.array([p.answers[n] for p in people], dtype=float) for n in range(len(questions))]
    sizes = [len(q.cells) for q in questions]
    return _Class(
        [p.id for p in people],
        np.hstack(tables),
        np.repeat([q.margin + 1e-9 for q in questions], sizes),
        np.repeat(np.arange(len(questions)), sizes),
        [np.sort(table.ravel()) for table in tables],
    )


def source(paper: Paper, submission: Submission, student: str) -> Source | None:
    """The student whose answers these are likelier to be than the own ones, if that is beyond chance."""
    group = _class(paper)
    typed = np.array([math.nan if t.value is None else t.value for row in submission.answers for t in row])
    own = group.ids.index(student)
    right = np.abs(group.answers[own] - typed) <= group.margins
    wrong = _different(group, typed, ~np.isnan(typed) & ~right)
    if len(wrong) < LEAST or len(group.ids) < 2:
        return None
    hits = np.abs(group.answers[:, wrong] - typed[wrong]) <= group.margins[wrong]
    counts = hits.sum(axis=1)
    best = int(np.argmax(counts))
    count = int(counts[best])
    if count < LEAST or not _better(group, typed, best, own):
        return None
    usual = float(np.mean([_share(group, n, typed[n]) for n in wrong]))
    evidence = INDEPENDENT * len(wrong) * _divergence(count / len(wrong), usual)
    if evidence < math.log(len(group.ids)) - math.log(CHANCE):
        return None
    return Source(group.ids[best], count, len(wrong))


def _different(group: _Class, typed: Array, wrong: NDArray[np.bool_]) -> list[int]:
    """One cell for each wrong number of a question: a number that is there again tells nothing new."""
    seen: dict[tuple[int, float], int] = {}
    for n in np.flatnonzero(wrong):
        seen.setdefault((int(group.questions[n]), round(float(typed[n]), 9)), int(n))
    return list(seen.values())


def _better(group: _Class, typed: Array, other: int, own: int) -> bool:
    fits = np.abs(group.answers[[other, own]] - typed) <= group.margins
    return bool(fits[0].sum() > fits[1].sum())


def _share(group: _Class, n: int, number: float) -> float:
    """How much of all right answers to a question lies where a number does."""
    pool, margin = group.pools[int(group.questions[n])], group.margins[n]
    near = np.searchsorted(pool, number + margin, "right") - np.searchsorted(pool, number - margin, "left")
    return float((near + 1) / (len(pool) + 1))


def _divergence(found: float, usual: float) -> float:
    """Kullback and Leibler's, of two shares; times the count it bounds how rare a share so large is (Chernoff)."""
    if found <= usual:
        return 0.0
    rest = (1 - found) * math.log((1 - found) / (1 - usual)) if found < 1 else 0.0
    return found * math.log(found / usual) + rest
