"""The cells of a lesson as they are worked on paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from byhand.arithmetic import steps
from byhand.arithmetic.decimals import is_exact, shown
from byhand.arithmetic.steps import Given, Step
from byhand.graph import Array, Node
from byhand.maths import Maths, Name, Number
from byhand.table import Table, read
from byhand.workbook.letters import symbol_from

Exact = Callable[[Node, int, int], Maths | None]
"""The exact value of a cell, where it has one and it is asked for."""

Line = tuple[str, Maths]
"""A sign (=, ≈) and what stands behind it."""


def no_exact(node: Node, i: int, j: int) -> Maths | None:
    return None


@dataclass(frozen=True)
class Worked:
    """One cell: its name, its rule, and what it is worth."""

    name: Maths
    step: Step
    value: float
    exact: Maths | None

    @cached_property
    def result(self) -> list[Line]:
        """The exact value, where there is one that is not the decimal itself, and the decimal."""
        decimal = shown(self.value)
        last = ("=" if is_exact(self.value) else "≈", decimal)
        return [last] if self.exact in (None, decimal) else [("=", self.exact), last]

    def lines(self, rounds: bool = False) -> list[Line]:
        """The rule in letters, the numbers put in, (each round of reckoning,) the result; nothing twice."""
        step = self.step
        written = [("=", step.letters)]
        exact_so_far = True
        for n in range(step.depth if rounds else min(step.depth, 1)):
            exact_so_far &= step.is_exact_after(n)
            written.append(("=" if exact_so_far else "≈", step.after(n)))
        result = self.result if exact_so_far else [("≈", self.result[-1][1])]
        kept = [line for n, line in enumerate([*written, *result]) if line[1] not in (self.name, *_trees(written[:n]))]
        return kept or result

    @property
    def aside(self) -> Maths | None:
        """The exact value, where the lines had to be rounded on the way to it."""
        return None if self.result[0] in self.lines() or len(self.result) == 1 else self.result[0][1]


def _trees(lines: list[Line]) -> list[Maths]:
    return [maths for _, maths in lines]


class Cells:
    """Every cell of a lesson's tables."""

    def __init__(self, numbers: Mapping[str, Array], exact: Exact = no_exact) -> None:
        self.numbers, self.exact = numbers, exact

    def worked(self, node: Node, i: int, j: int) -> Worked:
        """One cell, counted from 0, by its rule over the named tables."""
        step = self._table(node)[i, j]
        value = float(self.numbers[node.name][i, j])
        return Worked(cell_name(node, node, i, j), step, value, self.exact(node, i, j))

    def _table(self, node: Node) -> Table:
        if node.data is not None:
            return self._given(node, node)
        return read(node, steps, lambda a: self._given(a, node) if a.name else None)

    def _given(self, node: Node, reader: Node) -> Table:
        values = self.numbers[node.name]

        def cell(i: int, j: int) -> Step:
            value = float(values[i, j])
            exact = None if is_exact(value) else self.exact(node, i, j)
            return Given(cell_name(node, reader, i, j), value, exact)

        return Table(node.shape, cell)


def cell_name(node: Node, reader: Node, i: int, j: int) -> Name:
    """scores₂₁: the table as its reader calls it, with its row and column counted from 1 where it has more than one."""
    places = [n + 1 for n, size in zip((i, j), node.shape, strict=True) if size > 1]
    return Name(symbol_from(node, reader), tuple(Number(str(n)) for n in places))
