"""Marking costs little beside loading what is marked."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import openpyxl
import pytest
from support.simulated_students import as_typed, class_of

from byhand.exercises.student_book import StudentBook

pytestmark = pytest.mark.benchmark
TIMES = 20


def least(work: Callable[[], object]) -> float:
    """The processor time of the fastest of several."""
    found = []
    for _ in range(TIMES):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def test_marking_costs_a_part_of_loading(ratio: Any) -> None:
    """One head, beside loading the book with openpyxl: right answers a fiftieth, a mistake a third, garbage less."""
    of = class_of("attention-head", 4)
    book = StudentBook(of.problem).fill(of.made[0])
    loading = least(lambda: openpyxl.load_workbook(io.BytesIO(book)))
    chance = np.random.default_rng(1)
    garbage = [np.round(chance.uniform(-9, 9, size=row.shape), 2) for row in of.right(0)]
    mistaken = [of.asked(of.planted(changed)[0]) for _, changed in of.told]
    student, marker = of.student(0), of.marker
    all_typed = [as_typed(rows) for rows in [of.right(0), garbage, *mistaken]]
    for rows in all_typed:
        marker.mark(student, rows)
    right, nonsense, *wrong = (least(lambda rows=rows: marker.mark(student, rows)) for rows in all_typed)
    ratio("right answers marked / one openpyxl load", right / loading, 0.02)
    ratio("a mistake found / one openpyxl load", float(np.mean(wrong)) / loading, 0.35)
    ratio("nonsense marked / one openpyxl load", nonsense / loading, 1.0)
    assert right < 0.02 * loading
    assert float(np.mean(wrong)) < 0.35 * loading
    assert nonsense < loading
