"""Patterns over a graph: what a table is made by, of what, and in which role; and the pieces that a match hands out."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase

from byhand.core.graph import Node, Op
from byhand.core.roles import Role

Find = Callable[[Node], tuple[Node, ...] | None]
"""A node to the pieces of what one looks for (the two factors of a product, say), or None where it is not that."""


class Pattern:
    """What a table looks like: any table, less what is said of it.

    op: its operation, or several that it may be. args: patterns of its arguments, as many of the first as matter. role.
    symbol: its own name, with * for anything. when: whatever else must hold. piece: it is handed out.

    Pattern(div, piece(), Pattern(sqrt, piece()), role=Role.SCALE) is scores / √d_k, and hands out the scores and d_k.

    Called with a node, it gives the tables of its pieces in reading order, or (without pieces) the node's arguments,
    of which a given table has none; None where the node does not look like this.
    """

    def __init__(
        self,
        op: Op | tuple[Op, ...] | None = None,
        *args: Pattern,
        role: Role | None = None,
        symbol: str = "*",
        when: Callable[[Node], object] | None = None,
        is_piece: bool = False,
    ) -> None:
        self.ops = (op,) if isinstance(op, Op) else op
        self.args, self.role, self.symbol, self.when, self.is_piece = args, role, symbol, when, is_piece
        self.has_pieces: bool = is_piece or any(arg.has_pieces for arg in args)

    def __call__(self, node: Node) -> tuple[Node, ...] | None:
        pieces = self.pieces(node)
        return pieces if pieces is None or self.has_pieces else node.args

    def pieces(self, node: Node) -> tuple[Node, ...] | None:
        """The tables of the pieces in reading order; None where the node does not look like this."""
        if not self._fits(node):
            return None
        found: tuple[Node, ...] = (node,) if self.is_piece else ()
        for pattern, argument in zip(self.args, node.args, strict=False):
            pieces = pattern.pieces(argument)
            if pieces is None:
                return None
            found += pieces
        return found

    def _fits(self, node: Node) -> bool:
        return (
            (self.ops is None or node.op in self.ops)
            and (self.role is None or node.role is self.role)
            and len(self.args) <= len(node.args)
            and (self.symbol == "*" or fnmatchcase(node.symbol, self.symbol))
            and (self.when is None or bool(self.when(node)))
        )


ANY = Pattern()


def piece(
    op: Op | tuple[Op, ...] | None = None,
    *args: Pattern,
    role: Role | None = None,
    symbol: str = "*",
    when: Callable[[Node], object] | None = None,
) -> Pattern:
    """A pattern of which the table that matches is handed out."""
    return Pattern(op, *args, role=role, symbol=symbol, when=when, is_piece=True)


def bare(node: Node) -> Node:
    """The same table without its name, for a wrong one that is made from it and takes its name."""
    return Node(node.op, node.args, node.attrs, node.shape)


def itself(pattern: Pattern) -> Find:
    """The node itself without its name, and then the pattern's pieces."""

    def find(node: Node) -> tuple[Node, ...] | None:
        pieces = pattern.pieces(node)
        return None if pieces is None else (bare(node), *pieces)

    return find


def nearest(node: Node, fits: Callable[[Node], object]) -> Node | None:
    """The first table that fits on the way back from the node, itself included."""
    level, seen = [node], {node}
    while level:
        for found in level:
            if fits(found):
                return found
        level = [a for a in dict.fromkeys(a for n in level for a in n.args) if a not in seen]
        seen.update(level)
    return None


def several_rows(pattern: Find) -> Find:
    """The same in a table of several rows; of a single one, rows and columns are hard to mix up."""
    return lambda node: pattern(node) if node.shape[0] > 1 else None
