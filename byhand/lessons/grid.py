"""Put weights on a grid while a model learns, so that a person can reckon with them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from byhand.core.graph import Array

FREE = 0.4
"""The share of the steps in which all weights are free."""
FIXED = 0.95
"""The share of the steps after which all weights are on the grid."""
STAGES = 30
"""In so many stages, more and more weights are fixed on the grid, the nearest to it first, while the others go on.

Each stage fixes fewer than the one before, so that the last ones, whose errors nothing makes up for, are few.
"""
MOST_TRIED = 60_000
"""The most single changes of a weight that are tried at the end."""


class Grid:
    """Multiples of `step`, of at most `largest` (None: without a limit), for a row of `count` weights.

    Weights are fixed on it in stages while the others make up for what that costs (incremental quantization, Zhou et
    al. 2017). At the end each weight is tried one step up and one step down as long as the loss falls.
    """

    def __init__(self, step: float, largest: float | None, count: int) -> None:
        self.step, self.largest = step, largest
        self.is_fixed = np.zeros(count, dtype=bool)
        self.values = np.zeros(count)

    def fixed(self, row: Array, done: float) -> Array:
        """Return the weights with as many of them on the grid as belong to this share of the steps. (n,) -> (n,)"""
        row = np.where(self.is_fixed, self.values, row)
        row = row if self.largest is None else np.clip(row, -self.largest, self.largest)
        stage = int(STAGES * min(max(done - FREE, 0) / (FIXED - FREE), 1) + 1e-9) / STAGES
        more = round(len(row) * (1 - (1 - stage) ** 2)) - int(self.is_fixed.sum())
        if more > 0:
            nearest = self._rounded(row)
            distance = np.where(self.is_fixed, np.inf, np.abs(row - nearest))
            chosen = np.argsort(distance, kind="stable")[:more]
            self.is_fixed[chosen], self.values[chosen] = True, nearest[chosen]
            row = np.where(self.is_fixed, self.values, row)
        return row

    def improved(self, row: Array, loss: Callable[[Array], float]) -> Array:
        """Return weights on the grid whose loss no single step up or down makes smaller, or nearly so. (n,) -> (n,)"""
        best, tried = loss(row), 0
        falls = True
        while falls and tried < MOST_TRIED:
            falls = False
            for n in range(len(row)):
                for change in (self.step, -self.step):
                    other = row.copy()
                    other[n] = self._rounded(row[n] + change)
                    tried += 1
                    if other[n] != row[n] and (value := loss(other)) < best - 1e-9:
                        row, best, falls = other, value, True
                        break
        return row

    def _rounded(self, x: Array) -> Array:
        count = np.rint(x / self.step)
        if self.largest is not None:
            limit = np.floor(self.largest / self.step + 1e-9)
            count = np.clip(count, -limit, limit)
        return np.round(count * self.step, 12) + 0.0  # 12 * 0.1 is 1.2, not 1.2000000000000002
