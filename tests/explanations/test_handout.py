"""The worked solution: every table of every model, in order, each line within the page, every number the table's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import byhand
from support.formula_values import worth
from support.lessons import BOOKS, FEWEST, lesson, sweep

from byhand.core.labels import spelling
from byhand.documents.document import Code, Document, Formula, Heading, Line, Lines, Paragraph, Piece, Steps, Table
from byhand.errors import ByhandError
from byhand.explanations.handout import ALL, FEW, explain
from byhand.explanations.worked_tables import MOST_COLUMNS, MOST_ROWS
from byhand.lessons.build import build
from byhand.lessons.heads import findings_of
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS
from byhand.notation.text import text
from byhand.notation.tree import Maths

SMALL_NUMBERS = build(Recipe("gpt2", seed=12588))
"""A model whose weights are whole numbers, so that exact values fit on a line."""
LEARNING = Recipe("gpt2", backward=True, targets=[1, 4, "_"], optimizer="adam", lr=0.1)


def words(piece: Piece) -> str:
    return text(piece) if isinstance(piece, Maths) else piece


def headings(document: Document, level: int) -> list[str]:
    return [b.text for b in document.blocks if isinstance(b, Heading) and b.level == level]


def lines(document: Document) -> list[Line]:
    return [line for block in document.blocks if isinstance(block, Steps) for line in block.lines]


def check_whole(made: Lesson, exact: bool) -> None:
    """Every table has a heading and its numbers; every formula has a text that fits the page."""
    document = explain(made, None, None, exact)
    names = headings(document, 3)
    assert sorted(names) == sorted(made.tables)
    tables = [b for b in document.blocks if isinstance(b, Table)]
    tables = tables[1:] if findings_of(made.recipe) else tables  # the first says what each head does
    numbers = made.numbers()
    by_name = {name: made.tables[name] for name in names}
    shown_whole = [name for name in names if by_name[name].data is not None or by_name[name].shape != (1, 1)]
    for name, table in zip(shown_whole, tables, strict=True):
        if spelt := spelling(by_name[name]):
            row = numbers[name].T[0] if made.recipe.orientation == "columns" else numbers[name][0]
            assert [text(cell) for cell in table.cells[0]] == [spelt.spell(n, numbers) for n in row[:MOST_COLUMNS]]
            continue
        shown = np.array([[near(cell) for cell in row] for row in table.cells])
        expected = numbers[name].T if made.recipe.orientation == "columns" else numbers[name]
        expected = np.where(expected < -1e29, -np.inf, expected)[:MOST_ROWS, :MOST_COLUMNS]
        np.testing.assert_allclose(shown, expected, rtol=1e-3, atol=1e-4, err_msg=name)
        for labels, size in zip((table.rows, table.columns), shown.shape, strict=True):
            assert len(labels) == size or (not labels and size == 1)
    computed = [n for n in made.tables.values() if n.data is None and not spelling(n)]  # letters are not computed
    cells = [b for b in document.blocks if isinstance(b, Steps)]
    assert len(cells) == sum(min(FEW, n.shape[0] * n.shape[1]) for n in computed)
    assert all(block.lines[0].relation == "" and len(block.lines) > 1 for block in cells)
    assert all(len(block.lines) == 2 or len(block.lines) <= 5 for block in cells)
    for block in document.blocks:
        for piece in pieces(block):
            assert words(piece), block


def near(cell: Piece) -> float:
    assert isinstance(cell, Maths)
    return worth(cell, {})


def pieces(block: Any) -> list[Piece]:
    match block:
        case Paragraph(parts):
            return list(parts)
        case Formula(maths):
            return [maths]
        case Steps(steps):
            return [line.maths for line in steps]
        case Heading(words, _) | Code(words):
            return [words]
        case Lines(texts):
            return list(texts)
    return [block.caption] if block.caption else []


@pytest.mark.parametrize("name", sweep(BOOKS, FEWEST))
def test_a_whole_lesson(name: str) -> None:
    check_whole(lesson(name), exact=True)


@pytest.mark.parametrize("model", sweep(MODELS, FEWEST))
def test_every_model(model: str) -> None:
    check_whole(build(Recipe(model)), exact=False)


@pytest.mark.slow
def test_gradients_and_updates_need_nothing_of_their_own() -> None:
    check_whole(build(LEARNING), exact=True)
    document = explain(build(LEARNING), "grad.layer1.head1.Q", (2, 1), False)
    assert words(document.blocks[0].maths) == "∂Q = ∂scores · K"


def test_the_first_training_step_of_a_learnt_model_is_explained_too() -> None:
    """As the notes of its workbook say: their commands name these tables."""
    made = lesson("learnt-two-words-back")
    document = explain(made, "first_step.layer1.head1.scores", None, False)
    assert document.subtitle.endswith("First step · Layer 1 · Head 1 · Vaswani et al. 2017, eq. 1")
    assert len([b for b in document.blocks if isinstance(b, Steps)]) == 9
    with pytest.raises(ByhandError, match=r"There is no table 'first_step\.layer1' in|is a part of the model"):
        explain(lesson("gpt2"), "first_step.layer1", None, False)


def test_parts_come_in_the_order_of_the_model() -> None:
    found = headings(explain(lesson("gpt2"), None, None, False), 1)
    assert found[:4] == ["What is given", "Input", "Layer 1 · Norm", "Layer 1 · Head 1"]
    assert found[-1] == "Output"


def test_a_lesson_begins_with_what_it_is_about_and_its_contents() -> None:
    """The text and what is expected, then the parts; the first table is the text, and constants come last."""
    document = explain(lesson("gpt2"), None, None, False)
    first, contents = document.blocks[:2]
    assert "It reads “the cat sat”." in "".join(map(words, first.parts))
    assert "What it expects most is “on”" in "".join(map(words, first.parts))
    assert isinstance(contents, Lines)
    parts = [line.split("  ")[1].split(":")[0] for line in contents.lines]
    assert parts == headings(document, 1)
    assert headings(document, 3)[0] == "ids"


def test_a_step_shows_all_its_cells() -> None:
    document = explain(lesson("gpt2"), "layer1.head1.scores", None, False)
    assert document.title == "layer1.head1.scores"
    assert document.subtitle == "GPT-2 by hand, small · Layer 1 · Head 1 · Vaswani et al. 2017, eq. 1"
    assert len([b for b in document.blocks if isinstance(b, Steps)]) == 9
    purpose, rule, where = document.blocks[:3]
    assert purpose.parts == ("How well each word's query fits each key: the larger, the more it will look there.",)
    assert words(rule.maths) == "scores = Q · Kᵀ"
    assert "".join(map(words, where.parts)) == ("(3×2)·(2×3) → (3×3), with Q = layer1.head1.Q, K = layer1.head1.K")


def test_of_a_large_table_the_first_cells() -> None:
    made = build(Recipe("positions", size={"tokens": 40, "d_model": 20}))
    document = explain(made, "PE", None, False)
    steps = [b for b in document.blocks if isinstance(b, Steps)]
    (rest,) = [b for b in document.blocks if isinstance(b, Paragraph) and "other" in words(b.parts[0])]
    assert (len(steps), words(rest.parts[0])) == (ALL, "The other 680 cells in the same way.")
    assert words(document.blocks[-1].caption) == (f"PE, 40×20 (the first {MOST_ROWS}×{MOST_COLUMNS} numbers)")


def test_one_cell_goes_round_by_round_and_then_exactly() -> None:
    document = explain(SMALL_NUMBERS, "layer1.head1.scaled", (2, 1), False)
    assert document.title == "layer1.head1.scaled, row 2 (cat), column 1 (the)"
    assert headings(document, 2) == ["Step by step", "Exactly", "Where it stands"]
    decimals, exactly = (b for b in document.blocks if isinstance(b, Steps))
    assert "√" not in words(decimals.lines[-1].maths)
    assert "√" in words(exactly.lines[-2].maths)


def test_what_is_given_is_shown_as_it_is() -> None:
    purpose, table = explain(lesson("gpt2"), "layer1.head1.W_Q", None, True).blocks
    assert purpose.parts == ("Turns each word into its query: what it looks for in others.",)
    assert isinstance(table, Table)
    assert (table.caption, table.role) == ("weights, 4×2", "weight")


def test_turned_a_cell_is_where_the_workbook_shows_it() -> None:
    rows = explain(lesson("attention"), "scores", (2, 3), False)
    turned = explain(lesson("attention-columns"), "scores", (3, 2), False)
    assert lines(rows)[-1] == lines(turned)[-1]
    assert words(lines(turned)[0].maths) == "scores₃₂"


def test_cells_stand_on_one_line_where_all_of_the_table_fit() -> None:
    short, long = (explain(SMALL_NUMBERS, step, None, False) for step in ("x", "layer1.head1.Q"))
    assert {len(b.lines) for b in short.blocks if isinstance(b, Steps)} == {2}
    assert {len(b.lines) for b in long.blocks if isinstance(b, Steps)} == {3}


@pytest.mark.parametrize(
    ("step", "cell", "sentence"),
    [
        ("layer1.head1.score", None, "the nearest are layer1.head1.scores"),
        ("layer1.head1", None, "is a part of the model"),
        ("layer1.head1.scores", (4, 1), "there is no cell 4,1"),
    ],
)
def test_what_is_not_there(step: str, cell: tuple[int, int] | None, sentence: str) -> None:
    with pytest.raises(ByhandError, match=sentence):
        explain(lesson("gpt2"), step, cell, False)


def test_each_step_of_a_page_is_linked_to_its_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = byhand("byhand explain attention --step scores -o head.html")
    assert result.output.splitlines() == [
        "Wrote head.html.",
        "Wrote head.page.html: the page to which each step is linked.",
    ]
    text = (tmp_path / "head.html").read_text("utf-8")
    links = re.findall(r'href="([^"#]+)#cell=([^"]+)"', text)
    assert {page for page, _ in links} == {"head.page.html"}
    assert [cell for _, cell in links[:2]] == ["scores[1,1]", "scores[1,2]"]
    assert 'id="lesson"' in (tmp_path / "head.page.html").read_text("utf-8")
