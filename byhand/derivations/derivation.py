"""A derivation: a formula rewritten line by line, each line checked against the one before when it is built."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise, product

import sympy
from sympy import Expr

from byhand.derivations import equality
from byhand.derivations.terms import Letter, Term, Where

PROVED, MEASURED = "by SymPy", "by numbers"


class Relation(ABC):
    """A sign between two lines."""

    sign = "="

    @abstractmethod
    def tried(self, before: Expr, after: Expr, seed: int) -> str:
        """How it was found to hold on one instance; empty where it does not hold."""


class Equal(Relation):
    """Two expressions, or tables cell by cell, that are the same."""

    def tried(self, before: Expr, after: Expr, seed: int) -> str:
        """One point refutes what is wrong; then a proof; where there is none, numbers at many points."""
        pairs = _pairs(before, after)
        if pairs is None or not all(equality.agree(a, b, range(seed, seed + 1)) for a, b in pairs):
            return ""
        if all(a == b or equality.is_zero(a - b) for a, b in pairs):
            return PROVED
        return MEASURED if all(equality.agree(a, b, range(equality.POINTS)) for a, b in pairs) else ""


def _pairs(before: Expr, after: Expr) -> list[tuple[Expr, Expr]] | None:
    tables = [isinstance(x, sympy.MatrixBase) for x in (before, after)]
    if not any(tables):
        return [(before, after)]
    if not all(tables) or before.shape != after.shape:
        return None
    return list(zip(before, after, strict=True))


@dataclass(frozen=True)
class Tends(Relation):
    """The limit as a variable goes to a value, from above (+) or below (−)."""

    of: Term
    to: Expr
    side: str = "+"
    sign = "→"

    def tried(self, before: Expr, after: Expr, seed: int) -> str:
        """By SymPy's limit, exactly, with fractions in place of the other letters, some of them equal."""
        letter = self.of.at({})
        others = sorted((before.free_symbols | after.free_symbols) - {letter}, key=str)
        for n in range(2):
            point = _fractions(others, seed + n)
            limit = sympy.limit(before.xreplace(point), letter, self.to, self.side)
            if not equality.agree(limit, after.xreplace(point), range(1)):
                return ""
        return PROVED


def _fractions(symbols: list[Expr], seed: int) -> dict[Expr, Expr]:
    """Each from a few, so that ties come up."""
    choices = [Fraction(1, 2), Fraction(1), Fraction(3, 2), Fraction(2)]
    signs = [1, -1]
    found = {}
    for n, symbol in enumerate(symbols):
        at = (seed * 7 + n * (seed + 1)) % 4
        sign = 1 if symbol.is_positive else signs[(seed + n) % 2]
        found[symbol] = sympy.Rational(choices[at].numerator, choices[at].denominator) * sign
    return found


@dataclass(frozen=True)
class AtMost(Relation):
    """≤ at every point that is drawn."""

    sign = "≤"

    def tried(self, before: Expr, after: Expr, seed: int) -> str:
        points = range(equality.POINTS)
        holds = all(equality.worth(before, n) <= equality.worth(after, n) + equality.TINY for n in points)
        return MEASURED if holds else ""


@dataclass(frozen=True)
class About(Relation):
    """≈ within a bound over an interval of one variable; the bound is refused also where it is twice too wide."""

    within: Term
    of: Term
    low: int
    high: int
    sign = "≈"

    @property
    def steps(self) -> int:
        return 100 * (self.high - self.low)

    def tried(self, before: Expr, after: Expr, seed: int) -> str:
        found, bound = self.measured(before, after), float(self.within.at({}))
        return MEASURED if bound / 2 < found <= bound else ""

    def measured(self, before: Expr, after: Expr) -> float:
        """The largest difference at every hundredth."""
        letter, span = self.of.at({}), self.high - self.low
        difference = sympy.lambdify(letter, before - after, "math")
        return max(abs(float(difference(self.low + span * n / self.steps))) for n in range(self.steps + 1))


MOST = 4
"""Of the places in a table of each size, so many are tried."""


class WrongLine(Exception):
    """A line of a derivation does not follow from the one before."""


@dataclass(frozen=True)
class Line:
    """What the line before is rewritten as, and why."""

    term: Term
    reason: str
    relation: Relation = field(default_factory=Equal)


@dataclass
class Derivation:
    """WrongLine if a line does not follow; `ways` says of each line but the first how it was checked."""

    title: str
    claim: str
    lines: tuple[Line, ...]
    ways: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.ways = check(self)


def derivation(title: str, claim: str, *lines: Line) -> Derivation:
    return Derivation(title, claim, lines)


def start(term: Term, reason: str = "") -> Line:
    """The first line; also any line that is equal to the one before."""
    return Line(term, reason)


equals = start


def tends(of: Term, to: Expr, term: Term, reason: str, side: str = "+") -> Line:
    """The limit of the line before."""
    return Line(term, reason, Tends(of, to, side))


def at_most(term: Term, reason: str) -> Line:
    return Line(term, reason, AtMost())


def about(term: Term, reason: str, within: Term, of: Term, between: tuple[int, int]) -> Line:
    """Nearly the line before: no further from it than `within`, for a variable between two numbers."""
    return Line(term, reason, About(within, of, *between))


def check(derivation: Derivation) -> tuple[str, ...]:
    """How each line was found to follow from the one before. WrongLine if one does not."""
    lines = derivation.lines
    ways: list[set[str]] = [set() for _ in lines[1:]]
    for seed, where in enumerate(instances(frozenset().union(*(a.term.letters for a in lines)))):
        values = [a.term.at(where) for a in lines]
        for n, (before, after) in enumerate(pairwise(values), start=1):
            way = lines[n].relation.tried(before, after, seed)
            if not way:
                at = ", ".join(f"{letter.name} = {value}" for letter, value in where.items())
                raise WrongLine(
                    f"{derivation.title}: line {n + 1} does not follow from line {n}{at and f' where {at}'}."
                )
            ways[n - 1].add(way)
    return tuple(MEASURED if MEASURED in tried else PROVED for tried in ways)


def instances(letters: frozenset[Letter]) -> Iterator[Where]:
    """Each size of each letter for one, and for each of these some of the places."""
    sizes = sorted((a for a in letters if not a.upto), key=lambda a: a.name)
    places = sorted((a for a in letters if a.upto), key=lambda a: a.name)
    draw = random.Random(1)
    for chosen in product(*(a.sizes for a in sizes)):
        size = dict(zip(sizes, chosen, strict=True))
        everywhere = list(product(*(range(1, int(a.upto.at(size)) + 1) for a in places if a.upto)))
        for at in everywhere if len(everywhere) <= MOST else draw.sample(everywhere, MOST):
            yield size | dict(zip(places, at, strict=True))
