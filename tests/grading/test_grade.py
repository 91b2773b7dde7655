"""A whole class: what is graded, what is listed with its reason, and that a run which is stopped ends the same."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from support.bad_files import LOOK, another_exercise, damaged, look, no_files
from support.class_sets import tree
from support.class_submissions import a_set, answered
from support.commands import byhand

from byhand.exercises.class_set import SetOptions, make_set
from byhand.exercises.draw import Student
from byhand.exercises.keys import Key
from byhand.exercises.recipe import find
from byhand.exercises.roster import Roster
from byhand.grading.grades import NOT_GRADED, Status
from byhand.grading.submitted_files import submitted_files

GRADES = ("grades.csv", "grades_canvas.csv", "problems.csv", "report.json", "report.html")


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def right_of(key: Key, student: str, wrong: int = 0) -> Any:
    """Answers with some of the first question wrong by one."""
    return lambda n, c, right: right + 100 if n == 0 and c < wrong else right


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Key]:
    """Five students: two are right, one is wrong in a cell, one has handed in rubbish, one nothing."""
    folder = tmp_path_factory.mktemp("class")
    key = a_set(folder / "set", 5, formats=("xlsx",))
    (folder / "in" / "more").mkdir(parents=True)
    for n, wrong in ((1, 0), (2, 1), (3, 0)):
        (folder / "in" / f"s00{n}.xlsx").write_bytes(answered(folder / "set", key, f"s00{n}", right_of(key, "", wrong)))
    (folder / "in" / "more" / "s004.xlsx").write_bytes(b"no workbook")
    (folder / "in" / "\x1b[31mred‮.xlsx").write_bytes(b"a name that steers the terminal")
    (folder / "in" / os.fsdecode(b"\xff\xfe.xlsx")).write_bytes(b"a name that is no text")
    return folder, key


@pytest.mark.slow
def test_books_of_another_set_are_to_be_looked_at_and_are_nobodys_copies(tmp_path: Path) -> None:
    for folder, ids in (("practice", ["student"]), ("quiz", ["student-001", "student-002", "student-003"])):
        students = tuple(Student(id) for id in ids)
        make_set(SetOptions(find("dot-product"), tmp_path / folder, Roster(students), seed=3, formats=("xlsx",)))
    line = f"byhand grade {tmp_path}/quiz/students --key {tmp_path}/practice -o {tmp_path}/out --jobs 1"
    for _ in range(2):  # the second time from the journal
        result = byhand(line)
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout.startswith("1 student: 1 missing")
        assert "3 of the 3 files are from another set than the key of dot-product: grade again with --key and the" in (
            " ".join(result.stdout.split())
        )
        _, *problems = rows(tmp_path / "out" / "problems.csv")
        why = "which is not in this key, and was probably made with another set: mark it with the key of that set."
        assert problems == [
            *(["look", id, f"{id}.xlsx", f"{id}.xlsx states the id '{id}', {why}"] for id in ids),
            ["missing", "student", "", "Nothing was handed in that is known to be theirs."],
        ]
    assert "Class report · 1 student<" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_a_small_class(made: tuple[Path, Key], tmp_path: Path) -> None:
    folder, _ = made
    out = tmp_path / "out"
    result = byhand(f"byhand grade {folder / 'in'} --key {folder / 'set'} -o {out} --gradescope --jobs 1")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "5 students: 3 graded, 1 unreadable, 1 missing." in result.stdout
    header, *grades = rows(out / "grades.csv")
    assert header == [
        "Email address",
        "ID number",
        "Assignment: One attention head (Real)",
        "Assignment: One attention head (Feedback)",
    ]
    wrong = 48 - 2
    assert [row[1:3] for row in grades] == [
        ["s001", "48"],
        ["s002", f"{wrong:g}"],
        ["s003", "48"],
        ["s004", "-"],
        ["s005", "-"],
    ]
    assert [row[3] for row in grades] == [
        "All right.",
        "1 scores 16 of 18: 8 right, 1 wrong; 2 weights 18 of 18: right; 3 Z 12 of 12: right",
        "All right.",
        "What you handed in could not be read: ask your teacher.",
        "Nothing was handed in.",
    ]
    assert rows(out / "grades_canvas.csv")[:3] == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "One attention head"],
        ["    Points Possible", "", "", "", "", "48"],
        ["Student 1", "", "s001", "", "", "48"],
    ]
    problems = rows(out / "problems.csv")
    assert sorted(row[:3] for row in problems[1:]) == [
        ["missing", "s005", ""],
        ["not marked", "", ".xlsx"],
        ["not marked", "", "[31mred.xlsx"],
        ["not marked", "s004", "more/s004.xlsx"],
    ]
    assert not {"\x1b", "‮"} & set(result.stdout + (out / "report.html").read_text("utf-8"))
    assert sorted(path.name for path in (out / "feedback").iterdir()) == [
        f"s00{n}.{form}" for n in (1, 2, 3) for form in ("html", "xlsx")
    ]
    assert not list((out / "look").iterdir())
    gradescope = json.loads((out / "gradescope" / "s002.json").read_text("utf-8"))
    assert gradescope["score"] == pytest.approx(wrong, abs=1e-4)
    assert [test["status"] for test in gradescope["tests"]] == ["failed", "passed", "passed"]
    report = json.loads((out / "report.json").read_text("utf-8"))
    assert (report["graded"], report["students"], report["questions"][0]["cells"][0]["right"]) == (3, 5, 0.6667)


@pytest.mark.slow
def test_a_second_run_reads_only_what_is_new(made: tuple[Path, Key], tmp_path: Path) -> None:
    folder, key = made
    here = tmp_path / "in"
    here.mkdir()
    for n in (1, 2):
        (here / f"s00{n}.xlsx").write_bytes((folder / "in" / f"s00{n}.xlsx").read_bytes())
    line = f"byhand grade {here} --key {folder / 'set' / 'keys' / 'key.json'} -o {tmp_path / 'out'} --json --jobs 1"
    first = json.loads(byhand(line).stdout)
    assert (first["read"], first["kept"]) == (2, 0)
    before = tree(tmp_path / "out")
    again = json.loads(byhand(line).stdout)
    assert (again["read"], again["kept"]) == (0, 2)
    assert tree(tmp_path / "out") == before
    (here / "s003.xlsx").write_bytes((folder / "in" / "s003.xlsx").read_bytes())
    (here / "s002.xlsx").write_bytes(answered(folder / "set", key, "s002"))
    (tmp_path / "out" / "feedback" / "s001.html").unlink()
    more = json.loads(byhand(line).stdout)
    assert (more["read"], more["kept"]) == (3, 0)
    assert [g["points"] for g in more["grades"]] == [48, 48, 48, None, None]
    (here / "s003.xlsx").unlink()
    fewer = json.loads(byhand(line).stdout)
    assert fewer["statuses"] == {"graded": 2, "look": 0, "unreadable": 0, "missing": 3}
    assert not (tmp_path / "out" / "feedback" / "s003.xlsx").exists()


@pytest.mark.slow
def test_what_a_person_must_look_at_has_no_grade(made: tuple[Path, Key], tmp_path: Path) -> None:
    """Nor does anything that a student gets name anybody else."""
    folder, key = made
    (tmp_path / "in").mkdir()
    for n, what in enumerate(LOOK, 1):
        data = look(what, folder / "set", key, f"s00{n}", "s005")
        (tmp_path / "in" / f"s00{n}.xlsx").write_bytes(data)
    (tmp_path / "in" / "s005.xlsx").write_bytes(answered(folder / "set", key, "s005"))
    result = byhand(f"byhand grade {tmp_path}/in --key {folder}/set -o {tmp_path}/out --json --jobs 1")
    told = json.loads(result.stdout)
    assert told["statuses"] == {"graded": 1, "look": 4, "unreadable": 0, "missing": 0}
    reasons = {c["student"]: c["reason"] for c in reversed(told["concerns"]) if c["kind"] == "look"}
    assert list(reversed(reasons)) == ["s001", "s002", "s003", "s004"]
    assert "s005" in reasons["s001"]
    assert "s005" in reasons["s002"]
    out = tmp_path / "out"
    for n in range(1, 5):
        assert rows(out / "grades.csv")[n][2:] == ["-", NOT_GRADED[Status.LOOK]]
        assert rows(out / "grades_canvas.csv")[n + 1][-1] == ""
        page = (out / "look" / f"s00{n}.html").read_text("utf-8")
        assert "s005" not in page
        assert "Student 5" not in page
        assert "These points are not final" in page
    assert [path.name for path in sorted((out / "feedback").iterdir())] == ["s005.html", "s005.xlsx"]


def test_sheets_and_keys_beside_the_books_that_were_handed_out_are_not_handed_in(tmp_path: Path) -> None:
    """Where a class works in the set's own folder; anywhere else such a file is listed."""
    a_set(tmp_path / "set", 1, formats=("xlsx", "html"), practice=True)
    students = tmp_path / "set" / "students"
    assert sorted(path.name for path in students.iterdir()) == ["s001.html", "s001.key.json", "s001.xlsx"]
    with submitted_files(students) as files:
        assert list(files) == ["s001.xlsx"]
    (students / "notes.html").write_text("<html>")
    with submitted_files(students) as files:
        assert list(files) == ["notes.html", "s001.xlsx"]
    students.rename(tmp_path / "in")
    with submitted_files(tmp_path / "in") as files:
        assert len(files) == 4


@pytest.mark.slow
def test_answers_that_cannot_be_read_go_to_a_person(made: tuple[Path, Key], tmp_path: Path) -> None:
    folder, key = made
    (tmp_path / "in").mkdir()
    for student, several in (("s001", 2), ("s002", 1)):
        data = answered(folder / "set", key, student, lambda n, c, x, k=several: "no idea" if n == 0 and c < k else x)
        (tmp_path / "in" / f"{student}.xlsx").write_bytes(data)
    result = byhand(f"byhand grade {tmp_path}/in --key {folder}/set -o {tmp_path}/out --jobs 1 --format html")
    assert "5 students: 2 to look at, 3 missing." in result.stdout
    assert "2 cases need a decision of yours" in result.stdout
    first, second = key.questions[0].cells[:2]
    why = "'no idea' is no number that could be read"
    listed = [row for row in rows(tmp_path / "out" / "problems.csv") if row[0] == "look"]
    assert [row[1] for row in listed] == ["s001", "s002"]
    assert listed[0][3].startswith(f"Question 1, {first}, {second}: {why}")
    assert listed[1][3].startswith(f"Question 1, {first}: {why}")
    assert [row[2] for row in rows(tmp_path / "out" / "grades.csv")[1:3]] == ["-", "-"]


NAME_IT = "name the folder or the zip file with what was handed in."


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        ("mkdir in", f"in holds no files: {NAME_IT}"),
        ("touch in", f"in is neither a folder nor a zip file: {NAME_IT}"),
        ("", f"in is not there: {NAME_IT}"),
    ],
)
def test_there_is_nothing_to_grade(
    prepare: str, why: str, made: tuple[Path, Key], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if prepare:
        getattr(Path("in"), prepare.split()[0])()
    result = byhand(f"byhand grade in --key {made[0] / 'set'} -o out")
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"Error: {why}\n")
    assert not Path("out").exists()


def test_a_folder_of_something_else_is_left_alone(made: tuple[Path, Key], here: Path) -> None:
    folder, _ = made
    Path("mine").mkdir()
    Path("mine/thesis.txt").write_text("all of it")
    line = f"byhand grade {folder / 'in'} --key {folder / 'set'} -o"
    result = byhand(f"{line} mine")
    assert result.exit_code == 2
    assert "holds files that byhand has not begun as marks" in result.stderr
    assert tree("mine") == {"thesis.txt": b"all of it"}
    assert "lies in the folder that is graded" in byhand(f"{line} {folder / 'in' / 'out'}").stderr
    assert "is not a folder" in byhand(f"{line} mine/thesis.txt").stderr
    assert "There is no feedback in the format 'pdf'" in byhand(f"{line} marks --format pdf").stderr
    assert not Path("marks").exists()


@pytest.mark.slow
def test_marks_by_another_key_stay_unless_forced(made: tuple[Path, Key], here: Path) -> None:
    folder, _ = made
    a_set(here / "other", 1, formats=("xlsx",), seed=9)
    assert byhand(f"byhand grade {folder / 'in'} --key {folder / 'set'} -o marks --format html").exit_code == 0
    assert not list(Path("marks/feedback").glob("*.xlsx"))
    other = byhand(f"byhand grade {folder / 'in'} --key other -o marks")
    assert "holds marks of another set of attention-head, in which the students have other numbers" in other.stderr
    assert byhand(f"byhand grade {folder / 'in'} --key other -o marks --force").exit_code == 0


@pytest.mark.slow
def test_of_several_files_the_latest_counts(made: tuple[Path, Key], tmp_path: Path) -> None:
    folder, key = made
    (tmp_path / "in").mkdir()
    for name, wrong, time_ in (("s001.xlsx", 3, 1_000), ("s001 (1).xlsx", 0, 2_000)):
        path = tmp_path / "in" / name
        path.write_bytes(answered(folder / "set", key, "s001", right_of(key, "s001", wrong)))
        os.utime(path, (time_, time_))
    told = json.loads(byhand(f"byhand grade {tmp_path}/in --key {folder}/set -o {tmp_path}/out --json --jobs 1").stdout)
    assert (told["grades"][0]["points"], told["grades"][0]["file"]) == (48, "s001 (1).xlsx")
    assert [c["file"] for c in told["concerns"] if c["kind"] == "duplicate"] == ["s001.xlsx"]
    assert "48 of 48 points" in (tmp_path / "out" / "feedback" / "s001.html").read_text("utf-8")
    other = tmp_path / "in" / "s001 copy.xlsx"
    other.write_bytes(answered(folder / "set", key, "s002"))
    os.utime(other, (500, 500))
    line = f"byhand grade {tmp_path}/in --key {folder}/set -o {tmp_path}/out --jobs 1"
    said = byhand(line).stdout
    assert "5 students: 1 graded, 1 to look at, 3 missing" in said, "s002, whose it may be, is not told of nothing"
    assert "1 case needs a decision of yours" in said
    why = "Is it s002's? It does not count for s001, and has s002's numbers."
    assert ["look", "s001", other.name, why] in rows(tmp_path / "out" / "problems.csv")
    decisions = tmp_path / "out" / "decisions.toml"
    case = f'# "{other.name}" = "s002"  # {why}'
    text = decisions.read_text("utf-8")
    assert case in text
    decisions.write_text(text.replace(case, case[2:]), "utf-8")
    assert "5 students: 2 graded, 3 missing" in byhand(line).stdout
    for name, wrong in (("a.xlsx", 2), ("b.xlsx", 1)):
        (tmp_path / "in" / name).write_bytes(answered(folder / "set", key, "s003", right_of(key, "s003", wrong)))
        os.utime(tmp_path / "in" / name, (900, 900))
    byhand(line)
    why = "Does this one count? It came at the same time as b.xlsx, with other points."
    assert ["look", "s003", "a.xlsx", why] in rows(tmp_path / "out" / "problems.csv")
    assert f'# s003 = {{ file = "a.xlsx" }}  # {why}' in decisions.read_text("utf-8").splitlines()


@pytest.mark.slow
def test_a_class_of_200_with_20_bad_files_stopped_and_started_again(tmp_path: Path) -> None:
    """180 are graded, 20 are listed with a reason each; and after kill -9 the same files come out."""
    folder, inbox = tmp_path / "set", tmp_path / "in"
    key = a_set(folder, 200, formats=("xlsx",))
    inbox.mkdir()
    ids = list(key.students)
    for student in ids[:180]:
        (inbox / f"{student}.xlsx").write_bytes(answered(folder, key, student))
    left = iter(ids[180:])
    for data in damaged(answered(folder, key, ids[0])).values():
        (inbox / f"{next(left)}.xlsx").write_bytes(data)
    for what in ("a folder", "a link", "a pipe"):
        no_files(inbox / f"{next(left)}.xlsx")[what]()
    for what in LOOK[:2]:
        student = next(left)
        (inbox / f"{student}.xlsx").write_bytes(look(what, folder, key, student, ids[1]))
    (inbox / f"{next(left)}.xlsx").write_bytes(another_exercise(tmp_path))
    next(left)  # and one hands in nothing
    (inbox / f"{next(left)}.ods").write_bytes(b"PK\3\4mimetype")
    assert next(left, None) is None

    def line(out: str) -> list[str]:
        return [sys.executable, "-m", "byhand", "grade", str(inbox), "--key", str(folder), "-o", str(tmp_path / out)]

    whole = subprocess.run(line("whole"), capture_output=True, text=True, check=True)
    assert whole.stderr == ""
    statuses = json.loads((tmp_path / "whole" / "report.json").read_text("utf-8"))["statuses"]
    assert statuses["graded"] == 180
    assert sum(statuses.values()) == 200
    problems = rows(tmp_path / "whole" / "problems.csv")[1:]
    assert {row[1] for row in problems} == set(ids[180:])
    assert all(len(row[3]) > 20 for row in problems)
    stopped = subprocess.Popen(line("stopped"), stdout=subprocess.DEVNULL, start_new_session=True)
    journal = tmp_path / "stopped" / "journal.jsonl"
    while not (journal.is_file() and journal.read_bytes().count(b"\n") > 40):
        time.sleep(0.05)
    os.killpg(stopped.pid, signal.SIGKILL)
    stopped.wait()
    assert not (tmp_path / "stopped" / "grades.csv").exists()
    with journal.open("ab") as file:
        file.write(b'{"file": "s0')  # as if it had been stopped in the middle of a line
    again = subprocess.run([*line("stopped"), "--json"], capture_output=True, text=True, check=True)
    assert json.loads(again.stdout)["kept"] > 40
    for name in GRADES:
        assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    assert set(tree(tmp_path / "stopped")) == set(tree(tmp_path / "whole"))
    book = openpyxl.load_workbook(io.BytesIO((tmp_path / "whole" / "feedback" / "s001.xlsx").read_bytes()))
    assert book.active.title == "Feedback"
