"""What goes wrong in RMS norms and in feed-forward layers with a gate."""

from __future__ import annotations

from byhand.core import ops
from byhand.core.graph import Node
from byhand.core.ops import mean_square
from byhand.core.roles import Role
from byhand.layers.activations import relu, silu
from byhand.layers.recurrence import sigmoid
from byhand.misconceptions.rewriting import mistake

Pieces = tuple[Node, ...]


def squared(node: Node) -> Pieces | None:
    """The mean of a row's squares, of several numbers: (row,)."""
    found = node.role is Role.MEAN_SQUARE and node.op is ops.mean_square and node.args[0].shape[1] > 1
    return node.args if found else None


def divided(node: Node) -> Pieces | None:
    """x / root, where no mean was taken away: (x, root)."""
    found = node.role is Role.NORM and node.op is ops.div and node.args[0].role is not Role.DEVIATION
    return node.args if found and node.shape[1] > 1 else None


def gained_from_one(node: Node) -> Pieces | None:
    """normalised × (1 + γ): (normalised, γ)."""
    if node.op is not ops.mul or node.args[0].role is not Role.NORM or node.args[1].op is not ops.add:
        return None
    one, gamma = node.args[1].args
    return (node.args[0], gamma) if one.op is ops.constant and gamma.role is Role.WEIGHT else None


def swish(node: Node) -> Pieces | None:
    """x / (1 + e^-x): (x,)."""
    return node.args[:1] if node.role is Role.ACTIVATION and node.op is ops.div else None


def gated(node: Node) -> Pieces | None:
    """activation(gate) × up: (activation(gate), up)."""
    return node.args if node.op is ops.mul and node.args[0].role is Role.ACTIVATION else None


def gated_by(node: Node) -> Pieces | None:
    """The same of an activation that is known: (gate, up, activation(gate))."""
    found = gated(node)
    return (found[0].args[0], found[1], found[0]) if found and found[0].op in (ops.div, ops.maximum) else None


def other_way(gate: Node, up: Node, active: Node) -> Node:
    return gate * (silu if active.op is ops.div else relu)(up)


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
