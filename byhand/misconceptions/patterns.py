"""Patterns that match nodes of a graph by operation, arguments and role, and return the pieces of the match."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase

from byhand.core.graph import Node, Op
from byhand.core.roles import Role

Find = Callable[[Node], tuple[Node, ...] | None]
"""From a node to the pieces of the match, such as the two factors of a product; None if it does not match."""


class Pattern:
    """A pattern of a node. Every condition that is left out matches all nodes.

    op: the operation, or one of several. args: patterns of the first arguments. role: of the node. symbol: of the node,
    with * for any text. when: a further condition. is_piece: whether a match returns the node.

    Pattern(div, piece(), Pattern(sqrt, piece()), role=Role.SCALE) matches scores / √d_k and returns the scores and d_k.

    A call with a node returns the pieces in reading order, or the node's arguments if the pattern has no pieces; None
    if the node does not match.
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
        """Return the pieces in reading order; None if the node does not match."""
        if not self._fits(node):
            return None
        matches: tuple[Node, ...] = (node,) if self.is_piece else ()
        for pattern, argument in zip(self.args, node.args, strict=False):
            pieces = pattern.pieces(argument)
            if pieces is None:
                return None
            matches += pieces
        return matches

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
    """Return a pattern whose matching node is a piece of the match."""
    return Pattern(op, *args, role=role, symbol=symbol, when=when, is_piece=True)


def bare(node: Node) -> Node:
    """Return the node without its name, to build a wrong table on it that takes its name."""
    return Node(node.op, node.args, node.attrs, node.shape)


def itself(pattern: Pattern) -> Find:
    """Return a function that gives the node itself without its name, and then the pattern's pieces."""

    def find(node: Node) -> tuple[Node, ...] | None:
        pieces = pattern.pieces(node)
        return None if pieces is None else (bare(node), *pieces)

    return find


def nearest(node: Node, fits: Callable[[Node], object]) -> Node | None:
    """Return the nearest node for which `fits` is true, going back from the node, itself included; None if none is."""
    level, visited = [node], {node}
    while level:
        for candidate in level:
            if fits(candidate):
                return candidate
        level = [a for a in dict.fromkeys(a for n in level for a in n.args) if a not in visited]
        visited.update(level)
    return None


def several_rows(pattern: Find) -> Find:
    """Return the pattern for tables of several rows only, since in a single row nobody mixes up rows and columns."""
    return lambda node: pattern(node) if node.shape[0] > 1 else None
