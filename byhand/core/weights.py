"""The weights of a model: small friendly ones from a seed, or a checkpoint's."""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

import numpy as np

from byhand.core.graph import Array, Node, current_scope, labels_of, outside, source, times
from byhand.core.roles import Role
from byhand.errors import ByhandError

MOST_NUMBERS = 20_000_000
"""The most numbers in a random weight."""
ALPHA = "of LoRA: what A and B add counts α / r times"
"""The meaning of α, for the home page."""


class Weights:
    """The weights of a model: call it with a name to get the weight of that name in the open scope.

    Without arrays, matrices are drawn from {-1, 0, 1} and biases mostly 0: each from the seed and its own name, so a
    weight does not change when another part of the model does. about: where the arrays come from, in a sentence. rank:
    of LoRA's adapters, with which only these learn and all other weights are frozen; 0 for none.
    """

    def __init__(
        self,
        seed: int = 0,
        arrays: Mapping[str, Array] | None = None,
        about: str = "The weights are the checkpoint's own.",
        rank: int = 0,
    ) -> None:
        self.seed = seed
        self.arrays = arrays
        self.about = about
        self.rank = rank
        self.nodes: dict[str, Node] = {}
        self.constants: dict[str, Node] = {}
        self.any_drawn = False

    @property
    def origin(self) -> str:
        """A sentence that says where the numbers come from; empty for a model without weights."""
        if not self.nodes:
            return ""
        if self.rank:
            return f"{self._origin} {self._about_adapters}"
        return self._origin

    @property
    def _origin(self) -> str:
        if self.arrays is not None:
            return self.about
        if self.any_drawn:
            return f"The weights are small numbers drawn at random (seed {self.seed}): the model has learnt nothing."
        return "The weights are set by hand."

    @property
    def _about_adapters(self) -> str:
        every, adapters = (sum(n.shape[0] * n.shape[1] for n in some.values()) for some in (self.nodes, self.learning))
        return (
            f"LoRA of rank {self.rank}: the {every - adapters:,} numbers of the model are frozen, "
            f"and the {adapters:,} of the adapters A and B can learn."
        )

    @property
    def learning(self) -> dict[str, Node]:
        """The weights that can learn, by path: with LoRA the adapters alone."""
        if self.rank:
            return {path: node for path, node in self.nodes.items() if node.role is Role.WEIGHT}
        return {path: node for path, node in self.nodes.items() if node.role is not Role.FROZEN}

    def __call__(
        self, name: str, rows: int, columns: int, fill: float | Array | None = None, adapter: bool = False
    ) -> Node:
        """Return the weight `name` of the open scope. (rows, columns)

        fill: its numbers without such an array. adapter: it is one of LoRA's, which checkpoints need not have.
        """
        scopes = [s for s in reversed(current_scope().outward) if s.name]
        path = ".".join([*(s.shares or s.name for s in scopes if not s.repeats), name])
        if path not in self.nodes:
            place = ".".join([*(s.name for s in scopes), name])  # the table's name, where the weight is first used
            known = next((key for key in (path, place) if key in (self.arrays or ())), path)
            given = self.arrays is not None and ((fill is None and not adapter) or known in self.arrays)
            role = Role.FROZEN if self.rank and not adapter else Role.WEIGHT
            array = self._given(known, (rows, columns)) if given else self._drawn(path, rows, columns, fill)
            self.nodes[path] = source(name, array, role, rows=labels_of(rows), columns=labels_of(columns))
        return self.nodes[path]

    def constant(self, name: str, value: float, meaning: str) -> Node:
        """Return a number that the whole model shares, such as a norm's epsilon, with its meaning. (1, 1)"""
        if name not in self.constants:
            with outside():
                self.constants[name] = source(name, value, role="constant", meaning=meaning)
        node = self.constants[name]
        assert node.data is not None
        assert node.data[0, 0] == value, f"{name} is one number for the whole model"
        return node

    @property
    def alpha(self) -> Node:
        """LoRA's α; at first as large as the rank, so that α / r is 1. (1, 1)"""
        if "alpha" not in self.constants:
            with outside():
                self.constants["alpha"] = source("alpha", self.rank, role="setting", meaning=ALPHA)
        return self.constants["alpha"]

    def _given(self, path: str, shape: tuple[int, int]) -> Array:
        assert self.arrays is not None
        array = np.atleast_2d(self.arrays[path])
        if array.shape != shape:
            raise ByhandError(f"Weight {path} has shape {times(array.shape)}, but the model needs {times(shape)}.")
        return array

    def _drawn(self, path: str, rows: int, columns: int, fill: float | Array | None) -> Array:
        if rows * columns > MOST_NUMBERS:
            raise ByhandError(f"Weight {path} would be {rows:,}×{columns:,}, too many numbers: choose smaller sizes.")
        if fill is not None:
            return np.broadcast_to(np.asarray(fill, dtype=np.float64), (rows, columns)).copy()
        self.any_drawn = True
        draw = np.random.default_rng([self.seed, crc32(path.encode())])
        if labels_of(rows) is not None:
            return _distinct_rows(draw, rows, columns)
        return draw.choice(
            [-1.0, 0.0, 1.0], size=(rows, columns), p=[0.2, 0.6, 0.2] if rows == 1 else [0.25, 0.45, 0.3]
        )


def _distinct_rows(draw: np.random.Generator, rows: int, columns: int) -> Array:
    """Return small whole numbers; no two rows are equal, nor equal up to a number added to the whole row.

    So each word's embedding differs from all others also for a normed x, whose features sum to 0.
    """
    largest = 1
    while (2 * largest + 1) ** max(columns - 1, 1) < 3 * rows:
        largest += 1
    chosen: dict[tuple[int, ...], list[int]] = {}
    while len(chosen) < rows:
        row = draw.integers(-largest, largest + 1, size=columns).tolist()
        chosen.setdefault(tuple(x - (row[0] if columns > 1 else 0) for x in row), row)
    return np.array(list(chosen.values()), dtype=np.float64)
