"""The cells of a lesson, worked on paper: the rule in letters, the numbers put in, and the value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

from sympy import Expr

from byhand.core.arithmetic.exact import EXACT, NONE, if_small
from byhand.core.arithmetic.steps import STEPS, Given, Step
from byhand.core.captions import symbol_from
from byhand.core.graph import INFINITE, Array, Node
from byhand.core.number_text import is_exact, shown
from byhand.core.table import Table, read
from byhand.notation.from_sympy import from_sympy
from byhand.notation.tree import Maths, Name, Number, Sum

Exact = Callable[[Node, int, int, bool], Maths | None]
"""(table, row, column, whether it must be short enough for another formula) -> the exact value of a cell, if any."""

Line = tuple[str, Maths]
"""A sign (=, ≈) and what stands behind it."""


def no_exact(node: Node, i: int, j: int, short: bool) -> Maths | None:
    return None


@dataclass(frozen=True)
class Worked:
    """One cell: its name, its rule over decimals (and over exact numbers, if all of them are), and its value.

    link: its address on the lesson's page, if there is one.
    """

    name: Maths
    step: Step
    value: float
    exact_step: Step | None = None
    exact: Maths | None = None
    link: str = ""

    @property
    def decimal(self) -> Line:
        return ("=" if is_exact(self.value) else "≈", shown(self.value))

    def in_decimals(self, rounds: int = 1) -> list[Line]:
        """Return the rule in letters, the numbers put in, some rounds of reckoning one by one, and the result."""
        lines = [("=", self.step.letters)]
        exact_so_far = True
        for n in range(min(self.step.depth, rounds)):
            exact_so_far &= self.step.is_exact_after(n)
            lines.append(("=" if exact_so_far else "≈", self.step.after(n)))
        sign, value = self.decimal
        certain = exact_so_far or self.value < -INFINITE
        return self._once([*lines, (sign if certain else "≈", value)])

    def exactly(self) -> list[Line]:
        """Return the same in exact numbers if the cell has an exact value; else nothing."""
        if self.exact is None:
            return []
        lines = [("=", self.step.letters)]
        if self.exact_step and self.exact_step.depth:
            lines.append(("=", self.exact_step.after(0)))
        return self._once([*lines, ("=", self.exact), self.decimal])

    def lines(self) -> list[Line]:
        """Return the shortest account: exact, if every number that is put in is exact; else in decimals."""
        return self.exactly() if self.exact_step and self.exact else self.in_decimals()

    @property
    def aside(self) -> Maths | None:
        """The exact value, if the lines do not come to it."""
        return self.exact if self.exact and not self.exact_step else None

    def _once(self, lines: list[Line]) -> list[Line]:
        """Return the lines without those that repeat the name, a line before, or the last line."""
        *before, last = lines
        kept: list[Line] = []
        for line in before:
            if not any(_same(line[1], said) for said in (self.name, last[1], *(maths for _, maths in kept))):
                kept.append(line)
        return [*kept, last]


def _same(x: Maths, y: Maths) -> bool:
    """Return whether two formulas are the same, but for the order of a sum."""
    if isinstance(x, Sum) and isinstance(y, Sum):
        return sorted(map(repr, x.terms)) == sorted(map(repr, y.terms))
    return x == y


class _LazyTable(Table):
    """A table that makes only the cells that are asked for, for looking one word up among thousands."""

    __slots__ = ()

    def line(self, i: tuple[int, int], axis: int) -> Any:
        return _LazyLine(self, i, axis)


class _LazyLine(Sequence[Step]):
    def __init__(self, table: Table, i: tuple[int, int], axis: int) -> None:
        self.table, self.i, self.axis = table, i, axis

    def __len__(self) -> int:
        return self.table.shape[self.axis]

    def __getitem__(self, n: Any) -> Any:
        at = range(len(self))[n]
        if isinstance(at, range):
            return [self[m] for m in at]
        return self.table[(self.i[0], at) if self.axis == 1 else (at, self.i[1])]


class Cells:
    """Works any cell of a lesson's tables. `turned`: tables are shown with tokens as columns. page: see Worked.link."""

    def __init__(
        self, numbers: Mapping[str, Array], exact: Exact = no_exact, turned: bool = False, page: str = ""
    ) -> None:
        self.numbers, self.exact, self.turned, self.page = numbers, exact, turned, page
        self._symbol = cache(symbol_from)

    def worked(self, node: Node, i: int, j: int) -> Worked:
        """Return one cell, counted from 0, worked by its rule over the named tables."""
        return next(self.each_worked(node, [(i, j)]))

    def each_worked(self, node: Node, places: Iterable[tuple[int, int]]) -> Iterator[Worked]:
        """Yield some cells of one table, worked."""
        in_decimals = self._table(node, no_exact)
        exactly = in_decimals if self.exact is no_exact else self._table(node, self.exact)
        for i, j in places:
            value, exact_step = float(self.numbers[node.name][i, j]), exactly[i, j]
            known = exact_step if exact_step.is_exact_after(0) else None
            exact = self.exact(node, i, j, False)
            link = f"{quote(self.page)}#cell={quote(node.name)}[{i + 1},{j + 1}]" if self.page else ""
            yield Worked(self._name(node, node, i, j), in_decimals[i, j], value, known, exact, link)

    def _table(self, node: Node, exact: Exact) -> Table:
        if node.data is not None:
            return self._given(node, node, exact)
        return read(node, STEPS, lambda a: self._given(a, node, exact) if a.name else None)

    def _given(self, node: Node, reader: Node, exact: Exact) -> Table:
        values = self.numbers[node.name]

        def cell(i: int, j: int) -> Step:
            value = float(values[i, j])
            return Given(
                lambda: self._name(node, reader, i, j),
                value,
                lambda: None if is_exact(value) else exact(node, i, j, True),
            )

        return _LazyTable(node.shape, cell)

    def _name(self, node: Node, reader: Node, i: int, j: int) -> Name:
        """Return a cell's name as its reader calls it: scores₂₁, with row and column where there is more than one."""
        places = [Number(str(n + 1)) for n, size in zip((i, j), node.shape, strict=True) if size > 1]
        return Name(self._symbol(node, reader), tuple(reversed(places) if self.turned else places))


LONGEST_SIDE = 64
"""A larger table is not worked exactly."""

SHORT = 16
"""An exact value of at most so many operations is put into other formulas."""

Rows = list[list[Expr]]


def exact_values(nodes: Iterable[Node], values: Mapping[str, Array]) -> Exact:
    """Return a function that gives the exact value of a cell, if it has one."""
    tables = exact_tables(nodes, values)

    @cache
    def of(node: Node, i: int, j: int, short: bool) -> Maths | None:
        value = tables[node][i][j] if node in tables else NONE
        return None if value is NONE or (short and value.count_ops() > SHORT) else from_sympy(value)

    return of


def exact_tables(nodes: Iterable[Node], values: Mapping[str, Array]) -> dict[Node, Rows]:
    """Return the exact cells of each named table, NONE for a cell that has none.

    Nodes come in the order in which they are computed. A cell is made of the exact values of the tables that its rule
    names, and kept only if it is small, so that no expression grows from step to step. Tables without any exact cell
    are left out.
    """
    found: dict[Node, Rows] = {}
    for node in nodes:
        if node.name and max(node.shape) <= LONGEST_SIDE:
            rows = _given(values[node.name]) if node.data is not None else _computed(node, found)
            if any(cell is not NONE for row in rows for cell in row):
                found[node] = rows
    return found


def _given(data: Array) -> Rows:
    return [[EXACT.number(float(x)) for x in row] for row in data]


def _computed(node: Node, found: Mapping[Node, Rows]) -> Rows:
    def given(argument: Node) -> Table | None:
        if not argument.name:
            return None
        rows = found.get(argument)
        return Table(argument.shape, lambda i, j: rows[i][j] if rows else NONE)

    table = read(node, EXACT, given)
    return [[if_small(table[i, j]) for j in range(node.shape[1])] for i in range(node.shape[0])]
