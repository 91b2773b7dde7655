"""Commands that are killed at random moments and given again; `python tests/support/kills.py` kills each twenty times.

A killed run may leave files; the same line given again must end as if nothing had been: the same names, the same bytes.
"""

from __future__ import annotations

import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.class_submissions import a_set, typed_in

BYHAND = [sys.executable, "-m", "byhand"]
TEXT = "the cat sat on the mat\nand the dog sat on the rug\n" * 3


@dataclass(frozen=True)
class Command:
    """A command to kill. ready: makes what it reads, in the current folder.

    differs: files whose lines depend on the order in which workers end, and on what an earlier run had done.
    """

    name: str
    line: str
    ready: Callable[[int], None] = lambda size: None
    differs: tuple[str, ...] = ()


def recipes(size: int) -> None:
    """Write recipes for a gallery."""
    folder = Path("recipes")
    folder.mkdir()
    for n in range(size):
        (folder / f"book{n}.toml").write_text(f'model = "softmax"\nseed = {n}\n')


def a_text(size: int) -> None:
    Path("text.txt").write_text(TEXT)


def handed_in(size: int) -> None:
    """Make a class's set, and hand in a book for each student."""
    key = a_set(Path("set"), size, formats=("xlsx",))
    Path("in").mkdir()
    for number, (student, theirs) in enumerate(key.students.items()):
        values = {
            cell: round(theirs.answers[n][c], question.places) + ((n, c) == (0, number % 5))
            for n, question in enumerate(key.questions)
            for c, cell in enumerate(question.cells)
        }
        book = Path("set/students", f"{theirs.file}.xlsx").read_bytes()
        Path("in", f"{student}.xlsx").write_bytes(typed_in(book, "sheet2", values))


COMMANDS = (
    Command("exercise", "exercise softmax --seed 7 --format xlsx --count {size} -o {place}"),
    Command("grade", "grade in --key set -o {place}", handed_in, ("journal.jsonl", "last-run.json")),
    Command("train", "train text.txt --steps {size} -o {place}/learnt.xlsx --save {place}/model --force", a_text),
    Command("gallery", "gallery recipes -o {place}", recipes),
)
LARGE = {"exercise": 300, "grade": 500, "train": 400, "gallery": 6}
SMALL = {"exercise": 12, "grade": 6, "train": 20, "gallery": 1}


def words(command: Command, size: int, place: str) -> list[str]:
    return [*BYHAND, *shlex.split(command.line.format(size=size, place=place))]


def tree(folder: str) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(Path(folder).rglob("*")) if p.is_file()}


def run(command: Command, size: int, place: str) -> None:
    """Run to the end. AssertionError, with what it said, unless it succeeds."""
    if command.name == "train":  # whose folder is there before
        Path(place).mkdir(exist_ok=True)
        shutil.rmtree(Path(place, "model"), ignore_errors=True)
    done = subprocess.run(words(command, size, place), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def killed_after(command: Command, size: int, place: str, seconds: float) -> bool:
    """Start it, and kill it and its helpers after so long. Returns whether it was still running."""
    if command.name == "train":
        Path(place).mkdir(exist_ok=True)
    running = subprocess.Popen(
        words(command, size, place), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    time.sleep(seconds)
    was_running = running.poll() is None
    os.killpg(running.pid, signal.SIGKILL) if was_running else None
    running.wait()
    return was_running


def differences(command: Command, one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """The names of the files that differ, or that only one has."""
    return [
        name
        for name in sorted(one.keys() | other.keys())
        if (name in one) != (name in other) or (name not in command.differs and one[name] != other[name])
    ]


def trial(command: Command, size: int, times: int, seed: int = 1) -> list[str]:
    """Kill the command so often while it works, each time in the place where it was killed before, then let it end.

    Where it ends before it is killed, it begins anew. Returns the files that differ at an end.
    """
    chance = random.Random(seed)
    command.ready(size)
    start = time.perf_counter()
    run(command, size, "whole")
    lasts = time.perf_counter() - start
    whole, stopped, wrong = tree("whole"), 0, []
    while stopped < times:
        was_running = killed_after(command, size, "killed", chance.uniform(0, lasts * 0.7))
        stopped += was_running
        if not was_running or stopped == times:
            run(command, size, "killed")
            wrong += differences(command, whole, tree("killed"))
            shutil.rmtree("killed")
    return wrong


if __name__ == "__main__":
    chosen = sys.argv[1:] or [command.name for command in COMMANDS]
    for command in COMMANDS:
        if command.name in chosen:
            with tempfile.TemporaryDirectory() as folder:
                os.chdir(folder)
                wrong = trial(command, LARGE[command.name], 20)
                os.chdir("/")
            print(f"{command.name}: killed 20 times while at work; files that differ afterwards: {wrong}")
