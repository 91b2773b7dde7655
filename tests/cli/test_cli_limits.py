"""What the machine does not bear or let: too large a request, a full disk, too little memory."""

from __future__ import annotations

import json
import os
import re
import resource
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.commands import byhand, refusal


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test runs in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


TOO_LONG = "(a built-in model also takes --size max_positions={})."
SET_RANGE = "takes numbers from -100,000,000 to 100,000,000, not"


def test_a_folder_that_may_not_be_written_is_refused(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test may run as root, who may write everywhere."""
    (here / "shut").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert refusal("workbook softmax -o shut/x.xlsx") == (
        "Error: The folder shut cannot be written: choose another with -o.\n"
    )


@pytest.mark.parametrize("call", ["os.replace", "zipfile.ZipFile.open", "zipfile._ZipWriteFile.write"])
def test_a_disk_that_fails_leaves_no_file(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(call, fail)
    assert refusal("workbook softmax") == (
        "Error: Cannot write softmax.xlsx: no space left on device; choose another place with -o.\n"
    )


def test_a_model_with_more_cells_than_programs_bear_is_refused() -> None:
    assert re.fullmatch(
        r"Error: This model would need 4,\d\d\d,\d\d\d cells, more than a spreadsheet program can bear \(2,000,000\): "
        r"choose smaller sizes with --size, or print it with `byhand run`\.\n",
        refusal("workbook attention --size tokens=900"),
    )


def test_what_the_memory_does_not_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("byhand.lessons.build.build", fail)
    assert refusal("run softmax") == (
        "Error: This takes more memory than there is: choose smaller sizes or fewer words.\n"
    )


def test_a_fault_of_the_program_is_not_called_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise KeyError("ours")

    monkeypatch.setattr("byhand.lessons.build.build", fail)
    with pytest.raises(KeyError, match="ours"):
        byhand("byhand run softmax")


# Requests that are too large: refused before anything is built from them

MANY = "1," * 3000 + "1"
HUGE = {
    "run gpt2 --size layers=100000": "These sizes make 200,000 heads in all layers, more than 1,000: choose fewer.",
    "run gpt2 --size layers=501": "These sizes make 1,002 heads in all layers, more than 1,000: choose fewer.",
    "run multi-head --size heads=20000 --size d_model=20000": (
        "These sizes make 20,000 heads in all layers, more than 1,000: choose fewer."
    ),
    "run gpt2 --size d_model=20000": (
        "These sizes make tables of 20,000×20,000, more than 20,000,000 numbers: choose smaller ones."
    ),
    "run gpt2 --size layers=400 --size d_model=4000": (
        "These sizes make 400 layers with tables of 4,000×4,000, more than 20,000,000 numbers: choose smaller ones."
    ),
    "run softmax --size rows=100000 --size width=100000": (
        "These sizes make tables of 100,000×100,000, more than 20,000,000 numbers: choose smaller ones."
    ),
    "run attention --size tokens=20000": (
        "20,000 words make tables of more than 20,000,000 numbers: choose fewer words or smaller sizes."
    ),
    "run attention --size tokens=100000 --size causal=true": (
        "100,000 words make tables of more than 20,000,000 numbers: choose fewer words or smaller sizes."
    ),
    "run transformer --generate 1000": (
        "1,000 words in 1,000 steps make tables of more than 20,000,000 numbers: choose fewer words or smaller sizes."
    ),
    "run transformer --generate 1000000": (
        "1,000,000 steps through 4 heads are more than byhand unrolls (4,000 heads): choose a smaller --generate."
    ),
    "run gpt2 --generate 1000000": (
        "1,000,000 steps through 2 heads are more than byhand unrolls (4,000 heads): choose a smaller --generate."
    ),
    "run gpt2 --size max_positions=100000 --generate 100000": (
        "100,000 steps through 2 heads are more than byhand unrolls (4,000 heads): choose a smaller --generate."
    ),
    f"run transformer --ids {MANY}": (
        "3,001 words make tables of more than 20,000,000 numbers: choose fewer words or smaller sizes."
    ),
    f"run transformer --target-ids {MANY}": (
        "3,001 words make tables of more than 20,000,000 numbers: choose fewer words or smaller sizes."
    ),
    f"run gpt2 --ids {MANY}": (
        f"The prompt has 3001 words, but there are positions for 8: shorten it {TOO_LONG.format(3001)}"
    ),
    f"run gpt2 --set wte={'[' * 20000}1{']' * 20000}": f"wte {SET_RANGE} '{'[' * 27}...{']' * 28}'.",
    f"run gpt2 --set wte={'[' * 60}1{']' * 60}": f"wte {SET_RANGE} [[[[[[[...]]]]]]].",
    f"run gpt2 --set wte={'9' * 400}": f"wte {SET_RANGE} {'9' * 28}...{'9' * 29}.",
    f"run gpt2 --set wte={'9' * 5000}": f"wte {SET_RANGE} '{'9' * 27}...{'9' * 28}'.",
    f"run {'x' * 5000}": None,
    f"run gpt2 --show {'x' * 5000}": None,
}
CHILD = """
import json, sys
from click.testing import CliRunner
from byhand.cli.main import main
for words in json.load(sys.stdin):
    result = CliRunner().invoke(main, words)
    print(json.dumps([result.exit_code, result.stderr]), flush=True)
"""
MEMORY = 700_000_000
SECONDS = 600
"""Far more than it takes on an idle machine: only what would never end is to be seen."""


def test_what_is_far_too_large_is_refused_at_once() -> None:
    """In a process with little memory, one after the other: whatever began to build them would not come back."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    child = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=json.dumps([shlex.split(line) for line in HUGE]),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        preexec_fn=limit,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    said = [json.loads(line) for line in child.stdout.splitlines()]
    assert len(said) == len(HUGE), child.stderr
    for (code, stderr), (line, sentence) in zip(said, HUGE.items(), strict=True):
        assert code == 2, (line[:80], stderr)
        if sentence:
            assert stderr == f"Error: {sentence}\n"
        else:
            assert re.fullmatch(r"Error: There is no .*…?.*\.\n", stderr)
            assert len(stderr) < 1_020
