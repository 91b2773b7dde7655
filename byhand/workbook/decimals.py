"""How many decimals tables show: those that stand together, or hold like things on one sheet, show the same number.

Alike are the weights of a sheet with their biases, the updated ones, the gradients of weights that stand in one frame,
and tables of one shape that are computed by one operation, such as queries, keys and values.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property

from byhand.core.graph import Array, Node
from byhand.core.roles import Look
from byhand.workbook import style
from byhand.workbook.layout import floating, sides, whole

Kind = tuple[object, ...]


class NumberFormats:
    """The number formats of a graph's tables. values: of all tables. infinite: those that can be −∞.

    gradients: table -> its gradient.
    """

    def __init__(
        self, nodes: list[Node], values: Mapping[Node, Array], infinite: set[Node], gradients: Mapping[Node, Node]
    ) -> None:
        self.nodes, self.values, self.infinite, self.gradients = nodes, values, infinite, gradients
        self._formats: dict[Node, tuple[str, bool]] = {}

    def of(self, node: Node) -> tuple[str, bool]:
        """Return a table's number format, and whether it shows whole numbers."""
        if node not in self._formats:
            table = whole(node)
            alike = self._alike[self._kinds[table]] if table in self._kinds else [table]
            tables = [self.values[other] for other in alike if other in self.values] or [self.values[node]]
            self._formats[node] = style.number_format(tables, node in self.infinite, node.role.traits.blank)
        return self._formats[node]

    @cached_property
    def _alike(self) -> dict[Kind, list[Node]]:
        alike: dict[Kind, list[Node]] = defaultdict(list)
        for node, kind in self._kinds.items():
            alike[kind].append(node)
        return alike

    @cached_property
    def _kinds(self) -> dict[Node, Kind]:
        kinds: dict[Node, Kind] = {}
        for node, kind in self._named():
            kinds.setdefault(node, kind)
        return kinds

    def _named(self) -> Iterator[tuple[Node, Kind]]:
        """Yield the tables that may be like others, with what they share with them."""
        for reader in self.nodes:
            if not reader.name or reader.page is None or floating(reader):
                continue
            left, above = sides(reader)
            for given in [*left, *above]:
                if given.op.given and given.look is Look.WEIGHT:
                    yield given, (Look.WEIGHT, reader.page)
            for given in above:
                if given in self.gradients:
                    yield self.gradients[given], (Look.GRADIENT, reader)
            if reader.look is Look.UPDATED:
                yield reader, (Look.UPDATED, reader.page)
            elif reader.look is Look.COMPUTED:
                yield reader, (Look.COMPUTED, reader.page, reader.op, *map(int, reader.shape))
