"""What a student is handed says what to compute: a reader that knows only the printed rules finds every answer."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from support import sheet_files, sheet_reader
from support.selection import often
from support.sheet_files import of_canvas, of_moodle, of_page, of_qti
from support.sheet_reader import Sheet, Unreadable, answer
from support.small_exercises import a_class, attention

from byhand.core.graph import INFINITE, fold
from byhand.core.roles import Role
from byhand.documents import html
from byhand.errors import ByhandError
from byhand.exercises import asked, canvas, moodle, qti
from byhand.exercises.draw import Student, Variant, variants
from byhand.exercises.problem import Problem, problem, random_tables
from byhand.exercises.recipe import Ask, Exercise, exercise_of, find, read_exercise, ready_made
from byhand.exercises.worksheet import worksheet
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS

OFTEN = "softmax attention-head multi-head causal-mask llama vit switch lstm-cell find-the-wrong-score".split()
"""The recipes that the default run takes."""


@cache
def case(name: str, count: int = 1, seed: int = 5) -> tuple[Problem, list[Variant]]:
    built = problem(read_exercise(find(name)))
    return built, variants(built, [], seed, [Student(f"s{n}") for n in range(1, count + 1)])


def page_of(built: Problem, variant: Variant) -> str:
    return html.write(worksheet(built, variant)).decode("utf-8")


def text_of(page: str) -> str:
    return "\n".join(block for block in sheet_reader.Blocks(page).blocks if isinstance(block, str))


def as_printed(table: np.ndarray) -> np.ndarray:
    """The numbers of a table, with the ∞ that is printed for one that is very large."""
    return np.where(table > INFINITE, np.inf, np.where(table < -INFINITE, -np.inf, table))


def wrong_on_page(built: Problem, variant: Variant) -> list[str]:
    """The questions whose answers the reader does not find on the printed page."""
    return wrong_among(built, variant, of_page(page_of(built, variant).encode()))


def wrong_among(built: Problem, variant: Variant, found: list[list[float]]) -> list[str]:
    """The questions of which these are not the answers."""
    wrong = []
    assert len(found) == len(built.questions)
    for question, values, key in zip(built.questions, found, variant.answers, strict=True):
        key = as_printed(key).ravel()
        if question.cuts:
            values = list(question.cuts.numbers(np.array(values).reshape(len(key), -1)))
        close = np.isclose(np.array(values), key, rtol=0, atol=question.ask.margin)
        wrong += [] if close.all() else [f"{question.ask.table}: {np.array(values)[~close]} for {key[~close]}"]
    return wrong


def test_the_reader_imports_nothing_of_byhand() -> None:
    for module in (sheet_reader, sheet_files):
        tree = ast.parse(Path(module.__file__).read_text("utf-8"))
        imported = [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
        imported += [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
        others = {name for name in imported if name.startswith(("byhand", "support"))}
        assert others <= ({"support.sheet_reader"} if module is sheet_files else set())


@pytest.mark.parametrize("name", often(ready_made(), OFTEN))
def test_every_exercise_can_be_solved_from_what_is_printed(name: str) -> None:
    solved_in_every_format(*case(name))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", ready_made())
def test_every_exercise_of_a_class_can_be_solved_from_what_is_printed(name: str, seed: int) -> None:
    solved_in_every_format(*case(name, 15, seed))


def solved_in_every_format(built: Problem, class_variants: list[Variant]) -> None:
    """Where all answers are words in pieces, no field holds a number."""
    only_cuts = all(question.cuts for question in built.questions)
    assert [wrong for variant in class_variants for wrong in wrong_on_page(built, variant)] == []
    marked = list(of_moodle(moodle.write(built, class_variants)))
    assert marked or only_cuts
    assert [m for m in marked if not m.right] == []
    for version in qti.VERSIONS:
        for variant, answers in zip(
            class_variants, of_qti(qti.write(built, class_variants, name=version)), strict=True
        ):
            assert wrong_among(built, variant, answers) == []
    try:
        canvas.check(built)
    except ByhandError:
        return
    marked = list(of_canvas(canvas.write(built, class_variants)))
    assert marked or only_cuts
    assert [m for m in marked if not m.right] == []


KINDS = (
    Ask("scores", points=3, places=0),
    Ask("weights", rows=(2, 3), columns=(1,)),
    Ask("weights", cells=((1, 1), (2, 1), (2, 2))),
    Ask("Z", kind="cell", cell=(2, 1), points=2, text="What does cat take?"),
    Ask("weights", kind="choice", rows=(1, 3)),
    Ask("V", kind="wrong cell", points=1.5),
    Ask("K", kind="symbolic", cell=(1, 2), places=3),
    Ask("scores", kind="choice", cell=(2, 1), text="At whom does the second word look?"),
)


def test_every_kind_of_question_can_be_read() -> None:
    built = attention(*KINDS)
    solved_in_every_format(built, a_class(built))


def test_a_missing_number_is_found_from_what_is_shown() -> None:
    built = attention(Ask("W_V", kind="missing", cell=(2, 2), places=0), show=("V",))
    solved_in_every_format(built, a_class(built))


def test_an_exam_can_be_solved_though_its_parts_have_tables_of_the_same_name() -> None:
    parts = [{"recipe": name} for name in ("softmax", "attention-head", "softmax")]
    built = problem(exercise_of({"title": "Exam", "exercise": parts}, Path("exam.toml")))
    solved_in_every_format(built, a_class(built))
    text = text_of(page_of(built, a_class(built)[0]))
    assert "Part 2: One attention head (48 points)" in text
    assert len(re.findall(r"(?m)^part[13]\.p = ", text)) == 2


# Faults that the reader must see


def damaged(page: str, pattern: str, instead: str) -> str:
    changed, count = re.subn(pattern, instead, page)
    assert count
    return changed


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        (r"<li>head1\.Q = .*?</li>", ""),  # a step is not said
        (r"head1\.scores / √2", "head1.scores"),  # the scale is not said
        (r"= 2\^head1", "= e^head1"),  # the base is not said
        (r"head2\.W_Q", "head1.W_Q"),  # two tables under one name
    ],
)
def test_what_is_left_out_or_said_wrongly_is_seen(pattern: str, instead: str) -> None:
    built, (variant,) = case("multi-head")
    page = damaged(page_of(built, variant), pattern, instead)
    try:
        found = of_page(page.encode())
    except (Unreadable, AssertionError):
        return
    keys = [key.ravel() for key in variant.answers]
    assert not all(np.allclose(a, b, atol=0.005) for a, b in zip(found, keys, strict=True))


def test_a_rule_may_use_only_what_stands_before_it() -> None:
    sheet = Sheet("<p>1. Find b. Give 2 decimals.</p><ul><li>b = a + 1 (1×1)</li><li>a = 2 (1×1)</li></ul>")
    with pytest.raises(Unreadable):
        answer(sheet, sheet.questions[0])


# What the sheets must say


@pytest.mark.parametrize("name", often(ready_made(), OFTEN))
def test_no_two_questions_read_alike_and_no_two_tables_have_one_name(name: str) -> None:
    built, (variant,) = case(name)
    said = asked.sheet(built)
    assert len(set(said.names.values())) == len(said.names)
    assert all(re.fullmatch(r"[^\s()\[\]|;,=]+", n) for n in said.names.values())
    texts = [asked.question_text(built, question) for question in built.questions]
    assert len(set(texts)) == len(texts)
    sentences = [q.text for q in Sheet(page_of(built, variant)).questions]
    assert len(set(sentences)) == len(sentences) == len(built.questions)


@pytest.mark.parametrize("name", often(ready_made(), OFTEN))
def test_every_asked_table_has_its_rule_rows_columns_and_places_in_every_format(name: str) -> None:
    built, (variant,) = case(name)
    pages = [text_of(page_of(built, variant)), text_of(moodle_text(built, variant))]
    for task in asked.sheet(built).tasks:
        ask = task.question.ask
        for page in pages:
            assert task.about() in page
            assert re.search(r"Rows: .+\. Columns: .+\.", task.about())
            if ask.kind in ("table", "cell"):
                rule = rf"(?m)^{re.escape(task.name)} = .+ \(\d+×\d+\)$"
                assert re.search(rule, page)
                places = "Give (whole numbers|a whole number)" if not ask.places else f"Give {ask.places} decimal"
                assert any(re.search(places, line) for line in page.splitlines() if f"{task.name}" in line)


def moodle_text(built: Problem, variant: Variant) -> str:
    file = moodle.write(built, [variant]).decode("utf-8")
    return "\n".join(re.findall(r"<!\[CDATA\[(.*?)\]\]>", file, flags=re.DOTALL))


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("multi-head", ["head1.exp = 2^head1.shifted", "head1.scaled = head1.scores / √2"]),
        ("multi-head", ["head2.Z = head2.weights · head2.V", "Y = [head1.Z | head2.Z] · W_O"]),
        ("linear-attention", ["φ_K = K + 1 where K > 0, else e^K", "φ_Q = Q + 1 where Q > 0, else e^Q"]),
        ("nearest-chunk", ["d = sum of each row of chunk1.apart²", "chunk1.mean = mean of each column of embedded"]),
        ("attention-head", ["scores = Q · Kᵀ", "scaled = scores / √4"]),
        ("layer-norm", ["variance = mean of each row of deviation²", "root = √(variance + ε)", "ε = 0"]),
        ("attention-with-a-pencil", ["exp = 2^shifted"]),
        ("nearest-context", ["best1 = place of the largest in each row of nearness", "lambda = 0.25"]),
        ("bert", ["masked = scaled where padding_mask, else −∞"]),
        ("distilbert", ["ε = 0.000000000001"]),
    ],
)
def test_what_a_step_needs_is_said(name: str, rules: list[str]) -> None:
    built, (variant,) = case(name)
    for page in (page_of(built, variant), moodle_text(built, variant)):
        lines = text_of(page).splitlines()
        for rule in rules:
            assert any(line.partition(" (")[0] == rule for line in lines), rule


def test_a_mask_says_what_its_numbers_mean() -> None:
    built, (variant,) = case("bert")
    meaning = "padding_mask (1×5) – 1 where a word may be seen, 0 where not"
    assert meaning in text_of(page_of(built, variant))
    assert meaning in text_of(moodle_text(built, variant))


def test_steps_that_an_earlier_question_names_are_not_said_again() -> None:
    built = attention(Ask("scores"), Ask("weights"), Ask("weights", kind="choice", cell=(1, 1)))
    first, second, third = asked.sheet(built).tasks
    assert [rule.name for rule in third.rules] == ["weights"]
    assert [rule.name for rule in first.rules] == ["Q", "K", "scores"]
    assert [rule.name for rule in second.rules] == ["scaled", "softmax.max", "shifted", "exp", "total", "weights"]


# The tables of every model


OPTIONS: tuple[dict[str, object], ...] = (
    {},
    {"backward": True},
    {"backward": True, "optimizer": "adam"},
    {"generate": 2},
    {"beams": 2, "generate": 2},
    {"generate": 2, "cache": True},
    {"label_smoothing": 0.1, "backward": True},
    {"top_p": 0.8},
    {"temperature": 0.7},
)


@pytest.mark.parametrize("name", ["multi-head", "lstm", "t5", "retro", "mamba"])
def test_every_table_of_a_model_can_be_read(name: str) -> None:
    assert unreadable(name, {}) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_every_table_of_every_model_can_be_read_whatever_it_is_told(name: str) -> None:
    assert [problem for options in OPTIONS for problem in unreadable(name, options)] == []


def unreadable(name: str, options: dict[str, object]) -> list[str]:
    """The tables of a model that cannot be worked out from their rules, each from the right tables before it."""
    recipe = Recipe(model=name, **options)
    try:
        tables = problem(Exercise(name, recipe, name, "Everything.", 1, 1, ())).lesson.tables
        asks = tuple(Ask(table) for table, node in tables.items() if node.data is None and not node.op.given)
        built = problem(Exercise(name, recipe, name, "Everything.", 1, 1, asks))
    except ByhandError:
        return []
    numbers = {node: table[0] for node, table in random_tables(built, np.random.default_rng(1), 1).items()}
    with np.errstate(all="ignore"):
        values = fold(built.outputs, numbers) | numbers
    page = Sheet(page_of(built, Variant(Student("s"), numbers, values, [], {})))
    wrong, names = [], asked.sheet(built).names
    for question in built.questions:
        node = question.node
        right = as_printed(values[node])
        try:
            found = page.worked_out(names[node])
        except Unreadable as reason:
            wrong.append(f"{node.name}: {reason}")
        else:
            if np.isfinite(right).all() and not np.allclose(found, right, rtol=1e-5, atol=1e-6):
                wrong.append(f"{node.name} = {page.rules[names[node]]}: {found} for {right}")
        page.know(names[node], right)
    return wrong


def test_every_sheet_says_what_its_given_tables_and_signs_are() -> None:
    """Found by solving twelve sheets by hand: a table without a word, a sign without need, a dash without a reason."""
    for name in ready_made():
        built = problem(read_exercise(find(name)))
        said = asked.sheet(built)
        words = " ".join([built.exercise.text, *(q.ask.text + " " + q.ask.hint for q in built.questions)])
        for node in (node for section in said.sections for node in section.given if node.role is Role.GIVEN):
            called = said.names[node].split(".")[-1]
            assert asked.given_meaning(node) or called in words or called.startswith("W_"), (name, node.name)
        rules = " ".join(rule.text() for task in said.tasks for rule in task.rules)
        lines = " ".join(said.explanations())
        assert ("[A | B]" in lines) == (" | " in rules or "; " in rules), name
        assert ("A[2]: row 2" in lines) == bool(re.search(r"\[(·|\d)", rules)), name
        in_part = any(task.question.ask.kind == "table" and task.question.in_part for task in said.tasks)
        assert ("– in a table for your answers" in lines) == in_part, name
        decimals = any(task.question.ask.places and task.question.ask.kind in ("table", "cell") for task in said.tasks)
        assert ("On the way" in lines) <= decimals, name


@pytest.mark.slow
def test_words_of_letters_are_letters_and_marks_are_no_words() -> None:
    built, _ = case("sort")
    assert asked.sheet(built).tasks[0].about().endswith(" Rows: the letters of the text. Columns: 1.")
    built, [variant] = case("transformer")
    assert "[START]" not in text_of(page_of(built, variant))
