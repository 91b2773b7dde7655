"""Reading what is handed in costs less than loading it with openpyxl."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from support.submissions import as_float, class_set, filled

from byhand.grading.integrity import warnings_of
from byhand.grading.owners import Owners
from byhand.grading.student_formulas import Recomputer
from byhand.grading.submission import read_submission

pytestmark = pytest.mark.benchmark
TIMES = 40


def least(work: Callable[[], object]) -> float:
    """The processor time of the fastest of several."""
    found = []
    for _ in range(TIMES):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


@pytest.mark.parametrize("students", [6, 1000])
def test_a_book_of_numbers_takes_less_than_half_of_loading_it(tmp_path: Path, students: int, ratio: Any) -> None:
    """Read, its owner found, its integrity judged."""
    of = class_set(count=students)
    path = filled(tmp_path / "book.xlsx", of=of)
    owners = Owners(of.handed_out)
    with Recomputer() as engine:

        def judge() -> None:
            read = read_submission(path, of.handed_out, as_float, engine)
            assert not warnings_of(read, of.handed_out, owners.owner(read).id)

        judge()
        cost = least(judge) / least(lambda: openpyxl.load_workbook(path))
        ratio(f"a book of numbers read and its owner found, of {students:,} / one openpyxl load", cost, 0.5)
        assert cost < 0.5
