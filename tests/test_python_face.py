"""`import byhand`: what it offers, that its examples run, and that tables and lessons are what people expect."""

from __future__ import annotations

import csv
import doctest
import importlib
import io
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from openpyxl import load_workbook

import byhand
from byhand import ByhandError

ROOT = Path(byhand.__file__).parents[1]


@pytest.fixture(scope="module")
def lesson() -> byhand.Lesson:
    return byhand.build("gpt2", prompt="the cat sat")


@pytest.mark.parametrize("module", ["byhand", "byhand.api", "byhand.lessons.tables"])
def test_the_examples_of_the_docstrings_run(module: str) -> None:
    result = doctest.testmod(importlib.import_module(module))
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.slow
def test_the_guide_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each block of docs/python.md as a reader would type it, one after the other; what it promises is what comes."""
    monkeypatch.chdir(tmp_path)
    guide = (ROOT / "docs" / "python.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    assert len(blocks) >= 8
    example = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "python.md", "docs/python.md", 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert runner.run(example).failed == 0
    assert runner.tries > 15


def test_every_public_name_is_there_and_documented() -> None:
    for name in byhand.__all__:
        assert (getattr(byhand, name).__doc__ or "").strip(), name
    assert set(byhand.__all__) <= set(dir(byhand))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = byhand.nothing


def test_functions_keep_their_names_when_subpackages_are_loaded() -> None:
    """A subpackage becomes an attribute of its package: none may be called like a function of the face."""
    code = "import byhand, pkgutil; print(*(m.name for m in pkgutil.iter_modules(byhand.__path__)))"
    names = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    functions = {name for name in byhand.__all__ if callable(getattr(byhand, name))}
    assert names
    assert not functions & set(names)


def test_importing_loads_nothing_else() -> None:
    code = "import sys, byhand; print(*(m for m in sys.modules if m.partition('.')[0] in ('byhand', 'numpy', 'sympy')))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert loaded == ["byhand"]


# Tables


def test_a_cell_is_found_by_words_and_by_numbers(lesson: byhand.Lesson) -> None:
    weights = lesson["layer1.head1.weights"]
    assert weights.rows == weights.columns == ("the", "cat", "sat")
    for i, row in enumerate(weights.rows):
        for j, column in enumerate(weights.columns):
            assert weights[row, column] == weights[i + 1, j + 1] == weights[row, j + 1] == weights.numpy()[i, j]


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ((0, 1), r"has rows 1 to 3, counted from 1: there is no row 0"),
        ((1, 4), r"has columns 1 to 3, counted from 1: there is no column 4"),
        (("dog", 1), r"has no row 'dog'; there are: the, cat, sat"),
        (1, r'has a row and a column, such as \[2, 1\] or \["cat", "the"\]'),
    ],
)
def test_a_place_that_is_not_there(lesson: byhand.Lesson, place: object, sentence: str) -> None:
    with pytest.raises(ByhandError, match=sentence):
        lesson["layer1.head1.weights"][place]


def test_a_word_that_stands_twice_asks_for_its_number() -> None:
    table = byhand.build("gpt2", prompt="the cat the")["layer1.head1.weights"]
    with pytest.raises(ByhandError, match="more than one row 'the': use its number, 1, 3"):
        table["the", 1]
    assert table[3, 2] == table.numpy()[2, 1]


def test_what_numpy_gets_is_a_copy(lesson: byhand.Lesson) -> None:
    table = lesson["layer1.head1.weights"]
    table.numpy()[0, 0] = 99
    np.asarray(table)[0, 0] = 99
    assert table[1, 1] != 99
    np.testing.assert_allclose(np.asarray(table).sum(axis=1), 1)


def test_csv_has_labels_and_every_digit(lesson: byhand.Lesson) -> None:
    table = lesson["layer1.head1.weights"]
    first, *lines = csv.reader(io.StringIO(table.csv()))
    assert first == ["", *table.columns]
    assert [line[0] for line in lines] == list(table.rows)
    assert [[float(x) for x in line[1:]] for line in lines] == table.values.tolist()


def test_a_table_prints_its_labels_and_aligns(lesson: byhand.Lesson) -> None:
    heading, columns, *rows = repr(lesson["layer1.head1.weights"]).splitlines()
    assert heading == "layer1.head1.weights  3×3"
    assert columns.split() == ["the", "cat", "sat"]
    assert [row.split()[0] for row in rows] == ["the", "cat", "sat"]
    assert len({len(line) for line in (columns, *rows)}) == 1


def test_a_large_table_says_how_much_is_shown() -> None:
    table = byhand.build("gpt2", size={"vocab": 90})["probabilities"]
    assert repr(table).endswith("(the first 3×30 of 3×90 numbers)")
    assert "of which the first 3×30 are shown" in table._repr_html_()
    assert table._repr_html_().count("<td") == 1 + 3 * 30


def test_a_notebook_shows_labels_heat_and_masked_scores(lesson: byhand.Lesson) -> None:
    page = lesson["layer1.head1.masked"]._repr_html_()
    assert page.count(">−∞</td>") == 3
    assert page.count('<th scope="row"') == page.count('<th scope="col"') == 3
    assert "rgba(" in page
    weights = lesson["layer1.head1.weights"]._repr_html_()
    assert "rgba(36, 104, 168, 0.55)" in weights  # the largest number of the table


def test_labels_are_text_and_never_markup() -> None:
    table = byhand.Table("<b>", np.ones((1, 1)), ("<script>",), ("</td>",), rule="a < b")
    page = table._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<b>" not in page


# Lessons


def test_a_lesson_is_a_mapping_of_its_tables(lesson: byhand.Lesson) -> None:
    assert list(lesson) == list(lesson.tables)
    assert "logits" in lesson
    assert "no_such" not in lesson
    with pytest.raises(ByhandError, match=r"There is no table 'layer1.head1.weigths' in gpt2; the nearest"):
        lesson["layer1.head1.weigths"]


def test_set_gives_another_lesson_and_leaves_this_one(lesson: byhand.Lesson) -> None:
    before = lesson["layer1.W_O"].numpy()
    other = lesson.set("layer1.W_O[1,2]", 5)
    assert other["layer1.W_O"][1, 2] == 5
    np.testing.assert_array_equal(lesson["layer1.W_O"].numpy(), before)
    assert (other["probabilities"].numpy() != lesson["probabilities"].numpy()).any()
    back = other.set("layer1.W_O", before)
    np.testing.assert_array_equal(back["probabilities"].numpy(), lesson["probabilities"].numpy())


def test_a_computed_table_cannot_be_set(lesson: byhand.Lesson) -> None:
    with pytest.raises(ByhandError, match=r"layer1\.head1\.Q"):
        lesson.set("layer1.head1.Q[1,1]", 5)


def test_the_words_that_are_written() -> None:
    greedy = byhand.build("gpt2", prompt="the cat", generate=3)
    assert greedy.prompt == ["the", "cat"]
    chosen = []
    for step in ("", "step2.", "step3."):
        p = greedy[f"{step}probabilities"]
        chosen.append(p.columns[int(np.argmax(p.values[-1]))])
    assert greedy.words == chosen
    beams = byhand.build("gpt2", prompt="the cat", generate=3, beams=2)
    assert beams.words == list(beams["answer"].rows)
    assert byhand.build("bert").words == []
    assert byhand.build("gpt2", prompt="the cat", generate=3, temperature=0).words == greedy.words


def test_a_workbook_from_python_holds_the_lesson(lesson: byhand.Lesson, tmp_path: Path) -> None:
    path = lesson.workbook(tmp_path / "gpt2.xlsx")
    with warnings.catch_warnings(action="ignore"):  # of bars that openpyxl does not know
        book = load_workbook(path, data_only=True)
    sheet, cells = next(book.defined_names["probabilities"].destinations)
    values = [[cell.value for cell in row] for row in book[sheet][cells]]
    np.testing.assert_allclose(values, lesson["probabilities"].numpy(), atol=1e-12)
    with pytest.raises(ByhandError, match="exists already"):
        lesson.workbook(path, overwrite=False)
    with pytest.raises(ByhandError, match=r"ends in \.xlsx"):
        lesson.workbook(tmp_path / "gpt2.txt")


def test_documents_come_in_each_format(lesson: byhand.Lesson, tmp_path: Path) -> None:
    document = lesson.explain("layer1.head1.scores", cell=(2, 1))
    assert document.text().startswith("layer1.head1.scores, row 2 (cat), column 1 (the)")
    assert document.text("md").startswith("# ")
    assert document._repr_markdown_() == document.text("md")
    assert str(document) == document.text()
    assert "<math" in document.save(tmp_path / "step.html").read_text("utf-8")
    with pytest.raises(ByhandError, match="There is no text in the format 'pdf'"):
        document.text("pdf")
    with pytest.raises(ByhandError, match="name the table with step"):
        lesson.explain(cell=(1, 1))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: byhand.build("gpt2", promt="the"), "takes no option 'promt'; .*prompt"),
        (lambda: byhand.build("gtp2"), "There is no model 'gtp2'; the nearest"),
        (lambda: byhand.build("gpt2", prompt=7), "In the options of build, 'prompt' must be a text, not 7"),
        (lambda: byhand.build("gpt2", ids=["the"]), "'ids' must be a list of whole numbers"),
        (lambda: byhand.derive("sofmax"), "softmax"),
        (lambda: byhand.judge("1", key="(", rule="exact"), "key"),
        (lambda: byhand.judge("1", key="1", rule="nearly"), "rule"),
    ],
)
def test_a_mistake_is_one_sentence(call: object, sentence: str) -> None:
    with pytest.raises(ByhandError, match=sentence) as error:
        call()
    assert "\n" not in str(error.value)


def test_options_are_the_words_of_the_command_line() -> None:
    lesson = byhand.build("attention", size="medium", seed=3, set={"W_Q[1,1]": 2})
    assert lesson["W_Q"][1, 1] == 2
    assert lesson.recipe.seed == 3
    arrays = byhand.build("gpt2", ids=np.array([0, 1, 4]))
    np.testing.assert_array_equal(arrays["probabilities"].numpy(), byhand.build("gpt2", ids=[0, 1, 4])["probabilities"])
