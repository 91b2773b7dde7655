"""A lesson's worked solution: of each table its place, its rule, its cells and its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product

from byhand.core.captions import rule, shapes, symbol, symbol_from, titles
from byhand.core.graph import Node, Scope, times, toposort
from byhand.core.labels import label
from byhand.explanations.cells import Cells, Worked
from byhand.lessons.lesson import Lesson
from byhand.notation.tree import Chain, Maths, Name


@dataclass(frozen=True)
class WorkedTable:
    """One table of a lesson, as a reader meets it."""

    node: Node
    cells: Cells

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def is_given(self) -> bool:
        return self.node.data is not None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns, as they are shown."""
        rows, columns = self.node.shape
        return (columns, rows) if self.cells.turned else (rows, columns)

    @property
    def about(self) -> str:
        """What it is, in a few words, and its size: weights, 4×2."""
        if self.is_given:
            return f"{self.node.role.traits.given_words}, {times(self.shape)}"
        return shapes(self.node, self.cells.turned)

    @cached_property
    def step(self) -> Scope | None:
        """The step of the model that the table belongs to."""
        return next((s for s in self.node.scope.outward if s.equation), None)

    @property
    def rule(self) -> Maths:
        """Its formula over whole tables: Q = x · W_Q + b_Q."""
        made = rule(self.node, lambda a: Name(symbol_from(a, self.node), bold=True), self.cells.turned)
        return Chain((Name(symbol(self.node), bold=True), made), ("=",))

    @cached_property
    def reads(self) -> dict[str, str]:
        """What the rule calls a table -> the table's dotted name, where the two differ."""
        called = {symbol_from(a, self.node): a.name for a in _named(self.node.args)}
        return {letters: name for letters, name in called.items() if letters != name}

    def worked(self, most: int | None = None) -> list[Worked]:
        """Its cells, or the first of them, row by row as they are shown."""
        places = product(range(self.shape[0]), range(self.shape[1]))
        return list(self.cells.each_worked(self.node, map(self._own, islice(places, most))))

    def _own(self, place: tuple[int, int]) -> tuple[int, int]:
        return (place[1], place[0]) if self.cells.turned else place

    def label(self, axis: int, i: int) -> str:
        """What stands before row i (axis 0) or above column i (axis 1): its word, or its number counted from 1."""
        own = 1 - axis if self.cells.turned else axis
        return label(self.node, own, i, self.cells.numbers)

    def labelled(self, place: tuple[int, int]) -> str:
        """Where one cell stands, in words: row 2 (cat), column 1 (the)."""
        parts = []
        for axis, (what, i) in enumerate(zip(("row", "column"), place, strict=True)):
            label = self.label(axis, i)
            parts.append(f"{what} {i + 1}" + (f" ({label})" if label != str(i + 1) else ""))
        return ", ".join(parts)

    def value(self, i: int, j: int) -> float:
        """The number in row i and column j, counted from 0 as they are shown."""
        return float(self.cells.numbers[self.node.name][self._own((i, j))])


def _named(nodes: Iterable[Node]) -> Iterator[Node]:
    """The tables that a rule names, those inside unnamed ones too."""
    for node in nodes:
        if node.name:
            yield node
        else:
            yield from _named(node.args)


def pages(lesson: Lesson, cells: Cells) -> list[tuple[str, list[WorkedTable]]]:
    """Every table by the part of the model that it stands in: Layer 1 · Head 1. What stands in none is given."""
    found: dict[Scope | None, list[WorkedTable]] = {None: []}
    for node in toposort(lesson.graph.outputs):
        if node.name:
            found.setdefault(node.page, []).append(WorkedTable(node, cells))
    return [(" · ".join(titles(page)) if page else "What is given", tables) for page, tables in found.items() if tables]
