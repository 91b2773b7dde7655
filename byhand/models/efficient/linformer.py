"""Linformer (Wang et al. 2020): keys and values are reduced to a few rows, so that attention is a thin table."""

from byhand.core.graph import Node, page, scope, source
from byhand.core.weights import Weights
from byhand.language.approximate_attention import Options, approximate
from byhand.language.options import variant
from byhand.layers.attention import attend
from byhand.layers.attention_cost import Attention

PAPER = "Wang et al. 2020"


LINFORMER = variant(Options(), projected=2, shared=False)
"""projected: the number of rows to which keys, and values, are reduced. shared: by the same matrix."""


def fewer(rows: Node, by: Node, name: str) -> Node:
    """Return fewer rows, each a weighted sum of all. (k, T) @ (T, d_k) -> (k, d_k)"""
    with scope("", f"fewer {'keys' if name == 'K' else 'values'}", equation=f"{by.symbol} {name}", source=PAPER):
        return (by @ rows).named(f"{name}_few")


def thin_attention(q: Node, k: Node, v: Node, e: Node, f: Node) -> Node:
    """Return softmax(Q (E K)ᵀ / √d_k) F V (eq. 7). (T, d_k) ... -> (T, d_k)"""
    return attend(q, fewer(k, e, "K"), fewer(v, f, "V"), None)


def head(q: Node, k: Node, v: Node, weight: Weights, o: Options) -> list[Node]:
    """Return the thin attention, whose E and F are weights."""
    with page("", "Thin attention", equation="softmax(Q (E K)ᵀ / √d_k) F V", source=f"{PAPER}, eq. 7"):
        e = weight("E", o.projected, o.tokens)
        f = e if o.shared else weight("F", o.projected, o.tokens)
        return [thin_attention(q, k, v, e, f)]


def cheaply(weight: Weights, o: Options) -> Attention:
    """Return the thin attention of a longer text, whose multiplications are counted."""

    def counted(q: Node, k: Node, v: Node) -> Node:
        by = source("E", [[0] * int(q.shape[0])] * o.projected, role="given")
        return thin_attention(q, k, v, by, by)

    return counted


ARCHITECTURE = approximate(
    name="linformer",
    title="Linformer",
    source=PAPER,
    about="a few sums of keys and values in place of all of them",
    options=LINFORMER,
    seed=16088,
    sizes={
        "small": {},
        "medium": {"tokens": 6, "d_model": 6, "d_k": 3, "projected": 3},
        "large": {"tokens": 8, "d_model": 8, "d_k": 4, "projected": 3},
    },
    head=head,
    cheaply=cheaply,
)
