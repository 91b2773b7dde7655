"""The backward pass in the places of the forward pass, training steps below each other; names, numbers, bytes."""

from __future__ import annotations

import atexit
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pytest
from support.gradient_models import GRADIENT_MODELS, GRADIENTS_OFTEN
from support.gradient_models import recipe_of as gradient_recipe
from support.lessons import cells_of, numbers_of, overwriting_refused
from support.selection import by_turns, in_every_program, often

from byhand.core.captions import defined_name
from byhand.layers.training import Training
from byhand.lessons.build import build
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe
from byhand.workbook.about import About
from byhand.workbook.book import Book as Plan
from byhand.workbook.build import write_lesson
from byhand.workbook.page import Block, Page
from byhand.xlsx.cells import Cell, Value
from byhand.xlsx.reader import Contents, read
from byhand.xlsx.recalculate import recalculate, recalculate_books
from byhand.xlsx.verify import compare

NO_WEIGHTS = ("softmax", "softmax base", "dot-product", "matrix-product", "activation")
NO_WEIGHTS += ("dropout", "gradient-clipping", "distillation", "balance-loss", "dpo", "ppo-clip", "grpo")
FOLDER = Path(mkdtemp(prefix="byhand-mirror-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


@cache
def recipe_of(name: str, turned: bool = False, optimizer: str = "momentum", steps: int = 2) -> Recipe:
    """Momentum, whose steps are no larger than gradients: Adam's make 1e-9 of one that is 0 but for rounding."""
    learning = {} if name in NO_WEIGHTS else {"optimizer": optimizer, "lr": 0.01, "train_steps": steps}
    orientation = "columns" if turned else "rows"
    return gradient_recipe(name, orientation=orientation, **learning)


@cache
def lesson(recipe_key: tuple[Any, ...]) -> Lesson:
    return build(recipe_of(*recipe_key))


@cache
def plan(*key: Any) -> Plan:
    made = lesson(key)
    return Plan(made.graph, About("", "", "", guide=True), made.recipe.orientation == "columns")


def training(*key: Any) -> Training:
    found = lesson(key).graph.training
    assert found is not None
    return found


@cache
def path_of(*key: Any) -> Path:
    path = FOLDER / f"{key}.xlsx"
    with overwriting_refused():
        write_lesson(lesson(key), path)
    return path


@cache
def book_of(*key: Any) -> Contents:
    return read(path_of(*key))


each = pytest.mark.parametrize("name", often(GRADIENT_MODELS, GRADIENTS_OFTEN))
both_ways = pytest.mark.parametrize("turned", [False, True], ids=["rows", "columns"])


def place(block: Block) -> tuple[int, int]:
    return block.row, block.column


def page_of(made: Plan, scope: Any) -> Page:
    (page,) = [page for page in made.pages if page.scope is scope]
    return page


# Where everything stands


@each
@both_ways
def test_a_gradient_stands_in_the_cells_of_its_table_on_the_page_beside(name: str, turned: bool) -> None:
    made, found = plan(name, turned), training(name, turned).backward.gradients
    assert found
    for table, gradient in found.items():
        forward, backward = made.homes[table], made.homes[gradient]
        assert place(forward) == place(backward), table
        assert forward.shape == backward.shape
        assert forward.page is not backward.page
        assert backward.page.scope is forward.page.scope.backward
        assert backward.page.scope.title == forward.page.scope.title


@each
@both_ways
def test_what_a_page_adds_stands_where_the_page_shows_the_table_again(name: str, turned: bool) -> None:
    """But on the table's own page, where the gradient itself has that place, and where only a transpose is shown.

    FlashAttention's pages show tiles of the keys alone, so there none stands on a table.
    """
    made, mirrored = plan(name, turned), 0
    for (table, scope), share in training(name, turned).backward.shares.items():
        again = [b for b in page_of(made, scope).blocks if b.node is table and not b.home]
        block = made.homes[share]
        assert block.page.scope is scope.backward
        if made.homes[table].page.scope is not scope:
            assert not again or place(block) in [place(b) for b in again], share
            mirrored += bool(again)
    in_tiles = name.startswith("flash-attention")
    assert bool(mirrored) == (bool(training(name, turned).backward.shares) and not in_tiles)


@pytest.mark.slow
@each
@both_ways
def test_a_later_step_stands_below_the_one_before_at_a_constant_distance(name: str, turned: bool) -> None:
    if name in NO_WEIGHTS or name.endswith(" deep"):
        return
    made, steps = plan(name, turned, "momentum", 3), training(name, turned, "momentum", 3).copies
    assert len(steps) == 2
    distances: dict[Page, set[tuple[int, int]]] = defaultdict(set)
    for n, copies in enumerate(steps, 1):
        for table, copy in copies.items():
            if table.name and table.data is None:
                first, later = made.homes[table], made.homes[copy]
                assert first.page is later.page
                assert copy.name == f"step{n + 1}.{table.name}"
                down, right = later.row - first.row, later.column - first.column
                assert (down, right)[not turned] == 0
                assert (down + right) % n == 0
                distances[first.page].add((down // n, right // n))
    assert distances
    assert all(len(found) == 1 for found in distances.values())
    assert all(down + right > 0 for ((down, right),) in distances.values())


@each
@both_ways
def test_no_two_tables_overlap(name: str, turned: bool) -> None:
    for page in plan(name, turned).pages:
        for one, other in combinations(page.blocks, 2):
            apart = any(
                a + size <= b or b + other_size <= a
                for a, b, size, other_size in zip(place(one), place(other), one.shape, other.shape, strict=True)
            )
            assert apart, (one.node, other.node, page.scope.title)
        assert min(min(place(block)) for block in page.blocks) > 0


def test_tables_that_overlap_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    page = max(plan("gpt2", False).pages, key=lambda p: len(p.blocks))
    one, other = page.blocks[:2]
    monkeypatch.setattr(other, "along", one.along)
    monkeypatch.setattr(other, "across", one.across)
    with pytest.raises(AssertionError):
        test_no_two_tables_overlap("gpt2", False)


def test_tables_are_homes_of_all_that_is_named() -> None:
    for node in lesson(("gpt2", False)).tables.values():
        assert node in plan("gpt2", False).homes, node


# The books


FEW = [(name, turned) for name in ("attention", "layernorm") for turned in (False, True)] + [
    ("encoder-layer batch", False)
]
REST = [(name, turned) for name in GRADIENT_MODELS for turned in (False, True) if (name, turned) not in FEW]
BY_TURNS = [(name, n % 2 == 1) for n, name in enumerate(GRADIENT_MODELS)]


def assert_whole(name: str, turned: bool, engine: str = "ironcalc", fresh: Mapping[Cell, Value] | None = None) -> None:
    """Each table has a defined name, and the engine computes what is stored, which is what numpy does.

    Where the loss goes through IronCalc's ERF, which is right to 1e-10, gradients of two layers are right to 1e-8.
    """
    made, book = lesson((name, turned)), book_of(name, turned)
    numbers, fresh = made.numbers(), fresh or recalculate(path_of(name, turned), engine)
    names = Counter(defined_name(node).casefold() for node in made.tables.values())
    assert max(names.values()) == 1
    close = 1e-8 if name in ("bert deep", "roberta") else 1e-9
    for table, expected in numbers.items():
        got = numbers_of(book, table, fresh, turned)
        np.testing.assert_allclose(got, expected, rtol=close, atol=close, err_msg=table)
    report = compare(book, fresh, engine)
    assert report.largest < close
    assert not report.errors


@pytest.mark.parametrize(("name", "turned"), FEW)
def test_every_table_has_its_name_and_every_cell_its_number(name: str, turned: bool) -> None:
    assert_whole(name, turned)


@pytest.mark.parametrize(
    ("name", "turned"),
    [pytest.param(*kind, marks=pytest.mark.slow if kind in BY_TURNS else pytest.mark.sweep) for kind in REST],
)
def test_so_have_those_of_every_variant(name: str, turned: bool) -> None:
    assert_whole(name, turned)


@pytest.mark.slow
@in_every_program
@pytest.mark.parametrize("program", ["libreoffice", "gnumeric"])
def test_the_other_programs_compute_every_variant(program: str, needs: Callable[[str], None], whole: bool) -> None:
    """By turns with rows and with columns."""
    needs(program)
    kinds = BY_TURNS if whole else [*by_turns(BY_TURNS[::2], program), *by_turns(BY_TURNS[1::2], program)]
    for kind, fresh in zip(kinds, recalculate_books([book_of(*kind) for kind in kinds], program), strict=True):
        assert_whole(*kind, program, fresh)


@pytest.mark.slow
def test_three_steps_of_adam_in_every_program(engine: str) -> None:
    """Of the built-in model: the loss of each step, as the numpy engine computes it, and every other cell."""
    key = ("gpt2", False, "adam", 3)
    numbers = lesson(key).numbers()
    (fresh,) = recalculate_books([book_of(*key)], engine)
    losses = [loss.name for loss in training(*key).losses]
    assert losses == ["loss", "step2.loss", "step3.loss"]
    for loss in losses:
        assert abs(numbers_of(book_of(*key), loss, fresh).item() - numbers[loss].item()) < 1e-9
    assert len({numbers[loss].item() for loss in losses}) == 3
    for table, expected in numbers.items():
        np.testing.assert_allclose(numbers_of(book_of(*key), table, fresh), expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", ["encoder-layer batch", "multi-head"])
def test_the_same_bytes_each_time(name: str, tmp_path: Path) -> None:
    path = tmp_path / path_of(name, False).name
    write_lesson(build(recipe_of(name, False)), path)
    assert path.read_bytes() == path_of(name, False).read_bytes()


@pytest.mark.parametrize("table", ["grad.layer1.head1.Q", "step2.grad.layer1.output", "step2.updated.wte", "loss"])
@pytest.mark.slow
def test_a_wrong_number_that_is_stored_is_found(table: str) -> None:
    book, fresh = book_of("gpt2", False), recalculate(path_of("gpt2", False))
    cell = cells_of(book, table)[0][0]
    wrong = replace(book, values={**book.values, cell: book.values[cell] + 1e-6})
    report = compare(wrong, fresh, "ironcalc")
    assert [finding.cell for finding in report.differing] == [cell]
