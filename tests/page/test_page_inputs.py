"""What lights up for a cell is what the workbook's formula for that cell reads."""

from __future__ import annotations

import json
import re
from itertools import product
from typing import Any

import numpy as np
import pytest
from support.browser import page_of
from support.gradient_models import recipe_of as gradient_recipe
from support.javascript_reading import as_python, tracer
from support.selection import often

from byhand.core.arithmetic.excel import EXCEL
from byhand.core.arithmetic.javascript import expression
from byhand.core.captions import defined_name
from byhand.core.graph import Node
from byhand.core.table import Table, read
from byhand.lessons.build import build
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS
from byhand.workbook.about import About
from byhand.workbook.book import Book, PageWriter
from byhand.workbook.home_page import plan
from byhand.workbook.page import Block, Page

Cell = tuple[str, int, int]
NAMES = [*MODELS, "gpt2 backward", "attention columns"]
FEW = {"gpt2", "rasp-sort", "attention columns"}
REFERENCE = re.compile(r"(?:'((?:[^']|'')+)'!)?\$?([A-Z]{1,3})\$?(\d+)(?::\$?([A-Z]{1,3})\$?(\d+))?(?![\w(.])")


def lesson_of(name: str) -> Lesson:
    model, _, kind = name.partition(" ")
    if kind == "backward":
        return build(gradient_recipe(model))
    return build(Recipe(model, orientation=kind or "rows"))


def column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number - 1


class Precedents:
    """What the formulas of a workbook refer to, as cells of the model's tables."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.constants = {defined_name(block.node): block.node for block in book.constants}
        self.cells: dict[tuple[str, int, int], Cell] = {}
        for page in book.pages:
            for block in page.blocks:
                self._note(page, block)

    def _note(self, page: Page, block: Block) -> None:
        shown = self._shown(block.node)
        for i, j in np.ndindex(*block.node.shape):
            node, r, c = shown[i, j]
            self.cells[self.book.sheet_names[page], *block.at(i, j)] = (node.name, r, c)

    def _shown(self, node: Node) -> Table:
        """Of a table or a view of tables: the cell that stands in each cell."""

        def of(table: Node) -> Table | None:
            return Table(table.shape, lambda i, j: (table, i, j)) if table.name else None

        return of(node) or read(node, EXCEL, of)  # type: ignore[arg-type]  # a view computes nothing

    def of(self, formula: str, sheet: str) -> set[Cell]:
        """The cells that a formula on this sheet reads; words and pieces stand in cells that are of no table."""
        found: set[Cell] = set()
        for name, node in self.constants.items():
            if re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", formula):
                found.add((node.name, 0, 0))
        for there, first, top, last, bottom in REFERENCE.findall(formula):
            place = there.replace("''", "'") or sheet
            rows = range(int(top) - 1, int(bottom or top))
            columns = range(column(first), column(last or first) + 1)
            found |= {cell for r, c in product(rows, columns) if (cell := self.cells.get((place, r, c)))}
        return found


@pytest.mark.parametrize("name", often(NAMES, FEW))
def test_inputs_are_the_precedents_of_the_workbooks_formula(name: str) -> None:
    lesson = lesson_of(name)
    book = Book(lesson.graph, About("", "", ""), lesson.recipe.orientation == "columns")
    plan(book)  # typed words stand on the home page
    precedents, numbers = Precedents(book), lesson.numbers()
    names = list(lesson.tables)
    number = {name: n for n, name in enumerate(names)}
    values = [numbers[table] for table in names]
    for page in book.pages:
        writer = PageWriter(book, None, None, page)  # type: ignore[arg-type]  # it only says what it would write
        for block in page.blocks:
            if not block.home or block.node.data is not None:
                continue
            formula = writer._rule(block)
            trace = tracer(expression(block.node, lambda n: number[n.name] if n.name else None))
            for i, j in np.ndindex(*block.node.shape):
                found: set[Cell] = set()

                def cell(n: int, r: int, c: int, found: set[Cell] = found) -> float:
                    found.add((names[n], r, c))
                    return float(values[n][r, c])

                trace(i, j, cell)
                right = precedents.of(formula(i, j), book.sheet_names[page])
                assert found == right, (block.node.name, i, j, formula(i, j))


def test_a_browser_lists_the_same_inputs(visit: Any) -> None:
    """All cells of a model, so that the reading in Python stands for what the page does."""
    lesson = build(Recipe("gpt2", ids=[0, 1, 4]))
    visit.open(page_of(Recipe("gpt2", ids=[0, 1, 4])))
    script = """JSON.stringify(byhand.names().map((name) => byhand.value(name).map(
        (row, i) => row.map((_, j) => byhand.inputs(name, i + 1, j + 1)))))"""
    listed = dict(zip(lesson.tables, json.loads(visit.tab.evaluate(script)), strict=True))
    names, numbers = list(lesson.tables), lesson.numbers()
    for name, node in lesson.tables.items():
        if node.data is not None:
            assert not any(cell for row in listed[name] for cell in row)
            continue
        trace = tracer(expression(node, lambda n: names.index(n.name) if n.name else None))
        for i, j in np.ndindex(*node.shape):
            found: set[Cell] = set()

            def cell(n: int, r: int, c: int, found: set[Cell] = found) -> float:
                found.add((names[n], r + 1, c + 1))
                return float(numbers[names[n]][r, c])

            trace(i, j, cell)
            assert {tuple(c) for c in listed[name][i][j]} == found
            assert len(listed[name][i][j]) == len(found)


def test_choices_inside_choices_are_read_as_a_browser_reads_them() -> None:
    text = as_python("(i<1?t(0,0,0):(j%2===0?sum(2,k=>(k<1?1:2)):3))")
    assert [
        eval(f"lambda i, j: {text}", {"t": lambda *_: 7, "sum": lambda n, f: f(0) + f(1)})(*at)
        for at in ((0, 0), (1, 0), (1, 1))
    ] == [7, 3, 3]
