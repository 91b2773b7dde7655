"""The cross-entropy loss, and the logarithm of a softmax."""

from __future__ import annotations

from byhand.core.graph import Node, scope
from byhand.core.ops import exp, log, one_hot
from byhand.core.roles import Look


def cross_entropy(logits: Node, targets: Node, smoothing: Node | None = None) -> tuple[Node, Node]:
    """Return -Σ y ln softmax(x) for each row, and 1 where a target counts. (T, V), (T, 1) -> (T, 1), (T, 1)

    y is 1 at the target; a target of -1 is ignored. With `smoothing` ε, y is 1 - ε + ε/V at the target and ε/V
    elsewhere (Szegedy et al. 2016, section 7).
    """
    log_p = log_softmax(logits)
    with scope("", "cross-entropy", equation="−Σ y ln p"):
        y = one_hot(targets, width=logits.shape[1]).named("y")
        counted = y.sum(1).named("counted")
        if smoothing is not None:
            y = ((1 - smoothing) * y + smoothing / int(logits.shape[1]) * counted).named("smoothed")
        return (-(y * log_p).sum(1)).named("losses", role="losses"), counted


def log_softmax(x: Node) -> Node:
    """Return the logarithm of each row's softmax. (T, n) -> (T, n)"""
    with scope("", "log-softmax", equation="ln p = x − max − ln Σ e^(x − max)", look=Look.RESULT):
        shifted = (x - x.max(1).named("max", role="shift")).named("shifted")
        total = exp(shifted).named("exp").sum(1).named("total")
        return (shifted - log(total)).named("log_p", role="log_softmax")
