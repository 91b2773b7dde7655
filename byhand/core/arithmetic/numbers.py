"""Cell rules in plain floating-point numbers: what one cell of a table is worth."""

import math
from collections.abc import Sequence

Line = Sequence[float]


def number(x: float) -> float:
    return x


def pi() -> float:
    return math.pi


def dot(x: Line, y: Line) -> float:
    return sum(a * b for a, b in zip(x, y, strict=True))


def mean(x: Line) -> float:
    return sum(x) / len(x)


def sum_of_squares(x: Line) -> float:
    return sum(a * a for a in x)


def position_of_max(x: Line) -> float:
    return float(list(x).index(max(x)))


def equal(x: float, y: float) -> float:
    return float(x == y)


def greater(x: float, y: float) -> float:
    return float(x > y)


def choose(condition: float, x: float, y: float) -> float:
    return x if condition else y


def pick(line: Line, index: float) -> float:
    return line[int(index)]


sum, max, larger = sum, max, max
exp, log, sqrt, tanh, erf, power = math.exp, math.log, math.sqrt, math.tanh, math.erf, math.pow
sin, cos = math.sin, math.cos
