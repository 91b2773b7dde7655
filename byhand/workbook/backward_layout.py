"""The backward pass in the places of the forward pass, and later training steps after the first, table for table."""

from __future__ import annotations

from byhand.core.gradients import Backward
from byhand.core.graph import Node, Scope
from byhand.workbook.layout import GAP, TOP, Layout
from byhand.workbook.page import Block, Heading, Key, Page, key

Copies = dict[Node, Node]
"""The first step's tables -> a later step's own."""


class Everywhere(dict[Key, Block]):
    """The blocks that a formula may refer to: those in sight, and any other table where it lives."""

    def __init__(self, homes: dict[Node, Block]) -> None:
        super().__init__()
        self._homes = homes

    def get(self, found: Key, default: Block | None = None) -> Block | None:  # type: ignore[override]
        """The table's block; None for views, which are read cell by cell from the tables that they show."""
        named = found[0] if len(found) == 1 else None
        return self[found] if found in self else self._homes.get(named, default) if isinstance(named, Node) else default


def place_gradients(layout: Layout, backward: Backward) -> None:
    """Give each gradient the place of its table, on a page of its own after those of the forward pass.

    What a page adds to the gradient of a table that lives elsewhere stands where that page shows the table again.
    """
    for page in reversed(list(layout.pages.values())):
        for block in page.blocks:
            found = backward.gradients.get(block.node) if block.home else backward.shares.get((block.node, page.scope))
            if found is not None and found not in layout.homes:
                _put(layout, found, block, layout.page(page.scope.backward))
    layout.place(n for n in [*backward.shares.values(), *backward.gradients.values()] if n not in layout.homes)


def _put(layout: Layout, node: Node, place: Block, page: Page) -> None:
    caption, reads = layout.own_caption(node), Everywhere(layout.homes)
    block = Block(node, page, place.along, place.across, True, caption, place.strip, place.labels, reads)
    layout.homes[node] = block
    page.blocks.append(block)


def repeat(layout: Layout, steps: list[Copies]) -> None:
    """Show each page's tables again for every later step: below (turned: beside) those of the step before."""
    for page in layout.pages.values():
        blocks, headings = list(page.blocks), list(page.headings)
        reader = next(block.node for block in blocks if block.home)
        depth = max(_end(block) for block in blocks) + GAP
        for n, copies in enumerate(steps, 1):
            page.headings.append(_heading(Scope("", None, f"Training step {n + 1}"), page, depth * n))
            page.headings += [_moved(h, page, depth * n) for h in headings]
            made = {block: _again(layout, block, copies, depth * n, reader) for block in blocks}
            for block, copy in made.items():
                copy.reads = Everywhere(layout.homes)
                seen = (b for b in block.reads.values() if b in made)
                copy.reads |= {key(made[b].node): made[b] for b in seen}
            page.blocks += made.values()


def _end(block: Block) -> int:
    return block.across + max(block.node.shape[0], block.caption.columns if block.turned else 0)


def _heading(scope: Scope, page: Page, across: int) -> Heading:
    return Heading(scope, TOP - 1, across + 1) if page.turned else Heading(scope, across + TOP - 1, 1)


def _moved(heading: Heading, page: Page, by: int) -> Heading:
    row, column = (heading.row, heading.column + by) if page.turned else (heading.row + by, heading.column)
    return Heading(heading.scope, row, column)


def _again(layout: Layout, block: Block, copies: Copies, by: int, reader: Node) -> Block:
    """The block in a later step: computed anew, or a link to what has not changed or was changed elsewhere."""
    node = copies.get(block.node, block.node)
    home = block.home and block.node.data is None and node is not block.node
    caption = layout.own_caption(node) if home else layout.copy_caption(node, reader)
    again = Block(node, block.page, block.along, block.across + by, home, caption, block.strip, block.labels)
    if home:
        layout.homes[node] = again
    return again
