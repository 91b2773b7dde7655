"""When an answer is the expected number: within the margin, or rounded as it was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from byhand.exercises.asked import COUNTED
from byhand.exercises.problem import Flags
from byhand.exercises.recipe import Ask
from byhand.graph import INFINITE, Array

ROOM = 1e-9
"""What computing may be off by, as a share of the number."""
BY_COUNTING = ("choice", "wrong cell")
"""What is asked for by the number of a row or a column."""


@dataclass(frozen=True, eq=False)
class Rule:
    """Of some cells, how far off each may be, and to how many places it is asked. (n,)"""

    margins: Array
    places: Array

    @cached_property
    def units(self) -> Array:
        return np.asarray(10.0**-self.places)

    def agree(self, answers: Array, expected: Array) -> Flags:
        """Which answers are as expected; none that is no number. (..., n), (..., n) -> (..., n)"""
        with np.errstate(all="ignore"):
            off, room = np.abs(answers - expected), ROOM * np.clip(np.abs(expected), 1, INFINITE)
            whole = answers / self.units
            as_asked = (np.abs(whole - np.rint(whole)) < 1e-6) & (off <= self.units / 2 + room)
            beyond = (np.abs(expected) > INFINITE) & (np.abs(answers) > INFINITE) & (answers * expected > 0)
            near = (off <= self.margins + room) & np.isfinite(expected)
        return np.asarray(near | as_asked | beyond)


def rule_of(asks: Sequence[Ask]) -> Rule:
    """The rule of cells, each asked by one of these."""
    counted = [ask.kind in BY_COUNTING for ask in asks]
    margins = [COUNTED if by_counting else ask.margin for ask, by_counting in zip(asks, counted, strict=True)]
    places = [0 if by_counting else ask.places for ask, by_counting in zip(asks, counted, strict=True)]
    return Rule(np.array(margins), np.array(places, dtype=float))
