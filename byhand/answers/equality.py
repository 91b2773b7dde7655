"""Equality of expressions: by exact fractions, or by many digits at fixed points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from fractions import Fraction
from typing import Any

from byhand.answers.limits import Unreadable
from byhand.answers.rules import Rule
from byhand.answers.tree import Infinite, Number, Tree, nodes_of
from byhand.answers.values import DIGITS, Arithmetic, Undefined

MOST_DIGITS = 3_000
"""The most digits to which numbers are compared; beyond, a person must decide."""
_CONFIRMED = 3
"""The number of points at which agreeing expressions are compared to many more digits."""
_SURE = -27
"""Above this binary exponent of the relative difference, two numbers surely differ."""


class Same(Enum):
    """The result of comparing two expressions."""

    YES = "yes"
    NO = "no"
    SOMETIMES = "equal, but not everywhere that the key has a value"
    OPEN = "not decided"


def constant_value(tree: Tree) -> Any:
    """Return the value of a constant expression: a Fraction, or a real of DIGITS right digits. Raises Unreadable."""
    return _good(Arithmetic(), tree, {})


def _good(arithmetic: Arithmetic, tree: Tree, given: Mapping[str, Any]) -> Any:
    """Return the value, computed to more digits if large or small intermediate results cost precision."""
    value = arithmetic.value(tree, given)
    if type(value) is Fraction or arithmetic.span < 16:
        return value
    digits = arithmetic.digits + 2 * arithmetic.span
    if digits > MOST_DIGITS:
        raise Unreadable("a number on the way is too large, or too near to 0")
    return Arithmetic(-(-digits // 100) * 100).value(tree, given)


class Sampled:
    """An expression with its values at fixed points.

    names: the letters of the two compared expressions, in order. Without letters there is one point, 0.
    """

    def __init__(self, tree: Tree, names: Iterable[str] = ()) -> None:
        self.tree = tree
        self.names = sorted(names)
        self.digits = 2 * _written(tree)
        self._known: dict[tuple[int, int], tuple[Any, int]] = {}

    def at(self, point: int, digits: int) -> tuple[Any, int]:
        """Return the value (None if undefined) and the span of the intermediate results. Raises Unreadable."""
        if (point, digits) not in self._known:
            arithmetic = Arithmetic(digits)
            given = {name: _POINTS[point](place) for place, name in enumerate(self.names)}
            try:
                self._known[point, digits] = _good(arithmetic, self.tree, given), arithmetic.span
            except Undefined:
                if not self.names:
                    raise
                self._known[point, digits] = None, 0
        return self._known[point, digits]


def same_constant(student: Tree, key: Sampled) -> Same:
    """Compare two expressions without letters. Raises Unreadable if one has no value."""
    return _same_at(Sampled(student), key, 0, True)


def same_everywhere(student: Tree, key: Sampled) -> Same:
    """Compare two expressions with letters at a dozen fixed points, some of them negative."""
    mine = Sampled(student, key.names)
    compared = missing = 0
    open_points = False
    for point in range(len(_POINTS)):
        if key.at(point, DIGITS)[0] is None:
            continue
        if mine.at(point, DIGITS)[0] is None:
            missing += 1
            continue
        same = _same_at(mine, key, point, compared < _CONFIRMED)
        if same is Same.NO:
            return Same.NO
        open_points |= same is Same.OPEN
        compared += 1
    if not compared and missing:
        if all(mine.at(point, DIGITS)[0] is None for point in range(len(_POINTS))):
            raise Undefined("it has no value, whatever its letters are")
        return Same.NO
    if compared < 3 or open_points:
        return Same.OPEN
    return Same.SOMETIMES if missing else Same.YES


def _same_at(one: Sampled, other: Sampled, point: int, confirmed: bool) -> Same:
    (x, span), (y, span_too) = one.at(point, DIGITS), other.at(point, DIGITS)
    if type(x) is Fraction and type(y) is Fraction:
        return Same.YES if x == y else Same.NO
    if _apart(Arithmetic(), x, y) > _SURE:
        return Same.NO
    digits = 120 + 2 * max(span, span_too) + max(one.digits, other.digits)
    if digits > MOST_DIGITS:
        return Same.OPEN
    if not confirmed:
        return Same.YES
    digits = -(-digits // 100) * 100
    (x, _), (y, _) = one.at(point, digits), other.at(point, digits)
    if x is None or y is None:
        return Same.OPEN
    return Same.YES if _apart(Arithmetic(digits), x, y) < -digits * 2 else Same.NO


def _apart(arithmetic: Arithmetic, x: Any, y: Any) -> int:
    """Return the binary exponent of the relative difference."""
    x, y = arithmetic.real(x), arithmetic.real(y)
    apart = arithmetic.add(x, -y)
    if not apart:
        return -(10**9)
    return int(arithmetic.mp.mag(apart) - max(arithmetic.mp.mag(x), arithmetic.mp.mag(y)))


def _written(tree: Tree) -> int:
    """Return the number of decimal digits of the numbers in an expression."""
    bits = sum(
        node.value.numerator.bit_length() + node.value.denominator.bit_length()
        for node in nodes_of(tree)
        if isinstance(node, Number)
    )
    return bits * 3 // 10


def _between(point: int) -> Any:
    return lambda place: Fraction((37 * point + 61 * place + 17 * point * place + 11) % 89 + 3, 97)


def _above(point: int) -> Any:
    return lambda place: 1 + Fraction((41 * point + 53 * place + 13 * point * place + 7) % 89 + 5, 31)


def _signed(point: int) -> Any:
    def value(place: int) -> Fraction:
        size = Fraction((43 * point + 59 * place + 19 * point * place + 5) % 89 + 7, 29)
        return size if (point + 2 * place + point * place) % 3 else -size

    return value


_POINTS = [_signed(0), _between(1), _above(2), _signed(4), _between(3), _signed(3), _above(5), _signed(6)]
_POINTS += [_signed(7), _between(8), _above(9), _signed(10), _signed(12)]

REAL = Arithmetic()
"""The arithmetic in which numbers other than fractions are compared."""


def tolerance(key: Any, rule: Rule) -> Any:
    """Return the largest distance of a right answer from the key."""
    if rule.type == "dp":
        return Fraction(1, 2 * 10**rule.n)
    if rule.type == "sf":
        return Fraction(10) ** (magnitude(key) - rule.n + 1) / 2 if key else Fraction(0)
    return rule.tol * abs(key) if rule.type == "rel" and type(key) is Fraction else _relative(key, rule)


def _relative(key: Any, rule: Rule) -> Any:
    return rule.tol if rule.type == "abs" else REAL.real(rule.tol) * abs(key)


def magnitude(value: Any) -> int:
    """Return the decimal exponent of the first digit."""
    size = abs(value)
    guess = int(REAL.mp.floor(REAL.mp.log10(REAL.real(size))))
    while _exceeds(Fraction(10) ** guess, size):
        guess -= 1
    while not _exceeds(Fraction(10) ** (guess + 1), size):
        guess += 1
    return guess


def _exceeds(one: Fraction, other: Any) -> bool:
    return bool(one > other) if type(other) is Fraction else bool(REAL.real(one) > other)


def within(value: Any, key: Any, far: Any) -> bool:
    """Whether |value - key| <= far: exact for fractions, else to many digits with the limit included."""
    if type(value) is Fraction and type(key) is Fraction and type(far) is Fraction:
        return abs(value - key) <= far
    value, key, far = map(REAL.real, (value, key, far))
    apart = abs(value - key)
    if not REAL.mp.isfinite(apart):
        return False
    slack = REAL.mp.mpf(10) ** -40 * max(abs(value), abs(key), far)
    return bool(apart <= far + slack)


ROOM = Fraction(1, 10**9)
"""The largest error of a computed key, relative to the number or to 1, whichever is larger."""
WHOLE = Fraction(1, 10**6)
"""The largest distance of a rounded answer from a whole number of units."""
INFINITE = 1e29
"""A number beyond this counts as infinite, as a masked score does."""


def is_near(value: Any, key: Any, margin: Fraction, places: int) -> bool:
    """Whether a number lies within the margin of a computed key, or is the key rounded to these places.

    grading.stages.Tolerances applies the same rule to many numbers at a time.
    """
    if _beyond(key):
        return _beyond(value) == _beyond(key)
    if _beyond(value):
        return False
    unit = Fraction(1, 10**places)
    room = REAL.real(ROOM) * max(1, abs(REAL.real(key)))
    if within(value, key, REAL.real(margin) + room):
        return True
    units = REAL.real(value) / REAL.real(unit)
    rounded = abs(units - REAL.mp.nint(units)) < REAL.real(WHOLE)
    return bool(rounded) and within(value, key, REAL.real(unit) / 2 + room)


def _beyond(value: Any) -> int:
    """Return the sign of an infinite number, or 0 for a finite one; see INFINITE."""
    if isinstance(value, Infinite):
        return value.sign
    return 0 if abs(value) <= INFINITE else 1 if value > 0 else -1
