"""Mixtures of experts: a router sends each word to a few small networks and weights their outputs."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from byhand.core.graph import Dim, Node, page, scope, source
from byhand.core.labels import SO_FAR, Labels
from byhand.core.ops import argmax, beside, exp, greater, one_hot, stretch, where
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.layers.attention import NEG_INF, softmax

Expert = Callable[[Node], Node]


def experts_of(count: int) -> Dim:
    """Return a dimension of so many experts, with their names."""
    return Dim(count, Labels("experts", tuple(f"expert {n + 1}" for n in range(count))))


def check_experts(experts: int, chosen: int, groups: int = 1, groups_chosen: int = 1) -> None:
    """Raise ByhandError if the numbers of experts and groups do not fit each other."""
    if chosen > experts:
        raise ByhandError(f"A word cannot be sent to {chosen} of {experts} experts: choose fewer, or more experts.")
    if experts % groups or groups_chosen > groups:
        raise ByhandError(
            f"{experts} experts cannot be chosen within {groups_chosen} of {groups} groups: "
            "choose expert_groups that divide them, and at most so many groups_chosen."
        )


def top_k(scores: Node, k: int, excluded: Node | float = NEG_INF) -> Node:
    """Return 1 for the k largest of each row, 0 for the others. (T, n) -> (T, n)

    The largest is chosen first and then counts as `excluded`, and so on k times; the first of equals wins.
    """
    width, left, chosen = scores.shape[1], scores, None
    for n in range(1, k + 1):
        best = argmax(left, axis=1).named(f"best{n}")
        largest = one_hot(best, width=width)
        chosen = largest if chosen is None else chosen + largest
        if n < k:
            left = where(largest, excluded, left).named(f"rest{n}")
    assert chosen is not None
    return chosen.named("chosen", role="mask")


def route(x: Node, weight: Weights, count: int, source: str, bias: bool = False) -> Node:
    """Return each word's score for each expert, x W or x W + b. (T, d) @ (d, experts) -> (T, experts)"""
    added, experts = " + b" if bias else "", experts_of(count)
    about = {"equation": f"x W_router{added}", "column_equation": f"W_router x{added}", "source": source}
    with scope("", "router", **about):
        logits = x @ weight("W_router", x.shape[1], experts)
        return (logits + weight("b_router", 1, experts) if bias else logits).named("router_logits")


def load_of(chosen: Node) -> Node:
    """Return the number of words of each expert. (T, experts) -> (1, experts)"""
    with scope("", "load", equation="Σ of the words"):
        return chosen.sum(0).named("load", role="result")


def best_probabilities(logits: Node, k: int, normed: bool = True) -> tuple[Node, Node]:
    """Return the softmax of the k largest scores, 0 for the others; and 1 for those k (Jiang et al. 2024, section 2.1).

    (T, experts) -> 2 (T, experts). Unless `normed`, it is the softmax of all scores, of which the k largest count.
    """
    p = softmax(logits)
    p = p.named("p")
    with scope("", f"the {k} best", equation=f"1 for the {k} largest"):
        chosen = top_k(p, k, 0.0)
    if not normed:
        with scope("", "gates", equation="p, of those chosen"):
            return (p * chosen).named("gates", role="gates"), chosen
    with scope("", "gates", equation="p / Σ p, of those chosen", source="Jiang et al. 2024, section 2.1"):
        kept = (p * chosen).named("kept")
        return (kept / kept.sum(1).named("kept_total")).named("gates", role="gates"), chosen


def softmax_of_best(logits: Node, k: int) -> tuple[Node, Node]:
    """Return the softmax of the k largest scores alone, 0 for the others; and 1 for those k. (T, experts) -> 2 of it"""
    with scope("", f"the {k} best", equation=f"1 for the {k} largest"):
        chosen = top_k(logits, k)
        left = where(chosen, logits, NEG_INF).named("left", role="mask")
    return softmax(left).named("gates", role="gates"), chosen


def best_scores(logits: Node, bias: Node, k: int, groups: int, groups_chosen: int) -> tuple[Node, Node]:
    """Return the scores of the k experts chosen by score + bias within the best groups; and 1 for those k.

    A score is the logistic function of a logit (DeepSeek-AI 2024, equations 15 and 16; section 2.1.2 for the groups).
    A group's score is the sum of its two best. (T, experts), (1, experts) -> 2 (T, experts)
    """
    with scope("", "scores", equation="1 / (1 + e^(−logit))", source="DeepSeek-AI 2024, eq. 15"):
        scores = (1 / (1 + exp(-logits))).named("affinity")
    with scope("", f"the {k} best", equation=f"1 for the {k} largest of score + bias"):
        biased = (scores + bias).named("biased")
        allowed = biased if groups == 1 else _within_groups(biased, groups, groups_chosen)
        chosen = top_k(allowed, k)
    return (scores * chosen).named("kept"), chosen


def _within_groups(scores: Node, groups: int, chosen: int) -> Node:
    """Return the scores, with those outside the best groups made very small. (T, experts) -> (T, experts)"""
    size = int(scores.shape[1]) // groups
    totals = []
    with scope("groups"):
        for g in range(groups):
            own = scores.columns(g * size, (g + 1) * size)
            with scope(f"group{g + 1}"):
                totals.append((own * top_k(own, min(2, size))).sum(1).named("total"))
        best = top_k(beside(*totals).named("totals"), chosen)
        open_to = [stretch(best.columns(g, g + 1), rows=scores.shape[0], columns=size) for g in range(groups)]
        return where(beside(*open_to), scores, NEG_INF).named("open")


def scale_gates(scores: Node, normed: bool, scale: float) -> Node:
    """Return the gates: scores over their sum if `normed`, times a scale. (T, experts) -> (T, experts)"""
    equation = f"{scale:g} × score{' / Σ score, of those chosen' if normed else ''}"
    with scope("", "gates", equation=equation, source="DeepSeek-AI 2024, eq. 13"):
        gates = scores / scores.sum(1).named("kept_total") if normed else scores
        return (scale * gates).named("gates", role="gates")


def best_one(logits: Node, capacity_factor: float) -> tuple[Node, Node, Node]:
    """Return the best expert's probability, 0 where it is full; which words it accepts; and the balancing loss.

    (T, experts) -> 2 (T, experts), (1, 1) (Fedus et al. 2021, equations 2 to 6)
    """
    tokens, experts = logits.shape
    p = softmax(logits)
    p = p.named("p")
    with scope("", "the best", equation="1 for the largest"):
        chosen = top_k(p, 1)
    with scope("", "capacity", equation="T / experts × factor", source="Fedus et al. 2021, eq. 3"):
        capacity = source("capacity", math.ceil(tokens / experts * capacity_factor), role="given")
        so_far = source("so_far", np.tri(tokens), "given", rows=tokens.labels, columns=tokens.labels, meaning=SO_FAR)
        queue = (so_far @ chosen).named("queue")  # (T, T) @ (T, experts) -> (T, experts)
        accepted = (chosen * (1 - greater(queue, capacity))).named("taken", role="mask")
    with scope("", "gates", equation="p of the expert that takes the word", source="Fedus et al. 2021, eq. 2"):
        gates = (p * accepted).named("gates", role="gates")
    return gates, accepted, balance_loss(p, chosen)


def balance_loss(p: Node, chosen: Node, counted: Node | None = None) -> Node:
    """Return experts × Σ share × mean p, small where words are spread evenly (Fedus et al. 2021, eq. 4 to 6).

    counted: 1 for a word that counts, (T, 1); by default all do. (T, experts), (T, experts) -> (1, 1)
    """
    with scope("", "balance", equation="experts × Σ share × mean p", source="Fedus et al. 2021, eq. 4"):
        if counted is None:
            share, mass = chosen.mean(0).named("share"), p.mean(0).named("mean_p")
        else:
            words = counted.sum(0).named("words")
            share = ((chosen * counted).named("chosen_words").sum(0) / words).named("share")
            mass = ((p * counted).named("p_words").sum(0) / words).named("mean_p")
        return (int(p.shape[1]) * (share * mass).sum(1)).named("balance", role="result")


def mixture(x: Node, gates: Node, expert: Expert, name: str = "ffn", source: str = "") -> Node:
    """Return Σ gate × expert(x); each expert has its own page. (T, d), (T, experts) -> (T, d)

    Here every expert computes every word; a program computes only those whose gate is not 0.
    """
    weighed = []
    for n in range(int(gates.shape[1])):
        with page(f"expert{n + 1}", f"Expert {n + 1}", equation="gate × FFN(x)"):
            answer = expert(x)
            with scope("", "gated", equation="gate × FFN(x)"):
                weighed.append((gates.columns(n, n + 1) * answer).named("weighed"))  # (T, 1) * (T, d)
    with scope("", "mix the experts", equation="Σ gate × FFN(x)", source=source):
        total = weighed[0]
        for part in weighed[1:]:
            total = total + part
        return total.named(name)
