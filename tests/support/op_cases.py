"""Every operation with its examples, and as a textbook defines it; never byhand's own rules."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import chain, groupby
from typing import Any

import mpmath
import numpy as np
import pytest

from byhand.core import ops, piece_ops
from byhand.core.graph import OPS, Op

Rows = list[list[float]]

MODULES = (ops, piece_ops)
"""Where operations are defined; all are there once these are imported."""

CASES = [
    pytest.param(op, shapes, attrs, id=f"{op.name}-{n}")
    for op in OPS.values()
    for n, (shapes, attrs) in enumerate(op.examples)
]


def pairwise(f: Callable[..., Any]) -> Callable[..., Rows]:
    def oracle(*tables: Rows) -> Rows:
        rows, columns = max(map(len, tables)), max(len(t[0]) for t in tables)
        return [[f(*(stretched(t, r, c) for t in tables)) for c in range(columns)] for r in range(rows)]

    return oracle


def stretched(table: Rows, r: int, c: int) -> float:
    return table[r % len(table)][c % len(table[0])]


def reduced(f: Callable[[list[float]], Any]) -> Callable[..., Rows]:
    def oracle(x: Rows, axis: int) -> Rows:
        return [[f(row)] for row in x] if axis == 1 else [[f(column) for column in turned(x)]]

    return oracle


def turned(x: Rows) -> Rows:
    return [list(column) for column in zip(*x, strict=True)]


def dot(x: list[float], y: list[float]) -> float:
    return math.fsum(a * b for a, b in zip(x, y, strict=True))


def product_of_tables(x: Rows, y: Rows) -> Rows:
    return [[dot(row, column) for column in turned(y)] for row in x]


def by_turns(even: Rows, odd: Rows, width: int) -> Rows:
    return [list(chain(*zip(*rows, strict=True)))[:width] for rows in zip(even, odd, strict=True)]


def ones_apart(row: list[float]) -> list[float]:
    """Whether each 1 is the first, third ... of its run."""
    runs = [(one, len(list(run))) for one, run in groupby(row)]
    return [one and float(n % 2 == 0) for one, length in runs for n in range(length)]


ORACLES: dict[str, Callable[..., Rows]] = {
    "source": lambda shape: [[0] * shape[1]] * shape[0],
    "constant": lambda value: [[value]],
    "pi": lambda: [[mpmath.pi]],
    "add": pairwise(lambda x, y: math.fsum([x, y])),
    "sub": pairwise(lambda x, y: math.fsum([x, -y])),
    "mul": pairwise(lambda x, y: mpmath.mpf(x) * y),
    "div": pairwise(lambda x, y: mpmath.mpf(x) / y),
    "maximum": pairwise(lambda x, y: x if x > y else y),
    "power": pairwise(lambda x, y: mpmath.exp(y * mpmath.ln(x))),
    "greater": pairwise(lambda x, y: 1 if y < x else 0),
    "equal": pairwise(lambda x, y: 0 if x < y or x > y else 1),
    "negate": pairwise(lambda x: 0 - x),
    "int": pairwise(lambda x: x // 1),
    "exp": pairwise(lambda x: mpmath.e**x),
    "log": pairwise(mpmath.ln),
    "sqrt": pairwise(lambda x: mpmath.root(x, 2)),
    "tanh": pairwise(lambda x: 1 - 2 / (mpmath.exp(2 * mpmath.mpf(x)) + 1)),
    "erf": pairwise(lambda x: 2 * mpmath.ncdf(x * mpmath.sqrt(2)) - 1),
    "sin": pairwise(lambda x: mpmath.im(mpmath.expj(x))),
    "cos": pairwise(lambda x: mpmath.re(mpmath.expj(x))),
    "sum": reduced(math.fsum),
    "max": reduced(lambda line: sorted(line)[-1]),
    "mean": reduced(lambda line: math.fsum(line) / len(line)),
    "mean_square": reduced(lambda line: dot(line, line) / len(line)),
    "argmax": reduced(lambda line: next(n for n, x in enumerate(line) if all(x >= y for y in line))),
    "matmul": product_of_tables,
    "where": pairwise(lambda keep, x, y: y if keep == 0 else x),
    "lookup": lambda table, index: [list(chain(*(table[int(n)] for n in row))) for row in index],
    "one_hot": lambda index, width: [[1 if n == column else 0 for column in range(width)] for (n,) in index],
    "transpose": turned,
    "rows": lambda x, start, stop: x[start:stop],
    "columns": lambda x, start, stop: [row[start:stop] for row in x],
    "stretch": lambda x, rows, columns: [[stretched(x, r, c) for c in range(columns)] for r in range(rows)],
    "beside": lambda *parts: [list(chain(*rows)) for rows in zip(*parts, strict=True)],
    "below": lambda *parts: list(chain(*parts)),
    "alternate": by_turns,
    "tally": lambda lines, weights, x: [
        [math.fsum(line.count(n) * w for line, (w,) in zip(lines, weights, strict=True)) for n in row] for row in x
    ],
    "take": lambda x, index: [[row[int(n)]] for row, (n,) in zip(x, index, strict=True)],
    "apart": lambda x: [ones_apart(row) for row in x],
    "joined_places": lambda gaps: [[n + 1 - math.fsum(row[:n]) for n in range(len(row) + 1)] for row in gaps],
    "at_places": lambda x, places: [
        [dict(reversed(list(zip(to, row, strict=True)))).get(n + 1, 0) for n in range(len(row))]
        for row, to in zip(x, places, strict=True)
    ],
    "total_of": lambda x, numbers, values: [
        [math.fsum(v for n, v in zip(chain(*numbers), chain(*values), strict=True) if n == here) for here in row]
        for row in x
    ],
    "find": lambda x, numbers, values: [
        [next((v for (n,), (v,) in zip(numbers, values, strict=True) if n == here), 0) for here in row] for row in x
    ],
    "spans": lambda x, base: [
        [
            math.fsum(n * base**k for k, n in enumerate(x[0][start : stop + 1])) if stop >= start and x[0][stop] else 0
            for stop in range(len(x[0]))
        ]
        for start in range(len(x[0]))
    ],
    "spelled": lambda x, pieces: x,
}
"""Each operation as a textbook defines it: on lists of rows, in plain Python or in mpmath's many digits."""


def definition(op: Op, arguments: list[Any], attrs: dict[str, Any]) -> Any:
    """The oracle's table as an array."""
    rows = ORACLES[op.name](*(a.tolist() for a in arguments), **attrs)
    return np.array([[float(x) for x in row] for row in rows])
