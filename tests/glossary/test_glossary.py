"""The glossary has a sentence for every table that a ready-made book shows, and each sentence can be read by itself."""

from __future__ import annotations

import pytest
from support.lessons import GALLERY, lesson, sweep

from byhand.core.captions import symbol
from byhand.core.roles import Look, Role
from byhand.glossary import STEPS, SUBJECTS, TABLES, entry_of, meaning, step_meaning
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.workbook.about import About
from byhand.workbook.book import Book
from byhand.workbook.steps import steps


@pytest.mark.parametrize("name", sweep(GALLERY))
def test_every_table_of_a_book_has_an_entry(name: str) -> None:
    missing = {
        (node.symbol, str(node.role)): path
        for path, node in lesson(name).tables.items()
        if node.role.traits.look is not Look.GRADIENT and node.role is not Role.UPDATED and not entry_of(node)
    }
    assert missing == {}


@pytest.mark.parametrize("name", sweep(GALLERY))
def test_every_step_of_a_book_has_an_entry(name: str) -> None:
    made = lesson(name)
    book = Book(made.graph, About("", "", ""))
    assert [step.scope.title for step in steps(book) if not step_meaning(step.scope)] == []


def test_no_entry_is_in_two_subjects() -> None:
    assert sum(len(subject.TABLES) for subject in SUBJECTS) == len(TABLES)
    assert sum(len(subject.STEPS) for subject in SUBJECTS) == len(STEPS)


def test_every_role_has_words() -> None:
    assert [role for role in Role if not role.words] == []


def test_a_sentence_is_one_plain_sentence() -> None:
    """With a capital and a full stop, short enough for a note, and not the symbol explained by itself."""
    for key, text in (TABLES | STEPS).items():
        assert text[0].isupper() or text[0].isdigit() or text.startswith("e to"), key
        assert text.endswith("."), key
        assert len(text) <= 120, key
        assert text.count(". ") == 0, key
        assert text.rstrip(".").casefold() not in (key.casefold(), f"the {key}".casefold()), key


def test_gradients_are_explained_by_the_table_that_they_are_about() -> None:
    tables = lesson("gpt2-backward").tables
    node = tables["grad.layer1.head1.W_Q"]
    assert meaning(node, symbol(node)) == (
        "How much the loss grows when a number of W_Q grows by a little; learning goes the other way."
    )
    new = tables["updated.layer1.head1.W_Q"]
    assert meaning(new, symbol(new)).startswith("W_Q after a step of learning")


WRONG_ELSEWHERE = {
    "lora": {"A": "state", "count": "pair", "share": "probability"},
    "dropout": {"mask": "seen"},
    "fact": {"match": "decoder", "edited.k": "drawn", "before.written": "head"},
    "quantisation": {"int8.q": "teacher", "int8.restored": "answer", "mxfp4.step": "number of the step"},
    "speculative-decoding": {"q": "teacher", "u": "state branch", "count": "pair"},
    "paged-cache": {"counts": "letter", "used": "letter", "text1.inside": "continues"},
    "delta-net": {"layer1.mixed": "expert"},
    "dpo": {"beta": "norm"},
}
"""Tables whose symbols mean something else in other models, with a word of what they mean there."""


@pytest.mark.parametrize("name", WRONG_ELSEWHERE)
def test_a_symbol_with_two_meanings_has_the_one_of_its_place(name: str) -> None:
    tables = lesson(name).tables
    said = {table: meaning(tables[table], symbol(tables[table])) for table in WRONG_ELSEWHERE[name]}
    assert {table: text for table, text in said.items() if WRONG_ELSEWHERE[name][table] in text} == {}


def test_adapters_of_any_model_are_explained_as_adapters() -> None:
    tables = build(Recipe("gpt2", lora=1)).tables
    for name in ("layer1.head1.lora.A_Q", "layer1.lora.A_1"):
        assert "small tables" in meaning(tables[name], symbol(tables[name]))


@pytest.mark.slow
def test_every_entry_about_a_place_is_used() -> None:
    """A title that changes would leave its entries without a table."""
    lessons = [*map(lesson, GALLERY), build(Recipe("gpt2", lora=1))]
    used = {entry_of(node) for made in lessons for node in made.tables.values()}
    assert {key for key in TABLES if " in " in key} <= used
