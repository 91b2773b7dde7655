"""The work of an exercise by hand: the operations that the asked numbers need, and the minutes and level they make.

Only what is asked counts: one row of a product needs one row of its left factor. What a mask hides costs nothing, since
e^−∞ is 0 and a 0 is added to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from byhand.core import ops
from byhand.core.arithmetic import Arithmetic, Function
from byhand.core.graph import INFINITE, Array, Node
from byhand.core.table import Table, read

SECONDS = {"multiplications": 5, "additions": 4, "divisions": 15, "functions": 15, "lookups": 5, "comparisons": 2}
"""The seconds that a student takes for an operation on small numbers, with paper and a pocket calculator.

A function is a power, a root, a logarithm, a sine or the like. A look-up finds a row by its number or its word.
"""
WRITING, READING = 4, 90
"""The seconds to write down a number and to find the next place, and to read a question with the tables about it."""
NEAR = 1.6
"""The factor by which a recipe's minutes may differ from the minutes of its work."""
MOST_MINUTES = {1: 15, 2: 25, 3: 45, 4: 75, 5: inf}
"""By level, the most minutes of work."""
LEAST_LEVEL_STEPS = {4: 2, 5: 3}
"""By level, the fewest different tables that have to be worked out; a higher level asks for more than one step."""


@dataclass(frozen=True)
class Effort:
    """The operations for a cell, and its number where it is the same for all students and matters: 0, 1 or −∞.

    plain: the number is 0, 1 or −∞, or picked out by such numbers, so that one sees it without arithmetic.
    """

    multiplications: int = 0
    additions: int = 0
    divisions: int = 0
    functions: int = 0
    lookups: int = 0
    comparisons: int = 0
    number: float | None = None
    plain: bool = False

    def joined(self, *others: Effort, **more: int) -> Effort:
        """Return the sum of this effort, the others', and some more operations, for a number that is not known."""
        parts = (self, *others)
        return Effort(**{name: sum(getattr(p, name) for p in parts) + more.get(name, 0) for name in SECONDS})

    @property
    def seconds(self) -> float:
        return float(sum(seconds * getattr(self, name) for name, seconds in SECONDS.items()))

    def __add__(self, other: Effort) -> Effort:
        if self.number == 0 or other.number == 0:
            return other if self.number == 0 else self
        if -inf in (self.number, other.number):
            return Effort(number=-inf)
        if self.plain or other.plain:
            return self.joined(other, comparisons=1)
        return self.joined(other, additions=1)

    def __sub__(self, other: Effort) -> Effort:
        return self + (replace(other, number=None) if other.number == -inf else other)

    def __mul__(self, other: Effort) -> Effort:
        if self.number == 0 or other.number == 0:
            return Effort(number=0)
        if self.number == 1 or other.number == 1:
            return other if self.number == 1 else self
        if self.plain or other.plain:
            return replace(self.joined(other), plain=True)
        return self.joined(other, multiplications=1)

    def __truediv__(self, other: Effort) -> Effort:
        if self.number in (0, -inf) or other.number == 1:
            return self
        return self.joined(other, divisions=1)

    def __neg__(self) -> Effort:
        return replace(self, number=None) if self.number not in (None, 0) else self


NOTHING = Effort()
Line = tuple[Effort, ...]


class ByHand(Arithmetic[Effort]):
    """The effort of each cell. A number that is given or already worked out costs nothing."""

    def number(self, x: float) -> Effort:
        return Effort(number=-inf if x < -INFINITE else x)

    def pi(self) -> Effort:
        return NOTHING

    def call(self, function: Function, x: Effort) -> Effort:
        if x.number == -inf and function.name == "exp":
            return Effort(number=0)
        return x.joined(functions=1)

    def power(self, x: Effort, y: Effort) -> Effort:
        return Effort(number=0) if y.number == -inf else x.joined(y, functions=1)

    def dot(self, x: Line, y: Line) -> Effort:
        for one, other in ((x, y), (y, x)):
            if all(a.plain for a in one):  # a row with a single 1 picks a number
                return replace(other[0].joined(*other[1:], *one, lookups=1), plain=all(b.plain for b in other))
        return super().dot(x, y)

    def total(self, line: Line) -> Effort:
        total = Effort(number=0)
        for x in line:
            total = total + x
        return total

    def largest(self, line: Line) -> Effort:
        visible = [x for x in line if x.number != -inf]
        if not visible:
            return Effort(number=-inf)
        plain = all(x.plain for x in visible)
        return replace(visible[0].joined(*visible[1:], comparisons=len(visible) - 1), plain=plain)

    def position_of_largest(self, line: Line) -> Effort:
        return replace(self.largest(line), number=None)

    def count(self, x: Effort, line: Line) -> Effort:
        """Return a glance at the line: mostly the number stands there once or not at all."""
        return replace(x.joined(*line, comparisons=1), plain=True)

    def compare(self, x: Effort, sign: str, y: Effort) -> Effort:
        return replace(x.joined(y, comparisons=1), plain=True)

    def choose(self, condition: Effort, x: Effort, y: Effort) -> Effort:
        if condition.number is None:
            return replace(condition.joined(x, y), plain={x.number, y.number} <= {0, 1, -inf})
        return x if condition.number else y

    def pick(self, line: Line, index: Effort) -> Effort:
        return line[0].joined(index, lookups=1)


BY_HAND = ByHand()
Cells = Mapping[Node, Set[tuple[int, int]]]


def effort_of(
    asked: Cells, known: Set[Node], drawn: Iterable[Node], plain: Set[Node] = frozenset()
) -> tuple[Effort, dict[Node, int]]:
    """Return the work for some cells, and how many cells of each table it takes.

    known: the computed tables that the student is shown. drawn: the given tables that differ between students.
    plain: tables that hold only 0, 1 and −∞, such as which words are the same.
    """
    efforts: dict[tuple[Node, int, int], Effort] = {}
    differ = set(drawn)

    def needed(node: Node) -> bool:
        return bool(node.name) and not node.op.given and node not in known

    def stop(node: Node) -> Table | None:
        if needed(node):
            return Table(node.shape, lambda r, c: _result(effort(node, r, c)))
        if node.data is not None and node not in differ:
            data = node.data
            return Table(node.shape, lambda r, c: BY_HAND.number(float(data[r, c])))
        if node.op is ops.stretch and node.args[0].op is ops.constant:
            repeated = BY_HAND.number(float(node.args[0].attrs["value"]))
            return Table(node.shape, lambda r, c: repeated)
        if node in plain:
            return Table(node.shape, lambda r, c: Effort(plain=True))
        if node.name or (node.args and all(a.op is ops.constant for a in node.args)):
            return Table(node.shape, lambda r, c: NOTHING)
        return None

    tables: dict[Node, Table] = {}

    def effort(node: Node, row: int, column: int) -> Effort:
        place = (node, row, column)
        if place not in efforts:
            if node not in tables:
                tables[node] = read(node, BY_HAND, stop)
            found = tables[node][row, column]
            efforts[place] = _glance(node, plain) if node in plain else found
        return efforts[place]

    for node, cells in asked.items():
        for row, column in cells:
            effort(node, row, column)
    counts: dict[Node, int] = {}
    for node, row, column in efforts:
        found = efforts[node, row, column]
        if needed(node) and not node.op.view and found.number is None and not found.plain:
            counts[node] = counts.get(node, 0) + 1
    return NOTHING.joined(*efforts.values()), counts


def _result(effort: Effort) -> Effort:
    """Return a number that has been worked out: it costs nothing any more."""
    return Effort(number=effort.number, plain=effort.plain)


def _glance(node: Node, plain: Set[Node]) -> Effort:
    """Return the effort for a cell of a table of 0 and 1: a glance, or nothing if it repeats other such tables."""
    new = node.op is not ops.one_hot and not all(a in plain or a.data is not None for a in node.args)
    return Effort(comparisons=int(new), plain=True)


def minutes_of(effort: Effort, cells: int, questions: int) -> float:
    """Return the minutes that an exercise takes by hand. cells: the numbers to write down."""
    return (effort.seconds + WRITING * cells + READING * questions) / 60


def whole_minutes(minutes: float) -> int:
    """Return about how many minutes the work takes, at least one."""
    return max(1, round(minutes))


def fault_of_minutes(minutes: float, work_minutes: float, *, in_words: bool) -> list[str]:
    """Return a message if a recipe's minutes do not fit the work.

    in_words: the rules are a program's way, and a person may be quicker.
    """
    least = 0 if in_words else work_minutes / NEAR - 1
    if least <= minutes <= work_minutes * NEAR + 1:
        return []
    return [
        f"The work takes about {whole_minutes(work_minutes)} minutes by hand, not {minutes:g}: "
        "change minutes, or ask for more or less."
    ]


def faults_of_claims(minutes: float, level: int, tables: int, work_minutes: float, *, in_words: bool) -> list[str]:
    """Return messages about minutes and a level that do not fit the work.

    tables: how many are to be worked out. in_words: as in `fault_of_minutes`.
    """
    messages = fault_of_minutes(minutes, work_minutes, in_words=in_words)
    if whole_minutes(work_minutes) > MOST_MINUTES[level]:
        messages.append(
            f"About {whole_minutes(work_minutes)} minutes of work are too many for level {level}, "
            f"which has at most {MOST_MINUTES[level]:g}: raise the level, or ask for less."
        )
    if tables < LEAST_LEVEL_STEPS.get(level, 0):
        messages.append(
            f"{tables} table{'s' if tables != 1 else ''} to work out {'are' if tables != 1 else 'is'} too little for "
            f"level {level}: lower the level, or ask for more."
        )
    return messages


PLAIN = 1e-9
"""How near to 0 or 1 a number must be to count as it."""


def plain_tables(values: Mapping[Node, Array]) -> set[Node]:
    """Return the tables that hold only 0, 1 and −∞ in every one of some draws."""
    return {
        node
        for node, table in values.items()
        if bool(((np.abs(table) < PLAIN) | (np.abs(table - 1) < PLAIN) | (table < -INFINITE)).all())
    }
