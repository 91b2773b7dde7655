"""The operations, each whole: shape, numbers, one cell, letters, and examples that the tests run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from byhand.graph import Array, Dim, Op, Shape, register
from byhand.table import Table

Index = tuple[int, int]


def _broadcast(*shapes: Shape) -> Shape:
    """The common shape, a 1 stretching to any size."""
    return _widest([s[0] for s in shapes], "rows"), _widest([s[1] for s in shapes], "columns")


def _widest(sizes: list[Dim], what: str) -> Dim:
    if len(set(sizes) - {1}) > 1:
        raise ValueError(f"their {what} differ")
    widest = max(sizes)
    return next((s for s in sizes if s == widest and s.of is not None), widest)


def _product(x: Shape, y: Shape) -> Shape:
    if x[1] != y[0]:
        raise ValueError("the first one's columns must equal the second one's rows")
    return x[0], y[1]


def _one_line(x: Shape, axis: int) -> Shape:
    if axis not in (0, 1):
        raise ValueError("axis must be 1 (along the rows) or 0 (down the columns)")
    return (x[0], Dim(1)) if axis == 1 else (Dim(1), x[1])


def _span(x: Shape, start: int, stop: int) -> Shape:
    if not 0 <= start < stop <= x[0]:
        raise ValueError(f"rows {start} to {stop} are not in it")
    return (x[0] if stop - start == x[0] else Dim(stop - start)), x[1]


def _lookup_shape(table: Shape, index: Shape) -> Shape:
    if index[1] != 1:
        raise ValueError("the row numbers must be one column")
    return index[0], table[1]


def _lookup(table: Array, index: Array) -> Array:
    axes = max(table.ndim, index.ndim)
    table, index = (a.reshape((1,) * (axes - a.ndim) + a.shape) for a in (table, index))
    return np.take_along_axis(table, index.astype(np.int64), axis=-2)


def _beside(axis: int) -> Callable[..., Shape]:
    def shape(*shapes: Shape) -> Shape:
        if len({s[1 - axis] for s in shapes}) > 1:
            raise ValueError(f"their {('columns', 'rows')[axis]} differ")
        total = Dim(sum(s[axis] for s in shapes))
        other = _widest([s[1 - axis] for s in shapes], "")
        return (total, other) if axis == 0 else (other, total)

    return shape


def _join(parts: Sequence[Array], axis: int) -> Array:
    leading = np.broadcast_shapes(*(p.shape[:-2] for p in parts))
    return np.concatenate([np.broadcast_to(p, (*leading, *p.shape[-2:])) for p in parts], axis=axis)


def _alternate(even: Array, odd: Array, width: int) -> Array:
    """Columns of the two tables by turns, beginning with the first table's first."""
    even, odd = np.broadcast_arrays(even, odd)
    return np.stack((even, odd), axis=-1).reshape(*even.shape[:-1], -1)[..., :width]


def _alternate_shape(even: Shape, odd: Shape, width: int) -> Shape:
    if even != odd or not 2 * even[1] - 1 <= width <= 2 * even[1]:
        raise ValueError("they must have one shape and together the columns that are asked for")
    return even[0], Dim(width)


def _part_cell(i: Index, parts: tuple[Table, ...], axis: int) -> Any:
    """The cell of several tables set side by side (axis 1) or one below the other (axis 0)."""
    at = i[axis]
    for part in parts:
        if at < part.shape[axis]:
            return part[(i[0], at) if axis == 1 else (at, i[1])]
        at -= part.shape[axis]
    raise IndexError(i)


def _elementwise(name: str, value: Any, cell: Any, letters: Any, binds: int = 3) -> Op:
    """One table in, the same shape out, each cell from its own cell."""
    return register(
        name,
        shape=lambda x: x,
        value=value,
        cell=lambda k, i, x: cell(k, x[i]),
        letters=letters,
        binds=binds,
        examples=((((2, 3),), {}),),
    )


def _pairwise(name: str, value: Any, cell: Any, letters: Any, binds: int = 3) -> Op:
    """Two tables in, cell by cell; a single row, column or cell is stretched."""
    return register(
        name,
        shape=_broadcast,
        value=value,
        cell=lambda k, i, x, y: cell(k, x[i], y[i]),
        letters=letters,
        binds=binds,
        examples=tuple(
            ((x, y), {}) for x, y in (((2, 3), (2, 3)), ((2, 3), (1, 3)), ((2, 3), (2, 1)), ((1, 1), (2, 3)))
        ),
    )


def _reduce(name: str, value: Any, cell: Any, letters: str) -> Op:
    """Each row to one cell (axis 1), or each column (axis 0)."""
    return register(
        name,
        shape=_one_line,
        value=lambda x, axis: value(x, axis=axis - 2, keepdims=True),
        cell=lambda k, i, x, axis: cell(k, x.line(i, axis)),
        letters=lambda x, axis: f"{letters} {x}",
        examples=((((2, 3),), {"axis": 1}), (((2, 3),), {"axis": 0})),
    )


source = register(
    "source",
    shape=lambda shape: shape,
    value=lambda shape: np.zeros(shape),
    cell=lambda k, i, shape: k.number(0),
    letters=lambda shape: "given",
    examples=(((), {"shape": (2, 3)}),),
)
constant = register(
    "constant",
    shape=lambda value: (Dim(1), Dim(1)),
    value=lambda value: np.array([[value]]),
    cell=lambda k, i, value: k.number(value),
    letters=lambda value: np.format_float_positional(value, trim="-"),
    examples=(((), {"value": 2.5}), ((), {"value": -1.0})),
)
pi = register(
    "pi",
    shape=lambda: (Dim(1), Dim(1)),
    value=lambda: np.array([[math.pi]]),
    cell=lambda k, i: k.pi(),
    letters=lambda: "π",
    examples=(((), {}),),
)

add = _pairwise("add", np.add, lambda k, x, y: x + y, lambda x, y: f"{x} + {y}", binds=1)
sub = _pairwise("sub", np.subtract, lambda k, x, y: x - y, lambda x, y: f"{x} − {y}", binds=1)
mul = _pairwise("mul", np.multiply, lambda k, x, y: x * y, lambda x, y: f"{x} × {y}", binds=2)
div = _pairwise("div", np.divide, lambda k, x, y: x / y, lambda x, y: f"{x} / {y}", binds=2)
maximum = _pairwise("maximum", np.maximum, lambda k, x, y: k.larger(x, y), lambda x, y: f"max({x}, {y})")
power = _pairwise("power", np.power, lambda k, x, y: k.power(x, y), lambda x, y: f"{x}^({y})")

exp = _elementwise("exp", np.exp, lambda k, x: k.exp(x), lambda x: f"e^({x})" if " " in x else f"e^{x}")
sqrt = _elementwise("sqrt", np.sqrt, lambda k, x: k.sqrt(x), lambda x: f"√({x})" if " " in x else f"√{x}")
tanh = _elementwise("tanh", np.tanh, lambda k, x: k.tanh(x), lambda x: f"tanh({x})")
erf = _elementwise("erf", np.vectorize(math.erf, otypes=[float]), lambda k, x: k.erf(x), lambda x: f"erf({x})")
sin = _elementwise("sin", np.sin, lambda k, x: k.sin(x), lambda x: f"sin({x})")
cos = _elementwise("cos", np.cos, lambda k, x: k.cos(x), lambda x: f"cos({x})")

sum_ = _reduce("sum", np.sum, lambda k, line: k.sum(line), "Σ")
max_ = _reduce("max", np.max, lambda k, line: k.max(line), "max")
mean = _reduce("mean", np.mean, lambda k, line: k.mean(line), "mean")
mean_square = _reduce(
    "mean_square",
    lambda x, axis, keepdims: np.mean(x * x, axis=axis, keepdims=keepdims),
    lambda k, line: k.sum_of_squares(line) / k.number(len(line)),
    "mean²",
)
argmax = _reduce(
    "argmax",
    lambda x, axis, keepdims: np.argmax(x, axis=axis, keepdims=keepdims).astype(float),
    lambda k, line: k.position_of_max(line),
    "where is max",
)

matmul = register(
    "matmul",
    shape=_product,
    value=np.matmul,
    cell=lambda k, i, x, y: k.dot(x.line(i, 1), y.line(i, 0)),
    letters=lambda x, y: f"{x} · {y}",
    binds=2,
    sides=("left", "above"),
    examples=((((2, 3), (3, 2)), {}), (((1, 1), (1, 4)), {})),
)
where = register(
    "where",
    shape=_broadcast,
    value=lambda keep, x, y: np.where(keep != 0, x, y),
    cell=lambda k, i, keep, x, y: k.choose(keep[i], x[i], y[i]),
    letters=lambda keep, x, y: f"{x} where {keep}, else {y}",
    binds=1,
    examples=((((2, 3), (2, 3), (1, 1)), {}), (((1, 3), (2, 3), (1, 1)), {})),
)
lookup = register(
    "lookup",
    shape=_lookup_shape,
    value=_lookup,
    cell=lambda k, i, table, index: k.pick(table.line(i, 0), index[i[0], 0]),
    letters=lambda table, index: f"{table}[{index}]",
    sides=("above", "left"),
    examples=((((4, 3), (2, 1)), {}),),
)

transpose = register(
    "transpose",
    shape=lambda x: (x[1], x[0]),
    value=lambda x: np.swapaxes(x, -1, -2),
    cell=lambda k, i, x: x[i[1], i[0]],
    letters=lambda x: f"{x}ᵀ",
    view=True,
    examples=((((2, 3),), {}),),
)
rows = register(
    "rows",
    shape=_span,
    value=lambda x, start, stop: x[..., start:stop, :],
    cell=lambda k, i, x, start, stop: x[i[0] + start, i[1]],
    letters=lambda x, start, stop: f"{x}[{start + 1}]" if stop == start + 1 else f"{x}[{start + 1}…{stop}]",
    view=True,
    examples=((((4, 3),), {"start": 1, "stop": 3}),),
)
beside = register(
    "beside",
    shape=_beside(1),
    value=lambda *parts: _join(parts, -1),
    cell=lambda k, i, *parts: _part_cell(i, parts, 1),
    letters=lambda *parts: f"[{'  '.join(parts)}]",
    view=True,
    examples=((((2, 3), (2, 1), (2, 2)), {}),),
)
below = register(
    "below",
    shape=_beside(0),
    value=lambda *parts: _join(parts, -2),
    cell=lambda k, i, *parts: _part_cell(i, parts, 0),
    letters=lambda *parts: f"[{'; '.join(parts)}]",
    view=True,
    examples=((((2, 3), (1, 3)), {}),),
)
alternate = register(
    "alternate",
    shape=_alternate_shape,
    value=_alternate,
    cell=lambda k, i, even, odd, width: (even, odd)[i[1] % 2][i[0], i[1] // 2],
    letters=lambda even, odd, width: f"{even}, {odd} by turns",
    binds=1,
    view=True,
    examples=((((2, 2), (2, 2)), {"width": 4}), (((2, 2), (2, 2)), {"width": 3})),
)
