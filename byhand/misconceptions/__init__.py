"""The misconceptions: for each, a rewrite of a right graph and a sentence for the student."""

from __future__ import annotations

from collections.abc import Sequence

from byhand.core.graph import Node
from byhand.misconceptions.adapting import ADAPTED, COMPARED, PREFERRED
from byhand.misconceptions.attention import HEADS, MASK, PRODUCTS, SCALE, SOFTMAX
from byhand.misconceptions.families import FAMILIES
from byhand.misconceptions.gates import GATED, RMS
from byhand.misconceptions.heads import LATER_HEADS
from byhand.misconceptions.inference import FEW_BITS, GUESSES, MEMORIES, PATCHES, TILES
from byhand.misconceptions.layers import FEED_FORWARD, NORM, POSITIONS, RESIDUAL
from byhand.misconceptions.pieces import PIECES
from byhand.misconceptions.positions import DISTANCE, TURNING
from byhand.misconceptions.recurrence import DELTA, LINEAR, RECURRENT, SCAN
from byhand.misconceptions.rewriting import Misconception
from byhand.misconceptions.selection import CHOSEN, NEAREST, SELECTED
from byhand.misconceptions.training import BACKWARD, LOSS, STEP

IN_ATTENTION = (*SCALE, *SOFTMAX, *MASK, *HEADS, *LATER_HEADS, *DISTANCE, *LINEAR, *TILES)
IN_LAYERS = (*RESIDUAL, *NORM, *RMS, *FEED_FORWARD, *GATED, *POSITIONS, *TURNING, *RECURRENT, *SCAN, *DELTA, *FAMILIES)
IN_CHOICES = (*CHOSEN, *NEAREST, *SELECTED, *GUESSES, *FEW_BITS, *MEMORIES, *PATCHES)
IN_LEARNING = (*LOSS, *STEP, *BACKWARD, *ADAPTED, *COMPARED, *PREFERRED)
IN_TOKENS = PIECES
ALL = (*IN_ATTENTION, *IN_LAYERS, *IN_CHOICES, *IN_LEARNING, *IN_TOKENS, *PRODUCTS)
MISCONCEPTIONS: dict[str, Misconception] = {m.name: m for m in ALL}
"""All misconceptions by name. If two give the same answers, the earlier is more likely: wrong ideas before slips."""


def mistaken(outputs: Sequence[Node], misconception: Misconception) -> dict[Node, Node]:
    """Return the tables that a misconception changes: right table -> wrong table of the same name.

    Given tables are shared, so that `fold` takes the same `given` for both graphs.
    """
    return misconception.rewrite(outputs)


def applicable(outputs: Sequence[Node]) -> list[Misconception]:
    """Return the misconceptions that change something in this graph, in the order of the list."""
    return [m for m in MISCONCEPTIONS.values() if mistaken(outputs, m)]
