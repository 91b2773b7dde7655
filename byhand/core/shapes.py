"""The shape of an operation's result from the shapes of its arguments; ValueError says why they do not fit."""

from __future__ import annotations

from collections.abc import Callable

from byhand.core.graph import Dim, Shape, labels_of


def broadcast(*shapes: Shape) -> Shape:
    """Return the common shape; a 1 stretches to any size."""
    return _widest([s[0] for s in shapes], "rows"), _widest([s[1] for s in shapes], "columns")


def _widest(sizes: list[Dim], what: str) -> Dim:
    if len(set(sizes) - {1}) > 1:
        raise ValueError(f"their {what} differ")
    widest = max(sizes)
    return next((s for s in sizes if s == widest and s.labels is not None), widest)


def product(x: Shape, y: Shape) -> Shape:
    if x[1] != y[0]:
        raise ValueError("the first one's columns must equal the second one's rows")
    return x[0], y[1]


def one_line(x: Shape, axis: int) -> Shape:
    if axis not in (0, 1):
        raise ValueError("axis must be 1 (along the rows) or 0 (down the columns)")
    return (x[0], Dim(1)) if axis == 1 else (Dim(1), x[1])


def span(axis: int) -> Callable[..., Shape]:
    """Return the shape rule of a slice of rows (axis 0) or columns (axis 1)."""

    def shape(x: Shape, start: int, stop: int) -> Shape:
        if not 0 <= start < stop <= x[axis]:
            raise ValueError(f"{('rows', 'columns')[axis]} {start} to {stop} are not in it")
        length = x[axis] if stop - start == x[axis] else Dim(stop - start)
        return (length, x[1]) if axis == 0 else (x[0], length)

    return shape


def looked_up(table: Shape, index: Shape) -> Shape:
    if 1 not in (index[1], table[1]):
        raise ValueError("the row numbers must be one column")
    return index[0], table[1] if index[1] == 1 else index[1]


def one_hot_for(index: Shape, width: int) -> Shape:
    if index[1] != 1:
        raise ValueError("the row numbers must be one column")
    return index[0], Dim(width, labels_of(width))


def stretched(x: Shape, rows: int, columns: int) -> Shape:
    if x[0] not in (1, rows) or x[1] not in (1, columns):
        raise ValueError(f"it cannot be stretched to {rows}×{columns}")
    return Dim(rows, labels_of(rows)), Dim(columns, labels_of(columns))


def joined(axis: int) -> Callable[..., Shape]:
    """Return the shape rule of tables stacked (axis 0) or side by side (axis 1)."""

    def shape(*shapes: Shape) -> Shape:
        if len({s[1 - axis] for s in shapes}) > 1:
            raise ValueError(f"their {('columns', 'rows')[axis]} differ")
        total = Dim(sum(s[axis] for s in shapes))
        other = _widest([s[1 - axis] for s in shapes], "")
        return (total, other) if axis == 0 else (other, total)

    return shape


def by_turns(even: Shape, odd: Shape, width: int) -> Shape:
    if even != odd or not 2 * even[1] - 1 <= width <= 2 * even[1]:
        raise ValueError("they must have one shape and together the columns that are asked for")
    return even[0], Dim(width)


def tallied(lines: Shape, weights: Shape, x: Shape) -> Shape:
    if weights != (lines[0], 1):
        raise ValueError("the lines need one weight each")
    return x


def taken(x: Shape, index: Shape) -> Shape:
    if index != (x[0], 1):
        raise ValueError("there must be one index for each row")
    return x[0], Dim(1)


def found_in(x: Shape, numbers: Shape, values: Shape) -> Shape:
    if numbers[1] != 1 or values != numbers:
        raise ValueError("the numbers need one column, and one value each")
    return x


def valued(x: Shape, numbers: Shape, values: Shape) -> Shape:
    if values != numbers:
        raise ValueError("each number needs a value")
    return x


def square(x: Shape) -> Shape:
    if x[0] != 1:
        raise ValueError("it must be one row")
    return x[1], x[1]
