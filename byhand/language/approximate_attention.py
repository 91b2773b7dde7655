"""An approximate attention beside the exact one: its error, and the multiplications that it saves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from byhand.core.graph import Node, page, scope, within
from byhand.core.ops import beside, lookup
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language.architecture import Architecture, Graph, Inputs
from byhand.language.options import POSITIONS, ROTARY, option, own
from byhand.language.parts import table_of_input
from byhand.layers.attention import attend, attention_equations, join_heads
from byhand.layers.attention_cost import Attention, causal_attention, distance, savings
from byhand.layers.linear import linear
from byhand.layers.positions import position_column, rotary, rotate, sinusoidal


@dataclass(frozen=True)
class Options:
    """The options of an approximate attention.

    d_k: the width of a head's queries, keys and values. projected: the number of rows to which keys, and values, are
    reduced; shared: by the same matrix. features: the number of random features of a query or key.
    """

    tokens: int = option(4)
    d_model: int = option(4)
    d_k: int = option(2)
    heads: int = option(1, counts="heads")
    positions: str = option("none", choices=POSITIONS)
    theta: float = option(10000.0, matters=ROTARY)
    attention_bias: bool = option(False)
    projected: int = own(2)
    shared: bool = own(False)
    features: int = own(4)
    causal: bool = own(False)
    names: tuple[str, ...] | None = None

    @property
    def head_dim(self) -> int:
        return self.d_k

    def check(self) -> None:
        """Raise ByhandError for positions that need a score for each pair of words, or an even d_k."""
        if self.positions in ("alibi", "relative"):
            raise ByhandError(
                f"{self.positions} positions are added to the score of each pair of words, and this attention has no "
                "such scores: choose sinusoidal, learned, rotary or none."
            )
        if self.positions == "rotary" and self.d_k % 2:
            raise ByhandError(
                f"Rotary positions turn pairs of features, but a head has {self.d_k}: choose an even d_k."
            )


Head = Callable[[Node, Node, Node, Weights, Any], list[Node]]
"""(Q, K, V (T, d_k), weights, options) -> the head's result (T, d_k), and its other outputs."""


def with_positions(x: Node, weight: Weights, o: Options) -> Node:
    """Return X plus its positions, if they are added. (T, d) -> (T, d)"""
    if o.positions not in ("sinusoidal", "learned"):
        return x
    position = position_column(x.shape[0])
    if o.positions == "sinusoidal":
        places, equation = sinusoidal(position, o.d_model), "X + PE"
    else:
        places, equation = lookup(weight("P", o.tokens, o.d_model), position), "X + P[position]"
    with scope("", "+ positions", equation=equation, look=Look.INPUT):
        return (x + places).named("x")


def queries_keys_values(x: Node, weight: Weights, o: Options) -> tuple[Node, ...]:
    """Return Q, K and V; Q and K are rotated if positions are rotary. (T, d) @ (d, d_k) -> 3 (T, d_k)"""
    with scope("", "queries, keys, values", equation="X W_Q, X W_K, X W_V"):
        tables = [linear(x, weight, name, o.d_k, o.attention_bias).named(name) for name in "QKV"]
    if o.positions == "rotary":
        angles = rotary(x.shape[0], o.d_k, o.d_k, o.theta)
        tables[:2] = [rotate(table, angles, name) for table, name in zip(tables, "QK", strict=False)]
    return tuple(tables)


def full_attention(q: Node, k: Node, v: Node) -> Node:
    """Return attention in which every word sees every word. 3 (T, d_k) -> (T, d_k)"""
    return attend(q, k, v, None)


def build(
    o: Options, weight: Weights, inputs: Inputs, head: Head, cheaply: Callable[[Weights, Any], Attention]
) -> Graph:
    """Build each head by `head` and exactly; `cheaply` is the attention whose multiplications are counted.

    If the option `causal` is set, no word sees later ones.
    """
    o.check()
    exact = causal_attention if o.causal else full_attention
    with page("", "Input") as place:
        x = with_positions(table_of_input(weight, o.tokens, o.d_model), weight, o)
    results, wanted, shown = list[Node](), list[Node](), list[Node]()
    for h in range(1, o.heads + 1):
        with scope(f"head{h}", f"Head {h}") if o.heads > 1 else scope():
            with within(place) if o.heads == 1 else page("", "Queries, keys, values"):
                q, k, v = queries_keys_values(x, weight, o)
            z, *more = head(q, k, v, weight, o)
            with page("exact", "Exact attention", **attention_equations(o.causal)):
                wanted.append(exact(q, k, v))
            results.append(z)
            shown += more
    z, right = results[0].with_role("result"), wanted[0]
    if o.heads > 1:
        with page("", "Joined"):
            z = join_heads(beside(*results), weight, o.d_model, o.attention_bias, "Y").with_role("result")
            right = linear(beside(*wanted), weight, "O", o.d_model, o.attention_bias)
            with scope("exact"):
                right.named("Y")
    lost = distance(z, right)
    return Graph([z, *shown, lost, savings(exact, cheaply(weight, o), o.tokens, o.d_k)])


def approximate(
    name: str,
    title: str,
    source: str,
    about: str,
    options: Options,
    seed: int,
    sizes: dict[str, Any],
    **parts: Any,
) -> Architecture:
    """Return a model of this kind; `parts` are its own arguments of `build`."""
    builder = partial(build, **parts)
    return Architecture(name, title, "sparse and long", source, about, options, builder, sizes, seed=seed)
