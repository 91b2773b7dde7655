"""How many typed answers are judged a second of one processor, on the mix of forms that people type."""

import time

import pytest
from support.answer_files import PAIRS

from byhand.answers import reading
from byhand.answers.judge import judge
from byhand.answers.rules import rule_from, settings_from
from byhand.grading.submission import read_typed

pytestmark = pytest.mark.benchmark


def rate(count: int, started: float) -> float:
    return count / (time.process_time() - started)


def test_answers_a_second() -> None:
    """Keys are read once, as for a class; what students typed is read each time."""
    entries = [
        (pair["student"], pair["key"], rule_from(pair["rule"]), settings_from(pair.get("settings", {})))
        for pair in PAIRS
    ]
    for _ in range(2):
        reading._one_way.cache_clear()
        started = time.process_time()
        for entry in entries:
            judge(*entry)
        found = rate(len(entries), started)
    print(f"{found:,.0f} answers a second")
    assert found > 2_000


def test_cells_a_second() -> None:
    started = time.process_time()
    for number in range(20_000):
        read_typed(f"0.{number}")
    found = rate(20_000, started)
    print(f"{found:,.0f} plain cells a second")
    assert found > 100_000
