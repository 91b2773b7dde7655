"""Layers that carry a state from one time step to the next, as plain functions from tables to tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from byhand.core.graph import Dim, Node, page, scope, source
from byhand.core.ops import below, beside, exp, log, stretch, tanh
from byhand.core.weights import Weights
from byhand.layers.linear import adapted, linear

GATES = "ifgo"
"""Input, forget, cell and output gate, in the order in which torch.nn.LSTM stores them."""

RNN = {"equation": "hₜ = tanh(xₜ W + hₜ₋₁ U + b)", "column_equation": "hₜ = tanh(W xₜ + U hₜ₋₁ + b)"}
SCAN = {"equation": "hₜ = Āₜ × hₜ₋₁ + B̄ₜ × xₜ;  yₜ = hₜ Cₜᵀ", "source": "Gu and Dao 2023, eq. 2"}
LSTM = {"equation": "cₜ = f × cₜ₋₁ + i × g;  hₜ = o × tanh(cₜ)"}

Step = Callable[[int, Node, Sequence[Node]], tuple[Node, ...]]
"""(the step's number, a row of input (1, e), the state) -> the next state, whose first table is h (1, d)."""


def sigmoid(x: Node) -> Node:
    """Return 1 / (1 + e^-x), which is between 0 and 1."""
    return 1 / (1 + exp(-x))


def softplus(x: Node) -> Node:
    """Return ln(1 + e^x), which is above 0 (Dugas et al. 2001)."""
    return log(1 + exp(x))


def stack_rows(tables: Sequence[Node], tokens: Dim) -> Node:
    """Return tables of one row stacked as the rows of these tokens. (1, d) ... -> (T, d)"""
    return stretch(below(*tables), rows=tokens, columns=tables[0].shape[1])


def start(width: int, *names: str) -> tuple[Node, ...]:
    """Return the state before the first step: zeros, as inputs that can be changed. (1, d) each"""
    return tuple(source(name, [[0.0] * width], role="input") for name in names)


def rnn_step(weight: Weights, ins: int, width: int, name: str = "h") -> Step:
    """Return the step h_t = tanh(x_t W + h_{t-1} U + b) (Elman 1990). (1, e), (1, d) -> (1, d)"""
    w, u, b = adapted(weight, "W", ins, width), adapted(weight, "U", width, width), weight("b", 1, width)

    def step(t: int, x: Node, state: Sequence[Node]) -> tuple[Node, ...]:
        before = (x @ w + state[0] @ u + b).named(f"a_{t}")  # (1, e) @ (e, d) + (1, d) @ (d, d)
        return (tanh(before).named(f"{name}_{t}", role="state"),)

    return step


def lstm_step(weight: Weights, ins: int, width: int, two_biases: bool = False, name: str = "h") -> Step:
    """Return the step of an LSTM with its four gates (Hochreiter and Schmidhuber 1997; Gers et al. 2000).

    (1, e), (1, d), (1, d) -> (1, d), (1, d). `two_biases`: one for x and one for h, as in torch.nn.LSTM.
    """
    w = {gate: adapted(weight, f"W_{gate}", ins, width) for gate in GATES}
    u = {gate: adapted(weight, f"U_{gate}", width, width) for gate in GATES}
    b = {gate: weight(f"b_{gate}", 1, width) for gate in GATES}
    second = {gate: weight(f"bh_{gate}", 1, width) for gate in GATES} if two_biases else {}

    def step(t: int, x: Node, state: Sequence[Node]) -> tuple[Node, ...]:
        h, c = state
        opened = {}
        for gate in GATES:
            before = x @ w[gate] + h @ u[gate] + b[gate]  # (1, e) @ (e, d) + (1, d) @ (d, d)
            before = before + second[gate] if two_biases else before
            opened[gate] = (tanh if gate == "g" else sigmoid)(before).named(f"{gate}_{t}", role="gate")
        c = (opened["f"] * c + opened["i"] * opened["g"]).named(f"c_{t}", role="state")
        return (opened["o"] * tanh(c)).named(f"{name}_{t}", role="state"), c

    return step


def unroll(
    step: Step, x: Node, state: Sequence[Node], about: dict[str, Any], backward: bool = False, pages: bool = False
) -> list[tuple[Node, ...]]:
    """Return the state after each row of x. about: the caption of each step; pages: each step has its own page.

    `backward` reads from the last row to the first.
    """
    states: dict[int, tuple[Node, ...]] = {}
    places = range(int(x.shape[0]))
    for t in reversed(places) if backward else places:
        with page("", f"Step {t + 1}", **about) if pages else scope("", f"step {t + 1}", below=True, **about):
            state = states[t] = step(t + 1, x.rows(t, t + 1), state)
    return [states[t] for t in places]


def causal_convolution(x: Node, taps: Node) -> Node:
    """Return each channel's weighted sum of its last K numbers, zeros before the first. (T, D), (K, D) -> (T, D)"""
    length, width, reach = int(x.shape[0]), int(x.shape[1]), int(taps.shape[0])
    total = x * taps.rows(reach - 1, reach)
    for back in range(1, min(reach, length)):
        earlier = below(stretch(0, rows=back, columns=width), x.rows(0, length - back))
        total = total + earlier * taps.rows(reach - 1 - back, reach - back)
    return total


def selective_scan(x: Node, delta: Node, a: Node, b: Node, c: Node, zoh: bool = False) -> Node:
    """Return a scan whose input and decay depend on the word, with N numbers a channel (Gu and Dao 2023, algorithm 2).

    x, delta: (T, D); a: (D, N); b, c: (T, N) -> (T, D). B̄ is Δ B, or (`zoh`, their eq. 4) (e^(Δ A) - 1) / A × B.
    """
    channels, state = int(x.shape[1]), int(a.shape[1])
    h = source("h_0", [[0.0] * state] * channels, role="input")
    shown = []
    for t in range(int(x.shape[0])):
        with scope("", f"step {t + 1}", below=True, **SCAN):
            step, here, b_t, c_t = (table.rows(t, t + 1) for table in (delta, x, b, c))
            a_bar = exp(step.T * a).named(f"Abar_{t + 1}")  # (D, 1) * (D, N)
            b_bar = (((a_bar - 1) / a if zoh else step.T) * b_t).named(f"Bbar_{t + 1}")  # (D, 1) * (1, N)
            h = (a_bar * h + b_bar * here.T).named(f"h_{t + 1}", role="state")
            shown.append((h @ c_t.T).named(f"y_{t + 1}").T)  # (D, N) @ (N, 1) -> (D, 1)
    return stack_rows(shown, x.shape[0])


def cell(weight: Weights, ins: int, o: Any, name: str) -> Step:
    """Return the step of an LSTM or RNN, as the options choose; h is called `name`."""
    return lstm_step(weight, ins, o.d_model, o.two_biases, name) if o.lstm else rnn_step(weight, ins, o.d_model, name)


def annotate(x: Node, weight: Weights, o: Any) -> tuple[Node, list[Node]]:
    """Return the annotations h_j, and the last state of each direction (section 3.2). (S, e) -> (S, 2d), (1, 2d) ..."""
    sides = (("forward", "Forward"), ("backward", "Backward")) if o.bidirectional else (("", "Words"),)
    rows, ends = [], []
    for side, title in sides:
        with page(side, title, source="Bahdanau et al. 2015, section 3.2"):
            state = start(o.d_model, "h_0", *(["c_0"] if o.lstm else []))
            step = cell(weight, o.d_embed, o, "h")
            states = unroll(step, x, state, LSTM if o.lstm else RNN, side == "backward")
        rows.append([h for h, *_ in states])
        ends.append(states[0 if side == "backward" else -1])
    with page("", "Annotations", equation="H = [forward; backward]" if o.bidirectional else "H"):
        memory = beside(*(stack_rows(side, x.shape[0]) for side in rows)).named("H")
        return memory, [beside(*parts) for parts in zip(*ends, strict=True)]


def first_state(ends: Sequence[Node], weight: Weights, o: Any) -> list[Node]:
    """Return the decoder's first state: a layer on the encoder's last h, or its last state itself. (1, 2d) -> (1, d)"""
    if not (o.bridge or o.bidirectional):
        return list(ends)
    with scope("", "start", equation="s₀ = tanh([forward; backward] W + b)"):
        return [
            tanh(linear(ends[0], weight, f"{name}0", o.d_model)).named(f"{name}_0", role="state")
            for name in ("sc" if o.lstm else "s")
        ]
