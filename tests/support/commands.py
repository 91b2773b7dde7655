"""Runs command lines as a shell would, in this process."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from byhand.cli.main import main

PROGRAM = Path(sys.executable).parent / "byhand"
STRICT = ("-W", "error", "-W", "ignore:During parsing environment variable:ImportWarning")
"""For another Python: warnings are errors, but that of numpy about features of a processor that it does not know."""


def byhand(line: str) -> Result:
    program, *words = shlex.split(line)
    assert program.rpartition("/")[2] == "byhand"
    return CliRunner().invoke(main, words, prog_name="byhand", catch_exceptions=False)


def answer(line: str) -> str:
    """What a command prints that does what it should."""
    result = byhand(line)
    assert (result.exit_code, result.stderr) == (0, ""), line
    return result.stdout


def examples(text: str) -> list[str]:
    """The lines of a help that people paste."""
    return re.findall(r"(?m)^      (byhand .*)$", text)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


def refusal(line: str) -> str:
    """What stderr says of it. Nothing else is printed, and nothing is written to the test's own folder."""
    assert not Path("pyproject.toml").exists(), "other tests write to the repository meanwhile: use the fixture here"
    before = tree(Path())
    result = byhand(f"byhand {line}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert tree(Path()) == before
    return result.stderr
