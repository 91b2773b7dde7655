"""The misconceptions about later models, and older ones, in plain numpy from their description; never byhand.

A case takes the right tables by name, each (draws, rows, columns), and says what the student has in some of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Tables = Mapping[str, Array]
Case = Callable[[Tables], dict[str, Array]]


def turned(x: Array) -> Array:
    return x.swapaxes(-1, -2)


def softmax(x: Array) -> Array:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


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
        place = np.arange(3)
        return {"layer1.head1.biased": t["layer1.head1.scaled"] + sign * slope * (place - place[:, None])}

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


def window(words: int) -> Case:
    def case(t: Tables) -> dict[str, Array]:
        back = np.arange(4)[:, None] - np.arange(4)
        hidden = np.where((back >= 0) & (back < words), t["layer1.head1.scaled"], -1e30)
        return {"layer1.head1.weights": softmax(hidden)}

    return case


def cap(of: Callable[[Array], Array]) -> Case:
    return lambda t: {"layer1.head1.capped": of(x := t["layer1.head1.scaled"]), "layer1.head1.scaled": x}


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
        weights = softmax(turned(matched @ t["decoder.v"]))
        return {"decoder.attend_1.weights": weights, "decoder.context_1": weights @ t[gather]}

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


def recurrent(act: Any = np.tanh, carry: Any = lambda h0, h1: h1, kept: float = 1) -> Case:
    """Two steps of Elman's network; the second goes on from what `carry` says."""

    def case(t: Tables) -> dict[str, Array]:
        x, h0 = t["x"], t["layer1.h_0"]
        w, u, b = (t[f"layer1.{name}"] for name in ("W", "U", "b"))
        h1 = act(x[..., :1, :] @ w + kept * (h0 @ u) + b)
        return {"layer1.h_1": h1, "layer1.h_2": act(x[..., 1:, :] @ w + kept * (carry(h0, h1) @ u) + b)}

    return case


def cell(
    keep: Any = lambda i, f, g, c: f * c + i * g,
    show: Any = lambda o, c: o * np.tanh(c),
    gates: Any = sigmoid,
    new: Any = np.tanh,
) -> Case:
    """One step of an LSTM."""

    def case(t: Tables) -> dict[str, Array]:
        def before(n: str) -> Array:
            return t["x"] @ t[f"layer1.W_{n}"] + t["layer1.h_0"] @ t[f"layer1.U_{n}"] + t[f"layer1.b_{n}"]

        i, f, o, g = gates(before("i")), gates(before("f")), gates(before("o")), new(before("g"))
        c = keep(i, f, g, t["layer1.c_0"])
        return {"layer1.i_1": i, "layer1.c_1": c, "layer1.h_1": show(o, c)}

    return case


def scan(
    delta: Any = lambda x: np.log(1 + np.exp(x)),
    a: Any = lambda logs: -np.exp(logs),
    fade: Any = lambda step, a: np.exp(step * a),
    take: Any = lambda step, b: step * b,
    go: Any = lambda fade, h, new: fade * h + new,
) -> Case:
    """Two steps of a selective scan, from x, low, B and C, which are right."""

    def case(t: Tables) -> dict[str, Array]:
        step = delta(t["layer1.low"] @ t["layer1.W_delta"] + t["layer1.b_delta"])
        h, logs, found = t["layer1.h_0"], t["layer1.A_log"], {"layer1.delta": step}
        for n in (0, 1):
            now = turned(step[..., n : n + 1, :])
            faded = np.broadcast_to(fade(now, a(logs)), h.shape)
            new = take(now, t["layer1.B"][..., n : n + 1, :]) * turned(t["layer1.x_s"][..., n : n + 1, :])
            h = go(faded, h, new)
            found |= {f"layer1.Abar_{n + 1}": faded, f"layer1.h_{n + 1}": h}
        return found

    return case


def linear(phi: Any = lambda x: np.where(x > 0, x + 1, np.exp(x)), divided: bool = True, since: int = 0) -> Case:
    """Each word's sums over the words so far, from as many words back as `since` says; 0: from the first."""

    def case(t: Tables) -> dict[str, Array]:
        q, k, v, rows = phi(t["Q"]), phi(t["K"]), t["V"], []
        for n in range(3):
            seen = slice(n + 1 - since if since else 0, n + 1)
            state, total = turned(k[..., seen, :]) @ v[..., seen, :], turned(k[..., seen, :]).sum(-1, keepdims=True)
            weighed = q[..., n : n + 1, :] @ state
            rows.append(weighed / (q[..., n : n + 1, :] @ total) if divided else weighed)
        return {"phi_K": k, "S_3": state, "Z": np.concatenate(rows, axis=-2)}

    return case


def largest(p: Array, count: int) -> Array:
    """1 for the largest of each row, the first ones where some are equal."""
    order = np.argsort(-p, axis=-1, kind="stable")
    out = np.zeros_like(p)
    np.put_along_axis(out, order[..., :count], 1, axis=-1)
    return out


def two_experts(choose: Callable[[Array], Array], shared: bool = True) -> Case:
    def case(t: Tables) -> dict[str, Array]:
        p = t["layer1.p"]
        kept = p * choose(p)
        return {"layer1.gates": kept / kept.sum(-1, keepdims=True) if shared else kept}

    return case


def full(itself: bool = True, room: int = 2, gate: bool = True, limit: bool = True, most: bool = True) -> Case:
    """Word by word to the expert of two with the larger p, while that one has room."""

    def case(t: Tables) -> dict[str, Array]:
        p = t["layer1.p"]
        queue, gates = np.zeros_like(p), np.zeros_like(p)
        for draw in range(len(p)):
            got = np.zeros(2)
            for word in range(4):
                chosen = int(np.argmax(p[draw, word]))
                chosen = chosen if most else 1 - chosen
                before = got.copy()
                got[chosen] += 1
                queue[draw, word] = got if itself else before + (got - before) * 0
                if not limit or queue[draw, word, chosen] <= room:
                    gates[draw, word, chosen] = p[draw, word, chosen] if gate else 1
        return {"layer1.gates": gates, "layer1.load": (gates > 0).sum(-2, keepdims=True).astype(float)} | (
            {"layer1.queue": queue} if itself else {}
        )

    return case


def neighbours(chosen: int = 2, sign: int = -1, weight: float = 0.25, root: bool = False) -> Case:
    """The nearest two of three contexts, and what followed them, mixed with the language model."""

    def case(t: Tables) -> dict[str, Array]:
        q, k = t["x"], t["datastore.keys"]
        d = ((q[..., :, None, :] - k[..., None, :, :]) ** 2).sum(-1)
        d = np.sqrt(d) if root else d
        p = softmax(np.where(largest(-d, chosen) == 1, sign * d, -1e30)) @ t["datastore.values"]
        return {"lookup.d": d, "lookup.p_kNN": p, "probabilities": weight * p + (1 - weight) * t["base.probabilities"]}

    return case


def chunk(mean: Any = np.mean, distance: Any = lambda x: (x**2).sum(-1, keepdims=True)) -> Case:
    def case(t: Tables) -> dict[str, Array]:
        middle = mean(t["chunk1.embedded"], axis=-2, keepdims=True)
        return {"chunk1.mean": middle, "chunk1.d": distance(t["database.keys"] - middle)}

    return case


def letters(t: Tables) -> Array:
    return t["ids"][..., 0]


def sorted_by(before: Callable[[Array, Array, Array], Array], start: int = 0) -> Case:
    """For each letter which come before it, how many those are, and who then stands at each place."""

    def case(t: Tables) -> dict[str, Array]:
        ids = letters(t)
        place = np.arange(ids.shape[-1])
        found = before(ids[..., None, :], ids[..., :, None], place < place[:, None]).astype(float)
        return {"before": found, "width.n": found.sum(-1, keepdims=True) + start}

    return case


def real(t: Tables) -> Array:
    return (t["ids"] != 1).astype(float)


SINCE: dict[str, tuple[str, Case]] = {
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
    "state-left-out": ("rnn", recurrent(kept=0)),
    "first-state-again": ("rnn", recurrent(carry=lambda h0, h1: h0)),
    "state-without-tanh": ("rnn", recurrent(act=lambda a: a)),
    "sigmoid-for-tanh": ("rnn", recurrent(act=sigmoid)),
    "forget-and-input-swapped": ("lstm", cell(lambda i, f, g, c: i * c + f * g)),
    "forget-gate-left-out": ("lstm", cell(lambda i, f, g, c: c + i * g)),
    "input-gate-left-out": ("lstm", cell(lambda i, f, g, c: f * c + g)),
    "output-gate-left-out": ("lstm", cell(show=lambda o, c: np.tanh(c))),
    "tanh-for-a-gate": ("lstm", cell(gates=np.tanh)),
    "gate-for-the-candidate": ("lstm", cell(new=sigmoid)),
    "softplus-left-out": ("mamba", scan(delta=lambda x: x)),
    "decay-without-exponential": ("mamba", scan(fade=lambda step, a: step * a)),
    "decay-without-the-step": ("mamba", scan(fade=lambda step, a: np.exp(a))),
    "logarithm-for-the-decay": ("mamba", scan(a=lambda logs: logs)),
    "decay-left-out": ("mamba", scan(go=lambda fade, h, new: h + new)),
    "step-left-out-of-the-input": ("mamba", scan(take=lambda step, b: b)),
    "feature-without-one": ("linear", linear(phi=lambda x: np.where(x > 0, x, np.exp(x) - 1))),
    "divisor-left-out": ("linear", linear(divided=False)),
    "state-of-one-word": ("linear", linear(since=1)),
    "one-chosen-too-few": ("mixtral", two_experts(lambda p: largest(p, 1))),
    "others-chosen": ("mixtral", two_experts(lambda p: 1 - largest(p, 2))),
    "all-chosen": ("mixtral", two_experts(np.ones_like)),
    "gates-not-shared-out": ("mixtral", two_experts(lambda p: largest(p, 2), shared=False)),
    "gate-of-one": ("switch", full(gate=False)),
    "capacity-ignored": ("switch", full(limit=False)),
    "capacity-one-too-few": ("switch", full(room=1)),
    "queue-without-the-word-itself": ("switch", full(itself=False)),
    "root-of-the-distance": ("knn-lm", neighbours(root=True)),
    "differences-not-squared": ("retro", chunk(distance=lambda x: np.abs(x).sum(-1, keepdims=True))),
    "mean-not-divided": ("retro", chunk(mean=np.sum)),
    "farther-counts-more": ("knn-lm", neighbours(sign=1)),
    "mixing-weights-swapped": ("knn-lm", neighbours(weight=0.75)),
    "opposite-off-by-one": ("reverse", lambda t: {"flip.opp": 5.0 - np.arange(5)[:, None]}),
    "equals-left-out": ("sort", sorted_by(lambda key, own, earlier: key < own)),
    "larger-for-smaller": ("sort", sorted_by(lambda key, own, earlier: (key > own) | (key == own) & earlier)),
    "start-counted-too": ("sort", sorted_by(lambda key, own, earlier: (key < own) | (key == own) & earlier, start=1)),
    "padding-counted": ("roberta", lambda t: {"position": 2.0 + np.arange(5)[:, None]}),
    "padding-place-not-added": ("roberta", lambda t: {"position": real(t) * np.cumsum(real(t), axis=-2)}),
}
"""Misconception -> the subject in which it is planted, and what the student then has."""

MORE_SINCE: list[tuple[str, str, Case]] = [
    ("distance-left-out", "bloom", lambda t: {"layer1.head1.biased": t["layer1.head1.scaled"]}),
    ("angle-in-degrees", "positions", lambda t: {"PE": in_degrees(t["PE"])}),
    ("gain-left-out", "gemma", rms(gain=lambda g: 1)),
    ("activation-left-out", "rotary", gate(lambda g, u: g * u)),
    ("state-left-out", "lstm", lambda t: {"layer1.i_1": sigmoid(t["x"] @ t["layer1.W_i"] + t["layer1.b_i"])}),
    ("state-without-tanh", "lstm", cell(show=lambda o, c: o * c)),
    ("state-left-out", "mamba", scan(go=lambda fade, h, new: new)),
    ("all-chosen", "knn-lm", neighbours(chosen=3)),
    ("one-chosen-too-few", "knn-lm", neighbours(chosen=1)),
    ("others-chosen", "switch", full(most=False)),
    ("norm-without-root", "rotary", lambda t: {"layer1.norm1.root": (t["x"] ** 2).mean(-1, keepdims=True)}),
    ("sine-and-cosine-swapped", "marian", lambda t: {"encoder.PE": np.roll(waves(t["encoder.PE"], True), 2, axis=-1)}),
]
"""The same misconceptions, and older ones, in other places."""


def in_degrees(right: Array) -> Array:
    count, d = right.shape[-2:]
    angle = np.arange(count)[:, None] / 10000 ** (np.arange(0, d, 2) / d) * np.pi / 180
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(count, d)


RIGHT_SINCE: dict[str, Case] = {
    "rotary": lambda t: query()(t) | rms(gain=lambda g: g)(t) | gate(lambda g, u: silu(g) * u)(t),
    "rotary pairs": query(neighbours=True),
    "bloom": alibi(2**-2),
    "t5": five_by(lambda b: b),
    "transformer-xl": rows_from(lambda i: 1 - i),
    "mistral": window(2),
    "gemma2": cap(lambda x: 2 * np.tanh(x / 2)),
    "gemma": rms(gain=lambda g: 1 + g),
    "seq2seq": looking_back(lambda k, q: np.tanh(k + q)),
    "rnn": recurrent(),
    "lstm": cell(),
    "mamba": scan(),
    "linear": linear(),
    "mixtral": two_experts(lambda p: largest(p, 2)),
    "switch": full(),
    "knn-lm": neighbours(),
    "retro": chunk(),
    "sort": sorted_by(lambda key, own, earlier: (key < own) | (key == own) & earlier),
    "marian": lambda t: {"encoder.PE": waves(t["encoder.PE"], halves=True)},
}
"""With nothing wrong, the same plain numpy says what the model does."""
