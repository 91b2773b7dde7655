"""The operations on pieces of words: letters and pieces are numbers, and are counted, joined and found.

Nothing can be learnt through them: their gradients are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from byhand.core.graph import Array, Dim, always, register
from byhand.core.shapes import (
    broadcast,
    found_in,
    square,
    taken,
    tallied,
    valued,
)
from byhand.notation.tree import (
    ALL,
    Call,
    part,
)


def _with_equal_axes(*arrays: Array) -> list[Array]:
    """Return the arrays with the same leading axes."""
    leading = np.broadcast_shapes(*(a.shape[:-2] for a in arrays))
    return [np.broadcast_to(a, (*leading, *a.shape[-2:])) for a in arrays]


def _take(x: Array, index: Array) -> Array:
    x, index = _with_equal_axes(x, index)
    return np.take_along_axis(x, index.astype(np.int64), axis=-1)


def _tally(lines: Array, weights: Array, x: Array) -> Array:
    lines, weights, x = _with_equal_axes(lines, weights, x)
    equal_cells = lines[..., None, None, :, :] == x[..., None, None]  # (..., m, n, rows, columns)
    return np.asarray((equal_cells.sum(-1) * weights[..., None, None, :, 0]).sum(-1))


def _apart(x: Array) -> Array:
    kept = np.array(x)
    for column in range(1, x.shape[-1]):
        kept[..., column] = x[..., column] * (1 - kept[..., column - 1])
    return kept


def _apart_cell(k: Any, line: Sequence[Any]) -> Any:
    """Return the last cell of a line, unless the one before it is kept."""
    if len(line) == 1:
        return line[0] + k.number(0)
    kept = line[0]
    for cell in line[1:]:
        kept = cell * (k.number(1) - kept)
    return kept


def _total_of(x: Array, numbers: Array, values: Array) -> Array:
    x, numbers, values = _with_equal_axes(x, numbers, values)
    here = numbers[..., None, None, :, :] == x[..., None, None]  # (..., m, n, rows, columns)
    return np.asarray(np.where(here, values[..., None, None, :, :], 0.0).sum((-1, -2)))


def _find(x: Array, numbers: Array, values: Array) -> Array:
    x, numbers, values = _with_equal_axes(x, numbers, values)
    here = x[..., None] == numbers[..., None, None, :, 0]  # (..., m, n, numbers)
    spread = np.broadcast_to(values[..., None, None, :, 0], here.shape)
    first = np.take_along_axis(spread, here.argmax(-1)[..., None], axis=-1)[..., 0]
    return np.where(here.any(-1), first, 0.0)


def _spans(x: Array, base: int) -> Array:
    count = x.shape[-1]
    power = np.subtract.outer(np.arange(count), np.arange(count)).T  # start, place
    weights = np.where(power >= 0, float(base) ** np.maximum(power, 0), 0.0)
    until = np.cumsum(weights * x, axis=-1)
    return np.where((power >= 0) & (x != 0), until, 0.0)


def _span_cell(k: Any, line: Sequence[Any], start: int, stop: int, base: int) -> Any:
    if stop < start:
        return k.number(0)
    terms = [line[n] if n == start else k.number(base ** (n - start)) * line[n] for n in range(start, stop + 1)]
    return k.choose(line[stop], reduce(lambda a, b: a + b, terms), k.number(0))


def _at_places(x: Array, places: Array) -> Array:
    x, places = _with_equal_axes(x, places)
    there = places[..., None, :] == np.arange(1, x.shape[-1] + 1)[:, None]  # (..., rows, place, column)
    first = there.argmax(-1)
    return np.where(there.any(-1), np.take_along_axis(x, first, axis=-1), 0.0)


tally = register(
    "tally",
    shape=tallied,
    value=_tally,
    cell=lambda k, i, lines, weights, x: k.dot(
        weights.line((0, 0), 0), tuple(k.count(x[i], lines.line((row, 0), 1)) for row in range(lines.shape[0]))
    ),
    vjp=lambda g, out, lines, weights, x: (None, None, None),
    maths=lambda lines, weights, x: Call("count", (x, lines, weights)),
    code=lambda k, node, lines, weights, x: k.tallied(lines, weights, x),
    sides=("left", "left", "left"),
    counting=True,
    examples=((((3, 4), (3, 1), (2, 3)), {}), (((1, 3), (1, 1), (1, 3)), {})),
)
"""How often each number stands in the lines, each line counted as often as its weight says."""
take = register(
    "take",
    shape=taken,
    value=_take,
    cell=lambda k, i, x, index: k.pick(x.line(i, 1), index[i[0], 0]),
    vjp=lambda g, out, x, index: (None, None),
    maths=lambda x, index: part(x, ALL, index),
    code=lambda k, node, x, index: k.taken(x, index),
    by_row=always,
    counting=True,
    examples=((((3, 4), (3, 1)), {}), (((1, 2), (1, 1)), {})),
)
"""The number in each row at the index, from 0, that stands in the same row of a column."""
apart = register(
    "apart",
    shape=lambda x: x,
    value=_apart,
    cell=lambda k, i, x: _apart_cell(k, x.line(i, 1)[: i[1] + 1]),
    vjp=lambda g, out, x: (None,),
    maths=lambda x: Call("apart", (x,)),
    code=lambda k, node, x: k.own("apart", x),
    by_row=always,
    counting=True,
    examples=((((2, 4),), {}), (((1, 1),), {})),
)
"""A row's ones, from the left, without each that follows one that is kept: 1 1 1 0 1 becomes 1 0 1 0 1."""
joined_places = register(
    "joined_places",
    shape=lambda gaps: (gaps[0], Dim(gaps[1] + 1)),
    value=lambda gaps: np.arange(1.0, gaps.shape[-1] + 2) - np.insert(np.cumsum(gaps, axis=-1), 0, 0, axis=-1),
    cell=lambda k, i, gaps: k.number(1) if i[1] < 1 else k.number(i[1] + 1) - k.total(gaps.line(i, 1)[: i[1]]),
    vjp=lambda g, out, gaps: (None,),
    maths=lambda gaps: Call("place", (gaps,)),
    code=lambda k, node, gaps: k.own("joined_places", gaps),
    by_row=always,
    counting=True,
    examples=((((2, 4),), {}), (((3, 1),), {})),
)
"""The place of each column, from 1, once it is joined with the next one where the gap between the two has a 1."""
at_places = register(
    "at_places",
    shape=broadcast,
    value=_at_places,
    cell=lambda k, i, x, places: k.look_up(k.number(i[1] + 1), places.line(i, 1), x.line(i, 1)),
    vjp=lambda g, out, x, places: (None, None),
    maths=lambda x, places: Call("at", (x, places)),
    code=lambda k, node, x, places: k.own("at_places", x, places),
    by_row=always,
    counting=True,
    examples=((((2, 4), (2, 4)), {}),),
)
"""Each row's numbers at the places, from 1, that stand beside them: of equal places the first; 0 where none is."""
total_of = register(
    "total_of",
    shape=valued,
    value=_total_of,
    cell=lambda k, i, x, numbers, values: k.total(
        tuple(
            k.total_where(x[i], numbers.line((row, 0), 1), values.line((row, 0), 1)) for row in range(numbers.shape[0])
        )
    ),
    vjp=lambda g, out, x, numbers, values: (None, None, None),
    maths=lambda x, numbers, values: Call("total", (x, numbers, values)),
    code=lambda k, node, x, numbers, values: k.totals(x, numbers, values),
    sides=("left", "left", "left"),
    counting=True,
    examples=((((4, 1), (2, 3), (2, 3)), {}),),
)
"""The sum of the values that stand where a table of numbers has each number."""
find = register(
    "find",
    shape=found_in,
    value=_find,
    cell=lambda k, i, x, numbers, values: k.look_up(x[i], numbers.line((0, 0), 0), values.line((0, 0), 0)),
    vjp=lambda g, out, x, numbers, values: (None, None, None),
    maths=lambda x, numbers, values: Call("find", (x, numbers, values)),
    code=lambda k, node, x, numbers, values: k.own("find", x, numbers, values),
    sides=("left", "left", "left"),
    counting=True,
    examples=((((2, 3), (4, 1), (4, 1)), {}),),
)
"""The value beside the first of a column of numbers that equals each number; 0 where none does."""
spans = register(
    "spans",
    shape=lambda x, base: square(x),
    value=_spans,
    cell=lambda k, i, x, base: _span_cell(k, x.line((0, 0), 1), int(i[0]), int(i[1]), base),
    vjp=lambda g, out, x, base: (None,),
    maths=lambda x, base: Call("spans", (x,)),
    code=lambda k, node, x: k.own("spans", x, k.number(node.attrs["base"])),
    counting=True,
    examples=((((1, 3),), {"base": 10}), (((1, 1),), {"base": 10})),
)
"""The number of each span of a row, from the place of its row to that of its column: first + base · second + ...

0 where the span is empty, or its last number is 0.
"""
spelled = register(
    "spelled",
    shape=lambda x, pieces: x,
    value=lambda x, pieces: x,
    cell=lambda k, i, x, pieces: x[i],
    vjp=lambda g, out, x, pieces: (g,),
    maths=lambda x, pieces: Call("letters", (x,)),
    code=lambda k, node, x: x,
    view=True,
    by_row=always,
    examples=((((2, 3),), {"pieces": None}),),
)
"""The same numbers, which are shown as the pieces of words whose numbers they are (labels.Pieces)."""
