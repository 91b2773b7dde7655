"""The operations, each whole: shape, numbers, one cell, gradient, formula, and examples that the tests run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from byhand.core.arithmetic import Function
from byhand.core.graph import Array, Dim, Node, Op, always, register
from byhand.core.shapes import (
    broadcast,
    by_turns,
    joined,
    looked_up,
    one_hot_for,
    one_line,
    product,
    span,
    stretched,
)
from byhand.core.table import Table
from byhand.notation.tree import (
    ALL,
    Call,
    Cases,
    Chain,
    Grid,
    Maths,
    Name,
    Negative,
    Number,
    Over,
    Power,
    Product,
    Quotient,
    Root,
    Sum,
    Transposed,
    Words,
    few,
    part,
    span_of,
    whether,
)

Index = tuple[int, int]
Cell = Callable[..., Any]
"""(an arithmetic, cells or lines) to one cell."""


def _call(name: str) -> Callable[..., Maths]:
    return lambda *arguments: Call(name, arguments)


def _in_zeros(g: Node, x: Node, axis: int, start: int, stop: int) -> Node:
    """Return a table of x's shape with g from `start` to before `stop` along the axis, and 0 elsewhere."""
    parts = [g]
    for size, at in ((start, 0), (x.shape[axis] - stop, len(parts) + 1)):
        if size:
            rows, columns = (size, x.shape[1]) if axis == 0 else (x.shape[0], size)
            parts.insert(at, stretch(0, rows=rows, columns=columns))
    return (below if axis == 0 else beside)(*parts)


def _to_each_part(g: Node, parts: Sequence[Node], axis: int) -> tuple[Node, ...]:
    """Return the part of g for each of the joined tables."""
    stops = [sum(int(p.shape[axis]) for p in parts[: n + 1]) for n in range(len(parts))]
    cut = g.rows if axis == 0 else g.columns
    return tuple(cut(stop - int(p.shape[axis]), stop) for p, stop in zip(parts, stops, strict=True))


def _to_largest(g: Node, out: Node, x: Node, axis: int) -> Node:
    """Return g at the largest cell of each line, divided equally among ties, and 0 elsewhere."""
    largest = equal(x, out)
    return g * largest / largest.sum(axis)


def _by_turns_apart(g: Node, width: int) -> tuple[Node, Node]:
    """Return g's columns 1, 3, 5 ... and its columns 2, 4 ..., with a column of zeros if the last one is missing."""
    single = [g.columns(n, n + 1) for n in range(width)]
    unused = [stretch(0, rows=g.shape[0], columns=1)] if width % 2 else []
    return beside(*single[::2]), beside(*single[1::2], *unused)


def _power(x: Array, y: Array) -> Array:
    """Return x to the power y; of a square and a cube, the product, which is many times as fast."""
    if y.size == 1 and y.ndim <= x.ndim and (exponent := y.item()) in (2.0, 3.0):
        return np.asarray(x * x if exponent == 2 else x * x * x)
    return np.power(x, y)


def _mean(x: Array, axis: int, keepdims: bool) -> Array:
    """Return what np.mean returns, in half its time."""
    total: Any = np.add.reduce
    return np.asarray(total(x, axis=axis, keepdims=keepdims) / x.shape[axis])


def _erf(x: Array) -> Array:
    return np.fromiter(map(math.erf, x.ravel().tolist()), float, x.size).reshape(x.shape)


def _lookup(table: Array, index: Array) -> Array:
    """Return the rows at these indices (of a table of one column, the numbers); NaN where there is no such row."""
    axes = max(table.ndim, index.ndim)
    table, index = (a.reshape((1,) * (axes - a.ndim) + a.shape) for a in (table, index))
    column = index.reshape((*index.shape[:-2], -1, 1))
    valid = (column > -1) & (column < table.shape[-2])
    values = np.take_along_axis(table, np.where(valid, column, 0).astype(np.int64), axis=-2)
    values = values if valid.all() else np.where(valid, values, np.nan)
    return values if index.shape[-1] == 1 else values.reshape((*values.shape[:-2], *index.shape[-2:]))


def _to_looked_up(g: Node, table: Node, index: Node) -> Node:
    """Return the sum of g's rows (of a table of one column, g's numbers) for each row of the table."""
    if index.shape[1] == 1:
        return one_hot(index, width=table.shape[0]).T @ g
    columns = ((index.columns(n, n + 1), g.columns(n, n + 1)) for n in range(index.shape[1]))
    return reduce(add, (one_hot(places, width=table.shape[0]).T @ own for places, own in columns))


def _join(parts: Sequence[Array], axis: int) -> Array:
    leading = np.broadcast_shapes(*(p.shape[:-2] for p in parts))
    return np.concatenate([np.broadcast_to(p, (*leading, *p.shape[-2:])) for p in parts], axis=axis)


def _alternate(even: Array, odd: Array, width: int) -> Array:
    """Return the columns of the two tables alternately, starting with the first table's first."""
    even, odd = np.broadcast_arrays(even, odd)
    return np.stack((even, odd), axis=-1).reshape(*even.shape[:-1], -1)[..., :width]


def _part_cell(i: Index, parts: tuple[Table, ...], axis: int) -> Any:
    """Return the cell of several tables side by side (axis 1) or stacked (axis 0)."""
    at = i[axis]
    for table in parts:
        if at < table.shape[axis]:
            return table[(i[0], at) if axis == 1 else (at, i[1])]
        at -= table.shape[axis]
    raise IndexError(i)


def _in_a_row(*parts: Maths) -> Maths:
    return Grid((few(parts),))


def _in_a_column(*parts: Maths) -> Maths:
    return Grid(tuple((part,) for part in few(parts)))


def _elementwise(name: str, value: Any, cell: Cell, vjp: Any, maths: Any, **more: Any) -> Op:
    """Register an operation on one table that makes each cell from the same cell."""
    return register(
        name,
        shape=lambda x: x,
        value=value,
        cell=lambda k, i, x: cell(k, x[i]),
        vjp=lambda g, out, x: (vjp(g, out, x),),
        maths=maths,
        cellwise=True,
        by_row=always,
        **more,
        examples=((((2, 3),), {}),),
    )


def _function(name: str, function: Function, value: Any, vjp: Any, **more: Any) -> Op:
    """Register a function that is applied to each cell."""
    return _elementwise(name, value, lambda k, x: k.call(function, x), vjp, function.maths, function=function, **more)


def _pairwise(name: str, value: Any, cell: Cell, vjp: Any, maths: Any, finite: bool = False) -> Op:
    """Register an operation on two tables, cell by cell; a single row, column or cell is stretched."""
    return register(
        name,
        shape=broadcast,
        value=value,
        cell=lambda k, i, x, y: cell(k, x[i], y[i]),
        vjp=vjp,
        maths=maths,
        cellwise=True,
        by_row=always,
        finite=finite,
        examples=tuple(
            ((x, y), {}) for x, y in (((2, 3), (2, 3)), ((2, 3), (1, 3)), ((2, 3), (2, 1)), ((1, 1), (2, 3)))
        ),
    )


def _reduce(name: str, value: Any, cell: Cell, vjp: Any, maths: Any) -> Op:
    """Register an operation that reduces each row to one cell (axis 1), or each column (axis 0)."""
    return register(
        name,
        shape=one_line,
        value=lambda x, axis: value(x, axis=axis - 2, keepdims=True),
        cell=lambda k, i, x, axis: cell(k, x.line(i, axis)),
        vjp=lambda g, out, x, axis: (vjp(g, out, x, axis),),
        maths=lambda x, axis: maths(x),
        code=lambda k, node, x: k.by_line(name, x, node.attrs["axis"]),
        by_row=lambda axis: axis == 1,
        examples=((((2, 3),), {"axis": 1}), (((2, 3),), {"axis": 0})),
    )


source = register(
    "source",
    shape=lambda shape: shape,
    value=lambda shape: np.zeros(shape),
    cell=lambda k, i, shape: k.number(0),
    vjp=lambda g, out, shape: (),
    maths=lambda shape: Words("given"),
    given=True,
    examples=(((), {"shape": (2, 3)}),),
)
constant = register(
    "constant",
    shape=lambda value: (Dim(1), Dim(1)),
    value=lambda value: np.array([[value]]),
    cell=lambda k, i, value: k.number(value),
    vjp=lambda g, out, value: (),
    maths=lambda value: Number(np.format_float_positional(value, trim="-")),
    code=lambda k, node: k.number(node.attrs["value"]),
    examples=(((), {"value": 2.5}), ((), {"value": -1.0})),
)
pi = register(
    "pi",
    shape=lambda: (Dim(1), Dim(1)),
    value=lambda: np.array([[math.pi]]),
    cell=lambda k, i: k.pi(),
    vjp=lambda g, out: (),
    maths=lambda: Name("π"),
    code=lambda k, node: k.pi(),
    examples=(((), {}),),
)

add = _pairwise("add", np.add, lambda k, x, y: x + y, lambda g, out, x, y: (g, g), lambda x, y: Sum((x, y)))
sub = _pairwise(
    "sub", np.subtract, lambda k, x, y: x - y, lambda g, out, x, y: (g, -g), lambda x, y: Sum((x, Negative(y)))
)
mul = _pairwise(
    "mul", np.multiply, lambda k, x, y: x * y, lambda g, out, x, y: (g * y, g * x), lambda x, y: Product((x, y), "×")
)
div = _pairwise(
    "div",
    np.divide,
    lambda k, x, y: x / y,
    lambda g, out, x, y: (g / y, -(g * out / y)),
    Quotient,
)
maximum = _pairwise(
    "maximum",
    np.maximum,
    lambda k, x, y: k.larger(x, y),
    lambda g, out, x, y: (g * greater(x, y), g * (1 - greater(x, y))),  # a tie counts for y: ReLU's slope at 0 is 0
    _call("max"),
)
power: Op = _pairwise(
    "power",
    _power,
    lambda k, x, y: k.power(x, y),
    lambda g, out, x, y: (g * y * power(x, y - 1), g * out * log(x)),
    Power,
    finite=True,
)
greater: Op = _pairwise(
    "greater",
    lambda x, y: np.greater(x, y).astype(float),
    lambda k, x, y: k.compare(x, ">", y),
    lambda g, out, x, y: (None, None),
    lambda x, y: whether(Chain((x, y), (">",))),
)
equal = _pairwise(
    "equal",
    lambda x, y: np.equal(x, y).astype(float),
    lambda k, x, y: k.compare(x, "=", y),
    lambda g, out, x, y: (None, None),
    lambda x, y: whether(Chain((x, y), ("=",))),
)

negate = _elementwise("negate", np.negative, lambda k, x: -x, lambda g, out, x: -g, Negative)
INT = Function("int", math.floor, lambda x: Call("int", (x,)), "floor")
EXP = Function("exp", math.exp, lambda x: Power(Name("e"), x), "exp")
LOG = Function("ln", math.log, _call("ln"), "log")
SQRT = Function("sqrt", math.sqrt, Root, "sqrt")
TANH = Function("tanh", math.tanh, _call("tanh"), "tanh")
ERF = Function("erf", math.erf, _call("erf"), "erf")
SIN = Function("sin", math.sin, _call("sin"), "sin")
COS = Function("cos", math.cos, _call("cos"), "cos")

int_ = _function("int", INT, np.floor, lambda g, out, x: None, counting=True)
exp = _function("exp", EXP, np.exp, lambda g, out, x: g * out, finite=True)
log: Op = _function("log", LOG, np.log, lambda g, out, x: g / x)
sqrt = _function("sqrt", SQRT, np.sqrt, lambda g, out, x: g / (2 * out))
tanh = _function("tanh", TANH, np.tanh, lambda g, out, x: g * (1 - out * out))
erf = _function("erf", ERF, _erf, lambda g, out, x: g * 2 / sqrt(pi()) * exp(-(x * x)))
sin = _function("sin", SIN, np.sin, lambda g, out, x: g * cos(x))
cos: Op = _function("cos", COS, np.cos, lambda g, out, x: -(g * sin(x)))

sum_ = _reduce("sum", np.add.reduce, lambda k, line: k.total(line), lambda g, out, x, axis: g, lambda x: Over("Σ", x))
max_ = _reduce("max", np.maximum.reduce, lambda k, line: k.largest(line), _to_largest, lambda x: Over("max", x))
mean = _reduce(
    "mean",
    _mean,
    lambda k, line: k.mean(line),
    lambda g, out, x, axis: g / int(x.shape[axis]),
    lambda x: Over("mean", x),
)
mean_square = _reduce(
    "mean_square",
    lambda x, axis, keepdims: _mean(x * x, axis, keepdims),
    lambda k, line: k.sum_of_squares(line) / k.number(len(line)),
    lambda g, out, x, axis: g * 2 / int(x.shape[axis]) * x,
    lambda x: Over("mean of", Power(x, Number("2"))),
)
argmax = _reduce(
    "argmax",
    lambda x, axis, keepdims: np.argmax(x, axis=axis, keepdims=keepdims).astype(float),
    lambda k, line: k.position_of_largest(line),
    lambda g, out, x, axis: None,
    lambda x: Over("where is max", x),
)

matmul = register(
    "matmul",
    shape=product,
    value=np.matmul,
    cell=lambda k, i, x, y: k.dot(x.line(i, 1), y.line(i, 0)),
    vjp=lambda g, out, x, y: (g @ y.T, x.T @ g),
    maths=lambda x, y: Product((x, y), "·"),
    code=lambda k, node, x, y: x @ y,
    column_maths=lambda x, y: Product((y, x), "·"),
    sides=("left", "above"),
    examples=((((2, 3), (3, 2)), {}), (((1, 1), (1, 4)), {})),
)
where: Op = register(
    "where",
    shape=broadcast,
    value=lambda keep, x, y: np.where(keep != 0, x, y),
    cell=lambda k, i, keep, x, y: k.choose(keep[i], x[i], y[i]),
    vjp=lambda g, out, keep, x, y: (None, where(keep, g, 0), where(keep, 0, g)),
    maths=lambda keep, x, y: Cases(((x, keep), (y, Words("otherwise")))),
    cellwise=True,
    by_row=always,
    examples=((((2, 3), (2, 3), (1, 1)), {}), (((1, 3), (2, 3), (1, 1)), {})),
)
lookup = register(
    "lookup",
    shape=looked_up,
    value=_lookup,
    cell=lambda k, i, table, index: (
        k.pick(table.line(i, 0), index[i[0], 0]) if index.shape[1] == 1 else k.pick(table.line((0, 0), 0), index[i])
    ),
    vjp=lambda g, out, table, index: (_to_looked_up(g, table, index), None),
    maths=lambda table, index: part(table, index),
    code=lambda k, node, table, index: k.looked_up(table, index, node.args[1].shape[1] == 1),
    sides=("above", "left"),
    examples=((((4, 3), (2, 1)), {}), (((4, 1), (2, 3)), {})),
)

one_hot: Op = register(
    "one_hot",
    shape=one_hot_for,
    value=lambda index, width: (index == np.arange(width)).astype(float),
    cell=lambda k, i, index, width: k.compare(index[i[0], 0], "=", k.number(i[1])),
    vjp=lambda g, out, index, width: (None,),
    maths=lambda index, width: whether(Chain((index, Words("its column")), ("=",))),
    code=lambda k, node, index: k.compare(index, "=", k.count_to(node.attrs["width"])),
    by_row=always,
    examples=((((3, 1),), {"width": 4}),),
)

transpose = register(
    "transpose",
    shape=lambda x: (x[1], x[0]),
    value=lambda x: x.swapaxes(-1, -2),
    cell=lambda k, i, x: x[i[1], i[0]],
    vjp=lambda g, out, x: (g.T,),
    maths=lambda x: x.of if isinstance(x, Transposed) else Transposed(x),
    code=lambda k, node, x: k.transposed(x),
    view=True,
    examples=((((2, 3),), {}),),
)
rows = register(
    "rows",
    shape=span(0),
    value=lambda x, start, stop: x[..., start:stop, :],
    cell=lambda k, i, x, start, stop: x[i[0] + start, i[1]],
    vjp=lambda g, out, x, start, stop: (_in_zeros(g, x, 0, start, stop),),
    maths=lambda x, start, stop: part(x, span_of(start, stop)),
    code=lambda k, node, x: k.part(x, 0, node.args[0].shape[0], **node.attrs),
    view=True,
    examples=((((4, 3),), {"start": 1, "stop": 3}), (((4, 3),), {"start": 0, "stop": 4})),
)
columns = register(
    "columns",
    shape=span(1),
    value=lambda x, start, stop: x[..., start:stop],
    cell=lambda k, i, x, start, stop: x[i[0], i[1] + start],
    vjp=lambda g, out, x, start, stop: (_in_zeros(g, x, 1, start, stop),),
    maths=lambda x, start, stop: part(x, ALL, span_of(start, stop)),
    code=lambda k, node, x: k.part(x, 1, node.args[0].shape[1], **node.attrs),
    view=True,
    by_row=always,
    examples=((((3, 4),), {"start": 1, "stop": 3}), (((3, 4),), {"start": 2, "stop": 4})),
)
stretch = register(
    "stretch",
    shape=stretched,
    value=lambda x, rows, columns: np.broadcast_to(x, (*x.shape[:-2], rows, columns)),
    cell=lambda k, i, x, rows, columns: x[i],
    vjp=lambda g, out, x, rows, columns: (g,),
    maths=lambda x, rows, columns: x,
    code=lambda k, node, x: x if node.shape == node.args[0].shape else k.stretched(x, *node.shape),
    view=True,
    examples=(
        (((1, 1),), {"rows": 2, "columns": 3}),
        (((1, 3),), {"rows": 2, "columns": 3}),
        (((2, 1),), {"rows": 2, "columns": 3}),
        (((2, 3),), {"rows": 2, "columns": 3}),
    ),
)


def alias(x: Node) -> Node:
    """Return the same table as a new node without a name."""
    return stretch(x, rows=x.shape[0], columns=x.shape[1])


beside = register(
    "beside",
    shape=joined(1),
    value=lambda *parts: _join(parts, -1),
    cell=lambda k, i, *parts: _part_cell(i, parts, 1),
    vjp=lambda g, out, *parts: _to_each_part(g, parts, 1),
    maths=_in_a_row,
    column_maths=_in_a_column,
    code=lambda k, node, *parts: k.joined(1, parts),
    view=True,
    by_row=always,
    examples=((((2, 3), (2, 1), (2, 2)), {}),),
)
below = register(
    "below",
    shape=joined(0),
    value=lambda *parts: _join(parts, -2),
    cell=lambda k, i, *parts: _part_cell(i, parts, 0),
    vjp=lambda g, out, *parts: _to_each_part(g, parts, 0),
    maths=_in_a_column,
    column_maths=_in_a_row,
    code=lambda k, node, *parts: k.joined(0, parts),
    view=True,
    examples=((((2, 3), (1, 3)), {}),),
)
alternate = register(
    "alternate",
    shape=by_turns,
    value=_alternate,
    cell=lambda k, i, even, odd, width: (even, odd)[i[1] % 2][i[0], i[1] // 2],
    vjp=lambda g, out, even, odd, width: _by_turns_apart(g, width),
    maths=lambda even, odd, width: Chain((even, odd, Words("by turns")), (",", "")),
    code=lambda k, node, even, odd: k.by_turns(even, odd, node.attrs["width"]),
    view=True,
    by_row=always,
    examples=((((2, 2), (2, 2)), {"width": 4}), (((2, 2), (2, 2)), {"width": 3})),
)
