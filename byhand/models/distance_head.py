"""A head that scores apart what a key says and how far away it is (Dai et al. 2019, section 3.3)."""

from typing import Any

from byhand.graph import Node, scope
from byhand.layers import attend, linear
from byhand.ops import sqrt
from byhand.positions import shifted
from byhand.weights import Weights

PAPER = "Dai et al. 2019"
HEAD = {
    "equation": "softmax(((Q + u) Kᵀ + (Q + v) Rᵀ) / √d_k) V",
    "column_equation": "V softmax((Kᵀ (Q + u) + Rᵀ (Q + v)) / √d_k)",
    "source": f"{PAPER}, section 3.3",
}


def head(x: Node, seen: Node, mask: Node, places: Node, weight: Weights, o: Any) -> Node:
    """One head: what a key says, and how far away it is, each met by the query and by a learned row. -> (T, d_k)"""
    q = linear(x, weight, "Q", o.d_k, o.attention_bias).named("Q")  # (T, d) @ (d, d_k) -> (T, d_k)
    k, v = (linear(seen, weight, name, o.d_k, o.attention_bias).named(name) for name in "KV")  # (M + T, d_k)
    r = linear(places, weight, "R", o.d_k, bias=False).named("R")  # (n, d) @ (d, d_k) -> (n, d_k)
    with scope("", "by distance", equation="(Q + v) Rᵀ / √d_k", source=f"{PAPER}, section 3.3, terms b and d"):
        asks = (q + weight("bias_v", 1, o.d_k)).named("Q_place")
        by_distance = (asks @ r.T / sqrt(o.d_k)).named("by_distance")  # (T, d_k) @ (d_k, n) -> (T, n)
        by_key = shifted(by_distance, seen.shape[0]).named("by_key", role="positions")
    with scope("", "by content", equation="(Q + u) Kᵀ / √d_k", source=f"{PAPER}, section 3.3, terms a and c"):
        content = (q + weight("bias_u", 1, o.d_k)).named("Q_content")
    return attend(content, k, v, mask, bias=by_key)
