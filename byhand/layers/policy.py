"""Policy gradients: how much likelier a word has become, what it gains, and how far the policy is from a reference."""

from __future__ import annotations

from byhand.core.graph import Node, scope
from byhand.core.ops import exp, greater, maximum, sqrt, where
from byhand.core.roles import Look


def ratio_to(new: Node, old: Node) -> Node:
    """Return π / π_old of each word, from their log-probabilities. (N, T), (N, T) -> (N, T)"""
    with scope("", "ratio", equation="e^(ln π − ln π_old)"):
        return exp((new - old).named("moved")).named("ratio")


def clipped_gain(ratio: Node, advantage: Node, low: Node, high: Node) -> Node:
    """Return min(ratio A, clip(ratio) A) (Schulman et al. 2017, eq. 7). (N, T), (N, T) or (N, 1) -> (N, T)

    low, high: how far a ratio may be below and above 1 and still count; one of words with A > 0 need not be clipped
    below, nor one of words with A < 0 above.
    """
    with scope("", "clip", equation="1 − ε ≤ ratio ≤ 1 + ε"):
        least = maximum(ratio, 1 - low).named("at_least")
        clipped = where(greater(least, 1 + high), 1 + high, least).named("clipped")
    with scope("", "gain", equation="min(ratio × A, clipped × A)"):
        plain, bounded = (ratio * advantage).named("gain_plain"), (clipped * advantage).named("gain_clipped")
        return where(greater(plain, bounded), bounded, plain).named("gain")


def group_advantages(rewards: Node, spread: str, epsilon: float) -> Node:
    """Return each answer's reward less the group's mean, over its standard deviation + ε. (G, 1) -> (G, 1)

    spread: of which numbers the deviation is: "group", over G; "sample", over G − 1; "none", not divided.
    """
    with scope("", "advantages", equation="r − mean" if spread == "none" else "(r − mean) / (σ + ε)"):
        deviation = (rewards - rewards.mean(0).named("group_mean")).named("deviation")
        if spread == "none":
            return deviation
        count = int(rewards.shape[0]) - (1 if spread == "sample" else 0)
        variance = ((deviation * deviation).named("squares").sum(0) / count).named("variance")
        return (deviation / (sqrt(variance).named("sigma") + epsilon)).named("advantage", role="result")


def divergence(new: Node, reference: Node) -> Node:
    """Return π_ref / π − ln(π_ref / π) − 1 of each word, never below 0 (Schulman 2020; Shao et al. 2024, eq. 4)."""
    with scope("", "distance from the reference", equation="e^x − x − 1, where x = ln π_ref − ln π"):
        back = (reference - new).named("back")
        return (exp(back) - back - 1).named("kl")


def mean_of_words(gains: Node, counted: Node, loss_type: str, longest: int) -> Node:
    """Return minus the mean of what the words gain, those that count. (G, T), (G, T) -> (1, 1)

    loss_type, as trl names them: "grpo", the mean over answers of their words' means (Shao et al. 2024, eq. 3); "bnpo",
    over all words at once (Yu et al. 2025, eq. 8, as DAPO); "dr_grpo", over G times the most words that an answer may
    have (Liu et al. 2025, section 3.2).
    """
    with scope("", "loss", look=Look.RESULT):
        each = (gains * counted).named("counted").sum(1).named("of_answer")
        if loss_type == "grpo":
            means = (each / counted.sum(1).named("length")).named("mean_of_answer")
            return (-means.mean(0)).named("loss", role="result")
        if loss_type == "dr_grpo":
            return (-(each.sum(0) / (int(gains.shape[0]) * longest))).named("loss", role="result")
        words = counted.sum(1).named("length").sum(0).named("all_words")
        return (-(each.sum(0) / words)).named("loss", role="result")
