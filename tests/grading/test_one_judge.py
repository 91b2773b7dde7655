"""One engine judges answers: marking by numbers is the rule of `byhand answer`, and what is asked exactly is exact."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.examples import examples
from support.small_exercises import a_class, attention
from support.submissions import ClassSet, class_set, engine

from byhand.answers.equality import INFINITE, ROOM, WHOLE, constant_value, is_near
from byhand.answers.judge import judge
from byhand.answers.mistakes import NOT_EXACT
from byhand.answers.rules import rule_from
from byhand.core import graph
from byhand.exercises.problem import problem
from byhand.exercises.recipe import Ask, Exercise, exercise_of, find, ready_made
from byhand.grading.exact_keys import exact_keys
from byhand.grading.lint_marks import lint_recipe
from byhand.grading.marking import Grader
from byhand.grading.stages import rule_of, tolerances_of
from byhand.grading.verdicts import Verdict
from byhand.lessons.recipe import Recipe, read_toml
from byhand.xlsx.recalculate import recalculate

EXACTLY = Path(find("softmax-exactly")).read_text("utf-8")
KINDS = st.sampled_from(["cell", "table", "missing", "choice", "wrong cell"])


@st.composite
def asked(draw: st.DrawFn) -> tuple[Ask, float, float]:
    """A question, its key, and an answer: near it, at the very edge of what is right, rounded, or anywhere."""
    places = draw(st.integers(0, 6))
    tolerance = draw(st.sampled_from([None, None, 0.5 * 10**-places, 3 * 10**-places, 0.001, 0.2]))
    ask = Ask("scores", draw(KINDS), places=places, tolerance=tolerance)
    key = draw(
        st.one_of(
            st.floats(-1e4, 1e4, allow_nan=False),
            st.integers(-99, 99).map(float),
            st.builds(lambda n, k: n / 10**k, st.integers(-(10**6), 10**6), st.integers(0, 7)),
            st.sampled_from([-1e30, 1e30, 0.0]),
        )
    )
    unit, margin = 10.0**-places, float(tolerances_of([ask]).margins[0])
    step = draw(st.sampled_from([0.0, 0.1, 0.5, 0.999, 1.0, 1.001, 1.5, 3.0])) * draw(st.sampled_from([-1, 1]))
    answer = draw(
        st.one_of(
            st.sampled_from(
                [key, key + step * margin, key + step * unit, round(key, places), round(key, places) + unit]
            ),
            st.floats(-1e4, 1e4, allow_nan=False),
            st.sampled_from([-1e30, 1e30, -2e31]),
        )
    )
    return ask, key, answer


@examples(300)
@given(asked())
def test_marking_by_numbers_is_the_rule_that_the_question_states(case: tuple[Ask, float, float]) -> None:
    ask, key, answer = case
    fast = bool(tolerances_of([ask]).agree(np.array([answer]), np.array([key]))[0])
    rule = rule_of(ask)
    room = float(ROOM) * max(1.0, abs(key))
    edges = (float(rule.tol) + room, 0.5 * 10.0**-rule.n + room)
    assume(all(abs(abs(answer - key) - edge) > 1e-13 * max(1.0, abs(key)) for edge in edges))
    units = answer * 10.0**rule.n
    assume(abs(abs(units - round(units)) - float(WHOLE)) > 1e-9)
    assert fast == is_near(Fraction(answer), Fraction(key), rule.tol, rule.n), rule
    if abs(key) < INFINITE:
        assert fast == judge(repr(answer), repr(key), rule).right


@pytest.mark.parametrize(
    ("answer", "key", "right"),
    [
        (0.88, 0.8849, True),
        (0.885, 0.8849, True),
        (0.887, 0.8849, False),
        (0.89, 0.8849, False),
        (0.89, 0.8851, True),
        (0.9, 0.8949, False),
    ],
)
def test_the_key_rounded_as_asked_is_right_whatever_the_tolerance(answer: float, key: float, right: bool) -> None:
    """Two decimals are asked, and a thousandth is allowed."""
    ask = Ask("scores", "cell", places=2, tolerance=0.001)
    assert bool(tolerances_of([ask]).agree(np.array([answer]), np.array([key]))[0]) == right
    assert judge(repr(answer), repr(key), rule_of(ask)).right == right


@pytest.mark.parametrize(
    ("answer", "key", "right"), [(0.88, 0.885, True), (1.005, 1.0, True), (-2e31, -1e30, True), (1e30, -1e30, False)]
)
def test_edges_and_masked_scores_are_right_by_both_forms_of_the_rule(answer: float, key: float, right: bool) -> None:
    """Floats are off in their last bits at the edge of half a unit; a masked score is as good as infinite."""
    ask = Ask("scores", "cell", places=2)
    rule = rule_of(ask)
    assert bool(tolerances_of([ask]).agree(np.array([answer]), np.array([key]))[0]) == right
    assert is_near(Fraction(answer), Fraction(key), rule.tol, rule.n) == right


def test_as_good_as_infinite_is_the_same_number_everywhere() -> None:
    assert INFINITE == graph.INFINITE


@pytest.mark.parametrize(
    ("answer", "key", "right"),
    [("0.88", "0.885", True), ("0.8799", "0.885", False), ("0.89", "0.885", True), ("0.9", "0.885", False)],
)
def test_the_rule_of_marking_can_be_named_at_the_command_line(answer: str, key: str, right: bool) -> None:
    rule = rule_from("margin:0.005:2")
    assert str(rule) == "margin:1/200:2"
    assert rule == rule_from({"type": "margin", "tol": 0.005, "n": 2})
    assert judge(answer, key, rule).right == right


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("1", NOT_EXACT),
        ("0.99998", NOT_EXACT),
        ("0.999983298578152", NOT_EXACT),
        ("2", "That is not the answer."),
    ],
)
def test_near_is_not_exact_and_is_told_so(answer: str, sentence: str) -> None:
    assert judge(answer, "e^11/(1+e^11)", rule_from("exact")).sentence == sentence


def test_a_whole_number_beside_a_whole_key_is_no_rounded_one() -> None:
    assert judge("1001", "1000", rule_from("exact")).sentence == "That is not the answer."


def test_exact_keys_are_expressions_worth_the_numbers_of_the_graph() -> None:
    """Of every cell of one attention head, and read again from their texts."""
    built = attention()
    (variant,) = a_class(built, 1)
    for name in ("Q", "scaled", "weights", "Z"):
        node = built.lesson.tables[name]
        cells = list(np.ndindex(*map(int, node.shape)))
        keys = exact_keys([(node, i, j) for i, j in cells], variant.numbers)
        for (i, j), key in zip(cells, keys, strict=True):
            assert key is not None
            assert float(constant_value(key.reading.entries[0])) == pytest.approx(variant.values[node][i, j], rel=1e-12)
            assert judge(key.text, key.text, rule_from("exact")).right


def test_an_exact_key_that_nobody_would_write_is_none() -> None:
    build = Recipe(model="gpt2")
    built = problem(Exercise("deep", build, "Deep", "Depth.", 5, 1, (Ask("probabilities", "symbolic"),)))
    (question,) = built.questions
    assert exact_keys([(question.node, 0, 0)], {}) == [None]


def exact_class() -> ClassSet:
    return class_set(EXACTLY, seed=3, count=2)


def marked(
    tmp_path: Path, answers: list[object], scratch: dict[str, object] | None = None
) -> list[tuple[Verdict, str]]:
    """What is said of these answers of the first student."""
    of = exact_class()
    book = openpyxl.load_workbook(of.book("s01"))
    for question, answer in zip(of.key.questions, answers, strict=True):
        book[question.sheet][question.cells[0]] = answer
    for cell, value in (scratch or {}).items():
        book[of.key.questions[0].sheet][cell] = value
    book.save(tmp_path / "s01.xlsx")
    with Grader(of.key) as grader:
        grader.engine = engine()
        cells = grader.mark(tmp_path / "s01.xlsx").marks.cells
    return [(cell.verdict, cell.sentence) for cell in cells]


def differences(of: ClassSet | None = None) -> list[int]:
    """Of each asked cell, the other logit of its row less its own: p is 1/(1 + e^d)."""
    of = of or exact_class()
    rows = of.key.students["s01"].drawn["X"]
    return [int(rows[i][1 - j] - rows[i][j]) for i, j in ((0, 0), (1, 0), (2, 1))]


def test_expressions_are_read_as_students_type_them(tmp_path: Path) -> None:
    one, two, three = differences()
    typed = [f"1/(1+e^({one}))", f"=1/(1+EXP({two}))", rf"\frac{{1}}{{1+e^{{{three}}}}}"]
    assert marked(tmp_path, [*typed]) == [(Verdict.RIGHT, "")] * 3


def test_a_decimal_that_is_merely_close_is_wrong(tmp_path: Path) -> None:
    one, two, three = (1 / (1 + np.exp(d)) for d in differences())
    said = marked(tmp_path, [round(one, 4), float(two), f"={three:.15f}"])
    assert said == [(Verdict.WRONG, NOT_EXACT)] * 3


def test_a_formula_that_reads_cells_is_the_expression_that_it_comes_to(tmp_path: Path) -> None:
    one, two, three = differences()
    scratch = {"B50": one, "B51": "=EXP(B50)", "B52": 1, "B53": "=1/(1+EXP(" + str(two) + "))"}
    typed = ["=B52/SUM(B51:B52)", "=ROUND(B53,9)", f"=SUMPRODUCT(1/(1+EXP({three})))"]
    right, rounded, unread = marked(tmp_path, [*typed], scratch)
    assert right == (Verdict.RIGHT, "")
    assert rounded == (Verdict.WRONG, NOT_EXACT)
    assert unread == (Verdict.RIGHT, ""), "a function that is not read as algebra counts by all its digits"


@pytest.mark.slow
def test_a_recipe_of_exact_answers_proves_its_marks() -> None:
    assert lint_recipe("softmax-exactly", 20).marks == []


def test_the_self_check_takes_exact_answers_only(tmp_path: Path) -> None:
    of = class_set(EXACTLY, seed=3, count=1, practice=True)
    one = differences(of)[0]  # a set for practice draws other numbers
    for answer, sign in ((f"=1/(1+EXP({one}))", 1), (round(1 / (1 + float(np.exp(one))), 4), -1)):
        book = openpyxl.load_workbook(of.book("s01"))
        question = of.key.questions[0]
        book[question.sheet][question.cells[0]] = answer
        book.save(tmp_path / "in.xlsx")
        assert recalculate(tmp_path / "in.xlsx")["check", 0, 0] == sign


def test_only_one_ready_made_exercise_asks_exactly() -> None:
    """Others are marked by numbers; whoever adds one sees that decimals do not count there."""
    kinds = {name: {ask.kind for ask in exercise_of(read_toml(path), path).asks} for name, path in ready_made().items()}
    assert [name for name, asks in kinds.items() if "symbolic" in asks] == ["softmax-exactly"]
