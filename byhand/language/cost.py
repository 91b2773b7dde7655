"""What a graph costs: its multiplications, counted table by table."""

from __future__ import annotations

from collections.abc import Iterable

from byhand.core.graph import Node


def multiplications(nodes: Iterable[Node]) -> int:
    """All products and quotients of two numbers, each table made once: (m, k) @ (k, n) takes m × k × n."""
    return sum(_of(node) for node in nodes)


def _of(node: Node) -> int:
    cells = int(node.shape[0]) * int(node.shape[1])
    if node.op.name == "matmul":
        return cells * int(node.args[0].shape[1])
    if node.op.name == "mean_square":
        return int(node.args[0].shape[0]) * int(node.args[0].shape[1])
    return cells if node.op.name in ("mul", "div") else 0
