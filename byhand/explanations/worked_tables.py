"""The tables of a lesson, worked on paper: of each its place, its rule, its first cells and its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, product

from byhand.core.captions import rule, shapes, symbol, symbol_from, titles
from byhand.core.graph import Array, Node, Scope, times, toposort
from byhand.core.labels import label, spelling
from byhand.core.roles import Role
from byhand.explanations.worked_cells import Cells, Worked
from byhand.notation.tree import Chain, Maths, Name
from byhand.translations import _

MOST_ROWS, MOST_COLUMNS = 24, 12
"""What is shown of a large table's numbers."""


@dataclass(frozen=True)
class WorkedTable:
    """A table as a reader meets it, its rows and columns as they are shown.

    about: what it is, in a few words, and its size. step: the step of the model that it belongs to. rule: its formula
    over whole tables, such as Q = x · W_Q + b_Q. reads: what the rule calls a table -> the table's dotted name, where
    the two differ. cells: the first of them, worked. numbers: the upper left corner, with its labels; texts: the pieces
    of words that these stand for, where the table shows pieces.
    """

    node: Node
    turned: bool
    shape: tuple[int, int]
    about: str
    step: Scope | None
    rule: Maths
    reads: dict[str, str]
    cells: list[Worked]
    numbers: Array
    texts: tuple[tuple[str, ...], ...]
    rows: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def is_given(self) -> bool:
        return self.node.data is not None


def worked_table(node: Node, cells: Cells, most: int | None) -> WorkedTable:
    """Return a table with its rule, its numbers and, if it is computed, at most so many cells worked, row by row."""
    height, width = node.shape
    shape = (width, height) if cells.turned else (height, width)
    places = islice(product(*map(range, shape)), 0 if node.data is not None or spelling(node) else most)
    shown = [(column, row) if cells.turned else (row, column) for row, column in places]
    numbers = cells.numbers[node.name].T if cells.turned else cells.numbers[node.name]
    corner = numbers[:MOST_ROWS, :MOST_COLUMNS]
    labels = (
        tuple(label(node, 1 - axis if cells.turned else axis, i, cells.numbers) for i in range(corner.shape[axis]))
        for axis in (0, 1)
    )
    made = rule(node, lambda a: Name(symbol_from(a, node), bold=True), cells.turned)
    called = {symbol_from(a, node): a.name for a in _named(node.args)}
    return WorkedTable(
        node,
        cells.turned,
        shape,
        f"{_(node.role.traits.given_words)}, {times(shape)}" if node.data is not None else shapes(node, cells.turned),
        next((s for s in node.scope.outward if s.equation), None),
        Chain((Name(symbol(node), bold=True), made), ("=",)),
        {letters: name for letters, name in called.items() if letters != name},
        list(cells.each_worked(node, shown)),
        corner,
        _texts(node, corner, cells),
        *labels,
    )


def _texts(node: Node, corner: Array, cells: Cells) -> tuple[tuple[str, ...], ...]:
    """Return the pieces that the numbers stand for; nothing for a table of numbers."""
    pieces = spelling(node)
    if pieces is None:
        return ()
    return tuple(tuple(pieces.spell(number, cells.numbers) for number in row) for row in corner.tolist())


def _named(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield the tables that a rule names, those inside unnamed ones too."""
    for node in nodes:
        if node.name:
            yield node
        else:
            yield from _named(node.args)


def place_in_words(node: Node, place: tuple[int, int], cells: Cells) -> str:
    """Return where a cell stands, counted from 0 as it is shown: row 2 (cat), column 1 (the)."""
    parts = []
    for axis, (what, i) in enumerate(zip((_("row"), _("column")), place, strict=True)):
        word = label(node, 1 - axis if cells.turned else axis, i, cells.numbers)
        parts.append(f"{what} {i + 1}" + (f" ({word})" if word != str(i + 1) else ""))
    return ", ".join(parts)


def pages(outputs: Iterable[Node], cells: Cells, most: int) -> Iterator[tuple[str, list[WorkedTable]]]:
    """Yield every table by the part of the model that it stands in: Layer 1 · Head 1.

    What stands in none is given, and comes first if a text is among it, else last: numbers such as ε.
    """
    found: dict[Scope | None, list[Node]] = {None: []}
    for node in toposort(outputs):
        if node.name:
            found.setdefault(node.page, []).append(node)
    given = found.pop(None)
    given.sort(key=lambda node: (node.role.traits.shared, node.role is not Role.TOKENS))
    has_text = any(node.role is Role.TOKENS for node in given)
    found = {None: given, **found} if has_text else {**found, None: given}
    for page, nodes in found.items():
        if nodes:
            yield (
                " · ".join(titles(page)) if page else _("What is given"),
                [worked_table(node, cells, most) for node in nodes],
            )
