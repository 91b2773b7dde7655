"""Exercises on paper: a worksheet holds what is given and no answer, its key every one."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from html import unescape
from importlib.util import find_spec
from io import BytesIO
from math import exp
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from support.selection import often
from support.small_exercises import ALL, SPECIALS, attention

from byhand.documents import html, markdown
from byhand.documents.document import Document, Heading, Lines, Paragraph, Room, SideBySide, Table
from byhand.documents.pdf import markup
from byhand.exercises import canvas, moodle, qti
from byhand.exercises.asked import sheet
from byhand.exercises.draw import Student, Variant, variants
from byhand.exercises.notebook import ExerciseNotebook
from byhand.exercises.problem import Problem, problem
from byhand.exercises.recipe import exercise_of, find, read_exercise, ready_made
from byhand.exercises.worksheet import LEAST_ROOM, MOST_ROOM, number_on_paper, powers, room_for, solution, worksheet

ADA = Student("s1", "Ada Lovelace")
DISTINCT = """
model = "softmax"
size = { rows = 2, width = 4 }
title = "Shares"
teaches = "Scores become shares."
text = "Take your time."
minutes = 12
level = 2
mistakes = []
largest = 2000
[draw]
X = [0.17, 0.39, 1.13, 1.61, 2.29, 2.83, 3.47]
T = [1]
[[ask]]
table = "probabilities"
places = 3
points = 3
hint = "Powers first."
"""

OFTEN = "softmax attention-head multi-head causal-mask llama vit switch lstm-cell find-the-wrong-score".split()
"""The recipes that the default run takes."""


@cache
def case(name: str) -> tuple[Problem, Variant]:
    built = problem(read_exercise(find(name)))
    return built, variants(built, [], 5, [ADA])[0]


@cache
def distinct() -> tuple[Problem, Variant]:
    built = problem(exercise_of(tomllib.loads(DISTINCT), Path("mine.toml")))
    return built, variants(built, [], 5, [ADA])[0]


def tables(document: Document, *, answer: bool) -> list[Table]:
    blocks = [t for b in document.blocks for t in (b.tables if isinstance(b, SideBySide) else (b,))]
    return [b for b in blocks if isinstance(b, Table) and (b.role == "answer") == answer]


def page_of(document: Document) -> str:
    return html.write(document).decode("utf-8")


def text_of(document: Document) -> str:
    """What a person reads on the page, and what hides in the file's tags."""
    return unescape(page_of(document)).replace("−", "-")


def numbers_in(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]


def test_a_worksheet_holds_the_given_numbers_and_no_answer() -> None:
    built, variant = distinct()
    x = variant.numbers[built.lesson.tables["X"]]
    right = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    document = worksheet(built, variant)
    text = text_of(document)
    (given, _) = tables(document, answer=False)[:2]
    assert given.cells == tuple(tuple(f"{value:g}" for value in row) for row in x)
    body = text[text.index("<body>") : text.index("Powers of e")]
    for value in [*right.ravel(), *np.exp(x).ravel(), *np.exp(x - x.max(axis=1, keepdims=True)).ravel()]:
        if abs(value - 1) > 1e-9:
            assert not any(abs(value - number) < 6e-4 for number in numbers_in(body)), value
            for places in (3, 4, 6):
                assert f"{value:.{places}f}" not in text


@pytest.mark.slow
@pytest.mark.parametrize("name", often(ready_made(), OFTEN))
def test_a_worksheet_shows_no_table_that_is_asked_or_on_the_way(name: str) -> None:
    built, variant = case(name)
    recipe = built.exercise
    document = worksheet(built, variant)
    shown = tables(document, answer=False)
    wrong = [ask for ask in recipe.asks if ask.kind == "wrong cell"]
    powers_shown = 1 if built.needs_powers else 0
    given = [n for n in built.lesson.tables.values() if n.data is not None and n.role not in ("constant", "shift")]
    assert len(shown) <= len(given) + len(recipe.show) + len(wrong) + powers_shown
    rooms = tables(document, answer=True)
    for question, room in zip(built.questions, rooms, strict=True):
        empty = [(i, j) for i, row in enumerate(room.cells) for j, cell in enumerate(row) if not cell]
        wanted = {"table": question.indices, "wrong cell": [(0, 0), (0, 1)]}.get(question.ask.kind, [(0, 0)])
        assert empty == wanted  # what is not asked has a dash, and no number
        assert {cell for row in room.cells for cell in row} <= {"", "–"}


def test_shown_tables_have_the_students_own_words_and_nothing_behind_them_is_given() -> None:
    built, variant = case("transformer")
    words = [built.lesson.architecture.vocabularies(built.lesson.options)[0].words[int(i)] for i in ids_of(variant)]
    shown = {str(table.caption): table for table in tables(worksheet(built, variant), answer=False)}
    assert shown.keys() == {
        "output (3×2) – Encoder · Layer 1 · Feed-forward",
        "norm1 (2×2) – Decoder · Layer 1 · Self · Attention",
        "W_Q (2×2)",
        "W_K (2×2)",
        "source_mask (1×3) – 1 where a word may be seen, 0 where not",
        "",  # the powers of e
    }
    assert list(shown["output (3×2) – Encoder · Layer 1 · Feed-forward"].rows) == words


def ids_of(variant: Variant) -> list[float]:
    (ids,) = [numbers for node, numbers in variant.values.items() if node.name == "encoder.ids"]
    return [float(i) for i in ids[:, 0]]


@pytest.mark.parametrize("name", often(ready_made(), OFTEN))
def test_there_is_room_for_each_answer(name: str) -> None:
    built, variant = case(name)
    for question, room in zip(built.questions, tables(worksheet(built, variant), answer=True), strict=True):
        rows, columns = map(int, question.node.shape)
        wanted = {"table": (rows, columns), "wrong cell": (1, 2), "cut": (len(question.indices), 1)}
        assert (len(room.cells), len(room.cells[0])) == wanted.get(question.ask.kind, (1, 1))


def test_a_worksheet_says_who_what_and_for_how_many_points() -> None:
    built, variant = distinct()
    blocks = worksheet(built, variant).blocks
    texts = [b.parts[0] for b in blocks if isinstance(b, Paragraph)]
    assert texts == [
        "Name: Ada Lovelace   Id: s1",
        "Take your time.",
        "Shares: each number over the total of its row, so that a row adds up to 1. Rows: the words. Columns: 1…4.",
        "Hint: Powers first.",
        "For other powers of e, use the key e^x of a calculator.",
    ]
    heads = [b.text for b in blocks if isinstance(b, Heading)]
    assert heads == ["Given", "1. Find p. Give 3 decimals. (3 points)", "How to read the rules", "Powers of e"]


def test_who_has_no_name_writes_it() -> None:
    built, _ = distinct()
    first = worksheet(built, variants(built, [], 5, [Student("s2")])[0]).blocks[0]
    assert first == Paragraph(("Name: ______________________________   Id: s2",))


def test_every_kind_of_question_in_its_words() -> None:
    built = attention(*ALL)
    heads = [b.text for b in worksheet(built, variants(built, [], 5, [ADA])[0]).blocks if isinstance(b, Heading)]
    assert heads[1:-2] == [
        "1. Find scores. Give whole numbers. (3 points)",
        "2. Find weights. Give 2 decimals. (3 points)",
        "3. Find the number of Z in row 2 (cat), column 1. Give 2 decimals. (2 points)",
        "4. Which word has the largest number in row 3 (dog) of weights? Count the words from 1. (1 point)",
        "5. One number of V is wrong: give its row and its column, counted from 1. (1.5 points)",
        "6. Find the number of Q in row 1 (the), column 2 exactly, as an expression such as e^2/(e^2+1). (1 point)",
        "7. The number of W_V in row 2, column 2 is missing: find it from what is shown. Give 2 decimals. (0.5 points)",
    ]


@pytest.mark.parametrize("name", ["softmax", "attention-head", "next-word", "tiny-gpt"])
def test_where_e_comes_up_its_powers_are_printed(name: str) -> None:
    assert Heading("Powers of e") in worksheet(*case(name)).blocks


@pytest.mark.parametrize("name", ["matrix-product", "relu", "softmax-in-powers-of-2", "layer-norm", "feed-forward"])
def test_where_e_does_not_come_up_they_are_not(name: str) -> None:
    assert Heading("Powers of e") not in worksheet(*case(name)).blocks


def test_the_powers_are_right() -> None:
    shown = [cell for row in powers().cells for cell in row[1::2] if cell]
    assert sorted(float(str(cell)) for cell in shown) == pytest.approx([exp(n) for n in range(-8, 9)], rel=5e-6)


def test_a_missing_number_is_a_question_mark() -> None:
    built, variant = case("missing-number")
    a, b, c = tables(worksheet(built, variant), answer=False)
    right = variant.numbers[built.lesson.tables["A"]]
    found = [list(row) for row in a.cells]
    assert found[1][0] == "?"
    found[1][0] = f"{right[1, 0]:g}".replace("-", "−")
    assert found == [[f"{value:g}".replace("-", "−") for value in row] for row in right]
    assert "?" not in str(b.cells) + str(c.cells)
    product = right @ variant.numbers[built.lesson.tables["B"]]
    assert c.cells == tuple(tuple(f"{value:g}".replace("-", "−") for value in row) for row in product)


def test_a_wrong_cell_is_shown_wrong() -> None:
    built, variant = case("find-the-wrong-score")
    (planted,) = variant.planted.values()
    shown = tables(worksheet(built, variant), answer=False)[-2 if built.needs_powers else -1]
    assert [[float(str(cell).replace("−", "-")) for cell in row] for row in shown.cells] == planted.tolist()


def test_markup_in_names_stays_text() -> None:
    built, _ = distinct()
    student = Student("<i>7</i>", SPECIALS.replace("\x01", ""))
    variant = variants(built, [], 5, [student])[0]
    for document in (worksheet(built, variant), solution(built, variant)):
        page = page_of(document)
        assert "<i>7" not in page
        assert "a<b>" not in page
        assert "&lt;i&gt;7&lt;/i&gt;" in page
        assert "a&lt;b&gt; &amp; " in page


@pytest.mark.parametrize("name", ["softmax", "matrix-product", "layer-norm", "attention-with-a-pencil", "next-word"])
def test_the_key_works_out_each_number(name: str) -> None:
    built, variant = case(name)
    document = solution(built, variant)
    assert document.title == f"{built.exercise.title}: key for Ada Lovelace (s1)"
    found = np.array(numbers_in(re.sub("<[^>]*>", " ", text_of(document).partition("<body>")[2]).replace("- ", "-")))
    for question, answers in zip(built.questions, variant.answers, strict=True):
        for value in answers:
            assert np.abs(found - abs(value)).min() <= 0.01 or np.abs(found - value).min() <= 0.01, question.ask.table


def test_the_key_of_one_student_leaves_the_problem_as_it_was() -> None:
    built, variant = case("softmax")
    before = html.write(solution(built, variant))
    other = variants(built, [], 6, [Student("s9")])[0]
    assert html.write(solution(built, other)) != before
    assert html.write(solution(built, variant)) == before


@pytest.mark.skipif(find_spec("typst") is None, reason="Typst is not installed: pip install typst")
@pytest.mark.parametrize("kind", [worksheet, solution])
def test_a_pdf_is_the_same_twice(kind: object) -> None:
    from byhand.documents import pdf

    built, variant = case("missing-number" if kind is worksheet else "softmax")
    first = pdf.write(kind(built, variant))
    assert first[:4] == b"%PDF"
    assert first == pdf.write(kind(built, variant))


def test_there_is_room_to_work_at_each_question_and_more_for_more_steps() -> None:
    for name in ("relu", "multi-head"):
        built, variant = case(name)
        assert len([b for b in worksheet(built, variant).blocks if isinstance(b, Room)]) == len(built.questions)
    rooms = [[room_for(built, task) for task in sheet(built).tasks] for built, _ in map(case, ("relu", "multi-head"))]
    (one,), (first, _, last) = rooms
    assert LEAST_ROOM < one < first <= MOST_ROOM
    assert last < first


def test_given_tables_stand_side_by_side() -> None:
    built, variant = case("multi-head")
    (together,) = [b for b in worksheet(built, variant).blocks if isinstance(b, SideBySide)]
    assert [str(table.caption) for table in together.tables][:3] == ["X (2×4)", "head1.W_Q (4×2)", "head1.W_K (4×2)"]


def test_given_numbers_are_printed_without_the_dust_of_binary_fractions() -> None:
    assert [number_on_paper(x, is_given=True) for x in (3 * 0.1, -12 * 0.1, 0.125)] == ["0.3", "−1.2", "0.125"]


def test_a_question_stays_with_its_table_and_cells_that_are_not_asked_are_grey() -> None:
    built, variant = case("bloom")
    blocks = markup(worksheet(built, variant)).split("\n\n")
    about = [block for block in blocks if "Rows: the words" in block]
    assert about
    assert all(block.startswith("#leading[") for block in about)
    (answers,) = [block for block in blocks if "[weights" in block]
    assert answers.count("fill: faint, align: center + horizon)[–]") == 16 - 9


def test_rules_stand_after_the_questions_where_the_text_says_how_to_work() -> None:
    built, variant = case("longest-match")
    *_, rules, __, lines, how, __ = worksheet(built, variant).blocks
    assert [str(block.text) for block in (rules, how)] == ["The same as rules", "How to read the rules"]
    assert lines == Lines(tuple(rule.text() for task in sheet(built).tasks for rule in task.rules), small=True)
    page = page_of(worksheet(built, variant))
    assert page.index("word3.path") < page.index('<ul class="rules small">') < page.index("word1.to_1")


def test_rows_that_are_looked_up_by_numbers_from_0_say_so() -> None:
    """BERT's sheet says that all words are of segment 0, so the first row of S is not the row 1."""
    built, variant = case("bert")
    (given,) = [block for block in worksheet(built, variant).blocks if isinstance(block, SideBySide)]
    rows = {str(table.caption).partition(" ")[0]: [str(label) for label in table.rows] for table in given.tables}
    assert rows["S"] == ["segment 0", "segment 1"]
    assert rows["P"][:2] == ["place 0", "place 1"]


def plain_text(data: bytes) -> str:
    """The text of a file, or of all files in a zip, without markup and the marks of Markdown and JSON."""
    if data.startswith(b"PK"):
        with ZipFile(BytesIO(data)) as archive:
            data = b"\n".join(archive.read(name) for name in sorted(archive.namelist(), key=len))
    text = unescape(re.sub(r"<[^>]*>", " ", unescape(data.decode())))
    return " ".join(re.sub(r"\\n|\\", " ", text).split())


def test_rules_stand_after_the_questions_in_every_format_where_the_text_says_how_to_work() -> None:
    """And at their questions where it does not."""
    for name in ("four-bits", "relu"):
        built, variant = case(name)
        class_variants = [variant]
        files = {
            "html": html.write(worksheet(built, variant)),
            "markdown": markdown.write(worksheet(built, variant)),
            "notebook": ExerciseNotebook(built, practice=False).notebook(variant, "s1"),
            "moodle": moodle.write(built, class_variants),
            "canvas": canvas.write(built, class_variants),
            "canvas, drawn": canvas.write(built, class_variants * 2, shared=True),
            "qti": qti.write(built, class_variants),
        }
        task = sheet(built).tasks[-1]
        for form, data in files.items():
            text = plain_text(data)
            after = text.index(plain_text(task.rules[-1].text().encode())) > text.index(task.about())
            assert after == task.in_words == ("The same as rules" in text), form
