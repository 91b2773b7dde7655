"""What a page holds of one lesson: its parts with their tables, the rules, the map and the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from byhand.code.statements import Statements
from byhand.core.captions import equation, opened, title
from byhand.lessons.command import command
from byhand.lessons.lesson import Lesson, describe
from byhand.page.model_map import model_map
from byhand.page.start import start
from byhand.page.tables import PageTables, Shared
from byhand.translations import _
from byhand.workbook.about import About
from byhand.workbook.book import Book, title_of
from byhand.workbook.page import HEADER, Block, Page


@dataclass(frozen=True)
class LessonData:
    """A lesson for a page. rules, forms: the function of each table's cells, and that of their formulas.

    packed: the numbers of each given table by name, as they stand in the data.
    """

    data: dict[str, Any]
    rules: list[str]
    forms: list[str]
    packed: dict[str, tuple[int, Any]]


def lesson_data(lesson: Lesson, shared: Shared, first: LessonData | None = None) -> LessonData:
    """Return what a page holds of a lesson. Given tables that are those of the first one are not stored again."""
    heading, subtitle = describe(lesson)
    turned = lesson.recipe.orientation == "columns"
    about = About(heading, subtitle, command(lesson.recipe, "page"), code=Statements(lesson).of)
    book = Book(lesson.graph, about, turned)
    tables = PageTables(book.nodes, book.values, book.infinite, shared, turned)
    made = book_data(book, tables, start(book, tables))
    for record in made.data["tables"] if first else ():
        known = first.packed.get(record["name"]) if first else None
        if known and known[1] == record.get("data"):
            del record["data"]
            record["same"] = known[0]
    return made


def book_data(book: Book, tables: PageTables, start: dict[str, Any]) -> LessonData:
    """Return what a page holds of a book. start: see byhand.page.start."""
    parts = [_part(book, tables, page) for page in book.pages]
    if book.constants:
        parts.append(_constants(tables, book.constants))
    data: dict[str, Any] = {
        "title": book.about.title,
        "subtitle": book.about.subtitle,
        "command": book.about.command,
        "turned": book.turned,
        "parts": parts,
        "map": model_map(book),
        "start": start,
    }
    records = tables.records()
    for node, record in zip(tables.nodes, records, strict=True):
        if node.name and (line := book.about.code(node)):
            record["code"] = line
    packed = {r["name"]: (n, r["data"]) for n, r in enumerate(records) if r["name"] and "data" in r}
    return LessonData(data | {"tables": records}, tables.rules(), tables.forms(), packed)


def _part(book: Book, tables: PageTables, page: Page) -> dict[str, Any]:
    return {
        "title": title_of(page.scope),
        "equation": equation(page.scope, book.turned),
        "source": page.scope.source,
        "blocks": [_block(tables, block, block.row, block.column) for block in page.blocks],
        "headings": [[opened(title(h.scope)), h.scope.source, h.row, h.column] for h in page.headings],
    }


def _constants(tables: PageTables, constants: list[Block]) -> dict[str, Any]:
    """Return the part of the numbers that the whole model shares, side by side."""
    blocks = []
    for n, block in enumerate(constants):
        made = _block(tables, block, HEADER, 1 + 5 * n)
        made[4:7] = [block.caption.name, "", block.node.meaning[:40]]
        blocks.append(made)
    return {"title": _("Constants"), "equation": "", "source": "", "blocks": blocks, "headings": []}


def _block(tables: PageTables, block: Block, row: int, column: int) -> list[Any]:
    caption = block.caption
    return [
        tables.number(block.node),
        row,
        column,
        int(block.home),
        caption.name,
        caption.shape,
        caption.rule,
        int(block.strip),
        list(block.labels),
    ]
