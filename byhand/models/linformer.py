"""Linformer (Wang et al. 2020): all keys and values are added up to a few, so that attention is a thin table."""

from dataclasses import dataclass

from byhand.graph import Node, page, scope, source
from byhand.layers import attend, attention_equations, linear
from byhand.models.architecture import Architecture, Graph, Inputs
from byhand.models.parts import table_of_input
from byhand.savings import distance, savings
from byhand.weights import Weights

PAPER = "Wang et al. 2020"


@dataclass(frozen=True)
class Options:
    """projected: to how many rows all keys, and all values, are added up. shared: in the same way."""

    tokens: int = 4
    d_model: int = 4
    d_k: int = 2
    projected: int = 2
    shared: bool = False


def fewer(rows: Node, by: Node, name: str) -> Node:
    """Each new row is a sum of the old ones, weighed. (k, T) @ (T, d_k) -> (k, d_k)"""
    with scope("", f"fewer {'keys' if name == 'K' else 'values'}", equation=f"{by.symbol} {name}", source=PAPER):
        return (by @ rows).named(f"{name}_few")


def thin_attention(q: Node, k: Node, v: Node, e: Node, f: Node) -> Node:
    """softmax(Q (E K)ᵀ / √d_k) F V (eq. 7). (T, d_k) ... -> (T, d_k)"""
    return attend(q, fewer(k, e, "K"), fewer(v, f, "V"), None)


def exactly(q: Node, k: Node, v: Node) -> Node:
    return attend(q, k, v, None)


def build(o: Options, weight: Weights, inputs: Inputs) -> Graph:
    with page("", "Input"):
        x = table_of_input(weight, o.tokens, o.d_model)
        with scope("", "queries, keys, values", equation="X W_Q, X W_K, X W_V"):
            q, k, v = (linear(x, weight, name, o.d_k, bias=False).named(name) for name in "QKV")
    with page("", "Thin attention", equation="softmax(Q (E K)ᵀ / √d_k) F V", source=f"{PAPER}, eq. 7"):
        e = weight("E", o.projected, o.tokens)
        f = e if o.shared else weight("F", o.projected, o.tokens)
        z = thin_attention(q, k, v, e, f).playing("result")
    with page("exact", "Exact attention", **attention_equations(False)):
        exact = exactly(q, k, v)

    def cheaply(q: Node, k: Node, v: Node) -> Node:
        by = source("E", [[0] * int(q.shape[0])] * o.projected, role="given")
        return thin_attention(q, k, v, by, by)

    return Graph([z, distance(z, exact), savings(exactly, cheaply, o.tokens, o.d_k)])


ARCHITECTURE = Architecture(
    name="linformer",
    title="Linformer",
    family="sparse and long",
    source=PAPER,
    about="a few sums of keys and values in place of all of them",
    options=Options,
    build=build,
    sizes={
        "small": {},
        "medium": {"tokens": 6, "d_model": 6, "d_k": 3, "projected": 3},
        "large": {"tokens": 8, "d_model": 8, "d_k": 4, "projected": 3},
    },
    seed=1435,
)
