"""The gated delta rule: a state that forgets a share, and then corrects what it says of a key."""

from __future__ import annotations

from byhand.core.graph import Node, scope
from byhand.core.ops import exp, sqrt
from byhand.core.weights import Weights
from byhand.layers.recurrence import sigmoid, softplus, stack_rows

PAPER = "Yang et al. 2025"
STEP = {"equation": "S = α S;  S = S + kᵀ β (v − k S);  y = q S", "source": f"{PAPER}, eq. 10"}
FIRST = {"equation": "S = kᵀ β v;  y = q S", "source": f"{PAPER}, eq. 10"}
SMALL = 1e-6
"""Keeps a length from being 0, as in the models that are trained."""


def unit_rows(x: Node, name: str) -> Node:
    """Return each row divided by its length, as the rule's keys and queries are. (T, d_k) -> (T, d_k)"""
    with scope("", "unit length", equation="x / √(Σ x² + ε)", source=f"{PAPER}, section 3.4"):
        length = sqrt((x * x).sum(1) + SMALL).named(f"{name}_length", role="root")
        return (x / length).named(f"{name}_unit", role="norm")


def kept_share(x: Node, weight: Weights) -> Node:
    """Return how much of the state each word lets stay, from 0 to 1: e^(−e^A softplus(x W + b)). (T, d) -> (T, 1)"""
    with scope("", "forget", equation="α = e^(−e^A × ln(1 + e^(x W + b)))", source="Gu and Dao 2023, section 3.2"):
        step = softplus(x @ weight("W_decay", x.shape[1], 1) + weight("b_decay", 1, 1, fill=1)).named("step")
        return exp(-exp(weight("A_log", 1, 1, fill=0)) * step).named("alpha", role="gate")


def strength(x: Node, weight: Weights) -> Node:
    """Return how strongly each word corrects the state, from 0 to 1. (T, d) -> (T, 1)"""
    with scope("", "correct", equation="β = 1 / (1 + e^(−x W))", source=f"{PAPER}, section 3"):
        return sigmoid(x @ weight("W_beta", x.shape[1], 1)).named("beta", role="gate")


def delta_rule(q: Node, k: Node, v: Node, alpha: Node, beta: Node) -> Node:
    """Return what each query reads from the state after its own word. (T, d_k) 2x, (T, d_v), (T, 1) 2x -> (T, d_v)

    The state says v for a key k by k S. Each word first lets it fade to α of it, then adds β of what it gets wrong;
    at the first word there is none yet.
    """
    state, read = None, []
    for t in range(int(q.shape[0])):
        with scope("", f"word {t + 1}", below=True, **(FIRST if state is None else STEP)):
            q_t, k_t, v_t, a_t, b_t = (table.rows(t, t + 1) for table in (q, k, v, alpha, beta))
            if state is None:
                state = (k_t.T @ (b_t * v_t).named("delta_1")).named("S_1", role="state")  # (d_k, 1) @ (1, d_v)
            else:
                faded = (a_t * state).named(f"faded_{t + 1}")  # (1, 1) * (d_k, d_v)
                recalled = (k_t @ faded).named(f"recalled_{t + 1}")  # (1, d_k) @ (d_k, d_v) -> (1, d_v)
                error = (b_t * (v_t - recalled)).named(f"delta_{t + 1}")
                state = (faded + k_t.T @ error).named(f"S_{t + 1}", role="state")
            read.append((q_t @ state).named(f"y_{t + 1}"))
    return stack_rows(read, q.shape[0])
