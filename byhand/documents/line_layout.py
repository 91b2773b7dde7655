"""How the lines of a derivation are laid out on a page, by the room that they take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

from byhand.documents.document import Line, Steps
from byhand.notation import tree as m
from byhand.notation.names import in_print
from byhand.notation.tree import Maths

PAGE = 64
"""Signs of a formula that fit side by side across a printed page."""
BESIDE = 34
"""Signs that leave room for the reasons beside them."""
LEFT = 12
"""Signs of a first line that the next line is written beside, not below."""
SCRIPT = 0.7
"""The size of an exponent or subscript, of the letter that bears it."""


@dataclass(frozen=True)
class StepRow:
    """One line of the page: left = right, and the reason."""

    left: Maths | None
    relation: str
    right: Maths
    reason: str


@dataclass(frozen=True)
class Layout:
    """Rows no wider than the page where their sums can be broken; reasons stand beside them all, or below each."""

    rows: tuple[StepRow, ...]
    beside: bool


def laid_out(steps: Steps) -> Layout:
    """Return a derivation laid out for a page: a short first line becomes the left side of the second."""
    lines = [replace(line, maths=in_print(line.maths)) for line in steps.lines]
    first, *others = lines
    left = first.maths if _heads(first, others) else None
    heads, room = left is not None, PAGE - (width(left) if left else 0)
    pieces = [piece for line in (others if heads else lines) for piece in _broken(line, room)]
    rows = tuple(
        StepRow(left if n == 0 else None, line.relation, line.maths, line.reason) for n, line in enumerate(pieces)
    )
    widest = max(width(row.right) for row in rows)
    return Layout(rows, widest <= room - PAGE + BESIDE and any(row.reason for row in rows))


def _heads(first: Line, others: list[Line]) -> bool:
    """Return whether the first line fits at the left of the second: it is short, has no reason, and leaves room."""
    short = bool(others) and not first.relation and not first.reason and width(first.maths) <= LEFT
    sums = (line.maths.terms if isinstance(line.maths, m.Sum) else (line.maths,) for line in others)
    return short and all(width(first.maths) + width(term) <= PAGE for terms in sums for term in terms)


def width(maths: Maths) -> float:
    """Return about how wide a formula is, in signs; good enough to choose a layout."""
    match maths:
        case m.Number(text):
            return len(text) + 2 * text.startswith("-")
        case m.Words(text):
            return len(text) * 0.8
        case m.Name(letters, below):
            return len(letters) + SCRIPT * sum(map(width, below))
        case m.Quotient(top, bottom):
            return max(width(top), width(bottom)) + 0.5
        case m.Power(base, exponent):
            return width(base) + SCRIPT * width(exponent)
        case m.Over(sign, body, below, above):
            under = max((SCRIPT * width(limit) for limit in (below, above) if limit), default=0)
            return max(len(sign) + 1, under) + width(body)
        case m.Grid(rows) | m.Cases(rows):
            return sum(max(map(width, column)) + 2 for column in zip(*rows, strict=True)) + 2
    return _in_a_row(maths)


def _in_a_row(maths: Maths) -> float:
    parts = [width(part) for part in _inner(maths)]
    spaced = isinstance(maths, m.Sum | m.Chain) or (isinstance(maths, m.Product) and maths.sign)
    own = len(maths.name) + 1 if isinstance(maths, m.Call) else 0 if len(parts) > 1 else 1
    return own + sum(parts) + (2 if spaced else 0.2) * (len(parts) - 1)


def _inner(maths: Maths) -> Iterator[Maths]:
    for field in fields(maths):
        value = getattr(maths, field.name)
        yield from (part for part in (value if isinstance(value, tuple) else (value,)) if isinstance(part, Maths))


def _broken(line: Line, room: float) -> Iterator[Line]:
    """Yield a line whose sum is too wide as several, each after the first with the sign of its first term."""
    terms = list(line.maths.terms) if isinstance(line.maths, m.Sum) else [line.maths]
    relation = line.relation
    while terms:
        fits = max([1, *(n for n in range(2, len(terms) + 1) if width(m.Sum(tuple(terms[:n]))) <= room)])
        row, terms = terms[:fits], terms[fits:]
        shown = m.Sum(tuple(row)) if fits > 1 else row[0]
        yield replace(line, relation=relation, maths=shown, reason="" if terms else line.reason)
        relation = "+"
        if terms and isinstance(terms[0], m.Negative):
            relation, terms[0] = "−", terms[0].of
