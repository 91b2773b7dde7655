"""An exact value of SymPy as it is written on paper."""

from __future__ import annotations

import sympy
from sympy import Expr

from byhand.notation.tree import Call, Maths, Name, Negative, Number, Power, Product, Quotient, Root, Sum


def from_sympy(value: Expr) -> Maths:
    """Return the tree of an expression of fractions, roots, powers of e, and functions of them."""
    if value.is_Add:
        return Sum(tuple(map(_term, value.as_ordered_terms())))
    if value.is_Integer:
        return Number(str(value))
    if value.could_extract_minus_sign():
        return Negative(from_sympy(-value))
    if value.is_Mul or value.is_Rational or (value.is_Pow and value.exp.is_negative):
        return _fraction(value)
    if isinstance(value, sympy.exp):
        return Power(Name("e"), from_sympy(value.args[0]))
    if value.is_Pow:
        return _power(value.base, value.exp)
    if value in NAMES:
        return NAMES[value]
    name = "ln" if isinstance(value, sympy.log) else value.func.__name__
    return Call(name, tuple(map(from_sympy, value.args)))


NAMES: dict[Expr, Maths] = {sympy.pi: Name("π"), sympy.E: Name("e"), sympy.oo: Name("∞")}


def _term(value: Expr) -> Maths:
    return Negative(from_sympy(-value)) if value.could_extract_minus_sign() else from_sympy(value)


def _power(base: Expr, exponent: Expr) -> Maths:
    if exponent == sympy.Rational(1, 2):
        return Root(from_sympy(base))
    return Power(from_sympy(base), from_sympy(exponent))


def _fraction(value: Expr) -> Maths:
    """Return a product as a quotient: factors with a negative power and the number's denominator stand below."""
    number, rest = value.as_coeff_Mul()
    above, below = [sympy.Integer(number.p)], [sympy.Integer(number.q)]
    for factor in sympy.Mul.make_args(rest):
        negative = factor.is_Pow and factor.exp.is_negative
        (below if negative else above).append(1 / factor if negative else factor)
    top, bottom = _product(above), _product(below)
    return top if bottom == Number("1") else Quotient(top, bottom)


def _product(factors: list[Expr]) -> Maths:
    written = [from_sympy(f) for f in factors if f != 1]
    if len(written) < 2:
        return written[0] if written else Number("1")
    digits_meet = any(isinstance(f, Number) or (isinstance(f, Power) and f.base != Name("e")) for f in written[1:])
    return Product(tuple(written), "·" if digits_meet else "")
