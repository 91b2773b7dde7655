"""A workbook as a lesson: one head first, then all heads, then the block, then the whole; a question for each sheet."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.lessons import book_of, lesson, load

from byhand.workbook.build import write_lesson
from byhand.xlsx.reader import read
from byhand.xlsx.verify import verify


@pytest.fixture
def course(tmp_path: Path) -> Path:
    path = tmp_path / "lesson.xlsx"
    write_lesson(lesson("gpt2"), path, course=True)
    return path


def test_a_course_begins_with_a_head_and_ends_with_the_whole(course: Path) -> None:
    sheets = list(read(course).sheets)
    assert sheets[1:3] == ["Layer 1 Head 1", "Layer 1 Head 2"]
    assert sheets[-3:] == ["Input", "Output", "Glossary"]
    assert sorted(sheets) == sorted(book_of("gpt2").sheets)


def test_each_sheet_asks_its_question(course: Path) -> None:
    """On the sheet and, in the same order, on the first one."""
    book = read(course)
    asked = [str(book.values[sheet, 1, 1]) for sheet in book.sheets[1:-1]]
    listed = [str(text) for (sheet, *_), text in book.values.items() if sheet == "Contents" and str(text).endswith("?")]
    assert listed[0] == "How does a word find what other words know?"
    assert all(question in text for question, text in zip(listed, asked, strict=True))


def test_the_order_of_the_sheets_changes_no_number(course: Path) -> None:
    assert verify(course).ok
    assert read(course).names.keys() == book_of("gpt2").names.keys()


def test_words_can_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "plain.xlsx"
    write_lesson(lesson("gpt2"), path, words=False)
    book = load(path)
    assert "Glossary" not in book.sheetnames
    notes = [cell.comment.text for sheet in book for row in sheet for cell in row if cell.comment]
    assert notes
    assert not any("What it is for" in note or note.split("\n")[0].endswith(".") for note in notes)
    assert "gathers" not in str(book["Layer 1 Head 1"].cell(2, 2).value)
