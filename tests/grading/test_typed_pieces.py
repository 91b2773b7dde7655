"""Answers that are pieces of words, in the cells of a workbook that is handed in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.class_submissions import a_set, answered

from byhand.exercises.problem import problem
from byhand.exercises.recipe import find, read_exercise
from byhand.grading.marking import Grader
from byhand.grading.typed_pieces import reader_of
from byhand.grading.verdicts import Verdict

LETTERS = "ipqtuz"


def test_a_pair_is_typed_as_its_letters(tmp_path: Path) -> None:
    """It is marked as its number is: the right one is right, another one is not."""
    key = a_set(tmp_path, 1, "most-frequent-pair", formats=("xlsx",))
    for number, form in enumerate(("{} {}", "{}|{}", ' ["{}", "{}"]', "{} | {}", "swapped {1} | {0}")):

        def typed(n: int, c: int, right: float, form: str = form) -> Any:
            pair = [LETTERS[int(letter) - 1] for letter in divmod(right, 10)] if n == 1 else []
            return form.removeprefix("swapped ").format(*pair) if n == 1 else right

        path = tmp_path / f"{number}.xlsx"
        path.write_bytes(answered(tmp_path, key, "s001", typed))
        with Grader(key) as grader:
            *counts, pair = grader.mark(path).marks.cells
        assert (pair.verdict is Verdict.RIGHT) == (not form.startswith("swapped")), form
        assert all(mark.verdict is Verdict.RIGHT for mark in counts)


def test_numbers_stay_numbers_and_other_texts_what_they_were() -> None:
    read = reader_of(problem(read_exercise(find("most-frequent-pair"))))
    plain = reader_of(problem(read_exercise(find("softmax"))))
    for text in ("12", "0,5", "=1+1", "x y", "q u i", "", "[1, 2]", '["q", 3]', "q||u"):
        assert read(text) == plain(text), text
    assert plain("e").value == pytest.approx(2.718281828)
    assert read("q").value == read("q|").value == float(LETTERS.index("q") + 1)
