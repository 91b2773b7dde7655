"""kill -9 at any moment: nothing is lost, and the same line given again ends with the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.class_sets import tree
from support.kills import COMMANDS, LARGE, SMALL, Command, run, trial, words

pytestmark = [
    pytest.mark.usefixtures("here"),
    pytest.mark.skipif(os.name != "posix", reason="signals and process groups of POSIX"),
]
BY_NAME = {command.name: command for command in COMMANDS}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["exercise", "train"])
def test_a_few_kills(name: str) -> None:
    assert trial(BY_NAME[name], SMALL[name], 3) == []


@pytest.mark.sweep
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_twenty_kills(command: Command) -> None:
    assert trial(command, LARGE[command.name], 20) == []


def test_leftovers_of_dead_runs_alone_go() -> None:
    """A killed run's file is removed by the next; that of one at work stays, and so does what others named alike."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    names = [f".a.xlsx.{dead.pid}.tmp", f".a.xlsx.{os.getpid()}.tmp", ".a.xlsx.note.tmp", f".b.xlsx.{dead.pid}.tmp"]
    for name in names:
        Path(name).write_text("half")
    subprocess.run([sys.executable, "-m", "byhand", "workbook", "softmax", "-o", "a.xlsx"], check=True)
    assert sorted(path.name for path in Path().iterdir()) == sorted([*names[1:], "a.xlsx"])


@pytest.mark.slow
def test_of_two_galleries_at_once_the_second_says_so() -> None:
    gallery = BY_NAME["gallery"]
    gallery.ready(3)
    first = subprocess.Popen(words(gallery, 3, "out"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    limit = time.monotonic() + 300
    while not Path("out/.lock").exists() or not Path("out/.lock").stat().st_size:
        assert time.monotonic() < limit
        time.sleep(0.01)
    second = subprocess.run(words(gallery, 3, "out"), capture_output=True, text=True)
    assert first.communicate()[1] == ""
    assert first.returncode == 0
    assert second.returncode == 2
    assert " ".join(second.stderr.split()).startswith("Error: Another run is at work in out (process ")
    assert not Path("out/.lock").exists()


@pytest.mark.slow
def test_a_clock_that_goes_back_changes_nothing() -> None:
    """The files of the first run are then of the future."""
    for name, what in (("exercise", "students"), ("grade", "feedback")):
        command = BY_NAME[name]
        command.ready(SMALL[name])
        run(command, SMALL[name], name)
        before = tree(name)
        future = time.time() + 10 * 365 * 86_400
        for path in Path(name).rglob("*"):
            os.utime(path, (future, future))
        next(Path(name, what).iterdir()).unlink()
        run(command, SMALL[name], name)
        after = tree(name)
        assert after.keys() == before.keys()
        assert [n for n in before if before[n] != after[n] and n not in command.differs] == []
