"""What comes out when the numbers on the way are rounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from byhand.core.graph import Array, Node
from byhand.exercises.problem import Flags
from byhand.grading.carry_forward import Own, Round, evaluated
from byhand.grading.evidence import Seen

MORE = 2
"""Places more than asked that somebody may round to on the way."""
NEAREST = 8
"""Tables before the asked one of which each is tried as the only one that was rounded."""
FAR = 0.25
"""How far rounding seldom leads, as a share of the table's largest number."""
FINE, COARSE = 0.3, 0.7
"""The cost of rounding to as many places as were asked; and to fewer, or so that it leads far."""


@dataclass(frozen=True, eq=False)
class Rounding:
    """cells: the answers that it explains; expected: their numbers before they were rounded themselves. (n,)

    cost: what it must explain more than another explanation.
    """

    cells: Flags
    expected: Array
    cost: float


def rounded_ways(seen: Seen, owns: Mapping[int, Own]) -> Rounding | None:
    """The rounding on the way that explains (nearly) all answers that are open; the finest. None: there is none."""
    stage = seen.stage
    plan = seen.all.known.plan(stage, ((),))
    shown = set(seen.all.known.problem.shown)
    needed = _behind(stage.made, shown)
    tables = [n for n in plan if n in needed and n.name and n.data is None and _has_numbers_of_its_own(n)]
    if not tables or stage.choice:
        return None
    lanes = _lanes(int(stage.tolerances.places.max()), tables)
    taken = {owns[n].stage.made: _taken(owns[n], lanes) for n in stage.before if n in owns}
    values = evaluated(plan, seen.all.given, taken, _rounding(lanes, frozenset(tables), shown))
    expected = stage.cells(np.broadcast_to(values[stage.made], (len(lanes), *stage.node.shape)))
    far = np.abs(seen.written - seen.key) > FAR * np.abs(seen.key).max() + stage.tolerances.units
    cells = stage.tolerances.agree(seen.written, expected) & seen.open
    for lane, (k, _) in enumerate(lanes):
        if 3 * cells[lane].sum() >= 2 * seen.open.sum():
            fine = k >= stage.tolerances.places.max() and not (far & cells[lane]).any()
            return Rounding(cells[lane], expected[lane], FINE if fine else COARSE)
    return None


Lanes = list[tuple[int, Node | None]]
"""Places, and the one table that is rounded to them; None: every one."""


def _lanes(places: int, tables: Sequence[Node]) -> Lanes:
    every: Lanes = [(k, None) for k in range(places + MORE, -1, -1)]
    return every + [(k, node) for k in range(places, -1, -1) for node in tables[-NEAREST:]]


def _taken(own: Own, lanes: Lanes) -> tuple[Flags, Array]:
    """What was written is worked on from, unless more places were kept, and all of it is right. (lanes, 1, 1)"""
    kept = np.array([k > own.stage.tolerances.places.max() for k, _ in lanes])[:, None, None]
    return (~kept | own.wrong), np.where(kept, own.exact, own.written)


def _has_numbers_of_its_own(node: Node) -> bool:
    """Whether a table is no mere view of others that have a name."""
    return not node.op.view or not all(a.name for a in node.args)


def _behind(made: Node, shown: Set[Node]) -> set[Node]:
    """What a table is made from, as far back as somebody works it out, or finds it shown."""
    found, todo = set[Node](), list(made.args)
    while todo:
        node = todo.pop()
        if node not in found:
            found.add(node)
            todo.extend(() if node in shown else node.args)
    return found


def _rounding(lanes: Lanes, tables: Set[Node], shown: Set[Node]) -> Round:
    """As many places as a lane says; what is shown, nobody reads as a whole number."""
    tens = 10.0 ** np.array([k for k, _ in lanes])[:, None, None]

    def rounded(node: Node, table: Array) -> Array:
        if node not in tables:
            return table
        least = 1 if node in shown else 0
        here = np.array([only in (None, node) and k >= least for k, only in lanes])[:, None, None]
        return np.where(here, np.rint(table * tens) / tens, table)

    return rounded
