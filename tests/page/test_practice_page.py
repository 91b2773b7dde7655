"""An exercise as a page: checked as one types for practice, and an exam's page that knows nothing of the answers."""

from __future__ import annotations

import json
import re
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import byhand
from support.simulated_students import Class, class_of

from byhand.answers.slips import SWAPPED
from byhand.exercises.practice_page import ExercisePage


def made(folder: Path, recipe: str, *options: str) -> Path:
    """The page of the only student of a set."""
    line = ["byhand exercise", recipe, "--count 1 --seed 7 --format page -o set", *options]
    result = byhand(" ".join(line))
    assert (result.exit_code, result.stderr) == (0, "")
    (page,) = (folder / "set" / "students").glob("*.page.html")
    return page


def key_of(folder: Path) -> list[list[float]]:
    key = json.loads((folder / "set" / "keys" / "key.json").read_text("utf-8").splitlines()[-2].rstrip(","))
    answers: list[list[float]] = key["answers"]
    return answers


def answers_in(page: Path) -> list[dict[str, Any]]:
    text = page.read_text("utf-8")
    data = re.search(r'id="lesson">(.*?)</script>', text, re.DOTALL)
    assert data is not None
    questions: list[dict[str, Any]] = json.loads(data[1])["exercise"]["questions"]
    return questions


def type_into(tab: Any, question: int, cell: int, text: str) -> str:
    """Type an answer as a student does, and return what the page says of it."""
    place = answers_in(Path(tab.url.removeprefix("file://")))[question]
    i, j = place["cells"][cell]
    element = tab.evaluate_handle("([n, i, j]) => byhand.element(n, i, j)", [place["table"], i + 1, j + 1]).as_element()
    field = element.query_selector("input")
    field.fill(text)
    field.press("Enter")
    return str(tab.inner_text(f"#said-{question}"))


def test_a_cell_turns_green_or_says_which_mistake_it_is(visit: Any, here: Path) -> None:
    page = made(here, "attention-head", "--self-check")
    tab = visit.open(page)
    scores, weights, _ = answers_in(page)
    assert type_into(tab, 0, 0, f"{scores['answers'][0]:g}") == "right"
    assert tab.locator(RIGHT).count() == 1
    assert tab.inner_text("#cell .big").split() == ["scores", "11"], "and not the number that is to be found"
    sentence, _ideas, wrong = scores["mistakes"][0]
    n = next(n for n, (a, b) in enumerate(zip(scores["answers"], wrong, strict=True)) if abs(a - b) > 1)
    assert type_into(tab, 0, n, f"{wrong[n]:g}") == sentence
    assert sentence in tab.inner_text("#cell")
    assert tab.locator("input.answer:invalid").count() == 1
    assert tab.inner_text("#score") == "1 of 30 are right."
    assert type_into(tab, 1, 0, f"{weights['answers'][0]:.2f}".replace(".", ",")) == "right"
    assert "is no number" in type_into(tab, 1, 1, "a half")
    assert type_into(tab, 1, 1, "17") == "not right yet"


RIGHT = "input.answer:valid:not(:placeholder-shown)"
FILL = """(rows) => rows.forEach(([table, i, j, text]) => {
    const field = byhand.element(table, i + 1, j + 1).querySelector("input");
    field.value = text;
    field.dispatchEvent(new Event("change", { bubbles: true }));
})"""


def practice_page(of: Class, folder: Path) -> Path:
    page = folder / "practice.html"
    page.write_bytes(ExercisePage(of.problem, practice=True).page(of.made[0]))
    return page


def rows_to_type(of: Class, rows: list[Any]) -> list[tuple[str, int, int, str]]:
    """The answers to a set as a student types them: table, row and column from 0, and the text."""
    asked = zip(of.problem.questions, rows, strict=True)
    return [
        (q.node.name, int(i), int(j), repr(float(x)))
        for q, row in asked
        for (i, j), x in zip(q.indices, row, strict=True)
    ]


def some_slips(x: float, exact: float, beside: float, places: int) -> list[float]:
    """A sign, the last digit, the point, a percent, the neighbour, too few places; and a number that is none."""
    unit = 10.0**-places
    wrong = [
        -x,
        x + unit,
        10 * x,
        x / 10,
        round(100 * exact, max(0, places - 2)),
        beside,
        round(exact, places - 1),
        x + 3,
    ]
    return [round(float(number), 6) + 0.0 for number in wrong]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["attention-head", pytest.param("causal-mask", marks=pytest.mark.sweep)])
def test_a_slip_is_told_as_check_tells_it(name: str, visit: Any, tmp_path: Path) -> None:
    """One number of a sheet that is right is wrong. What `check` says of rounding on the way a page cannot know."""
    of = class_of(name, 1)
    tab = visit.open(practice_page(of, tmp_path))
    right, chance = of.asked(of.right(0)), np.random.default_rng(1)
    tab.evaluate(FILL, rows_to_type(of, right))
    count = sum(map(len, right))
    assert tab.inner_text("#score") == f"{count} of {count} are right."
    compared = set()
    for _trial in range(5):
        q = int(chance.integers(len(right)))
        k = int(chance.integers(len(right[q])))
        beside, places = right[q][(k + 1) % len(right[q])], of.problem.questions[q].ask.places
        for wrong in some_slips(right[q][k], of.right(0)[q][k], beside, places):
            rows = [row.copy() for row in right]
            rows[q][k] = wrong
            place = sum(map(len, right[:q])) + k
            mark, line = of.mark(0, rows)[place], rows_to_type(of, rows)[place]
            tab.evaluate(FILL, [line])
            if mark.verdict.name in ("SLIP", "RIGHT"):
                assert tab.inner_text(f"#said-{q}") == (mark.sentence or "right"), (line, mark)
                compared.add(mark.sentence)
        tab.evaluate(FILL, [rows_to_type(of, right)[place]])
    assert len(compared) >= 4


SMALL = ["performer", "lstm-cell", "loss", "additive-attention", "tiny-gpt", "preferred-answer", "distillation"]
"""Recipes with tables of one or two answers."""


@pytest.mark.slow
@pytest.mark.parametrize("name", [SMALL[0], *(pytest.param(name, marks=pytest.mark.sweep) for name in SMALL[1:])])
def test_a_slip_in_a_small_table_is_told_as_check_tells_it(name: str, visit: Any, tmp_path: Path) -> None:
    """One or both are wrong; known mistakes aside, and rounding on the way, of which a page cannot know."""
    of = class_of(name, 1)
    page = practice_page(of, tmp_path)
    tab, right, chance = visit.open(page), of.asked(of.right(0)), np.random.default_rng(2)
    known = {sentence for question in answers_in(page) for sentence, _, _ in question["mistakes"]}
    compared = 0
    for q, row in enumerate(right):
        if len(row) > 2:
            continue
        places = of.problem.questions[q].ask.places
        wrong = [some_slips(x, of.right(0)[q][k], row[k - 1], places) for k, x in enumerate(row)]
        cases = [{k: x} for k in range(len(row)) for x in wrong[k]]
        cases += [{k: xs[chance.integers(len(xs))] for k, xs in enumerate(wrong)} for _ in range(8)]
        for case in cases:
            rows = [each.copy() for each in right]
            for k, x in case.items():
                rows[q][k] = x
            first = sum(map(len, right[:q]))
            marks, lines = of.mark(0, rows)[first:], rows_to_type(of, rows)[first : first + len(row)]
            if any(marks[k].verdict.name not in ("SLIP", "WRONG") for k in case):
                continue
            tab.evaluate(FILL, rows_to_type(of, right))
            for k in case:
                tab.evaluate(FILL, [*lines, lines[k]])
                said, mark = tab.inner_text(f"#said-{q}"), marks[k]
                if said not in known:
                    expected = mark.sentence if mark.verdict.name == "SLIP" else "not right yet"
                    assert said == expected, (q, row, case, mark)
                    compared += 1
    assert compared > 20


def only_there(question: dict[str, Any], answers: list[float]) -> list[int]:
    """The cells in which these answers differ from the right ones and from what any other mistake gives."""
    others = [question["answers"], *(wrong for _, _, wrong in question["mistakes"] if wrong != answers)]
    return [
        n
        for n, x in enumerate(answers)
        if x is not None and all(other[n] is None or abs(x - other[n]) > 0.02 for other in others)
    ]


@pytest.mark.slow
def test_two_mistakes_at_once_are_both_named(visit: Any, tmp_path: Path) -> None:
    """Where two numbers fit them, and not where one does; two numbers in each other's cells are said to be."""
    of = class_of("attention-head", 1)
    page = practice_page(of, tmp_path)
    question = answers_in(page)[1]
    found = [
        (both, answers, alone)
        for both, ideas, answers in question["mistakes"]
        if ideas == 2 and len(alone := only_there(question, answers)) > 1
    ]
    both, answers, (first, second, *_) = found[0]
    tab = visit.open(page)
    assert type_into(tab, 1, first, f"{answers[first]:.4f}") != both
    assert type_into(tab, 1, second, f"{answers[second]:.4f}") == both
    right = question["answers"]
    one, other = next(
        (a, b)
        for a, b in permutations(range(len(right)), 2)
        if all(abs(right[a] - wrong[b]) > 0.1 for wrong in [right, *(m[2] for m in question["mistakes"])])
    )
    tab = visit.open(page)
    type_into(tab, 1, one, f"{right[other]:.2f}")
    assert type_into(tab, 1, other, f"{right[one]:.2f}") == SWAPPED


@pytest.mark.slow
def test_what_follows_from_an_own_wrong_number_says_so(visit: Any, here: Path) -> None:
    """Softmax of a row of own scores, one of which is wrong."""
    page = made(here, "attention-head", "--self-check")
    tab = visit.open(page)
    scores = np.array(answers_in(page)[0]["answers"]).reshape(3, 3)
    scores[0] = [4, 2, 0]
    for n, score in enumerate(scores[0]):
        type_into(tab, 0, n, f"{score:g}")
    e = np.exp(scores[0] / 2)
    assert type_into(tab, 1, 0, f"{e[0] / e.sum():.4f}").startswith("It follows from your own numbers before it")


def test_an_exams_page_knows_nothing_of_the_answers(visit: Any, here: Path) -> None:
    page = made(here, "attention-head")
    text = page.read_text("utf-8")
    for question in answers_in(page):
        assert {"answers", "mistakes", "slips", "margin"}.isdisjoint(question)
    rules = re.search(r"const byhandRules=\[.*?=>\[\n(.*?)\]\];", text, re.DOTALL)
    assert rules is not None
    assert not re.search(r"sum|exp|max\(", rules[1]), "only views may have a rule, which repeat a cell"
    tab = visit.open(page)
    for table in ("Q", "scores", "weights", "Z"):
        numbers = tab.evaluate("(name) => byhand.value(name).flat().map(String)", table)
        assert set(numbers) == {"NaN"}
    assert "answers" not in json.dumps(answers_in(page))


@pytest.mark.slow
@pytest.mark.parametrize(
    "recipe", ["who-looks-at-whom", "missing-number", "find-the-wrong-score", "softmax-exactly", "exams/attention"]
)
def test_every_kind_of_question_has_a_page(recipe: str, visit: Any, here: Path) -> None:
    """A choice, a missing number, a wrong one, an exact one, an exam: the right answers are right."""
    page = made(here, recipe if "/" not in recipe else _an_exam(), "--self-check")
    tab = visit.open(page)
    for n, question in enumerate(answers_in(page)):
        for k, answer in enumerate(question["answers"]):
            text = f"{answer:.9g}"
            if question["cells"]:
                assert type_into(tab, n, k, text) == "right"
            else:
                field = tab.locator(".questions > li").nth(n).locator("input").nth(k)
                field.fill(text)
                field.press("Enter")
                assert tab.inner_text(f"#said-{n}") == "right"
    assert tab.locator("input.answer:invalid").count() == 0


def _an_exam() -> str:
    exams = sorted((Path(__file__).parents[2] / "exercises" / "exams").glob("*.toml"))
    return str(exams[0])


@pytest.mark.slow
def test_a_page_speaks_the_language_of_the_set(visit: Any, here: Path) -> None:
    tab = visit.open(made(here, "softmax", "--self-check", "--language de"))
    assert tab.evaluate("document.documentElement.lang") == "de"
    assert "Schreibe in jede leere Zelle" in tab.inner_text("#exercise")
