"""GRPO (Shao et al. 2024): several answers to one prompt, each as good as it is better than their mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from byhand.core.graph import Dim, Node, page, scope, source
from byhand.core.labels import Labels
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language.architecture import Graph, Inputs
from byhand.language.options import option
from byhand.language.parts import given_table, learning_part
from byhand.layers.policy import clipped_gain, divergence, group_advantages, mean_of_words, ratio_to

PLACE = "Shao et al. 2024"
LOSSES = {
    "grpo": ("−mean over answers of (Σ gain / length)", f"{PLACE}, eq. 3; trl's loss type grpo"),
    "bnpo": ("−Σ gain / all words", "Yu et al. 2025, eq. 8; trl's loss types bnpo and dapo"),
    "dr_grpo": ("−Σ gain / (G × most words)", "Liu et al. 2025, section 3.2; trl's loss type dr_grpo"),
}
"""The forms of the loss: the equation and the source of each."""


@dataclass(frozen=True)
class GrpoOptions:
    """beta: the weight of the distance from the reference. epsilon: as in PPO. spread_epsilon: added to σ, as in trl.

    spread: of the advantages; over G (group), over G − 1 (sample, as in trl), or not divided (none, as in Dr. GRPO).
    """

    answers: int = 4
    tokens: int = 2
    epsilon: float = 0.2
    beta: float = 0.04
    spread: str = option("group", choices=("group", "sample", "none"))
    spread_epsilon: float = option(1e-4, zero="none", matters=("spread", "group", "sample"))
    loss: str = option("grpo", choices=LOSSES)


def build_grpo(o: GrpoOptions, weight: Weights, inputs: Inputs) -> Graph:
    if o.answers == 1 and o.spread == "sample":
        raise ByhandError("One answer has no deviation over G − 1: choose more answers, or spread=group.")
    rows = Dim(o.answers, Labels("answers", tuple(f"answer {n + 1}" for n in range(o.answers))))
    with page("", "Advantages", equation="(r − mean) / σ, within the group", source=f"{PLACE}, section 4.1.2"):
        rewards = given_table("rewards", weight, rows, 1, 0, 1).with_role("given")
        advantage = group_advantages(rewards, o.spread, o.spread_epsilon)
    with page("", "Ratio", equation="π / π_old, of each word of each answer", source=f"{PLACE}, eq. 3"):
        old = given_table("old", weight, rows, o.tokens, -4, -1).with_role("given")
        new = given_table("new", weight, rows, o.tokens, -4, 4, near=old)
        ratio = ratio_to(new, old)
    with page("", "Clip", equation="min(ratio × A, clip(ratio, 1 − ε, 1 + ε) × A)", source=f"{PLACE}, eq. 3"):
        epsilon = source("epsilon", o.epsilon, "given", meaning="how far from 1 a ratio still counts")
        gain = clipped_gain(ratio, advantage, epsilon, epsilon)
    with page("", "Reference", equation="π_ref / π − ln (π_ref / π) − 1", source=f"{PLACE}, eq. 4"):
        reference = given_table("reference", weight, rows, o.tokens, -4, 4, near=old).with_role("given")
        kl = divergence(new, reference)
    equation, source_ = LOSSES[o.loss]
    with page("", "Loss", equation=equation, source=source_):
        counted = words_of(rows, o.tokens)
        beta = source("beta", o.beta, "given", meaning="how much the distance from the reference costs")
        with scope("", "gain less distance", equation="gain − β × KL"):
            total = (gain - beta * kl).named("objective")
        loss = mean_of_words(total, counted, o.loss, o.tokens)
    return Graph([loss, advantage], loss=loss)


def words_of(rows: Dim, tokens: int) -> Node:
    """Return 1 where an answer has a word; every other answer is a word shorter, if there is room. (G, T)"""
    mask = np.ones((rows, tokens))
    mask[1::2, 1:][:, -1:] = 0
    return source("words", mask, "given", rows=rows.labels, meaning="1 where an answer has a word, 0 after its end")


GRPO = learning_part(
    "grpo",
    "GRPO",
    "several answers to a prompt, each as good as it is better than their mean",
    GrpoOptions(),
    build_grpo,
    PLACE,
    sizes={"small": {}, "medium": {"answers": 6, "tokens": 3}, "large": {"answers": 8, "tokens": 5}},
)
