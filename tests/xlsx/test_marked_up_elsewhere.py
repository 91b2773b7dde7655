"""Marked copies of books that other programs have saved, and what those programs make of a marked copy."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from support.class_submissions import a_set, answered, some_marks, spots
from xlsx.test_marked_up import check_parts

from byhand.exercises.keys import Key
from byhand.grading.feedback_book import feedback_book
from byhand.grading.verdicts import LOOKS, Marks, Verdict

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:Workbook contains no default style")]
"""Gnumeric's files have none."""
PROGRAMS = ("libreoffice", "gnumeric")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Key, Marks]:
    folder = tmp_path_factory.mktemp("set")
    key = a_set(folder, 1, formats=("xlsx",))
    (folder / "book.xlsx").write_bytes(answered(folder, key, "s001"))
    return folder, key, some_marks(key, "s001", 4)


def saved(program: str, path: Path, folder: Path) -> Path:
    """The file as a program saves it anew."""
    target = folder / program / path.name
    target.parent.mkdir(exist_ok=True)
    command = ["ssconvert", "--export-type=Gnumeric_Excel:xlsx", str(path), str(target)]
    if program == "libreoffice":
        command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "xlsx"]
        command += ["--outdir", str(target.parent), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return target


def check_marks(path: Path, key: Key, marks: Marks) -> None:
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[-1] == "Feedback"
    for cell in marks.cells:
        sheet, row, column = spots(key)[cell.question][cell.cell]
        there = book[sheet].cell(row + 1, column + 1)
        assert there.fill.fgColor.rgb == f"FF{LOOKS[cell.verdict].fill[1:]}"
        assert (there.comment is None) == (cell.verdict is Verdict.RIGHT)
        if there.comment:
            assert cell.sentence in there.comment.text


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_book_that_a_program_has_saved(
    program: str, made: tuple[Path, Key, Marks], tmp_path: Path, needs: Callable[[str], None]
) -> None:
    needs(program)
    folder, key, marks = made
    path = saved(program, folder / "book.xlsx", tmp_path)
    data = feedback_book(path, key, marks, spots(key))
    check_parts(data)
    (tmp_path / "marked.xlsx").write_bytes(data)
    check_marks(tmp_path / "marked.xlsx", key, marks)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_reads_the_marked_copy(
    program: str, made: tuple[Path, Key, Marks], tmp_path: Path, needs: Callable[[str], None]
) -> None:
    needs(program)
    folder, key, marks = made
    (tmp_path / "marked.xlsx").write_bytes(feedback_book(folder / "book.xlsx", key, marks, spots(key)))
    check_marks(saved(program, tmp_path / "marked.xlsx", tmp_path), key, marks)
