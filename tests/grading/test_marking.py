"""The verdict on each kind of answer, its points, and its sentence, which never gives the answer away."""

from __future__ import annotations

import math
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.simulated_students import Class, as_typed, built, class_of, named, verdicts

from byhand.answers.judge import judge
from byhand.answers.rules import Rule
from byhand.errors import ByhandError
from byhand.exercises.formats import wrong_answers
from byhand.exercises.keys import Key
from byhand.exercises.recipe import find
from byhand.grading.marking import Marker, explain_commands
from byhand.grading.submission import read_typed
from byhand.grading.verdicts import TypedAnswer
from byhand.lessons.recipe import read_toml

HEAD = 'title = "Mine"\nteaches = "A thing."\nminutes = 5\nlevel = 3\n'
ATTENTION = HEAD + 'model = "attention"\nsize = { tokens = 3, d_model = 3, d_k = 4 }\nwhole = ["scaled"]\n'
KINDS = ATTENTION + (
    'show = ["Q"]\nmistakes = []\n[[ask]]\ntable = "scores"\nplaces = 0\npoints = 3\n'
    '[[ask]]\ntable = "scores"\nkind = "choice"\ncell = [2, 1]\n'
    '[[ask]]\ntable = "Q"\nkind = "wrong cell"\npoints = 2\n'
    '[[ask]]\ntable = "weights"\nkind = "symbolic"\ncell = [1, 2]\nplaces = 4\n'
    '[[ask]]\ntable = "W_V"\nkind = "missing"\ncell = [2, 2]\nplaces = 0\npoints = 0.5\n'
)
PRODUCT = (
    HEAD + 'model = "matrix-product"\nsize = { rows = 2, inner = 3, columns = 2 }\n[[ask]]\ntable = "C"\nplaces = 0\n'
)


def of_text(text: str, count: int = 3) -> Class:
    return built(Path("mine.toml"), tomllib.loads(text), count)


def one_product(a: list[list[float]], b: list[list[float]], places: int = 0) -> tuple[Marker, Any, list[Any]]:
    """A marker of one student with these two tables, and their product."""
    of = of_text(PRODUCT.replace("places = 0", f"places = {places}"), 1)
    right = (np.array(a) @ np.array(b)).ravel().tolist()
    student = replace(of.student(0), drawn={"A": a, "B": b}, answers=[[*right]])
    return of.marker, student, right


A, B = [[2.0, -3.0, 5.0], [1.0, 4.0, 2.0]], [[3.0, 7.0], [2.0, 11.0], [4.0, 1.0]]
"""C is 20, −14; 19, 53."""


def said(value: float, cell: int = 0, places: int = 0) -> tuple[str, str]:
    """The verdict on one number among right ones, and the sentence."""
    marker, student, right = one_product(A, B, places)
    right[cell] = value
    mark = marker.mark(student, as_typed([right]))[cell]
    return mark.verdict.name, mark.sentence


@pytest.mark.parametrize(
    ("value", "cell", "sentence"),
    [
        (26, 0, "In this sum the second term, (−3) × 2, is missing."),
        (40, 0, "In this sum the third term, 5 × 4, is counted twice."),
        (8, 0, "In this sum the first term, 2 × 3, has the wrong sign."),
        (14, 1, "Only the sign is not right."),
        (200, 0, "The digits are right, but the point is in the wrong place."),
        (35, 3, "Two digits have changed places."),
        (54, 3, "You are one off: add up once more."),
        (19, 3, "This is the number of the cell beside it, above or below."),
    ],
)
def test_a_slip_is_told(value: float, cell: int, sentence: str) -> None:
    assert said(value, cell) == ("SLIP", sentence)


def test_no_slip_is_seen_where_there_is_none() -> None:
    assert said(1234) == ("WRONG", "Not right: work this one out once more.")


@pytest.mark.parametrize(
    ("text", "product", "verdict", "sentence"),
    [
        ("2e+1", 2 * math.e + 1, "UNREADABLE", "A person must decide: 2e+1 may be 2*e + 1 or 2*10^1: "),
        ("5e-3", 5 * math.e - 3, "UNREADABLE", "A person must decide: 5e-3 may be 5*e - 3 or 5*10^(-3): "),
        ("2e+1", 20, "RIGHT", ""),
        ("2e+1", 21, "WRONG", "Not right"),
        ("1/3 = 0.34", 1 / 3, "UNREADABLE", "A person must decide: its sides are not equal (1/3 and 0.34)"),
        ("1/3 = 0.333", 1 / 3, "RIGHT", ""),
        ("1/(2e+1)", 1 / (2 * math.e + 1), "RIGHT", ""),
    ],
)
def test_an_answer_that_is_right_in_another_meaning_goes_to_a_person(
    text: str, product: float, verdict: str, sentence: str
) -> None:
    marker, student, right = one_product([[product, 0.0, 0.0], A[1]], [[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]], places=3)
    mark = marker.mark(student, [[read_typed(text), *as_typed([right])[0][1:]]])[0]
    assert mark.verdict.name == verdict
    assert mark.sentence.startswith(sentence)
    assert mark.undecided is (verdict == "UNREADABLE")


def softmax_student() -> tuple[Class, list[Any]]:
    of = class_of("softmax", 4)
    return of, of.asked(of.right(0))


def test_too_few_decimals_are_told() -> None:
    of, rows = softmax_student()
    cell = next(n for n, x in enumerate(of.right(0)[0]) if abs(round(x, 1) - x) > 0.01 and round(x, 1))
    rows[0][cell] = round(float(of.right(0)[0][cell]), 1)
    mark = of.mark(0, rows)[cell]
    sentence = "Rounded too early, or too far: keep more decimals on the way, and give 3 in the answer."
    assert (mark.verdict.name, mark.sentence) == ("ROUNDED", sentence)


def test_numbers_that_change_places_in_a_decimal() -> None:
    of, rows = softmax_student()
    texts = [f"{x:.3f}" for x in rows[0]]
    cell = next(n for n, text in enumerate(texts) if text[3] != text[4])
    text = texts[cell]
    rows[0][cell] = float(text[:3] + text[4] + text[3])
    assert of.mark(0, rows)[cell].sentence == "Two digits have changed places."


def test_many_slips_are_no_slips() -> None:
    """A number here and there is a slip of the pen; a table of them is not, unless all are the same."""
    marker, student, right = one_product(A, B)
    assert verdicts(marker.mark(student, as_typed([[26, 14, 19, 54]]))) == ["WRONG", "WRONG", "RIGHT", "WRONG"]
    assert verdicts(marker.mark(student, as_typed([[-x for x in right]]))) == ["SLIP"] * 4


def test_blank_and_unreadable() -> None:
    of, rows = softmax_student()
    typed = as_typed(rows)
    typed[0][0], typed[0][1] = TypedAnswer("  ", None, ""), TypedAnswer("dunno", None, "no number stands here")
    typed[0][2] = TypedAnswer("inf", float("inf"), "∞")
    marks = of.marker.mark(of.student(0), typed)
    assert [m.verdict.value for m in marks[:3]] == ["blank", "not a number", "wrong"]
    assert [m.sentence for m in marks[:2]] == [
        "Nothing is written here yet.",
        "This cannot be read as a number: no number stands here.",
    ]
    assert [m.points for m in marks[:3]] == [0, 0, 0]
    assert [m.sentence for m in marks[3:]] == [""] * (len(marks) - 3)


def test_every_kind_of_question() -> None:
    of = of_text(KINDS)
    for n in range(3):
        rows = of.right(n)
        marks = of.mark(n, rows)
        assert set(verdicts(marks)) == {"RIGHT"}
        assert [round(m.most, 4) for m in marks] == [0.3333] * 9 + [1, 1, 1, 1, 0.5]
        rows[2] = rows[2][::-1]
        wrong = "SLIP" if rows[2][0] != rows[2][1] else "RIGHT"
        rows[4] = -rows[4] + (rows[4] == 0) * 5
        rows[1] = rows[1] % 3 + 1
        found = verdicts(of.mark(n, rows))
        assert found[9:13] == ["WRONG", wrong, wrong, "RIGHT"]
        assert found[13] in ("SLIP", "WRONG")


def test_a_choice_follows_from_the_numbers_that_were_written() -> None:
    of = of_text(KINDS)
    rows = of.right(0)
    row = rows[0][3:6]
    other = int(np.argmin(row))
    row[other] = row.max() + 17
    rows[1][:] = other + 1
    marks = of.mark(0, rows)
    assert (marks[9].verdict.name, marks[9].sentence) == ("FOLLOWS", "Right from your own scores.")


@pytest.mark.slow
def test_right_answers_that_are_rounded_as_asked_may_be_worked_on_with() -> None:
    """The result is right, not right from one's own earlier step: those steps are the right ones."""
    of = class_of("attention-head", 20)
    off = 0
    for n in range(20):
        rows = of.asked(of.right(n))
        values = of.tables(n)["X"] @ of.tables(n)["W_V"]
        rows[2] = np.round(rows[1].reshape(3, 3) @ values, 2).ravel()
        off += int((np.abs(rows[2] - of.right(n)[2]) > 0.005).sum())
        assert {(m.verdict.name, m.sentence) for m in of.mark(n, rows)} == {("RIGHT", "")}
    assert off > 20


def test_shares_of_the_recipe_are_given() -> None:
    text = ATTENTION + "[marks]\nfollows = 0.8\nmistake = 0.25\n"
    text += '[[ask]]\ntable = "weights"\npoints = 9\n[[ask]]\ntable = "Z"\npoints = 12\n'
    of = of_text(text, 1)
    misconception, changed = next(t for t in of.told if t[0].name == "scores-not-scaled")
    (rows,) = of.planted(changed)
    marks = of.mark(0, of.asked(rows))
    assert named(marks) == {"scores-not-scaled"}
    points = {"RIGHT": 1, "MISTAKE": 0.25, "FOLLOWS": 0.8}
    assert [m.points for m in marks] == [points[v] for v in verdicts(marks)]
    assert {m.sentence for m in marks if m.mistake} == {misconception.sentence}
    assert {mark for _, _, mark, *_ in wrong_answers(of.problem, of.told, of.made)[0]} == {0.25}


@pytest.mark.slow
def test_no_sentence_holds_the_answer() -> None:
    of = class_of("attention-head", 2)
    for _, changed in of.told:
        for n, rows in enumerate(of.planted(changed)):
            for mark in of.mark(n, of.asked(rows)):
                right = of.marker.revealed(of.student(n), mark.question, mark.cell)
                assert not ("." in right and right in mark.sentence)


def test_what_is_right_is_revealed_on_request() -> None:
    of = of_text(KINDS, 1)
    right = of.right(0)
    revealed = [of.marker.revealed(of.student(0), q, 0).replace("−", "-") for q in range(5)]
    assert revealed[:3] == [f"{row[0]:.0f}" for row in right[:3]]
    assert judge(revealed[3], revealed[3], Rule("exact")).right, "asked for as an expression, revealed as one"
    assert judge(f"{right[3][0]:.12f}", revealed[3], Rule("margin", n=9)).right
    assert revealed[4] == f"{right[4][0]:.0f}"


def test_the_step_is_named() -> None:
    marker = class_of("attention-head", 1).marker
    line = "byhand explain attention --size=tokens=3 --size=d_model=3 --size=d_k=4 --step weights"
    assert explain_commands(marker.key)[1] == line


def refusal(key: Key) -> str:
    with pytest.raises(ByhandError) as error:
        Marker(key)
    return str(error.value)


AGAIN = "; make it again with the command that made the class."


def test_a_key_that_is_not_sound_is_refused() -> None:
    of = class_of("attention-head", 3)
    start = "The key of attention-head does not fit this byhand: "
    fewer = replace(of.key, questions=of.key.questions[:2])
    assert refusal(fewer) == f"{start}its questions are not those of its recipe{AGAIN}"
    older = replace(of.key, digest="another")
    Marker(older)
    student = of.student(1)
    wrong = replace(student, answers=[[x + 1 for x in row] for row in student.answers])
    told = f"{start}the answers of s1 are not those of its numbers{AGAIN}"
    assert refusal(replace(older, students=older.students | {"s1": wrong})) == told
    empty = replace(student, drawn={})
    told = f"{start}the numbers of s1 are not those that its recipe draws{AGAIN}"
    assert refusal(replace(older, students=older.students | {"s1": empty})) == told


def test_answers_of_another_shape_are_no_answers() -> None:
    of = class_of("attention-head", 1)
    with pytest.raises(ValueError, match="not those that the key asks for"):
        of.marker.mark(of.student(0), as_typed(of.right(0)[:2]))


SHARES = {"follows": 0.9, "mistake": 0.1, "rounded": 0.3, "slip": 0.7}


def test_each_share_is_the_one_that_the_recipe_gives_to_its_verdict() -> None:
    """All signs turned is a slip; one number to fewer places is rounded."""
    of = of_text(PRODUCT + "\n[marks]\n" + "".join(f"{name} = {share}\n" for name, share in SHARES.items()), 1)
    marks = of.mark(0, [-of.asked(of.right(0))[0]])
    assert {mark.verdict.name for mark in marks} == {"SLIP"}
    assert [mark.points / mark.most for mark in marks] == pytest.approx([0.7] * len(marks))
    of = built(find("softmax"), read_toml(find("softmax")) | {"marks": SHARES}, 4)
    right, rows = of.right(0)[0], of.asked(of.right(0))
    cell = next(n for n, x in enumerate(right) if abs(round(x, 1) - x) > 0.01 and round(x, 1))
    rows[0][cell] = round(float(right[cell]), 1)
    mark = of.mark(0, rows)[cell]
    assert mark.verdict.name == "ROUNDED"
    assert mark.points / mark.most == pytest.approx(0.3)


@pytest.mark.parametrize(("places", "rounded"), [(1, True), (0, False)])
def test_a_table_that_is_shown_may_be_rounded_to_a_place_or_more(places: int, rounded: bool) -> None:
    """Weights of whole numbers are no rounding of what is shown."""
    asked = 'show = ["weights"]\nmistakes = []\n[[ask]]\ntable = "Z"\nplaces = 2\n'
    of, tried = of_text(ATTENTION + asked, 20), 0
    for n in range(20):
        t = of.tables(n)
        scores = (t["X"] @ t["W_Q"]) @ (t["X"] @ t["W_K"]).T / 2
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        right = weights @ (t["X"] @ t["W_V"])
        z = np.round(weights, places) @ (t["X"] @ t["W_V"])
        off = (np.abs(z - right) > 0.006).ravel() & (z != np.round(right)).ravel()  # −2 for −1.98 is rounded anyway
        if off.sum() >= 4:
            verdict = np.array(verdicts(of.mark(n, of.asked([z]))))
            assert set(verdict[off]) == {"ROUNDED"} if rounded else "ROUNDED" not in verdict, n
            tried += 1
    assert tried >= 5
