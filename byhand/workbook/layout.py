"""The places of tables on a page: the factors of a product beside and above it, and a token in the same row throughout.

A page is a stack of bands. In a band every table has the same rows, and steps run to the right. A table that is
multiplied in from the right, or added to every row, stands above the result, column over column. A table from another
band or page is repeated, so that all that a cell is computed from is in its row or its column.

Positions are (along, across): along the steps, across the bands. With tokens as rows, along is to the right and across
is down; turned (tokens as columns) the two change places, and every table is shown transposed. The home of a table is
the block in which it is computed or typed; its other blocks are copies.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil
from types import MappingProxyType

from byhand.core import ops
from byhand.core.captions import letters, origin, shapes, symbol, symbol_from, title
from byhand.core.graph import Node, Scope
from byhand.core.labels import Labels
from byhand.core.roles import Look, Role
from byhand.translations import _
from byhand.workbook.page import HEADER, LETTERS_A_COLUMN, NARROWEST, Block, Caption, Heading, Key, Page, key, width_of

LABEL = 1  # columns before a table: the labels of its rows
GAP = 2  # between bands
TOP, MARGIN = 4, 1  # rows and columns before the first band: title, subtitle, links; a margin
STRIP_LETTERS = 9  # of a name in the column before a table, and the margin
WIDEST = {False: 27, True: 58}  # how far a band may run along (turned: down)
ENDLESS = 1 << 20  # more columns than a sheet has


class Room:
    """The room that bands have, whatever the width of columns."""

    def along(self, page: Scope, turned: bool) -> int:
        """Return how far a band of a page may run along."""
        return WIDEST[turned]

    def across(self, page: Scope) -> int:
        """Return how many columns a turned page may have, if its bands fit in them."""
        return ENDLESS

    def paper(self, page: Scope) -> int:
        """Return how many columns of a page, after the margin, are printed beside each other."""
        return ENDLESS

    def screen(self, page: Scope) -> int:
        """Return how many columns of a page a screen shows."""
        return ENDLESS

    def letters(self, page: Scope) -> float:
        """Return how wide the columns of a page are at least, in letters."""
        return NARROWEST


@dataclass(frozen=True)
class Wording:
    """The words of captions: a table's name, its name for a reader elsewhere, and its rule over such names.

    rule: (a table, how it calls another, whether tokens are columns) to text.
    """

    name: Callable[[Node], str] = symbol
    name_for: Callable[[Node, Node], str] = symbol_from
    rule: Callable[[Node, Callable[[Node], str], bool], str] = letters


WORDING = Wording()


@dataclass(eq=False)
class Band:
    """A row of steps (turned: a column). The positions across of its tables are set when it is closed.

    start: its position across. tokens: the rows of its tables. next: the next free position along. main: the tables in
    line. above: for each of these the tables above it. steps: the headings. present: the blocks that it can read.
    """

    start: int
    tokens: int
    next: int
    main: list[Block] = field(default_factory=list)
    above: list[list[Block]] = field(default_factory=list)
    steps: list[tuple[Scope, int]] = field(default_factory=list)
    present: dict[Key, Block] = field(default_factory=dict)


class Layout:
    """Lays out the pages of a graph's named nodes, in the order of the graph."""

    def __init__(
        self,
        turned: bool,
        homes: dict[Node, Block],
        gradients: Mapping[Node, Node] = MappingProxyType({}),
        wording: Wording = WORDING,
        room: Room | None = None,
        shares: Mapping[tuple[Node, Scope], Node] = MappingProxyType({}),
    ) -> None:
        """Start a layout. homes: tables on the home page. gradients: table -> the gradient that needs as much room.

        shares: table and page -> the page's share of the gradient, in the place of the copy of the table.
        """
        self.shares = shares
        self.room = room or Room()
        self.wording = wording
        self.turned = turned
        self.homes = homes
        self.gradients = gradients
        self.numbers: dict[Key, Block] = {key(n): b for n, b in homes.items()}
        self.pages: dict[Scope, Page] = {}
        self.bands: dict[Page, Band] = {}
        self.tops: dict[Page, int] = {}
        """Of turned pages the row at which the present bands begin, which stand beside each other."""

    def place(self, nodes: Iterable[Node]) -> None:
        """Place each named node, in this order, after the blocks that are on its page already."""
        tables = [n for n in nodes if n.name and not floating(n)]
        rest: dict[Scope | None, deque[Node]] = defaultdict(deque)
        for node in tables:
            rest[node.page].append(node)
        for node in tables:
            assert node.page is not None, node
            rest[node.page].popleft()
            self._place(self.page(node.page), node, rest[node.page])
        for page in self.pages.values():
            self._close(page)

    def page(self, scope: Scope) -> Page:
        return self.pages.setdefault(scope, Page(scope, self.turned))

    def _place(self, page: Page, node: Node, later: Iterable[Node]) -> None:
        left, above = sides(node)
        step = step_of(node)
        if self._needs_band(page, node, left, later):
            left, above = self._within_paper(page, node, left, above)
            self._close(page)
            self.bands[page] = Band(self._start(page), node.shape[0], self._top(page) if self.turned else MARGIN)
        band = self.bands[page]
        if step and not self._has_started(page, step):
            self._start_step(band, step)
        for leaf in [*self._unplaced_sources(node, left + above), *left]:
            if not self._in_line(band, leaf):
                self._append(page, band, leaf, [], node)
        self._append(page, band, node, above, node, factor=left[0] if left else None)

    def _within_paper(
        self, page: Page, node: Node, left: list[Node], above: list[Node]
    ) -> tuple[list[Node], list[Node]]:
        """Return the tables at the left of a table that begins a band, and those above it.

        Where they are together wider than the paper, what it is made from cell by cell stands above it.
        """
        if self.turned or self._length(page, [*left, node]) <= self.room.paper(page.scope):
            return left, above
        moved = [leaf for leaf in left if leaf.shape == node.shape and _is_cell_by_cell(node, leaf)]
        return [leaf for leaf in left if leaf not in moved], [*moved, *above]

    def _unplaced_sources(self, node: Node, leaves: list[Node]) -> list[Node]:
        """Return the given tables without a home that the node reads through views only, or is a view of."""
        views = node.args if all_views(node) else [leaf for leaf in leaves if not leaf.name]
        given = [source for view in views for source in sources(view)]
        return [source for source in dict.fromkeys(given) if source not in self.homes and source not in leaves]

    def _start_step(self, band: Band, step: Scope) -> None:
        """Start a step at the next position, after the end of the last step's heading."""
        if self.turned:
            band.steps.append((step, band.next))
            band.next += 1
            return
        if band.steps:
            last, along = band.steps[-1]
            band.next = max(band.next, along + width_of(heading(last)) + 1)
        band.steps.append((step, band.next))

    def _in_line(self, band: Band, leaf: Node) -> bool:
        """Return whether the band shows the table, or the table is a single number, which need not be repeated."""
        return key(leaf) in band.present or (scalar(leaf) and leaf in self.homes)

    def _has_started(self, page: Page, step: Scope) -> bool:
        now = self.bands[page].steps if page in self.bands else []
        return any(h.scope is step for h in page.headings) or any(s is step for s, _ in now)

    def _needs_band(self, page: Page, node: Node, left: list[Node], later: Iterable[Node]) -> bool:
        band = self.bands.get(page)
        if band is None or band.tokens != node.shape[0] or node.role is Role.SCORES:
            return True
        missing = [x for x in left if not self._in_line(band, x)]
        additions = [*missing, node]
        step = step_of(node)
        if step and not self._has_started(page, step) and (step.below or len(missing) == len(left)):
            return True
        together = [*additions, *_rest_of_scope(node, later)]
        widest = self.room.along(page.scope, self.turned) + (self._top(page) - TOP if self.turned else 0)
        titled = self._heading_columns(page, step) if step and not self._has_started(page, step) else 0
        if band.next + max(titled, self._length(page, additions)) > widest:
            return True
        if any(b.node.scope is node.scope for b in band.main):
            return False
        fits_alone = self._length(page, [*left, *together[len(missing) :]]) <= widest
        return len(together) > len(additions) and fits_alone and band.next + self._length(page, together) > widest

    def _heading_columns(self, page: Page, step: Scope) -> int:
        """Return the columns that the heading of a step covers, with the one before it; none where bands run down."""
        return 0 if self.turned else LABEL + ceil(width_of(heading(step)) * NARROWEST / self.room.letters(page.scope))

    def _length(self, page: Page, nodes: list[Node]) -> int:
        return sum(self._extent(page, n, n) for n in nodes)

    def _extent(self, page: Page, node: Node, reader: Node) -> int:
        """Return the length of a table along the band, with its labels and the gap before it."""
        if self.turned:
            return HEADER + node.shape[1] + 1
        return LABEL + max(node.shape[1], self._caption_columns(page, node, self._caption(node, reader)))

    def _caption_columns(self, page: Page, node: Node, caption: Caption) -> int:
        """Return the columns that the captions of a table, and of the gradient in its place, cover."""
        gradients = (self.gradients.get(node), self.shares.get((node, page.scope)))
        places = [(caption, page.scope), *((self.own_caption(g), g.page or page.scope) for g in gradients if g)]
        return max(ceil(text.columns * NARROWEST / self.room.letters(place)) for text, place in places)

    def own_caption(self, node: Node) -> Caption:
        """Return the caption of a table's home."""
        rule = "" if node.op.given else f"= {self.wording.rule(node, self._call(node), self.turned)}"
        if node.role is Role.SCORES:
            rule += f"   {_('keys down, queries across') if self.turned else _('queries down, keys across')}"
        return Caption(self.wording.name(node), shapes(node, self.turned), shortened(rule))

    def _call(self, reader: Node) -> Callable[[Node], str]:
        return lambda node: self.wording.name_for(node, reader)

    def _caption(self, node: Node, reader: Node) -> Caption:
        if node.name and node not in self.homes:
            return self.own_caption(node)
        return self.copy_caption(node, reader)

    def copy_caption(self, node: Node, reader: Node) -> Caption:
        """Return the caption of a copy of a table, or of a view, beside its reader."""
        call = self._call(reader)
        name = call(node) if node.name else self.wording.rule(node, call, self.turned)
        table = whole(node)
        here, home = reader.page, self.homes[table].page.scope if table in self.homes else table.page
        if here is None or home is None:
            return Caption(name, "", "")
        again = _("shown again") if home is here else _("from {place}").format(place=origin(home, here))
        return Caption(name, "", again)

    def _append(
        self, page: Page, band: Band, node: Node, above: list[Node], reader: Node, factor: Node | None = None
    ) -> None:
        strips = {leaf: _is_row(leaf) and self._fits(leaf, node) for leaf in above}
        over = (self._extent(page, leaf, node) for leaf, strip in strips.items() if self.turned or not strip)
        extent = max([self._extent(page, node, reader), *over])
        if not self.turned:
            band.next = self._on_one_page(page, band.next, extent, LABEL + node.shape[1])
        block = self._block(page, node, reader, band.next + (HEADER if self.turned else LABEL), labels=_prefixes(node))
        stack = []
        for leaf, strip in strips.items():
            names = (_prefixes(factor)[1] if factor else "", block.labels[1])
            is_copy = leaf in self.homes or not leaf.name
            stack.append(self._block(page, leaf, node, block.along, strip, _prefixes(leaf) if is_copy else names))
        band.main.append(block)
        band.above.append(sorted(stack, key=lambda b: b.strip))
        block.reads = {**self.numbers, **band.present, **{key(b.node): b for b in stack}}
        band.present[key(node)] = block
        band.next += extent

    def _on_one_page(self, page: Page, along: int, extent: int, cells: int) -> int:
        """Return where a table may stand from a position on: still on the screen, and with no page's end within it.

        extent, cells: the columns that it takes, with its caption and without.
        """
        columns = self.room.paper(page.scope)
        sheet = (along - MARGIN) // columns
        ends_on = (along + extent - 1 - MARGIN) // columns
        moved = MARGIN + ends_on * columns
        leaves_screen = along + cells <= self.room.screen(page.scope) < moved + cells
        return along if ends_on == sheet or extent > columns or leaves_screen else moved

    def _fits(self, leaf: Node, reader: Node) -> bool:
        """Return whether a strip's name has room: at its left, or (turned) over its one column."""
        return len(self._caption(leaf, reader).name) <= (LETTERS_A_COLUMN if self.turned else STRIP_LETTERS)

    def _block(
        self, page: Page, node: Node, reader: Node, along: int, strip: bool = False, labels: tuple[str, str] = ("", "")
    ) -> Block:
        home = bool(node.name) and node not in self.homes
        block = Block(node, page, along, 0, home, self._caption(node, reader), strip, labels)
        if home:
            self.homes[node] = block
            if scalar(node):
                self.numbers[key(node)] = block
        page.blocks.append(block)
        return block

    def _top(self, page: Page) -> int:
        return self.tops.get(page, TOP)

    def _start(self, page: Page) -> int:
        """Return the position across of the next band: after all blocks of the page, or of those beside it."""
        beside = [b for b in page.blocks if not self.turned or b.row >= self._top(page)]
        ends = [b.across + b.node.shape[0] for b in beside]
        if self.turned:
            ends += [b.column + self._caption_columns(page, b.node, b.caption) for b in beside]
        return max(ends) + GAP if ends else MARGIN if self.turned else TOP

    def _close(self, page: Page) -> None:
        """Set the positions across of the band's blocks: the tables above first, then the tables in line."""
        band = self.bands.pop(page, None)
        if band is None:
            return
        before = LABEL if self.turned else HEADER
        room = 0 if self.turned or not band.steps else 1
        depths = [sum(self._thickness(b) for b in stack) for stack in band.above]
        main = band.start + room + max(depths) + before
        if self.turned and main + band.tokens > self.room.across(page.scope) and band.start > MARGIN:
            self._move_below(page, band)
            main = band.start + max(depths) + before
        for block, stack in zip(band.main, band.above, strict=True):
            block.across = main
            at = main - before
            for upper in reversed(stack):
                header = 0 if upper.strip else before
                at -= self._thickness(upper) - header
                upper.across = at
                at -= header
        for scope, along in band.steps:
            if self.turned:
                page.headings.append(Heading(scope, along, main))
                continue
            under = range(along, along + LABEL + width_of(heading(scope)) + 1)
            deep = max(d for b, d in zip(band.main, depths, strict=True) if b.along - LABEL in under)
            page.headings.append(Heading(scope, main - before - deep - 1, along + LABEL))

    def _move_below(self, page: Page, band: Band) -> None:
        """Move a band of a turned page, which a screen does not show beside the others, to the left below them."""
        moved = {*band.main, *itertools.chain(*band.above)}
        top = max(b.along + b.node.shape[1] for b in page.blocks if b not in moved) + GAP
        by = top - self._top(page)
        for block in moved:
            block.along += by
        band.steps = [(scope, along + by) for scope, along in band.steps]
        band.start, self.tops[page] = MARGIN, top

    def _thickness(self, block: Block) -> int:
        """Return the size across of a block that stands above, with its header."""
        if block.strip:
            return 1
        if self.turned:
            return LABEL + max(block.node.shape[0], self._caption_columns(block.page, block.node, block.caption))
        return HEADER + block.node.shape[0]


LONGEST_RULE = 100
"""The most letters of a rule whose sums are written out."""


def shortened(rule: str) -> str:
    """Return a rule with the first two terms and the last of each long sum, if it is long."""
    if len(rule) <= LONGEST_RULE:
        return rule
    return re.sub(r"([\w.]+ \+ [\w.]+)(?: \+ [\w.]+){2,}( \+ [\w.]+)", r"\1 + …\2", rule)


def heading(step: Scope) -> str:
    return f"{title(step)} · {step.source}" if step.source else title(step)


def _is_cell_by_cell(node: Node, of: Node) -> bool:
    """Return whether a cell of a table is made from the same cell of another, wherever it reads that one."""
    return node.op.cellwise and all(
        key(argument) == key(of) or not _reads(argument, of) or _is_cell_by_cell(argument, of) for argument in node.args
    )


def _reads(node: Node, table: Node) -> bool:
    """Return whether a part of a table's rule is or reads another table, not through a third one."""
    return key(node) == key(table) or (not node.name and any(_reads(argument, table) for argument in node.args))


def _is_row(node: Node) -> bool:
    """Return whether a table is a single row that needs no label."""
    return node.shape[0] == 1 and not isinstance(node.shape[0].labels, Labels)


def scalar(node: Node) -> bool:
    """Return whether a node is a single given number, such as a temperature, which is never repeated."""
    return node.op.given and node.shape == (1, 1)


def floating(node: Node) -> bool:
    """Return whether a table has no page of its own, so that it is placed where it is first read."""
    return node.op.given or (node.page is None and node.op.view)


def sides(node: Node) -> tuple[list[Node], list[Node]]:
    """Return the tables that a node's formula reads: those that stand at its left, and those above it."""
    tables_by_side: dict[str, dict[Key, Node]] = {"left": {}, "above": {}}
    if not all_views(node):
        _collect(node, "left", tables_by_side)
    return list(tables_by_side["left"].values()), list(tables_by_side["above"].values())


def factors(block: Block) -> list[Block]:
    """Return the tables on its own page that a table's formulas read, where it reads them."""
    left, above = sides(block.node)
    read = (block.reads.get(key(node)) for node in [*left, *above])
    return [other for other in read if other is not None and other.page is block.page]


def is_fed_from_above(block: Block) -> bool:
    """Return whether a table has an arrow along the left edge of its caption."""
    return block.home and any(read.column == block.column and read.row < block.row for read in factors(block))


def sources(node: Node) -> list[Node]:
    """Return the given tables that a view shows."""
    if node.op.given:
        return [node]
    return [source for a in node.args if not node.name for source in sources(a)]


def all_views(node: Node) -> bool:
    """Return whether a node's cells are cells of other tables, so that it consists of links only."""
    return node.op.view and all(a.name or all_views(a) for a in node.args)


def whole(view: Node) -> Node:
    """Return the table that a view of a single table shows: Q for Qᵀ and for some columns of Q."""
    return view if view.name or len(view.args) != 1 or not view.op.view else whole(view.args[0])


def _collect(node: Node, side: str, tables_by_side: dict[str, dict[Key, Node]]) -> None:
    for n, given in enumerate(node.args):
        argument = given.args[0] if _columns_here(given, node) else given
        at = "above" if side == "above" else _side(node, n)
        if argument.name or all_views(argument):
            tables_by_side[at].setdefault(key(argument), argument)
        else:
            _collect(argument, at, tables_by_side)


def _columns_here(view: Node, reader: Node) -> bool:
    """Return whether a view is columns of a table on the reader's page, which the reader's band then shows whole."""
    if view.name or view.op is not ops.columns:
        return False
    of = view.args[0]
    return bool(of.name) and of.page is reader.page and of.role.traits.look is not Look.GRADIENT


def _side(node: Node, n: int) -> str:
    if node.op.sides:
        return node.op.sides[n]
    rows, columns = node.args[n].shape
    return "above" if rows != node.shape[0] and columns == node.shape[1] and columns > 1 else "left"


def step_of(node: Node) -> Scope | None:
    """Return the step that a table belongs to: the outermost scope with an equation inside its page, or None."""
    inside = []
    for s in node.scope.outward:
        if s.page:
            break
        inside.append(s)
    titled = [s for s in inside if s.equation]
    return titled[-1] if titled else None


def _rest_of_scope(node: Node, later: Iterable[Node]) -> Iterator[Node]:
    """Yield the later tables of the same inner scope, and the result after them, to keep together if they fit."""
    if node.scope.page or not node.scope.name:
        return
    for follower in later:
        yield follower
        if follower.scope is not node.scope:
            return


def _prefixes(node: Node) -> tuple[str, str]:
    """Return the prefixes of the row and column labels: x for x1, x2 ... if the symbol is short, else none."""
    if not node.name:
        rows, columns = _prefixes(node.args[0])
        return (columns, rows) if node.op is ops.transpose else (rows, columns)
    name = symbol(node)
    return "", name.lower() if len(name) <= 2 and name.isalpha() else ""


def infinite(nodes: list[Node]) -> set[Node]:
    """Return the tables in which a cell can be minus infinity: from the mask on, until e to that power makes it 0."""
    infinite_nodes: set[Node] = set()
    for node in nodes:
        stays_finite = node.op.finite or node.role.traits.look is Look.GRADIENT
        is_infinite = not stays_finite and any(a in infinite_nodes for a in node.args)
        if is_infinite or node.holds_infinity:
            infinite_nodes.add(node)
    return infinite_nodes
