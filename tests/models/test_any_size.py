"""Workbooks of any model at any size: well laid out, right in every program, and the same bytes each time."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, example, given
from support.examples import examples
from support.lessons import (
    BOOKS,
    FEW,
    GALLERY,
    MEDIUM,
    book_of,
    legal_name,
    numbers_of,
    overwriting_refused,
    path_of,
    recipes_at_random,
    sweep,
    texts_of,
    undecided,
)
from support.sheet_alignment import crossings, out_of_line

from byhand.core.labels import spelling
from byhand.lessons.build import build
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe
from byhand.workbook.build import write_lesson
from byhand.xlsx import writer
from byhand.xlsx.reader import Contents, read
from byhand.xlsx.recalculate import recalculate_books
from byhand.xlsx.verify import compare, verify

each_book = pytest.mark.parametrize("name", sweep(BOOKS))


ONE_WORD = [
    Recipe(model, ids=[2], orientation=orientation, target_ids=[3] if model == "transformer" else None)
    for model in ("gpt2", "bert", "transformer", "embedding")
    for orientation in ("rows", "columns")
]
OF_ONE_WORD = [
    Recipe(model, size=dict.fromkeys(sizes, 1), orientation=orientation)
    for model, sizes in (
        ("gpt2", ["vocab"]),
        ("embedding", ["vocab"]),
        ("seq2seq-attention", ["vocab", "target_vocab"]),
    )
    for orientation in ("rows", "columns")
]


@pytest.mark.parametrize("recipes", [ONE_WORD, OF_ONE_WORD], ids=["prompt", "vocabulary"])
def test_one_word(recipes: list[Recipe], engine: str, tmp_path: Path) -> None:
    """As the whole prompt, and as the whole vocabulary."""
    paths = [tmp_path / f"{recipe.model} {recipe.orientation}.xlsx" for recipe in recipes]
    for path, recipe in zip(paths, recipes, strict=True):
        write_once(recipe, path)
    assert differing([read(path) for path in paths], engine) == ""


@pytest.mark.slow
def test_every_program_computes_the_other_books(engine: str) -> None:
    """Those of the gallery are computed where they lie, in test_gallery.py. IronCalc, which is fast, turns all."""
    often = {*FEW, *MEDIUM, "transformer-writes"}
    others = [name for name in BOOKS if name not in GALLERY and (engine == "ironcalc" or name in often)]
    assert differing([book_of(name) for name in others], engine) == ""


def differing(books: list[Contents], engine: str) -> str:
    """What the program computes otherwise. LibreOffice starts once for all."""
    fresh = recalculate_books(books, engine)
    reports = [compare(book, values, engine) for book, values in zip(books, fresh, strict=True)]
    return "\n".join(line for report in reports if not report.ok for line in report.lines())


# Any size


def write_once(recipe: Recipe, path: Path) -> Lesson:
    """Builds it; AssertionError where a cell is written over another."""
    made = build(recipe)
    with overwriting_refused():
        write_lesson(made, path)
    return made


@each_book
def test_no_cell_is_written_twice(name: str) -> None:
    assert path_of(name).exists()


def test_a_cell_that_is_written_twice_is_seen(tmp_path: Path) -> None:
    with overwriting_refused():
        sheet = writer.BookFile(tmp_path / "book.xlsx", "").sheet("Sheet", "#000000")
        sheet.number(3, 2, 1.0, {})
        sheet.number(3, 3, 1.0, {})
        with pytest.raises(AssertionError, match="column 2"):
            sheet.text(3, 2, "over it", {})


UNSHRUNK = [Phase.explicit, Phase.reuse, Phase.generate]
"""A recipe is small as it is, and building it again and again takes minutes."""


@pytest.mark.slow
@given(recipes_at_random())
@example(Recipe("mamba", size={"d_inner": 2, "d_state": 1}, ids=[1, 2], generate=2))
@examples(8, phases=UNSHRUNK)
def test_any_model_of_any_size_is_laid_out_well(recipe: Recipe) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert_well_made(recipe, Path(folder, "book.xlsx"))


@pytest.mark.slow
@given(recipes_at_random())
@examples(100, phases=UNSHRUNK)
def test_any_model_of_any_size_is_laid_out_well_and_computes_its_numbers(recipe: Recipe) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "book.xlsx")
        made = assert_well_made(recipe, path)
        report = verify(path)
        assert report.ok or undecided(made), "\n".join(report.lines())


def assert_well_made(recipe: Recipe, path: Path) -> Lesson:
    made = write_once(recipe, path)
    book = read(path)
    crossings(made, book)
    assert out_of_line(made, book) == []
    assert [n for n in book.names if not legal_name(n)] == []
    for table, numbers in made.numbers().items():
        columns = recipe.orientation == "columns"
        if pieces := spelling(made.tables[table]):
            spelt = [[pieces.spell(number, made.numbers()) for number in row] for row in numbers.tolist()]
            assert texts_of(book, table, {}, columns) == spelt, table
            continue
        shown = numbers_of(book, table, columns=columns)
        np.testing.assert_allclose(shown, numbers, rtol=1e-15, atol=0, err_msg=table)
    return made
