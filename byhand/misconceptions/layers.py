"""Misconceptions about residuals, norms, activations, biases and positions."""

from __future__ import annotations

from collections.abc import Iterable

from byhand.core.graph import Node, named_like, rewrite, toposort, within
from byhand.core.ops import (
    add,
    alternate,
    beside,
    cos,
    div,
    lookup,
    matmul,
    maximum,
    mean_square,
    mul,
    power,
    sin,
    sqrt,
    sub,
)
from byhand.core.roles import Role
from byhand.misconceptions.attention import size
from byhand.misconceptions.gates import gained_from_one, swish
from byhand.misconceptions.patterns import ANY, Pattern, nearest, piece
from byhand.misconceptions.positions import waves_in_halves
from byhand.misconceptions.rewriting import Misconception, mistake, shown_as

Pieces = tuple[Node, ...]


def in_a_row(node: Node) -> bool:
    """Return whether a lookup gives a row for each word, and not a number for each pair of words."""
    return node.args[1].shape[1] == 1


def has_another_row(node: Node) -> bool:
    """Return whether the table has more rows than are looked up."""
    return in_a_row(node) and node.args[0].shape[0] > node.shape[0]


def is_seen(epsilon: Node) -> bool:
    """Return whether a norm's ε is more than a number that only keeps it from dividing by 0."""
    return epsilon.data is not None and float(epsilon.data.max()) >= SEEN


SEEN = 0.01
"""The least ε that shows in numbers of two decimals."""
residual = Pattern(add, role=Role.RESIDUAL)
"""x + sublayer(x): (x, sublayer(x))."""
gained = Pattern(mul, Pattern(role=Role.NORM), Pattern(role=Role.WEIGHT))
"""normalised × γ: (normalised, γ)."""
gain = piece(mul, piece(role=Role.NORM), piece(role=Role.WEIGHT))
shifted = Pattern(add, gain, piece(role=Role.WEIGHT))
"""normalised × γ + β: (normalised × γ, normalised, γ, β)."""
deviation = Pattern(sub, role=Role.DEVIATION)
"""x - mean: (x, mean)."""
variance = Pattern(role=Role.VARIANCE, when=lambda node: node.args[0].shape[1] > 1)
"""The mean of the squared deviations, if there are several: (deviation,)."""
root = Pattern(sqrt, role=Role.ROOT)
"""√(variance + ε): (variance + ε,)."""
kept_from_0 = Pattern(add, piece(), Pattern(when=is_seen))
root_of_more = Pattern(sqrt, kept_from_0, role=Role.ROOT)
"""√(variance + ε), if ε is large enough to be seen: (variance,)."""
divided = Pattern(div, piece(), Pattern(None, Pattern(None, ANY, piece())), role=Role.NORM)
"""deviation / √(variance + ε): (deviation, ε)."""
relu = Pattern(maximum, piece(), role=Role.ACTIVATION)
"""max(x, 0): (x,)."""
gelu = Pattern(mul, Pattern(None, ANY, piece()), role=Role.ACTIVATION)
"""½ x (1 + ...): (x,)."""
positioned = Pattern(add, ANY, Pattern(role=Role.POSITIONS), when=lambda node: node.role is not Role.BIAS)
"""words + positions: (words, positions)."""
angled = Pattern(mul, ANY, Pattern(role=Role.RATE))
"""position × rate: (position, rate)."""
placed = Pattern(lookup, role=Role.POSITIONS, when=has_another_row)
"""P[position], if P has further rows: (P, position)."""
looked_up = Pattern(lookup, when=lambda node: in_a_row(node) and node.role is not Role.POSITIONS)
"""E[word]: (E, word)."""
rate = Pattern(div, ANY, Pattern(None, piece(), piece()), role=Role.RATE)
"""1 / 10000^(2i / d): (10000, 2i / d)."""
waves = Pattern(alternate, Pattern(sin), Pattern(cos))
"""sin and cos in alternate columns: (sin, cos)."""
scaled_words = Pattern(mul, Pattern(lookup), Pattern(sqrt))
"""E[word] × √d: (E[word], √d)."""


def residual_of_normed(node: Node) -> Pieces | None:
    """Match x + sublayer(norm(x)): (norm(x), sublayer(norm(x)))."""
    norm = residual(node) and nearest(node.args[1], lambda n: normed(n) == node.args[0])
    return (norm, node.args[1]) if norm else None


def normed(node: Node) -> Node | None:
    """Return x for norm(x) with gain and shift; None if the node is no norm."""
    pieces = shifted(node)
    return pieces[1].args[0].args[0] if pieces else None


def biased(node: Node) -> Pieces | None:
    """Match x W + b, or x W + h U + b: (the product or the sum of products, b)."""
    if node.op is not add or node.args[1].role is not Role.WEIGHT:
        return None
    product = node.args[0]
    products = product.args if product.op is add and not product.name else (product,)
    return node.args if all(one.op is matmul for one in products) else None


def layer_norm(x: Node, norm: Node) -> Node:
    """Return the norm of x, with the gain, shift and ε of another norm."""
    pieces = shifted(norm)
    assert pieces is not None
    _, normalised, gamma, beta = pieces
    epsilon = normalised.args[1].args[0].args[1]
    centred = x - x.mean(1)
    return centred / sqrt(mean_square(centred, axis=1) + epsilon) * gamma + beta


def norm_first(outputs: Iterable[Node]) -> dict[Node, Node]:
    """Rewrite norm(x + sublayer(x)) as x + sublayer(norm(x)); the tables of the norm become those of norm(x)."""
    nodes = toposort(outputs)
    norms = {x: n for n in nodes if (x := normed(n)) and residual(x) and not residual_of_normed(x)}
    inside = {n: r for r in norms for n in toposort(r.args[1:]) if r.args[0] in n.args}
    firsts = {n: r for r in norms for n in nodes if n.role in (Role.MEAN, Role.DEVIATION) and n.args[0] is r}
    new: dict[Node, Node] = {}
    before: dict[Node, Node] = {}

    def rule(node: Node, like: Node) -> Node:
        if node in norms.values():
            like = shown_as(node, new.get(x := normed(node) or node, x))
        elif node in inside or node in firsts:
            r = inside.get(node) or firsts[node]
            x = r.args[0]
            now = new.get(x, x)
            if node in inside and r not in before:
                before[r] = layer_norm(now, norms[r])
            swapped = {x: before[r]} if node in inside else {r: now}
            args = tuple(swapped.get(a, new.get(a, a)) for a in node.args)
            like = named_like(node, Node(node.op, args, node.attrs, node.shape))
        new[node] = like
        return like

    return rewrite(nodes, rule)


def norm_last(outputs: Iterable[Node]) -> dict[Node, Node]:
    """Rewrite x + sublayer(norm(x)) as norm(x + sublayer(x))."""
    nodes = toposort(outputs)
    norms = {r: pieces[0] for r in nodes if (pieces := residual_of_normed(r))}

    def rule(node: Node, like: Node) -> Node:
        with within(node.scope):
            if node in norms:
                return named_like(node, layer_norm(like.args[0] + like.args[1], norms[node]))
            return shown_as(node, normed(like) or like) if node in norms.values() else like

    return rewrite(nodes, rule)


RESIDUAL = (
    mistake(
        "residual-left-out",
        "You left the residual out: add the sublayer's input to its result.",
        (residual, lambda x, change: change),
    ),
    mistake(
        "residual-doubled",
        "You added the residual twice: the sublayer's input is added once.",
        (residual, lambda x, change: x + x + change),
    ),
    mistake(
        "residual-from-the-norm",
        "You added the normed table; the residual is the input as it was before the norm.",
        (residual_of_normed, lambda y, change: y + change),
    ),
    Misconception(
        "norm-before-the-sublayer",
        "You normed before the sublayer; in this model the norm comes after the residual is added.",
        norm_first,
    ),
    Misconception(
        "norm-after-the-residual",
        "You normed after the residual was added; in this model the norm comes before the sublayer.",
        norm_last,
    ),
)

NORM = (
    mistake(
        "sample-variance",
        "You divided the squares by one less than the number of features; layer norm divides by their number.",
        (variance, lambda d: (d * d).sum(1) / (int(d.shape[1]) - 1)),
    ),
    mistake(
        "norm-without-root",
        "You left out the root: a row is divided by the square root of its variance or mean square.",
        (root, lambda variance: variance),
    ),
    mistake(
        "epsilon-left-out",
        "You left out ε: it is added to the variance or the mean square, under the root.",
        (root_of_more, sqrt),
    ),
    mistake(
        "mean-not-subtracted",
        "You did not take the mean away: subtract each row's mean from its numbers first.",
        (deviation, lambda x, mean: x),
    ),
    mistake(
        "mean-added",
        "You added the mean; it is subtracted, so that each row's deviations add up to nothing.",
        (deviation, lambda x, mean: x + mean),
    ),
    mistake(
        "norm-over-columns",
        "You normed down the columns; a norm takes each row by itself, one word at a time.",
        (deviation, lambda x, mean: x - x.mean(0)),
        (divided, lambda d, epsilon: d / sqrt(mean_square(d, axis=0) + epsilon)),
    ),
    mistake(
        "gain-left-out",
        "You left out the gain γ: multiply each normalised number by its column's.",
        (gained, lambda normalised, gamma: normalised),
        (gained_from_one, lambda normalised, gamma: normalised),
    ),
    mistake(
        "shift-left-out",
        "You left out the shift β: add each column's after the gain.",
        (shifted, lambda gained, normalised, gamma, beta: gained),
    ),
    mistake(
        "gain-and-shift-swapped",
        "You swapped γ and β: the gain γ multiplies, the shift β is added.",
        (shifted, lambda gained, normalised, gamma, beta: normalised * beta + gamma),
    ),
)

FEED_FORWARD = (
    mistake(
        "relu-as-absolute-value",
        "You took the absolute value; ReLU makes negative numbers 0 and leaves the others.",
        (relu, lambda x: size(x)),
    ),
    mistake(
        "relu-of-the-wrong-side",
        "You kept the negative numbers; ReLU keeps the positive ones and makes the negative ones 0.",
        (relu, lambda x: -maximum(-x, 0)),
    ),
    mistake(
        "activation-left-out",
        "You left out the activation; without it, two linear layers are no more than one.",
        (relu, lambda x: x),
        (gelu, lambda x: x),
        (swish, lambda x: x),
    ),
    mistake(
        "relu-for-gelu",
        "You used ReLU; this model uses GELU, which lets a little of small negative numbers through.",
        (gelu, lambda x: maximum(x, 0)),
    ),
    mistake(
        "bias-left-out",
        "You left out the bias: after the product, add b to every row.",
        (biased, lambda product, b: product),
    ),
)

POSITIONS = (
    mistake(
        "words-from-one",
        "You counted the rows of the table from 1; its first row belongs to word 0.",
        (looked_up, lambda table, word: lookup(table, maximum(word - 1, 0))),
    ),
    mistake(
        "positions-left-out",
        "You left out the positions: add each place's row to its word, or the model cannot tell the order.",
        (positioned, lambda words, positions: words),
    ),
    mistake(
        "positions-from-one",
        "You counted the positions from 1; the first word stands at position 0.",
        (angled, lambda position, rate: (position + 1) * rate),
        (placed, lambda table, position: lookup(table, position + 1)),
    ),
    mistake(
        "sine-and-cosine-swapped",
        "You swapped sine and cosine: sines come first, and each has its cosine after it.",
        (waves, lambda sine, cosine: alternate(cosine, sine, width=2 * cosine.shape[1])),
        (waves_in_halves, lambda sine, cosine: beside(cosine, sine)),
    ),
    mistake(
        "rate-with-i-for-2i",
        "You took i / d in the exponent; it is 2i / d, and both columns of a pair share it.",
        (rate, lambda base, exponent: 1 / power(base, exponent / 2)),
    ),
    mistake(
        "embedding-not-scaled",
        "You left the embeddings as they are; this model multiplies them by √d before it adds the positions.",
        (scaled_words, lambda words, root: words),
    ),
)
