"""The README: every line that people paste runs, and everything that it names is there."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.commands import byhand

from byhand.cli.main import COMMANDS
from byhand.xlsx.reader import read

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
INLINE = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", README, flags=re.DOTALL))


def commands(line: str) -> Iterator[str]:
    """The parts of a shell line that run byhand, of whatever environment."""
    for part in line.split(" && "):
        if part.split()[0].endswith("byhand"):
            yield part


def test_every_line_to_paste_is_understood() -> None:
    """A part that is not byhand makes the environment, or runs the tests."""
    parts = [part.strip() for line in LINES for part in line.split("&&")]
    others = [part for part in parts if not part.split()[0].endswith("byhand")]
    assert others == [
        "python3 -m venv .venv",
        ".venv/bin/pip install --quiet .",
        ".venv/bin/pip install --quiet -e '.[dev]'",
        ".venv/bin/python -m pytest -n 2",
    ]
    assert len(parts) - len(others) >= len(COMMANDS) - 1


@pytest.mark.parametrize("times", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.slow
def test_the_lines_to_paste_run_one_after_the_other(
    times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a second time, when the files are there already."""
    monkeypatch.chdir(tmp_path)
    for command in [command for line in LINES for command in commands(line)] * times:
        result = byhand(command)
        no = "byhand check" in command  # the book is blank
        assert (result.exit_code, result.stderr) == (no, ""), command
        assert result.stdout


def test_the_first_command_makes_the_file_that_the_text_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (command,) = commands(LINES[0])
    byhand(command)
    (name,) = re.findall(r"^makes `(.+?)`", README, re.MULTILINE)
    assert read(name).formulas


WHOLE = {
    "--ids": "--ids 3,1,4",
    "--targets": "--backward --ids 3,1 --targets 1,_",
    "--optimizer": "--backward --optimizer adamw",
    "--train-steps 3": "--backward --optimizer sgd --train-steps 3",
}


@pytest.mark.parametrize("text", [text for text in INLINE if text.startswith("--")])
def test_an_option_that_the_text_names_works(text: str) -> None:
    """With the model of which the text speaks, and what the option needs beside it."""
    result = byhand(f"byhand run gpt2 {WHOLE.get(text, text)}")
    assert result.exit_code == 0, result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("text", [text for text in INLINE if text.startswith("byhand ")])
def test_a_command_that_the_text_names_runs(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder with one recipe, whose book is built in it; drawing pictures is not tried here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shutil, "which", lambda program: None)
    (tmp_path / "recipes").mkdir()
    shutil.copy(ROOT / "worksheets" / "softmax.toml", tmp_path / "recipes")
    monkeypatch.setattr("byhand.lessons.recipe.ready_made_folder", lambda: tmp_path / "recipes")
    result = byhand(text)
    late = text.endswith("gallery --check") and "softmax.xlsx is out of date.\n" in result.stdout
    assert (result.exit_code, result.stderr) == (late, "")


def test_options_and_commands_are_named_in_the_text() -> None:
    """The two tests above have something to try."""
    assert len([text for text in INLINE if text.startswith("--")]) >= 3
    assert len([text for text in INLINE if text.startswith("byhand ")]) >= 2


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", README))
def test_a_link_leads_somewhere(link: str) -> None:
    assert not link.startswith("http"), "links outward are not tried here"
    assert (ROOT / link).exists()


@pytest.mark.parametrize("path", [text for text in INLINE if re.fullmatch(r"[\w/]+/[\w/]+\.\w+", text)])
def test_a_file_of_the_reading_order_is_there(path: str) -> None:
    assert (ROOT / path).is_file()


def test_the_reading_order_starts_with_the_core() -> None:
    steps = re.findall(r"^\d\. `byhand/([\w/]+)\.py`", README, re.MULTILINE)
    assert steps[:2] == ["core/graph", "core/ops"]
    assert len(steps) >= 5


def test_the_pictures_are_there_and_said_in_words() -> None:
    pictures = re.findall(r"!\[(.*?)\]\((.+?)\)", README)
    assert len(pictures) == 4
    for words, path in pictures:
        assert words
        assert (ROOT / path).read_bytes().startswith(b"\x89PNG")


def test_the_tests_run_as_the_readme_and_ci_say() -> None:
    (line,) = [line for line in LINES if "pytest" in line]
    assert line.partition("python")[2] in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    all_of_them = next(text for text in INLINE if "not sweep" in text)
    assert all_of_them.partition("python")[2] in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "Python 3.11" in README
    assert project["requires-python"] == ">=3.11"
