"""Misconceptions about layers that differ, parallel branches, norms after them and scaled logits, in plain numpy."""

from __future__ import annotations

import numpy as np

from support.misconceptions.transformer import Array, Case, Tables, turned
from support.misconceptions.variants import looking_at, rotation, silu


def near_and_far(far: int) -> Case:
    """A first layer that sees two words, and a second that sees so many."""
    return lambda t: {
        "layer1.head1.weights": looking_at(t["layer1.head1.scaled"], 2),
        "layer2.head1.weights": looking_at(t["layer2.head1.scaled"], far),
    }


def scores_of_layer_2(turns: bool) -> Case:
    def case(t: Tables) -> dict[str, Array]:
        q, k = t["layer2.head1.Q"], t["layer2.group1.K"]
        q, k = (rotation(q, 10000), rotation(k, 10000)) if turns else (q, k)
        return {"layer1.head1.Q_rotated": rotation(t["layer1.head1.Q"], 10000), "layer2.head1.scores": q @ turned(k)}

    return case


def parallel(read: str) -> Case:
    """Both branches added to x; the feed-forward reads this table."""

    def case(t: Tables) -> dict[str, Array]:
        y = t[read]
        ffn = (silu(y @ t["layer1.W_gate"]) * (y @ t["layer1.W_up"])) @ t["layer1.W_down"]
        return {"layer1.ffn": ffn, "layer1.output": t["x"] + t["layer1.attention"] + ffn}

    return case


def root_mean_square(x: Array) -> Array:
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-5)


def norm_after(of_sum: bool = False, of_change: bool = True) -> Case:
    def case(t: Tables) -> dict[str, Array]:
        x, change, gamma = t["x"], t["layer1.attention"], t["layer1.post_norm1.gamma"]
        right = x + (root_mean_square(change) * gamma if of_change else change)
        return {"layer1.residual": root_mean_square(x + change) * gamma if of_sum else right}

    return case


def queries(parts: int) -> Case:
    """All queries of a row, normed in so many parts."""

    def case(t: Tables) -> dict[str, Array]:
        pieces = [root_mean_square(piece) for piece in np.split(t["layer1.Q_all"], parts, axis=-1)]
        normed = np.concatenate(pieces, axis=-1) * t["layer1.q_norm.gamma"]
        return {"layer1.q_norm": normed, "layer1.head2.Q": normed[..., 2:]}

    return case


def logits(scale: float) -> Case:
    return lambda t: {"logits": t["final_norm"] @ turned(t["E"]) * scale}


CASES: dict[str, tuple[str, Case]] = {
    "window-in-every-layer": ("near and far", near_and_far(2)),
    "turned-in-every-layer": ("some turn", scores_of_layer_2(turns=True)),
    "feed-forward-of-attention": ("parallel", parallel("layer1.attention")),
    "norm-of-the-sum": ("norms after", norm_after(of_sum=True)),
    "change-not-normed": ("norms after", norm_after(of_change=False)),
    "heads-normed-apart": ("norms after", queries(2)),
    "logits-not-scaled": ("parallel", logits(1)),
    "logits-divided": ("parallel", logits(2)),
}
"""Misconception -> the subject in which it is planted, and what the student then has."""
RIGHT: dict[str, Case] = {
    "near and far": near_and_far(4),
    "some turn": scores_of_layer_2(turns=False),
    "parallel": lambda t: parallel("layer1.norm1")(t) | logits(0.5)(t),
    "norms after": lambda t: norm_after()(t) | queries(1)(t),
}
"""With nothing wrong, the same plain numpy says what the model does."""
