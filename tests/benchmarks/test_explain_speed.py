"""How fast a lesson is explained, as ratios within one run; the seconds and the memory are printed beside them."""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.benchmark

STEP = ("-m", "byhand", "explain", "gpt2", "--step", "layer1.head1.weights", "--exact")
WHOLE = ("-m", "byhand", "explain", "gpt2", "--exact")


def start(*command: str) -> Callable[[], Any]:
    """A fresh Python, from cold."""
    return lambda: subprocess.run([sys.executable, *command], check=True, capture_output=True)


def wall(work: Callable[[], Any], rounds: int = 5) -> float:
    """The least time of some rounds, in seconds."""
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


@pytest.mark.parametrize(("what", "command"), [("one step", STEP), ("the whole lesson", WHOLE)])
def test_explaining_against_importing_sympy(what: str, command: tuple[str, ...], benchmark: Any, ratio: Any) -> None:
    sympy, ours = wall(start("-c", "import sympy")), wall(start(*command))
    megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    benchmark.extra_info[f"{what} / import sympy"] = round(ours / sympy, 3)
    ratio(f"explain {what} / import sympy", ours / sympy)
    benchmark.pedantic(start(*command), rounds=1)
    print(f"\n{what} / import sympy = {ours / sympy:.2f} ({ours:.2f} s, at most {megabytes:.0f} MB)")
