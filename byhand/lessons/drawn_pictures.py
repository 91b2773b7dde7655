"""Small pictures that a person types: a line of characters for each row of pixels."""

from __future__ import annotations

import re

import numpy as np

from byhand.core.graph import Array
from byhand.errors import ByhandError, quoted

PIXELS = {".": 0.0, "#": 1.0} | {str(n): float(n) for n in range(10)}
"""The number that a character stands for."""
MOST_SIDE = 64
"""The most rows and columns of a drawn picture."""


def is_drawn(text: str) -> bool:
    """Return whether a text is a picture itself, not a file's name: rows of pixels with / or a line end between."""
    return bool(re.fullmatch(r"[.#0-9 \-\n/]+", text.strip())) and re.search(r"[\n/]", text.strip()) is not None


def rows_of(text: str) -> list[str]:
    """Return the rows of a picture that is drawn in one text."""
    return [row.strip() for row in re.split(r"[\n/]", text) if row.strip()]


def picture_of(text: str, channels: int = 1) -> Array:
    """Return a drawn picture's numbers. (channels, height, width)

    A row is characters, . for 0, # for 1 and digits for themselves, or numbers with blanks between. Of several
    channels, one stands below the other. ByhandError for rows that are no picture.
    """
    rows = [_numbers(row) for row in rows_of(text)]
    width = len(rows[0]) if rows else 0
    odd = next((n for n, row in enumerate(rows, 1) if len(row) != width), None)
    if odd is not None:
        raise ByhandError(
            f"Row {odd} of a picture has {len(rows[odd - 1])} pixels, but the first has {width}: give each as many."
        )
    if not rows or len(rows) % channels:
        raise ByhandError(f"A picture of {len(rows)} rows has no {channels} channels below each other: mend its rows.")
    if max(len(rows), width) > MOST_SIDE * channels:
        raise ByhandError(f"A drawn picture has at most {MOST_SIDE} rows and columns: give a file instead.")
    return np.array(rows).reshape(channels, len(rows) // channels, width)


def _numbers(row: str) -> list[float]:
    """Return the pixels of a row."""
    if " " in row.strip():
        try:
            numbers = [float(number) for number in row.split()]
        except ValueError:
            numbers = [np.inf]
        if not all(abs(number) <= 1e6 for number in numbers):
            raise ByhandError(f"{quoted(row)} is no row of a picture: write numbers with blanks between, or . and #.")
        return numbers
    wrong = next((c for c in row if c not in PIXELS), None)
    if wrong is not None:
        raise ByhandError(f"{quoted(row)} is no row of a picture: {quoted(wrong)} is none of . # and 0 to 9.")
    return [PIXELS[c] for c in row]
