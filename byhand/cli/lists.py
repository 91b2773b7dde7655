"""The lists of models and topics in the terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from importlib import import_module

from rich.table import Table

from byhand.cli.terminal import render, wrap
from byhand.lessons.recipe import ready_made
from byhand.models import INDEX, MODELS, Entry


def list_models(as_json: bool) -> str:
    """Return the families of models, a line each with the names of its first members."""
    if as_json:
        return _as_json(INDEX.values())
    families: dict[str, list[str]] = {}
    for entry in INDEX.values():
        families.setdefault(entry.family, []).append(entry.name)
    longest = max(map(len, families))
    lines = [_in_one_line(f"{family:{longest}}  ", names) for family, names in families.items()]
    lines.append("")
    recipes = ", ".join(name for name in ready_made() if name not in INDEX)
    lines += [
        wrap(
            "Weights: ",
            "a model in its usual size has learnt a text of a few lines; with --seed, in other sizes and in parts they "
            "are small numbers drawn at random, so a prediction means nothing; those of induction-head, circuits and "
            "rasp are set by hand; a checkpoint has its own.",
            2,
        ),
        "",
        wrap("Recipes that come with byhand: ", recipes, 2),
        "",
        'A family of them:     byhand models "decoder only"',
        "Those with a word:    byhand models sink",
        "One with its options: byhand models gpt2",
        "Two side by side:     byhand models --compare gpt2 llama",
        "A workbook of one:    byhand workbook gpt2 -o gpt2.xlsx",
    ]
    return "\n".join(lines) + "\n"


def _in_one_line(start: str, names: list[str]) -> str:
    """Return as many of the names as fit in the terminal's width, and how many more there are."""
    for count in range(len(names), 0, -1):
        more = f" and {len(names) - count} more" if count < len(names) else ""
        line = f"{start}{', '.join(names[:count])}{more}"
        if line == wrap("", line):
            return line
    return f"{start}{len(names)}"


def list_some(word: str, as_json: bool) -> str | None:
    """Return the models of a family, or those in whose description a word stands; None if there are none."""
    some = [e for e in INDEX.values() if _folded(e.family) == _folded(word)]
    some = some or [e for e in INDEX.values() if _folded(word) and _folded(word) in _folded(_description(e))]
    if not some:
        return None
    if as_json:
        return _as_json(some)
    lines: list[str] = []
    for family in dict.fromkeys(entry.family for entry in some):
        entries = [entry for entry in some if entry.family == family]
        longest = max(len(entry.name) for entry in entries)
        lines += [family, *(wrap(f"  {entry.name:{longest}}  ", entry.about) for entry in entries), ""]
    return "\n".join([*lines, f"One with its options: byhand models {some[0].name}"]) + "\n"


def _description(entry: Entry) -> str:
    """Return all that is said of a model in a line: names, source, and its page's first sentence."""
    architecture, page = MODELS[entry.name], import_module(f"byhand.models.{entry.page}")
    about = (page.__doc__ or "").partition("\n")[0]
    return f"{entry.name} {entry.family} {entry.about} {architecture.title} {architecture.source} {about}"


def _folded(text: str) -> str:
    """Return a text without what people spell in many ways: capitals, hyphens, blanks."""
    return re.sub(r"[-_\s]+", " ", text.casefold()).strip()


def _as_json(entries: Iterable[Entry]) -> str:
    from byhand.cli.show_models import row_of
    from byhand.lessons.build import build
    from byhand.lessons.recipe import Recipe

    return json.dumps({"models": [row_of(build(Recipe(entry.name))) for entry in entries]}) + "\n"


def list_topics(as_json: bool) -> str:
    """Return the list of all topics that can be derived, with their contents and sources."""
    from byhand.derivations.topics import TOPICS

    rows = [{"name": t.name, "about": t.summary, "source": t.source} for t in TOPICS.values()]
    if as_json:
        return json.dumps({"topics": rows}) + "\n"
    grid = Table(box=None, pad_edge=False)
    for column in ("name", "about", "source"):
        grid.add_column(column, no_wrap=column in ("family", "name"), overflow="fold")
    for row in rows:
        grid.add_row(*row.values())
    return render(grid, "\nDerive one: byhand derive softmax")
