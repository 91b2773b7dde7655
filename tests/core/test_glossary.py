"""The glossary has a sentence for every table that a ready-made book shows, and each sentence can be read by itself."""

from __future__ import annotations

import pytest
from support.lessons import GALLERY, lesson, sweep

from byhand.core.captions import symbol
from byhand.core.glossary import entry_of, meaning
from byhand.core.roles import Look, Role
from byhand.core.step_words import STEPS, step_meaning
from byhand.core.table_words import ENTRIES
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


def test_every_role_has_words() -> None:
    assert [role for role in Role if not role.words] == []


def test_a_sentence_is_one_plain_sentence() -> None:
    """With a capital and a full stop, short enough for a note, and not the symbol explained by itself."""
    for key, text in (ENTRIES | STEPS).items():
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
