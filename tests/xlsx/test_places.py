"""--step and --cell: what they name, and one sentence where they name nothing."""

from __future__ import annotations

import pytest
from support.lessons import UPRIGHT, lesson, sweep

from byhand.core.captions import defined_name
from byhand.errors import ByhandError
from byhand.explanations.handout import find_cell, find_step


@pytest.mark.parametrize("name", sweep(UPRIGHT))
def test_every_table_is_found_by_its_own_name_and_by_its_workbooks(name: str) -> None:
    for table, node in lesson(name).tables.items():
        assert find_step(lesson(name), table) is node
        assert find_step(lesson(name), defined_name(node)) is node


@pytest.mark.parametrize(
    ("model", "step", "sentence"),
    [
        (
            "gpt2",
            "layer1.head1.wieghts",
            r"no table 'layer1\.head1\.wieghts' in gpt2; the nearest are layer1\.head1",
        ),
        (
            "gpt2",
            "layer1.head1",
            r"layer1\.head1 is a part of the model: choose one of its tables, layer1\.head1\.W_Q,",
        ),
        ("gpt2", "layer1", r"and \d+ more\.$"),
        ("gpt2", "table.layer1.head2", r"layer1\.head2 is a part of the model: choose"),
        ("softmax", "", "no table '' in softmax: `byhand run softmax` lists all"),
        ("gpt2", "layer1.head1.K.T", "the nearest are layer1.head1.K"),
    ],
)
def test_a_step_that_is_no_table(model: str, step: str, sentence: str) -> None:
    with pytest.raises(ByhandError, match=sentence):
        find_step(lesson(model), step)


def test_cells_are_counted_from_1_as_they_are_shown() -> None:
    node = lesson("gpt2").tables["layer1.head1.Q"]
    assert find_cell(node, (3, 2), turned=False) == (2, 1)
    assert find_cell(node, (2, 3), turned=True) == (2, 1)


@pytest.mark.parametrize("cell", [(0, 1), (1, 0), (4, 1), (1, 3), (-1, 1), (10**9, 1)])
def test_a_cell_that_is_not_there(cell: tuple[int, int]) -> None:
    node = lesson("gpt2").tables["layer1.head1.Q"]
    with pytest.raises(ByhandError) as error:
        find_cell(node, cell, turned=False)
    assert str(error.value) == (
        f"layer1.head1.Q has rows 1 to 3 and columns 1 to 2: there is no cell {cell[0]},{cell[1]}."
    )
