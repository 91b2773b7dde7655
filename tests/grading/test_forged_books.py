"""Books forged by a student who knows byhand's code: none is graded as right without a person's look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.forged_books import FORGERIES, ME, SHEET, Desk, desk, over_hidden_cells

from byhand.errors import ByhandError
from byhand.grading.marking import Grader

REFUSED = "not marked"


@pytest.fixture(scope="module")
def on_desk() -> Desk:
    return desk()


@pytest.fixture(scope="module")
def grader(on_desk: Desk) -> Iterator[Grader]:
    with Grader(on_desk.key) as marking:
        yield marking


def marked(grader: Grader, path: Path) -> tuple[float, tuple[str, ...]]:
    """The share of the points, and the warnings; a file that is refused has neither points nor a grade."""
    try:
        marks = grader.mark(path).marks
    except ByhandError as error:
        return 0.0, (f"{REFUSED}: {error}",)
    return marks.points / marks.most, marks.warnings


def test_there_are_many_kinds() -> None:
    assert len(FORGERIES) >= 43


@pytest.mark.slow
def test_honest_work_is_graded_without_a_look(on_desk: Desk, grader: Grader, tmp_path: Path) -> None:
    """The same way of filling in, without a forgery: numbers, and formulas over cells that are seen."""
    on_desk.book(ME, on_desk.right()).save(tmp_path / "s01.xlsx")
    assert marked(grader, tmp_path / "s01.xlsx") == (1.0, ())
    over_hidden_cells(on_desk, SHEET, 60, lambda sheet, cell: None).save(tmp_path / "s01.xlsx")
    assert marked(grader, tmp_path / "s01.xlsx") == (1.0, ())


WITHOUT_A_WARNING = 0.1
"""The most that wrong numbers may earn by chance, as random ones do."""


@pytest.mark.slow
@pytest.mark.parametrize("kind", FORGERIES)
def test_a_forged_book_is_not_graded_as_right(kind: str, on_desk: Desk, grader: Grader, tmp_path: Path) -> None:
    path = tmp_path / "s01.xlsx"
    FORGERIES[kind](on_desk, path)
    share, warnings = marked(grader, path)
    assert warnings or share <= WITHOUT_A_WARNING, (kind, share)


SAID = {
    "neighbours book under own file name": "it states the id of s02 (Emmy Noether)",
    "neighbours book with own id typed": "The given numbers are those of s02 (Emmy Noether)",
    "neighbours answers in own book": "are right in the exercise of s02 (Emmy Noether), its likely source",
    "neighbours numbers and answers in own book": "The given numbers are those of s02",
    "two ids in one cell": "The workbook states the id 's01 s02', which no student of this class has.",
    "last years book": "the workbook was made for another set",
    "a given number as a formula whose stored result lies": "is =0+9, was ",
    "formulas whose stored results lie": "stored as its result, but gives 2, which counts",
    "helper cells on a hidden sheet": "it reads the hidden sheet 'Helper'",
    "helper cells in hidden rows": "are not seen, in a hidden row: Attention!Z60, Attention!Z61, Attention!Z62 and ",
    "helper cells in a hidden column": "30 filled cells are not seen, in a hidden column: ",
    "helper cells in white": "are not seen, in the colour of its background: ",
    "helper cells in tiny letters": "are not seen, in letters of 1 points: ",
    "helper cells with an empty number format": "are not seen, with a number format that shows nothing: ",
    "helper cells far away": "are not seen, far from the exercise: ",
    "macros that fill in the answers": "The workbook holds macros, which were not run.",
}


@pytest.mark.parametrize("kind", SAID)
def test_what_is_said_of_it(kind: str, on_desk: Desk, grader: Grader, tmp_path: Path) -> None:
    path = tmp_path / "s01.xlsx"
    FORGERIES[kind](on_desk, path)
    warnings = marked(grader, path)[1]
    assert any(SAID[kind] in warning for warning in warnings), warnings
    if "helper" in kind and "sheet" not in kind:
        assert any("answers are formulas over cells that are not seen: " in warning for warning in warnings)
