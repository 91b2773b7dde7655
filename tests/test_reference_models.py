"""Encoders and encoder-decoders: every number that transformers computed, in numbers and in recalculated workbooks."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from lessons import numbers_of
from reference_models import DATA, ENCODERS, TRANSLATORS, expected_of, expected_tables, recipe_of

from byhand.lesson import Recipe
from byhand.recipe import build
from byhand.workbook.build import write_lesson
from byhand.workbook.read import Book, read
from byhand.workbook.recalculate import recalculate_books
from byhand.workbook.verify import compare

FOLDERS = ENCODERS + TRANSLATORS
CLOSE, CLOSE_IN_BOOKS = 1e-10, 1e-9
each_form = pytest.mark.parametrize("form", ["config.json", "config_v4.json"])
each_row = pytest.mark.parametrize("row", [0, 1])


def folder_of(tmp_path: Path, name: str, form: str) -> Path:
    """The reference's folder as a user would have it, with one form of its config."""
    folder = tmp_path / name
    folder.mkdir()
    shutil.copy(DATA / name / "model.safetensors", folder)
    shutil.copy(DATA / name / form, folder / "config.json")
    return folder


@each_row
@each_form
@pytest.mark.parametrize("name", FOLDERS)
def test_every_number_is_the_references(tmp_path: Path, name: str, form: str, row: int) -> None:
    numbers = build(recipe_of(name, row, folder_of(tmp_path, name, form))).numbers()
    for table, expected in expected_tables(name, row).items():
        np.testing.assert_allclose(numbers[table], expected, rtol=0, atol=CLOSE, err_msg=table)
        assert not (numbers[table] != 0)[expected == 0].any(), table


@each_row
@pytest.mark.parametrize("name", FOLDERS)
def test_every_number_that_the_reference_has_is_compared(name: str, row: int) -> None:
    compared = {number for table in expected_tables(name, row).values() for number in table.flat}
    for key, array in expected_of(name).items():
        if array.dtype == np.float64 and not key.startswith(("greedy", "pixel")):
            prompts = 0 if key == "logits" else 1
            assert set(array.take(row, axis=prompts).flat) <= compared, key


@each_row
@pytest.mark.parametrize("name", TRANSLATORS)
def test_the_words_are_those_that_the_reference_wrote(name: str, row: int) -> None:
    """Greedily, from the start word."""
    e = expected_of(name)
    start, *following = e["greedy_ids"][row].tolist()
    numbers = build(recipe_of(name, row, target_ids=[start], generate=len(following))).numbers()
    for step, (wanted, logits) in enumerate(zip(following, e["greedy_logits"][row], strict=True), 1):
        at = "" if step == 1 else f"step{step}."
        np.testing.assert_allclose(numbers[f"{at}logits"][-1], logits, rtol=0, atol=CLOSE)
        assert numbers[f"{at}next"] == wanted


def written(path: Path, recipe: Recipe) -> Book:
    write_lesson(build(recipe), path)
    return read(path)


def check(books: list[tuple[str, int, bool, Book]], engine: str) -> None:
    for (name, row, columns, book), fresh in zip(books, recalculate_books([b for *_, b in books], engine), strict=True):
        for table, expected in expected_tables(name, row).items():
            ours = numbers_of(book, table, fresh, columns)
            np.testing.assert_allclose(ours, expected, rtol=0, atol=CLOSE_IN_BOOKS, err_msg=f"{name} {table}")
        report = compare(book, fresh, engine)
        assert report.ok, "\n".join(report.lines())


@pytest.mark.parametrize("name", FOLDERS)
def test_a_recalculated_workbook_has_the_references_numbers(tmp_path: Path, name: str) -> None:
    """The padded prompt."""
    check([(name, 1, False, written(tmp_path / "book.xlsx", recipe_of(name, 1)))], "ironcalc")


@pytest.mark.slow
def test_every_program_computes_the_references_numbers_in_both_orientations(tmp_path: Path, engine: str) -> None:
    """IronCalc, which is fast, each prompt in both; the others one with rows, one with columns."""
    books = [
        (name, row, columns, written(tmp_path / f"{name} {row} {columns}.xlsx", recipe_of(name, row, orientation=way)))
        for name in FOLDERS
        for row in (0, 1)
        for columns, way in ((False, "rows"), (True, "columns"))
        if engine == "ironcalc" or columns == bool(row)
    ]
    check(books, engine)
