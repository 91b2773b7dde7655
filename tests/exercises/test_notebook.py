"""An exercise as a notebook: lines to fill in, a check, and a file of answers that is marked like a workbook."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from support.commands import byhand, refusal

LINES = {
    "scores": "scores = Q @ K.T",
    "weights": "weights = softmax_exp / softmax_total",
    "Z": "Z = weights @ V",
}
"""What a student writes in place of each blank line of the exercise attention-head."""


def handed_out(here: Path, *more: str) -> Path:
    """Return the notebook of the first of two students."""
    byhand(f"byhand exercise attention-head --count 2 --seed 3 -o set --format notebook,xlsx {' '.join(more)}")
    return here / "set" / "students" / "student-001.ipynb"


def cells(notebook: Path) -> list[str]:
    return ["".join(c["source"]) for c in json.loads(notebook.read_text())["cells"] if c["cell_type"] == "code"]


def run(notebook: Path, lines: dict[str, str], more: str = "") -> str:
    """Fill in lines, run the cells in a process of their own, and return what they print."""
    code = "\n".join(cells(notebook))
    for name, line in lines.items():
        code, count = re.subn(rf"^{name} = (blank|table)\(.*\)$", line, code, flags=re.MULTILINE)
        assert count == 1, name
    ran = subprocess.run([sys.executable, "-c", f"{code}\n{more}"], capture_output=True, text=True, check=True)
    return ran.stdout


@pytest.mark.slow
def test_a_notebook_is_filled_in_and_marked(here: Path) -> None:
    notebook = handed_out(here)
    assert "0 of 9 numbers filled in" in run(notebook, {})
    assert "9 of 9 numbers filled in" in run(notebook, LINES)
    said = byhand("byhand check student-001-answers.json --key set").stdout
    assert "48 of 48" in said
    assert re.search(r"^place +read as", said, re.MULTILINE)
    assert len(re.findall(r"^\w+ → \w+ ", said, re.MULTILINE)) == 18  # who looks at whom, in two tables
    assert not re.search(r"\b[A-Z]+[0-9]+\b", said)
    grades = here / "handed"
    grades.mkdir()
    (here / "student-001-answers.json").rename(grades / "student-001-answers.json")
    byhand("byhand grade handed --key set -o marks")
    assert "48" in (here / "marks" / "grades.csv").read_text()


@pytest.mark.slow
def test_who_has_a_notebook_reads_of_tables_and_no_cells(here: Path) -> None:
    """In the feedback, too, and where given numbers have changed."""
    run(
        handed_out(here),
        LINES | {"Z": "Z = weights @ V + 3"},
        "found['X'][0][0] += 1\njson.dump(made, open('s.json', 'w'))",
    )
    said = byhand("byhand check s.json --key set").stdout
    assert "1 of the 45 given numbers is not as handed out: row 1, column 1 of X is" in " ".join(said.split())
    (here / "handed").mkdir()
    (here / "student-001-answers.json").rename(here / "handed" / "student-001.json")
    byhand("byhand grade handed --key set -o marks --gradescope")
    page = (here / "marks" / "feedback" / "student-001.html").read_text("utf-8")
    assert re.search(r'<span class="at">\w+ → \w+</span>', page)
    assert not re.search(r'<span class="(at|where)">[A-Z]+[0-9]+\b', page)


@pytest.mark.slow
def test_the_same_answers_as_an_archive_of_arrays(here: Path) -> None:
    save = (
        "arrays = {f'answer_{n}': np.array(answered(n)) for n in ASKED}\n"
        "np.savez('mine.npz', student=STUDENT, exercise=EXERCISE, X=X, W_Q=W_Q, **arrays)\n"
        "tables = {name: globals()[variable] for name, (variable, _, _) in TABLES.items()}\n"
        "np.savez('tables.npz', student=STUDENT, exercise=EXERCISE, **tables)"
    )
    run(handed_out(here), LINES, save)
    for file in ("mine.npz", "tables.npz"):  # the tables say all that the answers do
        assert "48 of 48" in byhand(f"byhand check {file} --key set").stdout
    (here / "handed").mkdir()
    (here / "mine.npz").rename(here / "handed" / "mine.npz")
    byhand("byhand grade handed --key set -o marks")
    assert "48" in (here / "marks" / "grades.csv").read_text()


@pytest.mark.slow
def test_an_exams_notebook_knows_nothing_of_the_answers(here: Path) -> None:
    """Practice compares with the answers, which stand in the notebook; an exam's has none of them."""
    exam = handed_out(here).read_text()
    answers = json.loads((here / "set" / "keys" / "key.json").read_text())["students"]["student-001"]["answers"]
    assert "RIGHT" not in exam
    for numbers in answers:
        assert str(numbers)[1:-1] not in exam
        assert not any(len(str(abs(x))) > 4 and str(abs(x)) in exam for x in numbers)
    byhand("byhand exercise attention-head --count 2 --seed 3 -o practice --format notebook --self-check")
    practice = here / "practice" / "students" / "student-001.ipynb"
    assert "1 all right" in run(practice, LINES)
    assert "0 of 9 numbers are right" in run(practice, {"scores": "scores = blank(3, 3)"})


@pytest.mark.slow
def test_what_is_handed_in_is_never_run(here: Path) -> None:
    notebook = handed_out(here)
    (here / "copy.ipynb").write_text(notebook.read_text())
    assert "is a notebook, which is never run to mark it" in refusal("check copy.ipynb --key set")
    pickled = io.BytesIO()
    np.savez(pickled, student="student-001", exercise="attention-head", answer_1=np.array([print], dtype=object))
    (here / "pickled.npz").write_bytes(pickled.getvalue())
    assert "is no file of answers" in refusal("check pickled.npz --key set")
    huge = io.BytesIO()
    np.lib.format.write_array_header_1_0(huge, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
    with zipfile.ZipFile(here / "huge.npz", "w") as archive:
        archive.writestr("answer_1.npy", b"\x93NUMPY\x01\x00" + huge.getvalue())
    assert "is no file of answers" in refusal("check huge.npz --key set")
    with zipfile.ZipFile(here / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("answer_1.npy", b"0" * 50_000_000)
    assert "holds too much for answers" in refusal("check bomb.npz --key set")
    for n, text in enumerate(['{"student": 1}', "{" * 100_000]):
        (here / f"bad{n}.json").write_text(text)
        assert "is no file of answers" in refusal(f"check bad{n}.json --key set")
    other = {"student": "student-001", "exercise": "softmax", "answers": {}, "tables": {}}
    (here / "other.json").write_text(json.dumps(other))
    assert "has answers of softmax, not of attention-head" in refusal("check other.json --key set")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["find-the-wrong-score", "missing-number"])
def test_other_questions_have_an_answer_of_their_own(name: str, here: Path) -> None:
    byhand(f"byhand exercise {name} --count 1 --seed 3 -o set --format notebook,xlsx")
    notebook = here / "set" / "students" / "student-001.ipynb"
    key = json.loads((here / "set" / "keys" / "key.json").read_text())["students"]["student-001"]["answers"]
    code = "\n".join(cells(notebook))
    for n, answers in enumerate(key, 1):
        code = re.sub(rf"^answer_{n} = .*$", f"answer_{n} = {answers}", code, flags=re.MULTILINE)
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    said = json.loads(byhand("byhand check student-001-answers.json --key set --json").stdout)
    assert said["points"] > 0


@pytest.mark.slow
def test_words_in_their_pieces_are_handed_in_as_texts(here: Path) -> None:
    byhand("byhand exercise order-of-merges --count 1 --seed 1 -o set --format notebook,xlsx --self-check")
    notebook = here / "set" / "students" / "student-001.ipynb"
    (cuts,) = re.findall(r"^RIGHT = \{1: \(\[(.*?)\]", "\n".join(cells(notebook)), flags=re.MULTILINE)
    first, second, _ = cuts[1:-1].split("', '")
    code = "\n".join(cells(notebook)).replace("[..., ..., ...]", repr([first.replace(" ", "|"), second, "x"]))
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "1 2 of 3 numbers are right" in ran.stdout
    said = byhand("byhand check student-001-answers.json --key set").stdout
    assert "4 of 6" in said


@pytest.mark.slow
def test_functions_that_no_library_has_stand_in_the_notebook(here: Path) -> None:
    byhand("byhand exercise count-pairs --count 1 --seed 1 -o set --format notebook")
    assert "0 of 4 numbers filled in" in run(here / "set" / "students" / "student-001.ipynb", {})
