"""What comes out when the numbers on the way are rounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from byhand.exercises.problem import Flags
from byhand.graph import Array, Node
from byhand.grading.carried import Own, evaluated
from byhand.grading.ideas import Known
from byhand.grading.stages import Stage

MORE = 2
"""Places more than asked that somebody may round to on the way."""
NEAREST = 8
"""Tables before the asked one of which each is tried as the only one that was rounded."""


@dataclass(frozen=True, eq=False)
class Rounding:
    """cells: the answers that it explains; expected: their numbers before they were rounded themselves. (n,)

    fine: whether it was to as many places as were asked, or more.
    """

    cells: Flags
    expected: Array
    fine: bool


def rounded_ways(
    stage: Stage,
    known: Known,
    given: Mapping[Node, Array],
    owns: Mapping[int, Own],
    answers: Array,
    open_: Flags,
    unrounded: Array,
) -> Rounding | None:
    """The rounding on the way that explains (nearly) all answers that are open; the finest. None: there is none."""
    places = int(stage.rule.places.max())
    plan = known.plan(stage, ((),))
    tables = [n for n in plan if n.name and n.data is None and not n.op.view and n is not stage.node]
    if not tables or stage.choice:
        return None
    every = [(k, None) for k in range(places + MORE, -1, -1)]
    single = [(k, node) for k in range(places, -1, -1) for node in tables[-NEAREST:]]
    lanes: list[tuple[int, Node | None]] = [*every, *single]
    taken = {owns[n].stage.node: (np.array(True), owns[n].written[None]) for n in stage.before if n in owns}
    named = set(tables)

    def rounding(node: Node, table: Array) -> Array:
        if node not in named:
            return table
        wide = np.broadcast_to(table, (len(lanes), *table.shape[-2:])).copy()
        for lane, (k, only) in enumerate(lanes):
            if only in (None, node):
                wide[lane] = np.round(wide[lane], k)
        return wide

    values = evaluated(plan, given, taken, rounding)
    expected = stage.cells(np.broadcast_to(values[stage.node], (len(lanes), *stage.node.shape)))
    with np.errstate(all="ignore"):
        changed = ~(np.abs(expected - unrounded) <= stage.rule.margins)
    cells = stage.rule.agree(answers, expected) & open_ & changed
    for lane, (k, _) in enumerate(lanes):
        if 3 * cells[lane].sum() >= 2 * open_.sum():
            return Rounding(cells[lane], expected[lane], k >= places)
    return None
