"""What the sheets propose to try: carried out on the numbers, each has the effect that it promises."""

from __future__ import annotations

import numpy as np
import pytest
from support.lessons import GALLERY, lesson, sweep

from byhand.core.graph import Array, Node, fold
from byhand.workbook.about import About
from byhand.workbook.book import Book
from byhand.workbook.tries import Expected, Try, tries_of_model, tries_of_page


def changed(made: Try, given: dict[Node, Array] | None, values: dict[Node, Array]) -> dict[Node, Array]:
    """The tables that change, with their new numbers."""
    new = dict(given or {})
    for node, number in made.change:
        table = values[node].copy()
        if made.expected is Expected.ONE_COLUMN:
            table[0, 1] += number
        elif made.expected is Expected.NOTHING:
            table[0] += number
        elif made.expected is Expected.OFF:
            table[0, 0] = number
        else:
            table[:] = number
        new[node] = table
    return new


def fulfilled(made: Try, before: dict[Node, Array], after: dict[Node, Array]) -> bool:
    table = after[made.table]
    match made.expected:
        case Expected.EVEN:
            return all(np.ptp(row[row > 1e-12]) < 1e-12 for row in table)
        case Expected.SAME:
            return np.allclose(table, after[made.other], rtol=0, atol=1e-12)
        case Expected.ONE_COLUMN:
            moved = np.abs(table - before[made.table]).max(0) > 1e-12
            return not np.delete(moved, 1).any()
        case Expected.NOTHING:
            return np.allclose(table, before[made.table], rtol=0, atol=1e-12)
        case Expected.OFF:
            return bool((np.abs(table[:, 0]) < 1e-9).all())
        case Expected.OPEN:
            return np.allclose(table, 1)
    raise AssertionError(made.expected)


@pytest.mark.parametrize("name", sweep(GALLERY))
def test_what_is_proposed_has_the_effect_that_it_promises(name: str) -> None:
    made = lesson(name)
    book = Book(made.graph, About("", "", "", guide=True), made.recipe.orientation == "columns")
    tries = [*tries_of_model(book), *(item for page in book.pages for item in tries_of_page(book, page))]
    assert tries
    for item in tries:
        if item.expected is not Expected.ANYTHING:
            after = fold(made.graph.outputs, changed(item, made.graph.given, book.values))
            assert fulfilled(item, book.values, after), item.text


@pytest.mark.slow
def test_every_kind_of_effect_is_proposed_somewhere() -> None:
    kinds = set()
    for name in ("gpt2", "softmax", "lstm", "feed-forward", "gpt2-backward"):
        made = lesson(name)
        book = Book(made.graph, About("", "", "", guide=True))
        kinds |= {item.expected for page in book.pages for item in tries_of_page(book, page)}
    assert kinds == set(Expected)
