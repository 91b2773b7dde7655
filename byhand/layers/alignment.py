"""The attention of a recurrent decoder over the encoder's words, and the alignment that it finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from byhand.core.graph import Dim, Node, page, scope, source
from byhand.core.ops import tanh
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.layers.attention import softmax
from byhand.layers.linear import adapted, linear
from byhand.layers.recurrence import stack_rows

PLACE = "Bahdanau et al. 2015, section 3.1"
ADDITIVE = {"equation": "score = tanh(H W_k + sₜ₋₁ W_q) v", "source": PLACE}
GENERAL = {"equation": "score = sₜ (H W_k)ᵀ", "source": "Luong et al. 2015, section 3.1"}

Attend = Callable[[int, Node], tuple[Node, Node]]
"""(the step's number, a state (1, d)) -> the attention weights (1, S) and the context (1, 2d)."""


def attend_back(memory: Node, weight: Weights, o: Any) -> Attend:
    """Return the attention over H (S, 2d), with additive or general scores; all steps share its keys."""
    with scope("", "keys", equation="keys = H W_k"):
        width = o.d_attention if o.additive else o.d_model
        keys = linear(memory, weight, "k", width, bias=False).named("keys")  # (S, 2d) @ (2d, a) -> (S, a)
    if o.additive:
        w_q, v = adapted(weight, "W_q", o.d_model, o.d_attention), weight("v", o.d_attention, 1)

    def look(t: int, s: Node) -> tuple[Node, Node]:
        if o.additive:
            query = (s @ w_q).named(f"query_{t}")  # (1, d) @ (d, a) -> (1, a)
            scores = (tanh(keys + query).named(f"match_{t}") @ v).T  # (S, a) @ (a, 1) -> (S, 1), turned
        else:
            scores = s @ keys.T  # (1, d) @ (d, S) -> (1, S)
        with scope(f"attend_{t}"):
            weights = softmax(scores.named("scores", role="scores")).named("weights", role="attention")
        return weights, (weights @ memory).named(f"context_{t}", role="heads")  # (1, S) @ (S, 2d) -> (1, 2d)

    return look


def alignment_tables(weights: Sequence[Node], tokens: Dim, both_ways: bool) -> list[Node]:
    """Return the attention weights of all steps, and the path lengths without attention. T of (1, S) -> 2 (T, S)

    Without attention a word that was read reaches one that is written only through all the states between the two.
    """
    words = weights[0].shape[1]
    with page("", "Where it looked"):
        with scope("", "alignment", equation="αₜⱼ: from word j to step t at once", source=f"{PLACE}, eq. 6"):
            aligned = stack_rows(weights, tokens).named("alignment", role="attention")
        equation = "t + min(S − j, j − 1)" if both_ways else "t + S − j"
        with scope("", "why attention came", equation=f"{equation} states on the way", look=Look.ATTENTION):
            place = np.arange(1, words + 1)
            unread = np.minimum(words - place, place - 1) if both_ways else words - place
            step = source("step", np.arange(1, tokens + 1)[:, None], role="given", rows=tokens.labels)
            to_the_end = source("to_the_end", unread, role="given", columns=words.labels)
            return [aligned, (step + to_the_end).named("states_between")]  # (T, 1) + (1, S) -> (T, S)
