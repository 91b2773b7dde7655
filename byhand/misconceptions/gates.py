"""Misconceptions about RMS norms and feed-forward layers with a gate."""

from __future__ import annotations

from byhand.core.graph import Node
from byhand.core.ops import add, constant, div, maximum, mean_square, mul
from byhand.core.roles import Role
from byhand.layers.activations import relu, silu
from byhand.layers.recurrence import sigmoid
from byhand.misconceptions.patterns import Pattern, piece
from byhand.misconceptions.rewriting import mistake

squared = Pattern(mean_square, role=Role.MEAN_SQUARE, when=lambda node: node.args[0].shape[1] > 1)
"""The mean of a row's squares, if the row has several numbers: (row,)."""
not_centred = Pattern(when=lambda x: x.role is not Role.DEVIATION)
divided = Pattern(div, not_centred, role=Role.NORM, when=lambda node: node.shape[1] > 1)
"""x / root, if no mean is subtracted: (x, root)."""
one_more = Pattern(add, Pattern(constant), piece(role=Role.WEIGHT))
gained_from_one = Pattern(mul, piece(role=Role.NORM), one_more)
"""normalised × (1 + γ): (normalised, γ)."""
swish = Pattern(div, piece(), role=Role.ACTIVATION)
"""x / (1 + e^-x): (x,)."""
gated = Pattern(mul, Pattern(role=Role.ACTIVATION))
"""activation(gate) × up: (activation(gate), up)."""
gated_by = Pattern(mul, piece((div, maximum), piece(), role=Role.ACTIVATION), piece())
"""activation(gate) × up for SiLU or ReLU: (activation(gate), gate, up)."""


def other_way(active: Node, gate: Node, up: Node) -> Node:
    return gate * (silu if active.op is div else relu)(up)


RMS = (
    mistake(
        "mean-subtracted",
        "You took the mean away first; this norm leaves it in, and divides by the root of the mean square only.",
        (squared, lambda x: mean_square(x - x.mean(1), axis=1)),
        (divided, lambda x, root: (x - x.mean(1)) / root),
    ),
    mistake(
        "squares-not-averaged",
        "You took the sum of the squares; this norm divides by the root of their mean.",
        (squared, lambda x: (x * x).sum(1)),
    ),
    mistake(
        "gain-without-one",
        "You multiplied by γ itself; in this model the gain is 1 + γ, so that a γ of 0 changes nothing.",
        (gained_from_one, lambda normalised, gamma: normalised * gamma),
    ),
)

GATED = (
    mistake(
        "gate-and-up-swapped",
        "You swapped the gate and what it lets through: the activation is taken of the gate.",
        (gated_by, other_way),
    ),
    mistake(
        "gate-added",
        "You added the gate; it is multiplied with what it lets through, number by number.",
        (gated, lambda active, up: active + up),
    ),
    mistake(
        "gate-left-out",
        "You stopped at the activation; it is multiplied with the other product, number by number.",
        (gated, lambda active, up: active),
    ),
    mistake(
        "sigmoid-for-silu",
        "You took the sigmoid alone; SiLU multiplies it by the number itself.",
        (swish, lambda x: sigmoid(x)),
    ),
    mistake(
        "relu-for-silu",
        "You used ReLU; this model uses SiLU, which lets a little of small negative numbers through.",
        (swish, lambda x: relu(x)),
    ),
)
