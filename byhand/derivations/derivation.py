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

from byhand.derivations import proof
from byhand.derivations.terms import Letter, Term, Where

PROVED, MEASURED = "by SymPy", "by numbers"


class Relation(ABC):
    """How a line follows from the one before: its sign (=, →, ≤, ≈), and how that is checked."""

    sign = "="

    @abstractmethod
    def holds(self, before: Expr, after: Expr, seed: int) -> str:
        """Return how two lines were found to relate so on one instance, PROVED or MEASURED; empty if they do not."""


class Equal(Relation):
    """Two expressions are the same, or two tables cell by cell."""

    def holds(self, before: Expr, after: Expr, seed: int) -> str:
        """One point refutes most errors; then a proof is tried; where there is none, numbers at many points."""
        pairs = _pairs(before, after)
        if pairs is None or not all(proof.agree(a, b, range(seed, seed + 1)) for a, b in pairs):
            return ""
        if all(a == b or proof.is_zero(a - b) for a, b in pairs):
            return PROVED
        return MEASURED if all(proof.agree(a, b, range(proof.POINTS)) for a, b in pairs) else ""


def _pairs(before: Expr, after: Expr) -> list[tuple[Expr, Expr]] | None:
    tables = [isinstance(x, sympy.MatrixBase) for x in (before, after)]
    if not any(tables):
        return [(before, after)]
    if not all(tables) or before.shape != after.shape:
        return None
    return list(zip(before, after, strict=True))


@dataclass(frozen=True)
class Tends(Relation):
    """The line is the limit of the one before as a variable goes to a value, from above (+) or below (−)."""

    of: Term
    to: Expr
    side: str = "+"
    sign = "→"

    def holds(self, before: Expr, after: Expr, seed: int) -> str:
        """By SymPy's exact limit, with fractions (some of them equal) for the other letters."""
        letter = self.of.at({})
        others = sorted((before.free_symbols | after.free_symbols) - {letter}, key=str)
        for n in range(2):
            point = _fractions(others, seed + n)
            limit = sympy.limit(before.xreplace(point), letter, self.to, self.side)
            if not proof.agree(limit, after.xreplace(point), range(1)):
                return ""
        return PROVED


def _fractions(symbols: list[Expr], seed: int) -> dict[Expr, Expr]:
    """Return a fraction for each symbol, from so few that ties come up."""
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
    """The line before is at most this one, at every point that is tried."""

    sign = "≤"

    def holds(self, before: Expr, after: Expr, seed: int) -> str:
        points = range(proof.POINTS)
        holds = all(proof.value_at(before, n) <= proof.value_at(after, n) + proof.TINY for n in points)
        return MEASURED if holds else ""


@dataclass(frozen=True)
class About(Relation):
    """The two lines differ by at most a bound over an interval of one variable; a bound twice too wide is refused."""

    within: Term
    of: Term
    low: int
    high: int
    sign = "≈"

    @property
    def steps(self) -> int:
        return 100 * (self.high - self.low)

    def holds(self, before: Expr, after: Expr, seed: int) -> str:
        found, bound = self.measured(before, after), float(self.within.at({}))
        return MEASURED if bound / 2 < found <= bound else ""

    def measured(self, before: Expr, after: Expr) -> float:
        """Return the largest difference at every hundredth of the interval."""
        letter, span = self.of.at({}), self.high - self.low
        difference = sympy.lambdify(letter, before - after, "math")
        return max(abs(float(difference(self.low + span * n / self.steps))) for n in range(self.steps + 1))


MOST = 4
"""How many places of a table are tried, for each of its sizes."""


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
    """A claim, and the lines that lead to it. Built only if each line follows, else it raises WrongLine.

    checks: of each line but the first, whether it was PROVED or MEASURED.
    """

    title: str
    claim: str
    lines: tuple[Line, ...]
    checks: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.checks = check(self)


def derivation(title: str, claim: str, *lines: Line) -> Derivation:
    """Return a derivation of these lines. WrongLine if one does not follow from the one before."""
    return Derivation(title, claim, lines)


def start(term: Term, reason: str = "") -> Line:
    """Return the first line, or one that is equal to the line before."""
    return Line(term, reason)


equals = start


def tends(of: Term, to: Expr, term: Term, reason: str, side: str = "+") -> Line:
    """Return a line that is the limit of the one before as `of` goes to `to`, from above (+) or below (-)."""
    return Line(term, reason, Tends(of, to, side))


def at_most(term: Term, reason: str) -> Line:
    """Return a line that the one before is at most."""
    return Line(term, reason, AtMost())


def about(term: Term, reason: str, within: Term, of: Term, between: tuple[int, int]) -> Line:
    """Return a line that differs from the one before by at most `within`, for a variable between two numbers."""
    return Line(term, reason, About(within, of, *between))


def check(derivation: Derivation) -> tuple[str, ...]:
    """Return of each line but the first whether it is PROVED or MEASURED. WrongLine if one does not follow."""
    lines = derivation.lines
    found: list[set[str]] = [set() for _ in lines[1:]]
    for seed, where in enumerate(instances(frozenset().union(*(a.term.letters for a in lines)))):
        values = [a.term.at(where) for a in lines]
        for n, (before, after) in enumerate(pairwise(values), start=1):
            check = lines[n].relation.holds(before, after, seed)
            if not check:
                at = ", ".join(f"{letter.name} = {value}" for letter, value in where.items())
                raise WrongLine(
                    f"{derivation.title}: line {n + 1} does not follow from line {n}{at and f' where {at}'}."
                )
            found[n - 1].add(check)
    return tuple(MEASURED if MEASURED in checks else PROVED for checks in found)


def instances(letters: frozenset[Letter]) -> Iterator[Where]:
    """Yield numbers for the letters: every combination of sizes, and for each of these some of the places."""
    sizes = sorted((a for a in letters if not a.upto), key=lambda a: a.name)
    places = sorted((a for a in letters if a.upto), key=lambda a: a.name)
    draw = random.Random(1)
    for chosen in product(*(a.sizes for a in sizes)):
        size = dict(zip(sizes, chosen, strict=True))
        everywhere = list(product(*(range(1, int(a.upto.at(size)) + 1) for a in places if a.upto)))
        for at in everywhere if len(everywhere) <= MOST else draw.sample(everywhere, MOST):
            yield size | dict(zip(places, at, strict=True))
