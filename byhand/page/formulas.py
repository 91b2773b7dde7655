"""The formula of each cell in letters and in numbers, as MathML with holes that the page fills.

A table's cells differ in the cells that they read, not in the form of their formula, so each form is written once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from byhand.core.arithmetic.javascript import Expression, Index, JavaScript, cells, indices, read_symbolic, split
from byhand.core.arithmetic.steps import Given, Step, Steps
from byhand.core.graph import Node, Shape
from byhand.core.table import Table
from byhand.notation.mathml import MathML
from byhand.notation.tree import Maths, Name, Number

OPEN, CLOSE = "\ue000", "\ue001"
"""Stand around the number of a hole while the form is printed: signs that no name and no number has."""
HOLE = re.compile(f"<m[in]>{OPEN}(\\d+){CLOSE}</m[in]>")
NEGATIVE = re.compile(f'<mrow><mo form="prefix">−</mo><mn>{OPEN}(\\d+){CLOSE}</mn></mrow>')
BRACKETED = re.compile(f'<mrow><mo stretchy="false">\\(</mo>{NEGATIVE.pattern}<mo stretchy="false">\\)</mo></mrow>')
PLACE = "\ue002"

Number_of = Callable[[Node], int | None]


class Hole(Given):
    """A cell of another table: in letters its name, in numbers its value; the page puts them in.

    In numbers it is printed as if it were negative, so that brackets stand where a negative number needs them.
    """

    def __init__(self, cell: str, order: list[str]) -> None:
        super().__init__(lambda: Name(self._mark), 1.0)
        self.cell, self._order = cell, order

    @property
    def _mark(self) -> str:
        if self.cell not in self._order:
            self._order.append(self.cell)
        return f"{OPEN}{self._order.index(self.cell)}{CLOSE}"

    def after(self, rounds: int) -> Maths:
        return Number(f"-{self._mark}")


class _Steps(Steps):
    """Worked steps over holes. The cell that is looked up is a hole whose row the page knows."""

    def __init__(self, order: list[str]) -> None:
        self._order = order
        self.expressions: dict[Step, Callable[[], str]] = {}

    def number(self, x: Any) -> Step:
        """Return a number of the rule, or an index that stands for one: a hole too."""
        return Hole(f"n({x})", self._order) if isinstance(x, Index) else super().number(x)

    def pick(self, line: Any, index: Step) -> Step:
        """Return the cell of a line whose index the page computes."""
        place = Expression(self.expressions[index]() if index in self.expressions else f"{index.value:g}")
        try:
            return Hole(line.at(place).cell, self._order)
        except (TypeError, AttributeError):  # a line of several tables, or of what is computed: a number without a name
            return Hole(f"n({JavaScript().pick(line.numeric, place)})", self._order)


class _Line(tuple[Step, ...]):
    """A line of cells, and the function that gives its cell at an index that only the page knows."""

    at: Callable[[Any], Hole]
    numeric: Any
    """The same line as expressions of its numbers."""


class _Table(Table):
    """A table read at indices that are not known yet; its lines are not stored, since such an index is no key."""

    __slots__ = ()

    def line(self, i: Any, axis: int) -> Any:
        at = i[1 - axis] if self.shape[1 - axis] > 1 else 0

        def cell(k: Any) -> Any:
            return self._cell(*((at, k) if axis == 1 else (k, at)))

        line = _Line(cell(k) for k in range(self.shape[axis]))
        line.at = cell
        return line


class _Noted(_Table):
    """A table of steps beside the same table as expressions of its numbers."""

    __slots__ = ("numeric",)

    def __init__(self, shape: Shape, cell: Callable[[Any, Any], Step], numeric: Table) -> None:
        super().__init__(shape, cell)
        self.numeric = numeric

    def line(self, i: Any, axis: int) -> Any:
        line = super().line(i, axis)
        line.numeric = self.numeric.line(i, axis)
        return line


Given_by = Callable[[Node], Table | None]


def _read(node: Node, arithmetic: _Steps, given: Given_by, numeric: Given_by) -> Table:
    """Return a table's worked steps. given: the tables of holes; numeric: the same as expressions of their numbers."""
    tables = [given(a) or _read(a, arithmetic, given, numeric) for a in node.args]
    numbers = [numeric(a) or read_symbolic(a, JavaScript(), numeric) for a in node.args]
    cell, attrs = node.op.cell, node.attrs

    def noted(n: int) -> Table:
        """Return an argument whose steps are noted with their expressions, for those that turn out to be an index."""

        def step(r: Any, c: Any) -> Step:
            made: Step = tables[n][r, c]
            arithmetic.expressions[made] = lambda: numbers[n][r, c]
            return made

        return _Noted(node.args[n].shape, step, numbers[n])

    arguments = [noted(n) for n in range(len(tables))]
    return _Table(node.shape, lambda r, c: cell(arithmetic, (r, c), *arguments, **attrs))


class Forms:
    """The forms of formulas that a page has, each with its number."""

    def __init__(self) -> None:
        self.forms: dict[tuple[str, str], int] = {}

    def of(self, node: Node, number: Number_of) -> str:
        """Return the function of a table's cells to the form of their formula and what fills it: (i,j)=>f(3,c(...))."""

        def numeric(argument: Node) -> Table | None:
            known = number(argument)
            return None if known is None else cells(known, argument.shape)

        def at(row: Any, column: Any) -> Expression:
            order: list[str] = []

            def holes(argument: Node) -> Table | None:
                known = number(argument)
                if known is None:
                    return None
                return _Table(argument.shape, lambda r, c: Hole(f"c({known},{r},{c})", order))

            step = _read(node, _Steps(order), holes, numeric)[row, column]
            form = _printed(step.letters), _printed(step.after(0))
            return Expression(",".join([f"f({self.forms.setdefault(form, len(self.forms))}", *order]) + ")")

        return f"(i,j)=>{split(at, *indices(node.shape))}"


def _printed(maths: Maths) -> str:
    """Return MathML with <h> around the number of each hole, <h b> where a negative number stands in brackets."""
    text = BRACKETED.sub(r"<h b>\1</h>", MathML()(maths))
    return HOLE.sub(r"<h>\1</h>", NEGATIVE.sub(r"<h>\1</h>", text))


def symbol_markup(symbol: str) -> tuple[str, str]:
    """Return a table's symbol as MathML: with @ below it, where the page puts row and column, and without."""
    placed = MathML()(Name(symbol, (Name(PLACE),))).replace(f"<mi>{PLACE}</mi>", "<mn>@</mn>")
    return placed, MathML()(Name(symbol))
