"""One part of a lesson as a lesson of its own: what it reads from elsewhere is given, with the numbers that it has."""

from __future__ import annotations

from dataclasses import replace

from byhand.core.graph import Node, copy_with, named_like, outside
from byhand.core.graph import source as given_table
from byhand.errors import ByhandError, near, nearest, quoted
from byhand.language.architecture import Graph
from byhand.lessons.lesson import Lesson


def part_of(lesson: Lesson, name: str) -> Lesson:
    """Return a part, such as layer1 or layer1.head2, as a lesson. ByhandError if there is no part of this name."""
    inside = [node for path, node in lesson.tables.items() if path.startswith(f"{name}.")]
    if not any(node.data is None for node in inside):
        raise _no_part(lesson, name)
    outputs = list(inside)
    boundary = {table: _given(lesson, table) for node in inside for table in _read_from_outside(node, name)}
    copies = copy_with(outputs, boundary, "")
    for node, copy in copies.items():
        if node not in boundary:
            copy.name = node.name
    made = [copies.get(node, node) for node in outputs]
    graph = Graph(made)
    recipe = replace(lesson.recipe, title=lesson.recipe.title or f"{lesson.architecture.title}: {name}")
    return replace(lesson, recipe=recipe, graph=graph)


def _read_from_outside(node: Node, name: str) -> list[Node]:
    """Return the computed named tables outside the part that a table reads."""
    found, todo = [], list(node.args)
    while todo:
        table = todo.pop()
        if not table.name:
            todo += table.args
        elif table.data is None and not table.name.startswith(f"{name}."):
            found.append(table)
    return found


def _given(lesson: Lesson, table: Node) -> Node:
    """Return a table of the same name and labels with its numbers as given ones."""
    with outside():
        made = given_table(table.name, lesson.numbers()[table.name], "input")
    copy = named_like(table, made)
    copy.role = made.role
    return copy


def _no_part(lesson: Lesson, name: str) -> ByhandError:
    places = dict.fromkeys(path.rpartition(".")[0] for path, node in lesson.tables.items() if node.data is None)
    parts = [place for path in places if path for place in (path.partition(".")[0], path)]
    names = list(dict.fromkeys(parts))
    if not names:
        return ByhandError(f"{lesson.architecture.name} has no parts: leave --part out.")
    return ByhandError(
        f"There is no part {quoted(name)} in {lesson.architecture.name}; {nearest(name, near(name, names) or names)}."
    )
