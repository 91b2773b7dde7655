"""What the tree of a derivation's line is worth, read as a person reads it: sums added up, slopes measured."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import sympy
from sympy.core.function import AppliedUndef

from byhand.derivations.functions import Expectation
from byhand.derivations.proof import Share
from byhand.derivations.terms import Definition, Term, Total, Where, term
from byhand.notation.tree import (
    Call,
    Cases,
    Chain,
    Grid,
    Maths,
    Name,
    Negative,
    Number,
    Over,
    Part,
    Power,
    Product,
    Quotient,
    Root,
    Sum,
    Transposed,
    Words,
)

Value = Any
"""A number, or an array of two axes."""

STEP = 1e-5
WORDS = {"e": math.e, "π": math.pi, "∞": math.inf}
FUNCTIONS = {
    "ln": math.log,
    "tanh": math.tanh,
    "sin": math.sin,
    "cos": math.cos,
    "erf": math.erf,
    "abs": abs,
    "max": max,
    "min": min,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(axis=1, keepdims=True),
    "R": lambda a: np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]]),
}
SIGNS = {"=": lambda a, b: a == b, "≤": lambda a, b: a <= b, ">": lambda a, b: a > b}


def parts(whole: Term) -> Iterator[Term]:
    """A term, and all that it is made of."""
    yield whole
    for arg in whole.args:
        yield from parts(arg)


@dataclass(frozen=True)
class Reader:
    """What the letters stand for: sizes and places, numbers, and the terms that a line is made of."""

    made_of: tuple[Term, ...]
    where: Where
    numbers: Mapping[sympy.Expr, float]

    def __call__(self, maths: Maths) -> Value:
        match maths:
            case Number(digits):
                return float(digits)
            case Name("δ", (a, b)):
                return float(self(a) == self(b))
            case Name(letters, below):
                return self.name(letters, tuple(int(self(b)) for b in below))
            case Negative(of):
                return -self(of)
            case Sum(terms):
                return sum(map(self, terms[1:]), start=self(terms[0]))
            case Product((Quotient(Name("∂"), Name() as by), Sum((body,)))):
                return self.slope(body, by)
            case Product(factors, sign):
                return self.multiplied([self(f) for f in factors], sign)
            case Quotient(Name(of), Name(by)) if of.startswith("∂") and by.startswith("∂"):
                return self.slope(replace(maths.top, letters=of[1:]), maths.bottom)
            case Quotient(top, bottom):
                return self(top) / self(bottom)
            case Power(base, exponent):
                return self(base) ** self(exponent)
            case Root(of):
                return math.sqrt(self(of))
            case Call(name, arguments):
                return FUNCTIONS[name](*map(self, arguments))
            case Transposed(of):
                return self(of).T
            case Part(Name("E"), (body,)):
                given = [t for t in self.made_of if t.shown == maths and not isinstance(t.op, Expectation)]
                return self.value(given[0]) if given else self.mean(body)
            case Part(of, (row, column)):
                return float(self(of)[int(self(row)) - 1, int(self(column)) - 1])
            case Over(sign, body, Name(letters), above):
                return self.over(sign, body, letters, above)
            case Grid(rows):
                return np.array([[self(cell) for cell in row] for row in rows])
            case Cases(cases):
                return next(self(value) for value, when in cases if when == Words("otherwise") or self.holds(when))
        raise AssertionError(f"{maths} is nothing that can be computed")

    def holds(self, condition: Maths) -> bool:
        assert isinstance(condition, Chain)
        (left, right), (sign,) = condition.sides, condition.signs
        return SIGNS[sign](self(left), self(right))

    def multiplied(self, values: list[Value], sign: str) -> Value:
        """A dot between tables is the product of tables."""
        result = values[0]
        for value in values[1:]:
            tables = isinstance(result, np.ndarray) and isinstance(value, np.ndarray)
            assert not tables or sign == "·"
            result = result @ value if tables else result * value
        return result

    def over(self, sign: str, body: Maths, letters: str, above: Maths | None) -> Value:
        """The sign's letter runs from 1 to what is above it, or to its own size."""
        letter = next(t.op.over for t in self.made_of if isinstance(t.op, Total) and t.op.over.name == letters)
        last = int(self(above)) if above else int(letter.upto.at(self.where))
        values = [replace(self, where={**self.where, letter: n})(body) for n in range(1, last + 1)]
        return {"Σ": sum, "Π": math.prod, "max": max}[sign](values)

    def name(self, letters: str, below: tuple[int, ...]) -> Value:
        """What the line's own letters stand for."""
        for letter, n in self.where.items():
            if (letter.name, below) == (letters, ()):
                return n
        for found in self.made_of:
            shown = found.shown
            if isinstance(shown, Name) and (shown.letters, len(shown.below)) == (letters, len(below)):
                return self.value(Term(found.op, tuple(map(term, below))))
        return WORDS[letters]

    def value(self, made: Term) -> Value:
        """A term's number, or table of numbers, by SymPy."""
        value = known(made.at(self.where)).xreplace(dict(self.numbers))
        if isinstance(value, sympy.MatrixBase):
            return np.array(value.tolist(), dtype=float)
        return float(value)

    def slope(self, of: Maths, by: Maths) -> float:
        """How fast a formula grows with a letter, measured on both sides of it."""
        letter = self.symbol(by)
        up, down = (
            replace(self, numbers={**self.numbers, letter: self.numbers[letter] + h})(of) for h in (STEP, -STEP)
        )
        return (up - down) / (2 * STEP)

    def symbol(self, by: Maths) -> sympy.Expr:
        """The letter in ∂x_j."""
        assert isinstance(by, Name)
        below = [str(int(self(b))) for b in by.below]
        name = "_".join([by.letters.removeprefix("∂"), *below])
        return next(s for s in self.numbers if str(s) == name)

    def mean(self, body: Maths) -> float:
        """The mean over all ways in which the variables can come out: one deviation above or below their mean."""
        expectation = next(t.op for t in self.made_of if isinstance(t.op, Expectation))
        outcomes = {}
        for symbol in self.numbers:
            for variable, moments in expectation.moments.items():
                if str(symbol).startswith(f"{variable.name}_"):
                    first, second = (self.value(term(m)) for m in moments)
                    spread = math.sqrt(second - first**2)
                    outcomes[symbol] = (first - spread, first + spread)
        draws = product(*outcomes.values())
        values = [replace(self, numbers={**self.numbers, **dict(zip(outcomes, d, strict=True))})(body) for d in draws]
        return sum(values) / len(values)


def known(value: sympy.Expr) -> sympy.Expr:
    """An unknown function as one that is known: f_2(x_1, x_2, ...) = sin(2 + x_1 + 2 x_2 + ...)."""

    def chosen(f: sympy.Expr) -> sympy.Expr:
        total = sum(n * a for n, a in enumerate(f.args, start=1))
        return sympy.sin(int(f.func.__name__.rpartition("_")[2]) + total)

    return value.replace(lambda e: isinstance(e, AppliedUndef), chosen).doit()


def reader(line: Term, where: Where, others: tuple[Term, ...] = ()) -> Reader:
    """For one line on one instance, with numbers for all its letters."""
    made_of = (*parts(line), *(p for t in parts(line) for p in _inner(t)))
    symbols = sorted(_symbols(made_of, where), key=str)
    return Reader((*made_of, *others), where, {s: number(s) for s in symbols})


def _inner(made: Term) -> Iterator[Term]:
    """What a definition is made of, and a mean of its moments."""
    if isinstance(made.op, Definition):
        yield from parts(made.op.body(*(term(1) for _ in made.args)))
    if isinstance(made.op, Expectation):
        yield from (term(m) for moments in made.op.moments.values() for m in moments)


def _symbols(made_of: tuple[Term, ...], where: Where) -> set[sympy.Expr]:
    found: set[sympy.Expr] = set()
    for part in made_of:
        for at in _bindings(part, where):
            found |= part.at(at).free_symbols
    return found


def _bindings(part: Term, where: Where) -> Iterator[Where]:
    """Each place for the letters that an instance does not say, which a sum around the part does."""
    places = [a for a in part.letters if a.upto and a not in where]
    ranges = [range(1, int(a.upto.at(where)) + 1) for a in places]
    for at in product(*ranges):
        yield {**where, **dict(zip(places, at, strict=True))}


def number(symbol: sympy.Expr) -> float:
    """Between 0.35 and 1.95, another for each letter; E[g²] is more than E[g] squared."""
    if str(symbol) == "square":
        return 5.0
    if isinstance(symbol, Share):
        return 0.1 + 0.8 * _spread(symbol)
    return (-1 if symbol.is_negative else 1) * (0.35 + 1.6 * _spread(symbol))


def _spread(symbol: sympy.Expr) -> float:
    return sum(ord(c) * (n + 3) for n, c in enumerate(str(symbol))) % 97 / 97
