"""What sits where: products cross, a token keeps its row, bands break where they must, what is elsewhere is shown."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.examples import examples
from support.lessons import book_of, cells_of, overwriting_refused
from support.strategies import graphs

from byhand.core.graph import Node, page, scope, source, toposort
from byhand.core.ops import exp
from byhand.language.architecture import Graph
from byhand.layers.attention import softmax
from byhand.workbook.about import About
from byhand.workbook.build import write_workbook
from byhand.workbook.layout import TOP, WIDEST, Layout
from byhand.workbook.page import Block
from byhand.xlsx.reader import read
from byhand.xlsx.verify import verify

ABOUT = About("A title", "a subtitle", "a command")
orientations = pytest.mark.parametrize("turned", [False, True], ids=["rows", "columns"])


def table(name: str, rows: int, columns: int) -> Node:
    return source(name, np.ones((rows, columns)), "weight")


def lay_out(*outputs: Node, turned: bool = False) -> Layout:
    layout = Layout(turned, {})
    layout.place(toposort(outputs))
    return layout


def along(block: Block) -> tuple[int, int]:
    """Where it begins and ends in the direction of the steps."""
    return block.along, block.along + block.node.shape[1]


def across(block: Block) -> tuple[int, int]:
    return block.across, block.across + block.node.shape[0]


def copies(layout: Layout, node: Node) -> list[Block]:
    return [b for p in layout.pages.values() for b in p.blocks if b.node is node and not b.home]


# One band


@orientations
def test_a_product_crosses(turned: bool) -> None:
    """The left factor before it in its line, the right factor over it."""
    x, w = table("x", 3, 4), table("W", 4, 2)
    with page("", "Page"):
        y = (x @ w).named("y")
    homes = lay_out(y, turned=turned).homes
    assert across(homes[x]) == across(homes[y])
    assert along(homes[w]) == along(homes[y])
    assert along(homes[x])[1] < along(homes[y])[0]
    assert across(homes[w])[1] < across(homes[y])[0]


def test_rows_and_columns_are_mirrored() -> None:
    x, w = table("x", 3, 4), table("W", 4, 2)
    with page("", "Page"):
        y = (x @ w).named("y")
    upright, turned = (lay_out(y, turned=t).homes for t in (False, True))
    assert (upright[y].row, turned[y].column) == (upright[y].across, turned[y].across)
    assert (upright[y].shape, turned[y].shape) == ((3, 2), (2, 3))
    assert upright[y].at(2, 1) == (upright[y].row + 2, upright[y].column + 1)
    assert turned[y].at(2, 1) == (turned[y].row + 1, turned[y].column + 2)
    assert [[str(a) for a in row] for row in zip(*addresses(turned[y]), strict=True)] == grid(turned[y])


def addresses(block: Block) -> list[list[str]]:
    return [[str(a) for a in row] for row in block.addresses]


def grid(block: Block) -> list[list[str]]:
    """Its cells as they are shown, row by row."""
    rows, columns = block.shape
    return [[f"{chr(65 + block.column + j)}{block.row + i + 1}" for j in range(columns)] for i in range(rows)]


@orientations
def test_what_is_added_to_every_row_stands_between_the_weight_and_the_product(turned: bool) -> None:
    x, w, b = table("x", 3, 4), table("W", 4, 2), table("b", 1, 2)
    with page("", "Page"):
        y = (x @ w + b).named("y")
    homes = lay_out(y, turned=turned).homes
    assert homes[b].strip
    assert not homes[w].strip
    assert along(homes[b]) == along(homes[w]) == along(homes[y])
    assert across(homes[w])[1] == across(homes[b])[0]
    assert across(homes[b])[1] < across(homes[y])[0]


@orientations
def test_a_token_keeps_its_line(turned: bool) -> None:
    x = table("x", 3, 2)
    with page("", "Page"):
        doubled = (x * 2).named("doubled")
        powers = exp(doubled).named("powers")
        shares = (powers / powers.sum(1).named("total")).named("shares")
    layout = lay_out(shares, turned=turned)
    (only,) = layout.pages.values()
    assert len({across(b) for b in only.blocks}) == 1
    starts = [along(layout.homes[n])[0] for n in toposort([shares]) if n.name]
    assert starts == sorted(starts)
    assert copies(layout, doubled) == copies(layout, powers) == []


# Bands


@orientations
def test_scores_begin_a_band(turned: bool) -> None:
    q, k = table("q", 3, 2), table("k", 3, 2)
    with page("", "Page"):
        doubled = (q * 2).named("doubled")
        scores = (doubled @ k.T).named("scores", role="scores")
    layout = lay_out(scores, turned=turned)
    homes = layout.homes
    assert across(homes[scores])[0] > across(homes[doubled])[1]
    ((again,),) = [copies(layout, doubled)]
    assert across(again) == across(homes[scores])
    assert homes[scores].reads[(doubled,)] is again


def test_a_band_ends_where_the_number_of_tokens_changes() -> None:
    x, memory = table("x", 3, 2), table("memory", 5, 2)
    with page("", "Page"):
        q, k = (x * 2).named("q"), (memory * 2).named("k")
    layout = lay_out(q, k)
    assert across(layout.homes[k])[0] > across(layout.homes[q])[1]
    assert along(layout.homes[memory])[0] == along(layout.homes[x])[0]


@orientations
@pytest.mark.parametrize("width", [1, 5, 12, 30])
def test_a_band_ends_before_it_is_too_wide(turned: bool, width: int) -> None:
    x = table("x", 2, width)
    with page("", "Page"):
        steps = [x]
        for n in range(6):
            steps.append((steps[-1] + 1).named(f"step{n}"))
    layout = lay_out(steps[-1], turned=turned)
    (only,) = layout.pages.values()
    lines: dict[int, list[Block]] = defaultdict(list)
    for b in only.blocks:
        lines[b.across].append(b)
    assert (len(lines) > 1) == (width > 1)
    for line in lines.values():
        assert along(line[-1])[1] <= WIDEST[turned] or len(line) == 2
    for here, there in pairwise(steps[1:]):
        reads = layout.homes[there].reads[(here,)]
        assert across(reads) == across(layout.homes[there])
        assert reads.home == (layout.homes[here].across == layout.homes[there].across)


def test_a_small_group_of_tables_stays_together() -> None:
    """Softmax in its columns, in a new band if the rest of this one is too short for it."""
    x = table("x", 3, 4)
    with page("", "Page"):
        scaled = (x / 2).named("scaled")
        shifted = (scaled + 1).named("more")
        result = softmax(shifted)
    homes = lay_out(result).homes
    inside = [homes[n] for n in toposort([result]) if n.name.startswith("softmax")]
    assert len(inside) == 5
    assert len({b.across for b in inside}) == 1
    assert inside[0].across > across(homes[shifted])[1]


def test_bands_do_not_depend_on_what_comes_after() -> None:
    x = table("x", 3, 4)
    with page("", "Page"):
        a = (x * 2).named("a")
        b = (a * 2).named("b")
    with page("", "Another"):
        c = (b * 2).named("c")
    alone, followed = lay_out(b).homes, lay_out(c).homes
    assert [(alone[n].row, alone[n].column) for n in (x, a, b)] == [
        (followed[n].row, followed[n].column) for n in (x, a, b)
    ]


# Steps


def test_a_step_that_needs_nothing_in_sight_begins_a_band_under_its_heading() -> None:
    x, y = table("x", 3, 4), table("y", 3, 4)
    with page("", "Page"):
        with scope("", "first", equation="2x"):
            a = (x * 2).named("a")
        with scope("", "second", equation="3y", source="Someone 2020"):
            b = (y * 3).named("b")
    layout = lay_out(a, b)
    (only,) = layout.pages.values()
    assert [h.scope.title for h in only.headings] == ["first", "second"]
    assert layout.homes[b].row > layout.homes[a].row + 3
    assert only.headings[0].row == TOP
    for heading, first in zip(only.headings, (x, y), strict=True):
        assert heading.column == layout.homes[first].column
        assert heading.row < layout.homes[first].row


def test_a_step_that_goes_on_stays_in_its_band() -> None:
    x = table("x", 3, 4)
    with page("", "Page"):
        with scope("", "first", equation="2x"):
            a = (x * 2).named("a")
        with scope("", "second", equation="3a"):
            b = (a * 3).named("b")
    layout = lay_out(b)
    assert layout.homes[b].row == layout.homes[a].row
    assert len(next(iter(layout.pages.values())).headings) == 2


# What is shown again


@orientations
def test_a_weight_lives_where_it_is_first_used_and_is_shown_again_elsewhere(turned: bool) -> None:
    x, w = table("x", 3, 4), table("W", 4, 4)
    with page("", "One"):
        y = (x @ w).named("y")
    with page("", "Two"):
        z = (y @ w).named("z")
    layout = lay_out(z, turned=turned)
    one, two = layout.pages.values()
    assert layout.homes[w].page is one
    ((again,),) = [copies(layout, w)]
    assert again.page is two
    assert along(again) == along(layout.homes[z])
    assert [b.node for b in two.blocks if not b.home] == [y, w]


def test_a_transposed_table_is_shown_again_the_other_way() -> None:
    q, k = table("q", 3, 2), table("k", 4, 2)
    with page("", "Page"):
        kept = (k * 1).named("kept")
        scores = (q @ kept.T).named("scores")
    layout = lay_out(scores)
    (again,) = [b for b in layout.homes[scores].reads.values() if b.node.op.name == "transpose"]
    assert (again.shape, again.caption.name, again.home) == ((2, 4), "keptᵀ", False)
    assert along(again) == along(layout.homes[scores])


def test_a_number_by_itself_is_never_shown_again() -> None:
    x, t = table("x", 3, 4), table("T", 1, 1)
    with page("", "One"):
        y = (x / t).named("y")
    with page("", "Two"):
        z = (y * t).named("z")
    layout = lay_out(z)
    assert copies(layout, t) == []
    assert layout.homes[z].reads[(t,)] is layout.homes[t]


def test_copies_link_to_the_cells_that_they_show() -> None:
    book = book_of("attention")
    first = cells_of(book, "Q")[0][0]
    links = [cell for cell, formula in book.formulas.items() if formula == f"={chr(65 + first[2])}{first[1] + 1}"]
    assert len(links) == 1
    sheet, row, column = links[0]
    assert book.values[sheet, row - 3, column] == "Q"
    assert book.values[sheet, row - 2, column] == "shown again"


def test_copies_from_another_page_say_from_which() -> None:
    book = book_of("multi-head")
    ((sheet, row, column), *_), *_ = cells_of(book, "X")
    links = [cell for cell, formula in book.formulas.items() if formula == f"='{sheet}'!{chr(65 + column)}{row + 1}"]
    assert links
    for there, line, at in links:
        assert there != sheet
        assert book.values[there, line - 3, at] == "X"
        assert book.values[there, line - 2, at] == f"from {sheet}"


# Any graph


@given(data=st.data(), turned=st.booleans())
@examples(20)
def test_any_graph_is_laid_out_so_that_it_computes_its_numbers(data: st.DataObject, turned: bool) -> None:
    with page("", "Page"):
        result = data.draw(graphs())
    nodes = toposort([result])
    assume(any(n.name and n.op.name != "source" for n in nodes))
    with tempfile.TemporaryDirectory() as folder, overwriting_refused():
        path = Path(folder, "book.xlsx")
        count = write_workbook(Graph([result]), ABOUT, path, turned)
        assert count == len(read(path).formulas) > 0
        report = verify(path)
        assert report.ok, "\n".join(report.lines())
