"""Work of strangers: what takes too long, or too much memory, or breaks its process, is stopped; the rest is done."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from byhand.errors import ByhandError
from byhand.workers import Limits, Stopped, spread_within

HANG, EAT, DIE = 2, 4, 6


def odd() -> Callable[[int], int]:
    return work


def work(job: int) -> int:
    if job == HANG:
        time.sleep(60)
    if job == EAT:
        return len(bytearray(700_000_000))
    if job == DIE:
        os._exit(3)
    return 10 * job


def no_start() -> Callable[[int], int]:
    raise ByhandError("There is no key.")


@pytest.mark.slow
def test_the_jobs_that_go_well_are_done_in_order() -> None:
    start = time.monotonic()
    results = list(spread_within(Limits(2.0, 400_000_000), odd, (), list(range(9)), 2))
    assert time.monotonic() - start < 30
    whys = {n: result.why for n, result in enumerate(results) if isinstance(result, Stopped)}
    assert [result for result in results if not isinstance(result, Stopped)] == [0, 10, 30, 50, 70, 80]
    assert whys[HANG] == "it took more than 2 seconds"
    assert "memory" in whys[EAT]
    assert "broke down" in whys[DIE]


@pytest.mark.slow
def test_what_cannot_start_says_why() -> None:
    with pytest.raises(ByhandError, match="There is no key"):
        list(spread_within(Limits(2.0, 400_000_000), no_start, (), [1, 2], 1))
