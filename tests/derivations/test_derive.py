"""`byhand derive`: the list, each format, and one sentence for what cannot be derived or written."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import PROGRAM, answer, byhand

from byhand.derivations.topics import TOPICS
from byhand.documents import output


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test runs in an empty folder but for one file and one folder, on a terminal of 80 letters."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "there.html").write_text("precious")
    (tmp_path / "folder").mkdir()
    return tmp_path


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_list_names_every_topic_in_any_width(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = answer("byhand derive --list").splitlines()
    assert max(map(len, lines)) <= width
    assert not any("…" in line for line in lines)
    column = min(len(re.match(r"\S+ +", line)[0]) for line in lines if line.startswith("cross-entropy"))
    for topic in TOPICS.values():
        (line,) = (line for line in lines if line.split(" ")[0] == topic.name)
        assert line[column:].startswith(topic.summary.split()[0])


def test_the_list_for_programs() -> None:
    rows = json.loads(answer("byhand derive --list --json"))["topics"]
    assert rows == [{"name": t.name, "about": t.summary, "source": t.source} for t in TOPICS.values()]


def test_the_list_starts_without_sympy() -> None:
    code = "import sys; from byhand.cli.main import main; main(['derive', '--list'], standalone_mode=False); "
    code += "print('sympy' in sys.modules, 'mpmath' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\nFalse False\n")


def test_a_derivation_on_the_terminal() -> None:
    """Text that a person reads: no markup and no LaTeX."""
    text = answer("byhand derive softmax")
    assert text.startswith("softmax\n=======\n\nTurns scores into shares")
    assert "\nThe Jacobian\n------------\n" in text
    assert "\n    = p_i (δ_ij − p_j)\n" in text
    assert "Checked by SymPy for n = 2, 3, 4." in text
    assert not re.search(r"[\\$#`]", text)
    assert text == answer("byhand derive softmax --format txt")


def test_a_derivation_as_markdown() -> None:
    text = answer("byhand derive softmax --format md")
    assert text.startswith("# softmax\n\n*Turns scores into shares")
    assert "## The Jacobian" in text
    assert r"= p_{i} (\delta_{ij} - p_{j})" in text


@pytest.mark.parametrize(
    ("line", "name", "start"),
    [
        ("-o a.md", "a.md", b"# relu\n"),
        ("-o a.txt", "a.txt", b"relu\n====\n"),
        ("-o a.tex", "a.tex", b"\\documentclass"),
        ("-o a.HTML", "a.HTML", b"<!DOCTYPE html>"),
        ("-o folder/a.pdf", "folder/a.pdf", b"%PDF-"),
        ("-o a.page --format html", "a.page", b"<!DOCTYPE html>"),
        ("-o there.html --force", "there.html", b"<!DOCTYPE html>"),
    ],
)
def test_a_file_in_each_format(line: str, name: str, start: bytes, here: Path) -> None:
    assert answer(f"byhand derive relu {line}") == f"Wrote {name}.\n"
    assert (here / name).read_bytes().startswith(start)
    assert not [path for path in here.rglob("*") if path.name.startswith(".")]


def test_a_file_is_what_the_terminal_shows(here: Path) -> None:
    answer("byhand derive relu -o a.tex")
    assert (here / "a.tex").read_text(encoding="utf-8") == answer("byhand derive relu --format tex")


LIST = "(`byhand derive --list` lists all)"
SUFFIXES = "end it in .md, .txt, .tex, .html or .pdf, or add --format."
REFUSALS = {
    "derive sofmax": f"There is no topic 'sofmax'; the nearest is softmax {LIST}.",
    "derive SOFTMAX": f"There is no topic 'SOFTMAX'; the nearest is softmax {LIST}.",
    "derive rope -o a.html": None,
    "derive ''": None,
    "derive модель": None,
    "derive": "Name a topic, such as softmax: `byhand derive --list` lists all.",
    "derive relu --json": "--json goes with --list: for a page choose a --format.",
    "derive relu --format docx": "There is no format 'docx'; there are: md, txt, tex, html, pdf.",
    "derive relu --format ''": "There is no format ''; there are: md, txt, tex, html, pdf.",
    "derive relu -o a.docx": f"a.docx has no suffix of a format: {SUFFIXES}",
    "derive relu -o page": f"page has no suffix of a format: {SUFFIXES}",
    "derive relu -o a.htm --format tex": "a.htm is the name of html, but --format says tex: change one of the two.",
    "derive relu --format pdf": "A PDF is not for the terminal: name a file with -o, such as -o page.pdf.",
    "derive relu -o nowhere/a.html": "There is no folder nowhere: make it first, or write elsewhere.",
    "derive relu -o there.html": "there.html exists already: choose another name, or add --force to write over it.",
    "derive relu -o there.html/a.md": "There is no folder there.html: make it first, or write elsewhere.",
}


@pytest.mark.parametrize("line", REFUSALS)
def test_bad_input_gets_one_sentence_and_no_file(line: str, here: Path) -> None:
    result = byhand(f"byhand {line}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(r"Error: [^\n]+\.\n", result.stderr)
    if REFUSALS[line]:
        assert result.stderr == f"Error: {REFUSALS[line]}\n"
    else:
        assert result.stderr.startswith("Error: There is no topic ")
    assert sorted(os.listdir(here)) == ["folder", "there.html"]
    assert (here / "there.html").read_text() == "precious"


def test_a_folder_is_no_file() -> None:
    result = byhand("byhand derive relu -o folder")
    assert result.exit_code == 2
    assert result.stderr.endswith("'folder' is a folder: name a file in it, such as page.html.\n")


def test_a_folder_that_may_not_be_written_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test may run as root, who may write everywhere."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    result = byhand("byhand derive relu -o folder/a.html")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: The folder folder cannot be written: choose another with -o.\n",
    )


def test_a_pdf_without_typst_is_refused_before_any_work(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "find_spec", lambda name: None)
    result = byhand("byhand derive relu -o a.pdf")
    assert (result.exit_code, result.stderr) == (2, f"Error: {output.NO_TYPST}\n")
    assert not (here / "a.pdf").exists()


def test_a_console_with_few_letters_is_no_error() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([PROGRAM, "derive", "relu"], capture_output=True, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
