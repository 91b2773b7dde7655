"""What comes out when the numbers on the way are rounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from byhand.exercises.problem import Flags
from byhand.grading.carried import Own, Round, evaluated
from byhand.grading.seen import Seen
from byhand.graph import Array, Node

MORE = 2
"""Places more than asked that somebody may round to on the way."""
NEAREST = 8
"""Tables before the asked one of which each is tried as the only one that was rounded."""


FINE, COARSE, ODD = 0.3, 0.55, 0.7
"""The cost of rounding to as many places as were asked; everywhere to one less; or to still fewer, or in one table."""


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
    tables = [n for n in plan if n.name and n.data is None and not n.op.view and n is not stage.node]
    if not tables or stage.choice:
        return None
    lanes = _lanes(int(stage.rule.places.max()), tables)
    written = [owns[n] for n in stage.before if n in owns]
    taken = {own.stage.node: (np.array(True), own.written[None]) for own in written}
    values = evaluated(plan, seen.all.given, taken, _rounding(lanes, frozenset(tables)))
    expected = stage.cells(np.broadcast_to(values[stage.node], (len(lanes), *stage.node.shape)))
    cells = stage.rule.agree(seen.written, expected) & seen.open
    for lane, (k, only) in enumerate(lanes):
        if 3 * cells[lane].sum() >= 2 * seen.open.sum():
            missing = int(stage.rule.places.max()) - k
            cost = FINE if missing <= 0 else COARSE if missing == 1 and k and only is None else ODD
            return Rounding(cells[lane], expected[lane], cost)
    return None


Lanes = list[tuple[int, Node | None]]
"""Places, and the one table that is rounded to them; None: every one."""


def _lanes(places: int, tables: Sequence[Node]) -> Lanes:
    every: Lanes = [(k, None) for k in range(places + MORE, -1, -1)]
    return every + [(k, node) for k in range(places, -1, -1) for node in tables[-NEAREST:]]


def _rounding(lanes: Lanes, tables: Set[Node]) -> Round:
    everywhere = [(n, k) for n, (k, only) in enumerate(lanes) if only is None]

    def rounded(node: Node, table: Array) -> Array:
        if node not in tables:
            return table
        wide = np.broadcast_to(table, (len(lanes), *table.shape[-2:])).copy()
        for lane, k in [*everywhere, *((n, k) for n, (k, only) in enumerate(lanes) if only is node)]:
            wide[lane] = np.round(wide[lane], k)
        return wide

    return rounded
