"""The layers of the papers, as plain functions from tables to tables."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from byhand.graph import Dim, Node, page, scope, source
from byhand.ops import (
    alternate,
    beside,
    constant,
    cos,
    erf,
    exp,
    log,
    lookup,
    maximum,
    mean_square,
    one_hot,
    pi,
    power,
    sin,
    sqrt,
    tanh,
    where,
)
from byhand.weights import Weights

NEG_INF = source("neg_inf", -1e30, role="constant")
"""Minus infinity for a spreadsheet, which has none: e to this power is exactly 0."""


def linear(x: Node, weight: Weights, name: str, width: int, bias: bool = True) -> Node:
    """x W + b, not named. (T, d) @ (d, width) + (1, width) -> (T, width); the weights are W_name and b_name."""
    product = x @ weight(f"W_{name}", x.shape[1], width)
    return product + weight(f"b_{name}", 1, width) if bias else product


def softmax(x: Node, base: float | None = None) -> Node:
    """Each row to probabilities: e^(x - max) over the row's total; `base` replaces e. (T, n) -> (T, n)"""
    with scope("softmax", "softmax", equation="e^(x − max) / Σ e^(x − max)"):
        shifted = (x - x.max(1).named("max", role="shift")).named("shifted", role="shifted")
        powers = (exp(shifted) if base is None else power(base, shifted)).named("exp", role="exp")
        return (powers / powers.sum(1).named("total", role="total")).named("p", role="softmax")


def layer_norm(x: Node, weight: Weights, name: str, eps: float) -> Node:
    """Each row to mean 0 and variance 1, then gain and shift (Ba et al. 2016, eq. 4). (T, d) -> (T, d)"""
    equation = "(x − mean) / √(variance + ε) × γ + β"
    with scope(name, "layer norm", equation=equation, source="Ba et al. 2016, eq. 4"):
        deviation = (x - x.mean(1).named("mean", role="mean")).named("deviation", role="deviation")
        variance = mean_square(deviation, axis=1).named("variance", role="variance")
        root = sqrt(variance + weight.constant("eps", eps)).named("root", role="root")
        normalised = (deviation / root).named("normalised", role="norm")
        gamma, beta = weight("gamma", 1, x.shape[1], fill=1), weight("beta", 1, x.shape[1], fill=0)
        gained = normalised * gamma + beta
    return gained.named(name)


def rms_norm(
    x: Node, weight: Weights, name: str, eps: float | Node, from_one: bool = False, gamma: Node | None = None
) -> Node:
    """Each row over the root of its mean square, then gain (Zhang and Sennrich 2019, eq. 4). (T, d) -> (T, d)

    `from_one`: the gain is 1 + γ. `eps` is the model's, or a constant of its own. `gamma`: a weight that norms share.
    """
    equation = f"x / √(mean of x² + ε) × {'(1 + γ)' if from_one else 'γ'}"
    with scope(name, "RMS norm", equation=equation, source="Zhang and Sennrich 2019, eq. 4"):
        square = mean_square(x, axis=1).named("mean_square", role="mean_square")
        small = eps if isinstance(eps, Node) else weight.constant("eps", eps)
        root = sqrt(square + small).named("root", role="root")
        normalised = (x / root).named("normalised", role="norm")
        gain = weight("gamma", 1, x.shape[1], fill=0 if from_one else 1) if gamma is None else gamma
        gained = normalised * (1 + gain if from_one else gain)
    return gained.named(name)


def relu(x: Node) -> Node:
    return maximum(x, 0)


def gelu(x: Node) -> Node:
    """x Phi(x), with the exact normal distribution function (Hendrycks and Gimpel 2016, section 2)."""
    return 0.5 * x * (1 + erf(x / sqrt(2)))


def gelu_tanh(x: Node) -> Node:
    """The tanh approximation of GELU (Hendrycks and Gimpel 2016, section 2), as in GPT-2."""
    return 0.5 * x * (1 + tanh(sqrt(2 / pi()) * (x + 0.044715 * power(x, 3))).named("tanh"))


def gelu_bloom(x: Node) -> Node:
    """The same with √(2/π) rounded to eight digits, as BLOOM was trained."""
    return 0.5 * x * (1 + tanh(constant(value=79788456.0) / 100_000_000 * (x + 0.044715 * power(x, 3))).named("tanh"))


def silu(x: Node) -> Node:
    """x times the logistic function of x (Hendrycks and Gimpel 2016, section 2; Ramachandran et al. 2017)."""
    return x / (1 + exp(-x))


ACTIVATIONS: dict[str, tuple[Callable[[Node], Node], str]] = {
    "relu": (relu, "ReLU"),
    "gelu": (gelu, "GELU"),
    "gelu_tanh": (gelu_tanh, "GELU"),
    "gelu_bloom": (gelu_bloom, "GELU"),
    "silu": (silu, "SiLU"),
}
"""Name -> the function, and what the papers call it."""


def feed_forward(x: Node, weight: Weights, d_ff: int, activation: str, name: str = "ffn", bias: bool = True) -> Node:
    """Two linear layers with an activation between (Vaswani et al. 2017, eq. 2). (T, d) -> (T, d_ff) -> (T, d)"""
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
    """One linear layer, through an activation, gates another (Shazeer 2020, eq. 6). (T, d) -> (T, d_ff) -> (T, d)"""
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


def attend(
    q: Node,
    k: Node,
    v: Node,
    mask: Node | None,
    scale: float | None = None,
    base: float | None = None,
    cap: float | None = None,
    bias: Node | None = None,
) -> Node:
    """softmax(Q K^T / sqrt(d_k) + mask) V (Vaswani et al. 2017, eq. 1). A mask is 1 where a key may be seen.

    (T, d_k), (S, d_k), (S, d_v), mask (T, S) or (1, S) -> (T, d_v). `scale` replaces sqrt(d_k), `base` e.
    A scale of 1 is left out. `cap` keeps the scaled scores between -cap and cap; `bias` (T, S) is added to them.
    """
    divisor = sqrt(q.shape[1]) if scale is None else scale
    scores = (q @ k.T).named("scores", role="scores")  # (T, d_k) @ (d_k, S) -> (T, S)
    scaled = scores if scale == 1 else (scores / divisor).named("scaled", role="scale")
    if cap is not None:
        scaled = (cap * tanh(scaled / cap)).named("capped", role="cap")
    if bias is not None:
        scaled = (scaled + bias).named("biased", role="bias")
    if mask is not None:
        scaled = where(mask, scaled, NEG_INF).named("masked", role="mask")
    weights = softmax(scaled, base).named("weights", role="attention")
    return (weights @ v).named("Z", role="heads")  # (T, S) @ (S, d_v) -> (T, d_v)


def attention_head(
    x: Node,
    memory: Node,
    weight: Weights,
    d_k: int,
    mask: Node | None,
    bias: bool,
    scale: float | None = None,
    base: float | None = None,
) -> Node:
    """One head: queries from x, keys and values from memory. (T, d), (S, d) -> (T, d_k)"""
    q = linear(x, weight, "Q", d_k, bias).named("Q")
    k = linear(memory, weight, "K", d_k, bias).named("K")
    v = linear(memory, weight, "V", d_k, bias).named("V")
    return attend(q, k, v, mask, scale, base)


def attention_equations(
    masked: bool, divided: str = " / √d_k", capped: bool = False, added: str = "", source: str = ""
) -> dict[str, str]:
    """What a page of attention says of itself: what its scores are divided by, whether capped, and what is added."""

    def of(scores: str) -> str:
        asked = f"{f'cap({scores}{divided})' if capped else f'{scores}{divided}'}{added}"
        return f"softmax({f'mask({asked})' if masked else asked})"

    source = source or "Vaswani et al. 2017, eq. 1"
    return {"equation": f"{of('Q Kᵀ')} V", "column_equation": f"V {of('Kᵀ Q')}", "source": source}


def multi_head(
    x: Node,
    memory: Node,
    weight: Weights,
    heads: int,
    mask: Node | None,
    bias: bool,
    scale: float | None = None,
    base: float | None = None,
) -> Node:
    """The heads, each on a page of its own, side by side. (T, d), (S, d) -> (T, d)"""
    d_k = x.shape[1] // heads
    outputs = []
    for h in range(1, heads + 1):
        with page(f"head{h}", f"Head {h}", **attention_equations(mask is not None)):
            outputs.append(attention_head(x, memory, weight, d_k, mask, bias, scale, base))
    return beside(*outputs)


def join_heads(z: Node, weight: Weights, width: int, bias: bool, name: str = "attention") -> Node:
    """Concat(head_1, ..., head_h) W_O (Vaswani et al. 2017, section 3.2.2). (T, heads * d_k) -> (T, width)"""
    equation, column_equation = "Concat(Z₁, …, Z_h) W_O", "W_O Concat(Z₁, …, Z_h)"
    place = "Vaswani et al. 2017, section 3.2.2"
    with scope("", "join the heads", equation=equation, column_equation=column_equation, source=place):
        return linear(z, weight, "O", width, bias).named(name)


def residual(x: Node, change: Node, name: str) -> Node:
    """x + change: the path on which the input stays (He et al. 2016, eq. 1). (T, d), (T, d) -> (T, d)"""
    with scope("", "⊕ residual", equation="x + sublayer(x)", source="He et al. 2016, eq. 1"):
        return (x + change).named(name, role="residual")


def embed(table: Node, ids: Node, name: str, scale: float | None = None) -> Node:
    """The table's row for each word, multiplied by `scale` if given. (V, d), (T, 1) -> (T, d)"""
    with scope("", "word embeddings", equation="E[word] × √d" if scale else "E[word]"):
        found = lookup(table, ids)
        return (found * sqrt(scale) if scale else found).named(name)


def position_column(tokens: Dim) -> Node:
    """0, 1, 2, ... a row for each token. (T, 1)"""
    return source("position", np.arange(tokens)[:, None], role="given", rows=tokens.of)


def sinusoidal(position: Node, width: int, halves: bool = False) -> Node:
    """sin and cos of position / 10000^(2i / d) by turns (Vaswani et al. 2017, section 3.5). (T, 1) -> (T, width)

    halves: all sines first, then all cosines.
    """
    equation, place = "sin, cos of position / 10000^(2i/d)", "Vaswani et al. 2017, section 3.5"
    with scope("", "positional encoding", equation=equation, source=place):
        twice = source("two_i", np.arange(0, width, 2), role="given")
        rate = (1 / power(10000, twice / width)).named("rate", role="rate")
        angle = (position * rate).named("angle")  # (T, 1) * (1, width/2) -> (T, width/2)
        if halves:
            encoding = beside(sin(angle), cos(angle).columns(0, width // 2)) if width > 1 else sin(angle)
        else:
            encoding = alternate(sin(angle), cos(angle), width=width)
        return encoding.named("PE", role="positions")


def causal_mask(tokens: Dim) -> Node:
    """1 where the key is not after the query, so that no word sees the ones to come. (T, T)"""
    return source("causal_mask", np.tri(tokens), role="mask", rows=tokens.of, columns=tokens.of)


def cross_entropy(logits: Node, targets: Node, smoothing: Node | None = None) -> tuple[Node, Node]:
    """-Σ y ln softmax(x) for each row, and 1 where a target counts. (T, V), (T, 1) -> (T, 1), (T, 1)

    y is 1 at the target; a target of -1 is ignored. With `smoothing` ε, y is 1 - ε + ε/V at the target and ε/V
    elsewhere (Szegedy et al. 2016, section 7).
    """
    with scope("", "log-softmax", equation="ln p = x − max − ln Σ e^(x − max)"):
        shifted = (logits - logits.max(1).named("max", role="shift")).named("shifted")
        total = exp(shifted).named("exp").sum(1).named("total")
        log_p = (shifted - log(total)).named("log_p", role="log_softmax")
    with scope("", "cross-entropy", equation="−Σ y ln p"):
        y = one_hot(targets, width=logits.shape[1]).named("y")
        counted = y.sum(1).named("counted")
        if smoothing is not None:
            y = ((1 - smoothing) * y + smoothing / int(logits.shape[1]) * counted).named("smoothed")
        return (-(y * log_p).sum(1)).named("losses", role="losses"), counted
