"""Reads a formula as a person with a pocket calculator would: the numbers that a tree of mathematics stands for."""

from __future__ import annotations

import math
from collections.abc import Mapping

from byhand.notation.tree import (
    Call,
    Cases,
    Chain,
    Grid,
    Maths,
    Name,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Root,
    Sum,
    Words,
)

Cells = Mapping[tuple[str, tuple[int, ...]], float]

FUNCTIONS = {
    "max": lambda *x: sorted(x)[-1],
    "count": lambda x, *line: line.count(x),
    "argmax": lambda *x: float(x.index(sorted(x)[-1])),
    "int": math.floor,
    "tanh": math.tanh,
    "erf": math.erf,
    "sin": math.sin,
    "cos": math.cos,
    "ln": math.log,
}
WORDS = {"e": math.e, "π": math.pi, "∞": math.inf}
SIGNS = {
    "=": lambda x, y: x == y,
    ">": lambda x, y: x > y,
    "≠": lambda x, y: x != y,
}


def worth(maths: Maths, cells: Cells) -> float:
    """`cells`: (letters, subscripts counted from 1) to the number."""

    def of(part: Maths) -> float:
        return worth(part, cells)

    match maths:
        case Number(digits):
            return float(digits)
        case Name(letters, below):
            known = (letters, tuple(int(of(b)) for b in below))
            return cells[known] if known in cells else WORDS[letters]
        case Negative(x):
            return -of(x)
        case Sum(terms):
            return math.fsum(of(t) for t in terms)
        case Product(factors):
            return math.prod(of(f) for f in factors)
        case Quotient(top, bottom):
            return of(top) / of(bottom)
        case Power(base, exponent):
            return math.pow(of(base), of(exponent))
        case Root(x):
            return math.sqrt(of(x))
        case Call(name, arguments):
            return float(FUNCTIONS[name](*map(of, arguments)))
        case Cases(cases):
            return next(of(value) for value, when in cases if when == Words("otherwise") or holds(when, cells))
        case Grid(((condition,),)):
            return float(holds(condition, cells))
    raise AssertionError(f"{maths} is nothing that can be computed")


def holds(condition: Maths, cells: Cells) -> bool:
    assert isinstance(condition, Chain)
    (left, right), (sign,) = condition.sides, condition.signs
    return SIGNS[sign](worth(left, cells), worth(right, cells))
