"""Linear layers and their low-rank adapters, residual paths and embeddings."""

from __future__ import annotations

from byhand.core.graph import Array, Node, scope
from byhand.core.ops import lookup, sqrt
from byhand.core.roles import Look, Role
from byhand.core.weights import Weights
from byhand.errors import ByhandError


def linear(x: Node, weight: Weights, name: str, width: int, bias: bool = True) -> Node:
    """Return x W + b, not named. (T, d) @ (d, width) + (1, width) -> (T, width); the weights are W_name and b_name."""
    product = multiplied(x, weight, f"W_{name}", width)
    return product + weight(f"b_{name}", 1, width) if bias else product


def multiplied(x: Node, weight: Weights, name: str, width: int) -> Node:
    """Return x W, not named; with adapters x W + α / r × (x A) B. (T, d) @ (d, width) -> (T, width)"""
    product = x @ weight(name, x.shape[1], width)
    return product + low_rank(x, weight, name, width) if weight.rank else product


def low_rank(x: Node, weight: Weights, name: str, width: int) -> Node:
    """Return what LoRA adds to x W: α / r × (x A) B (Hu et al. 2021, eq. 3). (T, d) @ (d, r) @ (r, width)"""
    kind = _after_w(name)
    with scope("lora", f"LoRA of {name}", equation="α / r × (x A) B", source=LORA):
        a, b = _adapters(weight, name, x.shape[1], width)
        low = (x @ a).named(f"low{kind}")  # (T, d) @ (d, r) -> (T, r)
        return (weight.alpha / weight.rank * (low @ b)).named(f"change{kind}")  # (T, r) @ (r, width)


def adapted(weight: Weights, name: str, rows: int, columns: int) -> Node:
    """Return the weight W; with adapters W + α / r × A B, for a weight that many steps read. (rows, columns)"""
    w = weight(name, rows, columns)
    if not weight.rank:
        return w
    with scope("lora", f"LoRA of {name}", equation="W + α / r × A B", source=LORA):
        a, b = _adapters(weight, name, rows, columns)
        return (w + weight.alpha / weight.rank * (a @ b)).named(f"merged{_after_w(name)}")  # (d, r) @ (r, width)


def merged_weights(weight: Weights) -> dict[str, Array]:
    """Return the numbers of each weight by path: with adapters W + α / r × A B, in which these are no more."""
    numbers = {path: node.data for path, node in weight.nodes.items() if node.data is not None}
    if not weight.rank:
        return numbers
    assert weight.alpha.data is not None
    scale = weight.alpha.data / weight.rank
    merged = {path: table for path, table in numbers.items() if weight.nodes[path].role is Role.FROZEN}
    for path in merged:
        place, _, name = path.rpartition(".")
        a, b = (".".join(filter(None, (place, "lora", f"{letter}{_after_w(name)}"))) for letter in "AB")
        if a in numbers:
            merged[path] = merged[path] + scale * (numbers[a] @ numbers[b])
    return merged


LORA = "Hu et al. 2021, eq. 3"


def _after_w(name: str) -> str:
    """Return what tells the adapters of a weight from those of others: _Q for W_Q, nothing for W, _U for U."""
    return name[1:] if name.startswith("W") else f"_{name}"


def _adapters(weight: Weights, name: str, rows: int, columns: int) -> tuple[Node, Node]:
    """Return A and B, whose product is 0 at first. (rows, r), (r, columns)"""
    r, kind = weight.rank, _after_w(name)
    if r > min(rows, columns):
        raise ByhandError(
            f"A matrix of {rows}×{columns}, such as {name}, has no need of LoRA of rank {r}: "
            f"choose at most --lora {min(rows, columns)}."
        )
    a = weight(f"A{kind}", rows, r, adapter=True)
    return a, weight(f"B{kind}", r, columns, fill=0, adapter=True)


def residual(x: Node, change: Node, name: str) -> Node:
    """Return x + change, the residual connection (He et al. 2016, eq. 1). (T, d), (T, d) -> (T, d)"""
    with scope("", "⊕ residual", equation="x + sublayer(x)", source="He et al. 2016, eq. 1", look=Look.SHOWN):
        return (x + change).named(name, role="residual")


def embed(table: Node, ids: Node, name: str, scale: float | None = None) -> Node:
    """Return the table's row for each word, multiplied by `scale` if given. (V, d), (T, 1) -> (T, d)"""
    with scope("", "word embeddings", equation="E[word] × √d" if scale else "E[word]", look=Look.INPUT):
        rows = lookup(table, ids)
        return (rows * sqrt(scale) if scale else rows).named(name)
