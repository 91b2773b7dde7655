"""The start of a page: the words to change, what the model expects, the losses, and the numbers that one may set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from byhand.core.graph import Node
from byhand.core.labels import Labels, Tokens
from byhand.core.roles import Role
from byhand.page.longer import Slot
from byhand.page.tables import PageTables
from byhand.workbook.book import Book
from byhand.workbook.home_page import output_words, prompt_heading

NOTHING: dict[str, Any] = {
    "prompts": [],
    "prediction": None,
    "written": [],
    "losses": [],
    "settings": [],
    "next": None,
    "slots": [],
}
"""The start of a page without one, such as an exercise's."""


def start(book: Book, tables: PageTables, slots: Sequence[Slot]) -> dict[str, Any]:
    """Return what the first screen shows, by the numbers of tables. slots: of each word written on the page."""
    return {
        "prompts": [_prompt(tables, tokens) for tokens in book.prompts],
        "prediction": _prediction(book, tables),
        "written": [[tables.number(node), row] for node, row in output_words(book)],
        "losses": [tables.number(n) for n in book.graph.training.losses] if book.graph.training else [],
        "settings": [[tables.number(n), n.name, n.meaning] for n in book.nodes if _may_be_set(n)],
        "next": tables.number(book.graph.written[-1]) if book.graph.written else None,
        "slots": [[[tables.number(node), row] for node, row in slot] for slot in slots],
    }


def _may_be_set(node: Node) -> bool:
    """Return whether a table is a single number that a reader may change, such as a temperature."""
    return node.data is not None and node.shape == (1, 1) and node.role in (Role.INPUT, Role.SETTING)


def _prompt(tables: PageTables, tokens: Tokens) -> dict[str, Any]:
    return {
        "heading": prompt_heading(tokens),
        "ids": tables.number(tokens.ids),
        "vocabulary": tables.shared.vocabulary(tokens.vocabulary),
        "optional": int(tokens.optional),
    }


def _prediction(book: Book, tables: PageTables) -> dict[str, Any] | None:
    node = book.graph.probabilities
    if node is None or not isinstance(node.shape[1].labels, Labels):
        return None
    at = int(node.shape[0]) - 1 if book.graph.look_at is None else book.graph.look_at
    return {"table": tables.number(node), "at": at, "vocabulary": tables.shared.vocabulary(node.shape[1].labels)}
