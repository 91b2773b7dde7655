"""A recipe's marks prove themselves, also through the workbook, and each fault that is planted is reported."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.commands import byhand
from support.filled_in import filled_in
from support.submissions import engine

from byhand.errors import ByhandError
from byhand.exercises.draw import Variant
from byhand.exercises.problem import problem
from byhand.exercises.recipe import exercise_of, find, ready_made
from byhand.grading import lint_marks
from byhand.grading.carry_forward import Fit
from byhand.grading.handed_out import HandedOut
from byhand.grading.lint_marks import Row, Trial
from byhand.grading.submission import read_submission, read_typed
from byhand.grading.verdicts import CellMark
from byhand.lessons.recipe import read_toml

SOFTMAX = """
title = "Mine"
teaches = "A thing."
minutes = 5
level = 2
model = "softmax"
size = { rows = 2, width = 3 }
mistakes = ["softmax-base-2", "softmax-not-normalised"]
[draw]
X = "-3..4"
T = [1]
[[ask]]
table = "probabilities"
places = 3
"""


class TrialInWorkbooks(Trial):
    """The same, but what a student types stands in their workbook, which is read as it is when it is handed in."""

    folder: Path

    def mark(self, variant: Variant, answers: Sequence[Row]) -> tuple[CellMark, ...]:
        handed_out = HandedOut.of(self.key)
        cells = [cell for places in handed_out.asked for cell in places]
        values = [value for row in answers for value in row]
        filled = {cell: value for cell, value in zip(cells, values, strict=True) if value != ""}
        path = self.folder / "book.xlsx"
        path.write_bytes(filled_in(self.book.fill(variant), filled))
        read = read_submission(path, handed_out, read_typed, engine())
        return self.marker.mark(self.key.students[variant.student.id], read.answers)


def trial(count: int = 2, text: str = SOFTMAX) -> Trial:
    table = tomllib.loads(text)
    return Trial(problem(exercise_of(table, Path("mine.toml"))), table, count)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("matrix-product", 2),
        ("find-the-wrong-score", 2),
        *(pytest.param(name, 100, marks=pytest.mark.sweep) for name in ready_made()),
    ],
)
def test_a_ready_made_exercise_is_marked_as_it_should_be(name: str, count: int, tmp_path: Path) -> None:
    """Also where the answers stand in workbooks."""
    path = find(name)
    table = read_toml(path)
    built = problem(exercise_of(table, path))
    assert [*Trial(built, table, count).problems()] == []
    in_workbooks = TrialInWorkbooks(built, table, min(count, 2))
    in_workbooks.folder = tmp_path
    assert [*in_workbooks.problems()] == []


def test_a_wrong_key_is_reported() -> None:
    of = trial(1)
    of.key.students["seed 1"].answers[0][0] += 0.5
    assert "Marking does not take the key of seed 1 for what it is." in [*of.problems()]


def test_text_that_is_read_as_a_number_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lint_marks, "GARBAGE", "1/2")
    assert [*trial(1).problems()] == ["Marking does not take 1/2 of seed 1 for what it is."]


def test_a_mistake_that_is_not_named_or_gets_full_marks_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    of = trial(4)
    monkeypatch.setattr(Fit, "holds", property(lambda fit: False))
    assert [*of.problems()] == [
        "Marking does not name softmax-base-2 in 4 of 4 answers.",
        "Marking does not name softmax-not-normalised in 4 of 4 answers.",
    ]
    monkeypatch.setattr(lint_marks, "_wrong_answers", right_answers)
    assert "Marking gives full marks to softmax-base-2 of seed 1 and 3 more." in [*of.problems()]


def right_answers(built: Any, told: Any, made: Any) -> list[Any]:
    return [[("softmax-base-2", lint_marks.written(built, variant.answers))] for variant in made]


def test_answers_stand_where_a_student_writes_them() -> None:
    of = trial(1)
    book = of.book.fill(of.made[0])
    with pytest.raises(ByhandError, match="The student's book has no room for an answer in AA100"):
        filled_in(book, {(of.book.places[0].sheet, 99, 26): 1.0})


@pytest.mark.slow
def test_the_command_counts_marks_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(SOFTMAX)
    monkeypatch.setattr(lint_marks, "GARBAGE", "1/2")
    result = byhand("byhand exercise mine.toml --lint --seeds 1")
    assert (result.exit_code, result.stderr) == (1, "")
    assert result.stdout.splitlines()[-1] == "  Marking does not take 1/2 of seed 1 for what it is."
