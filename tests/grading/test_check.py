"""One submission in the terminal: what is said of each cell, what is not given away, and the exit code."""

from __future__ import annotations

import dataclasses
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from support.class_submissions import a_set, answered, typed_in
from support.commands import byhand
from support.selection import often

from byhand.cli import show_marks
from byhand.errors import ByhandError
from byhand.exercises.class_set import SetOptions, make_set
from byhand.exercises.draw import Student
from byhand.exercises.keys import Key, read_key
from byhand.exercises.recipe import find
from byhand.exercises.roster import Roster
from byhand.grading import marking
from byhand.processes import Limits

WRONG = 777.25
"""An answer that no exercise has."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Key]:
    """A set for practice, and books of it: all right, one cell wrong, and one with whatever people type."""
    folder = tmp_path_factory.mktemp("set")
    key = a_set(folder, 1, formats=("xlsx",), practice=True)
    (folder / "right.xlsx").write_bytes(answered(folder, key, "s001"))
    (folder / "wrong.xlsx").write_bytes(answered(folder, key, "s001", one_wrong))
    (folder / "odd.xlsx").write_bytes(answered(folder, key, "s001", oddly))
    return folder, key


def one_wrong(n: int, c: int, right: float) -> Any:
    return WRONG if (n, c) == (1, 4) else right


def oddly(n: int, c: int, right: float) -> Any:
    odd = {0: f"{right:g}".replace(".", ","), 1: f"={right:g}+0", 2: "<b>\u202e{0}%s", 3: None, 4: f" {right:g} "}
    return odd.get(c, right) if n == 0 else right


def told(line: str, code: int) -> str:
    result = byhand(line)
    assert (result.exit_code, result.stderr) == (code, ""), line
    return result.stdout


def test_all_is_right(made: tuple[Path, Key]) -> None:
    folder, _ = made
    said = told(f"byhand check {folder}/right.xlsx --key {folder}", 0)
    assert said.startswith("Student 1 (s001) · right.xlsx (by the id in the workbook)\n")
    assert said.endswith("\n48 of 48 points\n")
    assert said.count("✓ right") == 30
    assert "This step, worked with other numbers" not in said
    facts = json.loads(told(f"byhand check {folder}/right.xlsx --key {folder}/keys/key.json --json", 0))
    assert (facts["right"], facts["points"], facts["warnings"], len(facts["cells"])) == (True, 48, [], 30)
    assert not any("answer" in cell for cell in facts["cells"])


@pytest.mark.slow
def test_a_wrong_cell_has_a_reason_and_a_step_but_no_answer(made: tuple[Path, Key]) -> None:
    folder, key = made
    line = f"byhand check {folder}/wrong.xlsx --key {folder}/keys"
    said = told(line, 1)
    cell = key.questions[1].cells[4]
    (row,) = [row for row in said.splitlines() if row.startswith(cell)]
    assert re.search(rf"{cell} +{WRONG} +\S+ [a-z ]+ +0 +\S+", row)
    right = f"{key.students['s001'].answers[1][4]:.2f}"
    assert right not in row
    (step,) = re.findall(r"This step, worked with other numbers: (byhand explain .*)", said)
    assert byhand(step).exit_code == 0
    (shown,) = [row for row in told(f"{line} --reveal", 1).splitlines() if row.startswith(cell)]
    assert right in shown.replace("−", "-")
    facts = json.loads(told(f"{line} --json --reveal", 1))
    (found,) = [c for c in facts["cells"] if c["verdict"] != "right"]
    assert (found["cell"], found["value"], found["points"], found["answer"]) == (
        cell,
        WRONG,
        0,
        right.replace("-", "−"),
    )
    assert found["step"] == step


@pytest.mark.slow
def test_what_people_type_is_read_and_shown_as_it_was_read(made: tuple[Path, Key]) -> None:
    folder, _ = made
    facts = json.loads(told(f"byhand check {folder}/odd.xlsx --key {folder} --json", 1))
    verdicts = [cell["verdict"] for cell in facts["cells"][:5]]
    assert verdicts == ["right", "right", "not a number", "blank", "right"]
    said = told(f"byhand check {folder}/odd.xlsx --key {folder}", 1)
    assert "{0}%s" in said
    assert "\u202e" not in said


@pytest.mark.slow
def test_a_person_must_look_at_a_changed_book(made: tuple[Path, Key], tmp_path: Path) -> None:
    """All right, and yet not silently so."""
    folder, key = made
    other = a_set(tmp_path / "other", 1, formats=("xlsx",), practice=True, seed=9)
    theirs = (tmp_path / "other" / "students" / "s001.xlsx").read_bytes()
    cells = {cell: float(x) for cell, x in zip(key.questions[0].cells, other.students["s001"].answers[0], strict=True)}
    (tmp_path / "s001.xlsx").write_bytes(typed_in(theirs, "sheet2", cells))
    said = told(f"byhand check {tmp_path}/s001.xlsx --key {folder}", 1)
    assert "A person must look at this: " in said
    assert "the workbook was made for another set or with another seed" in " ".join(said.split())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("nothing.xlsx --key {0}", "There is no file nothing.xlsx: check its name and folder."),
        ("{0} --key {0}", "{0} is a folder: name a workbook (.xlsx) in it."),
        ("{0}/right.xlsx --key {0}/nothing", "There is no key {0}/nothing: check its name and folder."),
        (
            "{0}/right.xlsx --key {0}/right.xlsx",
            "The key {0}/right.xlsx is not whole: make it again with the command that made the class.",
        ),
        ("{0}/keys/key.json --key {0}", ""),
    ],
)
def test_bad_input_has_a_sentence(line: str, why: str, made: tuple[Path, Key], here: Path) -> None:
    result = byhand(f"byhand check {line.replace('{0}', str(made[0]))}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(r"Error: .+[.]\n", result.stderr)
    assert why.replace("{0}", str(made[0])) in result.stderr


@pytest.mark.slow
def test_a_book_of_another_set_is_nobodys_whatever_its_name_looks_like(tmp_path: Path) -> None:
    """student-001.xlsx looks like a browser's second copy of student.xlsx."""
    for folder, ids in (("practice", ["student"]), ("quiz", ["student-001", "student-002"])):
        students = tuple(Student(id) for id in ids)
        make_set(SetOptions(find("dot-product"), tmp_path / folder, Roster(students), seed=3, formats=("xlsx",)))
    book = tmp_path / "quiz" / "students" / "student-001.xlsx"
    result = byhand(f"byhand check {book} --key {tmp_path}/practice")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"Error: {book} states the id 'student-001', which is not in this key, and was probably made with another set: "
        "mark it with the key of that set.\n"
    )
    own = tmp_path / "practice" / "students" / "student.xlsx"
    (tmp_path / "student-1.xlsx").write_bytes(own.read_bytes())
    assert told(f"byhand check {tmp_path}/student-1.xlsx --key {tmp_path}/practice", 1).startswith("student · ")


@pytest.mark.slow
def test_the_sentence_of_one_mistake_is_told_once(made: tuple[Path, Key]) -> None:
    folder, key = made

    def everywhere(n: int, c: int, right: float) -> Any:
        return WRONG + c if n == 1 else right

    (folder / "often.xlsx").write_bytes(answered(folder, key, "s001", everywhere))
    facts = json.loads(told(f"byhand check {folder}/often.xlsx --key {folder} --json", 1))
    cells = facts["cells"]
    assert "The same." not in [cell["sentence"] for cell in cells]
    said = told(f"byhand check {folder}/often.xlsx --key {folder}", 1)
    alike = [
        one["sentence"] == other["sentence"] and one["question"] == other["question"] and len(one["sentence"]) > 9
        for one, other in pairwise(cells)
    ]
    assert said.count("The same.") == sum(alike) > 0


@pytest.mark.slow
def test_each_student_of_a_class_has_a_key_to_practise_alone(tmp_path: Path) -> None:
    """It judges as the class's key does, and holds nothing of anybody else."""
    key = a_set(tmp_path, 2, formats=("xlsx",), practice=True)
    (tmp_path / "mine.xlsx").write_bytes(answered(tmp_path, key, "s002", one_wrong))
    own = tmp_path / "students" / "s002.key.json"
    assert "Student 1" not in own.read_text("utf-8")
    alone = read_key(own)
    assert alone == dataclasses.replace(key, seed=None, students={"s002": key.students["s002"]})
    with marking.Grader(alone) as theirs, marking.Grader(key) as teachers:
        found, expected = (grader.mark(tmp_path / "mine.xlsx").marks for grader in (theirs, teachers))
    assert found == expected
    assert found.points == pytest.approx(48 - 2)
    a_set(tmp_path / "quiz", 2, formats=("xlsx",))
    assert [path.name for path in sorted((tmp_path / "quiz" / "students").iterdir())] == ["s001.xlsx", "s002.xlsx"]


def test_a_file_that_takes_too_much_is_stopped(made: tuple[Path, Key], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(show_marks, "LIMITS", Limits(0.0, 600_000_000))
    result = byhand(f"byhand check {made[0]}/right.xlsx --key {made[0]}")
    why = "could not be read: it took more than 0 seconds; look at it by hand."
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"Error: {made[0]}/right.xlsx {why}\n")


def test_whatever_a_reader_trips_over_has_a_sentence(made: tuple[Path, Key], monkeypatch: pytest.MonkeyPatch) -> None:
    def trips(*_: object) -> None:
        raise LookupError("of a stranger's making")

    monkeypatch.setattr(marking, "read_submission", trips)
    with marking.Grader(made[1]) as marker, pytest.raises(ByhandError, match="This file could not be understood"):
        marker.mark(made[0] / "right.xlsx")


BESIDE = {
    "the practice key": ("s001.xlsx", "s001.key.json"),
    "the practice key of a copy": ("s001 (1).xlsx", "s001.key.json"),
    "a key in the same folder": ("mine.xlsx", "key.json"),
    "the keys of the set": ("students/s001.xlsx", "keys/key.json"),
    "the keys beside it": ("s001.xlsx", "keys/key.json"),
    "the only practice key": ("my work.xlsx", "s001.key.json"),
}


@pytest.mark.slow
@pytest.mark.parametrize("place", often(BESIDE, ["the practice key", "the keys of the set"]))
def test_the_key_beside_it_is_found(place: str, made: tuple[Path, Key], tmp_path: Path) -> None:
    folder, _ = made
    book, key = (tmp_path / name for name in BESIDE[place])
    for path in (book, key):
        path.parent.mkdir(exist_ok=True)
    book.write_bytes((folder / "right.xlsx").read_bytes())
    own = "students/s001.key.json" if key.name != "key.json" else "keys/key.json"
    key.write_bytes((folder / own).read_bytes())
    assert told(f'byhand check "{book}"', 0).endswith("\n48 of 48 points\n")


def test_without_a_key_it_says_what_to_give(made: tuple[Path, Key], tmp_path: Path) -> None:
    book = tmp_path / "s001.xlsx"
    book.write_bytes((made[0] / "right.xlsx").read_bytes())
    result = byhand(f"byhand check {book}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"Error: No key lies beside {book}: give one with --key, the folder of the set (or its keys/key.json), or for "
        "practice the file s001.key.json that came with the workbook.\n"
    )
    assert byhand(f"byhand check {tmp_path}/none.xlsx").stderr.startswith(
        f"Error: There is no file {tmp_path}/none.xlsx"
    )
