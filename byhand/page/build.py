"""Write a lesson as one HTML file: the data, the rules, the script and the style, and nothing from elsewhere."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

from byhand.core.captions import equation, opened, title
from byhand.errors import ByhandError
from byhand.escaping import escaped
from byhand.files import check_place, save
from byhand.language.architecture import Graph
from byhand.lessons.command import command
from byhand.lessons.lesson import Lesson, describe
from byhand.page.formulas import Forms
from byhand.page.parts import part_of
from byhand.page.tables import PageTables
from byhand.translations import language
from byhand.workbook.book import About, Book, title_of
from byhand.workbook.page import Block, Page

SCRIPTS = ("numbers", "engine", "draw", "view", "main")
MOST_CELLS = 300_000
"""The most cells of a page: a browser needs seconds to read more."""


@dataclass(frozen=True)
class PageFile:
    """A page before it is written: what JSON holds, and the functions of the rules."""

    title: str
    data: dict[str, Any]
    rules: str


def check_name(path: Path, force: bool) -> None:
    """Raise ByhandError unless a page may be written to the path. force: it may replace a file."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise ByhandError(f"A page's name ends in .html: write {path.with_suffix('.html')} instead of {path}.")
    check_place(path, force)


def write_page(lesson: Lesson, path: Path, part: str | None = None) -> int:
    """Write a lesson, or a part of it, as a page, and return the number of its bytes.

    Raises ByhandError if it is too large, or there is no such part.
    """
    text = page_html(lesson, part).encode()
    save(path, text)
    return len(text)


def page_html(lesson: Lesson, part: str | None = None) -> str:
    """Return the page of a lesson, or of a part of it, as HTML."""
    if part is not None:
        lesson = part_of(lesson, part)
    turned = lesson.recipe.orientation == "columns"
    heading, subtitle = describe(lesson)
    check_size(lesson.graph, lesson)
    book = Book(lesson.graph, About(heading, subtitle, command(lesson.recipe, "page")), turned)
    return html(page_file(book))


def check_size(graph: Graph, lesson: Lesson) -> None:
    """Raise ByhandError for a lesson of too many cells."""
    cells = sum(int(n.shape[0]) * int(n.shape[1]) for n in lesson.tables.values())
    if cells > MOST_CELLS:
        raise ByhandError(
            f"This page would have {cells:,} cells, more than a browser bears ({MOST_CELLS:,}): "
            f"take one layer or one head with --part, or `{command(lesson.recipe)}`."
        )


def page_file(book: Book) -> PageFile:
    """Return the data and the rules of a book's page."""
    forms = Forms()
    tables = PageTables(book.nodes, book.values, book.infinite, forms)
    parts = [_part(book, tables, page) for page in book.pages]
    data = {
        "title": book.about.title,
        "subtitle": book.about.subtitle,
        "command": book.about.command,
        "turned": book.turned,
        "parts": parts,
        "tables": tables.records(),
        "symbols": tables.symbol_list(),
        "steps": tables.step_list(book.turned),
        "vocabularies": tables.vocabulary_list(),
    }
    rules = _functions("byhandRules", tables.rules()) + _functions("byhandForms", tables.forms())
    data["forms"] = [list(form) for form in forms.forms]
    return PageFile(book.about.title, data, rules)


def _functions(name: str, functions: Iterable[str]) -> str:
    """Return a list of one function that makes the functions of all tables from those that they call."""
    called = "{sum,max,argmax,pick,choose,max2,test,erf,f,c,n}"
    return f"const {name}=[(t,{called})=>[\n" + ",\n".join(functions) + "]];\n"


def _part(book: Book, tables: PageTables, page: Page) -> dict[str, Any]:
    return {
        "title": title_of(page.scope),
        "equation": equation(page.scope, book.turned),
        "source": page.scope.source,
        "blocks": [_block(tables, block) for block in page.blocks],
        "headings": [[opened(title(h.scope)), h.scope.source, h.row, h.column] for h in page.headings],
    }


def _block(tables: PageTables, block: Block) -> list[Any]:
    caption = block.caption
    return [
        tables.number(block.node),
        block.row,
        block.column,
        int(block.home),
        caption.name,
        caption.shape,
        caption.rule,
        int(block.strip),
        list(block.labels),
    ]


def html(page: PageFile) -> str:
    """Return the whole file. Texts are JSON without a `<`, which no script and no markup can end."""
    script = "".join(f"{own_file(f'{name}.js')}\n" for name in SCRIPTS)
    script = f'(() => {{\n"use strict";\n{page.rules}{script}}})();\n'
    style = own_file("style.css")
    policy = (
        f"default-src 'none'; script-src 'sha256-{_digest(script)}'; style-src 'sha256-{_digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{language()}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escaped(page.title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<main id="parts"></main>\n<script type="application/json" id="lesson">{_json(page.data)}</script>\n'
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


def _json(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


@cache
def own_file(name: str) -> str:
    """Return the text of one of the page's own files."""
    return (resources("byhand.page") / name).read_text("utf-8")
