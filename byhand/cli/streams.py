"""The standard streams, which a program that starts byhand may have closed."""

from __future__ import annotations

import sys

from byhand.cli.main import BadInput


def on_terminal() -> bool:
    """Return whether stderr is a terminal, on which somebody may watch the progress."""
    return sys.stderr is not None and sys.stderr.isatty()


def standard_input(most: int) -> bytes:
    """Return the bytes of the standard input, up to one more than so many. Raises BadInput where it is closed."""
    if sys.stdin is None:
        raise BadInput("The standard input is closed: name a file in place of -.")
    return sys.stdin.buffer.read(most + 1)
