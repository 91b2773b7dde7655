"""What follows from a student's own numbers: a table worked out from any mixture of theirs and the right ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from byhand.core.graph import Array, Node
from byhand.exercises.problem import Flags
from byhand.grading.hypotheses import Ideas, Known
from byhand.grading.stages import Stage

MOST_SUBSETS = 3
"""Wrong tables of which every subset is tried as what a later one was worked out from."""
MOST_UNSURE = 24
"""Numbers of which it is tried what their rounding may do to a later one."""
MORE_PLACES = (0, 1, 2)
FIRST_KEPT = 3
"""The lane of the first of these, after those from what is given, from exact and from written numbers."""
Round = Callable[[Node, Array], Array]


@dataclass(frozen=True, eq=False)
class Own:
    """A student's table. (r, c)

    exact: before they rounded it, as far as one can tell. written: as they wrote it, right where they wrote nothing.
    kept: the same, for somebody who works on with so many places as were asked, with one more, and with two.
    wrong: whether a number in it is not right. unsure: numbers of which only the rounded one is known, and by how much.
    """

    stage: Stage
    exact: Array
    written: Array
    kept: tuple[Array, ...]
    wrong: bool
    unsure: tuple[tuple[int, int, float], ...] = ()


Lane = Mapping[int, Array]
"""One way to work on: by stage, the table that is taken instead of the one that follows."""


@dataclass(frozen=True, eq=False)
class Ways:
    """Every way in which the student may have worked on, and what each idea gives on it.

    lanes[0] is to start from what is given. doubts: those after the others, each with one number a little off.
    """

    stage: Stage
    lanes: list[Lane]
    doubts: int
    owns: Mapping[int, Own]

    @property
    def main(self) -> int:
        """The lane of somebody who works on from their own numbers."""
        return 1 if len(self.lanes) - self.doubts > 1 else 0

    @cached_property
    def taken(self) -> dict[int, tuple[Flags, Array]]:
        """By stage, on which lanes the student's table is taken, and the tables there. (lanes, 1, 1), (lanes, r, c)"""
        found = {}
        for number in self.stage.before:
            if number in self.owns:
                nothing = np.zeros(self.owns[number].exact.shape)
                on = np.array([number in lane for lane in self.lanes])[:, None, None]
                found[number] = on, np.array([lane.get(number, nothing) for lane in self.lanes])
        return found

    def source(self, lane: int) -> int | None:
        """The last wrong table that was worked on from; else the last of all."""
        taken = sorted(self.lanes[lane])
        return next((n for n in reversed(taken) if self.owns[n].wrong), taken[-1] if taken else None)


def ways(stage: Stage, owns: Mapping[int, Own]) -> Ways:
    """Those of a stage, after the student's own tables before it."""
    before = [owns[n] for n in stage.before if n in owns]
    lanes: list[Lane] = [{}]
    doubts: list[Lane] = []
    if before:
        exact = {own.stage.number: own.exact for own in before}
        lanes += [exact, {own.stage.number: own.written for own in before}]
        lanes += [{own.stage.number: own.kept[more] for own in before} for more in MORE_PLACES]
        lanes += [{own.stage.number: own.exact for own in some} for some in _subsets(before)]
        doubts = [{**exact, own.stage.number: table} for own in before for table in _doubted(own)]
        if len(doubts) > MOST_UNSURE:
            doubts = []
    return Ways(stage, [*lanes, *doubts], len(doubts), owns)


def _subsets(before: Sequence[Own]) -> list[Sequence[Own]]:
    """Those with a wrong number, some of them; all of them together is a lane already."""
    wrong = [own for own in before if own.wrong]
    sizes = range(1, len(wrong)) if len(wrong) <= MOST_SUBSETS else (1, len(wrong) - 1)
    some: list[Sequence[Own]] = [chosen for size in sizes for chosen in combinations(wrong, size)]
    return [*some, wrong] if wrong and len(wrong) < len(before) else some


def _doubted(own: Own) -> list[Array]:
    found = []
    for row, column, room in own.unsure:
        table = own.exact.copy()
        table[row, column] += room
        found.append(table)
    return found


def worked(known: Known, given: Mapping[Node, Array], way: Ways, many: Sequence[Ideas]) -> dict[Node, Array]:
    """The numbers of every table that these ideas need, on each way: (lanes, r, c), or (r, c) where all agree."""
    versions = {known.version(ideas, known.stages[n].node): taken for n, taken in way.taken.items() for ideas in many}
    return evaluated(known.plan(way.stage, tuple(many)), given, versions)


def evaluated(
    plan: Sequence[Node],
    given: Mapping[Node, Array],
    taken: Mapping[Node, tuple[Flags, Array]],
    rounding: Round | None = None,
) -> dict[Node, Array]:
    """As `fold`, but on some lanes a table is taken instead of what follows, and each may be rounded."""
    values: dict[Node, Array] = {}
    with np.errstate(all="ignore"):
        for node in plan:
            if node.data is not None:
                table = given.get(node, node.data)
            else:
                table = node.op.value(*(values[a] for a in node.args), **node.attrs)
            if node in taken:
                on, tables = taken[node]
                table = np.where(on, tables, table)
            values[node] = rounding(node, table) if rounding else table
    return values
