"""What goes wrong in later heads: how far they see, whose keys they read, soft caps, and additive scores."""

from __future__ import annotations

from collections.abc import Iterable

from byhand.core import ops
from byhand.core.graph import Node, named_like, rewritten, toposort
from byhand.core.ops import below, beside, maximum, stretch, tanh, where
from byhand.core.roles import Role
from byhand.misconceptions.rewriting import Misconception, mistake, nearest

Pieces = tuple[Node, ...]


def windowed(node: Node) -> Pieces | None:
    """A mask of the last few words put on the scores, where there are more: (the mask, scores, -∞)."""
    if (
        node.role is not Role.MASK
        or node.op is not ops.where
        or node.args[0].symbol not in ("window_mask", "near_mask")
    ):
        return None
    return node.args if 1 <= reach(node.args[0]) < node.shape[0] else None


def reach(keep: Node) -> int:
    """How many words a window shows, itself included."""
    return int(keep.data[-1].sum()) if keep.data is not None else 0


def window(keep: Node, words: int) -> Node:
    """Another window in its place, 1 where the key is among the last so many words."""
    count = int(keep.shape[0])
    lines = []
    for t in range(count):
        first = max(0, t + 1 - words)
        runs = ((0, first), (1, t + 1 - first), (0, count - t - 1))
        lines.append(beside(*(stretch(value, rows=1, columns=size) for value, size in runs if size)))
    return below(*lines)


def much_more_hidden(node: Node) -> Pieces | None:
    """A window that leaves two words or more out."""
    found = windowed(node)
    return found if found and reach(found[0]) < int(node.shape[0]) - 1 else None


def several_seen(node: Node) -> Pieces | None:
    found = windowed(node)
    return found if found and reach(found[0]) > 1 else None


def capped(node: Node) -> Pieces | None:
    """cap × tanh(x / cap): (x, cap)."""
    return (node.args[1].args[0].args[0], node.args[0]) if node.role is Role.CAP and node.op is ops.mul else None


def matched(node: Node) -> Pieces | None:
    """tanh(keys + query): (keys, query)."""
    found = node.op is ops.tanh and node.symbol.startswith("match_")
    return node.args[0].args if found and node.args[0].op is ops.add else None


def context(node: Node) -> Pieces | None:
    """weights H, where the scores come from keys of their own: (weights, keys)."""
    if node.role is not Role.HEADS or node.op is not ops.matmul or node.args[0].role is not Role.ATTENTION:
        return None
    keys = nearest(node.args[0], lambda n: n.symbol == "keys")
    return (node.args[0], keys) if keys else None


def numbered(node: Node, kind: str) -> int:
    """In which head or group a table stands, counted from 1; 0 for none."""
    found = (scope.name[len(kind) :] for scope in node.scope.outward if scope.name.startswith(kind))
    return next((int(n) for n in found if n.isdigit()), 0)


def groups_in_turn(outputs: Iterable[Node]) -> dict[Node, Node]:
    """Head 1 with the keys and values of group 1, head 2 with those of group 2, and so on round again."""
    nodes = toposort(outputs)
    shared = {n.name: n for n in nodes if n.scope.name.startswith("group") and numbered(n, "group")}

    def in_turn(table: Node, head: int) -> Node:
        layer = table.scope.parent
        count = max((numbered(n, "group") for n in shared.values() if n.scope.parent is layer), default=1)
        name = f"{layer.path if layer else ''}.group{(head - 1) % count + 1}.{table.symbol}"
        return shared.get(name.removeprefix("."), table)

    def rule(node: Node, like: Node) -> Node:
        if (
            node.op is not ops.matmul
            or node.role not in (Role.SCORES, Role.HEADS)
            or not (head := numbered(node, "head"))
        ):
            return like
        x, theirs = like.args
        turned = theirs.op is ops.transpose
        table = theirs.args[0] if turned else theirs
        other = in_turn(table, head)
        if other is table:
            return like
        return named_like(node, Node(node.op, (x, other.T if turned else other), node.attrs, node.shape))

    return rewritten(nodes, rule)


LATER_HEADS = (
    mistake(
        "window-left-out",
        "You let every word see all that came before; in this model it sees only the last few.",
        (windowed, lambda keep, x, hidden: where(window(keep, int(keep.shape[0])), x, hidden)),
    ),
    mistake(
        "window-one-too-wide",
        "Your window is one word too wide: the word itself is one of those that it counts.",
        (much_more_hidden, lambda keep, x, hidden: where(window(keep, reach(keep) + 1), x, hidden)),
    ),
    mistake(
        "window-one-too-narrow",
        "Your window is one word too narrow: the word itself and those before it together make up its width.",
        (several_seen, lambda keep, x, hidden: where(window(keep, reach(keep) - 1), x, hidden)),
    ),
    mistake(
        "cap-left-out",
        "You left out the cap: a score becomes the cap times tanh of the score over the cap.",
        (capped, lambda x, cap: x),
    ),
    mistake(
        "cap-as-a-limit",
        "You cut off what is above the cap; a soft cap bends all scores, by tanh.",
        (capped, lambda x, cap: maximum(-maximum(-x, -cap), -cap)),
    ),
    mistake(
        "cap-not-multiplied",
        "You stopped at the tanh: multiply it by the cap again.",
        (capped, lambda x, cap: tanh(x / cap)),
    ),
    mistake(
        "cap-not-divided",
        "You took the tanh of the score itself; divide the score by the cap first.",
        (capped, lambda x, cap: cap * tanh(x)),
    ),
    Misconception(
        "keys-of-another-group",
        "You read the keys of another group: heads that are neighbours share a group, and the first group comes first.",
        groups_in_turn,
    ),
    mistake(
        "match-without-tanh",
        "You left out the tanh: it is taken of the sum of key and query, before that is multiplied by v.",
        (matched, lambda keys, query: keys + query),
    ),
    mistake(
        "query-left-out",
        "You scored the keys alone; the query is added to each key before the tanh.",
        (matched, lambda keys, query: tanh(keys)),
    ),
    mistake(
        "keys-for-annotations",
        "You added up the keys; they only make the scores, and the context is made of the states that were read.",
        (context, lambda weights, keys: weights @ keys),
    ),
)
