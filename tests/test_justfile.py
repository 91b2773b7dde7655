"""The justfile: each of its lines names something that is there, and benchmarks can be run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from benchmarks.conftest import table
from click.testing import CliRunner

from byhand.cli.main import main

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "justfile").read_text("utf-8")
RECIPES = re.findall(r"(?m)^# .+\n(\w+):\n((?:    .+\n?)+)", TEXT)
LINES = [line.strip() for _, lines in RECIPES for line in lines.splitlines()]


def test_every_recipe_says_what_it_does() -> None:
    """just --list shows the comment above each."""
    assert len(RECIPES) == len(re.findall(r"(?m)^\w+.*:$", TEXT)) >= 6


@pytest.mark.parametrize("line", LINES)
def test_a_line_names_what_is_there(line: str) -> None:
    program, *words = shlex.split(line)
    if program == "python":
        assert Path(ROOT, words[0]).is_file() or (words[0] == "-m" and find_spec(words[1])), line
        assert all(Path(ROOT, word).exists() for word in words if "/" in word)
    elif program == "byhand":
        assert CliRunner().invoke(main, [*words, "--help"]).exit_code == 0
    else:
        assert shutil.which(program, path=Path(sys.executable).parent) or shutil.which(program), line


@pytest.mark.slow
def test_benchmarks_are_not_switched_off_by_the_settings() -> None:
    """pytest-benchmark measures nothing where -n or --dist is among the settings, and then prints no ratios."""
    (line,) = [line for line in LINES if "tests/benchmarks" in line]
    words = ["tests/benchmarks/test_derive_speed.py" if "/" in word else word for word in shlex.split(line)[1:]]
    by_hand = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    run = subprocess.run(
        [sys.executable, *words, "--collect-only", "-q"],
        cwd=ROOT, env=by_hand, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"^[1-9]\d* tests? collected", run.stdout, re.MULTILINE)


def test_the_ratios_are_a_table_with_their_promises() -> None:
    lines = table([("a thing / another", 0.4, 0.5), ("slow / fast", 2.25, 1.5), ("x / y", 1.0, None)])
    assert [line.split() for line in lines] == [
        ["measured", "promised", "at", "most"],
        ["a", "thing", "/", "another", "0.400", "0.5"],
        ["slow", "/", "fast", "2.250", "1.5", "NOT", "KEPT"],
        ["x", "/", "y", "1.000", "-"],
    ]
