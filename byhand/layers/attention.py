"""Attention: softmax, one head, several heads."""

from __future__ import annotations

from byhand.core.graph import Dim, Node, page, scope, source
from byhand.core.labels import Labels
from byhand.core.ops import beside, exp, power, sqrt, stretch, tanh, where
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.layers.linear import linear

NEG_INF = source("neg_inf", -1e30, role="constant", meaning="so far below 0 that e to it is 0")
"""−1e30 in place of −∞, which a spreadsheet does not have; exp(−1e30) is exactly 0."""


def softmax(x: Node, base: float | None = None) -> Node:
    """Return each row as probabilities: e^(x - max) over the row's total; `base` replaces e. (T, n) -> (T, n)"""
    with scope("softmax", "softmax", equation="e^(x − max) / Σ e^(x − max)", look=Look.RESULT):
        shifted = (x - x.max(1).named("max", role="shift")).named("shifted", role="shifted")
        powers = (exp(shifted) if base is None else power(base, shifted)).named("exp", role="exp")
        return (powers / powers.sum(1).named("total", role="total")).named("p", role="softmax")


def attend(
    q: Node,
    k: Node,
    v: Node,
    mask: Node | None,
    scale: float | None = None,
    base: float | None = None,
    cap: float | None = None,
    bias: Node | None = None,
    sink: Node | None = None,
) -> Node:
    """Return softmax(Q K^T / sqrt(d_k) + mask) V (Vaswani et al. 2017, eq. 1). A mask is 1 where a key may be seen.

    (T, d_k), (S, d_k), (S, d_v), mask (T, S) or (1, S) -> (T, d_v). `scale` replaces sqrt(d_k), `base` e.
    A scale of 1 is left out. `cap` keeps the scaled scores between -cap and cap; `bias` (T, S) is added to them. `sink`
    (1, 1) stands beside the scores of each query, takes its share of the softmax, and has no value.
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
    if sink is not None:
        scaled = _beside_sink(scaled, sink)
    weights = softmax(scaled, base)
    if sink is not None:
        weights = weights.columns(0, int(k.shape[0]))
        weights.shape = (scores.shape[0], scores.shape[1])
    weights = weights.named("weights", role="attention")
    return (weights @ v).named("Z", role="heads")  # (T, S) @ (S, d_v) -> (T, d_v)


def _beside_sink(scores: Node, sink: Node) -> Node:
    """Return the scores with the sink's as one more column (OpenAI 2025, section 2.2). (T, S), (1, 1) -> (T, S + 1)"""
    with scope("", "beside the sink", equation="[scores; sink]", source="OpenAI 2025, section 2.2"):
        rows, columns = scores.shape
        joined = beside(scores, stretch(sink, rows=rows, columns=1))
        if isinstance(columns.labels, Labels):
            joined.shape = (rows, Dim(columns + 1, Labels("keys", (*columns.labels.words, "sink"))))
        return joined.named("beside_sink")


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
    """Return one head: queries from x, keys and values from memory. (T, d), (S, d) -> (T, d_k)"""
    q = linear(x, weight, "Q", d_k, bias).named("Q")
    k = linear(memory, weight, "K", d_k, bias).named("K")
    v = linear(memory, weight, "V", d_k, bias).named("V")
    return attend(q, k, v, mask, scale, base)


def attention_equations(
    masked: bool,
    divided: str = " / √d_k",
    capped: bool = False,
    added: str = "",
    source: str = "",
    sink: bool = False,
) -> dict[str, str]:
    """Return the equation and source for a page of attention, with the scores' divisor, cap, bias and sink."""

    def of(scores: str) -> str:
        scaled = f"{f'cap({scores}{divided})' if capped else f'{scores}{divided}'}{added}"
        masked_scores = f"mask({scaled})" if masked else scaled
        return f"softmax([{masked_scores}; sink])" if sink else f"softmax({masked_scores})"

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
    """Return the heads side by side; each has its own page. (T, d), (S, d) -> (T, d)"""
    d_k = x.shape[1] // heads
    outputs = []
    for h in range(1, heads + 1):
        with page(f"head{h}", f"Head {h}", **attention_equations(mask is not None)):
            outputs.append(attention_head(x, memory, weight, d_k, mask, bias, scale, base))
    return beside(*outputs)


def join_heads(z: Node, weight: Weights, width: int, bias: bool, name: str = "attention") -> Node:
    """Return Concat(head_1, ..., head_h) W_O (Vaswani et al. 2017, section 3.2.2). (T, heads * d_k) -> (T, width)"""
    equation, column_equation = "Concat(Z₁, …, Z_h) W_O", "W_O Concat(Z₁, …, Z_h)"
    place = "Vaswani et al. 2017, section 3.2.2"
    with scope(
        "", "join the heads", equation=equation, column_equation=column_equation, source=place, look=Look.ATTENTION
    ):
        return linear(z, weight, "O", width, bias).named(name)
