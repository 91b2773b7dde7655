"""Worked cells: every line is worth what the table holds, as near as its signs say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.formula_values import worth
from support.lessons import BOOKS, FEWEST, lesson, sweep

from byhand.core.captions import symbol_from
from byhand.core.graph import Node, toposort
from byhand.core.number_text import is_exact
from byhand.explanations.worked_cells import Cells, Line, exact_values
from byhand.explanations.worked_tables import WorkedTable, pages, place_in_words, worked_table
from byhand.lessons.build import build
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe
from byhand.notation.text import text
from byhand.notation.tree import Maths


def cells_of(name: str) -> Cells:
    numbers = lesson(name).numbers()
    exact = exact_values(toposort(lesson(name).graph.outputs), numbers)
    return Cells(numbers, exact, lesson(name).recipe.orientation == "columns")


def some(node: Node) -> list[tuple[int, int]]:
    """The first and the last cell of a table, and one within."""
    rows, columns = node.shape
    return sorted({(0, 0), (rows - 1, columns - 1), (rows // 2, columns // 2)})


def known(node: Node, cells: Cells) -> dict[tuple[str, tuple[int, ...]], float]:
    """Every cell that the rule of a table can name, under the name that it has there."""
    found = {}
    todo = list(node.args)
    while todo:
        argument = todo.pop()
        if not argument.name:
            todo += argument.args
            continue
        for place, value in np.ndenumerate(cells.numbers[argument.name]):
            at = [n + 1 for n, size in zip(place, argument.shape, strict=True) if size > 1]
            found[symbol_from(argument, node), tuple(reversed(at) if cells.turned else at)] = float(value)
    return found


def near(maths: Maths, node: Node, cells: Cells, value: float, tight: bool) -> bool:
    tolerance = 1e-9 if tight else 5e-3
    got = worth(maths, known(node, cells))
    return bool(got == value or abs(got - value) <= tolerance * max(1, abs(value)) or max(got, value) < -1e29)


def has_dots(line: Line) -> bool:
    return "…" in text(line[1])


@pytest.mark.slow
@pytest.mark.parametrize("name", sweep(BOOKS, FEWEST))
def test_every_line_of_a_lesson_means_what_the_table_holds(name: str) -> None:
    """After an = the line is worth what is in the table, after a ≈ nearly; the last line is the table's number."""
    cells = cells_of(name)
    for node in (n for n in lesson(name).tables.values() if n.data is None):
        for place in some(node):
            worked = cells.worked(node, *place)
            value = cells.numbers[node.name][place]
            for lines in (worked.in_decimals(99), worked.in_decimals(), worked.exactly(), worked.lines()):
                tight = True
                for sign, maths in lines:
                    tight = tight and sign == "="
                    if not has_dots((sign, maths)):
                        assert near(maths, node, cells, value, tight), (node.name, place, text(maths))
                assert not lines or lines[-1][1] == worked.decimal[1]
                assert not lines or not tight or is_exact(value)


OWN_NUMBERS = Recipe("attention", seed=1435)


def drawn(model: str) -> tuple[Lesson, Cells]:
    """A part with the numbers of one seed, whichever it has of its own."""
    made = build(replace(OWN_NUMBERS, model=model))
    numbers = made.numbers()
    return made, Cells(numbers, exact_values(toposort(made.graph.outputs), numbers), turned=False)


def worked(model: str, table: str, place: tuple[int, int] = (1, 0)) -> list[str]:
    made, cells = (lesson(model), cells_of(model)) if "-" in model else drawn(model)
    found = cells.worked(made.tables[table], *place)
    return [text(found.name), *(f"{sign} {text(maths)}" for sign, maths in found.lines())]


@pytest.mark.parametrize(
    ("model", "table", "lines"),
    [
        ("attention", "scores", ["scores₂₁", "= Q₂₁ · K₁₁ + Q₂₂ · K₁₂", "= 1 × 1 + (−1) × (−4)", "= 5"]),
        ("attention", "scaled", ["scaled₂₁", "= scores₂₁ / √2", "= 5 / √2", "= 5 √2 / 2", "≈ 3.5355"]),
        ("attention", "softmax.max", ["max₂", "= max(scaled₂₁, scaled₂₂, scaled₂₃)"]),
    ],
)
def test_a_cell_reads_as_on_paper(model: str, table: str, lines: list[str]) -> None:
    assert worked(model, table)[: len(lines)] == lines


def test_rounds_of_reckoning() -> None:
    made, cells = drawn("layernorm")
    found = cells.worked(made.tables["norm.mean"], 2, 0)
    assert [f"{sign} {text(maths)}" for sign, maths in found.in_decimals(9)] == [
        "= (X₃₁ + X₃₂ + X₃₃ + X₃₄) / 4",
        "= (3 + 2 + 1 + 1) / 4",
        "= 7 / 4",
        "= 1.75",
    ]


def test_turned_subscripts_are_those_of_the_shown_table() -> None:
    rows, columns = (worked(model, "Q", (2, 0)) for model in ("attention", "attention-columns"))
    assert rows[0] == "Q₃₁"
    assert columns[0] == "Q₁₃"


@pytest.mark.parametrize("name", sweep(BOOKS))
def test_every_table_has_its_page_once(name: str) -> None:
    found = [table for _, tables in pages(lesson(name).graph.outputs, cells_of(name), 0) for table in tables]
    assert sorted(t.name for t in found) == sorted(lesson(name).tables)
    assert all(t.about for t in found)


def table_of(model: str, name: str, most: int | None = 0) -> WorkedTable:
    return worked_table(lesson(model).tables[name], cells_of(model), most)


def test_what_is_said_of_a_table() -> None:
    scores = table_of("gpt2", "layer1.head1.scores")
    assert text(scores.rule) == "scores = Q · Kᵀ"
    assert scores.about == "(3×2)·(2×3) → (3×3)"
    assert scores.reads == {"Q": "layer1.head1.Q", "K": "layer1.head1.K"}
    assert scores.step is not None
    assert scores.step.source == "Vaswani et al. 2017, eq. 1"
    assert table_of("gpt2", "layer1.head1.W_Q").about == "weights, 4×2"
    assert [text(w.name) for w in table_of("gpt2", "layer1.head1.scores", 4).cells] == [
        "scores₁₁",
        "scores₁₂",
        "scores₁₃",
        "scores₂₁",
    ]
    assert len(table_of("gpt2", "layer1.head1.scores", None).cells) == 9


def test_rows_and_columns_have_their_words() -> None:
    node, cells = lesson("gpt2").tables["words"], cells_of("gpt2")
    embedded = worked_table(node, cells, 0)
    turned = worked_table(node, Cells(cells.numbers, turned=True), 0)
    assert embedded.rows[0].isalpha()
    assert embedded.columns[0] == "1"
    assert (turned.shape, turned.rows, turned.columns) == ((4, 3), embedded.columns, embedded.rows)
    assert place_in_words(node, (1, 0), cells) == f"row 2 ({embedded.rows[1]}), column 1"


def test_a_table_of_another_page_is_called_by_its_path() -> None:
    assert text(table_of("gpt2", "final_norm.mean").rule) == "mean = mean layer1.output"
