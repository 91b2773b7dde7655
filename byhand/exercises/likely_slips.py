"""The wrong numbers that slips lead to, each with what is said of it: what a page for practice knows in advance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from byhand.answers.slips import (
    Slip,
    as_percent,
    cut_off,
    miscalculated,
    neighbours,
    swapped_digits,
    written,
)
from byhand.core.graph import INFINITE, Array, Node

AS_TYPED = 1e-9
"""Room for a number that is met digit by digit."""

PEN, CUT, HUNDREDFOLD = "pen", "cut", "percent"
"""The kinds of slips, of which a table may have as many as it likes but for slips of the pen."""
Likely = list[tuple[str, str, float, list[float]]]
"""Sentences; the kind; how near an answer must be to one of the numbers."""


def likely_slips(node: Node, cell: tuple[int, int], places: int, margin: float, values: Mapping[Node, Array]) -> Likely:
    """Return the slips at one cell, likelier ones first, by the rules of `byhand.answers.slips`."""
    expected = float(values[node][cell])
    if not np.isfinite(expected) or abs(expected) > INFINITE:
        return []
    found: dict[tuple[str, str, float], list[float]] = {}

    def note(slip: Slip | None, number: float, room: float, kind: str = PEN) -> None:
        if slip and np.isfinite(number) and abs(number - expected) > margin:
            found.setdefault((slip.sentence, kind, room), []).append(number)

    percent = 100 * expected
    note(as_percent(percent, expected, places), percent, 0.5 * 10.0 ** -max(0, places - 2) + AS_TYPED, HUNDREDFOLD)
    note(as_percent(round(percent), expected, places), round(percent), AS_TYPED, HUNDREDFOLD)
    whole = float(np.trunc(expected * 10.0**places) / 10.0**places)
    note(cut_off(whole, expected, places), whole, AS_TYPED, CUT)
    for number, slip in miscalculated(node, cell, margin, values):
        note(slip, number, margin)
    for number in dict.fromkeys(_misspelt(expected, places)):
        note(written(number, expected, places), number, AS_TYPED)
    for number, slip in neighbours(values[node], cell):
        note(slip, number, margin)
    return [(*about, numbers) for about, numbers in found.items()]


def _misspelt(number: float, places: int) -> Iterator[float]:
    """Yield the numbers that are one stroke of the pen away: a digit more, fewer or another, or the point elsewhere."""
    sign, text = ("-" if number < 0 else ""), f"{abs(number):.{places}f}"
    yield from swapped_digits(number, places)
    for k in (1, -1, 2, -2):
        yield float(f"{sign}{text}e{k}")
        yield round(number * 10.0**k, places)
    for n in range(len(text) + 1):
        spellings = [text[:n] + digit + text[n:] for digit in "0123456789"]
        if n < len(text) and text[n] != ".":
            spellings += [text[:n] + digit + text[n + 1 :] for digit in ("", *"0123456789")]
        for spelling in spellings:
            if spelling.strip("."):
                yield float(sign + spelling)
    for unit in (10.0**-places, -(10.0**-places)):
        yield round(round(number, places) + unit, places)
