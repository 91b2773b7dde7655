"""Many wrong graphs worked out at once: tables that are made alike are made together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.exercises.problem import Flags
from byhand.grading.stages import Indices
from byhand.graph import Array, Node, Op, toposort

Size = tuple[int, int]
Taken = Mapping[int, tuple[Flags, Array]]
"""By stage, on which lanes its table is taken from the student, and the tables. (lanes, 1, 1), (lanes, r, c)"""


@dataclass(frozen=True, eq=False)
class _Step:
    """Tables of one size that an operation makes in one call; each has its place among those of its size.

    asked: the stage whose table this is in some graph; None for what nobody is asked.
    """

    op: Op
    attrs: dict[str, Any]
    args: list[tuple[Size, Indices]]
    size: Size
    places: Indices
    asked: int | None


class Batch:
    """The tables `wanted`, all of one size, of as many graphs. asked: of tables that are a stage's, which stage's."""

    def __init__(self, wanted: Sequence[Node], asked: Mapping[Node, int]) -> None:
        self.counts: dict[Size, int] = {}
        self.place: dict[Node, tuple[Size, int]] = {}
        depth: dict[Node, int] = {}
        groups: dict[tuple[Any, ...], list[Node]] = {}
        self.sources: list[Node] = []
        self.asked = asked
        for node in toposort(wanted):
            size = (int(node.shape[0]), int(node.shape[1]))
            self.place[node] = size, self.counts.get(size, 0)
            self.counts[size] = self.counts.get(size, 0) + 1
            depth[node] = 1 + max((depth[a] for a in node.args), default=0)
            if node.data is not None:
                self.sources.append(node)
            else:
                sizes = tuple(self.place[a][0] for a in node.args)
                groups.setdefault((depth[node], node.op.name, _told(node), size, sizes, asked.get(node)), []).append(
                    node
                )
        self.steps = [self._step(groups[kind]) for kind in sorted(groups, key=lambda kind: kind[0])]
        self.wanted = self._places(wanted)

    def _step(self, nodes: list[Node]) -> _Step:
        first = nodes[0]
        args = [self._places([n.args[i] for n in nodes]) for i in range(len(first.args))]
        return _Step(first.op, first.attrs, args, *self._places(nodes), self.asked.get(first))

    def _places(self, nodes: Sequence[Node]) -> tuple[Size, Indices]:
        return self.place[nodes[0]][0], np.array([self.place[n][1] for n in nodes])

    def tables(self, given: Mapping[Node, Array], lanes: int, taken: Taken) -> Array:
        """(graphs, lanes, r, c)"""
        store = {size: np.empty((count, lanes, *size)) for size, count in self.counts.items()}
        for node in self.sources:
            size, place = self.place[node]
            table = given.get(node, node.data)
            store[size][place] = _instead(table, taken, self.asked.get(node))
        with np.errstate(all="ignore"):
            for step in self.steps:
                made = value_of(step.op, [store[size][places] for size, places in step.args], step.attrs)
                store[step.size][step.places] = _instead(made, taken, step.asked)
        size, places = self.wanted
        return store[size][places]


def value_of(op: Op, args: Sequence[Array], attrs: Mapping[str, Any]) -> Array:
    """What an operation makes of a student's own numbers; no number where they ask for a row that there is not."""
    if op.name != "lookup":
        return op.value(*args, **attrs)
    table, row = args
    there = (row > -1) & (row < table.shape[-2])
    return np.where(there, op.value(table, np.where(there, row, 0)), np.nan)


def _instead(table: Any, taken: Taken, asked: int | None) -> Any:
    if asked is None or asked not in taken:
        return table
    on, tables = taken[asked]
    return np.where(on, tables, table)


def _told(node: Node) -> object:
    """The operation's settings, for telling apart; those that cannot be compared are like no other's."""
    settings = tuple(sorted(node.attrs.items()))
    try:
        hash(settings)
    except TypeError:
        return node
    return settings
