"""One model with its options, and two models side by side, in the terminal."""

from __future__ import annotations

import json
from typing import Any

from rich.table import Table

from byhand.cli.terminal import render, wrap
from byhand.core.roles import Role
from byhand.language.architecture import settings_of
from byhand.language.options import Option, effective_options, in_words, option_records
from byhand.lessons.build import build
from byhand.lessons.inputs import INPUTS
from byhand.lessons.lesson import Lesson, describe
from byhand.lessons.recipe import find, option
from byhand.models import MODELS


def row_of(lesson: Lesson) -> dict[str, Any]:
    """Return a model's entry in the JSON list."""
    architecture = lesson.architecture
    return {
        "name": architecture.name,
        "family": architecture.family,
        "source": architecture.source,
        "about": architecture.about,
        "weights": _weights(lesson),
        "tables": len(lesson.tables),
        "size": describe(lesson)[1].partition(" · ")[2],
    }


def _weights(lesson: Lesson) -> int:
    return sum(int(n.shape[0] * n.shape[1]) for n in lesson.tables.values() if n.role is Role.WEIGHT)


def show_model(model: str, as_json: bool) -> str:
    """Return the description of a model: its source, its inputs, and its options with their choices."""
    lesson = build(find(model))
    architecture, options = lesson.architecture, effective_options(lesson.options)
    takes = [option(given) for given, what in INPUTS.items() if what in architecture.takes]
    names = settings_of(architecture) if lesson.recipe.model in MODELS else ()
    settings, about = {name: getattr(lesson.options, name) for name in names}, option_records(lesson.options)
    if as_json:
        more = {"takes": takes, "sizes": architecture.sizes, "options": options, "settings": settings}
        return json.dumps(row_of(lesson) | more, default=str) + "\n"
    grid = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for column in range(3):
        grid.add_column(no_wrap=column < 2, overflow="fold")
    for name in settings or options:
        value = settings.get(name, options.get(name))
        grid.add_row(f"  {name}", *_setting(value, about[name], name in options, options.get(name)))
    title = wrap(f"{architecture.title} ({architecture.source}), {architecture.family}: ", architecture.about, 0)
    size = describe(lesson)[1].partition(" · ")[2]
    lines = [title, f"{size} · {_weights(lesson):,} weights" if size else f"{_weights(lesson):,} weights", ""]
    lines += [wrap("", lesson.weights), ""] if lesson.weights else []
    lines += [wrap("It takes ", f"{', '.join(takes)}."), ""] if takes else []
    heading = "Options of the checkpoint:"
    if settings:
        sizes = ["", *(f"--size {size}" for size in architecture.sizes if size != "small")]
        heading = f"Options, such as --size {_example(settings, about)}{' or '.join(sizes)}:"
    return "\n".join([*lines, heading, ""]) + render(grid, f"\nBuild it: byhand workbook {model}")


def _setting(value: Any, about: Option, matters: bool, in_full: Any) -> tuple[str, str]:
    """Return an option's value as it is typed, and its meaning or the other choices."""
    typed = str(value).casefold() if isinstance(value, bool) else str(value)
    if not matters:
        return typed, "(of no use with the other options)"
    if isinstance(value, str):
        return typed, f"or {', '.join(word for word in about.choices if word != value)}"
    if not value and not isinstance(value, bool):
        meant = in_words(in_full, about)
        return typed, f"({meant})" if meant != typed else ""
    return typed, ""


def _example(settings: dict[str, Any], about: dict[str, Option]) -> str:
    word = next((name for name in ("positions", "activation") if name in settings), None)
    if word:
        return f"{word}={next(other for other in about[word].choices if other != settings[word])}"
    name = next(name for name, value in settings.items() if type(value) is int)
    return f"{name}={settings[name] + 1}"


def show_comparison(names: tuple[str, str], as_json: bool) -> str:
    """Return two models side by side: the options that differ, and their costs."""
    from byhand.lessons.comparison import as_json as comparison_as_json
    from byhand.lessons.comparison import compare, comparison_rows

    comparison = compare(names)
    if as_json:
        return comparison_as_json(comparison)
    grid = Table(box=None, pad_edge=False)
    for column in ("", *names):
        grid.add_column(column, overflow="fold", justify="right" if column else "left")
    rows = comparison_rows(comparison)
    for row in rows:
        grid.add_row(*row)
    return render(
        grid, *(["\n–: it has no such thing, or makes no use of it"] if any("–" in row for row in rows) else [])
    )
