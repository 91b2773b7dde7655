"""Commands on disks that are really full: `python tests/support/real_disks.py`, where users of Linux may mount.

Each command writes to a file system in memory with room for a part of what it writes: of the bytes, or of the files.
It must end in one sentence, leave no half file, and go on once there is room. Prints a table of what came of each.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PAGE = 4096
UNFINISHED = (".tmp", ".lock")
GROWING = ("journal.jsonl", "last-run.json")
"""Files of a marking whose lines depend on what an earlier run had done."""

LINES = (
    "workbook gpt2 -o out/x.xlsx",
    "workbook gpt2 --backward --optimizer adam -o out/x.xlsx",
    "page gpt2 -o out/x.html",
    "code gpt2 -o out/x.py --weights out/x.npz",
    "code gpt2 --as torch -o out/x.py",
    "code gpt2 --as notebook -o out/x.ipynb",
    "explain softmax -o out/x.md",
    "explain softmax -o out/x.tex",
    "explain gpt2 -o out/x.html",
    "explain softmax -o out/x.pdf",
    "derive softmax -o out/x.txt",
    "derive softmax -o out/x.html",
    "derive softmax -o out/x.pdf",
    "run gpt2 -o out/x.npz",
    "run gpt2 -o out/x.csv",
    "run gpt2 -o out/x.json",
    "train small.txt --steps 2 -o out/x.toml",
    "train small.txt --steps 2 -o out/x.xlsx",
    "train small.txt --steps 2 -o out/x.toml --save out/folder",
    "train small.txt --steps 2 --tokens bpe:9 -o out/x.xlsx --save out/folder",
    "exercise softmax --count 3 --seed 1 --format xlsx,html -o out/set",
    "exercise softmax --count 2 --seed 1 --format pdf,md -o out/set",
    "exercise softmax --count 2 --seed 1 --format page,notebook -o out/set",
    "exercise softmax --count 2 --seed 1 --format moodle,canvas,qti,qti3 -o out/set",
    "exercise softmax --count 4 --versions 2 --seed 1 --format html -o out/set",
    "exercise softmax --seed 1 --self-check -o out/set",
    "grade set/students --key set -o out/marks --jobs 1",
    "grade set/students --key set -o out/marks --jobs 2",
    "gallery recipes -o out/gallery",
)
"""Every command that writes, in every format."""
PRINTING = (
    "run gpt2", "run gpt2 --json", "models", "models gpt2", "code gpt2", "explain softmax", "derive softmax",
    "tokenize low --train small.txt --steps", "tokenize low --train small.txt --json", "answer 1/2 --key 0.5",
    "answer --batch answers.json", "train small.txt --steps 2", "verify book.xlsx", "exercise --list",
    "exercise softmax --lint --seeds 2", "check set/students/student-001.xlsx --key set", "--help", "--version",
)  # fmt: skip
"""Commands that print, which a full disk behind `> FILE` refuses."""
UNPACKING = (
    "workbook train.toml -o x.xlsx", "exercise softmax --lint --seeds 2", "grade in.zip --key set -o marks --jobs 1",
    "grade in.zip --key set -o marks --jobs 2", "gallery recipes -o gallery", "code gpt2 -o x.py",
    "verify book.xlsx", "verify book.xlsx --engine libreoffice", "explain softmax -o x.pdf",
    "exercise softmax --count 2 --seed 1 --format pdf -o set2", "page gpt2 -o x.html",
    "train small.txt --steps 2 -o x.xlsx --save folder",
)  # fmt: skip
"""Commands that may use the folder for temporary files."""


@dataclass(frozen=True)
class Refusal:
    """What came of a line on a disk with so little room."""

    line: str
    room: str
    code: int
    sentence: str
    faults: tuple[str, ...]


def furnish() -> None:
    """Write what the lines read, in the current folder, and make a folder `out`."""
    Path("small.txt").write_text("the cat sat\na dog ran\n")
    Path("answers.json").write_text('[{"student": "1", "key": "1"}]')
    Path("recipes").mkdir()
    Path("recipes/one.toml").write_text('model = "softmax"\n')
    Path("recipes/two.toml").write_text('model = "gpt2"\n')
    Path("train.toml").write_text('model = "gpt2"\n[training]\ntext = ["the cat sat"]\nsteps = 2\n')
    for line in ("exercise softmax --count 3 --seed 1 --format xlsx -o set", "workbook softmax -o book.xlsx"):
        assert said_by(line)[0] == 0, line
    shutil.make_archive("in", "zip", "set/students")
    os.mkdir("out")


def said_by(line: str, output: Path | None = None, environment: dict[str, str] | None = None) -> tuple[int, str]:
    """Run a line. Returns its exit code and what it says on stderr. output: where its stdout goes."""
    with open(output or os.devnull, "wb") as file:
        run = subprocess.run(
            [sys.executable, "-m", "byhand", *line.split()],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
            timeout=600,
        )
    return run.returncode, run.stderr.decode(errors="replace")


@contextmanager
def disk(options: str) -> Iterator[Callable[[], None]]:
    """A file system in memory at `out`. Yields what makes room on it."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", "out"], check=True)
    try:
        yield lambda: subprocess.run(  # type: ignore[func-returns-value]  # nobody reads it
            ["mount", "-o", "remount,size=256m,nr_inodes=0", "out"], check=True
        )
    finally:
        subprocess.run(["umount", "out"], check=True)


def contents() -> dict[str, bytes]:
    return {str(path.relative_to("out")): path.read_bytes() for path in Path("out").rglob("*") if path.is_file()}


def faults_of(code: int, text: str) -> Iterator[str]:
    """What is wrong with a refusal."""
    if code != 2:
        yield f"exit code {code}"
    if "Traceback" in text:
        yield "a traceback"
    sentences = [line for line in text.splitlines() if line.startswith("Error: ")]
    if len(sentences) != 1 or not text.rstrip().endswith("."):
        yield "no sentence"


def refused(line: str, options: str, whole: dict[str, bytes]) -> Refusal:
    """Run a line with little room, and again with enough. whole: what it writes."""
    with disk(options) as make_room:
        code, text = said_by(line)
        done = code == 0
        faults = [] if done else list(faults_of(code, text))
        for name, data in contents().items():
            if name.endswith(UNFINISHED):
                faults.append(f"left {name}")
            elif name not in whole or (whole[name] != data and not name.endswith(GROWING)):
                faults.append(f"half of {name}")
        make_room()
        if not done:
            again, then = said_by(line)
            now = contents()
            if again != 0:
                faults.append(f"with room: {then.strip()[-200:]}")
            elif now.keys() != whole.keys():
                faults.append(f"with room: other files {sorted(now.keys() ^ whole.keys())}")
            else:
                faults += [f"with room: {n}" for n in now if now[n] != whole[n] and not n.endswith(GROWING)]
    return Refusal(line, options, code, " ".join(text.split())[-160:], tuple(faults))


def rooms(whole: dict[str, bytes], points: int) -> Iterator[str]:
    """Disks with room for so many parts of the bytes, and of the files."""
    pages = sum(-(-len(data) // PAGE) for data in whole.values())
    for size in sorted({max(1, pages * n // points) for n in range(points)}):
        yield f"size={size * PAGE}"
    for files in sorted({1 + len(whole) * n // points for n in range(points)}):
        yield f"size=256m,nr_inodes={files}"


def written_by(line: str) -> dict[str, bytes]:
    with disk("size=256m"):
        code, text = said_by(line)
        assert code == 0, (line, text)
        return contents()


def of_full_disks(lines: tuple[str, ...], points: int) -> Iterator[Refusal]:
    for line in lines:
        whole = written_by(line)
        for options in rooms(whole, points):
            yield refused(line, options, whole)


def of_full_outputs() -> Iterator[Refusal]:
    """Commands whose stdout is on a full disk."""
    for line in PRINTING:
        code, text = said_by(line, Path("/dev/full"))
        yield Refusal(line, "stdout", code, " ".join(text.split())[-160:], tuple(faults_of(code, text)))


def of_full_temporary_folders() -> Iterator[Refusal]:
    """Commands that find no room for temporary files: done without any, or refused."""
    for line in UNPACKING:
        for options in (f"size={PAGE}", "nr_inodes=1", f"size={8 * PAGE}"):
            before = set(os.listdir())
            with disk(options):
                Path("out/ballast").write_bytes(b"\0" * PAGE) if "size" in options else None
                code, text = said_by(line, environment={"TMPDIR": str(Path("out").absolute())})
            faults = () if code == 0 else tuple(faults_of(code, text))
            new = set(os.listdir()) - before
            if code and any(not Path(name).is_dir() for name in new):  # a set or gallery is gone on with
                faults += (f"left {sorted(new)}",)
            for name in new:
                shutil.rmtree(name) if Path(name).is_dir() else os.unlink(name)
            yield Refusal(line, f"TMPDIR {options}", code, " ".join(text.split())[-160:], faults)


def row(refusal: Refusal) -> str:
    return (
        f"| {refusal.line} | {refusal.room} | {refusal.code} | {'; '.join(refusal.faults) or '-'} | "
        f"{refusal.sentence} |"
    )


if __name__ == "__main__":
    if "--in-namespace" not in sys.argv:
        os.execvp("unshare", ["unshare", "-rm", sys.executable, __file__, "--in-namespace", *sys.argv[1:]])
    chosen = [word for word in sys.argv[1:] if word != "--in-namespace"]
    lines = tuple(line for line in LINES if not chosen or line.startswith(tuple(chosen)))
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        furnish()
        tried = []
        others = () if chosen else (of_full_outputs(), of_full_temporary_folders())
        for trials in (*others, of_full_disks(lines, 6)):
            for refusal in trials:
                tried.append(refusal)
                print(row(refusal), flush=True)
        os.chdir("/")
    print(f"\n{len(tried)} trials, {sum(bool(refusal.faults) for refusal in tried)} with a fault.")
