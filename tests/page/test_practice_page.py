"""An exercise as a page: checked as one types for practice, and an exam's page that knows nothing of the answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import byhand
from support.simulated_students import Class, class_of, pairs

from byhand.answers.slips import SWAPPED
from byhand.exercises.practice_page import ExercisePage
from byhand.grading.verdicts import CellMark


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


@pytest.mark.slow
def test_a_cell_turns_green_or_says_which_mistake_it_is(visit: Any, here: Path) -> None:
    """A mistake in one cell of the scores, what is no number, a number with a comma, and a wrong one."""
    of = class_of("attention-head", 1)
    page = practice_page(of, here)
    tab, right = visit.open(page), of.asked(of.right(0))
    misconception, wrong = next(
        (m, wrong)
        for m, changed in of.told
        if (np.abs((wrong := of.asked(of.planted(changed)[0])[0]) - right[0]) > 1)[1]
    )
    assert type_into(tab, 0, 0, f"{right[0][0]:g}") == "right"
    assert tab.locator(RIGHT).count() == 1
    assert tab.inner_text("#cell .big").split() == ["scores", "11"], "and not the number that is to be found"
    assert type_into(tab, 0, 1, f"{wrong[1]:g}") == misconception.sentence
    assert misconception.sentence in tab.inner_text("#cell")
    assert tab.locator("input.answer:invalid").count() == 1
    assert tab.inner_text("#score") == "1 of 30 are right."
    assert type_into(tab, 1, 0, f"{right[1][0]:.2f}".replace(".", ",")) == "right"
    assert "is no number" in type_into(tab, 1, 1, "a half")
    assert type_into(tab, 1, 1, "17") == "not right yet"


RIGHT = "input.answer:valid:not(:placeholder-shown)"
FILL = """(rows) => {
    const fields = rows.map(([table, i, j, text]) => {
        const field = byhand.element(table, i + 1, j + 1).querySelector("input");
        field.value = text;
        return field;
    });
    fields.at(-1).dispatchEvent(new Event("change", { bubbles: true }));
}"""
"""Type into many fields, and leave the last."""


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
    known = {misconception.sentence for misconception, _ in of.told}
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


KINDS = {"FOLLOWS": "It follows from your own numbers before it, one of which is not right yet."}


def said_by_check(mark: CellMark) -> str:
    """What a page says where `check` says this; two sentences are the page's own."""
    if mark.verdict.name in KINDS:
        return KINDS[mark.verdict.name]
    return "not right yet" if mark.sentence.startswith("Not right:") else mark.sentence or "right"


def told(tab: Any, of: Class, rows: list[Any]) -> list[str]:
    """What the page says of each answer to a whole sheet, in the order of the answers."""
    tab.evaluate(FILL, rows_to_type(of, rows))
    keys = [f"{q},{k}" for q, row in enumerate(rows) for k in range(len(row))]
    titles: list[str] = tab.evaluate(
        "(keys) => keys.map((key) => document.querySelector(`[data-answer='${key}']`).title)", keys
    )
    return titles


@pytest.mark.slow
@pytest.mark.parametrize("name", ["loss", *(pytest.param(n, marks=pytest.mark.sweep) for n in ("tiny-gpt", "softmax"))])
def test_every_known_mistake_is_told_as_check_tells_it(name: str, visit: Any, tmp_path: Path) -> None:
    """The whole sheet with each mistake, and with two; of a hundred answers three may be told otherwise."""
    of = class_of(name, 1)
    tab = visit.open(practice_page(of, tmp_path))
    planted = [changed for _, changed in of.told] + [changed for _, _, changed in pairs(of)[:8]]
    compared = differ = 0
    for changed in planted:
        rows = of.asked(of.planted(changed)[0])
        if all(np.isfinite(row).all() for row in rows):
            expected = [said_by_check(mark) for mark in of.mark(0, rows)]
            got = told(tab, of, rows)
            compared += len(got)
            differ += sum(
                one.partition(" Or: ")[0] != other.partition(" Or: ")[0]
                for one, other in zip(got, expected, strict=True)
            )
    assert compared > 20
    assert differ <= 0.03 * compared, (differ, compared)


@pytest.mark.slow
def test_two_numbers_in_each_others_cells(visit: Any, tmp_path: Path) -> None:
    of = class_of("attention-head", 1)
    tab, rows = visit.open(practice_page(of, tmp_path)), of.asked(of.right(0))
    rows[1][[0, 2]] = rows[1][[2, 0]]
    marks, got = of.mark(0, rows), told(tab, of, rows)
    assert {mark.sentence for mark in marks} == {"", SWAPPED}
    assert got == [said_by_check(mark) for mark in marks]


@pytest.mark.slow
def test_what_follows_from_an_own_wrong_number_says_so(visit: Any, here: Path) -> None:
    """Softmax of a row of own scores, one of which is wrong."""
    of = class_of("attention-head", 1)
    tab, rows = visit.open(practice_page(of, here)), of.asked(of.right(0))
    rows[0][:3] = [4, 2, 0]
    e = np.exp(rows[0][:3] / 2)
    rows[1][:3] = np.round(e / e.sum(), 2)
    rows[2][:] = np.round(rows[1].reshape(3, 3) @ of.tables(0)["V"], 2).ravel() if "V" in of.tables(0) else rows[2]
    said = told(tab, of, rows)
    assert said[:3] == ["not right yet"] * 3
    assert said[9:12] == [KINDS["FOLLOWS"]] * 3


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
