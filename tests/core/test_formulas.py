"""Cell rules as spreadsheet text: brackets, numbers, ranges and names, in this file's reading and in three programs."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xlsxwriter
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.examples import examples
from support.lessons import sweep
from support.strategies import SHEETS, Tree, arguments, cells, formula_cells, given_tables, trees, write_sheets
from xlsxwriter.utility import xl_cell_to_rowcol, xl_col_to_name, xl_rowcol_to_cell

from byhand.core.arithmetic.excel import EXCEL, RANGES, Address, Formula, column_letters, functions, quoted
from byhand.core.arithmetic.excel import cells as written_cells
from byhand.core.graph import OPS, Node, fold
from byhand.core.ops import EXP
from byhand.core.table import Table
from byhand.core.weights import Weights
from byhand.language.architecture import Inputs
from byhand.models import MODELS
from byhand.xlsx.recalculate import recalculate, recalculate_many

TOKEN = re.compile(r"(?P<number>\d+(?:\.\d+)?)|(?P<cell>(?:'(?:[^']|'')+'!)?[A-Z]+\d+)|(?P<sign>[-+*/()])")
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
}


class Reader:
    """A formula of + - * / as Excel reads it: * and / before + and -, from the left; exact, in fractions.

    Stricter than Excel in one thing: a sign may stand only at the beginning or behind a bracket, never behind an
    operator, as in 2*-3 or 2--3.
    """

    def __init__(self, text: str, value: Callable[[str], Fraction]) -> None:
        self.tokens = list(TOKEN.finditer(text))
        assert "".join(t.group() for t in self.tokens) == text
        self.value = value

    def all(self) -> Fraction:
        result = self.sum()
        assert not self.tokens, "text is left over"
        return result

    def next_is(self, signs: str) -> bool:
        return bool(self.tokens) and self.tokens[0].group() in signs

    def take(self) -> re.Match[str]:
        return self.tokens.pop(0)

    def sum(self) -> Fraction:
        result = Fraction(0) if self.next_is("-") else self.product()
        while self.next_is("+-"):
            result = OPERATORS[self.take().group()](result, self.product())
        return result

    def product(self) -> Fraction:
        result = self.atom()
        while self.next_is("*/"):
            result = OPERATORS[self.take().group()](result, self.atom())
        return result

    def atom(self) -> Fraction:
        token = self.take()
        if token.group() == "(":
            result = self.sum()
            assert self.take().group() == ")"
            return result
        assert token.lastgroup in ("number", "cell"), f"{token.group()} stands where a number should"
        return self.value(token.group()) if token.lastgroup == "cell" else Fraction(token.group())


PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107]


def cell_value(row: int, column: int, sheet: str) -> float:
    """Each cell of the tests' sheets has a number of its own, some of them negative."""
    n = 4 * row + column + 16 * ["", *SHEETS].index(sheet)
    return (-1) ** n * PRIMES[n % len(PRIMES)] / 4


def written(tree: Tree) -> Formula:
    if isinstance(tree, tuple):
        operator, x, y = tree
        return OPERATORS[operator](written(x), written(y))
    return tree if isinstance(tree, Address) else EXCEL.number(tree)


def computed(tree: Tree, exactly: Callable[[str], Any] = Fraction) -> Any:
    if isinstance(tree, tuple):
        operator, x, y = tree
        return OPERATORS[operator](computed(x, exactly), computed(y, exactly))
    return exactly(str(cell_value(tree.row, tree.column, tree.sheet) if isinstance(tree, Address) else tree))


def looked_up(text: str) -> Fraction:
    sheet, _, cell = text.rpartition("!")
    return Fraction(cell_value(*xl_cell_to_rowcol(cell), sheet[1:-1].replace("''", "'")))


def in_fractions(tree: Tree) -> Fraction:
    try:
        return computed(tree)
    except ZeroDivisionError:
        assume(False)
        raise


@examples(300)
@given(trees())
def test_a_formula_says_its_expression(tree: Tree) -> None:
    expected = in_fractions(tree)
    assert Reader(written(tree), looked_up).all() == expected


@examples(300)
@given(trees(), trees(), trees())
def test_a_dot_product_says_its_sum_of_products(x: Tree, y: Tree, z: Tree) -> None:
    expected = in_fractions(("+", ("*", x, y), ("*", y, z)))
    text = EXCEL.dot((written(x), written(y)), (written(y), written(z)))
    assert Reader(text, looked_up).all() == expected
    assert Reader(EXCEL.number(2) * text, looked_up).all() == 2 * expected


def relabelled(tree: Tree, fresh: Iterator[int]) -> Tree:
    """The same operators over cells that are all different."""
    if isinstance(tree, tuple):
        return tree[0], relabelled(tree[1], fresh), relabelled(tree[2], fresh)
    row, column = divmod(next(fresh), 4)
    return Address(row, column)


def unlike_any_other(cell: str) -> Fraction:
    """A number for the cell for which two expressions are equal only if they always are."""
    return Fraction(random.Random(cell).getrandbits(64))


def without_a_bracket(text: str) -> Iterator[str]:
    """The text without one of its pairs of brackets, for each pair."""
    opened = []
    for n, sign in enumerate(text):
        if sign == "(":
            opened.append(n)
        elif sign == ")":
            first = opened.pop()
            yield text[:first] + text[first + 1 : n] + text[n + 1 :]


@examples(200)
@given(trees(cells, most=8))
def test_no_bracket_could_be_left_out(tree: Tree) -> None:
    text = written(relabelled(tree, iter(range(8))))
    for shorter in without_a_bracket(text):
        assert Reader(shorter, unlike_any_other).all() != Reader(text, unlike_any_other).all()


A, B, C = Address(0, 0), Address(0, 1), Address(0, 2)
FIVE = EXCEL.number(-5)


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (A - (B + C), "A1-(B1+C1)"),
        (A - (B - C), "A1-(B1-C1)"),
        (A + (B - C), "A1+B1-C1"),
        (A * (B + C), "A1*(B1+C1)"),
        (A * (B / C), "A1*B1/C1"),
        (A / (B * C), "A1/(B1*C1)"),
        (A / (B / C), "A1/(B1/C1)"),
        (A / B * C, "A1/B1*C1"),
        (FIVE + A, "-5+A1"),
        (A + FIVE, "A1+(-5)"),
        (A - FIVE, "A1-(-5)"),
        (FIVE * A, "(-5)*A1"),
        (A / FIVE, "A1/(-5)"),
        (EXCEL.number(-0.0), "0"),
        (EXCEL.call(EXP, A + B) * C, "EXP(A1+B1)*C1"),
        (EXCEL.position_of_largest((A, B)) * C, "(MATCH(MAX(A1:B1),A1:B1,0)-1)*C1"),
        (EXCEL.pick((A, B), C), "INDEX(A1:B1,1,C1+1)"),
        (EXCEL.pick((A, Address(1, 0)), C), "INDEX(A1:A2,C1+1)"),
        (EXCEL.pick((A, C), B), "CHOOSE(B1+1,A1,C1)"),
        (EXCEL.pick((A + B, C), A), "CHOOSE(A1+1,A1+B1,C1)"),
        (EXCEL.position_of_largest((A, C, A + B)), "IF(A1=MAX(A1,C1,A1+B1),0,IF(C1=MAX(A1,C1,A1+B1),1,2))"),
        (EXCEL.choose(A, B, FIVE), "IF(A1,B1,-5)"),
        (EXCEL.dot((A, B + C), (B, C)), "A1*B1+(B1+C1)*C1"),
        (EXCEL.pi() * A, "PI()*A1"),
    ],
)
def test_as_written(formula: Formula, text: str) -> None:
    assert formula == text


@examples(500)
@given(st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([1e-12, 1e300, -1e-7, 1e30, -1e30, 5e-324]))
def test_numbers_have_digits_only(x: float) -> None:
    text = EXCEL.number(x)
    assert re.fullmatch(r"-?\d+(\.\d+)?", text)
    assert float(text) == x
    assert Reader(text, looked_up).all() == Fraction(text)
    assert (EXCEL.number(1) - text).count("(") == (x < 0)


def expanded(text: str) -> list[Address]:
    """The cells that a function's argument names, in its order."""
    found = []
    for sheet, first, last in re.findall(r"(?:'((?:[^']|'')+)'!)?([A-Z]+\d+)(?::([A-Z]+\d+))?", text):
        (top, left), (bottom, right) = xl_cell_to_rowcol(first), xl_cell_to_rowcol(last or first)
        rows, columns = range(top, bottom + 1), range(left, right + 1)
        found += [Address(r, c, sheet.replace("''", "'")) for r in rows for c in columns]
    return found


@st.composite
def walks(draw: st.DrawFn) -> list[Address]:
    """Cells of which many are neighbours: to the right, below, back, on the same spot, on another sheet."""
    line = [draw(cells)]
    for right, down, sheet in draw(st.lists(st.tuples(steps, steps, st.none() | st.sampled_from(SHEETS)), max_size=8)):
        last = line[-1]
        line.append(Address(max(last.row + down, 0), max(last.column + right, 0), sheet or last.sheet))
    return line


steps = st.sampled_from([0, 0, 0, 1, 1, 1, -1, 2])


@examples(300)
@given(walks())
def test_ranges_name_the_same_cells_in_the_same_order(line: list[Address]) -> None:
    assert expanded(written_cells(tuple(line))) == line


def run(*places: tuple[int, int], sheet: str = "") -> tuple[Address, ...]:
    return tuple(Address(r, c, sheet) for r, c in places)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (run((4, 1), (4, 2), (4, 3), (4, 4)), "B5:E5"),
        (run((4, 1), (5, 1), (6, 1)), "B5:B7"),
        (run((4, 1)), "B5"),
        (run((4, 1), (4, 2), (4, 5), (4, 6)), "B5:C5,F5:G5"),
        (run((4, 1), (4, 3), (4, 5)), "B5,D5,F5"),
        (run((4, 2), (4, 1)), "C5,B5"),
        (run((4, 1), (4, 1)), "B5,B5"),
        (run((4, 1), (4, 2), (5, 2), (6, 2)), "B5:C5,C6:C7"),
        (run((0, 25), (0, 26)), "Z1:AA1"),
        (run((4, 1), (4, 2), sheet="It's"), "'It''s'!B5:C5"),
        (run((4, 1), sheet="Head 1") + run((4, 2), sheet="Head 2") + run((4, 3)), "'Head 1'!B5,'Head 2'!C5,D5"),
        ((A + B, C), "A1+B1,C1"),
        ((A, FIVE), "A1,-5"),
    ],
)
def test_ranges_as_written(line: tuple[Formula, ...], text: str) -> None:
    assert written_cells(line) == text
    assert EXCEL.total(line) == f"SUM({text})"


A = [[Address(row, column) for column in range(8)] for row in range(8)]
B = [[Address(row, column, "A sheet's") for column in range(8)] for row in range(8)]
COLUMN_C, COLUMN_D = ([A[i][j] for i in range(4, 8)] for j in (2, 3))
SUMS: list[tuple[list[Formula], str]] = [
    ([a * b for a, b in zip(A[0], A[1], strict=True)], "SUMPRODUCT(A1:H1,A2:H2)"),
    ([a * b for a, b in zip(A[0], B[1], strict=True)], "SUMPRODUCT(A1:H1,'A sheet''s'!A2:H2)"),
    ([a * b for a, b in zip(COLUMN_C, COLUMN_D, strict=True)], "SUMPRODUCT(C5:C8,D5:D8)"),
    ([a * b for a, b in zip(A[0][:4], COLUMN_D, strict=True)], "SUM(MMULT(A1:D1,D5:D8))"),
    ([a * b for a, b in zip(COLUMN_D, A[0][:4], strict=True)], "SUM(MMULT(A1:D1,D5:D8))"),
    ([-a for a in A[0]], "-SUM(A1:H1)"),
    ([-(a * b / A[3][3]) for a, b in zip(A[0], A[1], strict=True)], "-SUMPRODUCT(A1:H1,A2:H2)/D4"),
    ([A[3][3] * a for a in A[0][:2]], "SUM(D4*A1,D4*B1)"),
    ([a / b for a, b in zip(A[0][:3], A[1][:3], strict=True)], "SUM(A1/A2,B1/B2,C1/C2)"),
    ([a * EXCEL.number(2) for a in A[0][:3]], "SUM(A1*2,B1*2,C1*2)"),
    ([A[0][0] * A[1][0], A[0][1] * A[1][1], A[0][2] * A[1][3]], "SUMPRODUCT(A1:B1,A2:B2)+C1*D2"),
    ([A[0][0] * A[1][0], A[0][1] * A[1][1], A[0][2] / A[1][2]], "SUM(A1*A2,B1*B2,C1/C2)"),
    ([-(A[0][0] * A[1][0]), A[0][1] * A[1][1], A[0][2] * A[1][2]], "SUM(-A1*A2,B1*B2,C1*C2)"),
    ([A[0][0] * A[1][0], A[0][1] * B[1][1], A[0][2] * A[1][2]], "A1*A2+B1*'A sheet''s'!B2+C1*C2"),
    ([A[i][i] * A[0][i] for i in range(3)], "A1*A1+B2*B1+C3*C1"),
    ([A[2 - i][0] * A[0][i] for i in range(3)], "A3*A1+A2*B1+A1*C1"),
]


@pytest.mark.parametrize(("terms", "text"), SUMS, ids=[text for _, text in SUMS])
def test_a_sum_of_products_in_ranges_is_the_same_sum(terms: list[Formula], text: str, tmp_path: Path) -> None:
    """Against each term written out. What repeats no product is written out."""
    assert RANGES.total(tuple(terms)) == text
    book = xlsxwriter.Workbook(tmp_path / "ranges.xlsx")
    sheet, other = book.add_worksheet("Sheet"), book.add_worksheet("A sheet's")
    for row in range(8):
        for column in range(8):
            sheet.write_number(row, column, (3 * row + 5 * column) % 7 - 2.5)
            other.write_number(row, column, (5 * row + 3 * column) % 11 - 4.5)
    sheet.write_formula(10, 0, f"={text}")
    sheet.write_formula(10, 1, f"={EXCEL.total(tuple(terms))}")
    book.close()
    numbers = recalculate(tmp_path / "ranges.xlsx")
    assert numbers["Sheet", 10, 0] == pytest.approx(numbers["Sheet", 10, 1], rel=1e-12)


def test_column_letters() -> None:
    assert [column_letters(n) for n in range(16384)] == [xl_col_to_name(n) for n in range(16384)]


@settings(deadline=None)
@given(st.integers(0, 1_048_575), st.integers(0, 16383))
def test_addresses(row: int, column: int) -> None:
    assert Address(row, column) == xl_rowcol_to_cell(row, column)
    assert Address(row, column, "It's") == f"'It''s'!{xl_rowcol_to_cell(row, column)}"


def examples() -> Iterator[Node]:
    """Every operation over its examples, once, as named tables that have cells."""
    for op in OPS.values():
        for shapes, attrs in op.examples:
            *_, arrays = drawn(arguments(op, shapes), 5)  # the first draws are the simplest: all zeros
            yield op(*given_tables(arrays), **attrs).named(op.name)


NAMES = ["It's", "a''b", "A1", "1st", "x!y", "−∞ × naïve", "Layer 1 · head", "R1C1", "TRUE", "a,b(c)+d"]


def test_sheet_names_are_quoted_so_that_they_are_found(tmp_path: Path) -> None:
    path = tmp_path / "names.xlsx"
    with xlsxwriter.Workbook(path) as book:
        first = book.add_worksheet("first")
        for n, name in enumerate(NAMES):
            book.add_worksheet(name).write_number(0, 0, 1 + n)
            first.write_formula(n, 0, f"={Address(0, 0, name)}", None, "stale")
            first.write_formula(n, 1, f"=SUM({quoted(name)}!A1:B2)", None, "stale")
    cells = recalculate(path, "ironcalc")
    assert [cells["first", n, column] for n in range(len(NAMES)) for column in (0, 1)] == [
        1 + n for n in range(len(NAMES)) for column in (0, 1)
    ]


def called(text: str) -> set[str]:
    return set(re.findall(r"([A-Z][A-Z0-9.]*)\(", re.sub(r"'(?:[^']|'')*'", "", text)))


def test_only_functions_of_the_list_are_used() -> None:
    """Over every arithmetic rule of the operations, and over every model that can be built."""
    used = {name for node in examples() for row in formula_cells([node])[node] for f in row for name in called(f)}
    assert used <= functions()
    assert {"INDEX", "MATCH", "POWER", "ERF", "PI", "SUMSQ"} <= used


@pytest.mark.parametrize("name", sweep(MODELS))
def test_models_are_written_within_the_limits(name: str) -> None:
    """Listed functions only, no power sign, no exponent, and a length that Excel reads."""
    model = MODELS[name]
    graph = model.build(model.options, Weights(), Inputs())
    texts = [f for rows in formula_cells(graph.outputs).values() for row in rows for f in row]
    assert texts
    for text in set(texts):
        assert called(text) <= functions()
        assert "^" not in text
        assert not re.search(r"\d[eE][-+]?\d", text)
        assert len(text) < 8192


def drawn(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """The same draws every time, so that one file of them can go through a slow program."""
    found: list[Any] = []

    @settings(max_examples=count, derandomize=True, database=None, deadline=None)
    @given(strategy)
    def collect(draw: Any) -> None:
        found.append(draw)

    collect()
    return found


def well_conditioned(tree: Tree) -> bool:
    """That floating point gets it right; else the programs could differ and all of them be right."""
    try:
        return bool(np.isclose(computed(tree, float), float(computed(tree)), rtol=1e-12, atol=1e-12))
    except ZeroDivisionError:
        return False


def whole(place: Table) -> list[list[Address]]:
    return [[place[r, c] for c in range(place.shape[1])] for r in range(place.shape[0])]


def write_trees(path: Path, chosen: list[Tree]) -> None:
    with xlsxwriter.Workbook(path) as book:
        sheets = {name: book.add_worksheet(name or "Formulas") for name in ["", *SHEETS]}
        for name, sheet in sheets.items():
            for row, column in np.ndindex(4, 4):
                sheet.write_number(row, column, cell_value(row, column, name))
        for n, tree in enumerate(chosen):
            sheets[""].write_formula(n, 6, f"={written(tree)}", None, "stale")


def test_programs_compute_what_was_meant(engine: str, tmp_path: Path) -> None:
    """Expressions at random and every operation, through each spreadsheet program in one start."""
    chosen = list(filter(well_conditioned, drawn(trees(), 400)))
    assert len(chosen) > 150
    nodes = list(examples())
    paths = [tmp_path / "trees.xlsx", tmp_path / "operations.xlsx"]
    write_trees(paths[0], chosen)
    places = write_sheets(paths[1], nodes)
    of_trees, of_operations = recalculate_many(paths, engine)
    for n, tree in enumerate(chosen):
        assert of_trees["Formulas", n, 6] == pytest.approx(float(computed(tree)), rel=1e-9, abs=1e-12), written(tree)
    for node in nodes:
        numbers = [[of_operations[at.sheet, at.row, at.column] for at in row] for row in whole(places[node])]
        np.testing.assert_allclose(numbers, fold([node])[node], rtol=1e-9, atol=1e-9, err_msg=node.name)
