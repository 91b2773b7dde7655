"""What counts as work: honest errors keep their points in later steps, lucky and silly numbers earn none."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.simulated_students import Class, as_typed, built, class_of, named, verdicts

from byhand.exercises.problem import problem
from byhand.exercises.recipe import exercise_of, find
from byhand.grading.verdicts import CellMark
from byhand.lessons.recipe import read_toml
from byhand.misconceptions import applicable

Rows = list[Any]
NOT_WORKED_OUT = "This follows from a table of yours that is not worked out: begin with that one."
COPIED = "These are the numbers of a table that is given: work each of them out."


def softmax(x: Any) -> Any:
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def head() -> Class:
    return class_of("attention-head", 20)


def from_scores(of: Class, n: int, scores: Any) -> Rows:
    """Every answer, worked out rightly from these scores."""
    weights = softmax(scores / 2)
    t = of.tables(n)
    return of.asked([scores, weights, weights @ (t["X"] @ t["W_V"])])


def scores_of(of: Class, n: int) -> Any:
    return np.array(of.right(n)[0]).reshape(3, 3)


def by_question(marks: tuple[CellMark, ...]) -> list[set[str]]:
    return [{mark.verdict.name for mark in marks if mark.question == n} for n in range(3)]


def share(marks: tuple[CellMark, ...]) -> float:
    return sum(mark.points for mark in marks) / sum(mark.most for mark in marks)


@pytest.mark.slow
def test_one_wrong_score_costs_no_more_than_itself() -> None:
    of = head()
    for n in range(20):
        scores = scores_of(of, n)
        scores[1, 2] += 3
        assert share(of.mark(n, from_scores(of, n, scores))) > 0.95


def wrong_scores(of: Class, n: int, right: int, chance: np.random.Generator) -> Any:
    """Scores of which the first few are right, and all others wrong by no mistake with a name."""
    scores = np.round(scores_of(of, n) * 1.5 + chance.choice([-5.0, 4, 7], size=(3, 3)))
    scores[scores == scores_of(of, n)] += 11
    scores.ravel()[:right] = scores_of(of, n).ravel()[:right]
    return scores


def test_who_has_a_third_of_the_scores_right_and_goes_on_rightly_is_paid_for_that() -> None:
    """The result needs the student's own values: nobody guesses it."""
    of, chance, paid = head(), np.random.default_rng(3), 0
    for n in range(20):
        marks = of.mark(n, from_scores(of, n, wrong_scores(of, n, 4, chance)))
        found = by_question(marks)
        paid += found[1] <= {"RIGHT", "FOLLOWS"} and found[2] <= {"RIGHT", "FOLLOWS"}
    assert paid >= 18


SILLY = [
    np.eye(3),
    np.arange(9.0).reshape(3, 3),
    np.tile([3.0, 2, 0], (3, 1)),
    np.tile([[-3.0], [2], [-5]], 3),
]


@pytest.mark.parametrize("places", [2, 1, 0])
def test_scores_that_have_earned_nothing_carry_nothing_forward(places: int) -> None:
    """However well the rest is worked out from them, and to however few places."""
    of = head()
    for scores in SILLY:
        shares = []
        for n in range(20):
            worked = from_scores(of, n, scores)
            shares.append(share(of.mark(n, [worked[0], *(np.round(row, places) for row in worked[1:])])))
        assert np.mean(shares) <= 0.2
        assert max(shares) <= 0.35


def test_a_table_that_is_made_up_carries_nothing_forward_by_itself() -> None:
    """Its softmax alone is no work with the numbers of the exercise: a neighbour's would be the same."""
    of, chance, refused = head(), np.random.default_rng(4), 0
    for n in range(20):
        scores = chance.integers(100, 130, size=(3, 3)).astype(float)
        rows = from_scores(of, n, scores)
        rows[2] = np.round(chance.uniform(-3, 3, size=12), 2)
        marks = of.mark(n, rows)
        refused += any(mark.sentence == NOT_WORKED_OUT for mark in marks)
        assert sum(mark.points for mark in marks if mark.question == 1) <= 6
    assert refused >= 18


@pytest.mark.parametrize("number", [0.0, 1.0, 0.33, 5.0])
def test_a_table_of_one_number_carries_nothing_forward(number: float) -> None:
    """Also if what follows from it is worked out: then it is a step without its work."""
    of = head()
    for n in range(20):
        marks = of.mark(n, from_scores(of, n, np.full((3, 3), number)))
        assert by_question(marks)[0] == {"WRONG"}
        assert by_question(marks)[1] == {"WRONG"}


def test_a_neighbours_answers_earn_little() -> None:
    of = head()
    shares = [share(of.mark(n, of.asked(of.right(n - 1)))) for n in range(20)]
    assert np.mean(shares) < 0.1
    assert max(shares) < 0.35


@pytest.mark.slow
def test_a_copy_of_a_given_table_is_no_work() -> None:
    of = class_of("softmax", 5)
    for n in range(5):
        marks = of.mark(n, [of.tables(n)["X"]])
        assert share(marks) == 0
        assert {mark.sentence for mark in marks} <= {COPIED}


def test_a_bias_in_every_row_is_no_work() -> None:
    """It is what is left of the sums without their products, and earned half of them, and what follows."""
    of = class_of("feed-forward", 20)
    for n in range(20):
        marks = of.mark(n, [np.tile(of.tables(n)["b_1"], (2, 1)), np.tile(of.tables(n)["b_2"], (2, 1))])
        assert {mark.sentence for mark in marks if mark.verdict.name == "MISTAKE"} == set()
        assert share(marks) == 0 or {mark.question for mark in marks if mark.points} == {1}


COMMON_GUESSES = {
    "count-letters": [24],
    "count-pairs": [[2, 4, 3, 1]],
    "wordpiece-score": [[2, 1, 2, 1], [0.25, 0.0625, 0.25, 0.0625]],
    "most-frequent-pair": [[3, 2, 1], 1],
    "sort": [[17] * 17 + [16]],
}
"""Numbers that a mistake gives to the whole class."""


@pytest.mark.parametrize("name", COMMON_GUESSES)
def test_what_a_mistake_gives_to_everybody_is_no_work(name: str) -> None:
    of = class_of(name, 20)
    shares = [
        share(of.mark(n, [np.resize(x, len(row)) for x, row in zip(COMMON_GUESSES[name], of.right(n), strict=True)]))
        for n in range(20)
    ]
    assert np.mean(shares) <= 0.1
    assert max(shares) <= 0.25


@pytest.mark.parametrize(("name", "table"), [("embedding", "E"), ("reverse", "tokens"), ("keep-or-refuse", "q")])
def test_one_row_of_a_given_table_in_every_row_is_no_work(name: str, table: str) -> None:
    of = class_of(name, 20)
    for n in range(20):
        for row in of.tables(n)[table][:2]:
            assert share(of.mark(n, [np.resize(row, len(answers)) for answers in of.right(n)])) <= 0.1


def test_the_given_numbers_in_another_order_are_no_work() -> None:
    of = class_of("count-pairs", 20)
    for n in range(20):
        for counts in (np.roll(of.tables(n)["words"], 1), of.tables(n)["words"][::-1]):
            marks = of.mark(n, [counts])
            assert share(marks) == 0 or {mark.verdict.name for mark in marks} == {"RIGHT"}


@pytest.mark.slow
def test_numbers_whose_differences_are_beyond_bounds_are_wrong_without_a_warning() -> None:
    of = head()
    huge = [np.resize([1e308, -1e308, 1.7e308], len(row)) for row in of.right(0)]
    assert share(of.mark(0, huge)) == 0
    assert share(of.mark(0, [huge[0], *of.right(0)[1:]])) < 1


@pytest.mark.slow
def test_one_number_that_a_mistake_leads_to_is_named_and_not_paid() -> None:
    """Without rows, the softmax of sort leads to 17 everywhere."""
    of = class_of("sort", 5)
    for n in range(5):
        marks = of.mark(n, [np.full(18, 17.0)])
        assert share(marks) == 0
        assert named(marks) == {"softmax-over-columns"}


def test_equal_shares_tell_of_no_rounding() -> None:
    """1, 1/2 and 1/3 are what coarse enough rounding of any scores leads to."""
    of = class_of("find-the-wrong-score", 20)
    weights = np.round([[1, 0, 0], [1 / 2, 1 / 2, 0], [1 / 3, 1 / 3, 1 / 3]], 2)
    for n in range(20):
        marks = of.mark(n, [np.zeros(2), weights])
        assert sum(mark.points for mark in marks if mark.verdict.name == "ROUNDED") <= 1, "one cell by chance"


def test_two_mistakes_at_once_need_more_than_two_small_numbers() -> None:
    """A neighbour's logits: two of four small numbers are met by one pair of mistakes or another, and all follows."""
    of = class_of("softmax-gradient", 50)
    shares = [share(of.mark(n, of.asked(of.right(n - 1)))) for n in range(50)]
    assert max(shares) <= 0.35


ONE_NUMBER = (
    'title = "Mine"\nteaches = "A thing."\nminutes = 5\nlevel = 2\nmodel = "dot-product"\nsize = {{ width = 3 }}\n'
    '[draw]\nx = {numbers}\ny = {numbers}\n[[ask]]\ntable = "product"\nplaces = 0\n'
)


def one_number(numbers: str, x: list[float], y: list[float], answer: float) -> CellMark:
    of = built(Path("mine.toml"), tomllib.loads(ONE_NUMBER.format(numbers=numbers)), 1)
    tables = {"x": [x], "y": [[value] for value in y]}
    drawn = {name: tables[name] for name in of.student(0).drawn}
    student = replace(of.student(0), drawn=drawn, answers=[[float(np.dot(x, y))]])
    return of.marker.mark(student, as_typed([[answer]]))[0]


def test_a_single_number_tells_of_a_mistake_if_it_is_seldom_met() -> None:
    """Of 3·4 + 5·2 + 2·7 = 36: without the last term 22, and sums multiplied 130; of small numbers 5 and 0."""
    seldom = one_number('"2..9"', [3, 5, 2], [4, 2, 7], 22)
    assert (seldom.verdict.name, seldom.mistake) == ("MISTAKE", "last-term-dropped")
    often = one_number('"0..3"', [1, 2, 3], [1, 2, 1], 5)
    assert (often.verdict.name, often.points) == ("WRONG", 0)
    nothing = one_number('"0..3"', [0, 1, 2], [2, 0, 1], 0)
    assert (nothing.verdict.name, nothing.points) == ("WRONG", 0)


@pytest.mark.slow
def test_zero_and_one_are_no_evidence_of_a_mistake() -> None:
    """Even in a table where some mistake leads to just these."""
    of = head()
    for n in range(20):
        for _, changed in of.told:
            rows = of.asked(of.planted(changed)[n])
            silly = [np.where(np.isin(row, (-1, 0, 1)), row, 0.0) for row in rows]
            silly = [np.where(np.abs(row) > 1, 1.0, row) for row in silly]
            assert share(of.mark(n, silly)) < 0.35


SHARES = {"follows": 0.9, "mistake": 0.1, "rounded": 0.3, "slip": 0.7}


@pytest.mark.slow
def test_each_share_is_paid_for_its_own_verdict() -> None:
    """All four differ, so that none stands for another or for its default."""
    of = built(find("attention-head"), read_toml(find("attention-head")) | {"marks": SHARES}, 12)
    paid: dict[str, set[float]] = {}
    for n in range(12):
        right = of.right(n)
        slip, coarse = of.asked(right), of.asked(right)
        slip[0] = slip[0].copy()
        slip[0][int(np.argmax(np.abs(slip[0])))] *= -1
        slip = from_scores(of, n, slip[0].reshape(3, 3))
        coarse[2] = np.round(right[2], 1)
        planted = [of.asked(of.planted(changed)[n]) for _, changed in of.told]
        for rows in (slip, coarse, *planted):
            for mark in of.mark(n, rows):
                paid.setdefault(mark.verdict.name, set()).add(round(mark.points / mark.most, 9))
    assert {name: paid[name] for name in ("RIGHT", "FOLLOWS", "MISTAKE", "ROUNDED", "SLIP")} == {
        "RIGHT": {1.0},
        "FOLLOWS": {0.9},
        "MISTAKE": {0.1},
        "ROUNDED": {0.3},
        "SLIP": {0.7},
    }


@pytest.mark.slow
def test_a_slip_names_no_numbers_of_a_table_that_nobody_sees() -> None:
    """The values of a head are worked out, not shown: their products are not named, those of given tables are."""
    of, sentences = head(), set[str]()
    for n in range(20):
        t = of.tables(n)
        values, weights = t["X"] @ t["W_V"], softmax(scores_of(of, n) / 2)
        for term in range(3):
            rows = of.asked(of.right(n))
            row, column = 0, n % 4
            rows[2] = rows[2].copy()
            rows[2][row * 4 + column] = round(
                float(rows[2][row * 4 + column] - weights[row, term] * values[term, column]), 2
            )
            sentences |= {m.sentence for m in of.mark(n, rows) if m.verdict.name == "SLIP"}
    about_terms = {sentence for sentence in sentences if "term" in sentence}
    assert about_terms
    assert not any(character.isdigit() for sentence in about_terms for character in sentence)
    assert "×" not in "".join(sentences)


TWO_ROWS = {
    "attention": ({"tokens": 2, "d_model": 2, "d_k": 2}, "Z", {"queries-and-keys-swapped", "attention-transposed"}),
    "softmax": ({"rows": 2, "width": 3}, "probabilities", {"softmax-over-the-whole-table"}),
    "matrix-product": (
        {"rows": 2, "inner": 2, "columns": 2},
        "C",
        {"factors-swapped", "product-elementwise", "product-transposed"},
    ),
}


@pytest.mark.parametrize("model", TWO_ROWS)
def test_two_rows_are_enough_to_mix_up_rows_and_columns(model: str) -> None:
    """And one row is not."""
    size, table, names = TWO_ROWS[model]
    assert names <= offered(model, size, table)
    one = {"tokens": 1} if model == "attention" else {"rows": 1}
    assert not names & offered(model, size | one, table)


def offered(model: str, size: dict[str, int], table: str) -> set[str]:
    sizes = ", ".join(f"{name} = {value}" for name, value in size.items())
    text = f'title = "Mine"\nteaches = "A thing."\nminutes = 5\nlevel = 2\nmodel = "{model}"\nsize = {{ {sizes} }}\n'
    made = problem(exercise_of(tomllib.loads(f'{text}[[ask]]\ntable = "{table}"\n'), Path("mine.toml")))
    return {m.name for m in applicable([*made.outputs, *(q.node for q in made.questions)])}


@pytest.mark.slow
def test_to_too_few_places_costs_the_same_wherever_it_stands() -> None:
    """Z = −3.4 for −3.375 earned nothing, in the table before it half: with an earlier step or without, it is half."""
    of, tried = head(), 0
    for n in range(20):
        for question in (1, 2):
            right = np.array(of.right(n)[question])
            for cell in range(len(right)):
                short = round(float(right[cell]), 1)
                if abs(short - right[cell]) < 0.006 or f"{short:.1f}"[-1] == "0":
                    continue
                rows = of.asked(of.right(n))
                rows[question] = rows[question].copy()
                rows[question][cell] = short
                mark = next(m for m in of.mark(n, rows) if (m.question, m.cell) == (question, cell))
                if mark.verdict.name == "RIGHT":  # as it comes out with the weights as they are rounded
                    continue
                assert (mark.verdict.name, mark.points) == ("ROUNDED", mark.most / 2), (n, question, cell)
                tried += 1
    assert tried > 100


def cell_with(of: Class, n: int, question: int, fits: Any) -> int:
    return next(cell for cell, x in enumerate(of.right(n)[question]) if fits(float(x)))


def test_the_sentences_of_typed_answers_stand_here_too() -> None:
    """Cut off in place of rounded, percent in place of a fraction."""
    of = head()
    cut, percent = 0, 0
    for n in range(20):
        right = np.array(of.right(n)[1])
        rows = of.asked(of.right(n))
        rows[1] = np.trunc(right * 100) / 100
        sentences = {m.sentence for m in of.mark(n, rows) if m.question == 1 and m.verdict.name != "RIGHT"}
        assert all(s == "It seems to be cut off, not rounded." or s.startswith("Rounded too early") for s in sentences)
        cut += "It seems to be cut off, not rounded." in sentences
        rows[1] = np.round(right * 100)
        marks = [m for m in of.mark(n, rows) if m.question == 1 and right[m.cell] > 0.015]
        assert {(m.verdict.name, m.mistake, m.sentence) for m in marks} == {
            ("MISTAKE", "percent-for-fraction", "It is a hundred times too large: is a percent sign missing?")
        }, n
        percent += 1
        assert by_question(of.mark(n, rows))[2] == {"RIGHT"}
    assert cut > 10
    assert percent == 20


def test_two_numbers_in_each_others_cells_are_named() -> None:
    of, tried = head(), 0
    for n in range(20):
        rows = of.asked(of.right(n))
        one, other = 0, 7
        if abs(rows[2][one] - rows[2][other]) < 0.02 or {rows[2][one], rows[2][other]} <= {0.0, 1.0, -1.0}:
            continue
        rows[2] = rows[2].copy()
        rows[2][[one, other]] = rows[2][[other, one]]
        marks = of.mark(n, rows)
        assert named(marks) == {"two-cells-swapped"}
        off = [m for m in marks if m.verdict.name != "RIGHT"]
        assert [(m.question, m.cell) for m in off] == [(2, one), (2, other)]
        assert {m.sentence for m in off} == {"This number and another one of the table have changed places."}
        tried += 1
    assert tried > 10


def test_what_is_right_stays_right_beside_nonsense() -> None:
    of, chance = head(), np.random.default_rng(6)
    for n in range(20):
        rows = of.asked(of.right(n))
        rows[0] = chance.integers(100, 130, size=9).astype(float)
        found = verdicts(of.mark(n, rows))
        assert set(found[9:]) <= {"RIGHT"}


def test_a_copy_of_most_of_a_given_table_tells_of_no_mistake() -> None:
    """Without the block table, a word's key is the next one in memory: its size alone is no work."""
    of = class_of("find-the-block", 20)
    guesses = [[np.resize(np.abs(of.tables(n)["K_cache"]), len(row)) for row in of.right(n)] for n in range(20)]
    shares = [share(of.mark(n, rows)) for n, rows in enumerate(guesses)]
    assert np.mean(shares) <= 0.1
    assert max(shares) <= 0.35


def test_right_whole_numbers_as_percent_are_no_more_than_zeros() -> None:
    """-0.34 for -34 is 0 to the places asked, whichever mistakes lead to 0."""
    of = head()
    for n in range(20):
        as_percent, nothing = of.right(n)[0] / 100, [np.full(len(row), np.nan) for row in of.right(n)[1:]]
        assert {mark.verdict.name for mark in of.mark(n, [as_percent, *nothing]) if mark.points} <= {"RIGHT"}
