"""One graph evaluated over and over, with other numbers each time: what stays the same is computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from byhand.core import ops
from byhand.core.graph import Array, Node, toposort

Step = tuple[int, Callable[..., Array], tuple[int, ...]]
"""One table to compute: its place among the values, its rule, and the places of its arguments."""
PAIRWISE = frozenset({ops.add, ops.sub, ops.mul, ops.div})
"""The operations that stretch their arguments themselves."""


class Evaluator:
    """Computes some tables of a graph from other numbers for some of its given tables, as `fold` does.

    outputs: the tables to compute. inputs: the tables whose numbers come with each call. known: numbers in place of
    those of other given tables. Tables that do not depend on an input are computed when the evaluator is made, and
    those that are made alike from the same tables are computed once.
    """

    def __init__(
        self, outputs: Sequence[Node], inputs: Iterable[Node], known: Mapping[Node, Array] = MappingProxyType({})
    ) -> None:
        self.inputs = list(inputs)
        order = toposort(outputs)
        place = {node: n for n, node in enumerate(dict.fromkeys([*self.inputs, *order]))}
        place |= {node: place[node.args[0]] for node in _needless(order, {*outputs, *self.inputs})}
        changing = set(self.inputs)
        self._values: list[Array | None] = [None] * (max(place.values(), default=-1) + 1)
        self._steps: list[Step] = []
        made: dict[object, int] = {}
        for node in order:
            if node in changing:
                continue
            arguments = tuple(place[a] for a in node.args)
            rule = partial(node.op.value, **node.attrs) if node.attrs else node.op.value
            if any(a in changing for a in node.args):
                changing.add(node)
                if place[node] not in arguments:
                    first = made.setdefault((node.op, tuple(node.attrs.items()), arguments), place[node])
                    if first == place[node]:
                        self._steps.append((first, rule, arguments))
                    place[node] = first
            elif node in known or node.data is not None:
                self._values[place[node]] = known.get(node, node.data)
            elif place[node] not in arguments:
                self._values[place[node]] = rule(*(self._values[n] for n in arguments))
        self._outputs = [place[node] for node in outputs]

    def __call__(self, given: Mapping[Node, Array]) -> list[Array]:
        """Return the numbers of the outputs. given: of every input; arrays may have leading axes, as in `fold`."""
        values = self._values.copy()
        values[: len(self.inputs)] = [given[node] for node in self.inputs]
        for n, rule, arguments in self._steps:
            values[n] = rule(*[values[a] for a in arguments])
        return [values[n] for n in self._outputs]  # type: ignore[misc]  # every table before the outputs is computed


def _needless(order: Iterable[Node], wanted: set[Node]) -> list[Node]:
    """Return the stretched tables all of whose readers would stretch them anyway, beside a table of that shape."""
    readers: dict[Node, list[Node]] = {}
    for node in order:
        for argument in node.args:
            readers.setdefault(argument, []).append(node)
    return [
        node
        for node in order
        if node.op is ops.stretch
        and node not in wanted
        and all(
            reader.op in PAIRWISE and any(a.op is not ops.stretch and a.shape == node.shape for a in reader.args)
            for reader in readers.get(node, ())
        )
    ]
