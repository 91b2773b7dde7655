"""Steps that occur more than once, such as a softmax or a norm: each kind becomes one function of the script."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from byhand.core import ops
from byhand.core.graph import Node, Scope


@dataclass(frozen=True)
class Step:
    """One occurrence of a step.

    inside: its named tables, in order. result: the table that it ends in, which is the only one that the rest of the
    model reads. arguments: the tables, or parts of tables, that it reads.
    """

    place: Scope
    inside: tuple[Node, ...]
    result: Node
    arguments: tuple[Node, ...]
    kind: Hashable


def repeated_steps(nodes: list[Node]) -> dict[Hashable, list[Step]]:
    """Return the steps that occur at least twice, by their kind: of one kind are those that compute the same."""
    readers = readers_of(nodes)
    places: dict[Scope, list[Node]] = defaultdict(list)
    for node in nodes:
        if node.name and not node.op.given and node.scope.title and not node.scope.page:
            places[node.scope].append(node)
    steps = [step for place, tables in places.items() if (step := _step(place, tables, readers))]
    results = {step.result for step in steps}
    kinds: dict[Hashable, list[Step]] = defaultdict(list)
    for step in steps:
        if results.isdisjoint(step.inside):  # a step within another is a function, the other is not
            kinds[step.kind].append(step)
    return {kind: steps for kind, steps in kinds.items() if len(steps) > 1}


def readers_of(nodes: Iterable[Node]) -> dict[Node, set[Node]]:
    """Return the named tables that read each named table."""
    readers: dict[Node, set[Node]] = defaultdict(set)
    for node in nodes:
        if node.name:
            for table in read_by(node):
                readers[table].add(node)
    return readers


def read_by(node: Node) -> list[Node]:
    """Return the named tables in a table's formula, in order, each once."""
    found: dict[Node, None] = {}
    todo = list(reversed(node.args))
    while todo:
        other = todo.pop()
        if other.name:
            found.setdefault(other)
        else:
            todo.extend(reversed(other.args))
    return list(found)


def operands(node: Node) -> list[Node]:
    """Return what a formula takes; a row, column or cell that the others stretch to their size is taken as it is."""

    def is_stretched(other: Node) -> bool:
        return other.op is ops.stretch and not other.name

    if not node.op.cellwise or not any(other.shape == node.shape and not is_stretched(other) for other in node.args):
        return list(node.args)
    return [other.args[0] if is_stretched(other) else other for other in node.args]


def outside_tables(tables: Sequence[Node]) -> list[Node]:
    """Return what some tables read that is not among them, in order, each once.

    Of a table of which only one part is read, such as one column, it is that part, which has no name.
    """
    read: dict[Node, dict[Node, None]] = defaultdict(dict)
    todo = [other for table in reversed(tables) for other in reversed(table.args)]
    while todo:
        other = todo.pop()
        base = other.args[0] if other.op in (ops.rows, ops.columns) and not other.name else other
        if not base.name:
            todo.extend(reversed(other.args))
        elif base not in tables:
            read[base].setdefault(other)
    return [next(iter(parts)) if len(parts) == 1 else base for base, parts in read.items()]


def base_of(table: Node) -> Node:
    """Return the table of which this is a part; of one with a name, itself."""
    return table if table.name else table.args[0]


def _step(place: Scope, tables: list[Node], readers: dict[Node, set[Node]]) -> Step | None:
    """Return the step of a scope; None where it does not end in one table, or the rest reads more of it."""
    own = set(tables)
    outside = {reader for table in tables for reader in readers[table]} - own
    if not outside:
        return None
    ends = [table for table in tables if readers[table] - own]
    if len(outside) == 1:
        (result,) = outside  # such as weights, which has the name of what follows
        inside = tuple(tables)
    elif len(ends) == 1:
        (result,) = ends
        inside = tuple(table for table in tables if table is not result)
    else:
        return None
    own = {*inside, result}
    if len(inside) < 2 or not all(readers[table] and readers[table] <= own for table in inside):
        return None
    if any(table.name != f"{place.path}.{table.symbol}" for table in inside):
        return None
    arguments = outside_tables((*inside, result))
    shape = tuple(_shape_of(table, inside, arguments) for table in (*inside, result))
    symbols = tuple(table.symbol for table in inside)
    return Step(place, inside, result, tuple(arguments), (place.title, place.equation, symbols, shape))


def _shape_of(node: Node, inside: tuple[Node, ...], arguments: list[Node]) -> Hashable:
    """Return what a formula computes, whatever the tables are called that it reads."""

    def of(other: Node) -> Hashable:
        if other in inside:
            return ("inside", inside.index(other))
        return ("argument", arguments.index(other)) if other in arguments else _shape_of(other, inside, arguments)

    is_same = node.op is ops.stretch and node.shape == node.args[0].shape  # the same table, whatever its size
    settings = () if is_same else tuple(sorted((name, value) for name, value in node.attrs.items()))
    return (node.op, settings, *(of(other) for other in operands(node)))
