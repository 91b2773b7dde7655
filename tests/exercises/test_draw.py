"""Drawn numbers: what a recipe promises holds of them, by plain numpy, and a student's are the same in any class."""

from __future__ import annotations

import tomllib
import tracemalloc
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.misconceptions.transformer import softmax
from support.selection import often

from byhand.errors import ByhandError
from byhand.exercises.distinct_mistakes import ShownMistakes
from byhand.exercises.distinct_mistakes import mistakes as mistakes_of
from byhand.exercises.draw import Student, Variant, easy_by_hand, telling, variants
from byhand.exercises.problem import Problem, problem, random_tables
from byhand.exercises.recipe import exercise_of, find, read_exercise, ready_made

STUDENTS = [Student(f"s{n}") for n in range(6)]
USUAL = {"input": {0, 1, 2, 3}, "weight": {-1, 0, 1}, "gamma": {1, 2}, "beta": {-1, 0, 1}}
HIDDEN = -1e29
OFTEN = """attention-head softmax layer-norm causal-mask find-the-wrong-score missing-number gradient-step
matrix-product feed-forward who-looks-at-whom temperature""".split()
each = pytest.mark.parametrize("name", often(ready_made(), OFTEN))


def toml(name: str) -> dict[str, Any]:
    return tomllib.loads(find(name).read_text("utf-8"))


@cache
def drawn(name: str) -> tuple[Problem, ShownMistakes, list[Variant]]:
    """A ready-made exercise, its misconceptions, and a few students' numbers."""
    built = problem(exercise_of(toml(name), find(name)))
    told = mistakes_of(built)
    return built, told, variants(built, [changed for _, changed in told], 3, STUDENTS)


def named(built: Problem, variant: Variant) -> dict[str, Any]:
    """A student's tables by name."""
    return {name: variant.values[node] for name, node in built.lesson.tables.items() if node in variant.values}


def allowed(numbers: Any) -> set[float]:
    if isinstance(numbers, str):
        first, last = numbers.split("..")
        return set(range(int(first), int(last) + 1))
    return {float(x) for x in np.ravel(numbers)}


def made(shown_mistakes: ShownMistakes, built: Problem, seed: int, students: list[Student]) -> list[dict[str, Any]]:
    found = variants(built, [changed for _, changed in shown_mistakes], seed, students)
    return [{node.name: table.tolist() for node, table in v.numbers.items()} for v in found]


@each
def test_only_allowed_numbers_are_drawn(name: str) -> None:
    built, _, found = drawn(name)
    draw = toml(name).get("draw", {})
    for variant in found:
        for node, table in variant.numbers.items():
            if node.role != "tokens":
                usual = USUAL.get(node.symbol, allowed(draw.get(node.role, [])) or USUAL.get(node.role, set()))
                of = allowed(draw[node.name]) if node.name in draw else usual
                free = ~built.fixed.get(node, np.zeros(table.shape, dtype=bool))  # learnt or set numbers are not drawn
                assert set(table[free]) <= of, node.name
                assert node.data is not None
                np.testing.assert_array_equal(table[~free], node.data[~free])
                assert table.shape == tuple(node.shape)
            assert table.any() or np.all(built.fixed.get(node, False))
    assert {name for name in draw if name not in USUAL} <= {node.name for node in built.drawn}


@each
def test_numbers_stay_small_and_whole_where_the_recipe_says_so(name: str) -> None:
    built, _, found = drawn(name)
    recipe = toml(name)
    for variant in found:
        tables = named(built, variant)
        for computed in built.computed:
            table = tables.get(computed.name, np.zeros(1))
            assert np.isfinite(table).all()
            assert np.abs(table[table > HIDDEN]).max(initial=0) <= recipe.get("largest", 99), computed.name
        for whole in recipe.get("whole", []):
            np.testing.assert_allclose(tables[whole], np.rint(tables[whole]), atol=1e-9)


@each
def test_a_word_looks_somewhere_but_not_at_one_word_alone(name: str) -> None:
    built, _, found = drawn(name)
    least, most = toml(name).get("attend", (0.4, 0.98))
    if (least, most) == (0, 1):
        return  # the recipe lets attention be as flat as it comes
    for variant in found:
        for node in built.computed:
            shares = node.role == "attention" or ("attend" in toml(name) and node.name == "probabilities")
            if shares and node in variant.values:
                for row in variant.values[node]:
                    seen = (row > 0).sum()
                    if seen > 1:
                        assert least <= row.max() <= most
                        assert row.max() >= 1 / seen + 0.0499


@each
def test_keys_are_whole_where_no_places_are_asked_and_never_between_two_roundings(name: str) -> None:
    _, _, found = drawn(name)
    for variant in found:
        for row, answers in zip(toml(name)["ask"], variant.answers, strict=True):
            if row.get("kind") in ("choice", "wrong cell"):
                np.testing.assert_array_equal(answers, np.rint(answers))
                assert answers.min() >= 1
                continue
            places = row.get("places", 2)
            if places == 0:
                np.testing.assert_allclose(answers, np.rint(answers), atol=1e-9)
            assert np.abs(np.mod(answers * 10.0**places, 1) - 0.5).min() > 9e-7


@each
def test_each_mistake_shows(name: str) -> None:
    """In each student's numbers the key and all mistakes are, two by two, more than two margins apart in some cell."""
    built, told, found = drawn(name)
    given = {node: np.stack([v.numbers[node] for v in found]) for node in found[0].numbers}
    margins = [
        np.full((1, 1), row.get("tolerance", 0.5 * 10.0 ** -row.get("places", 2) if row.get("places", 2) else 0.2))
        for row in toml(name)["ask"]
    ]
    answers = {m.name: built.solve(given, changed) for m, changed in told} | {"the key": built.solve(given)}
    assert len(answers) == len(told) + 1
    for (one, first), (other, second) in combinations(answers.items(), 2):
        far = np.zeros(len(found), dtype=bool)
        for a, b, margin in zip(first, second, margins, strict=True):
            with np.errstate(invalid="ignore"):
                far |= ~(np.abs(a - b) <= 2 * margin).all(axis=-1)
        assert far.all(), f"{one} as {other}"


@each
def test_everybody_has_numbers_of_their_own(name: str) -> None:
    _, _, found = drawn(name)
    rows = {b"".join(table.tobytes() for table in v.numbers.values()) for v in found}
    assert len(rows) == len(found)


@pytest.mark.parametrize("name", ["softmax", "layer-norm", "find-the-wrong-score"])
def test_a_student_has_the_same_numbers_in_any_class(name: str) -> None:
    built, told, found = drawn(name)
    one, two, three = STUDENTS[:3]
    whole = made(told, built, 3, [one, two, three])
    assert made(told, built, 3, [three, one]) == [whole[2], whole[0]]
    assert made(told, built, 3, [Student("s1", "Another name")]) == [whole[1]]
    assert made(told, built, 4, [two]) != [whole[1]]
    again = variants(built, [changed for _, changed in told], 3, [two])[0]
    assert [a.tolist() for a in again.answers] == [a.tolist() for a in found[1].answers]
    assert [t.tolist() for t in again.planted.values()] == [t.tolist() for t in found[1].planted.values()]


def test_the_mean_of_a_norm_is_whole() -> None:
    built, _, found = drawn("layer-norm")
    for variant in found:
        t = named(built, variant)
        mean, variance = (f(t["X"], axis=1, keepdims=True) for f in (np.mean, np.var))
        assert (mean == np.rint(mean)).all()
        deviation = t["X"] - mean
        output = deviation / np.sqrt(variance) * t["norm.gamma"] + t["norm.beta"]
        for answer, expected in zip(variant.answers, (deviation, variance, output), strict=True):
            assert answer == pytest.approx(expected.ravel())


def test_the_key_of_a_head_is_plain_attention() -> None:
    built, _, found = drawn("attention-head")
    for variant in found:
        t = named(built, variant)
        q, k, v = (t["X"] @ t[f"W_{n}"] for n in "QKV")
        weights = softmax(q @ k.T / np.sqrt(4))
        for answers, right in zip(variant.answers, (q @ k.T, weights, weights @ v), strict=True):
            np.testing.assert_allclose(answers, right.ravel(), atol=1e-12)


def test_the_key_of_a_choice_is_the_largest_number_and_of_a_missing_one_what_was_hidden() -> None:
    built, _, found = drawn("who-looks-at-whom")
    for variant in found:
        t = named(built, variant)
        scores = t["X"] @ t["W_Q"] @ (t["X"] @ t["W_K"]).T
        assert variant.answers[0] == pytest.approx(scores[1])
        assert variant.answers[1] == [np.argmax(scores[1]) + 1]
    built, _, found = drawn("missing-number")
    for variant in found:
        t = named(built, variant)
        assert variant.answers[0] == t["A"][1, 0]
        np.testing.assert_array_equal(t["C"], t["A"] @ t["B"])


def test_one_cell_and_no_other_is_wrong_where_it_is_to_be_found() -> None:
    built, _, found = drawn("find-the-wrong-score")
    for variant in found:
        t = named(built, variant)
        (shown,) = variant.planted.values()
        ((row, column),) = np.argwhere(shown != t["Q"] @ t["K"].T)
        assert variant.answers[0].tolist() == [row + 1, column + 1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("condition", "named"),
    [
        ("largest = 0.001", "largest = 0.001"),
        ("attend = [0.5001, 0.5002]", "attend = [0.5001, 0.5002]"),
    ],
)
def test_what_can_never_be_met_is_said(condition: str, named: str) -> None:
    text = find("attention-with-a-pencil").read_text("utf-8").replace("largest = 64", condition)
    built = problem(exercise_of(tomllib.loads(text), Path("mine.toml")))
    with pytest.raises(ByhandError) as refused:
        variants(built, [], 1, STUDENTS[:1])
    assert str(refused.value) == (
        f"No numbers fit the exercise mine in 67,840 draws; only 0% meet {named}: ask for less there or let more "
        "numbers be drawn."
    )


@pytest.mark.parametrize(
    ("name", "wrong", "tells"),
    [
        ("loss", [[2.24, 2.24], [2.24]], False),
        ("loss", [[2.24, 3.1], [2.67]], True),
        ("recurrent-step", [[1.0, 1.0], [-0.25, 0.5], [-0.245, 0.462]], False),
        ("recurrent-step", [[1.0, 1.0], [-0.27, 0.5], [-0.264, 0.462]], True),
    ],
)
def test_one_number_table_after_table_and_equal_shares_tell_of_no_mistake(
    name: str, wrong: list[list[float]], tells: bool
) -> None:
    built = problem(read_exercise(find(name)))
    right = [np.array([[4.702, 3.066, 0.141][: len(row)]]) for row in wrong]
    assert telling(built, right, [np.array([row]) for row in wrong]).tolist() == [tells]


def test_draws_of_a_large_model_take_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """So a wrong answer is marked within 600 MB. Which draws are easy does not depend on how many are taken at once."""
    large = problem(read_exercise(find("learnt-decider")))
    tracemalloc.start()
    given = random_tables(large, np.random.default_rng(0), 8_192)
    easy = easy_by_hand(large, given)
    assert tracemalloc.get_traced_memory()[1] < 300e6
    tracemalloc.stop()
    monkeypatch.setattr("byhand.exercises.draw.NUMBERS_AT_ONCE", 100_000)
    some = {node: table[:500] for node, table in given.items()}
    assert easy.any()
    assert np.array_equal(easy_by_hand(large, some), easy[:500])
