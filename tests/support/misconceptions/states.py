"""Misconceptions about states that are carried on, experts, neighbours and programs, in plain numpy; never byhand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from support.misconceptions.transformer import Array, Case, Tables, softmax, turned
from support.misconceptions.variants import sigmoid


def recurrent(act: Any = np.tanh, carry: Any = lambda h0, h1: h1, kept: float = 1) -> Case:
    """Two steps of Elman's network; the second goes on from what `carry` says."""

    def case(t: Tables) -> dict[str, Array]:
        x, h0 = t["x"], t["layer1.h_0"]
        w, u, b = (t[f"layer1.{name}"] for name in ("W", "U", "b"))
        a1 = x[..., :1, :] @ w + kept * (h0 @ u) + b
        h1 = act(a1)
        a2 = x[..., 1:, :] @ w + kept * (carry(h0, h1) @ u) + b
        return {"layer1.a_1": a1, "layer1.h_1": h1, "layer1.a_2": a2, "layer1.h_2": act(a2)}

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
        return {"layer1.i_1": i, "layer1.f_1": f, "layer1.g_1": g, "layer1.c_1": c, "layer1.h_1": show(o, c)}

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


def two_experts(choose: Callable[[Array], Array], shared: bool = True, counted: Any = None) -> Case:
    """counted: which experts get a word, where those are not the ones whose gates are open."""

    def case(t: Tables) -> dict[str, Array]:
        p = t["layer1.p"]
        chosen = choose(p)
        kept = p * chosen
        got = chosen if counted is None else counted(p)
        return {"layer1.p": p, "layer1.gates": kept / kept.sum(-1, keepdims=True) if shared else kept} | {
            "layer1.load": got.sum(-2, keepdims=True)
        }

    return case


def full(
    itself: bool = True, room: int | None = None, gate: bool = True, limit: bool = True, most: bool = True
) -> Case:
    """Word by word to the expert of two with the larger p, while that one has room."""

    def case(t: Tables) -> dict[str, Array]:
        p = t["layer1.p"]
        most_words = p.shape[1] // 2 if room is None else room
        queue, gates = np.zeros_like(p), np.zeros_like(p)
        for draw in range(len(p)):
            got = np.zeros(2)
            for word in range(p.shape[1]):
                chosen = int(np.argmax(p[draw, word]))
                chosen = chosen if most else 1 - chosen
                before = got.copy()
                got[chosen] += 1
                queue[draw, word] = got if itself else before
                if not limit or queue[draw, word, chosen] <= most_words:
                    gates[draw, word, chosen] = p[draw, word, chosen] if gate else 1
        load = (gates > 0).sum(-2, keepdims=True).astype(float)
        return {"layer1.queue": queue, "layer1.gates": gates, "layer1.load": load}

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


def corrected(
    fade: Any = lambda a, s: a * s,
    ask: Any = lambda k, faded, s: k @ faded,
    wrong: Any = lambda b, v, said: b * (v - said),
) -> Case:
    """Two words of the gated delta rule, from q, k, v, α and β, which are right."""

    def case(t: Tables) -> dict[str, Array]:
        at = "layer1.head1."
        state, found = None, dict[str, Array]()
        for n in (0, 1):
            q, k, v, a, b = (
                t[f"{at}{name}"][..., n : n + 1, :] for name in ("Q_scaled", "K_unit", "V_mixed", "alpha", "beta")
            )
            if state is None:
                state = turned(k) @ (b * v)
                found |= {f"{at}delta_1": b * v, f"{at}S_1": state, f"{at}y_1": q @ state}
                continue
            faded = fade(a, state)
            said = ask(k, faded, state)
            error = wrong(b, v, said)
            state = faded + turned(k) @ error
            names = (f"faded_{n + 1}", f"recalled_{n + 1}", f"delta_{n + 1}", f"S_{n + 1}", f"y_{n + 1}")
            found |= {
                at + name: table for name, table in zip(names, (faded, said, error, state, q @ state), strict=True)
            }
        return found

    return case


CASES: dict[str, tuple[str, Case]] = {
    "delta-without-what-is-recalled": ("delta", corrected(wrong=lambda b, v, said: b * v)),
    "recalled-before-fading": ("delta", corrected(ask=lambda k, faded, s: k @ s)),
    "state-not-faded": ("delta", corrected(fade=lambda a, s: s)),
    "delta-at-full-strength": ("delta", corrected(wrong=lambda b, v, said: v - said)),
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
    "all-chosen": ("mixtral", two_experts(np.ones_like, counted=lambda p: largest(p, 2))),
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

MORE: list[tuple[str, str, Case]] = [
    ("state-left-out", "lstm", lambda t: {"layer1.i_1": sigmoid(t["x"] @ t["layer1.W_i"] + t["layer1.b_i"])}),
    ("state-without-tanh", "lstm", cell(show=lambda o, c: o * c)),
    ("state-left-out", "mamba", scan(go=lambda fade, h, new: new)),
    ("all-chosen", "knn-lm", neighbours(chosen=3)),
    ("one-chosen-too-few", "knn-lm", neighbours(chosen=1)),
    ("others-chosen", "switch", full(most=False)),
]
"""The same misconceptions in other places."""

RIGHT: dict[str, Case] = {
    "rnn": recurrent(),
    "lstm": cell(),
    "mamba": scan(),
    "delta": corrected(),
    "linear": linear(),
    "mixtral": two_experts(lambda p: largest(p, 2)),
    "switch": full(),
    "knn-lm": neighbours(),
    "retro": chunk(),
    "sort": sorted_by(lambda key, own, earlier: (key < own) | (key == own) & earlier),
}
"""With nothing wrong, the same plain numpy says what the model does."""
