"""Cell rules as JavaScript expressions: one function a table, of a row and a column that are not known yet.

A rule is read once, at the row `i` and the column `j` as variables, so that a table of any size has one short
expression: `sum(4,k=>t(3,i,k)*t(7,k,j))`. Where a rule asks something of the variables that depends on the cell, as
side by side tables do, the reading is split: `j<3?t(1,i,j):t(2,i,j-3)`.

The functions that expressions call: t(table, row, column) is a cell; sum, max, argmax (count, function of an index) are
about a line; pick (count, function, index) is one cell of a line; choose (condition, x, y); max2 (x, y); test (x > y);
and those of `Math` and erf.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, overload

from byhand.core.arithmetic import Arithmetic, Function
from byhand.core.graph import Array, Node, Shape
from byhand.core.table import Table
from byhand.errors import ByhandError
from byhand.notation.printer import ATOM, PRODUCT, SUM

VARIABLES = "klmnopqrs"
"""The variables of lines inside lines."""
FUNCTIONS = {"ln": "Math.log", "erf": "erf", "int": "Math.floor"}
"""Function of an operation -> its name, where that is not Math.NAME."""
SIGNS = {"=": "===", ">": ">"}


class Expression(str):
    """JavaScript text with its precedence, so that brackets are added only where necessary."""

    __slots__ = ()
    binds = ATOM

    def __add__(self, other: Expression) -> Expression:  # type: ignore[override]  # a sum, where str joins
        return _Sum(f"{self}+{other}" if not other.startswith("-") else f"{self}+({other})")

    def __sub__(self, other: Expression) -> Expression:
        return _Sum(f"{self}-{_bracket(other, PRODUCT)}")

    def __neg__(self) -> Expression:
        return _Sum(f"-{_bracket(self, PRODUCT)}")

    def __mul__(self, other: Expression) -> Expression:  # type: ignore[override]  # a product, where str repeats
        return _Product(f"{_bracket(self, PRODUCT)}*{_bracket(other, PRODUCT)}")

    def __truediv__(self, other: Expression) -> Expression:
        return _Product(f"{_bracket(self, PRODUCT)}/{_bracket(other, ATOM)}")


class _Sum(Expression):
    __slots__ = ()
    binds = SUM


class _Product(Expression):
    __slots__ = ()
    binds = PRODUCT


def _bracket(part: Expression, least: int) -> str:
    return part if part.binds >= least else f"({part})"


class Index:
    """A row or a column that is not known yet: (variable + shift) / divisor + offset.

    least, most, step: the variable is one of least, least + step, ... up to most.
    """

    __slots__ = ("divisor", "least", "most", "offset", "shift", "step", "variable")

    def __init__(
        self, variable: str, least: int, most: int, step: int = 1, shift: int = 0, divisor: int = 1, offset: int = 0
    ) -> None:
        self.variable, self.least, self.most, self.step = variable, least, most, step
        self.shift, self.divisor, self.offset = shift, divisor, offset

    def __str__(self) -> str:
        """Return the expression of its value."""
        base = f"{self.variable}{self.shift:+d}" if self.shift else self.variable
        if self.divisor > 1:
            base = f"({base})/{self.divisor}" if self.shift else f"{base}/{self.divisor}"
        return f"{base}{self.offset:+d}" if self.offset else base

    def _value(self, variable: int) -> int:
        return (variable + self.shift) // self.divisor + self.offset

    def _among(self, least: int, most: int, step: int) -> Index:
        """Return the variable itself, with fewer values."""
        return Index(self.variable, least, most, step)

    def __add__(self, by: int) -> Index:
        return Index(self.variable, self.least, self.most, self.step, self.shift, self.divisor, self.offset + by)

    __radd__ = __add__

    def __sub__(self, by: int) -> Index:
        return self + -by

    def __lt__(self, bound: int) -> bool:
        if self._value(self.most) < bound:
            return True
        if self._value(self.least) >= bound:
            return False
        first = (bound - self.offset) * self.divisor - self.shift
        raise self._before(first + (self.least - first) % self.step)

    def _before(self, first: int) -> Undecided:
        """Return the question whether the variable is less than one of its values."""
        below = self._among(self.least, first - self.step, self.step)
        return Undecided(f"{self.variable}<{first}", below, self._among(first, self.most, self.step))

    def __mod__(self, by: int) -> int:
        """Return the remainder, which must be the same for every value."""
        if self.divisor > 1:
            return int(self) % by
        if self.least == self.most or self.step % by == 0:
            return self._value(self.least) % by
        start = self.least
        rest = [self._among(start + n, self.most, by) for n in range(by) if start + n <= self.most]
        if self.step > 1 or len(rest) != 2:
            return int(self) % by
        raise Undecided(f"{self.variable}%{by}==={start % by}", *rest)

    def __floordiv__(self, by: int) -> Index | int:
        if self.divisor > 1:
            return int(self) // by
        remainder = self % by
        return Index(self.variable, self.least, self.most, self.step, self.shift + self.offset - remainder, by)

    def __index__(self) -> int:
        """Return the value, of which there must be only one."""
        if self.least + self.step > self.most:
            return self._value(self.least)
        raise self._before(self.least + self.step)

    __int__ = __index__

    def __eq__(self, other: object) -> bool:
        raise TypeError("an index that is not known yet equals nothing")

    __hash__ = None  # type: ignore[assignment]  # what equals nothing is no key


class Undecided(Exception):
    """Asked of a variable: something that differs between its values. Each half, where `condition` holds or not."""

    def __init__(self, condition: str, where: Index, otherwise: Index) -> None:
        super().__init__(condition)
        self.variable, self.condition, self.where, self.otherwise = where.variable, condition, where, otherwise


At = Callable[..., Expression]
"""An index, or a row and a column, to the cell there."""


class Line:
    """A row or a column that is written as a function of an index, so that its length makes no difference."""

    def __init__(self, length: int, at: At) -> None:
        self.length, self.at = length, at

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, n: int) -> Expression: ...
    @overload
    def __getitem__(self, n: slice) -> list[Expression]: ...
    def __getitem__(self, n: Any) -> Any:
        at = range(self.length)[n]
        return [self.at(m) for m in at] if isinstance(at, range) else self.at(at)

    def __iter__(self) -> Iterator[Expression]:
        return (self.at(n) for n in range(self.length))


class _Lines(Table):
    """A table whose lines are functions of an index."""

    __slots__ = ()

    def line(self, i: Any, axis: int) -> Any:
        at = i[1 - axis] if self.shape[1 - axis] > 1 else 0
        return Line(self.shape[axis], lambda k: self[(at, k) if axis == 1 else (k, at)])


class JavaScript(Arithmetic[Expression]):
    """The text of expressions. One instance for each reading, since it names the variables of lines inside lines."""

    def __init__(self) -> None:
        self._depth = 0

    def number(self, x: Any) -> Expression:
        """Return the shortest text of a number, or of an index that stands for one."""
        if isinstance(x, Index):
            return _Sum(x)
        text = repr(float(x) + 0.0).removesuffix(".0")
        return _Sum(text) if x < 0 else Expression(text)

    def pi(self) -> Expression:
        return Expression("Math.PI")

    def call(self, function: Function, x: Expression) -> Expression:
        return Expression(f"{FUNCTIONS.get(function.name, f'Math.{function.name}')}({x})")

    def power(self, x: Expression, y: Expression) -> Expression:
        return Expression(f"Math.pow({x},{y})")

    def total(self, line: Any) -> Expression:
        return self._over("sum", len(line), self._at(line))

    def dot(self, x: Any, y: Any) -> Expression:
        if len(x) != len(y):
            raise ByhandError("A product needs as many columns as rows: mend the shapes of its tables.")
        a, b = self._at(x), self._at(y)
        return self._over("sum", len(x), lambda k: a(k) * b(k))

    def sum_of_squares(self, line: Any) -> Expression:
        return self.dot(line, line)

    def largest(self, line: Any) -> Expression:
        return self._over("max", len(line), self._at(line))

    def larger(self, x: Expression, y: Expression) -> Expression:
        return Expression(f"max2({x},{y})")

    def position_of_largest(self, line: Any) -> Expression:
        return self._over("argmax", len(line), self._at(line))

    def compare(self, x: Expression, sign: str, y: Expression) -> Expression:
        return Expression(f"test({x}{SIGNS[sign]}{y})")

    def choose(self, condition: Expression, x: Expression, y: Expression) -> Expression:
        return Expression(f"choose({condition},{x},{y})")

    def pick(self, line: Any, index: Expression) -> Expression:
        return self._over("pick", len(line), self._at(line), f",{index}")

    def _at(self, line: Any) -> At:
        return line.at if isinstance(line, Line) else line.__getitem__

    def _over(self, name: str, length: int, at: At, more: str = "") -> Expression:
        if length == 1 and not more:
            return Expression("0") if name == "argmax" else at(0)
        variable = VARIABLES[self._depth]
        self._depth += 1
        try:
            body = split(at, Index(variable, 0, length - 1))
        finally:
            self._depth -= 1
        return Expression(f"{name}({length},{variable}=>{body}{more})")


def split(at: At, *variables: Index) -> Expression:
    """Return the expression at these variables; where it cannot be the same for all values, one for each kind."""
    try:
        return at(*variables)
    except Undecided as question:
        if question.variable not in (v.variable for v in variables):
            raise
        parts = []
        for half in (question.where, question.otherwise):
            parts.append(split(at, *(half if v.variable == half.variable else v for v in variables)))
        return Expression(f"({question.condition}?{parts[0]}:{parts[1]})")


def read_symbolic(node: Node, arithmetic: Arithmetic[Any], given: Callable[[Node], Table | None]) -> Table:
    """Return a table by its own cell rule, of cells at indices that are not known yet; see `table.read`."""
    tables = [given(a) or read_symbolic(a, arithmetic, given) for a in node.args]
    cell, attrs = node.op.cell, node.attrs
    return _Lines(node.shape, lambda r, c: cell(arithmetic, (r, c), *tables, **attrs))


def cells(number: int, shape: Shape) -> Table:
    """Return the cells of the table with this number, as expressions."""
    return _Lines(shape, lambda r, c: Expression(f"t({number},{r},{c})"))


def literals(data: Array) -> Table:
    """Return the numbers of a table that has no number, as expressions: one for each kind of place."""
    arithmetic = JavaScript()
    if (data == data.flat[0]).all():
        return _Lines(data.shape, lambda r, c: arithmetic.number(data.flat[0]))
    return _Lines(data.shape, lambda r, c: arithmetic.number(data[int(r), int(c)]))


def expression(node: Node, number: Callable[[Node], int | None]) -> Expression:
    """Return the expression of a table's cell in row `i` and column `j`, over the tables that have a number."""

    def given(argument: Node) -> Table | None:
        known = number(argument)
        if known is not None:
            return cells(known, argument.shape)
        return None if argument.data is None else literals(argument.data)

    table = read_symbolic(node, JavaScript(), given)
    return split(lambda r, c: table[r, c], *indices(node.shape))


def indices(shape: Shape) -> tuple[Index, Index]:
    """Return the row `i` and the column `j` of a table of this shape."""
    return Index("i", 0, int(shape[0]) - 1), Index("j", 0, int(shape[1]) - 1)


def rule(node: Node, number: Callable[[Node], int | None]) -> str:
    """Return the function of a table's cells: (i,j)=>..."""
    return f"(i,j)=>{expression(node, number)}"
