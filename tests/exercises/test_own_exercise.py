"""A teacher's own exercise: own numbers and words, in every format."""

from __future__ import annotations

import json
import re
import tomllib
from html import unescape
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

from byhand.documents import html
from byhand.errors import ByhandError
from byhand.exercises import canvas, moodle, qti
from byhand.exercises.distinct_mistakes import mistakes
from byhand.exercises.draw import Student, Variant, variants
from byhand.exercises.lint import lint
from byhand.exercises.lms_html import given_tables
from byhand.exercises.problem import Problem, check_shown, problem
from byhand.exercises.recipe import exercise_of
from byhand.exercises.student_book import StudentBook
from byhand.exercises.worksheet import worksheet
from byhand.language.architecture import WORDS

HEAD = """
model = "attention"
size = { tokens = 2, d_model = 2, d_k = 2 }
title = "My own"
teaches = "Mine."
minutes = 20
level = 3
attend = [0, 1]
"""
ASK = '[[ask]]\ntable = "weights"\n'


def problem_of(text: str) -> Problem:
    return problem(exercise_of(tomllib.loads(text), Path("mine.toml")))


def a_class(built: Problem, count: int = 20) -> list[Variant]:
    return variants(built, [changed for _, changed in mistakes(built)], 5, [Student(f"s{n}") for n in range(count)])


def refusal(text: str) -> str:
    with pytest.raises(ByhandError) as refused:
        a_class(problem_of(text))
    return str(refused.value)


def numbers_of(built: Problem, variant: Variant, name: str) -> list[list[float]]:
    return variant.numbers[built.lesson.tables[name]].tolist()


def test_a_set_table_has_the_recipes_numbers_for_everybody_and_the_rest_is_drawn() -> None:
    built = problem_of(f"{HEAD}set = {{ X = [[1, 0], [0, 1]] }}\n{ASK}")
    drawn = a_class(built)
    assert all(numbers_of(built, one, "X") == [[1, 0], [0, 1]] for one in drawn)
    assert len({str(numbers_of(built, one, "W_Q")) for one in drawn}) > 5
    for one in drawn:  # X is the identity, so Q is W_Q
        assert one.values[built.lesson.tables["Q"]].tolist() == numbers_of(built, one, "W_Q")


def test_a_single_cell_and_one_number_for_all_can_be_set() -> None:
    built = problem_of(f'{HEAD}largest = 999\nset = {{ "W_Q[1,2]" = 5, W_K = 2.5 }}\n{ASK}')
    for one in a_class(built):
        assert numbers_of(built, one, "W_Q")[0][1] == 5
        assert numbers_of(built, one, "W_K") == [[2.5, 2.5], [2.5, 2.5]]
    assert len({str(numbers_of(built, one, "W_Q")) for one in a_class(built)}) > 5


def test_a_set_table_may_hold_what_is_not_drawn_such_as_equal_rows() -> None:
    built = problem_of(f"{HEAD}set = {{ X = [[1, 1], [1, 1]] }}\n[draw]\nweight = [-2, -1, 1, 2]\n{ASK}")
    assert numbers_of(built, a_class(built, 1)[0], "X") == [[1, 1], [1, 1]]


ALL_SET = f"""{HEAD}
set = {{ X = [[1, 0], [0, 1]], W_Q = [[1, 2], [0, 1]], W_K = [[1, 0], [1, 1]], W_V = [[1, 2], [3, 4]] }}
{ASK}"""


def test_an_exercise_may_be_set_wholly_and_then_everybody_has_it() -> None:
    built = problem_of(ALL_SET)
    assert len({one.answers[0].tobytes() for one in a_class(built)}) == 1
    report = lint(built, 5)
    assert report.duplicates == []


def test_set_numbers_stand_in_the_workbook_on_paper_and_in_learning_systems(tmp_path: Path) -> None:
    built = problem_of(f"{HEAD}set = {{ X = [[7.25, 0], [0, 7.25]] }}\nlargest = 9999\n{ASK}")
    one = a_class(built, 1)[0]
    for text in (given_tables(built, one), str(html.write(worksheet(built, one)))):
        assert text.count("7.25") == 2
    book = tmp_path / "mine.xlsx"
    book.write_bytes(StudentBook(built).fill(one))
    values = [cell.value for sheet in load_workbook(book) for row in sheet for cell in row]
    assert values.count(7.25) >= 2


@pytest.mark.slow
def test_a_prompt_is_everybodys_prompt() -> None:
    head = HEAD.replace('"attention"', '"gpt2"').replace("size = { tokens = 2, d_model = 2, d_k = 2 }", "")
    built = problem_of(f'{head}prompt = "the cat the"\nlargest = 9999\n[[ask]]\ntable = "logits"\n')
    assert all(numbers_of(built, one, "ids") == [[0], [1], [0]] for one in a_class(built, 5))
    assert len({str(one.answers[0]) for one in a_class(built, 5)}) == 5
    said = refusal(f'{head}prompt = "the cat"\n[draw]\nids = [0, 1, 2]\n[[ask]]\ntable = "logits"\n')
    assert said == "In the exercise mine, ids is both a prompt and drawn: leave out one."


def test_the_prompts_of_a_translator_are_two() -> None:
    head = HEAD.replace('"attention"', '"marian"').replace("size = { tokens = 2, d_model = 2, d_k = 2 }", "")
    text = f'{head}largest = 99999\nids = [1, 2, 5]\ntarget_prompt = "PROMPT"\n[[ask]]\ntable = "logits"\n'
    words = problem_of(text.replace('target_prompt = "PROMPT"', "")).lesson.architecture
    options = problem_of(text.replace('target_prompt = "PROMPT"', "")).lesson.options
    target = words.vocabularies(options)[-1].words
    built = problem_of(text.replace("PROMPT", f"{target[1]} {target[0]}"))
    (fixed,) = built.fixed
    assert fixed.data is not None
    assert fixed.data[:, 0].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (
            "set = { Y = 1 }",
            "In the exercise mine: There is no table 'Y' in attention: `byhand run attention` lists all.",
        ),
        (
            "set = { scores = 1 }",
            "In the exercise mine: scores is computed: set one of the tables that it is computed from.",
        ),
        ("set = { X = [[1, 0]] }", "In the exercise mine: X is 2×2: give as many numbers, or one for all."),
        (
            "set = { X = 1e9 }",
            "In the exercise mine: X takes numbers from -100,000,000 to 100,000,000, not 1000000000.0.",
        ),
        (
            "set = { X = nan }",
            "In the exercise mine.toml, 'set.X' is nan: "
            "write a number from -1,000,000,000,000,000 to 1,000,000,000,000,000.",
        ),
        ('set = { "X[3,1]" = 1 }', "In the exercise mine: X has rows 1 to 2 and columns 1 to 2, one number a cell."),
        (
            'set = { "X[1]" = 1 }',
            "In the exercise mine: 'X[1]' names no cell: write NAME[row,column], each counted from 1.",
        ),
        (
            "set = { X = 1 }\ndraw = { X = [1, 2] }",
            "In the exercise mine, X is both set and drawn: leave it out of `set` or of [draw].",
        ),
        pytest.param(
            "draw = { X = [0] }",
            "No numbers fit the exercise mine in 67,840 draws; only 0% meet draw (given tables that are not all 0 and "
            "have no row twice): ask for less there or let more numbers be drawn.",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "set = { X = 50 }\nlargest = 9\ndraw = { weight = [1, 2] }",
            "No numbers fit the exercise mine in 67,840 draws; only 0% meet largest = 9: ask for less there, "
            "set other numbers or let more numbers be drawn.",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_what_cannot_be_set(lines: str, why: str) -> None:
    assert refusal(f"{HEAD}{lines}\n{ASK}") == why


OWN_WORDS = ["der", "<Hund>", "schläft"]


def every_format(built: Problem, one: Variant, folder: Path) -> dict[str, str]:
    """Return what a student reads in each format, as text without marks of XML."""
    texts = {"html": html.write(worksheet(built, one)).decode(), "moodle": moodle.write(built, [one]).decode()}
    for name, package in (("canvas", canvas.write(built, [one])), ("qti", qti.write(built, [one]))):
        with ZipFile(BytesIO(package)) as archive:
            texts[name] = "\n".join(archive.read(part).decode() for part in archive.namelist())
    book = folder / "mine.xlsx"
    book.write_bytes(StudentBook(built).fill(one))
    texts["xlsx"] = "\n".join(str(cell.value) for sheet in load_workbook(book) for row in sheet for cell in row)
    return {name: unescape(unescape(text)) for name, text in texts.items()}


@pytest.mark.slow
@pytest.mark.parametrize("model", ["attention", "gpt2", "softmax"])
def test_own_words_label_the_tables_in_every_format(model: str, tmp_path: Path) -> None:
    size = "size = { tokens = 2, d_model = 2, d_k = 2 }"
    head = HEAD.replace('"attention"', f'"{model}"').replace(size, "").replace("level", "largest = 9999\nlevel")
    prompt = 'prompt = "der <Hund>"\n' if model == "gpt2" else ""
    table = "weights" if model == "attention" else "probabilities"
    built = problem_of(f'{head}words = {json.dumps(OWN_WORDS)}\n{prompt}[[ask]]\ntable = "{table}"\n')
    one = a_class(built, 1)[0]
    for name, text in every_format(built, one, tmp_path).items():
        assert "der" in text, name
        assert "<Hund>" in text, name
        for usual in WORDS[1:3]:
            assert not re.search(rf"\b{usual}\b", text), (name, usual)


def test_a_table_is_shown_or_asked() -> None:
    built = problem_of(f'{HEAD}show = ["weights"]\n{ASK}')
    with pytest.raises(
        ByhandError, match="In the exercise mine, weights is both shown and asked: leave it out of show"
    ):
        check_shown(built)


def test_where_nothing_is_drawn_the_sentence_says_what_can_be() -> None:
    texts = {
        (
            "bpe",
            "merge4.right",
        ): 'draws nothing that it asks about: name in [draw] what is drawn, such as words = "2..30"',
        ("lora", "count"): "asks about nothing that depends on the numbers that are drawn (X, A, B): "
        "ask for another table",
        ("positions", "PE"): "draws nothing: choose a model with numbers to draw",
    }
    start = HEAD.replace("size = { tokens = 2, d_model = 2, d_k = 2 }\n", "")
    for (model, table), why in texts.items():
        text = start.replace('"attention"', f'"{model}"') + f'[[ask]]\ntable = "{table}"\n'
        assert refusal(text) == f"The exercise mine {why}."


def test_words_are_as_many_as_the_rows() -> None:
    assert refusal(f'{HEAD}words = ["a", "b", "c"]\n{ASK}') == (
        "In the exercise mine, words makes 3 words, but size says tokens=2: name as many words, or leave tokens out."
    )
    assert refusal(f'{HEAD}prompt = "tea"\n{ASK}') == (
        "In the exercise mine: attention takes no prompt; it takes size, seed and set."
    )
    assert refusal(f"{HEAD}words = []\nprompt = 3\n{ASK}") == (
        "In the exercise mine.toml, 'prompt' must be a text, not 3."
    )


@pytest.mark.slow
def test_a_text_of_its_own_stands_in_every_format_and_leaves_the_rule(tmp_path: Path) -> None:
    own = "How much does each word look at <each> other?"
    built = problem_of(f'{HEAD}text = "Read & think."\n{ASK}text = "{own}"\nhint = "Rows add up to 1."\n')
    one = a_class(built, 1)[0]
    for name, text in every_format(built, one, tmp_path).items():
        assert own in text, name
        assert "Rows add up to 1." in text, name
        assert "Read & think." in text, name
        if name != "xlsx":  # whose sheets show the rule beside each table
            assert "weights = exp / total" in text, name
