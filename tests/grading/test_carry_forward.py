"""Errors carried forward: the marks are those of a recomputation in plain numpy from the student's own numbers."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.simulated_students import Class, built, class_of, verdicts

from byhand.exercises.distinct_mistakes import on_other_ways

SEEDS = 200
Step = Callable[[dict[str, Any]], Any]


def softmax(x: Any) -> Any:
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def values(t: dict[str, Any]) -> Any:
    return t["X"] @ t["W_V"]


def p_minus_y(t: dict[str, Any]) -> Any:
    y = np.eye(t["probabilities"].shape[1])[[1]]
    return t["probabilities"] - y


EXERCISES: dict[str, dict[str, Step]] = {
    "attention-head": {
        "scores": lambda t: (t["X"] @ t["W_Q"]) @ (t["X"] @ t["W_K"]).T,
        "weights": lambda t: softmax(t["scores"] / 2),
        "Z": lambda t: t["weights"] @ values(t),
    },
    "feed-forward": {
        "hidden": lambda t: t["X"] @ t["W_1"] + t["b_1"],
        "Y": lambda t: np.maximum(t["hidden"], 0) @ t["W_2"] + t["b_2"],
    },
    "next-word": {
        "logits": lambda t: t["X"] @ t["W_vocab"] + t["b_vocab"],
        "probabilities": lambda t: softmax(t["logits"]),
    },
    "temperature": {"divided": lambda t: t["X"] / 2, "probabilities": lambda t: softmax(t["divided"])},
    "softmax-gradient": {
        "logits": lambda t: t["X"] @ t["W_vocab"] + t["b_vocab"],
        "probabilities": lambda t: softmax(t["logits"]),
        "grad.logits": p_minus_y,
    },
}
"""Each asked table, worked out from what is given and the asked tables before it."""
each = pytest.mark.parametrize("name", EXERCISES)
seeds = pytest.mark.parametrize("seeds", [10, pytest.param(SEEDS, marks=pytest.mark.slow)])


def worked(of: Class, n: int, own: dict[str, Any], rounds: bool) -> dict[str, Any]:
    """Every asked table; those that the student has in their own way are taken as they are."""
    tables = dict(of.tables(n))
    for name, step in EXERCISES[of.problem.exercise.name].items():
        tables[name] = own[name] if name in own else step(tables)
        if rounds and name not in own:
            tables[name] = np.round(tables[name], places(of)[name])
    return tables


def places(of: Class) -> dict[str, int]:
    return {q.node.name: q.ask.places for q in of.problem.questions}


def rows(of: Class, tables: dict[str, Any]) -> list[Any]:
    return of.asked([tables[q.node.name] for q in of.problem.questions])


@each
def test_the_oracle_knows_the_right_way(name: str) -> None:
    of = class_of(name, 3)
    for n in range(3):
        for found, right in zip(rows(of, worked(of, n, {}, False)), of.right(n), strict=True):
            np.testing.assert_allclose(found, right, atol=0.5 * 10.0 ** -min(places(of).values()) + 1e-9)


def one_off(of: Class, n: int, chance: np.random.Generator) -> tuple[str, Any, tuple[int, int]]:
    """A table with one number that comes from no usual slip, and has a table after it; and where it is."""
    name = list(EXERCISES[of.problem.exercise.name])[int(chance.integers(len(EXERCISES[of.problem.exercise.name]) - 1))]
    table = np.round(worked(of, n, {}, False)[name], places(of)[name])
    cell = tuple(int(chance.integers(size)) for size in table.shape)
    table[cell] += chance.choice([-0.31, 0.37, 0.43]) if places(of)[name] else chance.choice([-1, 1]) * 3
    return name, table, (cell[0], cell[1])


@each
@seeds
@pytest.mark.parametrize("rounds", [True, False])
def test_what_follows_from_a_wrong_number_has_full_points(name: str, seeds: int, rounds: bool) -> None:
    """One number is wrong; the rest is worked out from it, with the answers as they were rounded or as they were."""
    of, chance = class_of(name, seeds), np.random.default_rng(8)
    followed = 0
    for n in range(seeds):
        table, wrong, cell = one_off(of, n, chance)
        answers = rows(of, worked(of, n, {table: wrong}, rounds))
        marks = of.mark(n, answers)
        off = np.abs(np.concatenate(answers) - np.concatenate(of.right(n)))
        expected = np.where(off <= margins(of) + 1e-9, "RIGHT", "FOLLOWS").tolist()
        place = sum(len(of.right(n)[q]) for q in range(list(places(of)).index(table)))
        place += cell[0] * wrong.shape[1] + cell[1]
        found = verdicts(marks)
        assert found.pop(place) in ("WRONG", "SLIP", "MISTAKE")
        expected.pop(place)
        assert found == expected, (n, table, cell)
        followed += expected.count("FOLLOWS")
        lost = marks[place].most - marks[place].points
        assert sum(m.points for m in marks) == pytest.approx(of.problem.exercise.points - lost)
    assert followed >= seeds / 2


def margins(of: Class) -> Any:
    """How far each answer may be off, of all questions in a row."""
    return np.concatenate([np.full(len(q.indices), q.ask.margin) for q in of.problem.questions])


@seeds
def test_what_does_not_follow_is_wrong(seeds: int) -> None:
    """The same with one later number that comes from nothing."""
    of, chance = class_of("attention-head", seeds), np.random.default_rng(9)
    for n in range(seeds):
        wrong = np.round(worked(of, n, {}, False)["scores"])
        wrong[1, 2] += 5
        answers = rows(of, worked(of, n, {"scores": wrong}, False))
        cell = int(chance.integers(len(answers[2])))
        answers[2][cell] += chance.choice([-77.7, 64.3])  # far from all that a mistake leads to
        assert verdicts(of.mark(n, answers))[18 + cell] in ("WRONG", "SLIP")


@seeds
def test_where_numbers_are_missing_the_right_ones_stand_in(seeds: int) -> None:
    """A weight is wrong, another row of the weights is blank: Z follows from the wrong one, and from the right row."""
    of = class_of("attention-head", seeds)
    for n in range(seeds):
        tables = worked(of, n, {}, False)
        weights = np.round(tables["weights"], 2)
        weights[0, 0] += 0.33
        answers = rows(of, tables | {"Z": weights @ values(tables)})
        answers[1] = weights.copy().ravel()
        answers[1][6:] = np.nan
        answers[2][8:] = np.round(tables["Z"][2], 2)
        found = verdicts(of.mark(n, answers))
        assert found[15:18] == ["BLANK"] * 3
        assert set(found[18:]) <= {"RIGHT", "FOLLOWS"}


@pytest.mark.slow
def test_of_two_wrong_tables_either_may_have_been_worked_on_from() -> None:
    """The scores are wrong, and so is a weight: the other weights follow; Z is worked out from right weights."""
    of = class_of("attention-head", 20)
    for n in range(20):
        right = worked(of, n, {}, False)
        scores = np.round(right["scores"])
        scores[0, 0] += 4
        own = worked(of, n, {"scores": scores}, False)
        weights = np.round(own["weights"], 2)
        weights[2, 1] += 0.39
        found = verdicts(of.mark(n, rows(of, own | {"weights": weights, "Z": right["Z"]})))
        assert set(found[18:]) == {"RIGHT"}
        again = verdicts(of.mark(n, rows(of, own | {"weights": weights, "Z": own["weights"] @ values(own)})))
        assert set(again[18:]) <= {"RIGHT", "FOLLOWS"}
        assert set(again[9:12]) <= {"RIGHT", "FOLLOWS"}


TWO_WRONG = """
title = "Mine"
teaches = "A thing."
minutes = 5
level = 3
model = "attention"
size = { tokens = 3, d_model = 3, d_k = 4 }
whole = ["scaled"]
mistakes = []
ask = [{ table = "Q", places = 0 }, { table = "K", places = 0 }, { table = "scores", places = 0 }]
"""


@pytest.mark.parametrize("taken", ["Q", "K"])
def test_of_two_wrong_tables_the_next_may_follow_from_either(taken: str) -> None:
    """Scores from one's own queries and the right keys, or the other way round."""
    of = built(Path("mine.toml"), tomllib.loads(TWO_WRONG), 10)
    for n in range(10):
        t = of.tables(n)
        right = {letter: t["X"] @ t[f"W_{letter}"] for letter in "QK"}
        own = {letter: table.copy() for letter, table in right.items()}
        own["Q"][0, 1] += 3
        own["K"][1, 2] -= 4
        read = right | {taken: own[taken]}
        scores, key = read["Q"] @ read["K"].T, right["Q"] @ right["K"].T
        got = verdicts(of.mark(n, of.asked([own["Q"], own["K"], scores])))
        assert got[24:] == np.where(np.abs(scores - key).ravel() > 0.2, "FOLLOWS", "RIGHT").tolist(), n


@pytest.mark.parametrize("count", [20, pytest.param(SEEDS, marks=pytest.mark.slow)])
def test_what_follows_from_a_mistake_with_a_name_counts_in_full(count: int) -> None:
    """Also where a softmax over the columns leaves little but 0 and 1, such as those of the students 8 and 13."""
    of = class_of("attention-head", count)
    names = ("softmax-over-columns", "softmax-over-the-whole-table", "softmax-not-normalised")
    ideas = [changed for idea, changed in [*of.told, *on_other_ways(of.problem, of.told)] if idea.name in names]
    assert len(ideas) == len(names) + 2
    for changed in ideas:
        for n, rows in enumerate(of.planted(changed)):
            typed = of.asked(rows)
            if len({*np.ravel(typed[1]).tolist()}) > 1:  # one number in every cell is no work
                marks = [mark for mark in of.mark(n, typed) if mark.question == 2]
                assert sum(mark.points for mark in marks) == pytest.approx(12), n
