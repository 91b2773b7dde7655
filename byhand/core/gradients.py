"""The backward pass, as more of the same graph: the gradient of a loss for every table on the way to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import add

from byhand.core.graph import Node, Scope, toposort, within
from byhand.core.ops import constant, stretch

Arriving = dict[Scope | None, list[Node]]
"""The parts of a table's gradient, by the page that reads the table."""


@dataclass(frozen=True)
class Backward:
    """The gradients of a loss, named after their tables: layer1.head1.Q has grad.layer1.head1.Q.

    gradients: table -> gradient, in its table's shape. shares: for a table that several pages read, what each page
    adds to its gradient.
    """

    gradients: dict[Node, Node] = field(default_factory=dict)
    shares: dict[tuple[Node, Scope], Node] = field(default_factory=dict)


def gradients(loss: Node, wrt: Iterable[Node]) -> Backward:
    """Reverse-mode differentiation (Linnainmaa 1970): the chain rule from a (1, 1) loss back to the tables in `wrt`.

    Every named table on the way gets a named gradient. Nothing flows through a table whose role is not followed.
    """
    order = toposort([loss])
    on_the_way = _dependents(order, set(wrt))
    arriving: dict[Node, Arriving] = defaultdict(lambda: defaultdict(list))
    arriving[loss][None].append(constant(value=1.0))
    backward = Backward()
    for node in reversed(order):
        if node not in on_the_way or node not in arriving:
            continue
        with within(node.scope.backward):
            gradient = _gradient_of(node, arriving.pop(node), backward)
            for argument, part in zip(node.args, node.op.vjp(gradient, node, *node.args, **node.attrs), strict=True):
                if part is not None and argument in on_the_way:
                    arriving[argument][node.page].append(_in_shape_of(part, argument))
    return backward


def _dependents(order: list[Node], wrt: set[Node]) -> set[Node]:
    """Return the tables in `wrt` and those computed from them."""
    nodes: set[Node] = set()
    for node in order:
        if node in wrt or (node.role.traits.followed and any(a in nodes for a in node.args)):
            nodes.add(node)
    return nodes


def _gradient_of(node: Node, arriving: Arriving, backward: Backward) -> Node:
    """Return the sum of the parts of a table's gradient; named, if the table is."""
    if not node.name:
        return _total(part for parts in arriving.values() for part in parts)
    if len(arriving) > 1:
        for page, parts in arriving.items():
            assert page is not None
            share = _without_name(_total(parts), node)
            with within(page.backward):
                share.named(_share_name(node, page, arriving), role="share")
            backward.shares[node, page] = share
            parts[:] = [share]
    total = _without_name(_total(part for parts in arriving.values() for part in parts), node)
    backward.gradients[node] = total.named(node.symbol, role="gradient")
    return total


def _share_name(node: Node, page: Scope, arriving: Arriving) -> str:
    """Return the name of a page's share; with the page's title where several pages of one path read the table."""
    alike = [p for p in arriving if p is not None and p.path == page.path]
    place = f"share.{page.title.casefold().replace(' ', '_').replace('-', '_')}" if len(alike) > 1 else "share"
    return f"{place}.{node.name}"


def _total(parts: Iterable[Node]) -> Node:
    return reduce(add, parts)


def _without_name(gradient: Node, table: Node) -> Node:
    """Return the gradient as a node without a name: itself, or a view of it if it has one."""
    return stretch(gradient, rows=table.shape[0], columns=table.shape[1]) if gradient.name else gradient


def _in_shape_of(part: Node, argument: Node) -> Node:
    """Return the gradient in its argument's shape: summed where the operation stretched, stretched where it summed."""
    for axis in (0, 1):
        if argument.shape[axis] == 1 < part.shape[axis]:
            part = part.sum(axis)
    if part.shape != argument.shape:
        part = stretch(part, rows=argument.shape[0], columns=argument.shape[1])
    return part
