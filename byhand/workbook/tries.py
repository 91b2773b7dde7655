"""What to try on a sheet and what to expect: a change that shows what a table is for.

Each proposal that says what follows carries the change and the expectation, so that the tests can carry it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from byhand.core import ops
from byhand.core.captions import symbol
from byhand.core.graph import Node
from byhand.core.roles import Look, Role
from byhand.workbook.book import Book
from byhand.workbook.page import Block, Page

MOST = 2
"""The most proposals on a sheet."""


class Expected(Enum):
    """What follows from a change: see `Try`."""

    ANYTHING = auto()
    EVEN = auto()  # in each row of the table, the numbers that are not 0 are equal
    SAME = auto()  # the table equals another one
    ONE_COLUMN = auto()  # only the second (or only) column changes
    NOTHING = auto()  # the table stays as it is
    OFF = auto()  # the first column of the table is 0
    OPEN = auto()  # all of the table is 1


@dataclass(frozen=True)
class Try:
    """A proposal. block: the table to go to. change: tables and the number that all their cells get.

    For ONE_COLUMN one cell of the second column gets it, for OFF the first cell; for NOTHING it is added to the first
    row. table, other: what the expectation is about.
    """

    text: str
    block: Block | None = None
    change: tuple[tuple[Node, float], ...] = ()
    expected: Expected = Expected.ANYTHING
    table: Node | None = None
    other: Node | None = None


def tries_of_page(book: Book, page: Page) -> list[Try]:
    """Return what to try on a sheet of the model, the most telling first."""
    return list(_distinct(_of_page(book, page)))[:MOST]


def tries_of_model(book: Book) -> list[Try]:
    """Return three things to try on the first screen."""
    made: list[Try] = []
    if book.prompts:
        made.append(Try("Choose another word in a yellow cell: the bars follow, and so does every number on the way."))
    pages = [page for page in book.pages if book.in_model(page.scope)]
    found = [item for page in pages for item in _of_page(book, page)]
    telling = [item for item in found if item.expected is not Expected.ANYTHING]
    kinds: dict[Expected, Try] = {}
    for item in telling:
        kinds.setdefault(item.expected, item)
    order = list(Expected)
    made += sorted(kinds.values(), key=lambda item: order.index(item.expected))
    made += [item for item in found if item.expected is Expected.ANYTHING]
    return list(_distinct(made))[:3]


def _distinct(tries: Iterable[Try]) -> Iterator[Try]:
    known: set[str] = set()
    for item in tries:
        if item.text not in known:
            known.add(item.text)
            yield item


def _of_page(book: Book, page: Page) -> Iterator[Try]:
    homes = [block for block in page.blocks if block.home and block.node not in book.repeated]
    for block in homes:
        yield from _even(block, homes)
    for block in homes:
        yield from _passed_on(block, homes)
        yield from _gate(block, homes)
        yield from _activation(block, homes)
        yield from _differences(block, homes, book)
    for block in homes:
        yield from _one_column(block, homes, book.turned)
    for block in homes:
        yield from _mask(block, book)
        yield from _gradient(block)
        yield from _updated(block)
    kinds = (Role.INPUT, Role.WEIGHT, Role.NONE)
    first = next((b for b in homes if b.node.op.given and b.node.role in kinds), None)
    if first:
        name = symbol(first.node)
        yield Try(f"Type another number into {name}, and see which cells change: all that is made from it.", first)
    last = next((b for b in reversed(homes) if not b.node.op.given), None)
    if last:
        name = symbol(last.node)
        yield Try(f"Click a number of {name}, and trace its precedents: arrows come from all that it is made of.", last)


def zeroed_by(node: Node) -> list[Node] | None:
    """Return weights that make a table 0 if all their numbers are 0; None if that cannot be seen from its rule."""
    if node.op.given:
        return [node] if node.role is Role.WEIGHT else None
    if node.op is ops.add:
        parts = [zeroed_by(a) for a in node.args]
        return None if None in parts else list(dict.fromkeys(n for part in parts if part for n in part))
    if node.op in (ops.matmul, ops.mul):
        found = [zeroed_by(a) for a in reversed(node.args)]
        return min((f for f in found if f), key=len, default=None)
    if node.op.view and len(node.args) == 1:
        return zeroed_by(node.args[0])
    return None


def _named(nodes: Iterable[Node]) -> str:
    return " and ".join(symbol(node) for node in nodes)


def _here(nodes: Iterable[Node], homes: list[Block]) -> Block | None:
    """Return the place of the first of some tables if all of them can be changed on this page."""
    places = {block.node: block for block in homes}
    found = [places.get(node) for node in nodes]
    return found[0] if found and all(found) else None


def _even(block: Block, homes: list[Block]) -> Iterator[Try]:
    if block.node.role is not Role.ATTENTION or any(b.node.role is Role.BIAS for b in homes):
        return
    scores = next((b.node for b in homes if b.node.role is Role.SCORES), None)
    if scores is None or scores.op is not ops.matmul:
        return
    weights = zeroed_by(scores.args[0])
    place = _here(weights or [], homes)
    if weights and place:
        yield Try(
            f"Set every number of {_named(weights)} to 0: all scores become 0, so each word looks equally at every "
            "word that it may see.",
            place,
            tuple((node, 0.0) for node in weights),
            Expected.EVEN,
            block.node,
        )


def _passed_on(block: Block, homes: list[Block]) -> Iterator[Try]:
    node = block.node
    if node.role is not Role.RESIDUAL or node.op is not ops.add:
        return
    x, added = node.args
    weights = zeroed_by(added)
    place = _here(weights or [], homes)
    if weights and place and x.name and added.name:
        yield Try(
            f"Set every number of {_named(weights)} to 0: {symbol(added)} is 0, and {symbol(node)} equals "
            f"{symbol(x)}: the words pass this part unchanged.",
            place,
            tuple((weight, 0.0) for weight in weights),
            Expected.SAME,
            node,
            x,
        )


def _biases(node: Node) -> list[Node]:
    """Return the given rows that are added on the way to a table, through tables that are computed cell by cell."""
    if node.op.given:
        return [node] if node.role is Role.WEIGHT and node.shape[0] == 1 else []
    if not node.op.cellwise:
        return []
    return list(dict.fromkeys(bias for a in node.args for bias in _biases(a)))


def _gate(block: Block, homes: list[Block]) -> Iterator[Try]:
    node = block.node
    if node.role is not Role.GATE or node.op is not ops.div:
        return
    biases = _biases(node)
    place = _here(biases, homes)
    if len(biases) == 1 and place:
        yield Try(
            f"Set every number of {_named(biases)} to 100: {symbol(node)} is 1 everywhere, and lets all through.",
            place,
            ((biases[0], 100.0),),
            Expected.OPEN,
            node,
        )


def _activation(block: Block, homes: list[Block]) -> Iterator[Try]:
    node = block.node
    if node.role is not Role.ACTIVATION or node.shape[1] < 2:
        return
    biases = [a.args[1] for a in _inside(node) if a.op is ops.add and a.args[0].op is ops.matmul and a.args[1].op.given]
    place = _here(biases[:1], homes)
    if len(set(biases)) == 1 and place:
        yield Try(
            f"Set the first number of {_named(biases)} to -100: the first column of {symbol(node)} is 0, whatever the "
            "words: that neuron is off.",
            place,
            ((biases[0], -100.0),),
            Expected.OFF,
            node,
        )


def _differences(block: Block, homes: list[Block], book: Book) -> Iterator[Try]:
    shifted = next((a for a in _inside(block.node) if a.role in (Role.SHIFTED, Role.DEVIATION)), None)
    if shifted is None or block.node.op is not ops.div:
        return
    given = shifted.args[0]
    if given.role is Role.TEMPERATURE:
        given = given.args[0]
    if not given.op.given:
        return
    place = _here([given], homes)
    if place and float(abs(book.values[given]).max()) < 1000:
        line = "column" if book.turned else "row"
        yield Try(
            f"Add 5 to every number of a {line} of {symbol(given)}: {symbol(block.node)} stays as it is, since only "
            "differences count.",
            place,
            ((given, 5.0),),
            Expected.NOTHING,
            block.node,
        )


def _inside(node: Node) -> Iterator[Node]:
    """Yield the tables that a table reads, and those that they read."""
    for argument in node.args:
        yield argument
        yield from argument.args


def _one_column(block: Block, homes: list[Block], turned: bool) -> Iterator[Try]:
    node = block.node
    product = node if node.op is ops.matmul else next((a for a in node.args if a.op is ops.matmul), None)
    if product is None or (product.name and product is not node) or node.op not in (ops.matmul, ops.add):
        return
    weight = product.args[1]
    place = _here([weight], homes)
    if weight.role is Role.WEIGHT and weight.op.given and place and node.shape[1] > 1:
        line = "row" if turned else "column"
        yield Try(
            f"Change one number in the second {line} of {symbol(weight)}: only the second {line} of {symbol(node)} "
            "changes.",
            place,
            ((weight, 3.0),),
            Expected.ONE_COLUMN,
            node,
        )


def _mask(block: Block, book: Book) -> Iterator[Try]:
    node = block.node
    if node.role is Role.MASK and node.op.given and (book.values[node] == 0).any():
        yield Try(
            f"Type 1 over a 0 of {symbol(node)}: that word may be seen now, and takes its share of the weights.", block
        )


def _gradient(block: Block) -> Iterator[Try]:
    if block.node.role.traits.look is Look.GRADIENT and block.node.role is Role.GRADIENT:
        name = symbol(block.node)
        yield Try(
            f"Add 0.01 to a number of {name[1:]} on its own page: the loss changes by about 0.01 times the number of "
            f"{name} in the same place.",
            block,
        )


def _updated(block: Block) -> Iterator[Try]:
    if block.node.role is Role.UPDATED:
        yield Try("Set the learning rate (on Contents) to 0: each new weight is the old one.", block)
