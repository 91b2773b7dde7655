"""How fast a topic is derived, as ratios within one run: these machines are noisy, so nothing here is asserted."""

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.benchmark


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


@pytest.mark.parametrize("line", ["softmax --format md", "softmax --format html", "layer-norm --format html", "--list"])
def test_deriving_against_importing_sympy(line: str, benchmark: Any) -> None:
    command = start("-m", "byhand", "derive", *line.split())
    sympy, ours = wall(start("-c", "import sympy")), wall(command)
    benchmark.extra_info[f"derive {line} / import sympy"] = round(ours / sympy, 3)
    benchmark.pedantic(command, rounds=1)
    print(f"\nbyhand derive {line} / import sympy = {ours / sympy:.2f} ({ours:.2f} s)")
