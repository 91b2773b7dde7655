"""Direct preference optimisation (Rafailov et al. 2023): a policy learns from pairs of answers, without a reward."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.core.graph import Dim, page, scope, source
from byhand.core.ops import beside, stretch
from byhand.core.weights import Weights
from byhand.language.architecture import Graph, Inputs
from byhand.language.options import option
from byhand.language.parts import given_table, learning_part
from byhand.layers.preferences import ANSWERS, mean_loss, pairs_of, preference_losses

PLACE = "Rafailov et al. 2023"


@dataclass(frozen=True)
class DpoOptions:
    """label_smoothing: how often the pair is thought to be the wrong way round (conservative DPO, Mitchell 2023)."""

    pairs: int = 2
    beta: float = 0.1
    label_smoothing: float = option(0.0, zero="none")


def build_dpo(o: DpoOptions, weight: Weights, inputs: Inputs) -> Graph:
    rows, both = Dim(o.pairs, pairs_of(o.pairs)), Dim(2, ANSWERS)
    with page("", "Log-ratios", equation="ln π(y|x) − ln π_ref(y|x)", source=f"{PLACE}, section 4"):
        policy = given_table("policy", weight, rows, both, -9, -1)
        reference = given_table("reference", weight, rows, both, -9, -1).with_role("given")
        log_ratio = (policy - reference).named("log_ratio")
    with page("", "Margin", equation="β × (log-ratio of chosen − of rejected)", source=f"{PLACE}, eq. 7"):
        beta = source("beta", o.beta, "given", meaning="how closely the policy stays with the reference")
        with scope("", "implicit rewards", equation="β × log-ratio"):
            reward = (beta * log_ratio).named("reward")
        margin = (reward.columns(0, 1) - reward.columns(1, 2)).named("margin")
    with page("", "Loss", equation="−ln sigmoid(margin)", source=f"{PLACE}, eq. 7; trl's loss type sigmoid"):
        p, losses = preference_losses(margin, o.label_smoothing)
        loss = mean_loss(losses)
    with page("gradient", "Gradient", equation="± β × (p − 1) / N", source=f"{PLACE}, section 4"):
        pull = (beta * (p - (1 - o.label_smoothing)) / o.pairs).named("pull")
        gradient = stretch(beside(pull, -pull), rows=rows, columns=both).named("policy", role="gradient")
    return Graph([loss, margin, gradient], loss=loss)


DPO = learning_part(
    "dpo",
    "Direct preference optimisation",
    "a chosen answer beside a rejected one: four log-probabilities to a loss",
    DpoOptions(),
    build_dpo,
    PLACE,
    sizes={"small": {}, "medium": {"pairs": 3}, "large": {"pairs": 6}},
    seed=20,
)
