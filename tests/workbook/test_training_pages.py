"""The pages about a training: live where they can be, the same in other programs, and readable."""

from __future__ import annotations

import re
from functools import cache
from math import log
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from support.editing import edited
from support.lessons import cells_of, numbers_of
from support.plain_pieces import joined, pair_counts, symbols

from byhand.lessons.build import build, model_of
from byhand.lessons.corpus import corpus, held_out
from byhand.lessons.heads import findings_of, thing
from byhand.lessons.learnt import with_weights
from byhand.lessons.recipe import Recipe
from byhand.lessons.training import TrainingOptions, train
from byhand.workbook import training_pages
from byhand.workbook.build import write_lesson
from byhand.workbook.heads_page import NAME as HEADS
from byhand.workbook.pieces_page import NAME as PIECES
from byhand.xlsx.cells import Cell
from byhand.xlsx.reader import Contents, read
from byhand.xlsx.verify import verify

TEXT = "the cat sat.\nthe dog ran.\na dog sat.\na cat ran.\n"


@cache
def taught(model: str = "gpt2", text: str = TEXT, share: float = 0.0, steps: int = 40) -> Recipe:
    """The recipe of a model that has learnt a text."""
    recipe = Recipe(model)
    learning = corpus(text, recipe, *model_of(recipe), "words")
    options = TrainingOptions(steps, lr=0.03)
    to_learn, aside = held_out(learning, share, 0)
    learnt = train(learning.recipe, to_learn, options, aside)
    return with_weights(learning, learnt, options, "text.txt", share)


@cache
def book(model: str = "gpt2", text: str = TEXT, share: float = 0.0, steps: int = 40) -> Path:
    path = Path(mkdtemp(prefix="byhand-pages-")) / "learnt.xlsx"
    write_lesson(build(taught(model, text, share, steps)), path)
    return path


def texts(contents: Contents, sheet: str) -> dict[str, Cell]:
    """Each text on a sheet, and the first cell with it."""
    found: dict[str, Cell] = {}
    for cell, value in contents.values.items():
        if cell[0] == sheet and isinstance(value, str):
            found.setdefault(value, cell)
    return found


def beside(cell: Cell, columns: int, rows: int = 0) -> Cell:
    return cell[0], cell[1] + rows, cell[2] + columns


@pytest.mark.slow
def test_the_summary_says_what_was_learnt_and_what_can_be() -> None:
    contents = read(book())
    at = texts(contents, "Training")
    right = at["right words"]
    values: Any = contents.values
    row = [values[beside(right, n, -1)] for n in (1, 2, 3)]
    assert row[0] > row[1] > row[2] == pytest.approx(4 * log(2) / 12, rel=1e-12)
    assert values[beside(right, 3)] == pytest.approx(10 / 12)
    assert [values[beside(right, n)] for n in (1, 2)] == sorted(values[beside(right, n)] for n in (1, 2))


@pytest.mark.slow
def test_the_curve_is_a_chart_of_cells() -> None:
    with ZipFile(book(share=0.25)) as archive:
        charts = [archive.read(n).decode() for n in archive.namelist() if n.startswith("xl/charts/chart")]
    (curve,) = [chart for chart in charts if "<c:f>Training!" in chart]
    references = re.findall(r"<c:f>(.*?)</c:f>", curve)
    assert len(references) == 6, "steps and losses of three lines"
    assert all(re.fullmatch(r"Training!\$[A-Z]+\$\d+:\$[A-Z]+\$\d+", reference) for reference in references)
    assert "the floor of the text" in curve
    assert "loss of what is held out" in curve


@pytest.mark.slow
def test_the_model_and_its_first_step_have_a_map_each() -> None:
    """In the row under the links; a map of all sheets would say First step again and again."""
    values = read(book()).values
    maps = {
        sheet: [text for (on, row, _), text in values.items() if on == sheet and row == 3]
        for sheet in ("Output", "First step Output")
    }
    assert "Output" in maps["Output"]
    assert "Loss" not in maps["Output"]
    assert {"Output", "S2 Input", "S2 L1 H1"} <= set(maps["First step Output"])
    assert not any("First" in str(text) for texts in maps.values() for text in texts)


@pytest.mark.slow
def test_the_first_step_is_live() -> None:
    """Another start of a weight changes the first loss, the curve's first point, the gradients and the updates."""
    path = book()
    contents = read(path)
    weight = cells_of(contents, "first_step.wte")[0][0]
    values = edited(path, {weight: 2.0})
    before = numbers_of(contents, "first_step.loss", contents.values)
    after = numbers_of(contents, "first_step.loss", values)
    assert abs(after - before).max() > 1e-3
    steps = texts(contents, "Training")["steps"]
    assert values[beside(steps, 1, 1)] == pytest.approx(after.item())
    for name in ("first_step.grad.layer1.head1.W_Q", "first_step.updated.wte"):
        assert abs(numbers_of(contents, name, values) - numbers_of(contents, name, contents.values)).max() > 1e-3
    np.testing.assert_array_equal(numbers_of(contents, "wte", values), numbers_of(contents, "wte", contents.values))


@pytest.mark.slow
def test_a_count_changes_the_floor() -> None:
    path = book()
    contents = read(path)
    times = texts(contents, "Training")["times"]
    values = edited(path, {beside(times, 0, 1): 3})
    floor = values[beside(texts(contents, "Training")["right words"], 3, -1)]
    assert floor == pytest.approx((-3 * log(3 / 4) - log(1 / 4) + 2 * log(2)) / 14, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "text"),
    [
        ("t5", "le chat\tthe cat\nla maison\tthe house\n"),
        pytest.param("bert", "the cat sat\n", marks=pytest.mark.slow),
        pytest.param("rnn", "a b a b\n", marks=pytest.mark.slow),
        ("gpt2", TEXT),
    ],
)
def test_other_programs_get_what_is_stored(model: str, text: str) -> None:
    report = verify(book(model, text), "ironcalc")
    assert report.cells > 1000
    assert not report.errors
    assert not report.differing


@pytest.mark.slow
def test_counts_that_are_too_many_are_cut_between_beginnings(monkeypatch: pytest.MonkeyPatch) -> None:
    """After "the" and "the cat" five words follow, and there is room for four rows: the floor is a number then."""
    monkeypatch.setattr(training_pages, "MOST_ROWS", 4)
    path = book(text="the cat sat.\nthe cat ran.\nthe dog ran.\na dog sat.\n", steps=2)
    contents = read(path)
    assert any(isinstance(v, str) and "The first 2 of" in v for v in contents.values.values())
    assert not verify(path).differing
    assert beside(texts(contents, "Training")["right words"], 3, -1) not in contents.formulas


@pytest.mark.slow
def test_before_and_after_show_the_weights_of_their_pages() -> None:
    contents = read(book())
    formulas = {cell: formula for cell, formula in contents.formulas.items() if cell[0] == "Before and after"}
    assert formulas
    assert all(re.fullmatch(r"('[^']+'|\w+)!\$?[A-Z]+\$?\d+", formula.lstrip("=")) for formula in formulas.values())


def test_a_lesson_that_learnt_nothing_has_no_such_pages(tmp_path: Path) -> None:
    write_lesson(build(Recipe("gpt2")), tmp_path / "plain.xlsx")
    assert not {"Training", "Before and after"} & set(read(tmp_path / "plain.xlsx").sheets)


# What each head does


@pytest.mark.slow
def test_a_page_says_what_each_head_does() -> None:
    """Its numbers are those of the measurement."""
    contents = read(book())
    at = texts(contents, HEADS)
    found = findings_of(taught())
    assert found is not None
    values: Any = contents.values
    for head in found.heads:
        assert head.look is not None
        first = at[head.title]
        assert values[beside(first, 1)] == thing(head.look)
        shown = [values[beside(first, column)] for column in (2, 3, 4, 5)]
        assert shown == pytest.approx([head.look.share, head.look.even, head.without.loss, head.without.right])
        assert [values[beside(first, column)] for column in (6, 7, 8)] == [
            head.hit[0],
            *map(pytest.approx, head.hit[1:]),
        ]
    whole = at["With all its heads"]
    assert values[beside(whole, 4)] == pytest.approx(found.score.loss)
    hidden = [cell for cell in contents.formulas if cell[0] == HEADS]
    assert hidden == [], "measured on the whole text, so not live"


def test_a_model_without_heads_has_no_such_page() -> None:
    assert HEADS not in {sheet for sheet, _, _ in read(book("rnn")).values}


@pytest.mark.slow
def test_pieces_that_were_learnt_have_a_page(tmp_path: Path) -> None:
    """Each merge in order with its count, and the words of the text in pieces, as a plain implementation has them."""
    recipe = Recipe("rnn")
    learning = corpus("low low low lower lower\nnewest newest widest\n", recipe, *model_of(recipe), "bpe:5")
    options = TrainingOptions(1, lr=0.03)
    to_learn, _ = held_out(learning, 0.0, 0)
    learnt = train(learning.recipe, to_learn, options)
    path = tmp_path / "learnt.xlsx"
    write_lesson(build(with_weights(learning, learnt, options, "text.txt", 0.0)), path)
    contents = read(path)
    assert contents.sheets[:3] == ("Contents", "Training", PIECES)
    words = [("low", 3), ("lower", 2), ("newest", 2), ("widest", 1)]
    cut = [(symbols(word, "last"), float(count)) for word, count in words]
    for row in range(6, 11):
        left, right, together, times = (contents.values[PIECES, row, column] for column in range(2, 6))
        counts = pair_counts(cut)
        assert times == counts[str(left), str(right)] == max(counts.values())
        assert together == f"{left}{right}"
        cut = [(joined(pieces, str(left), str(right), str(together)), count) for pieces, count in cut]
    shown = {str(contents.values[PIECES, 6 + n, 8]): contents.values[PIECES, 6 + n, 9] for n in range(4)}
    assert shown == dict(words)
    for n, word in enumerate(shown):
        pieces = [contents.values.get((PIECES, 6 + n, 11 + k)) for k in range(12)]
        assert [piece for piece in pieces if piece] in [found for found, _ in cut], word
    assert verify(path).ok
