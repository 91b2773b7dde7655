"""Misconceptions about layers that differ from each other, parallel branches, norms after them, and scaled logits."""

from __future__ import annotations

from collections.abc import Iterable

from byhand.core.graph import Node, named_like, rewrite, toposort, within
from byhand.core.ops import add, beside, columns, constant, div, matmul, mean_square, mul, sqrt, transpose, where
from byhand.core.roles import Role
from byhand.misconceptions.heads import reach, window
from byhand.misconceptions.patterns import Pattern, piece
from byhand.misconceptions.positions import by_halves, rotated
from byhand.misconceptions.rewriting import Misconception, mistake

scaled_logits = Pattern(mul, piece(symbol="unscaled"), piece(constant), symbol="logits")
"""logits × scale: (the logits before, the scale)."""
rms_normed = Pattern(mul, Pattern(div, piece(), Pattern(sqrt, Pattern(add, Pattern(mean_square), piece()))), piece())
"""x / √(mean square + ε) × gain: (x, ε, gain)."""
normed_change = Pattern(add, piece(), piece(when=lambda n: rms_normed(n)), role=Role.RESIDUAL)
"""x + norm(change), where nothing but the change is normed: (x, norm(change))."""
both_branches = Pattern(add, Pattern(), Pattern(add, piece(symbol="attention"), piece()), role=Role.RESIDUAL)
"""x + (attention + feed-forward): (attention, feed-forward)."""
causal = Pattern(where, Pattern(symbol="causal_mask"), role=Role.MASK)
near = Pattern(where, Pattern(symbol="window_mask"), role=Role.MASK)
of_all_heads = Pattern(mul, Pattern(div, Pattern(symbol="?_all")), when=lambda n: rms_normed(n))
"""The norm of the queries or the keys of all heads side by side."""
plain_scores = Pattern(matmul, piece(), piece(transpose), role=Role.SCORES)


def rms_norm(x: Node, epsilon: Node, gain: Node) -> Node:
    return x / sqrt(mean_square(x, axis=1) + epsilon) * gain


def norm_of_sum(x: Node, norm: Node) -> Node:
    """Return norm(x + change) for x + norm(change)."""
    change, epsilon, gain = rms_normed(norm) or ()
    return rms_norm(x + change, epsilon, gain)


def change_itself(x: Node, norm: Node) -> Node:
    """Return x + change for x + norm(change)."""
    change, *_ = rms_normed(norm) or ()
    return x + change


def layer_of(node: Node) -> str:
    return node.name.partition(".")[0]


def window_in_every_layer(outputs: Iterable[Node]) -> dict[Node, Node]:
    """Return the tables if layers that see all earlier words have the window of the others."""
    nodes = toposort(outputs)
    masks = [node.args[0] for node in nodes if near(node)]

    def rule(node: Node, like: Node) -> Node:
        if not masks or not causal(node) or reach(masks[0]) >= int(node.shape[0]):
            return like
        with within(node.scope):
            _, x, hidden = like.args
            return named_like(node, where(window(masks[0], reach(masks[0])), x, hidden))

    return rewrite(nodes, rule)


def turned_in_every_layer(outputs: Iterable[Node]) -> dict[Node, Node]:
    """Return the tables if queries and keys turn too in the layers that have no positions."""
    nodes = toposort(outputs)
    turns = {layer_of(node): match for node in nodes if (match := rotated(node))}

    def rule(node: Node, like: Node) -> Node:
        match = plain_scores(node)
        if not turns or not match or layer_of(node) in turns:
            return like
        _, cosine, _, sine = next(iter(turns.values()))
        if match[0].shape != cosine.shape:
            return like

        def turned(x: Node) -> Node:
            return x * cosine + by_halves(x, x) * sine

        with within(node.scope):
            query, key = like.args
            return named_like(node, turned(query) @ turned(key.T).T)

    return rewrite(nodes, rule)


def ffn_of_attention(outputs: Iterable[Node]) -> dict[Node, Node]:
    """Return the tables if the feed-forward of a parallel layer reads what attention made, and not the normed row."""
    nodes = toposort(outputs)
    entries: dict[Node, Node] = {}
    for node in nodes:
        match = both_branches(node)
        if match:
            attention, ffn = match
            inside = toposort([ffn])
            reads = (n for n in inside if n.op is matmul and n.args[0].symbol in ("norm1", "norm2"))
            entries |= {n: attention for n in reads if n not in toposort([attention])}
    new: dict[Node, Node] = {}

    def rule(node: Node, like: Node) -> Node:
        if node in entries:
            read = new[entries[node]]
            like = named_like(node, Node(node.op, (read, *like.args[1:]), node.attrs, node.shape))
        new[node] = like
        return like

    return rewrite([*entries.values(), *nodes], rule)  # what attention made comes before what reads it


def heads_normed_apart(outputs: Iterable[Node]) -> dict[Node, Node]:
    """Return the tables if the queries or keys of each head are normed by themselves, and not all in one row."""
    nodes = toposort(outputs)
    widths = {n.args[0]: int(n.shape[1]) for n in nodes if n.op is columns and of_all_heads(n.args[0])}

    def rule(node: Node, like: Node) -> Node:
        if node not in widths:
            return like
        x, epsilon, gain = rms_normed(like) or ()
        width, whole = widths[node], int(node.shape[1])
        with within(node.scope):
            parts = [(n, n + width) for n in range(0, whole, width)]
            return named_like(node, beside(*(rms_norm(x.columns(*p), epsilon, gain.columns(*p)) for p in parts)))

    return rewrite(nodes, rule)


FAMILIES = (
    Misconception(
        "window-in-every-layer",
        "You hid the words far back in every layer; in this model some layers see all the words before.",
        window_in_every_layer,
    ),
    Misconception(
        "turned-in-every-layer",
        "You turned queries and keys in every layer; in this model some layers have no positions.",
        turned_in_every_layer,
    ),
    Misconception(
        "feed-forward-of-attention",
        "You gave the feed-forward what attention made; here both branches read the same normed row.",
        ffn_of_attention,
    ),
    mistake(
        "norm-of-the-sum",
        "You normed the sum; in this model only what the branch adds is normed, and the residual stays as it is.",
        (normed_change, norm_of_sum),
    ),
    mistake(
        "change-not-normed",
        "You added what the branch made as it is; in this model that is normed before it is added.",
        (normed_change, change_itself),
    ),
    Misconception(
        "heads-normed-apart",
        "You normed each head by itself; in this model one norm takes the numbers of all heads in a row together.",
        heads_normed_apart,
    ),
    mistake(
        "logits-not-scaled",
        "You left out the last scale: the logits are multiplied by it before the softmax.",
        (scaled_logits, lambda logits, scale: logits),
    ),
    mistake(
        "logits-divided",
        "You divided the logits by their scale; they are multiplied by it.",
        (scaled_logits, lambda logits, scale: logits / scale),
    ),
)
