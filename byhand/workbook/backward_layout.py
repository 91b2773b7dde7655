"""The layout of training: each gradient in the place of its table, and later steps below the first."""

from __future__ import annotations

from byhand.core.gradients import Backward
from byhand.core.graph import Node, Scope
from byhand.workbook.layout import GAP, TOP, Layout
from byhand.workbook.page import Block, Heading, Key, Page, key

Copies = dict[Node, Node]
"""The first step's tables -> a later step's tables."""


class ReachableBlocks(dict[Key, Block]):
    """The blocks that a formula may refer to: the nearby ones, and any other table's home."""

    def __init__(self, homes: dict[Node, Block]) -> None:
        super().__init__()
        self._homes = homes

    def get(self, wanted: Key, default: Block | None = None) -> Block | None:  # type: ignore[override]  # keys of one type
        """Return the table's block; None for views, which are read cell by cell from the tables that they show."""
        node = wanted[0] if len(wanted) == 1 else None
        return self[wanted] if wanted in self else self._homes.get(node, default) if isinstance(node, Node) else default


def place_gradients(layout: Layout, backward: Backward) -> None:
    """Place each gradient where its table stands in the forward pass, on a backward page of its own.

    A page's share of the gradient of a table from another page stands where that page repeats the table.
    """
    for page in reversed(list(layout.pages.values())):
        for block in page.blocks:
            wanted = backward.gradients.get(block.node) if block.home else backward.shares.get((block.node, page.scope))
            if wanted is not None and wanted not in layout.homes:
                _place_gradient(layout, wanted, block, layout.page(page.scope.backward))
    layout.place(n for n in [*backward.shares.values(), *backward.gradients.values()] if n not in layout.homes)


def _place_gradient(layout: Layout, node: Node, place: Block, page: Page) -> None:
    caption, reads = layout.own_caption(node), ReachableBlocks(layout.homes)
    block = Block(node, page, place.along, place.across, True, caption, place.strip, place.labels, reads)
    layout.homes[node] = block
    page.blocks.append(block)


def repeat_steps(layout: Layout, steps: list[Copies]) -> None:
    """Repeat each page's tables for every later training step, below (turned: beside) those of the step before."""
    for page in layout.pages.values():
        blocks, headings = list(page.blocks), list(page.headings)
        reader = next(block.node for block in blocks if block.home)
        depth = max(_end(block) for block in blocks) + GAP
        for n, copies in enumerate(steps, 1):
            page.headings.append(_heading(Scope("", None, f"Training step {n + 1}"), page, depth * n))
            page.headings += [_moved(h, page, depth * n) for h in headings]
            repeats = {block: _repeated_block(layout, block, copies, depth * n, reader) for block in blocks}
            for block, copy in repeats.items():
                copy.reads = ReachableBlocks(layout.homes)
                known = (b for b in block.reads.values() if b in repeats)
                copy.reads |= {key(repeats[b].node): repeats[b] for b in known}
            page.blocks += repeats.values()


def _end(block: Block) -> int:
    return block.across + max(block.node.shape[0], block.caption.columns if block.turned else 0)


def _heading(scope: Scope, page: Page, across: int) -> Heading:
    return Heading(scope, TOP - 1, across + 1) if page.turned else Heading(scope, across + TOP - 1, 1)


def _moved(heading: Heading, page: Page, by: int) -> Heading:
    row, column = (heading.row, heading.column + by) if page.turned else (heading.row + by, heading.column)
    return Heading(heading.scope, row, column)


def _repeated_block(layout: Layout, block: Block, copies: Copies, by: int, reader: Node) -> Block:
    """Return the block in a later step: computed again, or a link if the table has not changed or is elsewhere."""
    node = copies.get(block.node, block.node)
    home = block.home and block.node.data is None and node is not block.node
    caption = layout.own_caption(node) if home else layout.copy_caption(node, reader)
    block_copy = Block(node, block.page, block.along, block.across + by, home, caption, block.strip, block.labels)
    if home:
        layout.homes[node] = block_copy
    return block_copy
