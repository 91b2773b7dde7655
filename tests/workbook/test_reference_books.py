"""Every folder of the reference as a workbook: what spreadsheet programs compute is what PyTorch did, within 1e-9."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.lessons import numbers_of
from support.reference_models import FOLDERS, WRITERS, expected_of, expected_tables, recipe_of, story_of
from support.selection import by_turns, in_every_program

from byhand.core.graph import Array
from byhand.lessons.build import build
from byhand.workbook.build import write_lesson
from byhand.xlsx.reader import Contents, read
from byhand.xlsx.recalculate import recalculate_books
from byhand.xlsx.verify import compare

CLOSE = 1e-9
FEW = ("bert", "transformer2017")
Key = tuple[str, int, str]
"""A folder, a prompt, an orientation."""
Written = Callable[[str, int, str], Contents]


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    place = tmp_path_factory.mktemp("references")

    @cache
    def write(name: str, row: int, orientation: str) -> Contents:
        path = place / f"{name} {row} {orientation}.xlsx"
        write_lesson(build(recipe_of(name, row, orientation=orientation)), path)
        return read(path)

    return write


def differences(book: Contents, fresh: dict[Any, Any], expected: dict[str, Array], columns: bool) -> dict[str, float]:
    """The tables that are not PyTorch's, and by how much."""
    found = {}
    for table, numbers in expected.items():
        ours = numbers_of(book, table, fresh, columns)
        assert ours.shape == numbers.shape, table
        apart = float(np.abs(ours - numbers).max())
        if not apart <= CLOSE:
            found[table] = apart
    return found


def check(keys: list[Key], written: Written, engine: str) -> None:
    """LibreOffice starts once for all of them."""
    books = [written(*key) for key in keys]
    for (name, row, orientation), book, fresh in zip(keys, books, recalculate_books(books, engine), strict=True):
        wrong = differences(book, fresh, expected_tables(name, row), orientation == "columns")
        assert wrong == {}, (name, row, engine)
        report = compare(book, fresh, engine)
        assert report.ok, "\n".join(report.lines())


KINDS = ("bart", "llama", "mamba", "vit")
"""By which the others stand where the slow tests do not run."""


@pytest.mark.parametrize("name", [n if n in KINDS else pytest.param(n, marks=pytest.mark.slow) for n in FOLDERS])
def test_ironcalc_computes_what_pytorch_did(name: str, written: Written) -> None:
    """The second prompt, which is the padded one."""
    check([(name, 1, "rows")], written, "ironcalc")


@pytest.mark.slow
def test_every_program_computes_what_pytorch_did(written: Written, engine: str) -> None:
    check([(name, 0, "rows") for name in FEW], written, engine)


def test_with_tokens_as_columns_too(written: Written) -> None:
    check([("torch_transformer", 0, "columns")], written, "ironcalc")


@pytest.mark.slow
@in_every_program
def test_every_program_computes_every_prompt(written: Written, engine: str, whole: bool) -> None:
    """One prompt with rows, the other with columns; a sweep lets IronCalc, which is fast, compute each both ways."""
    every = [(name, row, way) for name in FOLDERS for row, way in enumerate(("rows", "columns"))]
    others = [(name, 1 - row, way) for name, row, way in every] if whole and engine == "ironcalc" else []
    check([*(every if whole else by_turns(every, engine)), *others], written, engine)


LATER = {*WRITERS} - {"gpt2"}
STORIES = [pytest.param(name, marks=pytest.mark.slow if name in LATER else ()) for name in WRITERS]


@pytest.mark.slow
@pytest.mark.parametrize("name", STORIES)
def test_a_story_takes_the_words_that_pytorch_took(name: str, tmp_path: Path) -> None:
    """Greedy decoding from the reference's own beginning."""
    recipe, words = story_of(name, 0)
    path = tmp_path / "story.xlsx"
    write_lesson(build(recipe), path)
    book = read(path)
    (fresh,) = recalculate_books([book])
    for step, (word, logits) in enumerate(zip(words, expected_of(name)["greedy_logits"][0], strict=True), 1):
        at = "" if step == 1 else f"step{step}."
        assert numbers_of(book, f"{at}next", fresh).item() == word
        np.testing.assert_allclose(numbers_of(book, f"{at}logits", fresh)[-1], logits, rtol=0, atol=CLOSE)
