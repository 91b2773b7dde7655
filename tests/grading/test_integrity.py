"""What is said of a book that is not the student's own, or in which something was changed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openpyxl.utils import get_column_letter
from support.submissions import ClassSet, class_set, filled, found, right
from support.workbooks import parts_of, zipped

from byhand.exercises.distinct_mistakes import mistakes
from byhand.exercises.keys import Key, KeyQuestion, KeyStudent
from byhand.exercises.problem import stacked
from byhand.exercises.recipe import find
from byhand.grading.handed_out import HandedOut
from byhand.grading.integrity import copied_from
from byhand.grading.marking import Grader
from byhand.grading.submission import Submission
from byhand.grading.verdicts import TypedAnswer

SHEET = "Attention"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "book.xlsx"


def test_nothing_is_said_of_an_honest_book(path: Path) -> None:
    for student in class_set().key.students:
        assert found(filled(path, student)) == (student, [])


@pytest.mark.parametrize("name", ["Countess of Lovelace", "12", 4711, "=1+1", None])
def test_a_name_may_be_typed_or_taken_out(path: Path, name: str | float | None) -> None:
    """The cell beside "Name" is the student's; nothing is marked by it, whatever stands there."""
    assert found(filled(path, changes={("Exercise", "C4"): name})) == ("s01", [])
    with Grader(class_set().key) as grader:
        marks = grader.mark(path).marks
    assert (marks.points, marks.warnings) == (marks.most, ())


def test_an_id_that_was_taken_out(path: Path) -> None:
    """H: stripped_id."""
    assert found(filled(path, changes={("Exercise", "C5"): None})) == (
        "s01",
        ["The workbook states no id any more: it was taken for that of s01 (Ada Lovelace)."],
    )


def test_another_students_book_under_ones_own_name(tmp_path: Path) -> None:
    student, said = found(filled(tmp_path / "s02.xlsx", "s01"))
    assert student == "s02"
    assert said[:2] == [
        "The workbook was made for another student: it states the id of s01 (Ada Lovelace).",
        "The given numbers are those of s01 (Ada Lovelace): the workbook was made for another student.",
    ]
    assert len(said) == 3
    assert said[2].endswith("are right in the exercise of s01 (Ada Lovelace), its likely source.")


def test_another_students_book_with_ones_own_id_typed_in(path: Path) -> None:
    student, said = found(filled(path, "s03", {("Exercise", "C5"): "s02"}))
    assert student == "s02"
    assert (
        said[0] == "The given numbers are those of s03 (Sofja Kowalewskaja): the workbook was made for another student."
    )


def test_an_id_that_nobody_has(tmp_path: Path) -> None:
    path = filled(tmp_path / "s01.xlsx", changes={("Exercise", "C5"): "s99"})
    assert found(path) == ("s01", ["The workbook states the id 's99', which no student of this class has."])


def test_another_students_answers_in_ones_own_book(path: Path) -> None:
    """H254, other_variant: marked by the own numbers, and the other named."""
    student, said = found(filled(path, "s02", right(class_set().key, "s05")))
    assert student == "s02"
    (sentence,) = said
    assert sentence.endswith("are right in the exercise of s05 (Mary Somerville), its likely source.")


def test_last_years_book(path: Path) -> None:
    """H256: the same student, another seed."""
    student, said = found(filled(path, "s01", of=class_set(seed=4)))
    assert student == "s01"
    assert said[0].endswith("the workbook was made for another set or with another seed, or was filled in anew.")


@pytest.mark.parametrize("hidden", [{}, {("check", "A1"): 0.12, ("check", "B1"): 0.34}])
def test_a_book_for_practice(path: Path, hidden: dict[tuple[str, str], float]) -> None:
    """Its numbers are others by right, and its hidden sheet is byhand's own, unless a student has written on it."""
    student, said = found(filled(path, "s01", hidden, of=class_set(seed=4, practice=True)))
    assert student == "s01"
    if not hidden:
        assert said == ["This is a workbook for practice, not the one of this set."]
    else:
        assert "31 filled cells are not seen, on a hidden sheet: check!A1, check!B1, " in said[0]


def test_given_numbers_that_were_altered(path: Path) -> None:
    """H237, edited_question: which cells, what is there, what was."""
    drawn = class_set().key.students["s01"].drawn["X"][0]
    student, said = found(filled(path, changes={(SHEET, "C14"): 9, (SHEET, "D14"): "=0+9", (SHEET, "G8"): None}))
    assert student == "s01"
    assert len(said) == 1
    assert said[0].startswith("3 of the 45 given numbers are not as handed out: ")
    assert f"Attention!C14 is 9, was {drawn[0]:g}" in said[0]
    assert f"Attention!D14 is =0+9, was {drawn[1]:g}" in said[0]
    assert "Attention!G8 is empty" in said[0]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({("Exercise", "C10"): "Find 1."}, "1 printed cell was changed: Exercise!C10 says 'Find 1.'."),
        ({(SHEET, "G5"): None}, "1 printed cell was changed: Attention!G5 is empty."),
        ({("Exercise", "C18"): 1}, "1 printed cell was changed: Exercise!C18 says '1.0'."),
        (
            {("Exercise", "C10"): "a", ("Exercise", "C12"): "b"},
            "2 printed cells were changed: Exercise!C10 says 'a' and so on.",
        ),
    ],
)
def test_questions_that_were_changed(path: Path, changes: dict[Any, Any], says: str) -> None:
    assert found(filled(path, changes=changes)) == ("s01", [says])


SHOWN = f"""show = ["Q", "softmax.exp"]
{find("attention-head").read_text("utf-8").split("[[ask]]")[0]}
[[ask]]
table = "V"
kind = "wrong cell"
[[ask]]
table = "weights"
kind = "choice"
cell = [1, 1]
[[ask]]
table = "W_V"
kind = "missing"
cell = [1, 2]
[[ask]]
table = "Z"
"""


def test_computed_tables_that_are_shown_belong_to_what_is_given(path: Path) -> None:
    of = class_set(SHOWN, count=3)
    for student in of.key.students:
        assert found(filled(path, student, of=of), of) == (student, [])
    q = of.handed_out.tables["Q"][0][0]
    sheet, cell = q[0], f"{chr(65 + q[2])}{q[1] + 1}"
    _, said = found(filled(path, "s01", {(sheet, cell): 99}, of), of)
    assert said[0].startswith("1 of the 77 given numbers is not as handed out: ")


# Whose right answers the wrong ones are


def submission(answers: list[list[float]]) -> Submission:
    typed = tuple(tuple(TypedAnswer(str(x), x, str(x)) for x in row) for row in answers)
    return Submission(Path("x.xlsx"), "x.xlsx", "", typed, {}, {})


@pytest.fixture(scope="module")
def large() -> ClassSet:
    return class_set(count=200)


def rounded(key: Key, rows: list[Any]) -> list[list[float]]:
    return [[round(float(x), q.places) for x in row] for q, row in zip(key.questions, rows, strict=True)]


@pytest.mark.slow
def test_each_students_answers_are_found_in_a_large_class(large: ClassSet) -> None:
    ids = list(large.key.students)
    for n in range(0, 200, 7):
        other = ids[(n + 31) % 200]
        copied = copied_from(
            large.handed_out, submission(rounded(large.key, large.key.students[other].answers)), ids[n]
        )
        assert copied
        assert copied.student == other


@pytest.mark.slow
def test_a_part_is_enough_and_a_few_are_not(large: ClassSet) -> None:
    mine, theirs = (large.key.students[id].answers for id in ("s01", "s02"))
    part = [mine[0], mine[1], theirs[2]]
    assert copied_from(large.handed_out, submission(rounded(large.key, part)), "s01") is None
    half = [mine[0], theirs[1], theirs[2]]
    copied = copied_from(large.handed_out, submission(rounded(large.key, half)), "s01")
    assert copied
    assert copied.student == "s02"


def test_no_mistake_is_taken_for_a_copy(large: ClassSet) -> None:
    """Every student with every mistake that byhand knows: none of them is said to have another's answers."""
    problem = large.handed_out.problem
    assert problem
    people = list(large.key.students.values())
    given = stacked({node: np.array(p.drawn[node.name], dtype=float) for node in problem.drawn} for p in people)
    tried = 0
    for _, changed in mistakes(problem):
        answers = problem.solve(given, changed)
        for n in range(0, 200, 3):
            rows = [table[n].tolist() for table in answers]
            if all(np.isfinite(row).all() for row in rows):
                assert copied_from(large.handed_out, submission(rounded(large.key, rows)), people[n].id) is None
                tried += 1
    assert tried > 500


def test_no_garbage_is_taken_for_a_copy(large: ClassSet) -> None:
    chance = np.random.default_rng(0)
    for _ in range(200):
        rows = [chance.integers(-5, 20, 9), chance.random(9), chance.normal(0, 2, 12)]
        assert (
            copied_from(large.handed_out, submission(rounded(large.key, [row.tolist() for row in rows])), "s01") is None
        )


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["attention-head", "matrix-product"])
def test_nobody_is_a_source_of_what_a_whole_class_has(recipe: str) -> None:
    """Each answer is right for somebody, but for each another: whole numbers are, by chance, right for many."""
    of, chance = class_set(find(recipe).read_text("utf-8"), count=200), np.random.default_rng(0)
    people = list(of.key.students.values())
    for _ in range(100):
        rows = [
            [people[chance.integers(200)].answers[n][i] for i in range(len(question.cells))]
            for n, question in enumerate(of.key.questions)
        ]
        assert copied_from(of.handed_out, submission(rounded(of.key, rows)), "s01") is None


def test_nobody_is_accused_of_what_cannot_be_known() -> None:
    """A class of one, and an exercise with a single number."""
    alone = class_set(count=1)
    assert copied_from(alone.handed_out, submission([[0.0] * 9, [5.0] * 9, [7.0] * 12]), "s01") is None
    dot = class_set(find("dot-product").read_text("utf-8").replace("columns = 3", "columns = 1"))
    answers = dot.key.students["s02"].answers
    assert copied_from(dot.handed_out, submission(answers), "s01") is None


def test_a_given_number_that_is_shown_whole_may_not_differ_by_less_than_it_shows(path: Path) -> None:
    """Only numbers that are shown rounded may be typed again as they are shown."""
    drawn = class_set().key.students["s01"].drawn["X"][0]
    student, said = found(filled(path, changes={(SHEET, "C14"): drawn[0] + 5e-5}))
    assert student == "s01"
    (line,) = said
    assert line.startswith("1 of the 45 given numbers is not as handed out: Attention!C14 is ")


def test_a_formula_for_a_given_number_is_told_whatever_result_is_stored(path: Path) -> None:
    """Excel shows 9 as soon as it recalculates, though the file says what was handed out."""
    drawn = class_set().key.students["s01"].drawn["X"][0][0]
    parts = parts_of(filled(path, changes={(SHEET, "C14"): "=0+9"}))
    stored = {n: re.sub(rb"<f>0\+9</f><v\s*(/>|></v>)", b"<f>0+9</f><v>%g</v>" % drawn, d) for n, d in parts.items()}
    assert stored != parts
    student, said = found(zipped(path, stored))
    assert student == "s01"
    told = f"1 of the 45 given numbers is not as handed out: Attention!C14 is =0+9, was {drawn:g}"
    assert any(told in line for line in said), said


@pytest.mark.parametrize(("changed", "another"), [(1, False), (17, False), (18, True), (19, True), (45, True)])
def test_from_how_many_changed_numbers_on_it_is_a_book_of_another_set(path: Path, changed: int, another: bool) -> None:
    """Two fifths of the 45 given numbers are 18."""
    handed_out = class_set().handed_out
    givens = list(handed_out.givens)
    assert len(givens) == 45
    cells = {(sheet, f"{get_column_letter(column + 1)}{row + 1}"): 50 for sheet, row, column in givens[:changed]}
    (said,) = found(filled(path, changes=cells))[1]
    assert said.startswith(f"{changed} of the 45 given numbers ")
    assert ("was made for another set" in said) == another


@pytest.mark.parametrize(
    ("cells", "matching"),
    [*((24, matching) for matching in (4, 5, 6, 7)), *((4000, matching) for matching in (2, 3, 4, 5))],
)
def test_how_many_of_anothers_numbers_are_beyond_chance(cells: int, matching: int) -> None:
    """Six students with other numbers in all of 24 cells (or 4,000): one's wrong numbers are another's.

    A share p of all answers is such a number; two thirds of the numbers count, and one in a million may be accused.
    However rare the numbers, fewer than four accuse nobody: 3 of 4,000 would be enough by chance alone.
    """
    people = 6
    students = {
        f"s{n}": KeyStudent(f"s{n}", "", f"s{n}", [[float(100 * (n * cells + i)) for i in range(cells)]], {}, {})
        for n in range(people)
    }
    question = KeyQuestion("T", "table", 1, 0, 0.2, "", "S", tuple(f"A{n + 1}" for n in range(cells)))
    handed_out = HandedOut(
        Key("x", {}, "", 0, False, (question,), students), (tuple(("S", n, 0) for n in range(cells)),)
    )
    theirs = students["s1"].answers[0]
    typed = tuple(TypedAnswer(str(x), x) if i < matching else TypedAnswer() for i, x in enumerate(theirs))
    source = copied_from(handed_out, Submission(Path("x"), "x", "", (typed,), {}, {}), "s0")
    p = 2 / (people * cells + 1)
    assert (source is not None) == (people * p ** (2 / 3 * matching) <= 1e-6 and matching >= 4)
    if source:
        assert (source.student, source.matching, source.wrong) == ("s1", matching, matching)
