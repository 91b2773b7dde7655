"""Whether two expressions are equal: proved by SymPy where it can be, else by numbers to fifty digits."""

from __future__ import annotations

import random
from functools import cache, lru_cache

import sympy
from sympy import Expr
from sympy.core.function import AppliedUndef

from byhand.derivations.quotients import vanishes

DIGITS = 50
POINTS = 24
"""How many points are compared where SymPy cannot decide."""

TINY = sympy.Float(10, DIGITS) ** (10 - DIGITS)


class Share(sympy.Symbol):  # type: ignore[misc]  # SymPy says nothing of its types
    """A letter for a number between 0 and 1."""


@cache
def sample(symbol: Expr, n: int) -> Expr:
    """Return the n-th number for a letter: from −2 to 2; if its sign is known, 1/4 to 3 away from 0; or a share."""
    low, high = -20_000, 20_000
    if symbol.is_positive:
        low, high = 2_500, 30_000
    if symbol.is_negative:
        low, high = -30_000, -2_500
    if isinstance(symbol, Share):
        low, high = 500, 9_500
    number = sympy.Rational(random.Random(f"{symbol} {n}").randint(low, high) * 1_000_003 + 7, 10_000 * 1_000_003)
    return sympy.Float(number, DIGITS + 10)


@lru_cache(10_000)
def value_at(x: Expr, n: int) -> Expr:
    """Return the value of an expression at the n-th point, to fifty digits."""
    return sympy.N(x.xreplace({symbol: sample(symbol, n) for symbol in x.free_symbols}), DIGITS)


def agree(a: Expr, b: Expr, points: range) -> bool:
    """Return whether two expressions have the same values at these points."""
    a, b = _without_functions(a, b)
    return all(_same(value_at(a, n), value_at(b, n)) for n in points)


def _same(x: Expr, y: Expr) -> bool:
    if x == y:
        return x is not sympy.nan
    return bool(x.is_finite and y.is_finite and abs(x - y) <= TINY * (1 + abs(x)))


def _without_functions(a: Expr, b: Expr) -> tuple[Expr, Expr]:
    """Return both with a letter for each unknown function and for each of its derivatives."""
    for kind in (sympy.Derivative, AppliedUndef):
        unknown = sorted(a.atoms(kind) | b.atoms(kind), key=str)
        letters = {f: sympy.Symbol(f"unknown {f}", real=True) for f in unknown}
        a, b = a.xreplace(letters), b.xreplace(letters)
    return a, b


def is_zero(x: Expr) -> bool:
    """Return whether an expression is proved to be 0, as a quotient of polynomials in letters, roots and powers of e.

    False means only that this method does not decide it.
    """
    if x.has(sympy.log) and x.is_real:
        power = sympy.exp(sympy.expand_log(x))
        x = x if power.has(sympy.log) else power - 1
    x = _exponentials(x.rewrite(sympy.tanh, sympy.exp)) if x.has(sympy.exp, sympy.tanh) else x
    x, relations = _trigonometric(x) if x.has(sympy.sin, sympy.cos) else (x, {})
    x, roots = _roots(x)
    return vanishes(x, roots | relations)


def _exponentials(x: Expr) -> Expr:
    """Return the expression with e to a sum as a product, and a letter for each power of e."""
    letters: dict[Expr, Expr] = {}

    def power(exponent: Expr) -> Expr:
        product = sympy.Integer(1)
        for part in sympy.Add.make_args(sympy.expand(exponent)):
            factor, rest = part.as_coeff_Mul(rational=True)
            if rest == 1:
                factor, rest = sympy.Integer(1), factor
            product *= letters.setdefault(rest, sympy.Dummy(positive=True)) ** factor
        return product

    return x.replace(sympy.exp, power)


def _trigonometric(x: Expr) -> tuple[Expr, dict[Expr, Expr]]:
    """Return the expression with letters for sines and cosines, and each sine's square as 1 minus its cosine's."""
    for function in (sympy.sin, sympy.cos):
        x = x.replace(function, lambda angle, f=function: f(sympy.expand(angle)))
    x = sympy.expand_trig(x)
    angles = {f.args[0] for f in x.atoms(sympy.sin, sympy.cos)}
    letters = {a: (sympy.Dummy("s"), sympy.Dummy("c")) for a in angles}
    given = {sympy.sin(a): s for a, (s, _) in letters.items()} | {sympy.cos(a): c for a, (_, c) in letters.items()}
    return x.xreplace(given), {s: 1 - c**2 for s, c in letters.values()}


def _roots(x: Expr) -> tuple[Expr, dict[Expr, Expr]]:
    """Return the expression with a letter for each square root, and what the square of each letter is."""
    letters: dict[Expr, Expr] = {}

    @cache
    def root(base: Expr) -> Expr:
        return letters.setdefault(sympy.factor_terms(sympy.expand(base)), sympy.Dummy(positive=True))

    def replaced(base: Expr, exponent: Expr) -> Expr:
        if exponent.is_Rational and exponent.q == 2:
            return root(base) ** (2 * exponent)
        return base**exponent

    x = x.replace(sympy.Pow, replaced)
    return x, {letter: square for square, letter in letters.items()}
