"""A reward model (Christiano et al. 2017; Ouyang et al. 2022): one number for an answer, learnt from pairs."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.core.graph import Dim, page
from byhand.core.weights import Weights
from byhand.language.architecture import Graph, Inputs
from byhand.language.parts import given_table, learning_part
from byhand.layers.linear import adapted
from byhand.layers.preferences import mean_loss, pairs_of, preference_losses

PLACE = "Ouyang et al. 2022, eq. 1"


@dataclass(frozen=True)
class RewardOptions:
    pairs: int = 2
    d_model: int = 3


def build_reward(o: RewardOptions, weight: Weights, inputs: Inputs) -> Graph:
    rows = Dim(o.pairs, pairs_of(o.pairs))
    with page("", "Rewards", equation="r = h w, of the last word of each answer", source=PLACE):
        chosen, rejected = (given_table(name, weight, rows, o.d_model, 0, 3) for name in ("chosen", "rejected"))
        w = adapted(weight, "W_reward", o.d_model, 1)
        r_chosen, r_rejected = (chosen @ w).named("r_chosen"), (rejected @ w).named("r_rejected")  # (N, d) @ (d, 1)
        margin = (r_chosen - r_rejected).named("margin")
    with page("", "Loss", equation="−ln sigmoid(r_chosen − r_rejected)", source=PLACE):
        _, losses = preference_losses(margin)
        loss = mean_loss(losses)
    return Graph([loss, margin], loss=loss)


REWARD = learning_part(
    "reward-model",
    "Reward model",
    "one number for each answer, learnt from which of two is better",
    RewardOptions(),
    build_reward,
    "Christiano et al. 2017",
    sizes={"small": {}, "medium": {"pairs": 3, "d_model": 4}, "large": {"pairs": 5, "d_model": 6}},
    seed=88,
)
