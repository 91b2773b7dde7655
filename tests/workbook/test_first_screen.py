"""The first screen, 1440 x 900 at 100 %: the words, what the model expects, and the diagram lie on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.lessons import (
    BOOKS,
    TURNED,
    UPRIGHT,
    book_of,
    drop_downs,
    lesson,
    load,
    numbers_of,
    opened,
    place,
    products,
    sweep,
)
from support.screen import PIXELS, ROWS, WIDER, on_screen, pixels

from byhand.lessons.lesson import Lesson
from byhand.workbook.about import About
from byhand.workbook.book import Book
from byhand.workbook.build import write_lesson
from byhand.workbook.diagram import Band, bands
from byhand.workbook.layout import sides
from byhand.workbook.page import NARROWEST, Block, Page, key
from byhand.xlsx.reader import read


@pytest.mark.parametrize("name", sweep(BOOKS))
def test_the_words_and_the_most_probable_word_lie_on_the_first_screen(name: str) -> None:
    sheet, made = opened(name)["Contents"], lesson(name)
    for _, cells in drop_downs(name):
        assert all(on_screen(sheet, row, column) for _, row, column in cells)
    if made.graph.probabilities is None:
        return
    values = book_of(name).values
    (row, column) = next(
        (r, c) for (s, r, c), text in values.items() if text in ("and the model expects", "The model's answer")
    )
    shown = min(made.graph.probabilities.shape[1], 6)
    assert on_screen(sheet, row + shown, column + 5)
    bars = [str(part) for part in sheet.merged_cells.ranges if part.min_row > 4]  # not the command
    assert len(bars) == min(made.graph.probabilities.shape[1], 24)


def diagram(made: Lesson) -> list[Band]:
    return bands(Book(made.graph, About("", "", ""), made.recipe.orientation == "columns"))


@pytest.mark.parametrize("name", sweep(BOOKS))
def test_the_diagram_lies_on_the_first_screen_and_its_boxes_are_links(name: str) -> None:
    """All of its width, and the first bands; every part of the model has a box, or a box that stands for its kind."""
    sheet = opened(name)["Contents"]
    boxes = [
        cell
        for row in sheet.iter_rows()
        for cell in row
        if cell.hyperlink and cell.border.left.style and cell.border.top.style
    ]
    drawn = [box for band in diagram(lesson(name)) for box in band.boxes]
    assert len(boxes) == len(drawn) > 0
    assert all(pixels(sheet, cell.column - 1) <= PIXELS for cell in boxes)
    assert boxes[0].row <= ROWS
    reached = {place(cell.hyperlink.location)[0][0][0] for cell in boxes}
    assert reached == {sheet for sheet in book_of(name).sheets[1:] if sheet in reached}


def test_the_diagram_of_a_decoder() -> None:
    """Heads below each other, arrows with shapes, and the residual path under each sublayer."""
    drawn = diagram(lesson("gpt2"))
    assert [[(box.title, box.rank, box.lane) for box in band.boxes] for band in drawn] == [
        [("Word embeddings", 0, 0), ("+ positions", 1, 0)],
        [("Layer norm", 0, 0), ("Head 1", 1, 0), ("Head 2", 1, 1), ("Join the heads", 2, 0), ("⊕ residual", 3, 0)],
        [("Layer norm", 0, 0), ("Feed-forward", 1, 0), ("⊕ residual", 2, 0)],
        [("Layer norm", 0, 0), ("Logits", 1, 0), ("Softmax", 2, 0), ("Next word", 2, 1)],
    ]
    assert [band.residual for band in drawn] == [[], [(-1, 3)], [(-1, 2)], []]
    assert [band.label for band in drawn] == ["Input", "Layer 1", "", "Output"]
    sheet = opened("gpt2")["Contents"]
    texts = [str(cell.value) for row in sheet.iter_rows(min_row=5, max_row=ROWS) for cell in row if cell.value]
    assert texts.count("3×4 →") >= 5
    assert "→ 3×8" in texts
    assert {"↳", "↑", "↗"} <= set(texts)


def test_a_decoder_that_reads_an_encoder_says_so() -> None:
    notes = [band.notes for band in diagram(lesson("transformer"))]
    assert {0: "↑ Encoder"} in notes


def test_layers_that_repeat_are_one_box_each() -> None:
    drawn = diagram(lesson("gpt2-medium"))
    assert [box.title for band in drawn for box in band.boxes if re.fullmatch(r"Layer \d+", box.title)]


@pytest.mark.parametrize("name", ["softmax", "attention", "layernorm"])
def test_a_part_opens_at_its_lesson(name: str) -> None:
    assert opened(name).active.title == book_of(name).sheets[1]
    assert opened("gpt2").active.title == "Contents"


@pytest.mark.slow
def test_each_sheet_shows_its_first_product_without_scrolling_sideways() -> None:
    """In each book upright; but for a product beside which nothing but its own factors stands."""
    sheets, beyond = 0, []
    for name in (name for name in UPRIGHT if not UPRIGHT[name].learnt):
        book = Book(lesson(name).graph, About("", "", "", guide=True))
        sheets += len(book.pages)
        for page, block in beyond_the_screen(book):
            factors = {key(table) for table in sides(block.node)[0]}
            before = [other for other in page.blocks if other.row == block.row and other.column < block.column]
            if not factors.issuperset(key(other.node) for other in before):
                beyond.append(f"{name}: {book.sheet_names[page]}, {block.node.name}")
    assert sheets > 700
    assert beyond == []


@pytest.mark.slow
def test_each_turned_sheet_shows_its_first_product_without_scrolling_sideways() -> None:
    """But for a product at the left of which nothing but factors of the tables in line with it stands."""
    sheets, beyond = 0, []
    for name in TURNED:
        book = Book(lesson(name).graph, About("", "", "", guide=True), turned=True)
        sheets += len(book.pages)
        for page, block in beyond_the_screen(book):
            in_line = [other for other in page.blocks if other.column == block.column]
            factors = {key(table) for other in in_line for side in sides(other.node) for table in side}
            rows = range(in_line[0].row, max(other.row + other.shape[0] for other in in_line))
            before = [other for other in page.blocks if other.column < block.column and other.row in rows]
            if not factors.issuperset(key(other.node) for other in before):
                beyond.append(f"{name}: {book.sheet_names[page]}, {block.node.name}")
    assert sheets > 800
    assert beyond == []


def beyond_the_screen(book: Book) -> Iterator[tuple[Page, Block]]:
    """Each page whose first product ends beyond the screen's right edge, with that product."""
    for page in book.pages:
        width = max(NARROWEST, *map(book.widths.of, page.blocks))
        block = first_product(page)
        if block is not None and edge(block.column + block.shape[1], width) > PIXELS:
            yield page, block


def first_product(page: Page) -> Block | None:
    """The first product of matrices that a page computes, or the first table without one."""
    computed = [block for block in page.blocks if block.home and not block.node.op.given]
    return next((block for block in computed if products(block.node)), computed[0] if computed else None)


def edge(columns: int, width: float) -> int:
    """How far the right edge of so many columns is from the left one, the margin among them."""
    first, letter, padding = 3.0, 7 * WIDER, 5 * WIDER
    return round(first * letter + padding + (columns - 1) * (width * letter + padding))


def test_a_projector_shows_large_numbers_and_a_band_of_tables_on_a_screen(tmp_path: Path) -> None:
    """The first band of each sheet, with 160 %; the first screen stays as it is, and so does every number."""
    path = tmp_path / "large.xlsx"
    write_lesson(lesson("gpt2"), path, projector=True)
    book, plain = read(path), book_of("gpt2")
    sheets = load(path).worksheets
    assert [sheet.sheet_view.zoomScale for sheet in sheets[1:-1]] == [160] * 7
    assert sheets[0].sheet_view.zoomScale in (None, 100)
    for name in ("layer1.head1.Q", "layer1.head1.K", "layer1.norm1.mean", "words"):
        ((sheet, row, column), *_) = place(book.names[name])[-1][::-1]
        assert 1.6 * pixels(load(path)[sheet], column) <= PIXELS
        assert row <= ROWS
    for name in lesson("gpt2").tables:
        assert (numbers_of(book, name) == numbers_of(plain, name)).all()
