"""What stands between two lines of a derivation, and how each such claim is tried."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction

import sympy
from sympy import Expr

from byhand.explain import decide
from byhand.explain.terms import Term

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
        if pairs is None or not all(decide.agree(a, b, range(seed, seed + 1)) for a, b in pairs):
            return ""
        if all(a == b or decide.is_zero(a - b) for a, b in pairs):
            return PROVED
        return MEASURED if all(decide.agree(a, b, range(decide.POINTS)) for a, b in pairs) else ""


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
            if not decide.agree(limit, after.xreplace(point), range(1)):
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
        points = range(decide.POINTS)
        holds = all(decide.worth(before, n) <= decide.worth(after, n) + decide.TINY for n in points)
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
