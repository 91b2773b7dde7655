"""Generation with a cache: each step computes only the new word's rows, and reads earlier rows from the cache."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count

import numpy as np

from byhand.core import ops
from byhand.core.arithmetic.counts import work
from byhand.core.graph import Array, Node, fold, page, scope, source, toposort
from byhand.core.labels import Labels
from byhand.core.ops import alias, below, maximum, stretch
from byhand.core.roles import Role

ABSORBED = "DeepSeek-V2, section 2.1.2"
ROLLING = frozenset({"window_mask", "near_mask"})
"""Masks of a window: a word that has left the window is not needed again, so the cache drops it."""


def path_of(node: Node) -> str:
    """Return a table's name without its step of the story."""
    return re.sub(r"^step\d+\.", "", node.name)


def tables_of_words(tables: Iterable[Node]) -> set[Node]:
    """Return the tables that depend on words; the others are constants, which need no cache."""
    tables_found: set[Node] = set()
    for node in tables:
        if node.role is Role.TOKENS or not tables_found.isdisjoint(node.args):
            tables_found.add(node)
    return tables_found


def from_latent(node: Node) -> bool:
    """Return whether the table is computed from latents that are cached instead (DeepSeek-V2, section 2.1.2)."""
    if node.op is ops.matmul:
        return node.args[0].role is Role.LATENT
    return node.op is ops.beside and any(from_latent(part) for part in node.args)


@dataclass(frozen=True)
class KeptTable:
    """A cached table of the last step, from its row `first` on; earlier rows are not needed any more."""

    table: Node
    first: int = 0

    @property
    def stop(self) -> int:
        return self.first + int(self.table.shape[0])


@dataclass
class Cache:
    """One step's tables, computed from the cache of the last step.

    since: the serial of the step's first table; what was made before it is there. kept: by path, the step's tables as
    the last step knew them. numbers, earlier: what this step's tables hold, and (by path) those of the last step: of a
    table that the new word makes longer, only the new row is computed; one that it leaves as it is, is taken. of_words:
    the tables that depend on words. used: what the next step may take. sizes: by path, how many numbers had to be kept.
    changed: tables whose old rows the new word changes, so that they are computed anew.
    """

    since: int
    kept: Mapping[str, KeptTable]
    numbers: Mapping[Node, Array]
    earlier: Mapping[str, Array]
    of_words: Collection[Node]
    used: dict[str, KeptTable] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    changed: dict[str, None] = field(default_factory=dict)
    _whole: dict[tuple[Node, int], Node] = field(default_factory=dict)
    _parts: dict[tuple[Node, int, int], Node] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)

    def _before(self, node: Node, first: int = 0) -> KeptTable | None:
        """Return the cached table if it can be reused or lengthened from row `first` on."""
        before = self.kept.get(path_of(node)) if node.name and node.serial >= self.since else None
        if before is None or before.first > first or before.table.shape[1] != node.shape[1]:
            return None
        if before.stop > node.shape[0]:
            return None
        old = self.earlier[path_of(node)]
        if np.allclose(self.numbers[node][: before.stop], old, rtol=0, atol=1e-9):
            return before
        if node in self.of_words:
            self.changed[path_of(node)] = None
        return None

    def all_of(self, node: Node, first: int = 0) -> Node:
        """Return the whole table, or its rows from `first` on, from the cache if possible."""
        before = None if from_latent(node) else self._before(node, first)
        if before is not None and node in self.of_words:
            self.sizes[path_of(node)] = int((node.shape[0] - first) * node.shape[1])
        if (node, first) not in self._whole:
            self._whole[node, first] = self._all_of(node, first, before)
        return self._whole[node, first]

    def _all_of(self, node: Node, first: int, before: KeptTable | None) -> Node:
        rows = int(node.shape[0])
        if node.serial < self.since or not node.args:
            return node.rows(first, rows) if first else node
        if before is not None and before.stop == rows:
            result = before.table.rows(first - before.first, rows - before.first) if first else before.table
        elif before is not None:
            new = self.part_of(node, before.stop, rows)
            old = [before.table.rows(first - before.first, before.stop - before.first)] if first < before.stop else []
            result = self._name_as(below(*old, new), node, "_seen" if first else "_all") if old else new
        elif first:
            return self.all_of(node).rows(first, rows)
        elif node.op is ops.rows:
            result = self._name_as(self.part_of(node.args[0], **node.attrs), node)
        else:
            result = self._name_as(node.op(*(self.all_of(a) for a in node.args), **node.attrs), node)
        if node.name:
            self.used[path_of(node)] = KeptTable(result, first)
        return result

    def part_of(self, node: Node, start: int, stop: int) -> Node:
        """Return the rows from `start` to before `stop`."""
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
        if before is not None and stop <= before.stop:
            size = self.sizes.get(path_of(node), 0) + (stop - start) * int(node.shape[1])
            self.all_of(node)  # for the next step, which will want the new row
            self.sizes[path_of(node)] = size
            return before.table.rows(start, stop)
        return self._name_as(self._computed(node, start, stop), node)

    def _computed(self, node: Node, start: int, stop: int) -> Node:
        op, args = node.op, node.args
        if op is ops.where and args[0].symbol in ROLLING and stop - start == 1:
            return self._visible_scores(node, start, stop)
        if op is ops.columns:
            return self._some_columns(self._same_rows(args[0], start, stop), args[0], **node.attrs)
        if op.by_row(**node.attrs):
            return op(*(self._same_rows(a, start, stop) for a in args), **node.attrs)
        if op is ops.matmul:
            return self._product(node, self.part_of(args[0], start, stop))
        if op is ops.lookup:
            return op(self.all_of(args[0]), self.part_of(args[1], start, stop))
        if op is ops.rows:
            return self.part_of(args[0], start + node.attrs["start"], stop + node.attrs["start"])
        if op is ops.stretch:
            return op(self._same_rows(args[0], start, stop), rows=stop - start, columns=node.attrs["columns"])
        if op is ops.below:
            return self._joined(args, start, stop)
        return self.all_of(node).rows(start, stop)

    def _some_columns(self, part: Node, whole: Node, start: int, stop: int) -> Node:
        """Return some columns of a table, whose first ones may be gone from the cache."""
        gone = int(whole.shape[1]) - int(part.shape[1])
        return part.columns(max(start - gone, 0), stop - gone)

    def _same_rows(self, node: Node, start: int, stop: int) -> Node:
        """Return those rows, or the only row, which is stretched."""
        return self.all_of(node) if node.shape[0] == 1 else self.part_of(node, start, stop)

    def _joined(self, parts: Sequence[Node], start: int, stop: int) -> Node:
        pieces, top = [], 0
        for part in parts:
            first, last = max(start - top, 0), min(stop - top, int(part.shape[0]))
            if first < last:
                pieces.append(self.part_of(part, first, last))
            top += int(part.shape[0])
        return pieces[0] if len(pieces) == 1 else below(*pieces)

    def _visible_scores(self, masked: Node, start: int, stop: int) -> Node:
        """Return the masked scores of one word, from the first key that it sees. (1, n)"""
        mask, scores, hidden = masked.args
        assert mask.data is not None
        first, keys = int(mask.data[start].argmax()), int(mask.shape[1])
        visible = mask.rows(start, stop)
        return masked.op(
            visible.columns(first, keys) if first else visible, self._scores_from(scores, start, stop, first), hidden
        )

    def _scores_from(self, node: Node, start: int, stop: int, first: int) -> Node:
        """Return some rows of a table of scores, computed only from the key `first` on."""
        if not first or node.shape[1] == 1:
            return self._same_rows(node, start, stop)
        if node.shape[0] == 1:
            return self.all_of(node).columns(first, int(node.shape[1]))
        if node.op.cellwise:
            result = node.op(*(self._scores_from(a, start, stop, first) for a in node.args), **node.attrs)
        elif node.op is ops.matmul and node.args[1].op is ops.transpose:
            result = self._scores(self.part_of(node.args[0], start, stop), node.args[1].args[0], first)
        else:
            return self._same_rows(node, start, stop).columns(first, int(node.shape[1]))
        return self._name_as(result, node)

    def _product(self, node: Node, left: Node) -> Node:
        """Return some rows of a product; if `left` lacks its first columns, without those rows of the right factor."""
        whole, right = node.args
        first = int(whole.shape[1]) - int(left.shape[1])
        if first or from_latent(right):
            return self._weighted_values(left, right, first, node)
        if right.op is ops.transpose:
            return self._scores(left, right.args[0], 0)
        return left @ self.all_of(right)

    def _scores(self, query: Node, keys: Node, first: int) -> Node:
        """Return q Kᵀ from the key `first` on; q (c W)ᵀ as (q Wᵀ) cᵀ for keys from a latent c. (1, n)"""
        if not from_latent(keys):
            return query @ self.all_of(keys, first).T
        if keys.op is ops.matmul:
            latent, up = keys.args
            with scope("", "the query meets latents", equation="q (c W)ᵀ = (q Wᵀ) cᵀ", source=ABSORBED):
                absorbed = (query @ up.T).named(f"{path_of(keys)}_query")
            return self._scores(absorbed, latent, first)
        total, left = None, 0
        for part in keys.args:
            met = self._scores(query.columns(left, left + int(part.shape[1])), part, first)
            total, left = met if total is None else total + met, left + int(part.shape[1])
        assert total is not None
        return total

    def _weighted_values(self, weights: Node, values: Node, first: int, node: Node) -> Node:
        """Return p V for the values from `first` on; p (c W) as (p c) W for values from a latent c. (1, d_v)"""
        if not from_latent(values):
            return weights @ self.all_of(values, first)
        latent, up = values.args
        with scope("", "latents are summed", equation="p (c W) = (p c) W", source=ABSORBED):
            summed = self._weighted_values(weights, latent, first, node).named(f"{path_of(node)}_latent")
        return summed @ up

    def _name_as(self, table: Node, original: Node, suffix: str = "") -> Node:
        """Give the table the original's name and role, and return it; a number is added where the name is in use."""
        if not original.name:
            return table
        name = f"{path_of(original)}{suffix}"
        more_names = (f"{name}_{n}" for n in count(2))
        name = next(n for n in chain([name], more_names) if n not in self._names)
        self._names.add(name)
        return (alias(table) if table.name else table).named(name, role=original.role)


def _pending(outputs: Iterable[Node], done: Collection[Node]) -> list[Node]:
    """Return the tables that the outputs need and that are not done, in the order of their making."""
    needed: set[Node] = set()
    todo = list(outputs)
    while todo:
        node = todo.pop()
        if node not in needed and node not in done:
            needed.add(node)
            todo.extend(node.args)
    return sorted(needed, key=lambda node: node.serial)


def _memories(step: Iterable[Node], earlier: Mapping[str, Array]) -> list[Node]:
    """Return the tables for a later segment that the new word makes longer."""
    tables = [n for n in step if n.role is Role.REMEMBERED]
    return [n for n in tables if path_of(n) not in earlier or len(earlier[path_of(n)]) < n.shape[0]]


def _length_dependent(step: Iterable[Node], earlier: Mapping[str, Array]) -> set[str]:
    """Return the tables whose old rows the longer text changes, such as the capacity of an expert."""
    names = set()
    for n in step:
        before = earlier.get(path_of(n))
        if n.data is not None and before is not None and before.shape == n.shape and (before != n.data).any():
            names.add(n.symbol)
    return names


def _reasons(growing: Collection[str], anew: Sequence[str]) -> str:
    """Return a sentence for the page: why less may be saved, and in which steps."""
    if not growing:
        return ""
    steps = f"; made anew in step {', '.join(anew)}" if anew else ""
    return f"; {' and '.join(sorted(growing))} grows with the text, which may change what was kept{steps}"


def with_cache(passes: Sequence[tuple[Node, Node]]) -> list[Node]:
    """Return each step after the first computed from a cache, its error, and the multiplications that it saves.

    passes: the ids (T, 1) and the logits (T, V) of each step.
    """
    done, without = set[Node](), _pending([passes[0][1]], ())
    kept = {path_of(n): KeptTable(n) for n in without if n.name}
    rows, differences, outputs, anew, growing = [], [], [], [], set[str]()
    numbers = fold([whole for _, whole in passes])
    word_tables = tables_of_words(toposort([whole for _, whole in passes]))
    earlier: dict[str, Array] = {}
    for step, (ids, whole) in enumerate(passes[1:], 2):
        earlier |= {path_of(n): numbers[n] for n in without if n.name}
        done.update(without)
        without = _pending([whole], done)
        last = int(whole.shape[0])
        with scope(f"step{step}", f"Step {step}"), page("cached", "With the cache", equation="the new row alone"):
            cache = Cache(ids.serial, kept, numbers, earlier, word_tables)
            new = cache.part_of(whole, last - 1, last)
            remembered = [cache.all_of(table) for table in _memories(without, earlier)]
            without_cache = alias(whole.rows(last - 1, last)).named("without_cache")
            with_cache = alias(new).named("with_cache")
            apart = (with_cache - without_cache).named("apart")  # (1, V)
            distance = maximum(apart, -apart).named("distance")
            differences.append(distance.max(1).named("difference", role="result"))
        alone = _pending([new, *remembered], done.union(without))
        rows.append([*(work(tables).multiplications for tables in (without, alone)), sum(cache.sizes.values())])
        growing |= _length_dependent(without, earlier)
        anew += [str(step)] if cache.changed else []
        done.update(alone)
        kept = cache.used
        outputs += [new, *remembered]
    labels = Labels("steps", tuple(f"step {n}" for n in range(2, len(passes) + 1)))
    with page("cache", "The cache", equation=f"saved = without − with{_reasons(growing, anew)}"):
        counted = [
            source(name, [[row[n]] for row in rows], role="given", rows=labels)
            for n, name in enumerate(("without", "with", "numbers_kept"))
        ]
        saved = (counted[0] - counted[1]).named("saved", role="result")
        kept_beside = alias(counted[2]).named("kept", role="result")
        apart = stretch(below(*differences), rows=saved.shape[0], columns=1).named("differences", role="result")
    return [*outputs, saved, kept_beside, apart]
