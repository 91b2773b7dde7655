"""An exercise as a page: checked as one types for practice, and an exam's page that knows nothing of the answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import byhand


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
    assert tab.locator("input.is-right").count() == 1
    sentence, wrong = scores["mistakes"][0]
    n = next(n for n, (a, b) in enumerate(zip(scores["answers"], wrong, strict=True)) if abs(a - b) > 1)
    assert type_into(tab, 0, n, f"{wrong[n]:g}") == sentence
    assert sentence in tab.inner_text("#cell")
    assert tab.locator("input.is-wrong").count() == 1
    assert tab.inner_text(".score") == "1 of 30 are right."
    assert type_into(tab, 1, 0, f"{weights['answers'][0]:.2f}".replace(".", ",")) == "right"
    assert "is no number" in type_into(tab, 1, 1, "a half")
    assert type_into(tab, 1, 1, "17") == "not right yet"


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
        assert {"answers", "mistakes", "margin"}.isdisjoint(question)
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
    assert tab.locator("input.is-wrong").count() == 0


def _an_exam() -> str:
    exams = sorted((Path(__file__).parents[2] / "exercises" / "exams").glob("*.toml"))
    return str(exams[0])


@pytest.mark.slow
def test_a_page_speaks_the_language_of_the_set(visit: Any, here: Path) -> None:
    tab = visit.open(made(here, "softmax", "--self-check", "--language de"))
    assert tab.evaluate("document.documentElement.lang") == "de"
    assert "Schreibe in jede leere Zelle" in tab.inner_text("#exercise")
