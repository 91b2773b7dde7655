"""The ready-made books hold numbers that show something: no equal rows, no constant columns, no flat attention."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from support.lessons import BOOKS, GALLERY, SET_BY_HAND, book_of, cells_of, lesson, opened
from support.selection import often
from support.worth_looking_at import faults

from byhand.lessons.build import build
from byhand.lessons.equal_numbers import reasons
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe


def explained(made: Lesson) -> dict[str, str]:
    """The tables of a lesson of which their page says why numbers are equal."""
    numbers = made.numbers()
    return reasons(made.recipe.model, {node: numbers[name] for name, node in made.tables.items()})


def unexplained(name: str) -> dict[str, str]:
    """Tables with numbers that say nothing, and of which their page does not say why."""
    said = explained(lesson(name))
    return {table: what for table, what in faults(lesson(name)).items() if table not in said}


@pytest.mark.slow
def test_every_ready_made_book_is_worth_looking_at() -> None:
    """Those set by hand show what their zeros do; a recipe with weights of its own shows what its training made."""
    wrong = [
        f"{name}: {table}: {what}"
        for name, recipe in GALLERY.items()
        if recipe.model not in SET_BY_HAND and not recipe.learnt
        for table, what in unexplained(name).items()
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", often(GALLERY, ["bert", "vit"], every=3))
def test_the_page_of_a_table_with_equal_numbers_says_why(name: str) -> None:
    """In one sentence under its title."""
    if BOOKS[name].learnt:
        return
    for table, why in explained(lesson(name)).items():
        sheet = cells_of(book_of(name), table)[0][0][0]
        said = str(opened(name)[sheet]["B2"].value)
        assert "Equal numbers on this page: " in said, (sheet, table)
        assert re.search(rf"\b{re.escape(table.rpartition('.')[2])}\b[^;]*: {re.escape(why)}", said), (sheet, table)


def test_only_what_is_equal_is_said_to_be() -> None:
    """No reason is given where numbers differ, nor where nothing asks for equal ones."""
    plain = build(Recipe("attention"))
    assert not explained(plain)
    assert not explained(build(Recipe("attention", set={"W_Q": 0})))
    assert explained(lesson("bert"))["segment_ids"] == "all words belong to one sentence"
    two = build(Recipe("bert", ids=[0, 1, 2, 3, 4, 5], segment_ids=[0, 0, 0, 1, 1, 1]))
    assert "segment_ids" not in explained(two)


@pytest.mark.parametrize(
    ("change", "table", "what"),
    [
        ({"W_Q": 0}, "W_Q", "column 1 is 0 in every row"),
        ({"W_K[1,1]": 1, "W_K[1,2]": 0, "W_K[2,1]": 1, "W_K[2,2]": 0}, "W_K", "rows row 1 and row 2 are equal"),
        ({"W_Q": 0}, "weights", "attention of the is flat"),
        ({"X": [[0, 3, 2, 1], [0, 3, 2, 1], [3, 1, 0, 0]]}, "X", "rows the and cat are equal"),
        ({"X": [[9, 9, 9, 90], [0, 9, 90, 1], [90, 1, 0, 0]]}, "weights", "attention is all on one word in every row"),
    ],
)
def test_each_fault_is_found(change: dict[str, object], table: str, what: str) -> None:
    found = faults(build(Recipe("attention", set=change)))
    assert found[table] == what or (table == "weights" and "attention" in found[table])


def test_what_is_found_names_each_table_once() -> None:
    assert not faults(build(Recipe("attention")))
    plain = build(Recipe("attention"))
    flat = build(replace(Recipe("attention"), set={"W_K": np.ones((4, 2)).tolist()}))
    assert set(faults(flat)) <= set(plain.tables)
    assert "W_K" in faults(flat)
