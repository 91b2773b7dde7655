"""How an answer was read, in a few words."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from byhand.grading.answers.printing import about, decimal, printed
from byhand.grading.answers.reading import Reading
from byhand.grading.answers.tree import Apply, Infinite, Number, Tree, symbols

LONGEST = 200


def read_as(reading: Reading, value: Any, unit: str) -> str:
    """`0.88 (decimal comma)`, `e^2/(1 + e^2) = 0.8807970779`, `[[1, 2], [3, 4]]`."""
    text = _one(reading.entries[0], value) if reading.shape is None else _table(reading)
    text = f"{text} {unit}" if unit else text
    notes = [*reading.notes, *_percent(reading)]
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return f"{text} ({'; '.join(notes)})" if notes else text


def _one(tree: Tree, value: Any) -> str:
    text = printed(tree)
    if isinstance(tree, Number | Infinite) or symbols(tree) or value is None or isinstance(value, Infinite):
        return text
    if isinstance(tree, Apply) and tree.op == "neg" and isinstance(tree.args[0], Number):
        return text
    if isinstance(tree, Apply) and tree.op == "percent" and type(value) is Fraction:
        return decimal(value)
    worth = about(value)
    return text if worth == text else f"{text} = {worth}"


def _table(reading: Reading) -> str:
    rows = [f"[{', '.join(map(printed, row))}]" for row in reading.rows]
    return rows[0] if len(rows) == 1 else f"[{', '.join(rows)}]"


def _percent(reading: Reading) -> list[str]:
    single = reading.entries[0]
    whole = reading.shape is None and isinstance(single, Apply) and single.op == "percent"
    return [f"from {printed(single)}"] if whole else []
