"""Formulas that stand in a sentence as plain letters (p_i, d_model, √d_k, e^x_j), set as formulas."""

from __future__ import annotations

import re
from collections.abc import Iterator

from byhand.explain.document import Piece
from byhand.maths import Maths, Name, Negative, Number, Power, Root, Sum

LETTER = r"[^\W\d_]"
FORMULA = re.compile(
    rf"(?<![\w.^/])(?P<root>√)?(?P<letter>∂?{LETTER})(?:_(?P<below>\w+))?"
    rf"(?:\^(?:(?P<up>{LETTER})(?:_(?P<upbelow>\w+))?|(?P<digits>\d+)|\((?P<terms>{LETTER}(?: [+−] {LETTER})+)\)))?"
    r"(?![\w^(]|\.\w)"
)


def pieces(*parts: Piece) -> Iterator[Piece]:
    """The parts of a sentence, with the formulas in its words apart from them."""
    for part in parts:
        yield from _found(part) if isinstance(part, str) else (part,)


def _found(text: str) -> Iterator[Piece]:
    end = 0
    for match in FORMULA.finditer(text):
        if match["root"] or match["below"] or match["up"] or match["digits"] or match["terms"]:
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
    elif match["digits"]:
        maths = Power(maths, Number(match["digits"]))
    elif match["terms"]:
        maths = Power(maths, _sum(match["terms"].split()))
    return Root(maths) if match["root"] else maths


def _sum(words: list[str]) -> Sum:
    """Letters with + and − between them."""
    signs = zip(words[1::2], map(Name, words[2::2]), strict=True)
    return Sum((Name(words[0]), *(Negative(name) if sign == "−" else name for sign, name in signs)))


def _name(letter: str, below: str | None) -> Name:
    """Subscripts as they are read: x_ij has two, W_Q one, d_model a word."""
    if not below:
        return Name(letter)
    apart = list(below) if len(below) == 2 and not below.isdigit() and below.islower() else [below]
    return Name(letter, tuple(Number(part) if part.isdigit() else Name(part) for part in apart))
