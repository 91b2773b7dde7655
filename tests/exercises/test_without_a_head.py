"""An exercise that takes heads away: its second tables hold what the model makes when the head's result is all 0."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from byhand.core.graph import fold
from byhand.errors import ByhandError
from byhand.exercises.problem import problem, random_tables
from byhand.exercises.recipe import exercise_of, find, read_exercise
from byhand.lessons.build import build

DRAWS = 300


def changed(**changes: Any) -> dict[str, Any]:
    """Return the ready-made recipe with other keys."""
    return tomllib.loads(find("learnt-decider").read_text(encoding="utf-8")) | changes


def test_second_tables_are_those_of_a_model_whose_head_gives_nothing() -> None:
    """The model itself, built apart from any exercise, with zeros in the place of the head's Z, has the same logits."""
    exercise = read_exercise(find("learnt-decider"))
    whole = problem(exercise)
    drawn = random_tables(whole, np.random.default_rng(1), DRAWS)
    answers = {q.ask.table: rows for q, rows in list(zip(whole.questions, whole.solve(drawn), strict=True))[::2]}
    model = build(exercise.build)
    ids = {model.tables[node.name]: numbers for node, numbers in drawn.items() if node.name == "ids"}
    logits, z = model.tables["logits"], {n: model.tables[f"layer1.head{n}.Z"] for n in (1, 2)}
    nothing = {n: np.zeros((DRAWS, *map(int, z[n].shape))) for n in z}
    for name, removed in {"logits": [], "without_head1.logits": [1], "without_head2.logits": [2]}.items():
        expected = fold([logits], ids | {z[n]: nothing[n] for n in removed})[logits][:, -1]
        np.testing.assert_allclose(answers[name], expected, rtol=1e-12)


def test_a_head_decides_for_most_students() -> None:
    whole = problem(read_exercise(find("learnt-decider")))
    drawn = random_tables(whole, np.random.default_rng(2), DRAWS)
    both, first, second = (answer[:, 0] for answer in whole.solve(drawn)[1::2])
    assert np.mean((both != first) | (both != second)) > 0.7
    assert np.mean((both != first) & (both == second)) > 0.05, "head 1 alone decides for some"
    assert np.mean((both == first) & (both != second)) > 0.2, "head 2 alone decides for some"


@pytest.mark.parametrize(
    ("without", "message"),
    [
        ({"without_head1": "layer1.head3"}, r"no head 'layer1\.head3'"),
        ({"layer1": "layer1.head1"}, "'layer1' is no prefix"),
        ({"part1": "layer1.head1"}, "'part1' is no prefix"),
        ({"no head": "layer1.head1"}, "'no head' is no prefix"),
        ({f"w{n}": "layer1.head1" for n in range(9)}, "8 heads at most"),
        ({"without_head1": 1}, "without"),
        ("layer1.head1", "without"),
    ],
)
def test_what_cannot_be_taken_away_is_one_sentence(without: Any, message: str) -> None:
    with pytest.raises(ByhandError, match=message):
        problem(exercise_of(changed(without=without), Path("mine.toml")))


def test_a_model_without_heads_says_so() -> None:
    table = {"model": "softmax", "title": "t", "teaches": "t", "minutes": 5, "level": 1, "ask": [{"table": "weights"}]}
    with pytest.raises(ByhandError, match="leave out"):
        problem(exercise_of(table | {"without": {"bare": "layer1.head1"}}, Path("mine.toml")))
