"""What stands in line with what on a sheet: the factors of a product with it, and all that makes a cell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate, chain, pairwise

from openpyxl.utils import get_column_letter

from byhand.core.graph import Node
from byhand.core.piece_ops import find, spans, tally, total_of
from byhand.lessons.lesson import Lesson
from byhand.xlsx.cells import Cell
from byhand.xlsx.reader import Contents
from support.lessons import cells_of, place, position, products


def crossings(made: Lesson, book: Contents) -> int:
    """Check each cell of each matrix product: a row at its left, times a column above it. How many cells."""
    columns = made.recipe.orientation == "columns"
    count = 0
    for table, node in forward(made).items():
        if terms := [product.args[0].shape[1] for product in products(node)]:
            for cell in chain.from_iterable(cells_of(book, table, columns)):
                assert_crossings(cell, book.formulas[cell], terms, columns)
                count += 1
    return count


def assert_crossings(cell: Cell, formula: str, terms: list[int], columns: bool) -> None:
    """Of a sum of products, each has as many terms as `terms` says."""
    pairs = re.findall(r"(?<![!A-Z$])([A-Z]+[0-9]+)\*([A-Z]+[0-9]+)", written_out(formula, columns))
    assert len(pairs) == sum(terms), (cell, formula)
    for last, count in zip(accumulate(terms), terms, strict=True):
        assert_crossing(cell, formula, pairs[last - count : last], columns)


def written_out(formula: str, columns: bool) -> str:
    """The formula with each product of a row and a column as a sum of products, the row's cells first (or second)."""

    def terms(match: re.Match[str]) -> str:
        row, column = (list(chain.from_iterable(place(f"Sheet!{cells}"))) for cells in match.groups())
        pairs = [
            (f"{get_column_letter(c + 1)}{r + 1}", f"{get_column_letter(d + 1)}{s + 1}")
            for (_, r, c), (_, s, d) in zip(row, column, strict=True)
        ]
        return "+".join("*".join(reversed(pair) if columns else pair) for pair in pairs)

    return re.sub(r"SUM\(MMULT\(([A-Z0-9:]+),([A-Z0-9:]+)\)\)", terms, formula)


def assert_crossing(cell: Cell, formula: str, pairs: list[tuple[str, str]], columns: bool) -> None:
    _, row, column = cell
    first, second = ([position(pair[n]) for pair in pairs] for n in (0, 1))
    left, above = (second, first) if columns else (first, second)
    assert {r for r, _ in left} == {row}, (cell, formula)
    assert {c for _, c in above} == {column}, (cell, formula)
    assert max(c for _, c in left) < column, (cell, formula)
    assert max(r for r, _ in above) < row, (cell, formula)
    assert all(b - a == 1 for a, b in pairwise(c for _, c in left)), (cell, formula)
    assert all(b - a == 1 for a, b in pairwise(r for r, _ in above)), (cell, formula)


REFERENCE = re.compile(r"('(?:[^']|'')+'!)?(?<![\w.])([A-Z]{1,3}[0-9]+)(?::([A-Z]{1,3}[0-9]+))?(?![\w(.])")


def target(sheet: str, reference: str) -> Cell | None:
    """The cell that a formula is a link to; None if it is more than a link."""
    if not REFERENCE.fullmatch(reference) or ":" in reference:
        return None
    return place(reference if "!" in reference else f"{sheet}!{reference}")[0][0]


def out_of_line(made: Lesson, book: Contents) -> list[tuple[Cell, str]]:
    """Cells whose formula refers to another sheet, or to what is neither in their row nor in their column.

    But for numbers by themselves (read, or computed: a sum), for the tables that only show others again, and for
    those whose every number is looked up in one column. What is counted or sought in a whole table reads all of it,
    wherever in the table a cell stands: that table is on the same sheet all the same.
    """
    columns = made.recipe.orientation == "columns"
    alone = {cells_of(book, n.name)[0][0] for n in made.tables.values() if n.shape == (1, 1)}
    alone |= {cell for cell, formula in book.formulas.items() if target(cell[0], formula[1:]) in alone}
    alone |= {cell for cell, formula in book.formulas.items() if shows_one_number(cell, formula, book)}
    found = []
    for node in homes(forward(made)):
        is_line = node.op.view or node.shape == (1, 1) or looks_up_in_a_column(node)
        for cell in chain.from_iterable(cells_of(book, node.name, columns)) if not is_line else ():
            sheet, row, column = cell
            for elsewhere, first, last in REFERENCE.findall(book.formulas[cell]):
                there, (bottom, right) = target(sheet, elsewhere + first), position(last or first)
                _, top, left = there
                in_line = top == bottom == row or left == right == column
                if (elsewhere or not (in_line or reads_whole_tables(node))) and there not in alone:
                    found.append((cell, book.formulas[cell]))
    return found


WHOLE = {tally, total_of, find, spans}
"""Operations each of whose cells reads a whole table: it counts or seeks there, or reads all letters of a part."""


def looks_up_in_a_column(node: Node) -> bool:
    return node.op.name == "lookup" and node.args[0].shape[1] == 1


def reads_whole_tables(node: Node) -> bool:
    """Whether the formula of its cells holds one of these operations, or looks numbers up in one column."""
    return (
        node.op in WHOLE
        or looks_up_in_a_column(node)
        or any(reads_whole_tables(arg) for arg in node.args if not arg.name)
    )


def shows_one_number(cell: Cell, formula: str, book: Contents) -> bool:
    """Whether it shows one number of another sheet, as a table of one cell: B of a token whose state is one number."""
    sheet, row, column = cell
    there = target(sheet, formula[1:])
    around = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
    return there is not None and there[0] != sheet and not any((sheet, *place) in book.formulas for place in around)


# Cells that are not formulas


def homes(tables: dict[str, Node]) -> Iterator[Node]:
    """Those that are computed, each with a rule over it."""
    yield from (n for n in tables.values() if n.op.name != "source")


def forward(made: Lesson) -> dict[str, Node]:
    """All but gradients, updates and later training steps: these stand where their forward tables do."""
    later = made.graph.training.later if made.graph.training else set()
    return {name: n for name, n in made.tables.items() if n not in later}
