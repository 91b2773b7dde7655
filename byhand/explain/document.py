"""A derivation or a worked solution before it has a format: headings, text, formulas, steps, tables."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.maths import Maths

Piece = str | Maths
"""Words, or a formula among them."""


@dataclass(frozen=True)
class Heading:
    """`level` is 1 for a section, 2 for a part of one, up to 4; the document's title stands above them all."""

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
    """One rewriting: a relation (=, ≈, ≤) to the line before, what it comes to, and why."""

    relation: str
    maths: Maths
    reason: str = ""


@dataclass(frozen=True)
class Steps:
    """A chain of rewritings; the first line's relation is empty."""

    lines: tuple[Line, ...]


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
    """What is to be typed, or is printed, as it stands."""

    text: str


Block = Heading | Paragraph | Formula | Steps | Table | Code


@dataclass(frozen=True)
class Document:
    title: str
    subtitle: str
    blocks: tuple[Block, ...]
