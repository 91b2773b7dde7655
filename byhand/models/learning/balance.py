"""The loss that keeps experts equally busy (Fedus et al. 2021), for words that are sent to several experts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from byhand.core.graph import Dim, page, scope, source
from byhand.core.weights import Weights
from byhand.language.architecture import Graph, Inputs, words
from byhand.language.parts import given_table, learning_part
from byhand.layers.attention import softmax
from byhand.layers.experts import balance_loss, check_experts, experts_of, top_k

PLACE = "Fedus et al. 2021, eq. 4"


@dataclass(frozen=True)
class BalanceOptions:
    """tokens: of all layers together. chosen: to how many experts a word is sent."""

    tokens: int = 4
    experts: int = 3
    chosen: int = 2


def build_balance(o: BalanceOptions, weight: Weights, inputs: Inputs) -> Graph:
    check_experts(o.experts, o.chosen)
    rows = Dim(o.tokens, words("words", o.tokens))
    with page("", "Router", equation="p = softmax(logits)", source=PLACE):
        logits = given_table("router_logits", weight, rows, experts_of(o.experts), -2, 3)
        p = softmax(logits).named("p")
    with page("", "Balance", equation="E × Σ share of the words × mean p", source=PLACE):
        with scope("", f"the {o.chosen} best", equation=f"1 for the {o.chosen} largest"):
            chosen = top_k(p, o.chosen, 0.0)
        counts = source(
            "counts", np.ones((o.tokens, 1)), "given", rows=rows.labels, meaning="1 for a word, 0 for padding"
        )
        loss = balance_loss(p, chosen, counts)
    return Graph([loss], loss=loss)


BALANCE = learning_part(
    "balance-loss",
    "Balance loss",
    "what experts cost that get more words than others",
    BalanceOptions(),
    build_balance,
    PLACE.split(",")[0],
    sizes={"small": {}, "medium": {"tokens": 6, "experts": 4}, "large": {"tokens": 10, "experts": 8}},
    seed=21,
)
