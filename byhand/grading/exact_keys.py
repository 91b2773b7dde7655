"""Keys of exact questions: expressions that the cell rules of the graph give."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from byhand.answers.equality import REAL, constant_value
from byhand.answers.grammar import Meaning
from byhand.answers.keys import Key
from byhand.answers.limits import Unreadable
from byhand.answers.reading import AskedShape, Reading
from byhand.answers.tree import Apply, Number, Symbol, Tree, text_of
from byhand.answers.values import EXACT
from byhand.core.arithmetic import Arithmetic, Function
from byhand.core.graph import INFINITE, Array, Node
from byhand.core.ops import EXP
from byhand.core.table import Table, read

LONGEST = 400
"""The largest number of operations in an exact key."""


class TooLong(Exception):
    """Raised for an expression that is too long to be written by hand."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A cell as an expression; fractions are evaluated at once. size: the number of operations."""

    tree: Tree
    size: int = 0

    @property
    def fraction(self) -> Fraction | None:
        return self.tree.value if isinstance(self.tree, Number) else None

    def __add__(self, other: Expression) -> Expression:
        if self.fraction == 0:
            return other
        return self if other.fraction == 0 else applied("+", self, other)

    def __sub__(self, other: Expression) -> Expression:
        return self if other.fraction == 0 else applied("-", self, other)

    def __mul__(self, other: Expression) -> Expression:
        if self.fraction == 0 or other.fraction == 1:
            return self
        return other if other.fraction == 0 or self.fraction == 1 else applied("*", self, other)

    def __truediv__(self, other: Expression) -> Expression:
        return self if other.fraction == 1 else applied("/", self, other)

    def __neg__(self) -> Expression:
        return applied("neg", self)


Line = tuple[Expression, ...]


def applied(op: str, *args: Expression) -> Expression:
    """Apply an operation to expressions. Raises TooLong."""
    fractions = [arg.fraction for arg in args]
    if None not in fractions and op in EXACT:
        result = EXACT[op](*fractions)
        if result is not None:
            return Expression(Number(result))
    size = 1 + sum(arg.size for arg in args)
    if size > LONGEST:
        raise TooLong
    return Expression(Apply(op, tuple(arg.tree for arg in args)), size)


class ExpressionArithmetic(Arithmetic[Expression]):
    """The arithmetic of cell rules on expressions. Comparisons use the values of the expressions."""

    def number(self, x: float) -> Expression:
        return Expression(Number(Fraction(repr(float(x)))))

    def pi(self) -> Expression:
        return Expression(Symbol("pi"))

    def call(self, function: Function, x: Expression) -> Expression:
        """Apply a function to an expression; exp of a masked score is 0, and exp of 0 is 1."""
        if function is not EXP:
            return applied(function.name, x)
        if x.fraction is not None and x.fraction < -INFINITE / 2:
            return self.number(0)  # a score hidden by a mask
        if x.fraction == 0:
            return self.number(1)
        return applied("^", Expression(Symbol("e")), x)

    def power(self, x: Expression, y: Expression) -> Expression:
        return applied("^", x, y)

    def total(self, line: Line) -> Expression:
        total = line[0]
        for term in line[1:]:
            total += term
        return total

    def largest(self, line: Line) -> Expression:
        return line[_place_of_largest(line)]

    def position_of_largest(self, line: Line) -> Expression:
        return self.number(_place_of_largest(line))

    def compare(self, x: Expression, sign: str, y: Expression) -> Expression:
        if sign == "=":
            return self.number(x == y or constant_value(x.tree) == constant_value(y.tree))
        return self.number(bool(REAL.real(constant_value(x.tree)) > REAL.real(constant_value(y.tree))))

    def choose(self, condition: Expression, x: Expression, y: Expression) -> Expression:
        return y if condition.fraction == 0 else x

    def pick(self, line: Line, index: Expression) -> Expression:
        return line[int(constant_value(index.tree))]


def _place_of_largest(line: Sequence[Expression]) -> int:
    """Return the index of the largest cell; the first of equal ones."""
    values = [REAL.real(constant_value(cell.tree)) for cell in line]
    return values.index(max(values))


def exact_keys(cells: Sequence[tuple[Node, int, int]], given: Mapping[Node, Array]) -> list[Key | None]:
    """Return the key of each cell, given as table, row and column; None where it is too long to be written by hand.

    given: the student's own numbers, of every table that is drawn.
    """
    tables: dict[Node, Table] = {}
    return [_key(node, (row, column), given, tables) for node, row, column in cells]


def _key(node: Node, place: tuple[int, int], given: Mapping[Node, Array], tables: dict[Node, Table]) -> Key | None:
    try:
        tree = _table(node, given, tables)[place].tree
        return Key(text_of(tree), Reading(((tree,),), None), Meaning(), AskedShape())
    except (TooLong, Unreadable):
        return None


def _table(node: Node, given: Mapping[Node, Array], tables: dict[Node, Table]) -> Table:
    """Return a table of expressions; every cell of every table is computed once."""
    if node not in tables:
        if node.data is not None:
            numbers = given.get(node, node.data)
            cell = _remembered(lambda i, j: ARITHMETIC.number(float(numbers[i, j])))
        else:
            rule = read(node, ARITHMETIC, lambda arg: _table(arg, given, tables))
            cell = _remembered(lambda i, j: rule[i, j])
        tables[node] = Table(node.shape, cell)
    return tables[node]


def _remembered(cell: Callable[[int, int], Expression]) -> Callable[[int, int], Expression]:
    known: dict[tuple[int, int], Expression] = {}

    def remembered(i: int, j: int) -> Expression:
        if (i, j) not in known:
            known[i, j] = cell(i, j)
        return known[i, j]

    return remembered


ARITHMETIC = ExpressionArithmetic()
