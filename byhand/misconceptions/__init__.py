"""The list of mistakes that people make, each a rewrite of a right graph and the sentence that helps."""

from __future__ import annotations

from collections.abc import Sequence

from byhand.core.graph import Node
from byhand.misconceptions.attention import HEADS, MASK, PRODUCTS, SCALE, SOFTMAX
from byhand.misconceptions.gates import GATED, RMS
from byhand.misconceptions.heads import LATER_HEADS
from byhand.misconceptions.layers import FEED_FORWARD, NORM, POSITIONS, RESIDUAL
from byhand.misconceptions.positions import DISTANCE, TURNING
from byhand.misconceptions.recurrence import LINEAR, RECURRENT, SCAN
from byhand.misconceptions.rewriting import Misconception
from byhand.misconceptions.selection import CHOSEN, NEAREST, SELECTED
from byhand.misconceptions.training import BACKWARD, LOSS, STEP

IN_ATTENTION = (*SCALE, *SOFTMAX, *MASK, *HEADS, *LATER_HEADS, *DISTANCE, *LINEAR)
IN_LAYERS = (*RESIDUAL, *NORM, *RMS, *FEED_FORWARD, *GATED, *POSITIONS, *TURNING, *RECURRENT, *SCAN)
IN_CHOICES = (*CHOSEN, *NEAREST, *SELECTED)
IN_LEARNING = (*LOSS, *STEP, *BACKWARD)
ALL = (*IN_ATTENTION, *IN_LAYERS, *IN_CHOICES, *IN_LEARNING, *PRODUCTS)
MISCONCEPTIONS: dict[str, Misconception] = {m.name: m for m in ALL}
"""By name. Where two give the same answers, the earlier is the likelier: wrong ideas come before slips of the pen."""


def mistaken(outputs: Sequence[Node], misconception: Misconception) -> dict[Node, Node]:
    """Right table -> the student's, for every table that comes out otherwise; its name is the right one's.

    Given tables are shared, so that `fold` takes the same `given` for both graphs.
    """
    return misconception.rewrite(outputs)


def applicable(outputs: Sequence[Node]) -> list[Misconception]:
    """Those that can be made in this graph, in the order of the list."""
    return [m for m in MISCONCEPTIONS.values() if mistaken(outputs, m)]
