"""Progress bars on stderr, if it is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from byhand.cli.streams import on_terminal


@contextmanager
def bar_of(count: int, label: str) -> Iterator[Callable[[int], object]]:
    """Give a function to call with the number of further steps, which moves a bar on stderr if that is a terminal."""
    if not on_terminal():
        yield lambda steps: None
        return
    with click.progressbar(length=count, label=label, file=sys.stderr) as bar:
        yield bar.update


def with_progress(things: list[Any]) -> Iterator[Any]:
    """Yield the things one by one, with a progress bar."""
    with bar_of(len(things), "Writing") as advance:
        for thing in things:
            yield thing
            advance(1)
