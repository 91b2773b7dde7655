"""A recipe proves itself: those that come with byhand are sound, and each fault that is planted is reported."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.commands import answer, byhand
from support.selection import often

from byhand.exercises import draw
from byhand.exercises.lint import Report, lint
from byhand.exercises.problem import Problem, problem
from byhand.exercises.recipe import exercise_of, find, read_exercise, ready_made

HEAD = 'title = "Mine"\nteaches = "A thing."\nminutes = 5\n'
SOFTMAX = HEAD + (
    'model = "softmax"\nsize = { rows = 2, width = 3 }\nlevel = 2\nmistakes = ["softmax-base-2"]\n'
    '[draw]\nX = "-3..4"\nT = [1]\n[[ask]]\ntable = "probabilities"\nplaces = 3\n'
)
PRODUCT = HEAD + 'model = "matrix-product"\nmistakes = []\n'
TINY = HEAD.replace("minutes = 5", "minutes = 2") + (
    'model = "dot-product"\nlevel = 1\nmistakes = []\n[draw]\nx = [1]\ny = "1..4"\n[[ask]]\ntable = "product"\n'
    "places = 0\n"
)


def problem_of(text: str) -> Problem:
    return problem(exercise_of(tomllib.loads(text), Path("mine.toml")))


def linted(text: str, seeds: int) -> Report:
    return lint(problem_of(text), seeds)


OFTEN = {"attention-head", "softmax", "matrix-product", "causal-mask", "find-the-wrong-score", "missing-number"}


@pytest.mark.parametrize("seeds", [12, pytest.param(1000, marks=pytest.mark.sweep)])
@pytest.mark.parametrize("name", often(ready_made(), OFTEN))
def test_a_ready_made_exercise_is_sound(name: str, seeds: int) -> None:
    report = lint(problem(read_exercise(find(name))), seeds)
    assert report.problems == []
    assert report.ok
    assert (report.exercise, report.variants) == (name, seeds)
    assert 0 < report.largest <= 3000
    assert 0 <= report.whole <= 1


def test_a_report_tells_the_work() -> None:
    """Of a 3 by 2 and a 2 by 4 table: 24 products, 12 sums, and every number whole."""
    text = PRODUCT + "level = 1\nsize = { rows = 3, inner = 2, columns = 4 }\n[[ask]]\ntable = 'C'\nplaces = 0\n"
    report = linted(text, 5)
    assert (report.multiplications, report.additions) == (24, 12)
    assert (report.functions, report.whole, report.mistakes) == (0, 1.0, {})


def test_mistakes_that_are_taken_for_another_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where mistakes need not be told apart, base 2 and base e agree on rows that are flat or nearly one-hot."""
    monkeypatch.setattr(draw, "diagnosable", lambda built, told, given: np.ones(len(next(iter(given.values()))), bool))
    text = SOFTMAX.replace('"-3..4"', "[0, 30]")
    report = linted(text.replace("places = 3", "places = 2\ntolerance = 0.2"), 30)
    assert not report.ok
    (line,) = report.collisions
    assert re.fullmatch(r"softmax-base-2 cannot be told from the key in \d+ variants, such as seed \d+\.", line)
    assert report.problems == [*report.collisions, *report.duplicates]


def test_answers_between_two_roundings_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw, "near_tie", lambda answers, places: np.zeros(answers.shape, bool))
    text = SOFTMAX.replace("T = [1]", "T = [4]").replace('"-3..4"', '"1..9"').replace('["softmax-base-2"]', "[]")
    report = linted(text.replace('"probabilities"\nplaces = 3', '"divided"\nplaces = 1'), 10)
    (line,) = report.ties
    tie = (
        r"Question 1 could be rounded either way in (\d+ variants, such as|the variant) seed \d+: ask for more places\."
    )
    assert re.fullmatch(tie, line)


def test_students_with_the_same_numbers_are_reported() -> None:
    """One line, however many there are."""
    report = linted(TINY, 40)
    (line,) = report.duplicates
    same = r"\d+ variants have the same numbers as an earlier one, such as seed (\d+) those of seed (\d+): let more "
    found = re.fullmatch(same + r"numbers be drawn\.", line)
    assert found
    assert int(found[1]) > int(found[2])
    assert report.problems == report.duplicates


def test_no_kind_of_fault_hides_another() -> None:
    """Twenty faults of one kind stood before what guesses earn, which was never said."""
    report = linted(TINY, 4)
    each = [f"m{n} cannot be told from the key in the variant seed 1." for n in range(30)]
    full = replace(report, marks=["A guess."], claims=["Minutes."], collisions=each, ties=["A tie."], duplicates=[])
    assert full.lines()[-10:] == [
        *("33 things are wrong:", "  A guess.", "  Minutes.", *(f"  {line}" for line in each[:5])),
        *("  … and 25 more such things.", "  A tie."),
    ]


def test_what_can_be_copied_in_two_ways_is_said_once() -> None:
    """In its order and in its place, W_Q is the same copy."""
    text = PRODUCT.replace("minutes = 5", "minutes = 9") + (
        "level = 2\nsize = { rows = 3, inner = 3, columns = 3 }\nset = { B = [[1, 0, 0], [0, 1, 0], [0, 0, 1]] }\n"
        "[[ask]]\ntable = 'C'\nplaces = 0\n"
    )
    copied = "C can be copied from A in 6 variants, such as seed 1: draw other numbers, or ask for less of it."
    assert [line for line in linted(text, 6).alike if "from A" in line] == [copied]


def test_numbers_too_large_for_the_level_are_reported() -> None:
    text = PRODUCT + "level = {}\nlargest = 900\n[draw]\nA = [9, 10, 11, 12]\nB = [9, 10, 11, 12]\n[[ask]]\ntable = 'C'"
    report = linted(text.replace("{}", "1"), 8)
    assert report.sizes == [
        f"A number of {report.largest:g} comes up, too large for level 1: lower `largest`, or raise the level."
    ]
    assert linted(text.replace("{}", "4"), 8).sizes == []


@pytest.mark.slow
def test_the_command_says_that_nothing_is_wrong() -> None:
    lines = answer("byhand exercise dot-product --lint --seeds 20").splitlines()
    assert lines[0].startswith("dot-product: 20 variants, ")
    assert lines[1].startswith("By hand, about 3 minutes: ")
    assert " mistakes show, each apart from the others: " in lines[2]
    assert lines[3].startswith("The best guess, ")
    assert lines[4:] == ["Nothing is wrong."]


@pytest.mark.slow
def test_the_command_tells_programs() -> None:
    told = json.loads(answer("byhand exercise dot-product --lint --seeds 20 --json"))
    assert (told["ok"], told["exercise"], told["variants"]) == (True, "dot-product", 20)
    assert [told[name] for name in ("collisions", "ties", "duplicates", "sizes", "marks")] == [[]] * 5
    assert "last-term-dropped" in told["mistakes"]
    assert 0 < max(told["guesses"].values()) <= 0.25


@pytest.mark.slow
def test_the_command_fails_for_what_is_not_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(TINY)
    result = byhand("byhand exercise mine.toml --lint --seeds 60")
    assert (result.exit_code, result.stderr) == (1, "")
    verdict, *found = result.stdout.splitlines()[4:]
    count = int(verdict.removesuffix(" things are wrong:"))
    assert len(found) == count
    told = byhand("byhand exercise mine.toml --lint --seeds 60 --json")
    assert told.exit_code == 1
    faults = json.loads(told.stdout)
    assert len(faults["duplicates"]) + len(faults["marks"]) == count
    assert any("A guess, " in fault for fault in faults["marks"])
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]
