"""Whole workbooks: names, numbers, formulas, the look, links, and that nothing stands on anything else."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest
from openpyxl.utils import get_column_letter
from support.lessons import (
    BOOKS,
    GALLERY,
    INFINITE,
    book_of,
    cells_of,
    drop_downs,
    legal_name,
    lesson,
    numbers_of,
    opened,
    path_of,
    place,
    position,
    shown,
    sweep,
    texts_of,
    turned,
)
from support.sheet_alignment import crossings, forward, homes, out_of_line
from support.workbooks import parts_of

from byhand.core.arithmetic.excel import functions
from byhand.core.graph import Node, toposort
from byhand.core.labels import Tokens, spelling
from byhand.lessons.command import command
from byhand.lessons.lesson import Lesson

each_book = pytest.mark.parametrize("name", sweep(BOOKS))
LONGEST = 150
BESIDE = re.compile(r"((First step|1st) )?(Back|Backward|Update) ")
"""How the names of the sheets begin that read the forward pass cell by cell."""


# Names and numbers


@each_book
def test_every_table_has_a_name_with_its_shape_and_numbers(name: str) -> None:
    """As openpyxl reads what is stored. XlsxWriter writes the 16 digits that a spreadsheet program keeps.

    Pieces are shown in letters. The counts of typed words stand beside them on the home page, in both orientations.
    """
    book = opened(name)
    tables = shown(name).numbers()
    assert len(book.defined_names) == len(tables)
    for table, numbers in tables.items():
        found = book.defined_names.get(table) or book.defined_names[f"table.{table}"]
        ((sheet, reference),) = found.destinations
        cells = book[sheet][reference]
        cells = cells if isinstance(cells, tuple) else ((cells,),)
        stored = np.array([[cell.value for cell in row] for row in cells])
        expected = numbers.T if turned(name) and sheet != "Contents" else numbers
        assert stored.shape == expected.shape, table
        if pieces := spelling(shown(name).tables[table]):
            spelt = [[pieces.spell(number, tables) or None for number in row] for row in expected.tolist()]
            assert stored.tolist() == spelt, table
            continue
        np.testing.assert_allclose(stored, expected, rtol=1e-15, atol=0, err_msg=table)


@each_book
def test_names_are_legal_and_differ_by_more_than_their_case(name: str) -> None:
    names = list(book_of(name).names)
    assert [n for n in names if not legal_name(n)] == []
    assert len({n.casefold() for n in names}) == len(names)


@pytest.mark.slow
def test_the_tables_of_a_model_have_different_names() -> None:
    for name in BOOKS:
        nodes = [n.name for n in lesson_nodes(name) if n.name]
        assert len(set(nodes)) == len(nodes), name


def lesson_nodes(name: str) -> list[Node]:
    return toposort(lesson(name).graph.outputs)


@pytest.mark.parametrize("name", sweep([n for n in BOOKS if n.endswith(" turned")]))
def test_turned_the_same_tables_are_transposed(name: str) -> None:
    rows = name.removesuffix(" turned")
    assert book_of(name).names.keys() == book_of(rows).names.keys()
    for table, node in lesson(rows).tables.items():
        if spelling(node):
            assert texts_of(book_of(name), table, {}, columns=True) == texts_of(book_of(rows), table, {}), table
            continue
        shown, upright = numbers_of(book_of(name), table, columns=True), numbers_of(book_of(rows), table)
        np.testing.assert_array_equal(shown, upright, err_msg=table)


# Formulas


def without_names(formula: str) -> str:
    """Without sheet names and texts, which may hold anything."""
    return re.sub(r"'(?:[^']|'')*'!|\"[^\"]*\"", "", formula)


def unsafe(formula: str) -> str:
    """What some spreadsheet program would read in another way, or not at all."""
    text = without_names(formula)
    unknown = set(re.findall(r"([A-Z][A-Z0-9.]*)\(", text)) - functions()
    odd = re.findall(r"[\^{}@#&%;]|(?<![A-Z$])[0-9.]+E[+-]?[0-9]|_xl", text)
    return " ".join([*unknown, *odd])


@each_book
def test_formulas_are_of_the_safe_kind(name: str) -> None:
    formulas = book_of(name).formulas
    assert formulas
    assert {cell: unsafe(formula) for cell, formula in formulas.items() if unsafe(formula)} == {}


@pytest.mark.parametrize(
    "formula", ["=A1^2", "=1E-5*A1", "=2.5E+30", "=SUM({1,2})", "=XLOOKUP(A1,B1:B2,C1:C2)", "=_xlfn.VAR.P(A1:A2)"]
)
def test_unsafe_formulas_are_seen(formula: str) -> None:
    assert unsafe(formula)
    assert not unsafe("=E5*AE10+SUM('1E5 ^'!E1:E2)")


@each_book
def test_no_formula_is_an_array(name: str) -> None:
    sheets = [xml for part, xml in parts_of(path_of(name)).items() if part.startswith("xl/worksheets/sheet")]
    assert sum(xml.count(b"<f>") for xml in sheets) == len(book_of(name).formulas)
    assert not any(b"<f " in xml for xml in sheets)


@pytest.mark.parametrize("name", sweep(GALLERY))
def test_formulas_are_short_enough_to_read(name: str) -> None:
    """Of a backward page, which reads the forward page beside it, without the names of the sheets."""
    formulas = book_of(name).formulas.items()
    shown = [re.sub(r"'[^']+'!", "", f) if BESIDE.match(sheet) else f for (sheet, *_), f in formulas]
    assert max(map(len, shown)) <= LONGEST


@each_book
def test_the_factors_of_a_product_are_in_line_with_it(name: str) -> None:
    assert (crossings(lesson(name), book_of(name)) > 0) == (name.split()[0] not in WITHOUT_PRODUCTS)


WITHOUT_PRODUCTS = ("softmax", "layernorm", "positions", "embedding", "layernorm-backward", "activation")
WITHOUT_PRODUCTS += ("bpe", "bpe-encode", "wordpiece", "token-costs")  # they count
WITHOUT_PRODUCTS += ("dropout", "gradient-clipping", "distillation", "balance-loss", "dpo", "ppo-clip", "grpo")


@each_book
def test_all_that_makes_a_cell_is_in_line_with_it(name: str) -> None:
    assert out_of_line(lesson(name), book_of(name)) == []


@each_book
def test_captions_are_texts_although_they_begin_with_an_equals_sign(name: str) -> None:
    book = book_of(name)
    for node in homes(forward(lesson(name))):
        sheet, row, column = cells_of(book, node.name, turned(name))[0][0]
        caption = (sheet, row - 2, column)
        assert str(book.values[caption]).startswith("= "), node
        assert caption not in book.formulas
        assert opened(name)[sheet].cell(row - 1, column + 1).data_type == "s"


@each_book
def test_minus_infinity_is_shown_as_such(name: str) -> None:
    book = opened(name)
    for table, numbers in lesson(name).numbers().items():
        for i, j in np.argwhere(numbers < INFINITE):
            sheet, row, column = cells_of(book_of(name), table, turned(name))[i][j]
            shown = book[sheet].cell(row + 1, column + 1).number_format
            assert re.match(r'\[<-[0-9]+\]"−∞";', shown), (table, shown)


@pytest.mark.slow
def test_books_with_a_mask_show_minus_infinity() -> None:
    masked = {n for n in BOOKS if any((v < INFINITE).any() for t, v in lesson(n).numbers().items() if t != "neg_inf")}
    models = ("gpt2", "bert", "transformer", "decoder", *SINCE, *LATER, "distilbert", "roberta", "bart", "marian", "t5")
    models += ("sparse", "retro", "knn", "induction", "rasp")
    named = ("causal", "linear-attention", "logit-lens", "activation-patching")
    models += tuple(f"learnt-{what}" for what in LEARNT_WITH_MASK)
    kinds = {n: n.split()[0] if BOOKS[n].learnt else n.split()[0].split("-")[0] for n in BOOKS}
    assert masked == {n for n in BOOKS if kinds[n] in models or any(part in n for part in named)}


LEARNT_WITH_MASK = ("sorting", "reversing", "adding", "names", "two-words-back", "translator", "rhymes", "drinks-gpt2")


def prompts(made: Lesson) -> list[Tokens]:
    tokens = [n.shape[0].labels for n in made.tables.values() if n.role == "tokens" and n.data is not None]
    return [t for t in tokens if isinstance(t, Tokens)]


@each_book
def test_each_word_of_a_prompt_is_a_drop_down_of_its_vocabulary(name: str) -> None:
    book = book_of(name)
    expected = prompts(lesson(name))
    found = drop_downs(name)
    assert len(found) == len(expected)
    for tokens, (reference, cells) in zip(expected, found, strict=True):
        words = tokens.vocabulary.words
        offered = [book.values[cell] for row in place(reference) for cell in row]
        assert offered == list(words)
        assert not any(cell in book.formulas for cell in cells)
        ids = np.ravel(tokens.ids.data)
        assert [book.values[cell] for cell in cells] == [words[int(i)] for i in ids]


SINCE = ("gpt", "bloom", "llama", "mistral", "qwen", "gemma", "gemma2", "deepseek", "mixtral", "switch")
LATER = ("gemma3", "olmo2", "smollm3", "phi3", "command", "falcon", "gpt3", "gopher", "opt", "albert", "qwen3")
READING = ("roberta", "distilbert", "vit", "bart", "marian", "t5", "sparse", "performer", "linformer")
OTHERS = ("seq2seq", "retro", "knn", "induction", "rasp", *READING)
LAID_OPEN = ("flash", "logit", "activation-patching", "paged")
"""What is done with a trained model: attention in tiles or pages, and words read inside a model."""
ATTENDING = (
    "attention",
    "multi",
    "cross",
    "encoder",
    "decoder",
    "bert",
    "gpt2",
    "transformer",
    *SINCE,
    *LATER,
    *OTHERS,
    *LAID_OPEN,
)


@each_book
def test_attention_is_shaded_wherever_it_is_shown(name: str) -> None:
    book = opened(name)
    tables = [n for n in lesson(name).tables.values() if n.role == "attention"]
    kind = BOOKS[name].model if BOOKS[name].learnt else name.split()[0].split("-")[0]
    attends = (
        bool({kind, name.split()[0]} & {*ATTENDING}) and name != "learnt-drinks-bigrams"
    )  # which is a model without layers
    assert bool(tables) == (attends or name.startswith("linear-attention"))
    for node in tables:
        grid = cells_of(book_of(name), node.name)
        ((sheet, top, left), (_, bottom, right)) = grid[0][0], grid[-1][-1]
        ends = f"{get_column_letter(left + 1)}{top + 1}", f"{get_column_letter(right + 1)}{bottom + 1}"
        reference = ":".join(dict.fromkeys(ends))
        kinds = {
            rule.type
            for rules in book[sheet].conditional_formatting
            for rule in rules.rules
            if rules.sqref == reference
        }
        assert "colorScale" in kinds, (node, reference)


# Sheets


@each_book
def test_sheets_are_set_up_for_the_screen_and_for_paper(name: str) -> None:
    """A sheet has a scale, and breaks if it takes several pages: programs heed no breaks on a sheet that is fitted.

    No rows are repeated: with them, LibreOffice draws the pages of another paper through the tables on the screen.
    """
    for sheet in opened(name):
        frozen = position(sheet.freeze_panes)[0]
        assert frozen >= 3
        assert sheet.print_title_rows is None
        assert not sheet.sheet_properties.pageSetUpPr.fitToPage
        assert 91 <= (sheet.page_setup.scale or 100) <= 130
        assert not sheet.sheet_view.showGridLines


@each_book
def test_sheets_have_names_that_every_program_takes(name: str) -> None:
    sheets = book_of(name).sheets
    assert sheets[0] == "Contents"
    assert len({sheet.casefold() for sheet in sheets}) == len(sheets)
    for sheet in sheets:
        assert 0 < len(sheet) <= 31
        assert not set(sheet) & set(r"[]:*?/\'")
        assert sheet.casefold() != "history"


def test_long_names_of_sheets_are_shortened_and_not_cut() -> None:
    """Each ends as its page's title does."""
    book = book_of("transformer-writes")
    long = 0
    for sheet in book.sheets[1:]:
        title = str(book.values[sheet, 0, 1])
        assert sheet.split()[-1] in (title.split()[-1], "Att"), title
        long += len(title.replace(" · ", " ")) > 31
    assert long


@each_book
def test_links_lead_to_something(name: str) -> None:
    """Each page links to the one before and the next; the home page to every page of the model and of its training.

    To those of the first training step, the page about the training links.
    """
    book = book_of(name)
    filled = {*book.values, *book.formulas}
    reached: dict[str, set[str]] = defaultdict(set)
    for sheet in opened(name):
        for cell in (c for row in sheet.iter_rows() for c in row if c.hyperlink):
            ((target, row, column),) = place(cell.hyperlink.location)[0]
            assert target in book.sheets
            assert (target, row, column) in filled or (row, column) == (0, 0), (sheet.title, cell.coordinate)
            reached[sheet.title].add(target)
    aside = {sheet for sheet in book.sheets if sheet.startswith(("First step", "1st "))}
    assert reached["Contents"] == set(book.sheets[1:]) - aside
    assert bool(aside) == bool(reached["Training"] & aside)
    for before, after in pairwise(book.sheets[1:]):
        assert {after, "Contents"} <= reached[before]
        assert before in reached[after]


@each_book
def test_the_home_page_counts_the_live_cells(name: str) -> None:
    book = book_of(name)
    said = re.search(r"([0-9,]+) live cells", str(book.values["Contents", 1, 1]))
    assert said
    assert int(said[1].replace(",", "")) == len(book.formulas)


# Notes


@pytest.mark.parametrize("name", sweep(BOOKS))
def test_every_table_says_how_to_see_it_worked(name: str) -> None:
    """In a note at its home; what is shown again, and the constants on the home page, need none.

    The script of a lesson has a line for each of its tables, and none for those of the first training step.
    """
    recipe = lesson(name).recipe
    notes = [cell.comment.text for sheet in opened(name) for row in sheet for cell in row if cell.comment]
    steps = {table for table, node in shown(name).tables.items() if node.role not in ("constant", "setting")}
    explain = command(recipe, "explain")
    assert explain.startswith(f"byhand explain {name if recipe.learnt else recipe.model}")
    parts = [note.split("\n") for note in notes]
    assert sorted((part[1], part[-1]) for part in parts) == sorted(
        (step, f"Worked: {explain} --step {step}") for step in steps
    )
    assert all(part[0].endswith(".") and len(part[0]) <= 140 for part in parts)
    without_code = {part[1] for part in parts if not part[2].startswith("Code: ")}
    assert without_code == {step for step in steps if step.startswith("first_step.")}


def test_the_home_page_says_what_comes_into_each_step_and_what_goes_out() -> None:
    """Of the table that the step's first formula reads, not of whatever else stands in its row."""
    values = book_of("gpt2").values
    told = {
        values[sheet, row, column - 5].partition(". ")[2]: text
        for (sheet, row, column), text in values.items()
        if sheet == "Contents" and isinstance(text, str) and re.fullmatch(r"[0-9]+×[0-9]+ → [0-9]+×[0-9]+", text)
    }
    assert told["⊕ residual"] == told["layer norm"] == told["feed-forward"] == "3×4 → 3×4"
    assert told["logits"] == "3×4 → 3×8"
    assert told["softmax"] == "3×8 → 3×8"
