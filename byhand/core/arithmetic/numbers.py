"""Cell rules in plain floating-point numbers: the value of one cell of a table."""

from __future__ import annotations

import math
import operator

from byhand.core.arithmetic import Arithmetic, Function

Line = tuple[float, ...]
SIGNS = {"=": operator.eq, ">": operator.gt}


class Numbers(Arithmetic[float]):
    """Python's own numbers."""

    def number(self, x: float) -> float:
        return x

    def pi(self) -> float:
        return math.pi

    def call(self, function: Function, x: float) -> float:
        return function.number(x)

    def power(self, x: float, y: float) -> float:
        return math.pow(x, y)

    def total(self, line: Line) -> float:
        return sum(line)

    def largest(self, line: Line) -> float:
        return max(line)

    def position_of_largest(self, line: Line) -> float:
        return float(line.index(max(line)))

    def compare(self, x: float, sign: str, y: float) -> float:
        return float(SIGNS[sign](x, y))

    def choose(self, condition: float, x: float, y: float) -> float:
        return x if condition else y

    def pick(self, line: Line, index: float) -> float:
        return line[int(index)]


NUMBERS = Numbers()
