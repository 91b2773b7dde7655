"""A student's own book: nothing in it gives the answers away, and one for practice marks what is typed."""

from __future__ import annotations

import io
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from support.class_sets import HEAD, parts
from support.editing import edited

from byhand.core.graph import Node
from byhand.exercises.distinct_mistakes import mistakes
from byhand.exercises.draw import Student, Variant, variants
from byhand.exercises.problem import SHOWN_PLACES, Problem, problem
from byhand.exercises.recipe import exercise_of, find, read_exercise, ready_made
from byhand.exercises.student_book import Place, StudentBook, powers
from byhand.lessons.recipe import read_toml

pytestmark = pytest.mark.usefixtures("here")

EVERY_KIND = """
[[ask]]
table = "scaled"
places = 0

[[ask]]
table = "Q"
kind = "wrong cell"

[[ask]]
table = "Z"
kind = "cell"
cell = [2, 1]

[[ask]]
table = "weights"
kind = "choice"

[[ask]]
table = "W_V"
kind = "missing"
cell = [1, 2]
"""


USUAL = ("attention-head", "every kind", "tiny-gpt", "softmax-gradient", "layer-norm")
REST = sorted(set(ready_made()) - set(USUAL))


@pytest.fixture(params=[*USUAL, *(pytest.param(name, marks=pytest.mark.slow) for name in REST)])
def each(request: pytest.FixtureRequest) -> Problem:
    """Every ready-made exercise, and one that asks something of every kind."""
    return found(request.param)


@pytest.fixture(params=["attention-head", "every kind"])
def head(request: pytest.FixtureRequest) -> Problem:
    """One attention head, in which tables are asked, or something of every kind."""
    return found(request.param)


def found(name: str) -> Problem:
    if name != "every kind":
        return problem(read_exercise(find(name)))
    table = read_toml(HEAD) | tomllib.loads(EVERY_KIND)
    return problem(exercise_of(table, Path("kinds.toml")))


def drawn(head: Problem, *students: Student) -> list[Variant]:
    told = [changed for _, changed in mistakes(head)]
    return variants(head, told, 3, students or [Student("s1", "Ada"), Student("s2", "Emmy")])


# Nothing gives the answers away


def test_an_exam_book_is_the_same_whatever_the_answers(each: Problem) -> None:
    """Other answers and other tables on the way, another missing number, and the same ones given: the same bytes."""
    for variant in drawn(each):
        missing = {q.node: q.indices for q in each.questions if q.ask.kind == "missing"}
        numbers = {node: table.copy() for node, table in variant.numbers.items()}
        for node, indices in missing.items():
            numbers[node][indices[0]] += 5
        other = replace(
            variant,
            numbers=numbers,
            values={node: table + 17.25 * (node not in shown(each)) for node, table in variant.values.items()},
            answers=[answers + 33 for answers in variant.answers],
        )
        assert StudentBook(each).fill(other) == StudentBook(each).fill(variant)
        assert StudentBook(each, practice=True).fill(other) != StudentBook(each, practice=True).fill(variant)


HARMLESS = {"0.00", "1.00", "0.50", "0.000"} | {f"{x:.{n}f}" for x in (0.0, -0.0, 12.0, 0.044715) for n in range(2, 7)}
"""A zero tells nothing; every file names the version 12.0000 of the program, and the rule of GELU has 0.044715."""


def shown(each: Problem) -> set[Node]:
    """Computed tables that are given; one with a wrong cell is not given as it is."""
    planted = {q.node for q in each.questions if q.ask.kind == "wrong cell"}
    return {each.lesson.tables[name] for name in each.exercise.show} - planted


@pytest.mark.slow
def test_no_part_of_an_exam_book_holds_a_number_that_is_an_answer(each: Problem) -> None:
    """Searched in the sheets, the texts, names, properties, drop-downs, stored results: as it is and rounded."""
    for variant in drawn(each):
        given = [table for node, table in variant.numbers.items()] + list(variant.planted.values())
        given += [variant.values[node] for node in shown(each)]
        given += [np.round(variant.values[node], SHOWN_PLACES) for node in shown(each)]  # as they are printed
        given += [n.data for n in each.lesson.tables.values() if n.data is not None and n not in each.drawn]
        seen = {f"{x:.{n}f}" for table in given for x in table.ravel() for n in range(2, 7)}
        seen |= {f"{round(value, 6):.{n}f}" for _, value in powers() for n in range(2, 7)}
        said = " ".join([each.exercise.text, *(f"{q.ask.text} {q.ask.hint}" for q in each.questions)])  # to everybody
        seen |= {f"{float(x):.{n}f}" for x in re.findall(r"-?\d+\.\d+", said) for n in range(2, 7)}
        hidden = [x for table in variant.values.values() for x in np.ravel(table) if x != np.rint(x)]
        secret = {f"{x:.{n}f}" for x in hidden for n in range(2, 7)} - seen - HARMLESS
        assert len(secret) > 30 or each.exercise.name not in ("attention-head", "kinds", "encoder-block", "tiny-gpt")
        for name, text in parts(StudentBook(each).fill(variant)).items():
            numbers = set(re.findall(r"-?\d+\.\d+", text))
            near = {f"{float(x):.{n}f}" for x in numbers for n in range(2, 7) if len(x.partition(".")[2]) >= n}
            widths = set(re.findall(r'(?:width|ht|left|right|top|bottom|defaultRowHeight)="([\d.]+)"', text))
            assert not (near - {f"{float(w):.{n}f}" for w in widths for n in range(2, 7)}) & secret, name


@pytest.mark.slow
def test_the_cells_of_an_exam_book_hold_what_is_given_and_no_more(each: Problem) -> None:
    """Every stored number of every sheet, formulas' results too."""
    for variant in drawn(each):
        allowed = {float(x) for table in variant.numbers.values() for x in np.ravel(table)}
        visible = [*variant.planted.values(), *(variant.values[node] for node in shown(each))]
        allowed |= {round(float(x), 4) for table in visible for x in np.ravel(table)}
        allowed |= {round(value, 6) for _, value in powers()}
        constants = [n.data for n in each.lesson.tables.values() if n.data is not None and n not in each.drawn]
        allowed |= {float(x) for data in constants if data is not None for x in np.ravel(data)}
        for name, text in parts(StudentBook(each).fill(variant)).items():
            if name.startswith("xl/worksheets"):
                cells = re.findall(r"<c ([^>]*)>(?:<f>[^<]*</f>)?<v>([^<]*)</v>", text)
                numbers = {float(value) for kind, value in cells if "t=" not in kind and value}
                assert numbers <= allowed, name


NAME_AND_ID = ("Exercise", 4, 3), ("Exercise", 5, 3)
"""A student may type a name, but not another id."""


@pytest.mark.slow
def test_an_asked_cell_is_empty_and_open_and_all_that_is_given_is_locked(each: Problem) -> None:
    (variant, _) = drawn(each)
    book = StudentBook(each)
    sheets = openpyxl.load_workbook(io.BytesIO(book.fill(variant)))
    asked = {(place.sheet, r + 1, c + 1) for place in book.places for r, c in place.cells}
    for sheet in sheets:
        assert sheet.protection.sheet
        for row in sheet.iter_rows():
            for cell in row:
                where = (sheet.title, cell.row, cell.column)
                if where in asked and not _planted(each, book, where):
                    assert cell.value is None
                    assert not cell.protection.locked
                elif cell.value is not None or where in NAME_AND_ID:
                    assert cell.protection.locked == (where != NAME_AND_ID[0]), where
    assert [s.sheet_state for s in sheets] == ["visible"] * len(sheets.sheetnames)
    assert not any(sheet.data_validations.dataValidation for sheet in sheets)


def _planted(each: Problem, book: StudentBook, where: tuple[str, int, int]) -> bool:
    """A table with a wrong cell is shown; what is asked of it stands beside the question."""
    return where[0] != "Exercise" and all(q.ask.kind in ("choice", "wrong cell") for q in each.questions)


# Practice


def marks(book: StudentBook, variant: Variant, typed: dict[tuple[str, int, int], float]) -> list[float]:
    """The hidden sheet's marks after these numbers are typed."""
    Path("practice.xlsx").write_bytes(book.fill(variant))
    values = edited("practice.xlsx", dict(typed))
    return [value for (sheet, _, _), value in sorted(values.items(), key=str) if sheet == "check"]


def typed_into(places: list[Place], answers: list[Any]) -> dict[tuple[str, int, int], float]:
    cells = [(place.sheet, r, c) for place in places for r, c in place.cells]
    return dict(zip(cells, [float(x) for a in answers for x in np.ravel(a)], strict=True))


def test_practice_marks_what_is_right_what_is_wrong_and_what_is_open(head: Problem) -> None:
    book = StudentBook(head, practice=True)
    (variant, _) = drawn(head)
    places = [q.ask.places if q.ask.kind not in ("choice", "wrong cell") else 0 for q in head.questions]
    rounded = [np.round(a, n) for a, n in zip(variant.answers, places, strict=True)]
    count = sum(len(place.cells) for place in book.places)
    right = typed_into(book.places, rounded)
    wrong = typed_into(book.places, [a + 2.5 * q.ask.margin for a, q in zip(rounded, head.questions, strict=True)])
    near = [a + 0.9 * q.ask.margin for a, q in zip(variant.answers, head.questions, strict=True)]
    assert marks(book, variant, right) == [1] * count
    assert marks(book, variant, typed_into(book.places, near)) == [1] * count
    assert marks(book, variant, wrong) == [-1] * count
    assert marks(book, variant, {}) == [0] * count


def test_practice_hides_its_marks_and_colours_the_answers(head: Problem) -> None:
    (variant, _) = drawn(head)
    book = StudentBook(head, practice=True)
    sheets = openpyxl.load_workbook(io.BytesIO(book.fill(variant)))
    assert sheets["check"].sheet_state == "veryHidden"
    for place in book.places:
        coloured = {str(found.sqref) for found in sheets[place.sheet].conditional_formatting}
        for row, column in place.cells:
            assert sheets[place.sheet].cell(row + 1, column + 1).coordinate in coloured


def test_a_segments_words_are_the_students_own() -> None:
    """They are part of a prompt that is drawn for each student, and label tables that are cut from it."""
    recipe = {**read_toml(find("transformer-xl")), "draw": {}, "attend": [0, 1]}
    built = problem(exercise_of(recipe, Path("mine.toml")))
    of = StudentBook(built)
    for one in drawn(built, Student("s1", "Ada"), Student("s2", "Ben")):
        book = openpyxl.load_workbook(io.BytesIO(of.fill(one)))
        ids = next(node for node in one.numbers if node.role == "tokens")
        words = ids.shape[0].labels.vocabulary.words
        own = [words[int(i)] for i in one.numbers[ids][:, 0]]
        for n in (0, 1):
            seen = [cell.value for cell in book[f"Segment {n + 1} Words"]["B"] if cell.value in words]
            assert seen == own[2 * n : 2 * n + 2]
