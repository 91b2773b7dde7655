"""Losses of preferences: of two answers one is better (Bradley and Terry 1952)."""

from __future__ import annotations

from byhand.core.graph import Node, scope
from byhand.core.labels import Labels
from byhand.core.ops import exp, log
from byhand.core.roles import Look

ANSWERS = Labels("answers", ("chosen", "rejected"))
"""The two answers of a pair."""


def pairs_of(count: int) -> Labels:
    """Return the names of so many pairs of answers."""
    return Labels("answer_pairs", tuple(f"pair {n + 1}" for n in range(count)))


def preference_losses(margin: Node, smoothing: float = 0.0) -> tuple[Node, Node]:
    """Return p = sigmoid(margin) and −ln p for each pair. (N, 1) -> (N, 1), (N, 1)

    The sigmoid is the probability that the chosen answer is the better one (Bradley and Terry 1952). smoothing: the
    share of pairs that are the wrong way round.
    """
    with scope("", "preference", equation="1 / (1 + e^(−margin))", source="Bradley and Terry 1952"):
        p = (1 / (1 + exp(-margin))).named("preference")
    with scope("", "loss of each pair", equation="−ln p" if not smoothing else "−(1 − ε) ln p − ε ln (1 − p)"):
        if not smoothing:
            return p, (-log(p)).named("losses", role="losses")
        wrong = (1 / (1 + exp(margin))).named("other_preference")
        return p, (-((1 - smoothing) * log(p) + smoothing * log(wrong))).named("losses", role="losses")


def mean_loss(losses: Node) -> Node:
    """Return the mean of the losses of all rows. (N, 1) -> (1, 1)"""
    with scope("", "mean loss", equation="Σ losses / N", look=Look.RESULT):
        return losses.mean(0).named("loss", role="result")
