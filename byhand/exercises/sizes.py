"""How large the numbers are that students meet, and how many of them are whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from byhand.exercises.problem import Problem
from byhand.exercises.variant import Variant
from byhand.graph import INFINITE


@dataclass
class Sizes:
    """The numbers that the students meet: the largest, and how many of those in between are whole."""

    largest: float = 0.0
    whole: int = 0
    cells: int = 0

    def add(self, other: Sizes) -> None:
        self.largest = max(self.largest, other.largest)
        self.whole += other.whole
        self.cells += other.cells


def sizes(problem: Problem, made: Sequence[Variant]) -> Sizes:
    """Of every number that these students work out; masked scores are none."""
    found = Sizes()
    for node in problem.computed:
        table = np.array([variant.values[node] for variant in made])
        table = table[np.abs(table) < INFINITE]
        whole = int((np.abs(table - np.rint(table)) < 1e-9).sum())
        found.add(Sizes(float(np.abs(table).max(initial=0.0)), whole, table.size))
    return found
