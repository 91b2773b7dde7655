"""Write a lesson as one HTML file: the data, the rules, the script and the style, and nothing from elsewhere."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.resources import files as resources
from pathlib import Path
from string import Template
from typing import Any

from byhand.core.graph import Array, Node
from byhand.errors import ByhandError
from byhand.escaping import escaped
from byhand.files import check_place, save
from byhand.lessons.command import command
from byhand.lessons.lesson import Lesson
from byhand.page.lesson_data import LessonData, book_data, lesson_data
from byhand.page.longer import longer_lessons
from byhand.page.parts import part_of
from byhand.page.start import NOTHING
from byhand.page.tables import PageTables, Shared
from byhand.page.texts import texts
from byhand.translations import language
from byhand.workbook.book import Book

CORE = ("markup", "numbers", "lesson", "grid", "view", "formula", "panel", "page")
"""The files of the script that every page has, before those that it may need; `events` and `handle` come last."""
CALLED = "sum,max,argmax,pick,choose,max2,test"
"""The functions that rules call."""
MOST_CELLS = 300_000
"""The most cells of a page: a browser needs seconds to read more."""
ROOM = 860_000
"""The bytes that the data of a page may have when lessons of more words are added; script and style have the rest."""


@dataclass(frozen=True)
class PageFile:
    """A page before it is written: what JSON holds, the functions of the rules, and markup: the map, an exercise."""

    data: dict[str, Any]
    rules: str
    drawing: str
    exercise: str = ""


def check_name(path: Path, force: bool) -> None:
    """Raise ByhandError unless a page may be written to the path. force: it may replace a file."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise ByhandError(f"A page's name ends in .html: write {path.with_suffix('.html')} instead of {path}.")
    check_place(path, force)


def write_page(lesson: Lesson, path: Path, part: str | None = None) -> int:
    """Write a lesson, or a part of it, as a page, and return the number of its bytes.

    Raises ByhandError if it is too large, or there is no such part.
    """
    return save_page(page_html(lesson, part), path)


def save_page(html: str, path: Path) -> int:
    """Write a page to its file, and return the number of its bytes."""
    data = html.encode()
    save(path, data)
    return len(data)


def in_frame(html: str, title: str) -> str:
    """Return a page as a frame for a notebook, in which its script runs and reaches nothing outside."""
    style = "width: 100%; height: 42rem; border: 1px solid rgba(128, 128, 128, 0.4); border-radius: 6px"
    return (
        f'<iframe srcdoc="{escaped(html)}" title="{escaped(title)}" sandbox="allow-scripts" style="{style}"></iframe>'
    )


def page_html(lesson: Lesson, part: str | None = None) -> str:
    """Return the page of a lesson, or of a part of it, as HTML."""
    if part is not None:
        lesson = part_of(lesson, part)
    check_size(lesson)
    shared = Shared()
    first = lesson_data(lesson, shared)
    lessons = [first]
    for more, slots in longer_lessons(lesson) if part is None else ():
        wider = deepcopy(shared)
        made = lesson_data(more, wider, first, slots)
        if len(as_json(wider.data())) + sum(map(_size, [*lessons, made])) > ROOM:
            break
        shared = wider
        lessons.append(made)
    return html(page_file(lessons, shared))


def page_of_book(
    book: Book,
    values: Mapping[Node, Array],
    exercise: dict[str, Any],
    card: str,
    given: Collection[Node],
    ideas: Sequence[list[str]] | None,
) -> str:
    """Return a page of a book to fill in. values: the numbers that are given. exercise, card: see practice_page.py.

    given: computed tables that are shown. ideas: of each misconception the rules that it changes, see
    `PageTables.changed_rules`; None if the page may compute nothing.
    """
    shared = Shared()
    tables = PageTables(book.nodes, values, shared, book.turned, given, with_rules=ideas is not None)
    made = book_data(book, tables, NOTHING)
    page = page_file([made], shared, ideas or ())
    page.data["exercise"] = exercise
    return html(replace(page, exercise=card))


def _size(made: LessonData) -> int:
    return len(as_json(made.data)) + sum(map(len, made.rules)) + sum(map(len, made.forms))


def check_size(lesson: Lesson) -> None:
    """Raise ByhandError for a lesson of too many cells."""
    cells = sum(int(n.shape[0]) * int(n.shape[1]) for n in lesson.tables.values())
    if cells > MOST_CELLS:
        raise ByhandError(
            f"This page would have {cells:,} cells, more than a browser bears ({MOST_CELLS:,}): take one layer or one "
            f"head with --part, such as --part {_example(lesson)}, or `{command(lesson.recipe)}`."
        )


def _example(lesson: Lesson) -> str:
    """Return the part with the longest path, such as layer1.head1."""
    places = [name.rpartition(".")[0] for name, node in lesson.tables.items() if node.data is None]
    return max(places, key=lambda place: ("head" in place, -place.count("."), -len(place)), default="") or "layer1"


def page_file(lessons: list[LessonData], shared: Shared, ideas: Sequence[list[str]] = ()) -> PageFile:
    """Return a page of lessons: the first is shown, each further one has one more word. ideas: rules in their place."""
    first, *longer = lessons
    data = first.data | shared.data() | {"longer": [made.data for made in longer], "texts": texts()}
    rules = _functions("byhandRules", [made.rules for made in lessons], CALLED)
    forms = _functions("byhandForms", [made.forms for made in lessons], f"{CALLED},f,c,n")
    wrong = _functions("byhandIdeas", ideas, CALLED) if ideas else ""
    return PageFile(data, rules + forms + wrong, first.drawing)


def _functions(name: str, lists: Iterable[list[str]], called: str) -> str:
    """Return, for each lesson, the function that makes the functions of its tables from those that they call."""
    made = ",\n".join(f"(t,{{{called}}})=>[\n" + ",\n".join(functions) + "]" for functions in lists)
    return f"const {name}=[{made}];\n"


def scripts(page: PageFile) -> list[str]:
    """Return the names of the files of the script that a page needs."""
    data = page.data
    is_exercise = "exercise" in data
    has_attention = any(table.get("look") == "attention" for table in data["tables"])
    needed = {
        "erf": "erf(" in page.rules,
        "practice": is_exercise,
        "explanations": is_exercise and bool(data["exercise"]["checked"]),
        "verdicts": is_exercise and bool(data["exercise"]["checked"]),
        "start": any(data["start"].values()),
        "write": bool(data["longer"]),
        "arcs": has_attention,
        "play": not is_exercise,
    }
    return [*CORE, *(name for name, is_needed in needed.items() if is_needed), "events", "handle"]


def html(page: PageFile) -> str:
    """Return the whole file. Texts are JSON without a `<`, which no script and no markup can end."""
    names = scripts(page)
    script = "".join(f"{own_file(f'{name}.js')}\n" for name in names)
    script = f'(() => {{\n"use strict";\n{page.rules}{script}}})();\n'
    style = own_file("style.css")
    policy = (
        f"default-src 'none'; script-src 'sha256-{_digest(script)}'; style-src 'sha256-{_digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    words = page.data["texts"] | {name: page.data[name] for name in ("title", "subtitle", "command")}
    shown = {"exercise_only": "practice", "lesson_only": "play", "start_only": "start"}
    markup = {name: escaped(text) for name, text in words.items()} | {
        "drawing": page.drawing,
        "exercise": page.exercise,
    }
    markup |= {name: "" if file in names else "hidden" for name, file in shown.items()}
    shell = Template(own_file("shell.html")).substitute(markup)
    return (
        f'<!DOCTYPE html>\n<html lang="{language()}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escaped(page.data['title'])}</title>\n<style>{style}</style>\n</head>\n<body>\n{shell}"
        f'<script type="application/json" id="lesson">{as_json(page.data)}</script>\n'
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


def as_json(value: Any) -> str:
    """Return JSON for a script element: in ASCII, without a sign that begins or ends markup."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


@cache
def own_file(name: str) -> str:
    """Return the text of one of the page's own files."""
    return (resources("byhand.page") / name).read_text("utf-8")
