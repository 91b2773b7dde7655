"""Nothing for nothing: what guesses earn, and that a recipe which gives more away is refused."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from support.simulated_students import Class, built, class_of

from byhand.exercises.recipe import ready_made
from byhand.grading import diagnosis
from byhand.grading.evidence import Counted, StageAnswers, one_number_in_every_cell
from byhand.grading.guesses import RANDOM, Earned, Guesses, earned_by_guesses, guess_faults

OFTEN = ("attention-head", "dot-product", "loss", "bloom", "cross-attention")
HEAD = 'title = "Mine"\nteaches = "A thing."\nminutes = 5\nlevel = 3\n'
TWO_CHOICES = (
    HEAD + 'model = "matrix-product"\nmistakes = []\nsize = { rows = 3, inner = 2, columns = 3 }\n'
    '[draw]\nA = [0, 1]\nB = [0, 1]\n[[ask]]\ntable = "C"\nplaces = 0\n'
)
"""Nine numbers that are 0, 1 or 2."""


def of_text(text: str, count: int) -> Class:
    return built(Path("mine.toml"), tomllib.loads(text), count)


def earned(of: Class, most: int) -> dict[str, Earned]:
    return {one.guess: one for one in earned_by_guesses(of.marker, of.made, most)}


def test_each_kind_of_guess_is_tried() -> None:
    of = class_of("attention-head", 60)
    guesses = Guesses(of.problem, of.made)
    sheets = guesses.sheets(3)
    kinds = {
        *("0 in every cell", "1 in every cell", "-1 in every cell", "0.25 in every cell"),
        *("in each table its most frequent answer", "in each cell its most frequent answer"),
        *("1/n in rows of n", "1/n for the first n of a row", "1 on the diagonal", "1 in the first column"),
        *("1 up to the diagonal", "1, 2, 3", "copies of X", "copies of W_Q", "another student's answers"),
        *("random numbers", "random answers of the class", "random rows that add up to 1"),
    }
    assert kinds <= sheets.keys()
    assert set(RANDOM) <= sheets.keys()
    for name, sheet in sheets.items():
        assert [len(row) for row in sheet] == [len(row) for row in of.right(3)], name
        assert all(np.isfinite(row).all() for row in sheet), name
    assert (sheets["another student's answers"][0] == np.ravel(of.right(2)[0])).all()
    assert (sheets["copies of X"][0] == of.tables(3)["X"].ravel()).all()
    assert set(sheets["1/n in rows of n"][1]) == {0.33}
    rows = sheets["random rows that add up to 1"][1].reshape(of.problem.questions[1].node.shape)
    np.testing.assert_allclose(rows.sum(-1), 1, atol=0.02)
    table = of.tables(3)["X"]
    assert (sheets["X shifted by one"][0] == np.roll(table, 1).ravel()).all()
    assert (sheets["the first row of X in every row"][2].reshape(3, 4) == table[0, [0, 1, 2, 0]]).all()
    changed = {m.name: tables for m, tables in of.told}["softmax-base-2"]
    wrong = np.round([np.ravel(rows[1]) for rows in of.planted(changed)], 2)
    for cell, number in zip(wrong.T, sheets["in each cell what softmax-base-2 gives most often"][1], strict=True):
        assert (cell == number).sum() == max(Counter(cell.tolist()).values())
    scores = np.array([np.ravel(row[0]) for row in (of.right(n) for n in range(60))])
    numbers, counts = np.unique(scores, return_counts=True)
    assert sheets["in each table its most frequent answer"][0][0] == numbers[np.argmax(counts)]


def test_a_wrong_cell_is_guessed_as_a_row_and_a_column() -> None:
    of = class_of("find-the-wrong-score", 3)
    for name, sheet in Guesses(of.problem, of.made).sheets(1).items():
        assert [len(row) for row in sheet] == of.marker.counts, name


def test_a_table_with_a_number_to_find_is_no_table_to_copy() -> None:
    """The sheet does not show that number."""
    of = class_of("missing-number", 3)
    assert not any(" A " in f"{name} " for name in Guesses(of.problem, of.made).sheets(1))


def test_what_begins_with_a_silly_table_goes_on_rightly() -> None:
    """A second plain implementation of the head's steps after its scores; a silly score that is right is changed."""
    of = class_of("attention-head", 60)
    sheets = Guesses(of.problem, of.made).sheets(3)
    silly = np.resize([3.0, 2, 0], (3, 3))
    silly += np.isclose(silly, of.right(3)[0].reshape(3, 3), atol=0.49)
    weights = np.exp(silly / 2) / np.exp(silly / 2).sum(1, keepdims=True)
    z = weights @ of.tables(3)["X"] @ of.tables(3)["W_V"]
    for ending, places in (("", 2), (" to 1 place", 1), (" to whole numbers", 0)):
        sheet = sheets[f"3, 2, 0 in every row in what is asked first, and the rest worked out from that{ending}"]
        for row, expected in zip(sheet, (silly, weights, z), strict=True):
            np.testing.assert_allclose(row, np.round(expected.ravel(), places), atol=1e-9)
    counted = sheets["one number a row in what is asked first, and 1, 2, 3 in the rest"]
    assert [row.tolist()[:4] for row in counted[1:]] == [[1, 2, 3, 4], [10, 11, 12, 13]]
    zeros = "zeros in what is asked first, and the rest worked out from that"
    gemma = class_of("gemma", 3)  # of its second answers, the first word's row is no part
    assert not Guesses(gemma.problem, gemma.made).sheets(1)[zeros][1].any()
    every = Guesses(of.problem, of.made)
    for n in range(10):
        assert (np.abs(every.sheets(n)[zeros][0] - np.ravel(of.right(n)[0])) > 0.4).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "students"),
    [*((n, 10) for n in OFTEN), *(pytest.param(n, 50, marks=pytest.mark.sweep) for n in ready_made())],
)
def test_a_guess_earns_little(name: str, students: int) -> None:
    of = class_of(name, 200)
    assert guess_faults(earned_by_guesses(of.marker, of.made, students), sum(of.marker.counts)) == []


def test_zeros_earn_nothing_of_what_follows_from_zeros() -> None:
    """In an attention head they earned 48 % of the points: weights, results and mistakes of zeros are zeros."""
    of = class_of("attention-head", 10)
    for number in (0.0, 1.0, -1.0, 0.25, 0.33, 3.0):
        for n in range(10):
            marks = of.mark(n, [np.full(len(row), number) for row in of.right(n)])
            assert sum(mark.points for mark in marks) == 0
            assert {mark.sentence for mark in marks} == {"The same number stands in every cell: work each of them out."}


@pytest.mark.slow
def test_where_everything_counts_guesses_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bounds would not hold by themselves: they see it when evidence is not weighed."""

    def all_counted(answers: list[StageAnswers], reads_given: object) -> list[Counted]:
        every = [np.ones(len(one.key), dtype=bool) for one in answers]
        return [Counted(flags, flags, flags, flags) for flags in every]

    of = class_of("attention-head", 60)
    monkeypatch.setattr(diagnosis, "counted", all_counted)
    monkeypatch.setattr(diagnosis, "one_number_in_every_cell", lambda typed, key: False)
    monkeypatch.setattr(StageAnswers, "one_number", False)
    faults = guess_faults(earned_by_guesses(of.marker, of.made, 2), sum(of.marker.counts))
    assert any("on average, more than 20%" in fault for fault in faults)
    assert any("for one student, more than 35%" in fault for fault in faults)


def test_a_recipe_that_can_be_guessed_is_refused_with_the_guess() -> None:
    of = of_text(TWO_CHOICES, 100)
    by_name = earned(of, 20)
    faults = guess_faults([*by_name.values()], sum(of.marker.counts))
    assert len(faults) == 3
    best = max(by_name.values(), key=lambda one: one.mean)
    assert faults[0] == (
        f"A guess, {best.guess}, earns {best.mean:.0%} of the points on average, more than 20%: "
        "ask for cells whose numbers differ, or let more numbers be drawn."
    )
    assert "random" in faults[1]
    assert "more than 10%" in faults[1]
    assert "for one student, more than 35%" in faults[2]


def bounds(mean: float, largest: float, asked: int, guess: str = "0 in every cell") -> int:
    shares = (2 * mean - largest, largest)
    others = [Earned(name, (0.0, 0.0), {}) for name in RANDOM if name != guess]
    return len(guess_faults([Earned(guess, shares, {}), *others], asked))


def test_the_bounds() -> None:
    assert bounds(0.2, 0.35, 7) == 0
    assert bounds(0.21, 0.35, 7) == 1
    assert bounds(0.21, 0.35, 3) == 0, "few numbers"
    assert bounds(0.26, 0.35, 3) == 1
    assert bounds(0.2, 0.4, 7) == 1
    assert bounds(0.2, 0.4, 6) == 0, "of six numbers, somebody has three by chance"
    assert bounds(0.1, 0.1, 7, RANDOM[0]) == 0
    assert bounds(0.11, 0.11, 7, RANDOM[0]) == 1


def test_one_number_is_right_where_all_right_numbers_are_the_same() -> None:
    assert one_number_in_every_cell(np.full(4, 2.0), np.array([2.0, 2, 2, 3]))
    assert not one_number_in_every_cell(np.full(4, 2.0), np.full(4, 2.0))
    assert not one_number_in_every_cell(np.full(3, 2.0), np.array([2.0, 2, 3])), "three may be the same by a slip"
    assert one_number_in_every_cell(np.array([2, np.nan, 2, 2, 2]), np.arange(5.0))
