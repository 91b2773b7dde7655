"""The same step of generation from a cache: only the new word's rows are computed, and those before it are kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from byhand.graph import Array, Node, fold, page, scope, source, toposort
from byhand.labels import Labels
from byhand.models.cost import multiplications
from byhand.ops import again, below, maximum, stretch

BY_ROW = frozenset(
    "add sub mul div maximum power greater equal negate exp log sqrt tanh erf sin cos where alternate beside columns "
    "one_hot sum max mean mean_square argmax".split()
)
"""Operations of which a row of the result is made from the same row of each argument, or from its only one."""


def path_of(node: Node) -> str:
    """The name of a table without the step of the story that it belongs to."""
    return re.sub(r"^step\d+\.", "", node.name)


def of_words(node: Node) -> bool:
    """Whether it depends on any words; other tables need not be kept to be known."""
    return any(n.role == "tokens" for n in toposort([node]))


@dataclass
class Cache:
    """One step's tables, each made from what the last step kept.

    since: the serial of the step's first table; what was made before it is there. kept: by path, the step's tables as
    the last step knew them. Of a table that the new word makes longer, only the
    new row is computed; one that it leaves as it is, is taken. used: what the next step may take. sizes: by path, how
    many numbers had to be kept.
    """

    since: int
    kept: Mapping[str, Node]
    numbers: Mapping[Node, Array]
    earlier: Mapping[str, Array]
    used: dict[str, Node] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    _whole: dict[Node, Node] = field(default_factory=dict)
    _parts: dict[tuple[Node, int, int], Node] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)

    def _before(self, node: Node) -> Node | None:
        """The table as the last step knew it, where it can be taken or lengthened."""
        before = self.kept.get(path_of(node)) if node.name and node.serial >= self.since else None
        if before is None or before.shape[1] != node.shape[1] or before.shape[0] > node.shape[0]:
            return None
        same = np.allclose(self.numbers[node][: before.shape[0]], self.earlier[path_of(node)], rtol=0, atol=1e-9)
        return before if same else None

    def all_of(self, node: Node) -> Node:
        """The whole table, from what was kept where that is known."""
        before = self._before(node)
        if before is not None and of_words(before):
            self.sizes[path_of(node)] = int(node.shape[0] * node.shape[1])
        if node not in self._whole:
            self._whole[node] = self._all_of(node, before)
        return self._whole[node]

    def _all_of(self, node: Node, before: Node | None) -> Node:
        if node.serial < self.since or not node.args:
            return node
        if before is not None and before.shape == node.shape:
            made = before
        elif before is not None:
            rows = below(before, self.part_of(node, int(before.shape[0]), int(node.shape[0])))
            made = self._dressed(rows, node, "_all")
        elif node.op.name == "rows":
            made = self._dressed(self.part_of(node.args[0], **node.attrs), node)
        else:
            made = self._dressed(node.op(*(self.all_of(a) for a in node.args), **node.attrs), node)
        if node.name:
            self.used[path_of(node)] = made
        return made

    def part_of(self, node: Node, start: int, stop: int) -> Node:
        """Its rows from `start` to before `stop`."""
        if (start, stop) == (0, node.shape[0]):
            return self.all_of(node)
        if node.serial < self.since or not node.args:
            return node.rows(start, stop)
        place = (node, start, stop)
        if place not in self._parts:
            self._parts[place] = self._part_of(node, start, stop)
        return self._parts[place]

    def _part_of(self, node: Node, start: int, stop: int) -> Node:
        before = self._before(node)
        if before is not None and stop <= before.shape[0]:
            size = self.sizes.get(path_of(node), 0) + (stop - start) * int(node.shape[1])
            self.all_of(node)  # for the next step, which will want the new row
            self.sizes[path_of(node)] = size
            return before.rows(start, stop)
        return self._dressed(self._computed(node, start, stop), node)

    def _computed(self, node: Node, start: int, stop: int) -> Node:
        name, args = node.op.name, node.args
        if name in BY_ROW and node.attrs.get("axis") != 0:
            return node.op(*(self._same_rows(a, start, stop) for a in args), **node.attrs)
        if name == "matmul":
            return self.part_of(args[0], start, stop) @ self.all_of(args[1])
        if name == "lookup":
            return node.op(self.all_of(args[0]), self.part_of(args[1], start, stop))
        if name == "rows":
            return self.part_of(args[0], start + node.attrs["start"], stop + node.attrs["start"])
        if name == "stretch":
            return node.op(self._same_rows(args[0], start, stop), rows=stop - start, columns=node.attrs["columns"])
        if name == "below":
            return self._joined(args, start, stop)
        return self.all_of(node).rows(start, stop)

    def _same_rows(self, node: Node, start: int, stop: int) -> Node:
        """Those rows, or the only one, which is stretched."""
        return self.all_of(node) if node.shape[0] == 1 else self.part_of(node, start, stop)

    def _joined(self, parts: Sequence[Node], start: int, stop: int) -> Node:
        found, top = [], 0
        for part in parts:
            first, last = max(start - top, 0), min(stop - top, int(part.shape[0]))
            if first < last:
                found.append(self.part_of(part, first, last))
            top += int(part.shape[0])
        return found[0] if len(found) == 1 else below(*found)

    def _dressed(self, made: Node, like: Node, more: str = "") -> Node:
        """Named as its like is, once."""
        name = f"{path_of(like)}{more}"
        if not like.name or name in self._names:
            return made
        self._names.add(name)
        return (again(made) if made.name else made).named(name, role=like.role)


def with_cache(passes: Sequence[tuple[Node, Node]]) -> list[Node]:
    """Each step after the first once more, from a cache; how far off it is, and what it saves, in multiplications.

    passes: the ids (T, 1) and the logits (T, V) of each step.
    """
    done = set(toposort([passes[0][1]]))
    kept = {path_of(n): n for n in done if n.name}
    rows, differences, outputs = [], [], []
    numbers = fold([whole for _, whole in passes])
    earlier: dict[str, Array] = {}
    for step, (ids, whole) in enumerate(passes[1:], 2):
        earlier |= {path_of(n): numbers[n] for n in toposort([passes[step - 2][1]]) if n.name}
        last = int(whole.shape[0])
        with scope(f"step{step}", f"Step {step}"), page("cached", "With the cache", equation="the new row alone"):
            cache = Cache(ids.serial, kept, numbers, earlier)
            new = cache.part_of(whole, last - 1, last)
            apart = (new - whole.rows(last - 1, last)).named("apart")  # (1, V)
            distance = maximum(apart, -apart).named("distance")
            differences.append(distance.max(1).named("difference", role="result"))
        without = set(toposort([whole])) - done
        alone = set(toposort([new])) - done - without
        rows.append([multiplications(without), multiplications(alone), sum(cache.sizes.values())])
        done |= without | alone
        kept = cache.used
        outputs.append(new)
    labels = Labels("steps", tuple(f"step {n}" for n in range(2, len(passes) + 1)))
    with page("cache", "The cache", equation="saved = without − with"):
        counted = [
            source(name, [[row[n]] for row in rows], role="given", rows=labels)
            for n, name in enumerate(("without", "with", "numbers_kept"))
        ]
        saved = (counted[0] - counted[1]).named("saved", role="result")
        kept_beside = again(counted[2]).named("kept", role="result")
        apart = stretch(below(*differences), rows=saved.shape[0], columns=1).named("differences", role="result")
    return [*outputs, saved, kept_beside, apart]
