"""Completion in the shell: the names of models, recipes, topics and exercises, and paths of files."""

from __future__ import annotations

import os

import click
from click.shell_completion import CompletionItem


def complete_model(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the names of models and recipes, or paths of recipes and checkpoints, that begin like this."""
    from byhand.lessons.recipe import ready_made
    from byhand.models import INDEX

    about = dict.fromkeys(ready_made(), "a ready-made recipe") | {e.name: e.about for e in INDEX.values()}
    return _names(about, incomplete)


def complete_topic(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the topics whose names begin like this."""
    from byhand.derivations.topics import TOPICS

    return [CompletionItem(t.name, help=t.summary) for t in TOPICS.values() if t.name.startswith(incomplete)]


def complete_exercise(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the ready-made exercises, or paths of recipes, that begin like this."""
    from byhand.exercises.recipe import ready_made

    return _names(dict.fromkeys(ready_made(), "a ready-made exercise"), incomplete)


def _names(about: dict[str, str], incomplete: str) -> list[CompletionItem]:
    """Return the names that begin like this; for a path, the files and folders that do."""
    if os.sep in incomplete or incomplete.startswith("."):
        return [CompletionItem(incomplete, type="file")]
    return [CompletionItem(name, help=what) for name, what in about.items() if name.startswith(incomplete.casefold())]
