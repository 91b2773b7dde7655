"""How long a derivation takes from cold, against importing SymPy alone: ratios, as these machines are noisy."""

import resource
import subprocess
import sys
from typing import Any

import pytest

from byhand.derivations.topics import TOPICS

pytestmark = pytest.mark.benchmark


def processor_time(*command: str) -> float:
    """What a fresh Python uses, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("topic", TOPICS)
def test_a_derivation_against_importing_sympy(topic: str, benchmark: Any, ratio: Any) -> None:
    def derive() -> float:
        return processor_time("-m", "byhand", "derive", topic)

    sympy = min(processor_time("-c", "import sympy") for _ in range(3))
    ours = min(derive() for _ in range(3))
    benchmark.extra_info["derive / import sympy"] = round(ours / sympy, 3)
    ratio(f"derive {topic} / import sympy", ours / sympy)
    benchmark.pedantic(derive, rounds=1)
    print(f"\nbyhand derive {topic}: {ours:.2f} s of a processor; / import sympy = {ours / sympy:.2f}")
