"""Misconceptions about attention: its products, scale, softmax, mask and heads.

Here and in the files beside it, the line after a pattern states what the pattern matches and, in brackets, the pieces.
"""

from __future__ import annotations

from byhand.core.graph import Node
from byhand.core.ops import (
    add,
    below,
    beside,
    constant,
    div,
    exp,
    matmul,
    maximum,
    power,
    sqrt,
    stretch,
    transpose,
    where,
)
from byhand.core.roles import Role
from byhand.misconceptions.patterns import ANY, Find, Pattern, nearest, piece, several_rows
from byhand.misconceptions.rewriting import mistake

Pieces = tuple[Node, ...]


def is_wide(node: Node) -> bool:
    """Return whether each cell of a product is a sum of several terms."""
    return node.args[0].shape[1] > 1


def may_be_swapped(node: Node) -> bool:
    """Return whether both factors have the same shape, so that swapping them is possible."""
    return node.args[0].shape == node.args[1].shape


product = Pattern(matmul)
given_product = Pattern(matmul, Pattern(role=Role.INPUT), Pattern(role=Role.INPUT))
"""A product of two given tables, as in an exercise on products."""
square_product = Pattern(matmul, when=may_be_swapped)
several_terms = Pattern(matmul, when=is_wide)
weighing = Pattern(matmul, ANY, Pattern(role=Role.WEIGHT))
"""x W: (x, W)."""
not_transposed = Pattern(when=lambda q: q.op is not transpose)
scores = Pattern(matmul, not_transposed, role=Role.SCORES, when=lambda node: node.symbol != "smaller")
"""Q Kᵀ, but no scores of another kind: (Q, Kᵀ)."""
root_of_d_k = Pattern(sqrt, piece(constant, when=lambda d_k: d_k.attrs["value"] > 1))
scaled = Pattern(div, piece(), root_of_d_k, role=Role.SCALE)
"""scores / √d_k, if d_k is above 1: (scores, d_k)."""
tempered = Pattern(div, role=Role.TEMPERATURE)
"""x / temperature: (x, temperature)."""
shifted = Pattern(None, piece(), role=Role.SHIFTED)
"""x - max: (x,)."""
normalised = Pattern(None, Pattern(role=Role.EXP), Pattern(role=Role.TOTAL))
"""A softmax's last step: (powers, total)."""
of_shifted = piece(role=Role.EXP, when=lambda e: e.args[-1].role is Role.SHIFTED)
unshifted = Pattern(None, of_shifted, Pattern(role=Role.TOTAL))
"""A softmax's last step, where something was taken off before the powers: (powers,)."""
attends = Pattern(when=lambda keep: keep.symbol != "chosen")
masked = Pattern(where, attends, role=Role.MASK)
"""The masked scores: (the mask, with 1 for a visible key, scaled scores, -∞)."""
hidden = Pattern(where, attends, ANY, Pattern(when=lambda x: x.op is not constant), role=Role.MASK)
"""The masked scores before a softmax: the same."""
causal = Pattern(where, attends, role=Role.MASK, when=lambda node: node.args[0].shape[0] > 1)
"""The masked scores if each query has its own row of the mask, as in a causal mask: the same."""
attention_product = Pattern(matmul, Pattern(role=Role.ATTENTION))
several_heads = Pattern(beside, Pattern(), Pattern(), when=lambda node: all(a.role is Role.HEADS for a in node.args))
"""Several heads side by side: (Z_1, ..., Z_h)."""
projected = Pattern((matmul, add), piece(when=several_heads), Pattern(role=Role.WEIGHT))
"""Concat(Z_1, ..., Z_h) W_O, with or without a bias: (Concat(Z_1, ..., Z_h),)."""


def scaled_of_wider(node: Node) -> Pieces | None:
    """Match scores / √d_k, if √d_model is neither √d_k nor d_k: (scores, d_model)."""
    pieces, product = scaled(node), nearest(node, weighing)
    if pieces is None or product is None:
        return None
    d_k, d_model = pieces[1].attrs["value"], float(product.args[0].shape[1])
    return (pieces[0], constant(value=d_model)) if d_model not in (d_k, d_k**2) else None


def powers(node: Node) -> Pieces | None:
    """Match e^(x - max): (x - max, x)."""
    return (node.args[-1], node.args[-1].args[0]) if node.role is Role.EXP else None


def powers_of_other(base: float) -> Find:
    """Return a function that matches powers whose base is not this one."""
    return lambda node: powers(node) if _base(node) != base else None


def _base(node: Node) -> object:
    return node.args[0].attrs.get("value") if node.op is power else None


def powers_of_given_base(node: Node) -> Pieces | None:
    return powers(node) if node.op is power else None


def without_shift(e: Node) -> Node:
    """Return e^x for e^(x - max): a softmax of powers that nobody has kept small is the same."""
    return Node(e.op, (*e.args[:-1], e.args[-1].args[0]), e.attrs, e.shape)


def masked_softmax(node: Node) -> Pieces | None:
    """Match a softmax's last step with a mask before it: (the mask, powers, total)."""
    if not normalised(node):
        return None
    x = node.args[0].args[-1].args[0]
    return (x.args[0], *node.args) if masked(x) else None


def weighted(node: Node) -> Pieces | None:
    """Match weights V: (weights, V, Q, K)."""
    product = nearest(node.args[0], scores) if attention_product(node) else None
    return (*node.args, product.args[0], product.args[1].T) if product else None


def one_later(keep: Node) -> Node:
    """Return a causal mask that is shifted down by a row, so that no word sees itself."""
    return below(stretch(0, rows=1, columns=keep.shape[1]), keep.rows(0, int(keep.shape[0]) - 1))


def size(x: Node) -> Node:
    return maximum(x, -x)


def zero_where_hidden(x: Node) -> Node:
    """Return the scores with 0 where a mask hides them, since without an exponential -∞ cannot be added up."""
    return where(x.args[0], x.args[1], 0) if masked(x) else x


def all_but_last(x: Node, y: Node) -> Node:
    last = int(x.shape[1]) - 1
    return x.columns(0, last) @ y.rows(0, last)


PRODUCTS = (
    mistake(
        "factors-swapped",
        "You took the rows of the second table and the columns of the first; A B takes the rows of A and the columns "
        "of B, and is not B A.",
        (several_rows(square_product), lambda x, y: y @ x),
    ),
    mistake(
        "product-elementwise",
        "You multiplied cell by cell; a cell of a matrix product is a whole row times a whole column, added up.",
        (several_rows(square_product), lambda x, y: x * y),
    ),
    mistake(
        "product-transposed",
        "You turned the result: row i of the first table and column j of the second make the cell in row i, column j.",
        (several_rows(given_product), lambda x, y: (x @ y).T),
    ),
    mistake(
        "sums-multiplied",
        "You added up first and multiplied the sums; multiply term by term, and add the products.",
        (several_terms, lambda x, y: x.sum(1) * y.sum(0)),
    ),
    mistake(
        "terms-added",
        "You added the pairs; the numbers that meet are multiplied, and only their products are added.",
        (several_terms, lambda x, y: x.sum(1) + y.sum(0)),
    ),
    mistake(
        "last-term-dropped",
        "Your sums stop one term early: go along the row and down the column to their very end.",
        (several_terms, all_but_last),
    ),
    mistake(
        "minus-signs-lost",
        "A minus sign got lost in your products: plus times minus is minus, and such a term is taken away.",
        (product, lambda x, y: size(x) @ size(y)),
    ),
    mistake(
        "weight-transposed",
        "You multiplied by Wᵀ: each new feature is the row of x times a column of W, not a row of W.",
        (weighing, lambda x, w: x @ w.T),
    ),
)

SCALE = (
    mistake(
        "scores-not-scaled",
        "You left out the division by √d_k: the scores are divided by it before the softmax.",
        (scaled, lambda scores, d_k: scores),
    ),
    mistake(
        "scores-divided-by-d_k",
        "You divided by d_k; the scores are divided by its square root.",
        (scaled, lambda scores, d_k: scores / d_k),
    ),
    mistake(
        "scores-multiplied",
        "You multiplied by √d_k; the scores are divided by it, so that they stay small however wide the head is.",
        (scaled, lambda scores, d_k: scores * sqrt(d_k)),
    ),
    mistake(
        "scores-divided-by-root-of-d_model",
        "You divided by √d_model; d_k is the width of one head, the number of columns of Q and K.",
        (scaled_of_wider, lambda scores, d_model: scores / sqrt(d_model)),
    ),
    mistake(
        "temperature-multiplied",
        "You multiplied by the temperature; the scores are divided by it, so that a high one makes them more alike.",
        (tempered, lambda x, temperature: x * temperature),
    ),
    mistake(
        "temperature-left-out",
        "You left the temperature out: divide every score by it before the softmax.",
        (tempered, lambda x, temperature: x),
    ),
)

SOFTMAX = (
    mistake(
        "softmax-over-columns",
        "You made the columns add up to 1; the softmax is taken along each row, so each row adds up to 1.",
        (shifted, lambda x: x - x.max(0)),
        (normalised, lambda e, total: e / e.sum(0)),
    ),
    mistake(
        "softmax-over-the-whole-table",
        "You divided by the total of the whole table; every row has a total of its own, and adds up to 1 by itself.",
        (several_rows(normalised), lambda e, total: e / total.sum(0)),
        other_way=(several_rows(unshifted), lambda e: without_shift(e) / without_shift(e).sum(1).sum(0)),
    ),
    mistake(
        "softmax-without-exponential",
        "You divided the scores themselves by their total; a softmax first takes e to the power of each.",
        (powers, lambda shifted, x: zero_where_hidden(x)),
    ),
    *(
        mistake(
            f"softmax-base-{base}",
            f"You took powers of {base}; this softmax takes powers of another base, written in its formula.",
            (powers_of_other(base), lambda shifted, x, base=base: power(base, shifted)),
        )
        for base in (2, 10)
    ),
    mistake(
        "softmax-base-e",
        "You took powers of e; this exercise has a friendlier base, written in its formula.",
        (powers_of_given_base, lambda shifted, x: exp(shifted)),
    ),
    mistake(
        "softmax-not-normalised",
        "You stopped after the powers: divide each one by the total of its row, so that the row adds up to 1.",
        (normalised, lambda e, total: e),
        other_way=(unshifted, without_shift),
    ),
)

MASK = (
    mistake(
        "mask-missing",
        "You left out the mask: where a word may not look, its score is −∞ before the softmax.",
        (masked, lambda keep, x, hidden: x),
    ),
    mistake(
        "mask-wrong-triangle",
        "You kept the other triangle: a word may look at itself and back, not at the words to come.",
        (causal, lambda keep, x, hidden: where(keep.T, x, hidden)),
    ),
    mistake(
        "mask-on-the-diagonal-too",
        "You masked the diagonal too: a word may also look at itself.",
        (causal, lambda keep, x, hidden: where(one_later(keep), x, hidden)),
    ),
    mistake(
        "mask-after-the-softmax",
        "You masked after the softmax, and your rows no longer add up to 1: the mask comes before it.",
        (masked, lambda keep, x, hidden: where(keep, x, x)),
        (masked_softmax, lambda keep, e, total: where(keep, e / total, 0)),
    ),
    mistake(
        "mask-with-zero",
        "You put 0 where the mask hides a score, but e⁰ is 1 and still counts: −∞ belongs there, and e to that is 0.",
        (hidden, lambda keep, x, infinite: where(keep, x, 0)),
    ),
)

HEADS = (
    mistake(
        "queries-and-keys-swapped",
        "You swapped Q and K: a row of the scores belongs to one query, a column to one key.",
        (several_rows(scores), lambda q, kt: kt.T @ q.T),
    ),
    mistake(
        "keys-for-values",
        "You weighted the keys; the keys only make the scores, and the values V are what is added up.",
        (weighted, lambda weights, v, q, k: weights @ k),
    ),
    mistake(
        "queries-for-values",
        "You weighted the queries; the queries only ask, and the values V are what is added up.",
        (weighted, lambda weights, v, q, k: weights @ q),
    ),
    mistake(
        "attention-transposed",
        "You went down the columns of the attention; a word's result is its row of weights times V.",
        (several_rows(weighted), lambda weights, v, q, k: weights.T @ v),
    ),
    mistake(
        "heads-in-wrong-order",
        "Your heads stand in another order: head 1 comes first, and each has its own rows of W_O.",
        (several_heads, lambda *zs: beside(*reversed(zs))),
    ),
    mistake(
        "output-projection-left-out",
        "You stopped after setting the heads side by side: multiply them by W_O, which mixes what they found.",
        (projected, lambda z: z),
    ),
)
