"""What a page holds of one lesson: its parts with their tables, the rules, the map and the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from byhand.code.statements import Statements
from byhand.core.captions import equation, opened, title
from byhand.lessons.command import command
from byhand.lessons.lesson import Lesson, describe
from byhand.page.longer import Slot
from byhand.page.model_map import model_map
from byhand.page.plane import Place, bounds, first_below
from byhand.page.start import start
from byhand.page.tables import PageTables, Shared
from byhand.translations import _
from byhand.workbook.about import About
from byhand.workbook.book import Book, title_of
from byhand.workbook.page import HEADER, Block, Page


@dataclass(frozen=True)
class LessonData:
    """A lesson for a page. rules, forms: the function of each table's cells, and that of their formulas.

    drawing: the map, as markup.
    """

    data: dict[str, Any]
    rules: list[str]
    forms: list[str]
    drawing: str


def lesson_data(
    lesson: Lesson, shared: Shared, first: LessonData | None = None, slots: Sequence[Slot] = ()
) -> LessonData:
    """Return what a page holds of a lesson. What its tables have as those of the first one have it is not stored again.

    slots: of each word that the lesson has more than the first one.
    """
    heading, subtitle = describe(lesson)
    turned = lesson.recipe.orientation == "columns"
    about = About(heading, subtitle, command(lesson.recipe, "page"), code=Statements(lesson).of)
    book = Book(lesson.graph, about, turned)
    tables = PageTables(book.nodes, book.values, shared, turned)
    made = book_data(book, tables, start(book, tables, slots))
    if first:
        made.data["tables"] = _differences(made.data["tables"], first.data["tables"])
    return made


def _differences(tables: list[dict[str, Any]], first: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return of each table what differs from the first lesson's table of its name, whose number is `like`."""
    known = {table["name"]: n for n, table in enumerate(first) if table["name"]}
    found = []
    for table in tables:
        n = known.get(table["name"])
        if n is None or first[n].keys() - table.keys():
            found.append(table)
        else:
            found.append({"like": n} | {key: of for key, of in table.items() if first[n].get(key) != of})
    return found


def book_data(book: Book, tables: PageTables, start: dict[str, Any]) -> LessonData:
    """Return what a page holds of a book. start: see byhand.page.start."""
    parts = [_part(book, tables, page) for page in book.pages]
    if book.constants:
        parts.append(_constants(book, tables))
    data: dict[str, Any] = {
        "title": book.about.title,
        "subtitle": book.about.subtitle,
        "command": book.about.command,
        "turned": book.turned,
        "parts": parts,
        "start": start,
    }
    records = tables.records()
    for node, record in zip(tables.nodes, records, strict=True):
        if node.name and (line := book.about.code(node)):
            record["code"] = line
    return LessonData(data | {"tables": records}, tables.rules(), tables.forms(), model_map(book))


def _part(book: Book, tables: PageTables, page: Page) -> dict[str, Any]:
    headings = [[opened(title(h.scope)), h.scope.source, h.row, h.column] for h in page.headings]
    blocks = [_block(tables, block, book.turned) for block in page.blocks]
    return _arranged(title_of(page.scope), equation(page.scope, book.turned), page.scope.source, blocks, headings)


def _constants(book: Book, tables: PageTables) -> dict[str, Any]:
    """Return the part of the numbers that the whole model shares, side by side."""
    blocks = []
    for n, block in enumerate(book.constants):
        made, place = _block(tables, block, book.turned)
        rule = block.node.meaning[:40]
        place.row, place.column, place.text = HEADER, 1 + 5 * n, rule
        made[4:7] = [block.caption.name, "", rule]
        blocks.append((made, place))
    return _arranged(_("Constants"), "", "", blocks, [])


def _arranged(
    heading: str, rule: str, source: str, blocks: list[tuple[list[Any], Place]], headings: list[list[Any]]
) -> dict[str, Any]:
    """Return a part with its tables in their places. See the constructors of Part and Block in the page's script."""
    places = [place for _block, place in blocks]
    for block, place in blocks:
        block[1:3] = place.row, place.column
    return {
        "title": heading,
        "about": "  ·  ".join(filter(None, (rule, source))),
        "box": bounds(places, headings),
        "blocks": [block for block, _place in blocks],
        "headings": [[*each, first_below(each, places)] for each in headings],
    }


def _block(tables: PageTables, block: Block, turned: bool) -> tuple[list[Any], Place]:
    caption = block.caption
    rows, columns = block.node.shape[::-1] if turned else block.node.shape
    longest = max(caption.rule, "" if block.strip else f"{caption.name} {caption.shape}", key=len)
    place = Place(block.row, block.column, int(rows), int(columns), longest, block.strip)
    data = [tables.number(block.node), place.row, place.column, int(block.home), caption.name, caption.shape]
    return [*data, caption.rule, int(block.strip), list(block.labels)], place
