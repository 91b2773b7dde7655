"""The lists of models and topics in the terminal."""

from __future__ import annotations

import json

from rich.table import Table

from byhand.cli.terminal import render, wrap
from byhand.lessons.recipe import ready_made
from byhand.models import INDEX, Entry


def list_models(as_json: bool) -> str:
    """Return the list of all models by family, with what each does."""
    if as_json:
        from byhand.cli.show_models import row_of
        from byhand.lessons.build import build
        from byhand.lessons.recipe import Recipe

        return json.dumps({"models": [row_of(build(Recipe(name))) for name in INDEX]}) + "\n"
    families: dict[str, list[Entry]] = {}
    for entry in INDEX.values():
        families.setdefault(entry.family, []).append(entry)
    lines: list[str] = []
    for family, entries in families.items():
        longest = max(len(entry.name) for entry in entries)
        lines += [family, *(wrap(f"  {entry.name:{longest}}  ", entry.about) for entry in entries), ""]
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
        "One with its options: byhand models gpt2",
        "Two side by side:     byhand models --compare gpt2 llama",
        "A workbook of one:    byhand workbook gpt2 -o gpt2.xlsx",
    ]
    return "\n".join(lines) + "\n"


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
