"""A formula on paper, as a tree: captions, derivations and worked steps are all printed from it."""

from __future__ import annotations

from dataclasses import Field, dataclass
from typing import Any, ClassVar


class Maths:
    """A piece of mathematics, to be printed as plain text, LaTeX, MathML or Typst. Printers decide the brackets."""

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]  # each piece is a dataclass


@dataclass(frozen=True)
class Number(Maths):
    """Digits as they are to be shown: 2.5, -1."""

    digits: str


@dataclass(frozen=True)
class Name(Maths):
    """A letter or word, perhaps with subscripts: Q, W_Q, x₂₁. `bold` is for whole tables."""

    letters: str
    below: tuple[Maths, ...] = ()
    bold: bool = False


@dataclass(frozen=True)
class Words(Maths):
    """Upright words inside a formula: "if", "for every row"."""

    text: str


@dataclass(frozen=True)
class Sum(Maths):
    """Terms added up; a term that is a Negative is subtracted."""

    terms: tuple[Maths, ...]


@dataclass(frozen=True)
class Negative(Maths):
    of: Maths


@dataclass(frozen=True)
class Product(Maths):
    """Factors; `sign` stands between them: × for numbers, · for tables, nothing where letters stand side by side."""

    factors: tuple[Maths, ...]
    sign: str = ""


@dataclass(frozen=True)
class Quotient(Maths):
    top: Maths
    bottom: Maths


@dataclass(frozen=True)
class Power(Maths):
    base: Maths
    exponent: Maths


@dataclass(frozen=True)
class Root(Maths):
    of: Maths


@dataclass(frozen=True)
class Call(Maths):
    """A function of arguments: tanh(x), max(x, 0)."""

    name: str
    arguments: tuple[Maths, ...]


@dataclass(frozen=True)
class Transposed(Maths):
    of: Maths


@dataclass(frozen=True)
class Part(Maths):
    """Some of a table: x[3], x[1…2], x[·, 3], E[word]."""

    of: Maths
    places: tuple[Maths, ...]


@dataclass(frozen=True)
class Over(Maths):
    """A large sign with what runs below (and above) it: Σ over j of e^x_j. `sign` is Σ, Π, max, lim ..."""

    sign: str
    body: Maths
    below: Maths | None = None
    above: Maths | None = None


@dataclass(frozen=True)
class Grid(Maths):
    """A matrix in square brackets, row by row."""

    rows: tuple[tuple[Maths, ...], ...]


@dataclass(frozen=True)
class Cases(Maths):
    """A large brace: each value with its condition."""

    cases: tuple[tuple[Maths, Maths], ...]


@dataclass(frozen=True)
class Chain(Maths):
    """Sides with the relations between them (=, ≈, ≤, →): one more side than signs."""

    sides: tuple[Maths, ...]
    signs: tuple[str, ...]


ALL = Name("·")
"""All rows, where some of the columns are meant."""


def span_of(start: int, stop: int) -> Maths:
    """Return the places from `start` to before `stop`, counted from 1: 2…4."""
    return Number(str(start + 1)) if stop == start + 1 else Name(f"{start + 1}…{stop}")


def part(of: Maths, *places: Maths) -> Maths:
    """Return some rows and columns of a table, or of a part of one: x[1, 1…2]."""
    if isinstance(of, Part) and len(of.places) == 1 and places[0] == ALL:
        return Part(of.of, (of.places[0], *places[1:]))
    if isinstance(of, Part) and of.places[0] == ALL and len(places) == 1:
        return Part(of.of, (places[0], *of.places[1:]))
    return Part(of, places)


def few(parts: tuple[Maths, ...]) -> tuple[Maths, ...]:
    """Return the parts; of many only the first two and the last."""
    return (*parts[:2], Name("…"), parts[-1]) if len(parts) > 4 else parts


def whether(condition: Maths) -> Maths:
    """Return 1 where the condition holds, else 0."""
    return Cases(((Number("1"), condition), (Number("0"), Words("otherwise"))))
