"""Misconceptions about variants of heads: windows, groups of keys and values, soft caps, and additive scores."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from byhand.core.graph import Node, named_like, rewrite, toposort
from byhand.core.ops import (
    add,
    below,
    beside,
    columns,
    div,
    exp,
    matmul,
    maximum,
    mul,
    stretch,
    sub,
    tanh,
    transpose,
    where,
)
from byhand.core.roles import Role
from byhand.layers.attention import NEG_INF
from byhand.misconceptions.patterns import ANY, Pattern, nearest, piece
from byhand.misconceptions.rewriting import Misconception, mistake


def reach(keep: Node) -> int:
    """Return the number of words that a window shows, with the word itself."""
    return int(keep.data[-1].sum()) if keep.data is not None else 0


def window(keep: Node, words: int) -> Node:
    """Return a window of another width: 1 if the key is among the last `words` words."""
    count = int(keep.shape[0])
    lines = []
    for t in range(count):
        first = max(0, t + 1 - words)
        runs = ((0, first), (1, t + 1 - first), (0, count - t - 1))
        lines.append(beside(*(stretch(value, rows=1, columns=size) for value, size in runs if size)))
    return below(*lines)


def windowed(fits: Callable[[int, int], bool]) -> Pattern:
    """Return a pattern of scores with a window mask whose width and number of words fit: (mask, scores, -∞)."""
    mask = Pattern(when=lambda keep: keep.symbol in ("window_mask", "near_mask"))
    return Pattern(where, mask, role=Role.MASK, when=lambda node: fits(reach(node.args[0]), int(node.shape[0])))


narrow = windowed(lambda width, words: 1 <= width < words)
much_more_hidden = windowed(lambda width, words: 1 <= width < words - 1)
several_visible = windowed(lambda width, words: 1 < width < words)
capped = Pattern(mul, piece(), Pattern(tanh, Pattern(div, piece())), role=Role.CAP)
"""cap × tanh(x / cap): (cap, x)."""
with_sink = Pattern(
    columns,
    Pattern(div, Pattern(exp, Pattern(sub, Pattern(beside, piece(), ANY, symbol="beside_sink")))),
    role=Role.ATTENTION,
)
"""The weights of a softmax beside a sink, without the sink's: (scores,)."""
sink_in_row = Pattern(beside, piece(), piece(stretch), symbol="beside_sink")
"""[scores; sink]: (scores, sink)."""
matched = Pattern(tanh, Pattern(add, piece(), piece()), symbol="match_*")
"""tanh(keys + query): (keys, query)."""
head_sum = Pattern(matmul, Pattern(role=Role.ATTENTION), role=Role.HEADS)
head_sum_of_any = Pattern(matmul, Pattern(role=Role.ATTENTION))
"""weights V: (weights, V)."""


def softmax_of(x: Node) -> Node:
    """Return the softmax of each row, in one step. (T, n) -> (T, n)"""
    powers = exp(x - x.max(1))
    return powers / powers.sum(1)


def context(node: Node) -> tuple[Node, ...] | None:
    """Match weights H, if the scores come from separate keys: (weights, keys)."""
    keys = nearest(node.args[0], lambda n: n.symbol == "keys") if head_sum(node) else None
    return (node.args[0], keys) if keys else None


def numbered(node: Node, kind: str) -> int:
    """Return the number of a table's head or group, from 1; 0 if it has none."""
    numbers = (scope.name[len(kind) :] for scope in node.scope.outward if scope.name.startswith(kind))
    return next((int(n) for n in numbers if n.isdigit()), 0)


def groups_in_turn(outputs: Iterable[Node]) -> dict[Node, Node]:
    """Return the tables if head h reads the keys and values of group h, counted round again after the last group."""
    nodes = toposort(outputs)
    shared = {n.name: n for n in nodes if n.scope.name.startswith("group") and numbered(n, "group")}

    def in_turn(table: Node, head: int) -> Node:
        layer = table.scope.parent
        count = max((numbered(n, "group") for n in shared.values() if n.scope.parent is layer), default=1)
        name = f"{layer.path if layer else ''}.group{(head - 1) % count + 1}.{table.symbol}"
        return shared.get(name.removeprefix("."), table)

    def rule(node: Node, like: Node) -> Node:
        product = node.op is matmul and node.role in (Role.SCORES, Role.HEADS)
        if not product or not (head := numbered(node, "head")):
            return like
        x, keys = like.args
        is_transposed = keys.op is transpose
        table = keys.args[0] if is_transposed else keys
        other = in_turn(table, head)
        if other is table:
            return like
        return named_like(node, Node(node.op, (x, other.T if is_transposed else other), node.attrs, node.shape))

    return rewrite(nodes, rule)


def open_scores(node: Node) -> tuple[Node, ...] | None:
    """Match x - max of a softmax over scores of words with words that no mask changes: (x,)."""
    x = node.args[0] if node.role is Role.SHIFTED else None
    if x is None or not x.shape[0] == x.shape[1] > 1 or x.shape[0].labels != x.shape[1].labels:
        return None
    of_scores = nearest(x, lambda n: n.role in (Role.SCORES, Role.MASK, Role.ATTENTION))
    return (x,) if of_scores and of_scores.role is Role.SCORES else None


def looking_back_only(x: Node) -> Node:
    """Return x - max, with a causal mask before it."""
    masked = where(window(x, int(x.shape[0])), x, NEG_INF)
    return masked - masked.max(1)


def products_for_scores(nodes: Iterable[Node]) -> dict[Node, Node]:
    """Return for each x W_K that leads to scores the W_V of the values that these scores weigh."""
    found: dict[Node, Node] = {}
    for node in nodes:
        scores = nearest(node.args[0], _are_scores) if head_sum_of_any(node) else None
        if scores is None:
            continue
        keys, values = nearest(scores.args[1], _is_projected), nearest(node.args[1], _is_projected)
        alike = keys and values and keys.args[0] is values.args[0] and keys.args[1].shape == values.args[1].shape
        if keys and values and alike and keys is not values:
            found[keys] = values.args[1]
    return found


def _are_scores(node: Node) -> bool:
    return node.op is matmul and node.role is Role.SCORES


def _is_projected(node: Node) -> bool:
    return node.op is matmul and node.args[1].role is Role.WEIGHT


def keys_made_with_w_v(outputs: Iterable[Node]) -> dict[Node, Node]:
    """Return the tables if the keys are x W_V in place of x W_K."""
    nodes = toposort(outputs)
    weights = products_for_scores(nodes)

    def rule(node: Node, like: Node) -> Node:
        if node not in weights:
            return like
        return named_like(node, Node(node.op, (like.args[0], weights[node]), node.attrs, node.shape))

    return rewrite(nodes, rule)


LATER_HEADS = (
    mistake(
        "mask-where-there-is-none",
        "You masked the words to come; in this model every word sees all words, those after it too.",
        (open_scores, looking_back_only),
    ),
    Misconception(
        "keys-made-with-w_v",
        "You made the keys with W_V; the keys are x W_K, and W_V makes the values that are added up.",
        keys_made_with_w_v,
    ),
    mistake(
        "window-left-out",
        "You let every word see all that came before; in this model it sees only the last few.",
        (narrow, lambda keep, x, hidden: where(window(keep, int(keep.shape[0])), x, hidden)),
    ),
    mistake(
        "window-one-too-wide",
        "Your window is one word too wide: the word itself is one of those that it counts.",
        (much_more_hidden, lambda keep, x, hidden: where(window(keep, reach(keep) + 1), x, hidden)),
    ),
    mistake(
        "window-one-too-narrow",
        "Your window is one word too narrow: the word itself and those before it together make up its width.",
        (several_visible, lambda keep, x, hidden: where(window(keep, reach(keep) - 1), x, hidden)),
    ),
    mistake(
        "sink-left-out",
        "You left out the sink: its number stands beside the scores and takes its share of their total.",
        (with_sink, lambda scores: softmax_of(scores)),
    ),
    mistake(
        "sink-of-0",
        "You took 0 for the sink, as if it added 1 to the total; its own number is learnt, and adds e to that number.",
        (sink_in_row, lambda scores, sink: beside(scores, sink * 0)),
    ),
    mistake(
        "cap-left-out",
        "You left out the cap: a score becomes the cap times tanh of the score over the cap.",
        (capped, lambda cap, x: x),
    ),
    mistake(
        "cap-as-a-limit",
        "You cut off what is above the cap; a soft cap bends all scores, by tanh.",
        (capped, lambda cap, x: maximum(-maximum(-x, -cap), -cap)),
    ),
    mistake(
        "cap-not-multiplied",
        "You stopped at the tanh: multiply it by the cap again.",
        (capped, lambda cap, x: tanh(x / cap)),
    ),
    mistake(
        "cap-not-divided",
        "You took the tanh of the score itself; divide the score by the cap first.",
        (capped, lambda cap, x: cap * tanh(x)),
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
