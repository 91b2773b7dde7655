"""Inputs that nobody means well with are done, or refused in a sentence, in bounded memory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.hostile_inputs import inputs

SCRIPT = Path(__file__).parents[1] / "support/hostile_inputs.py"
pytestmark = pytest.mark.skipif(os.name != "posix", reason="forks")


def test_there_are_many() -> None:
    assert len(set(inputs())) > 500


@pytest.mark.parametrize(
    "step", [pytest.param(61, marks=pytest.mark.slow), pytest.param(1, marks=[pytest.mark.sweep, pytest.mark.slow])]
)
def test_each_is_done_or_refused(step: int, tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, str(SCRIPT), str(step)], capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 0, run.stderr[-2000:]
    last = run.stdout.splitlines()[-1]
    found = re.search(r"(\d+) inputs; .* faults (\d+); at most .* and (\d+) MB\.", last)
    assert found, last
    assert int(found[1]) > 25
    assert int(found[2]) == 0, [line for line in run.stdout.splitlines() if "FAULT" in line]
    assert int(found[3]) < 500, last
