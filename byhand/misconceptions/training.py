"""What goes wrong in learning: the loss, its gradients, and the step."""

from __future__ import annotations

from byhand.core import ops
from byhand.core.graph import Node
from byhand.core.ops import log, one_hot, stretch
from byhand.core.roles import Role
from byhand.misconceptions.rewriting import bare, mistake

Pieces = tuple[Node, ...]


def log_softmax(node: Node) -> Pieces | None:
    """x - max - ln Σ: (x - max, ln Σ)."""
    return node.args if node.role is Role.LOG_SOFTMAX else None


def losses(node: Node) -> Pieces | None:
    """-Σ y ln p: (Σ y ln p, y, ln p)."""
    found = node.role is Role.LOSSES and node.op is ops.negate
    return (node.args[0], *node.args[0].args[0].args) if found else None


def losses_of_a_text(node: Node) -> Pieces | None:
    """The same where the model reads words itself: (y, ln p, the words' ids)."""
    found = losses(node)
    ids = getattr(found[2].shape[0].labels, "ids", None) if found else None
    return (*found[1:], ids) if found and isinstance(ids, Node) else None


def mean_loss(node: Node) -> Pieces | None:
    """Σ losses / n: (Σ losses, n)."""
    return node.args if node.symbol == "loss" and node.op is ops.div else None


def gradient(node: Node, of: str) -> bool:
    return node.role is Role.GRADIENT and node.symbol == of


def gradient_of_logits(node: Node) -> Pieces | None:
    return (bare(node),) if gradient(node, "logits") else None


def masked_gradient(node: Node) -> Pieces | None:
    """g where ReLU's input is above 0: (g, 1 where it is)."""
    found = node.op is ops.mul and node.args[1].op is ops.greater and node.scope.outward[-1].name == "grad"
    return node.args if found else None


def gradient_of_several_ways(node: Node) -> Pieces | None:
    """The sum of what flows back to a table from all that read it: (all ways but the last, the last)."""
    found = node.role is Role.GRADIENT and node.op is ops.add and "softmax" not in node.scope.title
    return node.args if found else None


def gradient_of_total(node: Node) -> Pieces | None:
    """The softmax's second way back, through the total of the row."""
    return (node,) if gradient(node, "total") and node.scope.name == "softmax" else None


def descended(node: Node) -> Pieces | None:
    """w - learning rate × change: (w, learning rate × change, learning rate, change)."""
    found = node.role is Role.UPDATED and node.op is ops.sub and node.args[1].op is ops.mul
    return (*node.args, *node.args[1].args) if found else None


LOSS = (
    *(
        mistake(
            f"loss-log-base-{base}",
            f"You took the logarithm to base {base}; the loss takes the natural one, ln.",
            (log_softmax, lambda shifted, total, base=base: (shifted - total) / log(base)),
        )
        for base in (2, 10)
    ),
    mistake(
        "loss-sign",
        "You left out the minus: ln p is never above 0, so the loss −ln p is never below.",
        (losses, lambda total, y, log_p: total),
    ),
    mistake(
        "loss-of-the-likeliest-word",
        "You took the most probable word; the loss looks at the target's probability, however small.",
        (losses, lambda total, y, log_p: -(log_p.max(1) * y.sum(1))),
    ),
    mistake(
        "loss-of-the-word-itself",
        "You took the probability of the word that is read; the target is the word that follows it.",
        (losses_of_a_text, lambda y, log_p, ids: -(one_hot(ids, width=y.shape[1]) * y.sum(1) * log_p).sum(1)),
    ),
    mistake(
        "loss-summed",
        "You stopped at the sum: divide it by the number of targets, for the mean loss.",
        (mean_loss, lambda total, n: total),
    ),
)

BACKWARD = (
    mistake(
        "gradient-y-minus-p",
        "You took y − p; the gradient of the loss for the logits is p − y.",
        (gradient_of_logits, lambda g: -g),
    ),
    mistake(
        "gradient-through-all-of-relu",
        "You let the gradient through everywhere; where ReLU's input was not above 0, nothing flows back.",
        (masked_gradient, lambda g, above: g),
    ),
    mistake(
        "gradient-way-left-out",
        "You left out a way back: a table that is read twice adds up what comes back from both.",
        (gradient_of_several_ways, lambda others, last: others),
    ),
    mistake(
        "softmax-gradient-of-one-way",
        "You forgot the total: each power is also in its row's total, so a second part flows back through it.",
        (gradient_of_total, lambda g: stretch(0, rows=g.shape[0], columns=g.shape[1])),
    ),
)

STEP = (
    mistake(
        "gradient-added",
        "You walked uphill: the step goes against the gradient, so it is subtracted from the weight.",
        (descended, lambda w, step, rate, change: w + step),
    ),
    mistake(
        "learning-rate-left-out",
        "You subtracted the whole gradient: multiply it by the learning rate first.",
        (descended, lambda w, step, rate, change: w - change),
    ),
    mistake(
        "step-for-the-weight",
        "You wrote down the step; the new weight is the old one minus that step.",
        (descended, lambda w, step, rate, change: step),
    ),
)
