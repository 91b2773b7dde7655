"""Cell rules as worked steps: a cell's formula in letters, with the numbers put in, and round by round to its value."""

from __future__ import annotations

import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from byhand.core.arithmetic import Arithmetic, Function
from byhand.core.arithmetic.numbers import NUMBERS
from byhand.core.number_text import is_exact, shown
from byhand.notation.tree import (
    Call,
    Cases,
    Chain,
    Grid,
    Maths,
    Name,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Words,
)

MOST_TERMS, MOST_ARGUMENTS = 17, 9
"""A longer sum, or max, is written with dots between its first ones and its last."""


class Step(ABC):
    """A piece of a cell's formula: its value, and how it is written.

    depth: the number of rounds after which it is a number, where a round computes all that can be computed at once.
    """

    value: float
    depth: int = 0

    @property
    @abstractmethod
    def letters(self) -> Maths:
        """The piece in letters, as in the rule."""

    @abstractmethod
    def after(self, rounds: int) -> Maths:
        """Return the piece with numbers put in, after some rounds of computing."""

    @abstractmethod
    def is_exact_after(self, rounds: int) -> bool:
        """Return whether no number is rounded in the piece after some rounds."""

    def __add__(self, other: Step) -> Step:
        return Operation(_sum, [*_terms(self), *_terms(other)], self.value + other.value)

    def __sub__(self, other: Step) -> Step:
        return Operation(_sum, [*_terms(self), Minus(other)], self.value - other.value)

    def __neg__(self) -> Step:
        return Operation(Negative, [self], -self.value)

    def __mul__(self, other: Step) -> Step:
        return Operation(_product, [*_factors(self), *_factors(other)], self.value * other.value)

    def __truediv__(self, other: Step) -> Step:
        return _operation(Quotient, operator.truediv, self, other)


Line = tuple[Step, ...]
Parts = Sequence[Step]


def _none() -> None:
    return None


class Given(Step):
    """A cell of another table, or a number of the rule's own; `exact` is put in for it rather than a decimal.

    Its letters and exact value are computed on demand: most of a long line are not needed.
    """

    def __init__(self, letters: Callable[[], Maths], value: float, exact: Callable[[], Maths | None] = _none) -> None:
        self._letters, self.value, self._exact = letters, value, exact

    @property
    def letters(self) -> Maths:
        return self._letters()

    def after(self, rounds: int) -> Maths:
        return self._exact() or shown(self.value)

    def is_exact_after(self, rounds: int) -> bool:
        return is_exact(self.value) or self._exact() is not None


class Calculation(Step):
    """A piece that becomes a number after `depth` rounds."""

    def after(self, rounds: int) -> Maths:
        return shown(self.value) if rounds >= self.depth else self._unfinished(rounds)

    def is_exact_after(self, rounds: int) -> bool:
        return is_exact(self.value) if rounds >= self.depth else self._is_exact_unfinished(rounds)

    @abstractmethod
    def _unfinished(self, rounds: int) -> Maths: ...

    @abstractmethod
    def _is_exact_unfinished(self, rounds: int) -> bool: ...


class Operation(Calculation):
    """An operation on smaller pieces."""

    def __init__(self, write: Callable[..., Maths], parts: Parts, value: float) -> None:
        self.write, self.parts, self.value = write, parts, value
        self.depth = 1 + max((p.depth for p in parts), default=0)

    @property
    def letters(self) -> Maths:
        return self.write(*(p.letters for p in self._few))

    def _unfinished(self, rounds: int) -> Maths:
        write = _product_of_numbers if self.write is _product else self.write
        return write(*(p.after(rounds) for p in self._few))

    def _is_exact_unfinished(self, rounds: int) -> bool:
        return all(p.is_exact_after(rounds) for p in self._few)

    @property
    def _few(self) -> Parts:
        """Return the parts that are written: of many, the first and the last."""
        most = MOST_TERMS if self.write is _sum else MOST_ARGUMENTS
        return self.parts if len(self.parts) <= most else [*self.parts[:3], Dots(), self.parts[-1]]


class Minus(Step):
    """A piece that is subtracted: not a step of its own, since 5 − 3 is one step."""

    def __init__(self, of: Step) -> None:
        self.of, self.value, self.depth = of, -of.value, of.depth

    @property
    def letters(self) -> Maths:
        return Negative(self.of.letters)

    def after(self, rounds: int) -> Maths:
        return Negative(self.of.after(rounds))

    def is_exact_after(self, rounds: int) -> bool:
        return self.of.is_exact_after(rounds)


class LookedUp(Calculation):
    """One cell of a line, chosen by its index: first written as a name, then as a number."""

    def __init__(self, line: Line, index: Step) -> None:
        self.line, self.index = line, index
        self.entry = line[int(index.value)]
        self.value, self.depth = self.entry.value, 1 + self.entry.depth

    @property
    def letters(self) -> Maths:
        """The line's name with the index, from 1; the entry's own name where a line's cells are of several tables."""
        first, last = self.line[0].letters, self.line[-1].letters
        if not (isinstance(first, Name) and isinstance(last, Name)) or first == last or first.letters != last.letters:
            return self.entry.letters
        counted = Sum((self.index.letters, Number("1")))
        places = zip(first.below, last.below, strict=True)
        return Name(first.letters, tuple(a if a == b else counted for a, b in places), first.bold)

    def _unfinished(self, rounds: int) -> Maths:
        return self.entry.after(rounds - 1) if rounds else self.entry.letters

    def _is_exact_unfinished(self, rounds: int) -> bool:
        return rounds == 0 or self.entry.is_exact_after(rounds - 1)


class Dots(Step):
    """The dots for parts that are not written."""

    value = 0.0

    @property
    def letters(self) -> Maths:
        return Name("…")

    def after(self, rounds: int) -> Maths:
        return self.letters

    def is_exact_after(self, rounds: int) -> bool:
        return True


def _sum(*terms: Maths) -> Maths:
    return Sum(terms) if len(terms) > 1 else terms[0]


def _product(*factors: Maths) -> Maths:
    return Product(factors, "·")


def _product_of_numbers(*factors: Maths) -> Maths:
    return Product(factors, "×")


def _whether(sign: str) -> Callable[..., Maths]:
    """Return [x > y]: 1 if it is true, else 0."""
    return lambda x, y: Grid(((Chain((x, y), (sign,)),),))


def _operation(write: Callable[..., Maths], rule: Callable[..., float], *parts: Step) -> Step:
    try:
        return Operation(write, parts, rule(*(p.value for p in parts)))
    except (ArithmeticError, ValueError):
        return Operation(write, parts, math.nan)


def _call(name: str) -> Callable[..., Maths]:
    return lambda *arguments: Call(name, arguments)


def _terms(step: Step) -> Parts:
    return step.parts if isinstance(step, Operation) and step.write is _sum else [step]


def _factors(step: Step) -> Parts:
    return step.parts if isinstance(step, Operation) and step.write is _product else [step]


class Steps(Arithmetic[Step]):
    """The arithmetic of worked steps, as a person writes them line by line."""

    def number(self, x: float) -> Step:
        return Given(lambda: shown(x), x)

    def pi(self) -> Step:
        return Operation(lambda: Name("π"), [], NUMBERS.pi())

    def call(self, function: Function, x: Step) -> Step:
        return _operation(function.maths, function.number, x)

    def power(self, x: Step, y: Step) -> Step:
        return _operation(Power, NUMBERS.power, x, y)

    def total(self, line: Line) -> Step:
        return Operation(_sum, line, sum(c.value for c in line)) if len(line) > 1 else line[0]

    def sum_of_squares(self, line: Line) -> Step:
        return self.total(tuple(self.power(c, self.number(2)) for c in line))

    def largest(self, line: Line) -> Step:
        return Operation(_call("max"), line, max(c.value for c in line))

    def position_of_largest(self, line: Line) -> Step:
        return Operation(_call("argmax"), line, NUMBERS.position_of_largest(tuple(c.value for c in line)))

    def compare(self, x: Step, sign: str, y: Step) -> Step:
        return _operation(_whether(sign), lambda a, b: NUMBERS.compare(a, sign, b), x, y)

    def choose(self, condition: Step, x: Step, y: Step) -> Step:
        def write(condition: Maths, x: Maths, y: Maths) -> Maths:
            return Cases(((x, Chain((condition, Number("0")), ("≠",))), (y, Words("otherwise"))))

        return _operation(write, NUMBERS.choose, condition, x, y)

    def pick(self, line: Line, index: Step) -> Step:
        return LookedUp(line, index)

    def count(self, x: Step, line: Line) -> Step:
        return Operation(_call("count"), (x, *line), float(sum(c.value == x.value for c in line)))

    def total_where(self, x: Step, line: Line, values: Line) -> Step:
        there = tuple(value for cell, value in zip(line, values, strict=True) if cell.value == x.value)
        return self.total(there) if there else self.number(0)

    def look_up(self, x: Step, line: Line, values: Line) -> Step:
        place = next((n for n, cell in enumerate(line) if cell.value == x.value), None)
        return self.number(0) if place is None else LookedUp(values, self.number(place))


STEPS = Steps()
