"""Files without an end, places that are no files, and names that are none: one sentence each, at once."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.commands import byhand, refusal

from byhand.errors import ByhandError
from byhand.grading import marks_folder
from byhand.grading.marks_folder import Journal

READING = {
    "check --key {}": "check x.xlsx --key {}",
    "check": "check {} --key key.json",
    "grade --key": "grade sub --key {} -o out",
    "grade --roster": "grade sub --key key.json --roster {} -o out",
    "grade --decide": "grade sub --key key.json --decide {} -o out",
    "answer --batch": "answer --batch {}",
    "exercise --roster": "exercise softmax --roster {} -o out",
    "exercise": "exercise {}.toml -o out",
    "workbook": "workbook {}.toml -o out.xlsx",
    "page": "page {}.toml -o out.html",
    "code": "code {}.toml",
    "explain": "explain {}.toml",
    "run --words-file": "run gpt2 --words-file {}",
    "run --word-counts": "run bpe --word-counts {}.json",
    "run --pixels": "run vit --pixels {}",
    "train": "train {} --steps 1",
    "train --ids-file": "train --ids-file {} --steps 1",
    "tokenize --train": "tokenize x --train {}",
    "tokenize --text-file": "tokenize --text-file {} --train small.txt",
    "tokenize --word-counts": "tokenize x --word-counts {}.json",
    "tokenize --tokenizer": "tokenize x --tokenizer {}",
    "verify": "verify {}",
}
"""Every option and argument that names a file to read."""
PLACES = ("zero", "pipe", "huge", "socket", "folder", "/dev/stdin", "/proc/self/mem", "gone", "gone/file")
MEMORY, SECONDS = 1_500_000_000, 600
CHILD = """
import json, sys
from click.testing import CliRunner
from byhand.cli.main import main
for words in json.load(sys.stdin):
    result = CliRunner().invoke(main, words)
    print(json.dumps([words, result.exit_code, result.stderr, repr(result.exception)]), flush=True)
"""


@pytest.fixture
def furnished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a few files."""
    monkeypatch.chdir(tmp_path)
    Path("sub").mkdir()
    Path("sub/a.xlsx").write_bytes(b"PK")
    Path("small.txt").write_text("the cat sat\na dog ran\n")
    Path("key.json").write_text("{}")
    Path("folder").mkdir()
    return tmp_path


@pytest.fixture
def endless(furnished: Path) -> Iterator[Path]:
    """The same with places that are no files, and one file too large for anything."""
    os.mkfifo("pipe")
    server = socket.socket(socket.AF_UNIX)
    server.bind("socket")
    with open("huge", "wb") as file:
        file.truncate(1 << 40)
    for name in ("pipe", "socket", "huge", "folder", "zero"):
        place = "/dev/zero" if name == "zero" else name
        for suffix in (".toml", ".json", ".npy", ".txt", ".model"):
            os.symlink(place, f"{name}{suffix}")
    os.symlink("/dev/zero", "zero")
    yield furnished
    server.close()


@pytest.mark.slow
@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_what_has_no_end_is_refused_at_once(every: bool, endless: Path) -> None:
    """In a process with bounded memory and time: whatever read on would not come back."""
    lines = [
        line.format(place).split()
        for n, line in enumerate(READING.values())
        for place in (PLACES if every else [PLACES[n % 4]])
    ]
    kinds = [f"{name}.{kind}" for name in PLACES[:4] for kind in ("json", "txt", "model")]
    lines += [["tokenize", "x", "--tokenizer", kind] for kind in kinds]

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    child = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=json.dumps(lines),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        preexec_fn=limit,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    assert child.returncode == 0, child.stderr[-2000:]
    outcomes = [json.loads(line) for line in child.stdout.splitlines()]
    assert len(outcomes) == len(lines)
    wrong = [
        outcome
        for outcome in outcomes
        if outcome[1] != 2 or "memory" in outcome[2] or (outcome[2].count("\n") > 1 and "Usage:" not in outcome[2])
    ]
    assert wrong == []
    assert not Path("out").exists()
    assert child.stderr == ""


@pytest.mark.slow
def test_a_pipe_without_an_end_is_bounded(furnished: Path) -> None:
    """What is read from the standard input has a size, too."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    for line in ("train - --steps 1", "tokenize --text-file - --train small.txt --merges 1"):
        with open("/dev/zero", "rb") as zero:
            run = subprocess.run(
                [sys.executable, "-m", "byhand", *line.split()],
                stdin=zero,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                preexec_fn=limit,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            )
        assert run.returncode == 2, (line, run.stderr[-500:])
        assert "Error: " in run.stderr
        assert "memory" not in run.stderr
        assert "Traceback" not in run.stderr


def test_a_journal_without_an_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device, a folder, one that is too long, and a line that is."""
    journal = tmp_path / "journal.jsonl"
    for make in (lambda: journal.symlink_to("/dev/zero"), journal.mkdir, lambda: os.mkfifo(journal)):
        make()
        with pytest.raises(ByhandError, match="move it elsewhere"), Journal(journal):
            pass
        journal.rmdir() if journal.is_dir() else journal.unlink()
    journal.write_text('{"file": "a"}\n' * 50)
    monkeypatch.setattr(marks_folder, "MOST_JOURNAL", 500)
    with pytest.raises(ByhandError, match="more than 500 bytes"), Journal(journal):
        pass
    monkeypatch.setattr(marks_folder, "MOST_JOURNAL", 1_000_000)
    monkeypatch.setattr(marks_folder, "LONGEST_LINE", 10)
    with pytest.raises(ByhandError, match="a line of more than 10 bytes"), Journal(journal):
        pass
    assert journal.stat().st_size == 50 * 14


EMPTY = (
    "workbook softmax -o {}",
    "page softmax -o {}",
    "code softmax -o {}",
    "explain softmax -o {}",
    "derive softmax -o {}",
    "run softmax -o {}",
    "exercise softmax -o {}",
    "exercise softmax -o out --roster {}",
    "grade sub --key key.json -o {}",
    "grade sub --key {} -o out",
    "grade {} --key key.json -o out",
    "grade sub --key key.json -o out --decide {}",
    "check x.xlsx --key {}",
    "check {}",
    "verify {}",
    "gallery -o {}",
    "gallery {}",
    "answer --batch {}",
    "train {}",
    "train small.txt --steps 1 -o {}",
    "train small.txt --steps 1 --save {}",
    "train --ids-file {}",
    "tokenize x --tokenizer {}",
    "tokenize x --train {}",
    "tokenize --text-file {} --train small.txt",
    "workbook {}",
    "run gpt2 --words-file {}",
)


def test_an_empty_path_is_a_mistake(furnished: Path) -> None:
    """It would be the current folder."""
    for line in EMPTY:
        for nothing in ("''", "' '"):
            assert "Error" in refusal(line.format(nothing)), line


ODD_NAMES = {
    "'a\nb{}'": "has a line break or a control character in it",
    "'a\tb{}'": "has a line break or a control character in it",
    "'\x1b[31m{}'": "has a line break or a control character in it",
    "nul{}": "is a device on Windows",
    "Com1{}": "is a device on Windows",
    "n" * 260 + "{}": "file name too long",
}


def test_a_name_that_another_system_does_not_take_is_refused(furnished: Path) -> None:
    """Of a file and of a folder; a blank or a dot at the end, too."""
    for name, why in ODD_NAMES.items():
        for line in (
            f"workbook softmax -o {name.format('.xlsx')}",
            f"page softmax -o {name.format('.html')}",
            f"exercise softmax -o {name.format('')}",
            f"train small.txt --steps 1 --save {name.format('')}",
        ):
            assert why in refusal(line), line
    for line in ("exercise softmax -o 'out '", "gallery -o out.", "grade sub --key key.json -o 'out. '"):
        assert "ends in a dot or a blank" in refusal(line), line


def test_a_name_of_255_bytes_is_one(furnished: Path) -> None:
    """Its temporary name, which is longer, is cut."""
    name = f"{'n' * 250}.xlsx"
    assert byhand(f"byhand workbook softmax -o {name}").exit_code == 0
    assert Path(name).stat().st_size > 1_000
