"""The work of an exercise by hand: only what is asked counts, and minutes and level must fit it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from support.small_exercises import attention

from byhand.exercises.lint import lint
from byhand.exercises.problem import LOOKS_AT_A_LETTER, Problem, problem
from byhand.exercises.recipe import Ask, exercise_of, read_exercise, ready_made
from byhand.exercises.work import READING, SECONDS, WRITING, Effort, faults_of_claims

HEAD = 'title = "Mine"\nteaches = "A thing."\nmistakes = []\n'
PRODUCT = HEAD + (
    'model = "matrix-product"\nsize = { rows = 2, inner = 3, columns = 2 }\n[[ask]]\ntable = "C"\nplaces = 0\n'
)


def of(text: str) -> Problem:
    return problem(exercise_of(tomllib.loads(text), Path("mine.toml")))


def test_a_part_of_a_table_needs_a_part_of_the_work() -> None:
    """One row of Z: a query, three keys, three values, three scores, and their softmax."""
    effort, cells = attention(Ask("Z", rows=(2,))).effort
    assert {node.symbol: n for node, n in cells.items()} == {
        "Q": 4, "K": 12, "V": 12, "scores": 3, "scaled": 3, "max": 1, "shifted": 3, "exp": 3, "total": 1, "weights": 3,
        "Z": 4,
    }  # fmt: skip
    assert effort.multiplications == 4 * 3 + 2 * 12 * 3 + 3 * 4 + 4 * 3
    assert (effort.divisions, effort.functions, effort.comparisons) == (3 + 3, 3, 2)


def test_what_a_mask_hides_costs_nothing() -> None:
    """Of three words, the first sees one word, the second two and the third three."""
    text = HEAD + 'model = "attention"\nsize = { tokens = 3, d_model = 2, d_k = 2, causal = true }\n'
    built = of(text + 'minutes = 20\nlevel = 3\n[draw]\nscaled = "-3..3"\n[[ask]]\ntable = "weights"\n')
    effort, _ = built.effort
    assert (effort.divisions, effort.functions) == (1 + 2 + 3, 1 + 2 + 3)


def test_rows_that_are_looked_up_are_no_products() -> None:
    text = HEAD + 'model = "embedding"\nsize = { vocab = 4, d_model = 2 }\nminutes = 2\nlevel = 1\n'
    effort, _ = of(text + '[[ask]]\ntable = "embedded"\nplaces = 0\n').effort
    assert effort.lookups > 0
    assert (effort.multiplications, effort.additions) == (0, 0)


def test_a_cut_takes_looks_at_letters_and_no_arithmetic() -> None:
    built = problem(read_exercise(ready_made()["order-of-merges"]))
    effort, numbers = built.effort
    assert effort == Effort(lookups=3 * 5 * LOOKS_AT_A_LETTER)
    assert numbers == {built.questions[0].node: 3}


def test_minutes_are_those_of_the_operations() -> None:
    built = of("minutes = 3\nlevel = 1\n" + PRODUCT)
    seconds = 12 * SECONDS["multiplications"] + 8 * SECONDS["additions"] + 4 * WRITING + READING
    assert built.work_minutes == pytest.approx(seconds / 60)


def test_minutes_and_levels_that_do_not_fit_the_work_are_reported() -> None:
    assert lint(of("minutes = 3\nlevel = 1\n" + PRODUCT), 4).claims == []
    assert lint(of("minutes = 30\nlevel = 1\n" + PRODUCT), 4).claims == [
        "The work takes about 3 minutes by hand, not 30: change minutes, or ask for more or less."
    ]
    assert lint(of("minutes = 3\nlevel = 5\n" + PRODUCT), 4).claims == [
        "1 table to work out is too little for level 5: lower the level, or ask for more."
    ]
    head = of(
        HEAD + 'model = "attention"\nsize = { tokens = 3, d_model = 3, d_k = 4 }\nminutes = 40\nlevel = 1\n'
        '[[ask]]\ntable = "Z"\n'
    )
    assert lint(head, 4).claims == [
        "About 39 minutes of work are too many for level 1, which has at most 15: raise the level, or ask for less."
    ]


def test_given_numbers_that_are_awkward_at_the_level_are_reported() -> None:
    text = HEAD + 'model = "softmax"\nsize = { rows = 2, width = 3 }\nminutes = 8\n'
    asked = '[[ask]]\ntable = "probabilities"\n[draw]\nT = [1]\n'
    report = lint(of(text + "level = 2\n" + asked + "X = [0.1, 0.7, 1.3, 2.2, -0.4]"), 4)
    assert report.given[0].startswith("X gives numbers such as ")
    assert report.given[0].endswith(
        ", but level 2 promises quarters: draw the numbers of X itself, or raise the level."
    )
    assert lint(of(text + "level = 3\n" + asked + "X = [0.1, 0.7, 1.3, 2.2, -0.4]"), 4).given == []
    assert lint(of(text + "level = 2\n" + asked + "X = [0.25, 0.5, 1.75, 2, -3]"), 4).given == []


def test_answers_that_are_alike_or_can_be_copied_are_reported() -> None:
    text = HEAD + 'model = "activation"\nsize = { rows = 2, width = 4 }\nminutes = 2\nlevel = 1\n'
    asked = '[[ask]]\ntable = "Y"\nplaces = 0\n[draw]\n'
    report = lint(of(text + asked + "X = [-3, -2, -1, 1]"), 10)
    assert report.alike[0].startswith("Y has fewer than 3 different answers in 10 variants, such as seed 1: ")
    report = lint(of(text + asked + "X = [-1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]"), 10)
    assert any(message.startswith("Y can be copied from X in ") for message in report.alike)


@pytest.mark.parametrize("name", ready_made())
def test_ready_made_exercises_say_how_long_they_take(name: str) -> None:
    """Minutes and level follow from the work; the largest are an evening, the smallest a few minutes."""
    exercise = read_exercise(ready_made()[name])
    if not exercise.parts:
        built = problem(exercise)
        least = 0 if exercise.in_words else built.work_minutes / 1.6 - 1  # its rules are a program's way
        assert least <= exercise.minutes <= built.work_minutes * 1.6 + 1


def test_an_exact_expression_is_written_and_not_worked_out() -> None:
    built = problem(read_exercise(ready_made()["softmax-exactly"]))
    effort, numbers = built.effort
    assert effort == Effort()
    assert numbers == {built.questions[0].node: 3 * 2}


def test_where_the_text_says_how_to_work_a_person_may_be_quicker_than_the_rules() -> None:
    (message,) = faults_of_claims(3, 3, 4, 30, in_words=False)
    assert message.startswith("The work takes about 30 minutes by hand, not 3")
    assert faults_of_claims(3, 3, 4, 30, in_words=True) == []
    assert faults_of_claims(60, 3, 4, 30, in_words=True)


def test_a_product_with_a_number_that_is_always_1_hides_no_later_product() -> None:
    """Up to letter n there are n − 1 ways that end with a piece after an earlier letter, a product each; two words."""
    built = problem(read_exercise(ready_made()["likeliest-cut"]))
    effort, numbers = built.effort
    assert effort.multiplications == 2 * (1 + 2 + 3)
    assert {node.name for node in numbers} >= {"word1.best_3", "word1.best_4", "word2.best_3", "word2.best_4"}
