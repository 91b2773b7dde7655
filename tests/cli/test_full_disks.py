"""A disk that refuses at any point of the writing: one sentence, no half file, and the same line goes on afterwards."""

from __future__ import annotations

import errno
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from support.commands import byhand

WRITING = {
    "workbook softmax -o out/x.xlsx": "out/x.xlsx",
    "page softmax -o out/x.html": "out/x.html",
    "code gpt2 -o out/x.py --weights out/x.npz": "out/x.py",
    "explain softmax -o out/x.md": "out/x.md",
    "explain softmax -o out/x.html": "out/x.html",
    "derive softmax -o out/x.txt": "out/x.txt",
    "run softmax -o out/x.npz": "out/x.npz",
    "run softmax -o out/x.csv": "out/x.csv",
    "train small.txt --steps 2 -o out/x.toml": "out/x.toml",
    "train small.txt --steps 2 -o out/x.xlsx": "out/x.xlsx",
    "train small.txt --steps 2 -o out/x.toml --save out/folder": "out/folder",
    "code softmax --as notebook -o out/x.ipynb": "out/x.ipynb",
    "exercise own.toml --count 3 --seed 1 -o out/set": "out/set/keys/key.json",
    "grade set/students --key set -o out/marks --jobs 1": "out/marks/grades.csv",
    "gallery recipes -o out/gallery": "out/gallery/README.md",
}
"""Every command that writes, and the last thing that it writes."""
HALF = (".tmp",)


class Disk:
    """Refuses the n-th thing that is opened to write, made, or renamed in the folder `out`, from then on.

    By turns it is full, over the user's quota, fails, or can only be read.
    """

    REASONS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)

    def __init__(self) -> None:
        self.at, self.count = 0, 0
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.at or event not in ("open", "os.mkdir", "os.rename"):
            return
        if event == "open" and (not isinstance(arguments[2], int) or not arguments[2] & (os.O_WRONLY | os.O_RDWR)):
            return
        if not isinstance(arguments[0], str | os.PathLike) or "out" not in Path(arguments[0]).absolute().parts:
            return
        self.count += 1
        if self.count >= self.at:
            why = self.REASONS[self.at % len(self.REASONS)]
            raise OSError(why, os.strerror(why), os.fspath(arguments[0]))

    @contextmanager
    def full_from(self, n: int) -> Iterator[None]:
        self.at, self.count = n, 0
        try:
            yield
        finally:
            self.at = 0


DISK = Disk()


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """A limit of the size of each file, as `ulimit -f` sets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the commands read."""
    folder = tmp_path_factory.mktemp("disk")
    (folder / "small.txt").write_text("the cat sat\na dog ran\n")
    (folder / "recipes").mkdir()
    (folder / "recipes/one.toml").write_text('model = "softmax"\n')
    shutil.copy(Path(__file__).parents[2] / "exercises/softmax.toml", folder / "own.toml")
    before = Path.cwd()
    os.chdir(folder)
    try:
        assert byhand("byhand exercise own.toml --count 2 --seed 1 -o set --format xlsx").exit_code == 0
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def here(furnished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder, with an empty folder `out`; no pictures are drawn."""
    monkeypatch.chdir(furnished)
    monkeypatch.setenv("PATH", "")
    shutil.rmtree("out", ignore_errors=True)
    os.mkdir("out")
    return furnished


def check_refusal(line: str, what: str) -> None:
    """Run a line that the disk refuses. What is under its own name in the end is whole, since it is written once."""
    result = byhand(f"byhand {line}")
    assert result.exit_code == 2, (line, what, result.stdout, result.stderr)
    sentence = result.stderr.splitlines()[-1]
    assert sentence.startswith("Error: "), (line, what, result.stderr)
    assert sentence.endswith("."), (line, what, result.stderr)
    assert [p for p in Path("out").rglob("*") if p.name.endswith(HALF)] == [], (line, what)


def contents() -> dict[str, bytes]:
    """The files in `out`; a set's secret and what holds the time of a run are left out."""
    return {str(path): path.read_bytes() for path in Path("out").rglob("*") if path.is_file()}


def empty() -> None:
    shutil.rmtree("out")
    os.mkdir("out")


def refusals(line: str, most: int) -> int:
    """Refuse the first, second, third ... thing that is written, each time from the start; then let it go on."""
    empty()
    assert byhand(f"byhand {line}").exit_code == 0, line
    whole = contents()
    for n in range(1, most + 1):
        empty()
        with DISK.full_from(n):
            result = byhand(f"byhand {line}")
        if result.exit_code == 0:
            return n - 1
        empty()
        with DISK.full_from(n):
            check_refusal(line, f"at {n}")
        half = {name: data for name, data in contents().items() if name in whole and not name.endswith("journal.jsonl")}
        assert {name: whole[name] for name in half} == half, (line, n)
        assert byhand(f"byhand {line}").exit_code == 0, (line, n)
        assert contents() == whole, (line, n)
    return most


SEVERAL = ("code gpt2", "exercise", "grade", "gallery", "train small.txt --steps 2 -o out/x.toml --save")


@pytest.mark.slow
def test_a_disk_that_is_full_at_any_point(here: Path) -> None:
    """Those that write one file are refused while it is opened or named; two of several, at their first steps."""
    for line in WRITING:
        if not line.startswith(SEVERAL):
            assert 2 <= refusals(line, 9) <= 8, line
    for line in WRITING:
        if line.startswith(SEVERAL[1:3]):
            refusals(line, 2)


@pytest.mark.slow
def test_a_disk_that_is_full_at_any_point_of_several_files(here: Path) -> None:
    for line in WRITING:
        if line.startswith(SEVERAL):
            empty()
            assert 4 <= refusals(line, 60) < 60, line


def test_no_room_for_temporary_files(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is blamed on the files that were handed in."""
    monkeypatch.setattr(tempfile, "tempdir", str(here / "out"))
    shutil.copy("set/students/student-001.xlsx", "one.xlsx")
    for name, inner in (("inner.zip", "one.xlsx"), ("outer.zip", "inner.zip")):
        with ZipFile(name, "w") as archive:
            archive.write(inner)
    for n in (2, 4):  # while the outer file is unpacked, and the inner one
        empty()
        with DISK.full_from(n):
            result = byhand("byhand grade outer.zip --key set -o marks --jobs 1")
        assert result.exit_code == 2, n
        assert result.stderr.startswith("Error: Temporary files cannot be written in "), (n, result.stderr)
        assert not Path("marks").exists()


@pytest.mark.slow
def test_a_disk_that_is_really_full() -> None:
    """A file system in memory, of which the script has more trials."""
    command = [sys.executable, str(Path(__file__).parents[1] / "support/real_disks.py"), "derive softmax -o out/x.txt"]
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
        pytest.skip("users may not mount here")
    run = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr[-2000:]
    last = run.stdout.splitlines()[-1]
    assert re.fullmatch(r"\d+ trials, 0 with a fault\.", last), run.stdout
    assert run.stdout.count(" no space left on device; ") > 1


@pytest.mark.slow
def test_a_file_size_limit_leaves_no_half_file(here: Path) -> None:
    """As of `ulimit -f`: the writing itself fails, in the middle."""
    for line, last in WRITING.items():
        for size in (0, 100, 4_000):
            if line.startswith(("exercise", "grade", "gallery")) and size != 100:
                continue
            empty()
            with files_of_at_most(size):
                if size < 4_000:
                    check_refusal(line, f"at {size} bytes")
                else:
                    assert byhand(f"byhand {line}").exit_code in (0, 2)
            assert size == 4_000 or not Path(last).exists(), line
            if size == 100:
                assert byhand(f"byhand {line}").exit_code == 0, line


@pytest.mark.slow
def test_a_disk_with_room_for_a_shorter_workbook_alone_is_full(here: Path) -> None:
    """A workbook without the first training step is for steps that no sheet bears, never for want of room."""
    with files_of_at_most(200_000):
        check_refusal("train small.txt --steps 2 -o out/x.xlsx", "at 200,000 bytes")


@pytest.mark.slow
def test_a_folder_that_vanishes(here: Path) -> None:
    """Between the check of the place and the writing."""
    gone: list[str] = []

    def vanish(event: str, arguments: tuple[Any, ...]) -> None:
        if gone == ["armed"] and event == "open" and ".tmp" in str(arguments[0]):
            gone.append(str(arguments[0]))
            shutil.rmtree("out", ignore_errors=True)

    sys.addaudithook(vanish)
    for line in WRITING:
        os.makedirs("out", exist_ok=True)
        gone[:] = ["armed"]
        result = byhand(f"byhand {line}")
        assert (result.exit_code, len(gone)) == (2, 2), line
        assert result.stderr.splitlines()[-1].startswith("Error: "), (line, result.stderr)
        gone.clear()
