"""Misconceptions about later attention, norms and gates, in plain numpy from their description; never byhand.

A case takes the right tables by name, each (draws, rows, columns), and says what the student has in some of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from support.misconceptions.transformer import Array, Case, Tables, softmax, turned


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def rotation(
    x: Array, theta: float, back: bool = False, neighbours: bool = False, degrees: bool = False, swapped: bool = False
) -> Array:
    """Su et al. 2021, eq. 15, pair by pair: (a, b) by position / theta^(2i/d)."""
    out, d = np.array(x), x.shape[-1]
    for position in range(x.shape[-2]):
        for i in range(d // 2):
            one, other = (2 * i, 2 * i + 1) if neighbours else (i, i + d // 2)
            angle = position / theta ** (2 * i / d) * (np.pi / 180 if degrees else 1)
            c, s = np.cos(angle), np.sin(angle) * (-1 if back else 1)
            c, s = (s, c) if swapped else (c, s)
            a, b = x[..., position, one], x[..., position, other]
            out[..., position, one], out[..., position, other] = a * c - b * s, b * c + a * s
    return out


def query(theta: float = 100, **changes: bool) -> Case:
    return lambda t: {"layer1.head1.Q_rotated": rotation(t["layer1.head1.Q"], theta, **changes)}


def keys_as_they_are(t: Tables) -> dict[str, Array]:
    q, k = t["layer1.head1.Q_rotated"], t["layer1.head1.K"]
    return {"layer1.head1.Q_rotated": q, "layer1.head1.scores": q @ turned(k)}


def waves(x: Array, halves: bool) -> Array:
    """Sines and cosines of position / 10000^(2i/d), by turns or in halves, of as many rows and columns as x has."""
    count, d = x.shape[-2:]
    table = np.empty((count, d))
    for row in range(count):
        for i in range(d // 2):
            angle = row / 10000 ** (2 * i / d)
            table[row, i if halves else 2 * i] = np.sin(angle)
            table[row, i + d // 2 if halves else 2 * i + 1] = np.cos(angle)
    return table


def alibi(slope: float, sign: int = 1) -> Case:
    def case(t: Tables) -> dict[str, Array]:
        place = np.arange(t["layer1.head1.scaled"].shape[-1])
        biased = t["layer1.head1.scaled"] + sign * slope * (place - place[:, None])
        return {"layer1.head1.biased": biased, "layer1.head1.weights": looking_at(biased, len(place))}

    return case


def five_by(bucket: Callable[[int], int], divisor: float = 1, other_way: bool = False, left_out: bool = False) -> Case:
    """T5's numbers of distance: 0 to itself, 1 and 2 back, 4 and 5 ahead in 6 buckets of distances up to 4."""

    def case(t: Tables) -> dict[str, Array]:
        of = {0: 0, -1: 1, -2: 2, 1: 4, 2: 5}
        bias = np.empty_like(t["encoder.bias1"])
        for q in range(3):
            for k in range(3):
                distance = q - k if other_way else k - q
                bias[..., q, k] = t["encoder.B"][..., bucket(of[distance]), 0]
        scores = t["encoder.layer1.head1.Q"] @ turned(t["encoder.layer1.head1.K"]) / divisor
        return {"encoder.layer1.head1.biased": scores + (0 if left_out else bias)} | (
            {} if left_out else {"encoder.bias1": bias}
        )

    return case


def rows_from(first: Callable[[int], int]) -> Case:
    def case(t: Tables) -> dict[str, Array]:
        x = t["layer1.head1.by_distance"]
        return {"layer1.head1.by_key": np.stack([x[..., i, first(i) : first(i) + 2] for i in range(2)], axis=-2)}

    return case


def looking_at(scores: Array, words: int) -> Array:
    """The weights of somebody who sees so many words, the own one included."""
    back = np.arange(scores.shape[-1])[:, None] - np.arange(scores.shape[-1])
    return softmax(np.where((back >= 0) & (back < words), scores, -1e30))


def window(words: int) -> Case:
    return lambda t: {"layer1.head1.weights": looking_at(t["layer1.head1.scaled"], words)}


def cap(of: Callable[[Array], Array]) -> Case:
    def case(t: Tables) -> dict[str, Array]:
        scaled = t["layer1.head1.scaled"]
        capped = of(scaled)
        weights = looking_at(capped, 2)
        return {"layer1.head1.scaled": scaled, "layer1.head1.capped": capped, "layer1.head1.weights": weights}

    return case


def sunk(times: float | None = 1) -> Case:
    """A softmax beside the sink, so many times its number; or beside none."""

    def case(t: Tables) -> dict[str, Array]:
        scores = t["layer1.head1.masked"]
        column = np.broadcast_to(t["layer1.head1.sink"] * (times or 0), (*scores.shape[:-1], 1))
        if times is None:
            return {"layer1.head1.masked": scores, "layer1.head1.weights": softmax(scores)}
        row = np.concatenate([scores, column], axis=-1)
        return {
            "layer1.head1.masked": scores,
            "layer1.head1.beside_sink": row,
            "layer1.head1.weights": softmax(row)[..., :-1],
        }

    return case


def groups(t: Tables) -> dict[str, Array]:
    """Head 2 with the second group and head 3 with the first; heads 1 and 4 are as they were."""
    pairs = (2, 2), (3, 1)
    return {f"layer1.head{h}.scores": t[f"layer1.head{h}.Q"] @ turned(t[f"layer1.group{g}.K"]) for h, g in pairs} | {
        "layer1.head1.Z": t["layer1.head1.Z"],
        "layer1.head4.Z": t["layer1.head4.Z"],
    }


def looking_back(match: Callable[[Array, Array], Array], gather: str = "encoder.H") -> Case:
    def case(t: Tables) -> dict[str, Array]:
        matched = match(t["decoder.keys"], t["decoder.query_1"])
        scores = turned(matched @ t["decoder.v"])
        weights = softmax(scores)
        return {
            "decoder.attend_1.scores": scores,
            "decoder.attend_1.weights": weights,
            "decoder.context_1": weights @ t[gather],
        }

    return case


def rms(mean: Any = 0, squares: Any = np.mean, gain: Any = lambda g: g) -> Case:
    def case(t: Tables) -> dict[str, Array]:
        x = t["x"] - (t["x"].mean(-1, keepdims=True) if mean else 0)
        root = np.sqrt(squares(x**2, axis=-1, keepdims=True) + 1e-12)
        return {"layer1.norm1.root": root, "layer1.norm1": x / root * gain(t["layer1.norm1.gamma"])}

    return case


def silu(x: Array) -> Array:
    return x * sigmoid(x)


def gate(of: Callable[[Array, Array], Array]) -> Case:
    def case(t: Tables) -> dict[str, Array]:
        gated = of(t["layer1.gate"], t["layer1.up"])
        return {"layer1.gated": gated, "layer1.ffn": gated @ t["layer1.W_down"]}

    return case


CASES: dict[str, tuple[str, Case]] = {
    "turned-the-other-way": ("rotary", query(back=True)),
    "turn-left-out": ("rotary", lambda t: {"layer1.head1.Q_rotated": t["layer1.head1.Q"]}),
    "keys-not-turned": ("rotary", keys_as_they_are),
    "turn-with-sine-for-cosine": ("rotary", query(swapped=True)),
    "turned-with-the-neighbour": ("rotary", query(neighbours=True)),
    "turned-with-half-a-row-on": ("rotary pairs", query(neighbours=False)),
    "angle-in-degrees": ("rotary", query(degrees=True)),
    "waves-in-halves": ("positions", lambda t: {"PE": waves(t["PE"], halves=True)}),
    "waves-by-turns": ("marian", lambda t: {"encoder.PE": waves(t["encoder.PE"], halves=False)}),
    "distance-left-out": ("t5", five_by(lambda b: b, left_out=True)),
    "distance-added": ("bloom", alibi(2**-2, sign=-1)),
    "slope-left-out": ("bloom", alibi(1)),
    "slope-of-another-head": ("bloom", alibi(2**-4)),
    "scores-scaled-all-the-same": ("t5", five_by(lambda b: b, divisor=np.sqrt(2))),
    "bucket-off-by-one": ("t5", five_by(lambda b: max(b - 1, 0))),
    "distance-the-other-way": ("t5", five_by(lambda b: b, other_way=True)),
    "rows-not-moved": ("transformer-xl", rows_from(lambda i: 0)),
    "rows-moved-the-other-way": ("transformer-xl", rows_from(lambda i: i)),
    "window-left-out": ("mistral", window(4)),
    "window-one-too-wide": ("mistral", window(3)),
    "window-one-too-narrow": ("mistral", window(1)),
    "sink-left-out": ("sink", sunk(None)),
    "sink-of-0": ("sink", sunk(0)),
    "cap-left-out": ("gemma2", cap(lambda x: x)),
    "cap-as-a-limit": ("gemma2", cap(lambda x: np.clip(x, -2, 2))),
    "cap-not-multiplied": ("gemma2", cap(lambda x: np.tanh(x / 2))),
    "cap-not-divided": ("gemma2", cap(lambda x: 2 * np.tanh(x))),
    "keys-of-another-group": ("shared keys", groups),
    "match-without-tanh": ("seq2seq", looking_back(lambda k, q: k + q)),
    "query-left-out": ("seq2seq", looking_back(lambda k, q: np.tanh(k))),
    "keys-for-annotations": ("seq2seq", looking_back(lambda k, q: np.tanh(k + q), "decoder.keys")),
    "mean-subtracted": ("rotary", rms(mean=1)),
    "squares-not-averaged": ("rotary", rms(squares=np.sum)),
    "gain-without-one": ("gemma", rms()),
    "gate-and-up-swapped": ("rotary", gate(lambda g, u: g * silu(u))),
    "gate-added": ("rotary", gate(lambda g, u: silu(g) + u)),
    "gate-left-out": ("rotary", gate(lambda g, u: silu(g))),
    "sigmoid-for-silu": ("rotary", gate(lambda g, u: sigmoid(g) * u)),
    "relu-for-silu": ("rotary", gate(lambda g, u: np.maximum(g, 0) * u)),
}
"""Misconception -> the subject in which it is planted, and what the student then has."""

MORE: list[tuple[str, str, Case]] = [
    ("distance-left-out", "bloom", lambda t: {"layer1.head1.biased": t["layer1.head1.scaled"]}),
    ("angle-in-degrees", "positions", lambda t: {"PE": in_degrees(t["PE"])}),
    ("gain-left-out", "gemma", rms(gain=lambda g: 1)),
    ("activation-left-out", "rotary", gate(lambda g, u: g * u)),
    ("norm-without-root", "rotary", lambda t: {"layer1.norm1.root": (t["x"] ** 2).mean(-1, keepdims=True)}),
    ("sine-and-cosine-swapped", "marian", lambda t: {"encoder.PE": np.roll(waves(t["encoder.PE"], True), 2, axis=-1)}),
]
"""The same misconceptions, and older ones, in other places."""


def in_degrees(right: Array) -> Array:
    count, d = right.shape[-2:]
    angle = np.arange(count)[:, None] / 10000 ** (np.arange(0, d, 2) / d) * np.pi / 180
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(count, d)


RIGHT: dict[str, Case] = {
    "rotary": lambda t: query()(t) | rms(gain=lambda g: g)(t) | gate(lambda g, u: silu(g) * u)(t),
    "rotary pairs": query(neighbours=True),
    "bloom": alibi(2**-2),
    "t5": five_by(lambda b: b),
    "transformer-xl": rows_from(lambda i: 1 - i),
    "mistral": window(2),
    "gemma2": cap(lambda x: 2 * np.tanh(x / 2)),
    "sink": sunk(),
    "gemma": rms(gain=lambda g: 1 + g),
    "seq2seq": looking_back(lambda k, q: np.tanh(k + q)),
    "marian": lambda t: {"encoder.PE": waves(t["encoder.PE"], halves=True)},
}
"""With nothing wrong, the same plain numpy says what the model does."""
