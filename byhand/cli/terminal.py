"""Text and tables of the terminal's width."""

from __future__ import annotations

import io
import textwrap
from typing import Any

from rich.console import Console

NARROWEST = 60


def render(*things: Any, width: int | None = None) -> str:
    """Return Rich's tables and texts as plain text of the terminal's width."""
    width = width or max(Console().width, NARROWEST)
    console = Console(file=io.StringIO(), width=width, color_system=None, markup=False, highlight=False)
    for thing in things:
        console.print(thing)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]  # the StringIO from above
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def wrap(start: str, text: str, indent: int | None = None) -> str:
    """Return the text after `start`, wrapped to the terminal's width. indent: of further lines."""
    further = " " * (len(start) if indent is None else indent)
    width = max(Console().width, NARROWEST)
    return textwrap.fill(start + text, width, subsequent_indent=further, break_on_hyphens=False, break_long_words=False)
