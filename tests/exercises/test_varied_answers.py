"""Answers worth asking for: varied numbers, which cannot be copied from the sheet."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from byhand.exercises.draw import Student, variants, variety_limit
from byhand.exercises.problem import Problem, problem
from byhand.exercises.recipe import exercise_of
from byhand.exercises.varied_answers import has_distinct, most_alike, varied_answers

HEAD = 'title = "Mine"\nteaches = "A thing."\nminutes = 5\nlevel = 1\nmistakes = []\n'
RELU = HEAD + 'model = "activation"\nsize = { rows = 2, width = 4 }\n[[ask]]\ntable = "Y"\nplaces = 0\n[draw]\n'


def of(text: str) -> Problem:
    return problem(exercise_of(tomllib.loads(text), Path("mine.toml")))


def test_equal_answers_are_counted() -> None:
    answers = np.array([[1, 1, 2, 1, 3], [1, 1, 1, 2, 2], [1, 2, 3, 4, 5]], dtype=float)
    assert most_alike(answers).tolist() == [3, 3, 1]
    assert has_distinct(answers).tolist() == [True, False, True]
    assert has_distinct(np.ones((2, 4))).tolist() == [True, True]  # four answers are too few to tell


def test_draws_are_varied_as_far_as_the_recipe_allows() -> None:
    """A ReLU's numbers are zeros or copies, so that one of them is at least half; products may be all different."""
    assert variety_limit(of(RELU + 'X = "-5..5"')) == 0.5
    assert variety_limit(of(RELU + "X = [-3, -2, -1, 1]")) == 1.0  # nothing of the kind can be had, and none is asked
    product = HEAD + 'model = "matrix-product"\n[[ask]]\ntable = "C"\nplaces = 0\n'
    assert variety_limit(of(product)) <= 0.25


@pytest.mark.parametrize("numbers", ["-5..5", "-9..9"])
def test_what_is_drawn_meets_the_limit(numbers: str) -> None:
    built = of(RELU + f'X = "{numbers}"')
    for variant in variants(built, [], 0, [Student(str(n)) for n in range(20)]):
        answers = variant.answers[0]
        assert np.unique(answers, return_counts=True)[1].max() <= variety_limit(built) * answers.size
        assert len(np.unique(answers)) >= 3


def test_a_table_that_can_be_copied_is_not_handed_out() -> None:
    built = of(RELU + 'X = "-2..9"')
    (question,) = built.questions
    (given,) = built.drawn
    x = np.array([[[1, 2, 3, 4], [5, 6, 7, 8]], [[-1, -2, -2, -1], [5, 6, -1, 8]]], dtype=float)
    values = {given: x, question.node: np.maximum(x, 0)}
    assert varied_answers(built, values, 0.5).tolist() == [False, False]  # all copied; five zeros
    assert varied_answers(built, values, 1.0).tolist() == [False, True]
