"""PPO's clip (Schulman et al. 2017): a word gains from its advantage, but not by going far from where it was drawn."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.core.graph import Dim, page, scope, source
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.language.architecture import Graph, Inputs, words
from byhand.language.parts import given_table, learning_part
from byhand.layers.policy import clipped_gain, ratio_to

PLACE = "Schulman et al. 2017, eq. 7"


@dataclass(frozen=True)
class PpoOptions:
    """epsilon: how far a ratio may be from 1 before more of it gains nothing."""

    tokens: int = 4
    epsilon: float = 0.2


def build_ppo(o: PpoOptions, weight: Weights, inputs: Inputs) -> Graph:
    rows = Dim(o.tokens, words("words", o.tokens))
    with page("", "Ratio", equation="π / π_old, of each word that was drawn", source="Schulman et al. 2017, section 3"):
        old = given_table("old", weight, rows, 1, -4, -1).with_role("given")
        new = given_table("new", weight, rows, 1, -5, 5, near=old)
        ratio = ratio_to(new, old)
    with page("", "Clip", equation="min(ratio × A, clip(ratio, 1 − ε, 1 + ε) × A)", source=PLACE):
        advantage = given_table("advantage", weight, rows, 1, -2, 2).with_role("given")
        epsilon = source("epsilon", o.epsilon, "given", meaning="how far from 1 a ratio still counts")
        gain = clipped_gain(ratio, advantage, epsilon, epsilon)
        with scope("", "loss", equation="−Σ gain / T", look=Look.RESULT):
            loss = (-gain.mean(0)).named("loss", role="result")
    return Graph([loss, ratio], loss=loss)


PPO = learning_part(
    "ppo-clip",
    "PPO's clip",
    "a word that becomes likelier gains its advantage, up to a bound",
    PpoOptions(),
    build_ppo,
    PLACE.split(",")[0],
    sizes={"small": {}, "medium": {"tokens": 6}, "large": {"tokens": 10}},
    seed=115,
)
