"""Misconceptions about training: the loss, its gradients, and the step of the optimizer."""

from __future__ import annotations

from byhand.core.graph import Node
from byhand.core.ops import add, div, greater, log, mul, negate, one_hot, stretch, sub, sum_
from byhand.core.roles import Role
from byhand.misconceptions.patterns import ANY, Pattern, itself, piece
from byhand.misconceptions.rewriting import mistake

log_softmax = Pattern(role=Role.LOG_SOFTMAX)
"""x - max - ln Σ: (x - max, ln Σ)."""
losses = Pattern(negate, piece(sum_, Pattern(mul, piece(), piece())), role=Role.LOSSES)
"""-Σ y ln p: (Σ y ln p, y, ln p)."""
losses_of_pairs = Pattern(negate, piece(log), role=Role.LOSSES)
"""-ln p: (ln p,)."""
mean_loss = Pattern(div, symbol="loss")
"""Σ losses / n: (Σ losses, n)."""
gradient_of_logits = itself(Pattern(role=Role.GRADIENT, symbol="logits"))
masked_gradient = Pattern(
    mul, ANY, Pattern(greater), when=lambda node: any(s.name == "grad" for s in node.scope.outward)
)
"""g if ReLU's input is above 0, else 0: (g, 1 if above 0)."""
gradient_of_several_ways = Pattern(add, role=Role.GRADIENT, when=lambda node: "softmax" not in node.scope.title)
"""A gradient that is a sum over several readers of a table: (the sum without the last, the last)."""
gradient_of_total = piece(role=Role.GRADIENT, symbol="total", when=lambda node: node.scope.name == "softmax")
"""The gradient of a softmax's total: (the gradient,)."""
descended = Pattern(sub, piece(), piece(mul, piece(), piece()), role=Role.UPDATED)
"""w - learning rate × change: (w, learning rate × change, learning rate, change)."""


def losses_of_a_text(node: Node) -> tuple[Node, ...] | None:
    """Match the loss of each word of a model that reads words: (y, ln p, the ids of the words)."""
    match = losses(node)
    ids = getattr(match[2].shape[0].labels, "ids", None) if match else None
    return (*match[1:], ids) if match and isinstance(ids, Node) else None


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
        (losses_of_pairs, lambda log_p: log_p),
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
