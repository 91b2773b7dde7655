"""Whether two expressions are equal: proved by SymPy where it can be, else by numbers to fifty digits."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction

import sympy
from sympy import Expr
from sympy.core.function import AppliedUndef

from byhand.explain.quotients import vanishes

DIGITS = 50
POINTS = 24
"""Numbers are drawn so many times where SymPy cannot decide."""

Point = dict[Expr, Expr]


def points(symbols: set[Expr], seed: int, count: int) -> Iterator[Point]:
    """Numbers for the letters, drawn between −2 and 2 (positive ones between 1/4 and 3, negative ones likewise)."""
    draw = random.Random(seed)
    ordered = sorted(symbols, key=str)
    for _ in range(count):
        yield {s: sympy.Float(_drawn(draw, s), DIGITS + 10) for s in ordered}


def _drawn(draw: random.Random, symbol: Expr) -> Expr:
    low, high = -20_000, 20_000
    if symbol.is_positive:
        low, high = 2_500, 30_000
    if symbol.is_negative:
        low, high = -30_000, -2_500
    drawn = Fraction(draw.randint(low, high) * 1_000_003 + 7, 10_000 * 1_000_003)
    return sympy.Rational(drawn.numerator, drawn.denominator)


def worth(x: Expr, point: Point) -> Expr:
    """The number that an expression comes to, to fifty digits."""
    return sympy.N(x.xreplace(point), DIGITS)


def agree(a: Expr, b: Expr, seed: int, count: int) -> bool:
    """Whether two expressions come to the same numbers at points that are drawn."""
    tiny = sympy.Float(10, DIGITS) ** (10 - DIGITS)
    a, b = _without_functions(a, b)
    for point in points(a.free_symbols | b.free_symbols, seed, count):
        x, y = worth(a, point), worth(b, point)
        if not (x.is_number and y.is_number) or (x != y and not abs(x - y) <= tiny * (1 + abs(x))):
            return False
    return True


def _without_functions(a: Expr, b: Expr) -> tuple[Expr, Expr]:
    """A letter for each function of which nothing is known, and for each of its derivatives."""
    for kind in (sympy.Derivative, AppliedUndef):
        unknown = sorted(a.atoms(kind) | b.atoms(kind), key=str)
        letters = {f: sympy.Symbol(f"unknown {f}", real=True) for f in unknown}
        a, b = a.xreplace(letters), b.xreplace(letters)
    return a, b


def is_zero(x: Expr) -> bool:
    """Whether an expression is proved to be 0: as a quotient of polynomials in its letters, roots and powers of e.

    False says only that this way does not decide it.
    """
    if x.has(sympy.log):
        return bool(x.is_real) and is_zero(sympy.exp(sympy.expand_log(x)) - 1)
    x = _exponentials(x.rewrite(sympy.tanh, sympy.exp)) if x.has(sympy.exp, sympy.tanh) else x
    x, relations = _trigonometric(x) if x.has(sympy.sin, sympy.cos) else (x, {})
    x, roots = _roots(x)
    return vanishes(x, roots | relations)


def _exponentials(x: Expr) -> Expr:
    """e to a sum as a product, with a letter for each power of e."""
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
    """Sines and cosines of sums taken apart; each sine's square is 1 minus its cosine's."""
    x = sympy.expand_trig(x)
    angles = {f.args[0] for f in x.atoms(sympy.sin, sympy.cos)}
    letters = {a: (sympy.Dummy("s"), sympy.Dummy("c")) for a in angles}
    given = {sympy.sin(a): s for a, (s, _) in letters.items()} | {sympy.cos(a): c for a, (_, c) in letters.items()}
    return x.xreplace(given), {s: 1 - c**2 for s, c in letters.values()}


def _roots(x: Expr) -> tuple[Expr, dict[Expr, Expr]]:
    """A letter for each square root of an expression, with what its square is."""
    letters: dict[Expr, Expr] = {}

    def replaced(base: Expr, exponent: Expr) -> Expr:
        if exponent.is_Rational and exponent.q == 2:
            square = sympy.factor_terms(sympy.expand(base))
            return letters.setdefault(square, sympy.Dummy(positive=True)) ** (2 * exponent)
        return base**exponent

    x = x.replace(sympy.Pow, replaced)
    return x, {letter: square for square, letter in letters.items()}
