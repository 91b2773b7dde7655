"""Feed-forward networks, plain and gated."""

from __future__ import annotations

from byhand.core.graph import Node, scope
from byhand.core.ops import exp, maximum
from byhand.core.weights import Weights
from byhand.layers.activations import ACTIVATIONS
from byhand.layers.linear import linear


def feed_forward(x: Node, weight: Weights, d_ff: int, activation: str, name: str = "ffn", bias: bool = True) -> Node:
    """Return act(x W_1 + b_1) W_2 + b_2 (Vaswani et al. 2017, eq. 2). (T, d) -> (T, d_ff) -> (T, d)"""
    act, called = ACTIVATIONS[activation]
    equation, column_equation = f"{called}(x W₁ + b₁) W₂ + b₂", f"W₂ {called}(W₁ x + b₁) + b₂"
    if not bias:
        equation, column_equation = f"{called}(x W₁) W₂", f"W₂ {called}(W₁ x)"
    with scope(
        "", "feed-forward", equation=equation, column_equation=column_equation, source="Vaswani et al. 2017, eq. 2"
    ):
        hidden = linear(x, weight, "1", d_ff, bias).named("hidden")
        active = act(hidden).named(activation.split("_")[0], role="activation")
        return linear(active, weight, "2", x.shape[1], bias).named(name)


def gated_feed_forward(
    x: Node, weight: Weights, d_ff: int, activation: str, name: str = "ffn", bias: bool = False
) -> Node:
    """Return (act(x W) × (x V)) W_2 (Shazeer 2020, eq. 6). (T, d) -> (T, d_ff) -> (T, d)"""
    act, called = ACTIVATIONS[activation]
    if bias:
        equation = f"({called}(x W_gate + b) × (x W_up + b)) W_down + b"
        column_equation = f"W_down ({called}(W_gate x + b) × (W_up x + b)) + b"
    else:
        equation = f"({called}(x W_gate) × x W_up) W_down"
        column_equation = f"W_down ({called}(W_gate x) × W_up x)"
    with scope("", "gated feed-forward", equation=equation, column_equation=column_equation, source="Shazeer 2020"):
        gate = linear(x, weight, "gate", d_ff, bias).named("gate")
        active = act(gate).named(activation.split("_")[0], role="activation")
        up = linear(x, weight, "up", d_ff, bias).named("up")
        gated = (active * up).named("gated")  # (T, d_ff) * (T, d_ff)
        return linear(gated, weight, "down", x.shape[1], bias).named(name)


def clamped_feed_forward(x: Node, weight: Weights, d_ff: int, limit: float, alpha: float, name: str = "ffn") -> Node:
    """Return (g σ(α g) × (u + 1)) W_down + b, of a gate g and a factor u within the limit (OpenAI 2025, section 2.3).

    g is at most the limit, u from -limit to limit; a limit of 0 is none. (T, d) -> (T, d_ff) -> (T, d)
    """
    equation = f"(g × σ({alpha:g} g) × (u + 1)) W_down + b"
    with scope("", "clamped gate", equation=equation, source="OpenAI 2025, section 2.3"):
        gate = linear(x, weight, "gate", d_ff).named("gate")
        up = linear(x, weight, "up", d_ff).named("up")
        if limit:
            gate = (-maximum(-gate, -limit)).named("gate_clamped")
            up = maximum(-maximum(-up, -limit), -limit).named("up_clamped")
        active = (gate / (1 + exp(-alpha * gate))).named("swish", role="activation")
        gated = (active * (up + 1)).named("gated")  # (T, d_ff) * (T, d_ff)
        return linear(gated, weight, "down", x.shape[1]).named(name)
