"""Values of trees: exact fractions where possible, else reals of a given precision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from math import factorial, isqrt, prod
from typing import Any

from byhand.answers.limits import FARTHEST, HIGHEST_POWER, LARGEST_FACTORIAL, MOST_BITS, Unreadable
from byhand.answers.tree import Infinite, Number, Symbol, Tree

Value = Any
"""A Fraction, or mpmath's real number in the context of its Arithmetic."""
DIGITS = 50


class Undefined(Unreadable):
    """Raised for an expression without a value, such as a division by zero."""


@lru_cache(maxsize=16)
def _context(digits: int) -> Any:
    from mpmath import MPContext

    context = MPContext()
    context.dps = digits
    return context


class Arithmetic:
    """Evaluates trees to a number of digits.

    span: the largest power of ten, positive or negative, among the intermediate results. Two different numbers that
    agree to more than twice as many digits cannot be written in so few signs.
    """

    def __init__(self, digits: int = DIGITS) -> None:
        self.digits = digits
        self.mp = _context(digits)
        self.span = 0
        self.least = -int((digits - 10) * 3.3219)

    def value(self, tree: Tree, given: Mapping[str, Value]) -> Value:
        """Return the value of a tree. Raises Undefined, or Unreadable if an intermediate result is too large."""
        if isinstance(tree, Number):
            return tree.value
        if isinstance(tree, Symbol):
            if tree.name in given:
                return given[tree.name]
            return +(self.mp.e if tree.name == "e" else self.mp.pi)
        if isinstance(tree, Infinite):
            raise Undefined("infinity is no number here")
        if tree.op == "^" and isinstance(tree.args[0], Symbol) and tree.args[0].name == "e" and "e" not in given:
            return self.record_size(self.apply("exp", [self.value(tree.args[1], given)]))
        return self.record_size(self.apply(tree.op, [self.value(arg, given) for arg in tree.args]))

    def apply(self, op: str, args: list[Value]) -> Value:
        """Apply an operation; the result is a Fraction if it can be one."""
        if all(type(arg) is Fraction for arg in args):
            exact = EXACT.get(op)
            result = exact(*args) if exact else None
            if result is not None and _bits(result) <= MOST_BITS:
                return result
        rule = REAL.get(op)
        if rule is None:
            raise Undefined("{op} takes whole numbers, or ones of moderate size", op=op)
        return rule(self, *map(self.real, args))

    def real(self, value: Value) -> Value:
        """Return a fraction as a real number."""
        if type(value) is Fraction:
            return self.mp.mpf(value.numerator) / value.denominator
        return value

    def record_size(self, value: Value) -> Value:
        """Return the number and record its size in span. Raises Unreadable if it is too large."""
        if type(value) is Fraction:
            size = value.numerator.bit_length() - value.denominator.bit_length() if value.numerator else 0
        else:
            if not self.mp.isfinite(value):
                raise Undefined("a number on the way is too large")
            size = self.mp.mag(value) if value else 0
        size = abs(int(size))
        if size > FARTHEST:
            raise Unreadable("a number on the way is too large, or too near to 0")
        self.span = max(self.span, size * 3 // 10)
        return value

    def add(self, x: Value, y: Value) -> Value:
        """Return x + y; zero if the sum is only rounding error."""
        total = x + y
        if total and self.mp.mag(total) < max(self.mp.mag(x), self.mp.mag(y)) + self.least:
            self.record_size(total)
            return self.mp.zero
        return total

    def divide(self, x: Value, y: Value) -> Value:
        """Return x / y. Raises Undefined for a division by zero."""
        if not y:
            raise Undefined("a division by zero")
        return x / y

    def exponential(self, x: Value) -> Value:
        """Return e^x."""
        if abs(x) > 10 * HIGHEST_POWER:
            raise Unreadable("an exponent is too large")
        return self.mp.exp(x)

    def power(self, x: Value, y: Value) -> Value:
        """Return x^y. Raises Undefined if it is not real."""
        if abs(y) > HIGHEST_POWER:
            raise Unreadable("an exponent is too large")
        if not x:
            return Fraction(0) if y > 0 else _no_power()
        if self.mp.isint(y):
            return x ** int(y)
        if x < 0:
            raise Undefined("a broken power of a negative number")
        return self.mp.power(x, y)

    def root(self, x: Value, degree: Value) -> Value:
        """Return the root of this degree. Raises Undefined if it is not real."""
        if not self.mp.isint(degree) or not 1 <= degree <= 1000:
            raise Undefined("a root of such a degree")
        if x < 0:
            if int(degree) % 2 == 0:
                raise Undefined("an even root of a negative number")
            return -self.root(-x, degree)
        return self.mp.root(x, int(degree)) if x else x

    def logarithm(self, x: Value) -> Value:
        """Return the natural logarithm."""
        if x <= 0:
            raise Undefined("a logarithm of a number that is not positive")
        return self.mp.ln(x)

    def log_to_base(self, x: Value, base: Value) -> Value:
        """Return the logarithm to a base."""
        return self.divide(self.logarithm(x), self.logarithm(base))

    def square_root(self, x: Value) -> Value:
        """Return the square root."""
        if x < 0:
            raise Undefined("a square root of a negative number")
        return self.mp.sqrt(x)

    def sigmoid(self, x: Value) -> Value:
        """Return 1/(1 + e^-x)."""
        return 1 / (1 + self.exponential(-x))

    def softplus(self, x: Value) -> Value:
        """Return ln(1 + e^x)."""
        return self.mp.ln(1 + self.exponential(x))


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _no_power() -> Value:
    raise Undefined("nought to a power that is not positive")


def _exact_power(x: Fraction, y: Fraction) -> Fraction | None:
    if abs(y) > HIGHEST_POWER:
        raise Unreadable("an exponent is too large")
    if not x and y <= 0:
        return Fraction(1) if not y else _no_power()
    if y.denominator == 2:
        root = _exact_root(x) if x >= 0 else None
        return None if root is None else _exact_power(root, Fraction(y.numerator))
    if y.denominator != 1 or (_bits(x) - 1) * abs(y.numerator) > MOST_BITS:
        return None
    return x**y.numerator


def _exact_root(x: Fraction) -> Fraction | None:
    if x < 0:
        raise Undefined("a square root of a negative number")
    over, under = isqrt(x.numerator), isqrt(x.denominator)
    return Fraction(over, under) if over * over == x.numerator and under * under == x.denominator else None


def _exact_quotient(x: Fraction, y: Fraction) -> Fraction:
    if not y:
        raise Undefined("a division by zero")
    return x / y


def _factorial(x: Fraction) -> Fraction:
    if x.denominator != 1 or not 0 <= x <= LARGEST_FACTORIAL:
        raise Undefined("a factorial of what is no whole number from 0 to {most}", most=LARGEST_FACTORIAL)
    return Fraction(factorial(x.numerator))


def _exact_logarithm(x: Fraction, base: Fraction) -> Fraction | None:
    """Return an exact logarithm to a whole base, as log10(1000) = 3 and log2(1/8) = -3; None if it is not exact."""
    if x <= 0 or base <= 0 or base == 1:
        raise Undefined("a logarithm of a number that is not positive")
    whole = x if x >= 1 else 1 / x
    if base.denominator != 1 or base < 2 or whole.denominator != 1 or _bits(whole) > 4000:
        return None
    power, rest = 0, whole.numerator
    while rest % base.numerator == 0:
        rest //= base.numerator
        power += 1
    return Fraction(power if x >= 1 else -power) if rest == 1 else None


def _rounded(x: Fraction, places: Fraction, step: Callable[[Fraction], int]) -> Fraction:
    """Round half away from zero, as a spreadsheet does."""
    if places.denominator != 1 or abs(places) > 60:
        raise Undefined("a rounding to such a number of places")
    scale = Fraction(10) ** places.numerator
    return (step(abs(x) * scale) / scale) * (1 if x >= 0 else -1)


def _half_up(x: Fraction) -> int:
    return int(x + Fraction(1, 2))


def _up(x: Fraction) -> int:
    return -int(-x // 1)


EXACT: dict[str, Callable[..., Fraction | None]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": _exact_quotient,
    "^": _exact_power,
    "neg": lambda x: -x,
    "mixed": lambda x, y: x + y,
    "percent": lambda x: x / 100,
    "permille": lambda x: x / 1000,
    "abs": abs,
    "sqrt": _exact_root,
    "factorial": _factorial,
    "exp": lambda x: None if x else Fraction(1),
    "ln": lambda x: None if x != 1 else Fraction(0),
    "log": _exact_logarithm,
    "max": lambda *xs: max(xs),
    "min": lambda *xs: min(xs),
    "sign": lambda x: Fraction((x > 0) - (x < 0)),
    "floor": lambda x: Fraction(x // 1),
    "ceiling": lambda x: Fraction(_up(x)),
    "relu": lambda x: max(x, Fraction(0)),
    "sum": lambda *xs: sum(xs, Fraction(0)),
    "average": lambda *xs: sum(xs, Fraction(0)) / len(xs),
    "product": lambda *xs: prod(xs) if sum(map(_bits, xs)) <= MOST_BITS else None,
    "sumsq": lambda *xs: sum((x * x for x in xs), Fraction(0)),
    "mod": lambda x, y: x - y * (_exact_quotient(x, y) // 1),
    "quotient": lambda x, y: Fraction(int(_exact_quotient(x, y))),
    "round": lambda x, n: _rounded(x, n, _half_up),
    "roundup": lambda x, n: _rounded(x, n, _up),
    "rounddown": lambda x, n: _rounded(x, n, int),
}

_PLAIN = "sin cos tan sec csc cot sinh cosh tanh sech csch coth asinh atan erf floor sign".split()
_POLES = {"tan", "sec", "csc", "cot"}
_INSIDE: dict[str, Callable[[Any], bool]] = {
    "asin": lambda x: abs(x) <= 1,
    "acos": lambda x: abs(x) <= 1,
    "atanh": lambda x: abs(x) < 1,
    "acosh": lambda x: x >= 1,
}


def _named(name: str) -> Callable[..., Value]:
    """Return mpmath's function of this name, limited to arguments of moderate size with a real result."""

    def rule(k: Arithmetic, x: Value) -> Value:
        if abs(x) > 10**6 or not _INSIDE.get(name, lambda x: True)(x):
            raise Undefined("{name} of such a number", name=name)
        try:
            value = +getattr(k.mp, name)(x)
        except (ValueError, ZeroDivisionError):
            raise Undefined("{name} of such a number", name=name) from None
        if name in _POLES and abs(value) > 10**30:
            raise Undefined("{name} of such a number", name=name)
        return value

    return rule


def _summed(k: Arithmetic, *xs: Value) -> Value:
    total = xs[0]
    for x in xs[1:]:
        total = k.add(total, x)
    return total


def _product(k: Arithmetic, *xs: Value) -> Value:
    total = xs[0]
    for x in xs[1:]:
        total = k.record_size(total * x)
    return total


def _of_fractions(name: str) -> Callable[..., Value]:
    """Return a rule for reals that applies the rule for fractions to their nearest fractions."""

    def rule(k: Arithmetic, *xs: Value) -> Value:
        return EXACT[name](*map(_as_fraction, xs))

    return rule


def _as_fraction(x: Value) -> Fraction:
    sign, man, exp, _ = x._mpf_
    if abs(exp) > MOST_BITS:
        raise Unreadable("a number on the way is too large, or too near to 0")
    value = Fraction(int(man)) * Fraction(2) ** int(exp)
    return -value if sign else value


REAL: dict[str, Callable[..., Value]] = {
    "+": Arithmetic.add,
    "-": lambda k, x, y: k.add(x, -y),
    "*": lambda k, x, y: x * y,
    "/": Arithmetic.divide,
    "^": Arithmetic.power,
    "neg": lambda k, x: -x,
    "mixed": lambda k, x, y: x + y,
    "percent": lambda k, x: x / 100,
    "permille": lambda k, x: x / 1000,
    "abs": lambda k, x: abs(x),
    "sqrt": Arithmetic.square_root,
    "cbrt": lambda k, x: k.root(x, k.mp.mpf(3)),
    "root": Arithmetic.root,
    "exp": Arithmetic.exponential,
    "ln": Arithmetic.logarithm,
    "log": Arithmetic.log_to_base,
    "max": lambda k, *xs: max(xs),
    "min": lambda k, *xs: min(xs),
    "sigmoid": Arithmetic.sigmoid,
    "softplus": Arithmetic.softplus,
    "silu": lambda k, x: x * k.sigmoid(x),
    "relu": lambda k, x: max(x, k.mp.zero),
    "ceiling": lambda k, x: k.mp.ceil(x),
    "sum": _summed,
    "average": lambda k, *xs: _summed(k, *xs) / len(xs),
    "product": _product,
    "sumsq": lambda k, *xs: _summed(k, *(x * x for x in xs)),
}
REAL |= {name: _named(name) for name in [*_PLAIN, *_INSIDE]}
REAL |= {name: _of_fractions(name) for name in ("round", "roundup", "rounddown", "mod", "quotient")}
