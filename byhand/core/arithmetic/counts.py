"""Count the multiplications, additions and other steps of a cell rule by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from byhand.core.arithmetic import Arithmetic, Function
from byhand.core.graph import Node
from byhand.core.table import Table


@dataclass(frozen=True)
class Work:
    """The work for a cell by hand: products and quotients, sums and differences, and functions."""

    multiplications: int = 0
    additions: int = 0
    functions: int = 0

    def joined(self, *others: Work, multiplications: int = 0, additions: int = 0, functions: int = 0) -> Work:
        """Return the sum of this work, the others', and some more."""
        parts = (self, *others)
        return Work(
            sum(p.multiplications for p in parts) + multiplications,
            sum(p.additions for p in parts) + additions,
            sum(p.functions for p in parts) + functions,
        )

    def times(self, count: int) -> Work:
        """Return the work of so many equal cells."""
        return Work(self.multiplications * count, self.additions * count, self.functions * count)

    def __add__(self, other: Work) -> Work:
        return self.joined(other, additions=1)

    def __sub__(self, other: Work) -> Work:
        return self.joined(other, additions=1)

    def __mul__(self, other: Work) -> Work:
        return self.joined(other, multiplications=1)

    def __truediv__(self, other: Work) -> Work:
        return self.joined(other, multiplications=1)

    def __neg__(self) -> Work:
        return self


Line = tuple[Work, ...]
NOTHING = Work()


class Counts(Arithmetic[Work]):
    """The work of each cell. A given or named number costs nothing, nor does finding a number in a line."""

    def number(self, x: float) -> Work:
        return NOTHING

    def pi(self) -> Work:
        return NOTHING

    def call(self, function: Function, x: Work) -> Work:
        return x.joined(functions=1)

    def power(self, x: Work, y: Work) -> Work:
        return x.joined(y, functions=1)

    def total(self, line: Line) -> Work:
        return reduce(Work.__add__, line)

    def largest(self, line: Line) -> Work:
        return NOTHING.joined(*line)

    def position_of_largest(self, line: Line) -> Work:
        return NOTHING.joined(*line)

    def compare(self, x: Work, sign: str, y: Work) -> Work:
        return x.joined(y)

    def choose(self, condition: Work, x: Work, y: Work) -> Work:
        return x

    def pick(self, line: Line, index: Work) -> Work:
        return line[0]


COUNTS = Counts()


def work(tables: Iterable[Node]) -> Work:
    """Return the work of computing each of these tables once from its arguments.

    All cells of an operation take equal work, so one is counted for all.
    """
    total = NOTHING
    for node in tables:
        arguments = (Table(a.shape, lambda r, c: NOTHING) for a in node.args)
        one = node.op.cell(COUNTS, (0, 0), *arguments, **node.attrs)
        total = total.joined(one.times(int(node.shape[0]) * int(node.shape[1])))
    return total
