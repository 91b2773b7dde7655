"""A recipe's problem: its graph, built once, the tables that are drawn anew for everybody, and the answers asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from byhand.core import ops
from byhand.core.arithmetic.counts import COUNTS, NOTHING, Work
from byhand.core.captions import symbol
from byhand.core.graph import Array, Node, fold, times, toposort
from byhand.core.labels import Labels, Tokens
from byhand.core.roles import Role
from byhand.core.table import Table, read
from byhand.errors import ByhandError, nearest, quoted
from byhand.exercises.recipe import Ask, Exercise
from byhand.lessons.build import build
from byhand.lessons.lesson import Lesson
from byhand.lessons.overrides import lookup_tables

Numbers = dict[Node, Array]
DRAWN = {"input": (0.0, 1.0, 2.0, 3.0), "weight": (-1.0, 0.0, 1.0)}
"""What is drawn where the recipe does not say: the numbers that a role's cells may be."""
FILLED = {"gamma": (1.0, 2.0), "beta": (-1.0, 0.0, 1.0)}

SHOWN_PLACES = 4
"""The decimals to which a student is shown a number that was computed."""


@dataclass(frozen=True)
class Question:
    """One question of the recipe, and the table that it is about."""

    ask: Ask
    node: Node

    @cached_property
    def indices(self) -> list[tuple[int, int]]:
        """The cells of the table that are asked, each a row and a column from 0."""
        rows, columns = map(int, self.node.shape)
        if self.ask.kind in ("cell", "symbolic", "missing"):
            row, column = self.ask.cell or (rows, columns)
            return [(row - 1, column - 1)]
        return [(i, j) for i in range(rows) for j in range(columns)]

    def cells(self, table: Array) -> Array:
        """What is asked of a table (or a stack of them): its numbers in a row. (..., r, c) -> (..., n)"""
        row, column = self.ask.cell or (int(self.node.shape[0]), int(self.node.shape[1]))
        if self.ask.kind in ("cell", "symbolic", "missing"):
            return np.asarray(table[..., row - 1, column - 1][..., None])
        if self.ask.kind == "choice":
            return np.asarray(np.argmax(table[..., row - 1, :], axis=-1)[..., None] + 1, dtype=float)
        return np.asarray(table.reshape(*table.shape[:-2], -1))


@dataclass(frozen=True, eq=False)
class Problem:
    """What every student gets, but for the numbers."""

    exercise: Exercise
    lesson: Lesson
    drawn: dict[Node, tuple[float, ...]]
    questions: tuple[Question, ...]

    @cached_property
    def outputs(self) -> list[Node]:
        return self.lesson.graph.outputs

    @cached_property
    def computed(self) -> list[Node]:
        """The tables that a person works out, in order."""
        return [n for n in self.lesson.tables.values() if not n.op.given and not n.op.view]

    def solve(self, given: Mapping[Node, Array], instead: Mapping[Node, Node] | None = None) -> list[Array]:
        """The answers to each question for a stack of draws: (draws, numbers). `instead` are a mistake's tables."""
        (answers,) = self.solve_all(given, [instead or {}])
        return answers

    def solve_all(self, given: Mapping[Node, Array], mistakes: Sequence[Mapping[Node, Node]]) -> list[list[Array]]:
        """The same for each of several mistakes; tables that they share are worked out once."""
        asked = [[instead.get(q.node, q.node) for q in self.questions] for instead in mistakes]
        with np.errstate(all="ignore"):
            values = fold([node for nodes in asked for node in nodes], given)
        count = len(next(iter(given.values())))
        return [
            [q.cells(self._each(values[n], count)) for q, n in zip(self.questions, nodes, strict=True)]
            for nodes in asked
        ]

    @staticmethod
    def _each(table: Array, count: int) -> Array:
        return np.broadcast_to(table, (count, *table.shape[-2:]))

    @cached_property
    def shown(self) -> list[Node]:
        """The computed tables that a student gets, in the recipe's order."""
        asked = {q.node for q in self.questions}
        tables = (self.lesson.tables[name] for name in self.exercise.show)
        return [n for n in dict.fromkeys(tables) if n not in asked]

    @cached_property
    def needed(self) -> list[Node]:
        """All that is read on the way to the answers, in order: what is shown need not be worked out.

        A missing number is found backward, from what is shown and all that makes it.
        """
        backward = any(q.ask.kind == "missing" for q in self.questions)
        known = set() if backward else set(self.shown)
        ends = [*(q.node for q in self.questions), *(self.shown if backward else [])]
        found, todo = set[Node](), [*ends]
        while todo:
            node = todo.pop()
            if node not in found:
                found.add(node)
                todo += [] if node in known else node.args
        return [n for n in toposort(ends) if n in found]

    @property
    def needs_powers(self) -> bool:
        """Whether powers of e come up on the way to the answers."""
        return any(n.op is ops.exp for n in self.needed if n not in self.shown)

    def work(self) -> Work:
        """What a person does for all that the answers need."""
        needed = [n for n in self.needed if n.name and not n.op.given and n not in self.shown]
        return NOTHING.joined(*(_work(n) for n in needed))


def problem(exercise: Exercise) -> Problem:
    """Build the exercise's graph. ByhandError for a question or a drawn table that the model does not have."""
    lesson = build(exercise.build)
    questions = tuple(_question(exercise, lesson, n, ask) for n, ask in enumerate(exercise.asks, 1))
    for where in ("whole", "show"):
        for name in getattr(exercise, where):
            _known(exercise, lesson.tables, name, where)
    drawn = _drawn(exercise, lesson)
    if not drawn:
        raise ByhandError(f"The exercise {exercise.name} draws nothing: choose a model with numbers to draw.")
    return Problem(exercise, lesson, drawn, questions)


def _question(exercise: Exercise, lesson: Lesson, n: int, ask: Ask) -> Question:
    node = lesson.tables[_known(exercise, lesson.tables, ask.table, f"question {n}")]
    rows, columns = node.shape
    if ask.cell is not None and (ask.cell[0] > rows or ask.cell[1] > columns):
        raise ByhandError(
            f"In the exercise {exercise.name}, question {n}: {ask.table} has {rows} rows and {columns} columns, "
            f"so no cell {ask.cell[0]},{ask.cell[1]}."
        )
    if (node.data is not None) != (ask.kind == "missing"):
        what = "is computed: a missing number is one of a given table" if node.data is None else "is given, not asked"
        raise ByhandError(f"In the exercise {exercise.name}, question {n}: {ask.table} {what}.")
    return Question(ask, node)


def _known(exercise: Exercise, tables: Mapping[str, Node], name: str, where: str) -> str:
    if name not in tables:
        raise ByhandError(
            f"In the exercise {exercise.name}, {where}: there is no table {quoted(name)}; {nearest(name, tables)}."
        )
    return name


def _drawn(exercise: Exercise, lesson: Lesson) -> dict[Node, tuple[float, ...]]:
    """The given tables, each with the numbers that its cells may be."""
    given = {n.name: n for n in lesson.tables.values() if n.data is not None}
    for name in exercise.draw:
        if name not in DRAWN:
            _known(exercise, given, name, "draw")
    found = {}
    rows = {node for node, _ in lookup_tables(lesson)}
    for name, node in given.items():
        if node in rows and node.role is not Role.TOKENS and name not in exercise.draw:
            continue
        if node.role is Role.TOKENS and name.rpartition(".")[2] == "ids":
            of = node.shape[0].labels
            assert isinstance(of, Tokens)
            found[node] = tuple(float(i) for i in range(len(of.vocabulary.words)))
        elif name in exercise.draw or node.role in DRAWN:
            usual = FILLED.get(node.symbol, exercise.draw.get(node.role, DRAWN.get(node.role, ())))
            found[node] = exercise.draw.get(name, usual)
    return found


def _work(node: Node) -> Work:
    """What the whole table takes, its cells counted one by one; a number such as √d_k is known."""
    table = read(node, COUNTS, lambda n: Table(n.shape, lambda r, c: NOTHING) if n.name or _settled(n) else None)
    return NOTHING.joined(*(table[i] for i in np.ndindex(*node.shape)))


def _settled(node: Node) -> bool:
    return bool(node.args) and all(n.op is ops.constant for n in node.args)


def stacked(numbers: Iterable[Numbers]) -> Numbers:
    """Several draws as one: each table with the draws along a leading axis."""
    draws = list(numbers)
    return {node: np.stack([draw[node] for draw in draws]) for node in draws[0]}


Flags = NDArray[np.bool_]

POWERS_OF_E = range(-8, 9)
"""What is printed where powers of e are needed."""
WHERE = {"cell": "the cell in row {row}, column {column} of {table}", "table": "{table} ({shape})"}


def sentence(question: Question) -> str:
    """What the student is asked to do, and to how many places."""
    ask, node = question.ask, question.node
    if ask.text:
        return ask.text
    row, column = ask.cell or (int(node.shape[0]), int(node.shape[1]))
    about = {"table": symbol(node), "shape": times(node.shape), "row": row, "column": column}
    if ask.kind == "wrong cell":
        return "One cell of {table} is wrong: give its row and its column.".format(**about)
    if ask.kind == "choice":
        what = "word" if isinstance(node.shape[1].labels, Labels) else "column"
        return "In row {row} of {table}, which {what} has the largest number? Count them from 1.".format(
            what=what, **about
        )
    places = "as whole numbers" if ask.places == 0 else f"to {ask.places} decimals"
    if ask.kind == "missing":
        return "A number of {table} is missing: find it from what is shown.".format(**about)
    if ask.kind == "symbolic":
        return "Give the cell in row {row}, column {column} of {table} exactly, such as e^2/(e^2+1).".format(**about)
    return f"Find {WHERE[ask.kind].format(**about)}, {places}."
