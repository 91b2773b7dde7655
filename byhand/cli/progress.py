"""How far long work has come, on stderr, where a person looks on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click


@contextmanager
def bar_of(count: int, label: str) -> Iterator[Callable[[int], object]]:
    """What is told of each step how far it goes, with a bar on stderr where a person looks on."""
    if not sys.stderr.isatty():
        yield lambda steps: None
        return
    with click.progressbar(length=count, label=label, file=sys.stderr) as bar:
        yield bar.update


def with_progress(things: list[Any]) -> Iterator[Any]:
    """The things one by one, with such a bar."""
    with bar_of(len(things), "Writing") as advance:
        for thing in things:
            yield thing
            advance(1)
