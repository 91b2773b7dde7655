"""A document before it has a format: headings, text, formulas, steps and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from byhand.notation.tree import Maths, Name, Negative, Number, Power, Root, Sum


class Plain(str):
    """Words that are written as they stand: no formulas are looked for among them."""

    __slots__ = ()


Piece = str | Maths
"""Words, or a formula among them."""


@dataclass(frozen=True)
class Heading:
    """A heading below the document's title: `level` 1 for a section, 2 for a part of one, up to 4."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    """Sentences with formulas among them; the spaces between are in the words. A quiet one is a remark, set small."""

    parts: tuple[Piece, ...]
    quiet: bool = False


@dataclass(frozen=True)
class Formula:
    """A formula on its own line."""

    maths: Maths


@dataclass(frozen=True)
class Line:
    """A line of a derivation: its relation (=, ≈, ≤) to the line before, the formula, and the reason."""

    relation: str
    maths: Maths
    reason: str = ""


@dataclass(frozen=True)
class Steps:
    """The lines of a derivation; the first one's relation is empty.

    link: the address of the number that they work out, on a page that stands beside; only HTML follows it.
    """

    lines: tuple[Line, ...]
    link: str = ""


@dataclass(frozen=True)
class Table:
    """Cells, row by row, with a label before each row and above each column; no labels on a side means none there.

    `role` is the workbook's (input, weight, computed, shown, attention, result, gradient, updated): its colour.
    """

    caption: Piece
    rows: tuple[Piece, ...]
    columns: tuple[Piece, ...]
    cells: tuple[tuple[Piece, ...], ...]
    role: str = ""


@dataclass(frozen=True)
class Code:
    """A command or other text that is printed as it stands."""

    text: str


@dataclass(frozen=True)
class Lines:
    """Short lines that stand together, such as the rules of a few tables; no formulas are looked for in them.

    small: there are many of them, for reference: on pages they are set in small letters, in two columns.
    """

    lines: tuple[str, ...]
    small: bool = False


@dataclass(frozen=True)
class Room:
    """An empty frame to write in, so many lines high."""

    height: int


@dataclass(frozen=True)
class SideBySide:
    """Tables that stand side by side, as many as there is room for; one below the other in a text without pages."""

    tables: tuple[Table, ...]


Block = Heading | Paragraph | Formula | Steps | Table | Code | Lines | Room | SideBySide


@dataclass(frozen=True)
class Document:
    title: str
    subtitle: str
    blocks: tuple[Block, ...]


RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
LETTER = r"[^\W\d_⁰-⁹][\u0300-\u036f]?"
"""Perhaps with an accent."""
BELOW = r"[^\W_²³¹⁰-⁹]+"
FORMULA = re.compile(
    rf"(?<![\w.^/])(?P<root>√)?(?P<letter>∂?{LETTER})(?:_(?P<below>{BELOW}))?"
    rf"(?:\^(?:(?P<up>{LETTER})(?:_(?P<upbelow>{BELOW}))?|(?P<digits>\d+)|\((?P<terms>{LETTER}(?: [+−] {LETTER})+)\))"
    r"|(?P<raised>[⁰¹²³⁴-⁹]+))?(?![\w^(]|\.\w)"
)


def pieces(*parts: Piece) -> Iterator[Piece]:
    """Yield the parts of a sentence, with formulas that stand in its words (p_i, √d_k, x²) as trees of their own."""
    for part in parts:
        yield from _found(part) if isinstance(part, str) and not isinstance(part, Plain) else (part,)


def _found(text: str) -> Iterator[Piece]:
    end = 0
    for match in FORMULA.finditer(text):
        if len(match[0]) > 1:
            if text[end : match.start()]:
                yield text[end : match.start()]
            yield _formula(match)
            end = match.end()
    if text[end:]:
        yield text[end:]


def _formula(match: re.Match[str]) -> Maths:
    maths: Maths = _name(match["letter"], match["below"])
    if match["up"]:
        maths = Power(maths, _name(match["up"], match["upbelow"]))
    elif match["digits"] or match["raised"]:
        maths = Power(maths, Number((match["digits"] or match["raised"]).translate(RAISED)))
    elif match["terms"]:
        maths = Power(maths, _sum(match["terms"].split()))
    return Root(maths) if match["root"] else maths


def _sum(words: list[str]) -> Sum:
    """Return letters with + and − between them as a sum."""
    signs = zip(words[1::2], map(Name, words[2::2]), strict=True)
    return Sum((Name(words[0]), *(Negative(name) if sign == "−" else name for sign, name in signs)))


def _name(letter: str, below: str | None) -> Name:
    """Return a letter with its subscripts as they are read: x_ij has two, W_Q one, d_model a word."""
    if not below:
        return Name(letter)
    apart = list(below) if len(below) == 2 and not below.isdigit() and below.islower() else [below]
    return Name(letter, tuple(Number(part) if part.isdigit() else Name(part) for part in apart))
