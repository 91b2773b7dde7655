"""What an encoder says of each word, having read up to it from both ends (Bahdanau et al. 2015, section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from byhand.graph import Node, page, scope
from byhand.layers import linear
from byhand.ops import beside, tanh
from byhand.recurrence import LSTM, RNN, Step, lstm_step, rnn_step, rows_of, start, unrolled
from byhand.weights import Weights


def cell(weight: Weights, ins: int, o: Any, name: str) -> Step:
    """One step of the kind of network that the options choose; h goes by `name`."""
    return lstm_step(weight, ins, o.d_model, o.two_biases, name) if o.lstm else rnn_step(weight, ins, o.d_model, name)


def annotated(x: Node, weight: Weights, o: Any) -> tuple[Node, list[Node]]:
    """The annotations h_j, and the last state of each direction (section 3.2). (S, e) -> (S, 2d), (1, 2d) ..."""
    sides = (("forward", "Forward"), ("backward", "Backward")) if o.bidirectional else (("", "Words"),)
    rows, ends = [], []
    for side, title in sides:
        with page(side, title, source="Bahdanau et al. 2015, section 3.2"):
            state = start(o.d_model, "h_0", *(["c_0"] if o.lstm else []))
            step = cell(weight, o.d_embed, o, "h")
            states = unrolled(step, x, state, LSTM if o.lstm else RNN, side == "backward")
        rows.append([h for h, *_ in states])
        ends.append(states[0 if side == "backward" else -1])
    with page("", "Annotations", equation="H = [forward; backward]" if o.bidirectional else "H"):
        memory = beside(*(rows_of(side, x.shape[0]) for side in rows)).named("H")
        return memory, [beside(*parts) for parts in zip(*ends, strict=True)]


def first_state(ends: Sequence[Node], weight: Weights, o: Any) -> list[Node]:
    """Where the decoder starts: a layer of the encoder's last h, or its last state itself. (1, 2d) -> (1, d)"""
    if not (o.bridge or o.bidirectional):
        return list(ends)
    with scope("", "start", equation="s₀ = tanh([forward; backward] W + b)"):
        return [
            tanh(linear(ends[0], weight, f"{name}0", o.d_model)).named(f"{name}_0", role="state")
            for name in ("sc" if o.lstm else "s")
        ]
