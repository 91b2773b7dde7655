"""Editing is live: what a workbook shows after a change is what the model computes with that change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.editing import edited
from support.examples import examples
from support.lessons import (
    BOOKS,
    FEWEST,
    MEDIUM,
    book_of,
    cells_of,
    drop_downs,
    lesson,
    numbers_of,
    path_of,
    place,
    sweep,
    texts_of,
    turned,
    undecided,
)
from support.selection import often

from byhand.core.graph import Array, Node
from byhand.core.labels import spelling
from byhand.lessons.build import build
from byhand.lessons.lesson import Lesson
from byhand.lessons.overrides import lookup_tables
from byhand.lessons.recipe import Recipe
from byhand.models.retrieval import knn_lm
from byhand.xlsx.cells import Cell, Value

Values = dict[Cell, Value]


def assert_shows(name: str, values: Values, recipe: Recipe) -> Lesson:
    """The edited workbook's tables are those of the changed recipe, which are not what they were."""
    changed = build(recipe)
    for table, numbers in changed.numbers().items():
        if pieces := spelling(changed.tables[table]):
            spelt = [[pieces.spell(number, changed.numbers()) for number in row] for row in numbers.tolist()]
            assert texts_of(book_of(name), table, values, turned(name)) == spelt, table
            continue
        shown = numbers_of(book_of(name), table, values, turned(name))
        np.testing.assert_allclose(shown, numbers, rtol=1e-9, atol=1e-9, err_msg=table)
    assert not np.allclose(last_of(changed), last_of(lesson(name)), rtol=0, atol=1e-6), "the change changes nothing"
    return changed


def cell(name: str, table: str, row: int, column: int) -> Cell:
    """Counted from 1, as the recipe counts."""
    return cells_of(book_of(name), table, turned(name))[row - 1][column - 1]


NUMBERS = {
    "gpt2 weight": ("gpt2", "layer1.head1.W_Q", 2.5),
    "gpt2 bias": ("gpt2", "layer1.head2.b_V", -1.5),
    "gpt2 gamma": ("gpt2", "layer1.norm2.gamma", 0.25),
    "gpt2 beta": ("gpt2", "final_norm.beta", 3.0),
    "gpt2 embedding, which is the output layer too": ("gpt2", "wte", -3.0),
    "gpt2 position": ("gpt2", "wpe", 1.75),
    "gpt2 mask": ("gpt2", "causal_mask", 1.0),
    "bert weight": ("bert", "layer1.W_1", -2.0),
    "bert bias": ("bert", "layer1.b_2", 0.5),
    "bert gamma": ("bert", "norm.gamma", -1.0),
    "bert mask": ("bert", "padding_mask", 0.0),
    "bert segment": ("bert", "segment_ids", 1.0),
    "transformer weight": ("transformer", "decoder.layer1.cross.head2.W_K", 4.0),
    "transformer bias": ("transformer", "encoder.layer1.b_2", 0.75),
    "transformer gamma": ("transformer", "decoder.layer1.norm3.gamma", 0.3),
    "transformer source mask": ("transformer", "encoder.source_mask", 0.0),
    "transformer causal mask": ("transformer", "decoder.causal_mask", 1.0),
    "attention weight": ("attention", "W_K", 0.5),
    "attention input": ("attention", "X", 7.0),
    "attention weight, tokens as columns": ("attention-columns", "W_V", -2.0),
    "multi-head mask, tokens as columns": ("multi-head-causal turned", "causal_mask", 1.0),
    "gpt2 weight, tokens as columns": ("gpt2 turned", "layer1.W_O", -4.0),
    "softmax temperature": ("softmax", "T", 0.5),
    "story's weight": ("gpt2-writes", "layer1.head1.W_Q", -5.0),
}
"""A given table, and a number that is typed into its first cell in which this makes a difference."""


EDITED_OFTEN = [name for name in NUMBERS if not name.endswith(("bias", "gamma", "embedding", "source mask", "weight"))]


@pytest.mark.slow
@pytest.mark.parametrize("edit", often(NUMBERS, EDITED_OFTEN))
def test_a_number_typed_into_a_cell_changes_what_follows_from_it(edit: str) -> None:
    name, table, value = NUMBERS[edit]
    row, column, recipe = first_that_matters(name, table, value)
    assert_shows(name, edited(path_of(name), {cell(name, table, row, column): value}), recipe)


def first_that_matters(name: str, table: str, value: float) -> tuple[int, int, Recipe]:
    for i, j in np.ndindex(*lesson(name).tables[table].shape):
        recipe = replace(BOOKS[name], set={f"{table}[{i + 1},{j + 1}]": value})
        changed = build(recipe)
        if not undecided(changed) and not np.allclose(last_of(changed), last_of(lesson(name)), rtol=0, atol=1e-3):
            return i + 1, j + 1, recipe
    raise AssertionError(f"no cell of {table} makes a difference")


def last_of(made: Lesson) -> Array:
    """The result: of pieces in letters, which may stay while all counts change, the numbers beside them."""
    return made.numbers()[next(output.name for output in made.graph.outputs if not spelling(output))]


def vocabularies(made: Lesson) -> list[tuple[str, ...]]:
    """The words of its ids, and of its target ids if it has some."""
    return [labels.words for labels in made.architecture.vocabularies(made.options)]


def with_words(name: str, *prompts: list[int]) -> tuple[Values, Recipe]:
    """The words typed on the home page, and the recipe with them; a stored text stays, which no recipe changes."""
    changes = {}
    spoken, takes = vocabularies(lesson(name)), lesson(name).architecture.takes
    inputs = ["ids"] + ["targets"] * BOOKS[name].backward + ["target_ids"] * ("target_ids" in takes)
    for (_, cells), ids, words, _ in zip(drop_downs(name), prompts, spoken[:1] + spoken[-1:], inputs, strict=False):
        changes |= {at: words[n] for at, n in zip(cells, ids, strict=True)}
    return changes, replace(BOOKS[name], prompt=None, **dict(zip(inputs, prompts, strict=False)))


WORDS: dict[str, list[list[int]]] = {
    "gpt2": [[2, 1, 4]],
    "bert": [[1, 5, 3, 2, 9, 0]],
    "transformer": [[7, 2, 4, 1], [0, 6, 3]],
    "embedding": [[7, 0, 0]],
    "gpt2 turned": [[0, 6, 6]],
    "transformer turned": [[1, 3, 4, 2], [0, 2, 1]],
    "gpt2-writes": [[5, 1, 4]],
    "gpt2-medium": [[0, 3, 7]],
}


@pytest.mark.parametrize("name", often(WORDS, ("bert", "embedding", "transformer turned")))
def test_a_word_chosen_on_the_home_page_changes_what_follows_from_it(name: str) -> None:
    changes, recipe = with_words(name, *WORDS[name])
    assert_shows(name, edited(path_of(name), changes), given_mask(name, recipe))


def given_mask(name: str, recipe: Recipe) -> Recipe:
    """The example of bert has a mask, which other ids would lose."""
    masks = [n for n in lesson(name).tables.values() if n.symbol == "padding_mask"]
    return replace(recipe, mask=[int(m) for m in masks[0].data[0]]) if masks else recipe


def test_rows_are_labelled_by_the_words_that_were_chosen() -> None:
    changes, _ = with_words("gpt2", [2, 1, 4])
    values = edited(path_of("gpt2"), changes)
    (vocabulary,) = vocabularies(lesson("gpt2"))
    for table in ("x", "layer1.head1.Q", "layer1.output", "logits"):
        labels = [(sheet, row, column - 1) for (sheet, row, column), *_ in cells_of(book_of("gpt2"), table)]
        assert [values[label] for label in labels] == [vocabulary[i] for i in (2, 1, 4)], table


# A story


def next_words(made: Lesson) -> list[str]:
    (vocabulary,) = vocabularies(made)
    return [vocabulary[int(n.item())] for table, n in made.numbers().items() if table.split(".")[-1] == "next"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gpt2-writes", "gpt2-writes turned"])
def test_a_story_goes_on_from_the_words_that_it_is_given(name: str) -> None:
    """Another first word: other words are written, and every later step reads them."""
    changes, recipe = with_words(name, [6, 1, 4])
    values = edited(path_of(name), changes)
    story = assert_shows(name, values, recipe)
    assert next_words(story) != next_words(lesson(name))
    assert len(next_words(story)) == 3
    assert written(name, values) == next_words(story)
    first, second, third = (
        numbers_of(book_of(name), f"{step}next", values).item() for step in ("", "step2.", "step3.")
    )
    ids = numbers_of(book_of(name), "step3.ids", values, turned(name)).ravel()
    assert ids.tolist() == [6, 1, 4, first, second]
    assert third == story.numbers()["step3.next"].item()


def written(name: str, values: Values) -> list[Any]:
    """The words on the home page, under 'and the model writes'."""
    stored = book_of(name).values
    ((row, column),) = [
        (r, c) for (s, r, c), text in stored.items() if s == "Contents" and text == "and the model writes"
    ]
    return [values[at] for at in (("Contents", row + 1, column + i) for i in range(20)) if at in values]


# The prediction on the home page


@pytest.mark.parametrize("position", [1, 2, 3])
def test_the_home_page_shows_the_position_that_is_asked_for(position: int) -> None:
    stored = book_of("gpt2").values
    (at,) = [cell for cell, text in stored.items() if cell[0] == "Contents" and text == "at position"]
    _, row, beside = at
    values = edited(path_of("gpt2"), {("Contents", row, beside + 1): float(position)})
    column = beside - 4  # of the words, at the left
    made = lesson("gpt2")
    (words,) = vocabularies(made)
    assert [values["Contents", row + 1 + i, column] for i in range(len(words))] == list(words)
    shown = [values["Contents", row + 1 + i, column + 1] for i in range(len(words))]
    np.testing.assert_allclose(shown, made.numbers()["probabilities"][position - 1], rtol=0, atol=1e-9)


# Everything at once


CHOOSING: dict[str, Callable[[np.random.Generator], float]] = {
    "choose.temperature": lambda draw: draw.uniform(0.5, 4),
    "choose.k": lambda draw: float(draw.integers(2, 8)),
    "choose.share": lambda draw: draw.uniform(0.5, 1),
    "choose.uniform": lambda draw: draw.random(),
}
"""What decides a draw, by the end of its table's name, and another value that it may have."""


def other_numbers(node: Node, draw: np.random.Generator, rows: int | None) -> Array:
    """Other numbers that a given table may hold; rows: those of the table whose row numbers it holds."""
    assert node.data is not None
    shape = node.data.shape
    choosing = ".".join(node.name.split(".")[-2:])
    if node.role == "mask" or node.name == "so_far":  # which words are counted for a position
        return np.maximum(draw.integers(0, 2, shape), np.eye(*shape)).astype(float)
    if choosing == "choose.place":  # each word has its own
        return draw.permutation(node.data)
    if choosing in CHOOSING:
        return np.full(shape, CHOOSING[choosing](draw)).round(3).astype(float)
    if node.symbol == "position":
        return draw.integers(0, 2, shape).astype(float)
    if rows is not None:
        return draw.integers(0, rows, shape).astype(float)
    if node.symbol == "T":
        return np.full(shape, 2.5)
    if node.role == "counts":
        return draw.integers(1, 20, shape).astype(float)
    return draw.normal(size=shape).round(3)


@cache
def given_tables(name: str) -> list[Node]:
    """The tables whose cells a reader may type into; for an optimizer's settings see test_training_live.py."""
    given = [n for n in lesson(name).tables.values() if n.data is not None]
    if lesson(name).architecture.family == "tokens":  # all but the counts is typed as words, see test_token_books.py
        return [n for n in given if n.role == "counts"]
    return [n for n in given if n.role not in ("tokens", "constant", "setting")]


ONLY_WORDS = {f"{name}-encode{turned}" for name in ("bpe", "wordpiece") for turned in ("", " turned")}
"""Books with no number to type; their words are typed in test_token_books.py."""


def some_words(draw: np.random.Generator, vocabulary: int, count: int) -> list[int]:
    """Others than in the example, and none twice where there are enough."""
    return draw.permutation(8)[:count].tolist() if vocabulary >= 8 else draw.integers(0, vocabulary, count).tolist()


@pytest.mark.parametrize("name", sweep([n for n in BOOKS if n not in {*MEDIUM, *ONLY_WORDS}], FEWEST))
def test_every_number_and_word_of_a_workbook_is_live(name: str) -> None:
    """All of them are changed at once: one that nothing followed would leave a table as it was."""
    draw = np.random.default_rng(7)
    given = [] if name.startswith("rasp") else given_tables(name)  # a program's places are no numbers to play with
    rows = {numbering: int(table.shape[0]) for numbering, table in lookup_tables(lesson(name))}
    numbers = {node.name: other_numbers(node, draw, rows.get(node)) for node in given if node.symbol != "entries"}
    prompts = [
        some_words(draw, len(place(words)[0]) * len(place(words)), len(cells)) for words, cells in drop_downs(name)
    ]
    changes, recipe = with_words(name, *prompts)
    for table, array in numbers.items():
        grid = cells_of(book_of(name), table, turned(name))
        changes |= {grid[i][j]: value for (i, j), value in np.ndenumerate(array)}
    changes = {at: float(v) if isinstance(v, np.floating) else v for at, v in changes.items()}
    recipe = replace(given_mask(name, recipe), set={table: array.tolist() for table, array in numbers.items()})
    assert_shows(name, edited(path_of(name), changes), recipe)


@pytest.mark.slow
def test_the_text_that_a_knn_lm_has_stored_is_live(monkeypatch: pytest.MonkeyPatch) -> None:
    text = [3, 7, 1, 1, 4, 2, 0]
    changes = {at: vocabularies(lesson("knn-lm"))[0][n] for at, n in zip(drop_downs("knn-lm")[1][1], text, strict=True)}
    values = edited(path_of("knn-lm"), changes)
    monkeypatch.setattr(knn_lm, "TEXT", text)
    assert_shows("knn-lm", values, BOOKS["knn-lm"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gpt2", "bert", "transformer", "attention"])
@given(data=st.data())
@examples(5)
def test_any_one_number_is_live(name: str, data: st.DataObject) -> None:
    node = data.draw(st.sampled_from(given_tables(name)))
    row, column = (data.draw(st.integers(1, size)) for size in node.shape)
    value = data.draw(st.integers(0, 1)) if node.role == "mask" or node.symbol in ("position", "segment_ids") else 1.5
    values = edited(path_of(name), {cell(name, node.name, row, column): float(value)})
    changed = build(replace(BOOKS[name], set={f"{node.name}[{row},{column}]": value}))
    assume(not undecided(changed))
    for table, numbers in changed.numbers().items():
        np.testing.assert_allclose(
            numbers_of(book_of(name), table, values), numbers, rtol=1e-9, atol=1e-9, err_msg=table
        )


# In each program


@pytest.mark.slow
def test_editing_is_live_in_every_program(engine: str) -> None:
    name, table = "gpt2-writes", "layer1.head1.W_V"
    changes, recipe = with_words(name, [2, 3, 4])
    changes[cell(name, table, 2, 1)] = -3.5
    recipe = replace(recipe, set={f"{table}[2,1]": -3.5})
    story = assert_shows(name, edited(path_of(name), changes, engine), recipe)
    assert next_words(story) != next_words(lesson(name))
