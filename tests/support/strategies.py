"""What the tests of the core draw (numbers, expressions, graphs), and the workbook in which IronCalc computes it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import ironcalc
import numpy as np
import xlsxwriter
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from byhand.core import ops
from byhand.core.arithmetic.excel import EXCEL, Address, Formula
from byhand.core.graph import OPS, Array, Node, Op, source, toposort
from byhand.core.table import Table, read

SHEETS = ("The first", "2nd")

numbers = st.integers(-99, 99).map(float) | st.floats(-99, 99, allow_subnormal=False)
small = st.integers(-3, 3).map(float)
positive = st.floats(0.125, 99)
nonzero = positive | positive.map(lambda x: -x)
moderate = st.floats(-20, 20, allow_subnormal=False)
exponents = st.floats(-4, 4, allow_subnormal=False)

DOMAINS: dict[str, Callable[[int], st.SearchStrategy[float]]] = {
    "div": lambda n: (numbers, nonzero)[n],
    "power": lambda n: (positive, exponents)[n],
    "exp": lambda n: moderate,
    "sqrt": lambda n: st.just(0.0) | positive,
    "log": lambda n: positive,
    "argmax": lambda n: small,
    "greater": lambda n: small,
    "equal": lambda n: small,
    "one_hot": lambda n: st.integers(-1, 3).map(float),
    "where": lambda n: st.sampled_from([0.0, 1.0]) if n == 0 else numbers,
    "lookup": lambda n: numbers if n == 0 else st.integers(0, 3).map(float),
    "tally": lambda n: small,
    "spans": lambda n: small,
    "total_of": lambda n: small,
    "find": lambda n: numbers if n == 2 else small,
    "take": lambda n: numbers if n == 0 else st.integers(0, 1).map(float),
    "apart": lambda n: st.sampled_from([0.0, 1.0]),
    "joined_places": lambda n: st.sampled_from([0.0, 1.0]),
    "at_places": lambda n: numbers if n == 0 else st.integers(1, 5).map(float),
}
"""The numbers that argument n of an operation may be; any where the operation is not listed."""


def tables(shape: tuple[int, int], elements: st.SearchStrategy[float] = numbers) -> st.SearchStrategy[Array]:
    return arrays(np.float64, shape, elements=elements, fill=st.nothing())


@st.composite
def shapes(draw: st.DrawFn, most: int = 4) -> tuple[int, int]:
    return draw(st.integers(1, most)), draw(st.integers(1, most))


@st.composite
def short_numbers(draw: st.DrawFn, op: Op, shapes: Any) -> list[Any]:
    """Arguments of at most two places, which every line can show in full."""
    domain = DOMAINS.get(op.name, lambda n: numbers)
    drawn = [
        np.array([[draw(domain(n)) for _ in range(shape[1])] for _ in range(shape[0])])
        for n, shape in enumerate(shapes)
    ]
    rounded = [np.round(array, 2) for array in drawn]
    return [np.where(array == 0, 1, array) if op.name == "div" else array for array in rounded]


@st.composite
def arguments(draw: st.DrawFn, op: Op, argument_shapes: tuple[tuple[int, int], ...]) -> list[Array]:
    domain = DOMAINS.get(op.name, lambda n: numbers)
    return [draw(tables(shape, domain(n))) for n, shape in enumerate(argument_shapes)]


def given_tables(arrays: Iterable[Array]) -> list[Node]:
    return [source("abcdef"[n], array, role="input") for n, array in enumerate(arrays)]


def has_cells(node: Node) -> bool:
    return bool(node.name)


def placed(outputs: Iterable[Node]) -> dict[Node, Table]:
    """Addresses for every named table: the sheets by turns, one table under the other, from Y to past Z."""
    places: dict[Node, Table] = {}
    top = [2] * len(SHEETS)
    for n, node in enumerate(filter(has_cells, toposort(outputs))):
        at = n % len(SHEETS)
        places[node] = _block(node, top[at], SHEETS[at])
        top[at] += node.shape[0] + 2
    return places


def _block(node: Node, top: int, sheet: str) -> Table:
    return Table(node.shape, lambda r, c: Address(top + r, 24 + c, sheet))


def formula_cells(outputs: Iterable[Node]) -> dict[Node, list[list[Formula]]]:
    """The formulas of every named table that is computed; an unnamed one stands inside its readers' formulas."""
    places = placed(outputs)
    found: dict[Node, list[list[Formula]]] = {}
    for node in places:
        if node.data is None:
            own = _own_cells(node, places)
            found[node] = [[own[r, c] for c in range(node.shape[1])] for r in range(node.shape[0])]
    return found


def _own_cells(node: Node, places: Mapping[Node, Table]) -> Table:
    return read(node, EXCEL, lambda other: places.get(other))


def write_sheets(path: Path, outputs: Iterable[Node]) -> dict[Node, Table]:
    """A workbook of the named tables. Each formula's stored result is a text, so that no engine can pass by it."""
    outputs = list(outputs)
    places, texts = placed(outputs), formula_cells(outputs)
    with xlsxwriter.Workbook(path) as book:
        sheets = {name: book.add_worksheet(name) for name in SHEETS}
        for node, place in places.items():
            for r, c in np.ndindex(*node.shape):
                at = place[r, c]
                if node.data is None:
                    sheets[at.sheet].write_formula(at.row, at.column, f"={texts[node][r][c]}", None, "stale")
                else:
                    sheets[at.sheet].write_number(at.row, at.column, node.data[r, c])
    return places


def recalculated(outputs: Iterable[Node]) -> dict[Node, Array]:
    """The numbers of every named table after IronCalc has computed the workbook."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.xlsx"
        places = write_sheets(path, outputs)
        model = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
    model.evaluate()

    def cell(at: Address) -> Any:
        return model.get_cell_value(SHEETS.index(at.sheet), at.row + 1, at.column + 1)

    return {
        node: np.array([[cell(place[r, c]) for c in range(node.shape[1])] for r in range(node.shape[0])], dtype=float)
        for node, place in places.items()
    }


Tree = float | Address | tuple[str, Any, Any]
"""An expression: a number, a cell, or (operator, left, right)."""

cells = st.builds(Address, st.integers(0, 3), st.integers(0, 3), st.sampled_from(["", *SHEETS]))
leaves = st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.5, -7.0, 1e-7, -12345.0]) | cells


def trees(leaf: st.SearchStrategy[Tree] = leaves, most: int = 10) -> st.SearchStrategy[Tree]:
    return st.recursive(leaf, lambda part: st.tuples(st.sampled_from("+-*/"), part, part), max_leaves=most)


def described(node: Node) -> str:
    """Every formula of the model, for the report of a failure."""
    return "; ".join(f"{n.name} = {rows}" for n, rows in formula_cells([node]).items())


@st.composite
def graphs(draw: st.DrawFn) -> Node:
    """A model at random, some of its tables named and some not, whose numbers are whole or halves: no rounding."""
    fresh = count(1)
    nodes = [source(f"s{n}", draw(tables(draw(shapes(3)), small)), role="input") for n in range(3)]
    for _ in range(draw(st.integers(1, 6))):
        made = draw(st.sampled_from(STEPS))(draw, nodes)
        if made is not None:
            if draw(st.booleans()) or _depth(made) > 2:
                made.named(f"n{next(fresh)}")
            nodes.append(made)
    last = nodes[-1].named("last") if nodes[-1].data is None else nodes[-1]
    note(described(last))
    return last


def _depth(node: Node) -> int:
    """How many unnamed tables stand inside one another at this one."""
    return 0 if has_cells(node) or not node.args else 1 + max(map(_depth, node.args))


def _pair(draw: st.DrawFn, nodes: list[Node]) -> Node | None:
    x, y = draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes))
    fits = all(a == b or 1 in (a, b) for a, b in zip(x.shape, y.shape, strict=True))
    return OPS[draw(st.sampled_from(["add", "sub", "mul", "maximum"]))](x, y) if fits else None


def _halved(draw: st.DrawFn, nodes: list[Node]) -> Node:
    return draw(st.sampled_from(nodes)) / draw(st.sampled_from([2, -2]))


def _product(draw: st.DrawFn, nodes: list[Node]) -> Node:
    x, y = draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes))
    return x @ y if x.shape[1] == y.shape[0] else x @ x.T


def _line(draw: st.DrawFn, nodes: list[Node]) -> Node:
    op = OPS[draw(st.sampled_from(["sum", "max", "argmax"]))]
    return op(draw(st.sampled_from(nodes)), axis=draw(st.integers(0, 1)))


def _choice(draw: st.DrawFn, nodes: list[Node]) -> Node:
    x = draw(st.sampled_from(nodes))
    return ops.where(ops.maximum(x, 0), x, draw(small))


def _found(draw: st.DrawFn, nodes: list[Node]) -> Node:
    x = draw(st.sampled_from(nodes))
    return ops.lookup(x, ops.argmax(x.T, axis=1))


def _view(draw: st.DrawFn, nodes: list[Node]) -> Node:
    x = draw(st.sampled_from(nodes))
    last = int(x.shape[0])
    views = [x.T, x.rows(last - 1, last), ops.beside(x, x), ops.below(x, x), ops.alternate(x, x, width=2 * x.shape[1])]
    return draw(st.sampled_from(views))


STEPS: list[Callable[[st.DrawFn, list[Node]], Node | None]] = [
    _pair,
    _pair,
    _halved,
    _product,
    _line,
    _choice,
    _found,
    _view,
]
