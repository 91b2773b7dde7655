"""The arithmetics in which a cell rule can be read: numbers, formulas, exact algebra, worked steps, work by hand.

A cell rule is written once, as in `k.total(line) / k.number(len(line))`. Each arithmetic `k` has cells of its own kind,
which know + − × ÷, and ten methods; everything else follows from these.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, Self, TypeVar

from byhand.notation.tree import Maths


class Reckonable(Protocol):
    """The operators that the cells of an arithmetic have."""

    def __add__(self, other: Any, /) -> Self: ...
    def __sub__(self, other: Any, /) -> Self: ...
    def __mul__(self, other: Any, /) -> Self: ...
    def __truediv__(self, other: Any, /) -> Self: ...
    def __neg__(self) -> Self: ...


Cell = TypeVar("Cell", bound=Reckonable)


class Line(tuple[Any, ...]):
    """The cells of a row or a column of a table. about: what an arithmetic has noted of them, for the next reader."""

    about: Any = None


@dataclass(frozen=True)
class Function:
    """A function of one number, in the forms that the arithmetics need.

    name: as people type it and, in capitals, in Excel 2010 and later. number: the function on floats.
    maths: its notation on paper. sympy: its name in SymPy.
    """

    name: str
    number: Callable[[float], float]
    maths: Callable[[Maths], Maths]
    sympy: str


class Arithmetic(ABC, Generic[Cell]):
    """One reading of cell rules. A line is the cells of a row or a column, in order."""

    @abstractmethod
    def number(self, x: float) -> Cell:
        """Return a number of the rule as a cell."""

    @abstractmethod
    def pi(self) -> Cell: ...

    @abstractmethod
    def call(self, function: Function, x: Cell) -> Cell:
        """Return f(x)."""

    @abstractmethod
    def power(self, x: Cell, y: Cell) -> Cell:
        """Return x^y."""

    @abstractmethod
    def total(self, line: tuple[Cell, ...]) -> Cell:
        """Return the sum of a line."""

    @abstractmethod
    def largest(self, line: tuple[Cell, ...]) -> Cell: ...

    @abstractmethod
    def position_of_largest(self, line: tuple[Cell, ...]) -> Cell:
        """Return the index of the largest, from 0; of equals, the first."""

    @abstractmethod
    def compare(self, x: Cell, sign: str, y: Cell) -> Cell:
        """Return 1 if x > y (or x = y, by the sign), else 0."""

    @abstractmethod
    def choose(self, condition: Cell, x: Cell, y: Cell) -> Cell:
        """Return x if the condition is not 0, else y."""

    @abstractmethod
    def pick(self, line: tuple[Cell, ...], index: Cell) -> Cell:
        """Return the cell of a line at an index counted from 0."""

    def dot(self, x: tuple[Cell, ...], y: tuple[Cell, ...]) -> Cell:
        """Return x₁ y₁ + x₂ y₂ + ..."""
        return self.total(tuple(a * b for a, b in zip(x, y, strict=True)))

    def sum_of_squares(self, line: tuple[Cell, ...]) -> Cell:
        """Return x₁² + x₂² + ..."""
        return self.dot(line, line)

    def mean(self, line: tuple[Cell, ...]) -> Cell:
        """Return the mean of a line."""
        return self.total(line) / self.number(len(line))

    def count(self, x: Cell, line: tuple[Cell, ...]) -> Cell:
        """Return how many cells of a line equal x."""
        return self.total(tuple(self.compare(cell, "=", x) for cell in line))

    def look_up(self, x: Cell, line: tuple[Cell, ...], values: tuple[Cell, ...]) -> Cell:
        """Return the one of `values` beside the first cell of a line that equals x; 0 if none does."""
        found = self.number(0)
        for cell, value in reversed(list(zip(line, values, strict=True))):
            found = self.choose(self.compare(cell, "=", x), value, found)
        return found

    def total_where(self, x: Cell, line: tuple[Cell, ...], values: tuple[Cell, ...]) -> Cell:
        """Return the sum of those of `values` whose neighbour in a line equals x."""
        zero = self.number(0)
        pairs = zip(line, values, strict=True)
        return self.total(tuple(self.choose(self.compare(cell, "=", x), value, zero) for cell, value in pairs))

    def larger(self, x: Cell, y: Cell) -> Cell:
        """Return the larger of two."""
        return self.largest((x, y))
