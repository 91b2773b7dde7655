"""How many decimals tables show, read from the file: one number in a frame, and of like things on a sheet."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from support.lessons import lesson, opened

from byhand.core.roles import Look
from byhand.workbook import style
from byhand.workbook.about import About
from byhand.workbook.book import Book
from byhand.workbook.page import Block, Page


def frames(page: Page) -> list[set[Block]]:
    """The tables that touch each other: strips and what stands above them."""
    ends = {(block.row + block.shape[0], block.column): block for block in page.blocks if block.home}
    strips = [block for block in page.blocks if block.strip and block.home]
    return [{ends[strip.row, strip.column], strip} for strip in strips if (strip.row, strip.column) in ends]


@pytest.mark.parametrize("name", ["gpt2", "layernorm-backward", "transformer", "mamba"])
def test_what_stands_in_one_frame_shows_one_number_of_decimals(name: str) -> None:
    made, sheets, checked = lesson(name), opened(name), 0
    book = Book(made.graph, About("", "", "", guide=True))
    for page in book.pages:
        sheet = sheets[book.sheet_names[page]]
        weights = {
            block for block in page.blocks if block.home and block.node.op.given and block.node.look is Look.WEIGHT
        }
        for group in [*frames(page), weights]:
            formats = {sheet.cell(block.row + 1, block.column + 1).number_format for block in group}
            assert len(formats) <= 1, (sheet.title, [block.node.name for block in group])
            checked += len(group) > 1
    assert checked > 1


@pytest.mark.parametrize(
    ("largest", "shown"),
    [((1.5, 0.5), "0.00"), ((0.5, 0.25), "0.000"), ((1.5, 0.04), "0.000"), ((2, 0), "0"), ((0.5, 1e-17), "0.000")],
)
def test_a_small_table_among_alike_ones_keeps_two_digits(largest: tuple[float, ...], shown: str) -> None:
    assert style.number_format([np.array([[number, 0.0]]) for number in largest], infinite=False)[0] == shown


def test_queries_keys_and_values_show_one_number_of_decimals() -> None:
    sheets, made = opened("gpt2"), lesson("gpt2")
    book = Book(made.graph, About("", "", "", guide=True))
    formats = defaultdict(set)
    for head in ("head1", "head2"):
        for name in ("Q", "K", "V"):
            block = book.homes[made.tables[f"layer1.{head}.{name}"]]
            sheet = sheets[book.sheet_names[block.page]]
            formats[head].add(sheet.cell(block.row + 1, block.column + 1).number_format)
    assert [len(each) for each in formats.values()] == [1, 1]
    assert formats["head1"] == {"0.00"}
