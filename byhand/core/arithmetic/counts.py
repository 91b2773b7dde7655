"""Cell rules counted: the multiplications, additions and other steps that one cell takes by hand."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from byhand.core.graph import Node
from byhand.core.table import Table


@dataclass(frozen=True)
class Work:
    """What a person does for a cell: products and quotients, sums and differences, and functions looked up."""

    multiplications: int = 0
    additions: int = 0
    functions: int = 0

    def joined(self, *others: Work, multiplications: int = 0, additions: int = 0, functions: int = 0) -> Work:
        """All of it together, and some more."""
        parts = (self, *others)
        return Work(
            builtins.sum(p.multiplications for p in parts) + multiplications,
            builtins.sum(p.additions for p in parts) + additions,
            builtins.sum(p.functions for p in parts) + functions,
        )

    def times(self, count: int) -> Work:
        """The work of so many cells that take as much."""
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


def number(x: float) -> Work:
    return NOTHING


def pi() -> Work:
    return NOTHING


def dot(x: Line, y: Line) -> Work:
    return sum(tuple(a * b for a, b in zip(x, y, strict=True)))


def sum(x: Line) -> Work:
    return reduce(Work.__add__, x)


def mean(x: Line) -> Work:
    return sum(x) / NOTHING


def sum_of_squares(x: Line) -> Work:
    return dot(x, x)


def _looked_over(*cells: Work) -> Work:
    return NOTHING.joined(*cells)


def max(x: Line) -> Work:
    return _looked_over(*x)


def position_of_max(x: Line) -> Work:
    return _looked_over(*x)


def choose(condition: Work, x: Work, y: Work) -> Work:
    return x


def pick(line: Line, index: Work) -> Work:
    return line[0]


def _function(*x: Work) -> Work:
    return NOTHING.joined(*x, functions=1)


larger = equal = greater = _looked_over
exp = log = sqrt = tanh = erf = sin = cos = power = _function


def work(tables: Iterable[Node]) -> Work:
    """The work of making each of these tables once from its arguments.

    In every operation a cell takes as much as any other, so one is worked and counted for all.
    """
    total = NOTHING
    for node in tables:
        arguments = (Table(a.shape, lambda r, c: NOTHING) for a in node.args)
        one = node.op.cell(sys.modules[__name__], (0, 0), *arguments, **node.attrs)
        total = total.joined(one.times(int(node.shape[0]) * int(node.shape[1])))
    return total
