"""Answers that a student has typed in another place than asked: never 0 in silence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from support.submissions import class_set

from byhand.grading.marking import Grader

Change = Callable[[Any, dict[tuple[str, str], float]], None]


def right() -> dict[tuple[str, str], float]:
    key = class_set().key
    rows = zip(key.questions, key.students["s01"].answers, strict=True)
    return {(q.sheet, cell): round(x, q.places) for q, row in rows for cell, x in zip(q.cells, row, strict=True)}


def warnings(path: Path, change: Change) -> list[str]:
    """What is said of s01's book, which is blank but for the change."""
    book = openpyxl.load_workbook(class_set().book("s01"))
    change(book, right())
    book.save(path)
    with Grader(class_set().key) as grader:
        marks = grader.mark(path).marks

    return list(marks.warnings)


def copied_tab(book: Any, answers: dict[tuple[str, str], float]) -> None:
    copy = book.copy_worksheet(book["Attention"])
    for (_, cell), value in answers.items():
        copy[cell] = value


def copied_tab_untouched(book: Any, answers: dict[tuple[str, str], float]) -> None:
    book.copy_worksheet(book["Attention"])


def new_sheet(book: Any, answers: dict[tuple[str, str], float]) -> None:
    sheet = book.create_sheet("My work")
    for n, value in enumerate(answers.values()):
        sheet.cell(2 + n // 3, 2 + n % 3).value = value


def as_texts(book: Any, answers: dict[tuple[str, str], float]) -> None:
    sheet = book.create_sheet("My work")
    for n, value in enumerate(answers.values()):
        sheet.cell(2 + n // 3, 2 + n % 3).value = str(value).replace(".", ",")


def as_formulas(book: Any, answers: dict[tuple[str, str], float]) -> None:
    sheet = book.create_sheet("My work")
    for n, value in enumerate(answers.values()):
        sheet.cell(2 + n // 3, 2 + n % 3).value = f"={value}+0"


def below(book: Any, answers: dict[tuple[str, str], float]) -> None:
    for (sheet, cell), value in answers.items():
        book[sheet][cell].offset(row=40).value = value


def beside(book: Any, answers: dict[tuple[str, str], float]) -> None:
    for (sheet, cell), value in answers.items():
        book[sheet][cell].offset(column=30).value = value


def beside_the_question(book: Any, answers: dict[tuple[str, str], float]) -> None:
    for n, value in enumerate(answers.values()):
        book["Exercise"].cell(10 + n, 9).value = value


PLACES: dict[Change, str] = {
    copied_tab: "Attention Copy!H30:Z47 (",
    new_sheet: "My work!B2:D",
    as_texts: "My work!B2:D",
    as_formulas: "My work!B2:D",
    below: "Attention!",
    beside: "Attention!",
    beside_the_question: "Exercise!I10:I",
}


@pytest.mark.parametrize("change", PLACES, ids=lambda change: change.__name__)
def test_numbers_where_none_are_asked_for(change: Change, tmp_path: Path) -> None:
    (said,) = warnings(tmp_path / "s01.xlsx", change)
    start = "Questions 1, 2 and 3 are empty, but numbers stand where none are asked for: "
    assert said.startswith(start + PLACES[change].partition("!")[0])
    assert "!" in said.removeprefix(start)


def test_in_the_white_table(tmp_path: Path) -> None:
    """The weights in the table of the exponentials, which has the same shape."""
    key = class_set().key
    weights = key.questions[1]

    def change(book: Any, answers: dict[tuple[str, str], float]) -> None:
        table = class_set().handed_out.tables["softmax.exp"]
        places = [cell for row in table for cell in row]
        for (sheet, row, column), value in zip(places, key.students["s01"].answers[1], strict=True):
            book[sheet].cell(row + 1, column + 1).value = value
        for (sheet, cell), value in answers.items():
            if cell not in weights.cells:
                book[sheet][cell] = value

    assert warnings(tmp_path / "s01.xlsx", change) == [
        "Question 2 (weights) is empty, but its answers stand in the table softmax.exp, which is room to work."
    ]


def rough_work(book: Any, answers: dict[tuple[str, str], float]) -> None:
    """All answers in their places, and sums beside them."""
    for (sheet, cell), value in answers.items():
        book[sheet][cell] = value
        book[sheet][cell].offset(row=40).value = value


def right_work_in_white_tables(book: Any, answers: dict[tuple[str, str], float]) -> None:
    for (sheet, cell), value in answers.items():
        if cell in class_set().key.questions[0].cells:
            book[sheet][cell] = value
    table = class_set().handed_out.tables["scaled"]
    for row in table:
        for sheet, i, j in row:
            book[sheet].cell(i + 1, j + 1).value = 1.5


def a_page_number(book: Any, answers: dict[tuple[str, str], float]) -> None:
    book["Attention"]["AF60"] = 12


@pytest.mark.parametrize("change", [rough_work, right_work_in_white_tables, a_page_number, copied_tab_untouched])
def test_nothing_is_said_of_honest_work(change: Change, tmp_path: Path) -> None:
    assert warnings(tmp_path / "s01.xlsx", change) == []


def test_a_blank_book_is_blank(tmp_path: Path) -> None:
    assert warnings(tmp_path / "s01.xlsx", lambda book, answers: None) == []
