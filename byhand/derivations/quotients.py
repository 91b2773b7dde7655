"""Quotients of polynomials, kept as a top and the factors of a bottom: a quick way to see that one is 0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy
from sympy import Expr
from sympy.polys.rings import ring

Polynomial = Any
"""An element of SymPy's ring of polynomials with rational coefficients."""


@dataclass(frozen=True)
class Quotient:
    """A polynomial over a product of factors. `bottom` maps each factor to its power."""

    top: Polynomial
    bottom: Mapping[Polynomial, int]

    def __add__(self, other: Quotient) -> Quotient:
        factors = {**self.bottom, **other.bottom}
        common = {f: max(self.bottom.get(f, 0), other.bottom.get(f, 0)) for f in factors}
        return Quotient(self._over(common) + other._over(common), common)

    def _over(self, common: Mapping[Polynomial, int]) -> Polynomial:
        top = self.top
        for factor, power in common.items():
            top *= factor ** (power - self.bottom.get(factor, 0))
        return top

    def __mul__(self, other: Quotient) -> Quotient:
        factors = {**self.bottom, **other.bottom}
        return Quotient(self.top * other.top, {f: self.bottom.get(f, 0) + other.bottom.get(f, 0) for f in factors})

    def __pow__(self, power: int) -> Quotient:
        if power >= 0:
            return Quotient(self.top**power, {f: p * power for f, p in self.bottom.items()})
        number, factors = _factors(self.top)
        return Quotient(self.below() * (1 / number), factors) ** -power

    def below(self) -> Polynomial:
        """Return the bottom multiplied out."""
        product = self.top.ring.one
        for factor, power in self.bottom.items():
            product *= factor**power
        return product


def _factors(below: Polynomial) -> tuple[Any, dict[Polynomial, int]]:
    """Return a polynomial as a number times factors: the letters that divide it, and what is left."""
    number, polynomials = below.LC, below.ring
    powers = tuple(map(min, zip(*below.monoms(), strict=True)))
    rest = polynomials.from_dict(
        {tuple(p - least for p, least in zip(m, powers, strict=True)): c / number for m, c in below.items()}
    )
    letters = {g: power for g, power in zip(polynomials.gens, powers, strict=True) if power}
    return number, letters if rest == 1 else {**letters, rest: 1}


def vanishes(x: Expr, squares: Mapping[Expr, Expr]) -> bool:
    """Return whether an expression is 0 as a quotient of polynomials, once the squares of some letters are put in.

    A function that is no polynomial counts as a letter of its own. A square may hold letters that come before it.
    """
    letters = sorted(_letters([x, *squares, *squares.values()]), key=str)
    if not letters:
        return bool(x == 0)
    polynomials, *generators = ring(letters, sympy.QQ)
    read = _Reader(polynomials, dict(zip(letters, generators, strict=True)))
    tops = [read(x).top]
    for letter, square in reversed(list(squares.items())):
        tops = [part for top in tops for part in _squared(top, letters.index(letter), read(square))]
    return all(top == 0 for top in tops)


def _letters(expressions: Iterable[Expr]) -> set[Expr]:
    found: set[Expr] = set()
    for x in expressions:
        if x.is_Add or x.is_Mul:
            found |= _letters(x.args)
        elif x.is_Pow and x.exp.is_Integer:
            found |= _letters([x.base])
        elif not x.is_Rational:
            found.add(x)
    return found


@dataclass(frozen=True)
class _Reader:
    polynomials: Any
    letters: Mapping[Expr, Polynomial]

    def __call__(self, x: Expr) -> Quotient:
        """Return the expression as a quotient."""
        if x in self.letters:
            return Quotient(self.letters[x], {})
        if x.is_Rational:
            return Quotient(self.polynomials.ground_new(sympy.QQ(int(x.p), int(x.q))), {})
        if x.is_Pow:
            return self(x.base) ** int(x.exp)
        first, *others = map(self, x.args)
        for other in others:
            first = first + other if x.is_Add else first * other
        return first


def _squared(top: Polynomial, at: int, square: Quotient) -> list[Polynomial]:
    """Return the even and the odd powers of a letter with its square put in: the polynomial is 0 only if both are."""
    powers = [monomial[at] for monomial in top]
    most = max(powers, default=0) // 2
    below = square.below()
    parts = []
    for odd in (0, 1):
        part = top.ring.zero
        for half in range(most + 1):
            factor = top.ring.from_dict(
                {(*m[:at], 0, *m[at + 1 :]): c for m, c in top.items() if m[at] == 2 * half + odd}
            )
            part += factor * square.top**half * below ** (most - half)
        parts.append(part)
    return parts
