"""An exam: several exercises with one workbook, one worksheet, one key and one grade; its parts do not touch."""

from __future__ import annotations

import json
import re
import tomllib
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from byhand.cli.main import main
from byhand.errors import ByhandError
from byhand.exercises.class_set import SetOptions, make_set
from byhand.exercises.distinct_mistakes import mistakes
from byhand.exercises.draw import Student, Variant, variants
from byhand.exercises.exam import ExamTable, PartTable, shared_points
from byhand.exercises.lint import exam_report
from byhand.exercises.problem import Problem, problem
from byhand.exercises.recipe import PartialCredit, exercise_of, find, read_exercise, ready_made, ready_made_exams
from byhand.exercises.roster import numbered
from byhand.grading.marking import Grader, load_key
from byhand.grading.verdicts import Verdict
from byhand.layers.attention import NEG_INF
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe

EXAM = """
title = "Final exam"
[[exercise]]
recipe = "softmax"
points = 10
[[exercise]]
recipe = "attention-head"
points = 12
[[exercise]]
recipe = "softmax"
points = 5
title = "Softmax again"
"""
HERE = Path("final.toml")
TITLES = ("Softmax", "One attention head", "Softmax again")


def exam(text: str = EXAM) -> Problem:
    return problem(exercise_of(tomllib.loads(text), HERE))


def drawn(built: Problem, count: int = 3) -> list[Variant]:
    return variants(built, [changed for _, changed in mistakes(built)], 7, [Student(f"s{n}") for n in range(count)])


def refusal(text: str) -> str:
    with pytest.raises(ByhandError) as refused:
        exam(text)
    return str(refused.value)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A set of the exam in the folder `exam`; its key."""
    monkeypatch.chdir(tmp_path)
    HERE.write_text(EXAM, "utf-8")
    make_set(SetOptions(HERE, Path("exam"), numbered(3), seed=1, formats=("xlsx", "html", "moodle", "canvas")))
    key: dict[str, Any] = json.loads(Path("exam", "keys", "key.json").read_bytes())
    return key


def answered(key: dict[str, Any], changes: dict[int, Any], student: str = "student-001") -> Path:
    """Return a book with the student's right answers, rounded; changes: by question, a function of its answers."""
    line = key["students"][student]
    book = load_workbook(f"exam/students/{line['file']}.xlsx")
    for n, (question, answers) in enumerate(zip(key["questions"], line["answers"], strict=True)):
        for cell, value in zip(question["cells"], changes.get(n, list)(answers), strict=True):
            book[question["sheet"]][cell] = round(value, question["places"])
    path = Path("handed in", f"{line['file']}.xlsx")
    path.parent.mkdir(exist_ok=True)
    book.save(path)
    return path


def test_an_exam_has_the_questions_of_its_parts_with_the_points_that_it_gives_them() -> None:
    whole = exam().exercise
    assert [ask.table for ask in whole.asks] == [
        *("part1.probabilities", "part2.scores", "part2.weights", "part2.Z", "part3.probabilities"),
    ]
    assert [ask.points for ask in whole.asks] == [10, 4.5, 4.5, 3, 5]
    assert (whole.points, whole.title, whole.name) == (27, "Final exam", "final")
    softmax, head = (read_exercise(find(name)) for name in ("softmax", "attention-head"))
    assert (whole.minutes, whole.level) == (2 * softmax.minutes + head.minutes, 3)
    assert whole.teaches == f"{softmax.title} · {head.title} · Softmax again"


@pytest.mark.parametrize(
    ("weights", "total", "shares"),
    [
        ([3.0], 10, [10]),
        ([3, 3, 2], 12, [4.5, 4.5, 3]),
        ([3, 3, 2], 8, [3, 3, 2]),
        ([1, 1, 1, 1], 10, [2.5, 2.5, 2.5, 2.5]),
        ([1, 1, 1], 10, [3.5, 3.25, 3.25]),
        ([1, 1, 1], 1, [1 / 3, 1 / 3, 1 / 3]),
        ([1, 100], 10, [10 / 101, 1000 / 101]),
    ],
)
def test_points_are_shared_in_proportion_and_plain_where_they_can_be(
    weights: list[float], total: float, shares: list[float]
) -> None:
    assert shared_points(weights, total) == pytest.approx(shares)
    assert sum(shared_points(weights, total)) == pytest.approx(total)


def test_each_part_is_drawn_on_its_own() -> None:
    built, other = exam(), exam(EXAM.replace("attention-head", "layer-norm"))
    ours, theirs = drawn(built), drawn(other)
    for one, another in zip(ours, theirs, strict=True):
        tables = [
            {node.name: table.tolist() for node, table in variant.numbers.items() if "part2" not in node.name}
            for variant in (one, another)
        ]
        assert tables[0] == tables[1]
        first, third = (tables[0][f"part{n}.X"] for n in (1, 3))
        assert first != third


def test_the_conditions_of_each_part_hold_for_it() -> None:
    built = exam()
    for variant in drawn(built, 20):
        scaled = variant.values[built.parts[1].lesson.tables["scaled"]]
        assert (scaled == np.rint(scaled)).all()
        for part in built.parts:
            for table in (variant.values[node] for node in part.computed):
                assert np.abs(table).max() <= part.exercise.largest


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({*[*ready_made()][::7], "order-of-merges"}))
def test_a_part_computes_what_the_exercise_alone_does(name: str) -> None:
    compare_with_the_exercise_alone(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ready_made())
def test_every_part_computes_what_the_exercise_alone_does(name: str) -> None:
    compare_with_the_exercise_alone(name)


def compare_with_the_exercise_alone(name: str) -> None:
    built = exam(f'title = "T"\n[[exercise]]\nrecipe = "softmax"\n[[exercise]]\nrecipe = "{name}"\n')
    alone = problem(read_exercise(find(name)))
    part = built.parts[1]
    (variant,) = drawn(built, 1)
    assert [part.local_name(node) for node in part.drawn] == [node.name for node in alone.drawn]
    numbers = {n: variant.numbers[node][None] for n, node in zip(alone.drawn, part.drawn, strict=True)}
    answers = alone.solve(numbers)
    mine = variant.answers[len(built.parts[0].questions) :]
    for question, ours, theirs in zip(alone.questions, mine, answers, strict=True):
        if question.ask.kind != "wrong cell":
            assert np.array_equal(ours.ravel(), theirs[0])
    assert [m.name for m, _ in mistakes(part)] == [m.name for m, _ in mistakes(alone)]
    assert all(node.name.startswith("part2.") for node in part.nodes if node.name and node is not NEG_INF)


@pytest.mark.slow
def test_the_key_holds_the_whole_recipes_and_has_the_form_of_every_key(made: dict[str, Any]) -> None:
    softmax = tomllib.loads(find("softmax").read_text("utf-8"))
    assert made["recipe"]["exercise"][0] == {"name": "softmax", "recipe": softmax, "points": 10}
    assert [q["points"] for q in made["questions"]] == [10, 4.5, 4.5, 3, 5]
    assert {q["sheet"] for q in made["questions"]} == {"Part 1 Softmax", "Part 2 Attention", "Part 3 Softmax"}
    assert all(len(s["answers"]) == 5 for s in made["students"].values())


def test_a_changed_recipe_of_a_part_is_another_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    part = Path("mine.toml")
    part.write_text(find("softmax").read_text("utf-8"), "utf-8")
    HERE.write_text('title = "T"\n[[exercise]]\nrecipe = "mine.toml"\n', "utf-8")
    options = SetOptions(HERE, Path("exam"), numbered(2), seed=1, formats=("html",))
    make_set(options)
    part.write_text(part.read_text("utf-8").replace("places = 3", "places = 2"), "utf-8")
    with pytest.raises(ByhandError) as refused:
        make_set(options)
    assert str(refused.value).startswith("exam holds a set of another version of the recipe: ")
    part.unlink()
    assert Grader(load_key(Path("exam"))).marker.problem.exercise.points == 12  # the key needs no other file


@pytest.mark.slow
def test_right_answers_earn_all_points_and_one_grade(made: dict[str, Any]) -> None:
    path = answered(made, {})
    result = CliRunner().invoke(main, ["check", str(path), "--key", "exam", "--json"])
    checked = json.loads(result.stdout)
    assert (result.exit_code, checked["points"], checked["most"]) == (0, 27, 27)
    result = CliRunner().invoke(main, ["grade", "handed in", "--key", "exam", "-o", "marks", "--jobs", "1", "--json"])
    graded = json.loads(result.stdout)
    assert [g["points"] for g in graded["grades"]] == [27, None, None]
    assert graded["most"] == 27


@pytest.mark.slow
def test_a_mistake_in_one_part_counts_there_alone(made: dict[str, Any]) -> None:
    """A wrong table in part 2 is carried forward inside part 2; the parts with the same recipe are not touched."""
    path = answered(made, {0: lambda row: [x + 0.25 for x in row], 1: lambda row: [row[0] + 2, *row[1:]]})
    with Grader(load_key(Path("exam"))) as grader:
        marks = grader.mark(path).marks.cells
    verdicts = [{mark.verdict for mark in marks if mark.question == n} for n in range(5)]
    assert Verdict.RIGHT not in verdicts[0]
    assert verdicts[1] == {Verdict.RIGHT, Verdict.SLIP} or verdicts[1] == {Verdict.RIGHT, Verdict.WRONG}
    assert verdicts[4] == {Verdict.RIGHT}
    assert sum(mark.most for mark in marks) == pytest.approx(27)


@pytest.mark.slow
def test_a_known_mistake_is_named_in_its_part(made: dict[str, Any]) -> None:
    grader = Grader(load_key(Path("exam")))
    built = grader.marker.problem
    student = made["students"]["student-001"]
    given = {node: np.array([student["drawn"][node.name]], dtype=float) for node in built.drawn}
    name, changed = next((m.name, c) for m, c in mistakes(built) if not built.parts[2].nodes.isdisjoint(c))
    wrong = [row[0].tolist() for row in built.solve(given, changed)]
    assert [np.round(row, 9).tolist() for row in wrong[:4]] == [
        np.round(row, 9).tolist() for row in student["answers"][:4]
    ]
    path = answered(made, {4: lambda row: wrong[4]})
    with grader:
        marks = grader.mark(path).marks.cells
    named = {(mark.question, mark.mistake) for mark in marks if mark.mistake}
    assert named == {(4, name)}
    assert all(mark.verdict is Verdict.RIGHT for mark in marks if mark.question < 4)


def test_marks_of_the_exam_apply_to_all_parts_and_else_each_part_keeps_its_own() -> None:
    recipe = tomllib.loads(find("softmax").read_text("utf-8"))
    own = {"recipe": recipe | {"marks": {"mistake": 0.25}}, "name": "mine"}
    table = {"title": "T", "exercise": [own, {"recipe": "softmax"}]}
    credits_ = [part.partial_credit for part in exercise_of(table, HERE).parts]
    assert credits_ == [PartialCredit(mistake=0.25), PartialCredit()]
    credits_ = [part.partial_credit for part in exercise_of(table | {"marks": {"slip": 0.75}}, HERE).parts]
    assert credits_ == [PartialCredit(slip=0.75)] * 2


def test_lint_holds_an_exams_minutes_and_level_against_its_parts(tmp_path: Path) -> None:
    parts = '[[exercise]]\nrecipe = "softmax"\n[[exercise]]\nrecipe = "attention-head"\n'
    claims = []
    for own in ("", "minutes = 60\nlevel = 3\n", "minutes = 3\nlevel = 1\n"):
        built = problem(exercise_of(tomllib.loads(f'title = "T"\n{own}{parts}'), HERE))
        claims.append(exam_report(built, []).claims)
    work = round(sum(part.work_minutes for part in built.parts))
    assert claims == [
        (),
        (),
        (
            f"The work takes about {work} minutes by hand, not 3: change minutes, or ask for more or less.",
            "The exam has level 1, but its hardest part has level 3: leave out level, or change it.",
        ),
    ]
    report = exam_report(built, [])
    assert not report.ok
    assert report.lines()[-3:] == ["2 things are wrong:", *(f"  {claim}" for claim in claims[-1])]


@pytest.mark.slow
def test_lint_reports_on_each_part(tmp_path: Path) -> None:
    path = tmp_path / "final.toml"
    path.write_text('title = "T"\n[[exercise]]\nrecipe = "softmax"\n[[exercise]]\nrecipe = "dot-product"\n', "utf-8")
    result = CliRunner().invoke(main, ["exercise", str(path), "--lint", "--seeds", "20", "--json"])
    report = json.loads(result.stdout)
    assert [part["exercise"] for part in report["parts"]] == ["final, part 1 (softmax)", "final, part 2 (dot-product)"]
    assert report["ok"] == all(part["ok"] for part in report["parts"])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            'exercise = "softmax"',
            "In the exam final.toml, exercise is a list of tables [[exercise]], each with a recipe.",
        ),
        ("exercise = []", "The exam final.toml has 1 to 26 tables [[exercise]], not 0."),
        (
            "[[exercise]]\npoints = 3",
            'Part 1 of the exam final.toml names no recipe: add a line such as recipe = "softmax".',
        ),
        (
            '[[exercise]]\nrecipe = "sofmax"',
            "There is no exercise 'sofmax'; the nearest is softmax (`byhand exercise --list` lists all).",
        ),
        ('[[exercise]]\nrecipe = "nowhere.toml"', "There is no recipe nowhere.toml: check its name and folder."),
        (
            "[[exercise]]\nrecipe = 3",
            "In part 1 of the exam final.toml, recipe is a name, a file or a table, not 3.",
        ),
        *(
            (
                f'[[exercise]]\nrecipe = "softmax"\npoints = {points}',
                f"In part 1 of the exam final.toml, 'points' must be a number above 0, at most 1,000, not {read}.",
            )
            for points, read in (("0", "0"), ("-1", "-1"), ("1e9", "1000000000.0"))
        ),
        *(
            (
                f'[[exercise]]\nrecipe = "softmax"\npoints = {points}',
                f"In the exam final.toml, 'exercise[1].points' is {read}: "
                "write a number from -1,000,000,000,000,000 to 1,000,000,000,000,000.",
            )
            for points, read in (("nan", "nan"), ("inf", "inf"), ("1e308", "1e+308"))
        ),
        (
            '[[exercise]]\nrecipe = "softmax"\nplaces = 3',
            "Part 1 of the exam final.toml has an unknown key 'places'; there are: recipe, name, points, title, text.",
        ),
        (
            '[[exercise]]\nrecipe = "softmax"\n[[exercise]]\n[[exercise.recipe.exercise]]\nrecipe = "softmax"',
            "Part 2 of the exam final.toml is an exam itself: name its exercises one by one.",
        ),
        (
            '[[exercise]]\nrecipe = "softmax"\n[marks]\nslip = 2',
            "In the table [marks] of the exam final.toml, 'slip' must be a number from 0 to 1, not 2.",
        ),
    ],
)
def test_what_an_exam_may_not_be(text: str, why: str) -> None:
    assert refusal(f'title = "T"\n{text}') == why


def test_an_exam_needs_a_title_and_knows_its_keys() -> None:
    part = '[[exercise]]\nrecipe = "softmax"\n'
    assert refusal(part) == "The exam final.toml has no 'title': add it."
    keys = "title, exercise, teaches, text, minutes, level, marks, language"
    assert refusal(f'title = "T"\nask = 1\n{part}') == (
        f"The exam final.toml has an unknown key 'ask'; there are: {keys}."
    )
    assert list(ExamTable.__dataclass_fields__) == keys.split(", ")
    assert list(PartTable.__dataclass_fields__) == ["recipe", "name", "points", "title", "text"]
    bounds = {
        "minutes = 0": "'minutes' must be a whole number from 1 to 1,440",
        "level = 6": "'level' must be a whole number from 1 to 5",
    }
    for line, why in bounds.items():
        assert refusal(f'title = "T"\n{line}\n{part}') == f"In the exam final.toml, {why}, not {line[-1]}."
    assert refusal(f'title = "T"\nlanguage = "fr"\n{part}') == "There is no language 'fr'; there are: en, de, zh."


def test_a_wrong_part_names_itself() -> None:
    text = EXAM.replace('recipe = "attention-head"', 'recipe = { model = "attention", title = "T" }')
    assert refusal(text) == ("The exercise attention.toml has no 'teaches': add it (a ready-made one shows how).")


@pytest.mark.slow
def test_what_students_read_is_in_parts_in_every_format(made: dict[str, Any]) -> None:
    """Each part has its heading, its given tables and its questions; only names that two parts have get a prefix."""
    with ZipFile("exam/keys/canvas.zip") as archive:
        name = next(n for n in archive.namelist() if "meta" not in n and "manifest" not in n)
        canvas = unescape(archive.read(name).decode())
    texts = [
        Path("exam", "students", "student-001.html").read_text("utf-8"),
        Path("exam", "keys", "moodle.xml").read_text("utf-8").split("</question>")[1],
        re.sub(r'title="[^"]*"', "", canvas),
    ]
    for text in texts:
        places = [text.find(f"Part {n}: {title}") for n, title in enumerate(TITLES, 1)]
        questions = [text.find(f"Find {name}") for name in ("part1.p", "scores", "weights", "Z")]
        questions.append(text.rfind("Find part3.p"))
        order = [places[0], questions[0], places[1], *questions[1:4], places[2], questions[4]]
        assert -1 not in order
        assert order == sorted(order)
        assert [text[a:b].count("W_Q") > 0 for a, b in pairwise([*places, len(text)])] == [False, True, False]
        assert "part2.W_Q" not in text


@pytest.mark.slow
def test_the_first_sheet_of_the_workbook_lists_the_parts(made: dict[str, Any]) -> None:
    book = load_workbook("exam/students/student-001.xlsx")
    texts = [cell.value for row in book["Exercise"] for cell in row if isinstance(cell.value, str)]
    listed = [text for text in texts if re.match(r"Part \d:|Find", text)]
    assert listed == [
        *("Part 1: Softmax (10 points)", "Find part1.p. Give 3 decimals."),
        *("Part 2: One attention head (12 points)", "Find scores. Give whole numbers."),
        *("Find weights. Give 2 decimals.", "Find Z. Give 2 decimals."),
        *("Part 3: Softmax again (5 points)", "Find part3.p. Give 3 decimals."),
    ]


@pytest.mark.parametrize("name", ready_made_exams())
@pytest.mark.slow
def test_a_ready_made_exam_can_be_set_and_solved(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exercise = read_exercise(find(name))
    assert len(exercise.parts) >= 3
    assert {ask.points * 4 % 1 for ask in exercise.asks} == {0}
    result = make_set(SetOptions(find(name), Path("exam"), numbered(2), seed=1, formats=("xlsx", "pdf")))
    assert result.exercise.points == exercise.points
    path = answered(json.loads(Path("exam", "keys", "key.json").read_bytes()), {})
    with Grader(load_key(Path("exam"))) as grader:
        assert grader.mark(path).marks.points == pytest.approx(exercise.points)
    listed = CliRunner().invoke(main, ["exercise", "--list", name, "--json"])
    assert [row["name"] for row in json.loads(listed.stdout)["exercises"]] == [name]


def test_questions_of_every_kind_are_marked_in_an_exam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    recipes = ("find-the-wrong-score", "missing-number", "who-looks-at-whom", "gradient-step")
    parts = "".join(f'[[exercise]]\nrecipe = "{name}"\n' for name in recipes)
    HERE.write_text(f'title = "Kinds"\n{parts}', "utf-8")
    result = make_set(SetOptions(HERE, Path("exam"), numbered(2), seed=1, practice=True))
    kinds = [ask.kind for ask in result.exercise.asks]
    assert {"wrong cell", "missing", "choice", "table"} <= set(kinds)
    path = answered(json.loads(Path("exam", "keys", "key.json").read_bytes()), {})
    for key in (Path("exam"), Path("exam", "students", "student-001.key.json")):
        with Grader(load_key(key)) as grader:
            marks = grader.mark(path).marks
            assert (marks.points, marks.warnings) == (result.exercise.points, ())


def test_an_exam_changes_no_table_that_other_graphs_have() -> None:
    """The one −∞ of all graphs keeps its name, whatever is built before or after."""
    problem(read_exercise(find("midterm")))
    assert NEG_INF.name == "neg_inf"
    assert NEG_INF.scope.outward[-1].name == ""
    assert "neg_inf" in build(Recipe("gpt2")).tables
