"""Child processes: what takes too long, or too much memory, or breaks its process, is stopped; the rest is done."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from byhand.errors import ByhandError
from byhand.processes import Limits, Stopped, Workers, run, spread, spread_within

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
    assert time.monotonic() - start < 120
    whys = {n: result.why for n, result in enumerate(results) if isinstance(result, Stopped)}
    assert [result for result in results if not isinstance(result, Stopped)] == [0, 10, 30, 50, 70, 80]
    assert whys[HANG] == "it took more than 2 seconds"
    assert "memory" in whys[EAT]
    assert "broke down" in whys[DIE]


def test_what_cannot_start_says_why() -> None:
    with pytest.raises(ByhandError, match="There is no key"):
        list(spread_within(Limits(2.0, 400_000_000), no_start, (), [1, 2], 1))


STARTER = """
import time
from byhand.processes import Workers
from test_processes import odd

workers = Workers(odd, (), 2)
jobs = workers.in_order([1, 3])
next(jobs), next(jobs)
print(*[worker._process.pid for worker in workers._workers], flush=True)
next(workers.in_order([{hang}]))
"""


def _gone(process: int) -> bool:
    """Whether it is gone, or only waits for its exit code to be fetched, a moment later."""
    for _ in range(100):
        try:
            if Path(f"/proc/{process}/stat").read_text().split()[2] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_no_worker_outlives_its_starter_not_even_one_that_hangs() -> None:
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    with subprocess.Popen(
        [sys.executable, "-c", STARTER.format(hang=HANG)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as starter:
        assert starter.stdout
        workers = [int(word) for word in starter.stdout.readline().split()]
        starter.kill()
    assert len(workers) == 2
    assert all(map(_gone, workers))


def test_workers_serve_one_batch_after_another_and_replace_one_that_was_stopped() -> None:
    with Workers(odd, (), 1, Limits(1.0, 400_000_000)) as workers:
        assert list(workers.in_order([1, 3])) == [10, 30]
        assert list(workers.in_order([DIE, 5])) == [Stopped("crash"), 50]
        assert list(workers.in_order([HANG, 7])) == [Stopped("time", 1.0), 70]


def test_a_worker_that_dies_where_nothing_is_limited_is_said() -> None:
    with pytest.raises(ByhandError, match=r"has stopped one of the processes.*--jobs 1"):
        list(spread(odd, (), [1, DIE], 1))


def test_what_a_program_prints_and_how_it_fails() -> None:
    limits = Limits(5.0, 4_000_000_000)
    assert run(["echo", "so"], limits) == "so\n"
    assert run(["false"], limits) == Stopped("crash")
    assert run(["sleep", "60"], Limits(0.3, 4_000_000_000)) == Stopped("time", 0.3)
    assert run([sys.executable, "-c", "bytearray(2_000_000_000)"], Limits(5.0, 1_000_000_000)) == Stopped("crash")
