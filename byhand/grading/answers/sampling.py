"""Whether two expressions are the same mathematics: by exact fractions, or by many digits at fixed points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from fractions import Fraction
from typing import Any

from byhand.grading.answers.bounds import Unreadable
from byhand.grading.answers.tree import Number, Tree, walked
from byhand.grading.answers.values import DIGITS, Arithmetic, Undefined

MOST_DIGITS = 3_000
"""Beyond so many, a person must decide."""
_SURE = -27
"""The binary power of the relative difference above which two numbers differ, however they were rounded."""


class Same(Enum):
    """What can be said of two expressions."""

    YES = "yes"
    NO = "no"
    SOMETIMES = "equal, but not everywhere that the key has a value"
    OPEN = "not decided"


def worth(tree: Tree) -> Any:
    """A constant expression's value: a Fraction, or a real number of DIGITS good digits. Raises Unreadable."""
    arithmetic = Arithmetic()
    value = arithmetic.value(tree, {})
    if type(value) is Fraction or arithmetic.span < 16:
        return value
    digits = DIGITS + 2 * arithmetic.span
    if digits > MOST_DIGITS:
        raise Unreadable("a number on the way is too large, or too near to 0")
    return Arithmetic(digits).value(tree, {})


def same_constant(one: Tree, other: Tree) -> Same:
    """Of two expressions without letters. Raises Unreadable where one has no value."""
    return _same_at(one, other, {})


def same_everywhere(student: Tree, key: Tree, variables: Iterable[str]) -> Same:
    """Of two expressions with letters: at a dozen fixed points, of which some are negative."""
    names = sorted(variables)
    compared = missing = 0
    open_points = False
    for point in range(len(_POINTS)):
        given = {name: _POINTS[point](place) for place, name in enumerate(names)}
        try:
            Arithmetic().value(key, given)
        except Undefined:
            continue
        try:
            same = _same_at(student, key, given)
        except Undefined:
            missing += 1
            continue
        if same is Same.NO:
            return Same.NO
        open_points |= same is Same.OPEN
        compared += 1
    if not compared and missing:
        return Same.NO
    if compared < 3 or open_points:
        return Same.OPEN
    return Same.SOMETIMES if missing else Same.YES


def _same_at(one: Tree, other: Tree, given: Mapping[str, Any]) -> Same:
    quick = Arithmetic()
    x, y = quick.value(one, given), quick.value(other, given)
    if type(x) is Fraction and type(y) is Fraction:
        return Same.YES if x == y else Same.NO
    if _apart(quick, x, y) > _SURE:
        return Same.NO
    digits = 120 + 2 * quick.span + 2 * _written(one)
    if digits > MOST_DIGITS:
        return Same.OPEN
    close = Arithmetic(digits)
    apart = _apart(close, close.value(one, given), close.value(other, given))
    return Same.YES if apart < -digits * 2 else Same.NO


def _apart(arithmetic: Arithmetic, x: Any, y: Any) -> int:
    """The binary power of the relative difference."""
    x, y = arithmetic.real(x), arithmetic.real(y)
    apart = arithmetic.added(x, -y)
    if not apart:
        return -(10**9)
    return int(arithmetic.mp.mag(apart) - max(arithmetic.mp.mag(x), arithmetic.mp.mag(y)))


def _written(tree: Tree) -> int:
    """The digits that stand in an expression beyond the usual few."""
    bits = sum(
        node.value.numerator.bit_length() + node.value.denominator.bit_length()
        for node in walked(tree)
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
