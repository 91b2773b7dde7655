"""A class of fifty-six behaviours: what each hands in, and the verdicts, points and sentence that it should get.

The same file goes through the workbook's marking, through `check`, and, where only answers are typed, through the
rules of Moodle and Canvas. What is right is worked out with numpy in support/behaviours.py.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from support import behaviours as b
from support import canvas_import, moodle_import
from support.class_submissions import a_set
from support.commands import byhand
from support.lms_proof import field_texts

from byhand.cli.show_marks import FileChecker
from byhand.exercises import canvas, moodle
from byhand.exercises.distinct_mistakes import mistakes
from byhand.exercises.draw import Student, variants
from byhand.exercises.formats import wrong_answers
from byhand.exercises.lms_fields import class_parts
from byhand.exercises.problem import problem
from byhand.exercises.recipe import find, read_exercise
from byhand.grading.verdicts import StudentMark, Verdict

WORDS = {
    "right": Verdict.RIGHT,
    "follows": Verdict.FOLLOWS,
    "mistake": Verdict.MISTAKE,
    "rounded": Verdict.ROUNDED,
    "slip": Verdict.SLIP,
    "wrong": Verdict.WRONG,
    "blank": Verdict.BLANK,
    "unread": Verdict.UNREADABLE,
}
ALL = "9 right | 9 right | 12 right"
NONE = "9 blank | 9 blank | 12 blank"
SAME = "9 wrong | 9 wrong | 12 wrong"
FULL = 48
"""The points of the exercise."""
SCORE, WEIGHT, Z = 2, 2, 1
"""The points of one cell of each question."""
HALF = 0.5
"""The share of a known mistake, of rounding and of a slip."""


@dataclass(frozen=True)
class Row:
    """One line of the table.

    verdicts: how many cells of scores | weights | Z have which. points: of FULL. says: a part of a sentence to the
    student. person: a part of what a person is told, for a file that has no grade until somebody looks. moodle, canvas:
    the least and the most of the points there; None where that is in ELSEWHERE, or where no answers are typed.
    """

    verdicts: str
    points: float
    says: str = ""
    person: str = ""
    moodle: tuple[float, float] | None = None
    canvas: tuple[float, float] | None = None


def same(points: float, verdicts: str, says: str = "", person: str = "") -> Row:
    """The same points everywhere."""
    return Row(verdicts, points, says, person, (points, points), (points, points))


NOT_READ = "8 right"
TYPED: dict[str, tuple[b.Behaviour, Row]] = {
    # right, in many notations
    "right, rounded as asked": (b.right, same(FULL, ALL)),
    "right, with all digits": (b.all_digits, same(FULL, ALL)),
    "right, going on with rounded weights": (b.goes_on_with_rounded_weights, same(FULL, ALL)),
    "right, as texts with blanks around": (b.texts(lambda x, n: f" {x:.{n}f} "), same(FULL, ALL)),
    "right, with a decimal comma": (
        b.texts(lambda x, n: f"{x:.{n}f}".replace(".", ",")),
        Row(ALL, FULL, moodle=(FULL, FULL), canvas=(18, 30)),  # Canvas reads a comma as a separator of thousands
    ),
    "right, with the sign of a minus": (
        b.texts(lambda x, n: f"{x:.{n}f}".replace("-", "−")),
        Row(ALL, FULL),
    ),
    "right, weights as percent": (
        b.texts(lambda x, n: f"{100 * x:.0f} %" if 0 < x < 1 and n else x, 1),
        Row(ALL, FULL),
    ),
    "right, about": (b.texts(lambda x, n: f"about {x:.{n}f}"), Row(ALL, FULL)),
    "right, (rounded)": (b.texts(lambda x, n: f"{x:.{n}f} (rounded)"), Row(ALL, FULL)),
    "right, as powers of ten": (b.texts(lambda x, n: f"{x:e}"), Row(ALL, FULL)),
    "right, as formulas": (b.as_formulas, Row(ALL, FULL)),
    # right, but for rounding
    "to one place": (
        b.to_one_place,
        Row(
            "9 right | 9 rounded | 4 right, 2 follows, 6 rounded",
            18 + 9 * HALF * WEIGHT + (6 + 6 * HALF) * Z,
            "Rounded too early, or too far",
        ),
    ),
    "cut off, not rounded": (
        b.cut_off,
        Row("9 right | 2 right, 6 slip, 1 rounded | 12 right", FULL - 7 * HALF * WEIGHT, "It seems to be cut off"),
    ),
    # a slip, and what is carried on
    "one score is off by one": (
        b.slip_in_one_cell,
        Row("8 right, 1 slip | 9 right | 12 right", FULL - HALF * SCORE, "You are one off: add up once more."),
    ),
    "one score is off by one, and all else follows": (
        b.carried_slip,
        Row(
            "8 right, 1 slip | 6 right, 3 follows | 9 right, 3 follows",
            FULL - HALF * SCORE,
            "Right from your own scores.",
        ),
    ),
    "a wrong sign": (
        b.wrong_sign,
        Row("8 right, 1 slip | 9 right | 12 right", FULL - HALF * SCORE, "Only the sign is not right."),
    ),
    "two numbers have changed places": (
        b.two_swapped,
        Row("7 right, 2 mistake | 9 right | 12 right", FULL - SCORE, "have changed places"),
    ),
    # mistakes with a name
    "scores not divided by √4": (
        b.not_scaled,
        Row("9 right | 9 mistake | 3 right, 9 follows", FULL - 9 * HALF * WEIGHT, "You left out the division by √d_k"),
    ),
    "softmax down the columns": (
        b.down_the_columns,
        Row("9 right | 9 mistake | 12 follows", FULL - 9 * HALF * WEIGHT, "You made the columns add up to 1"),
    ),
    "keys in place of values": (
        b.keys_for_values,
        Row("9 right | 9 right | 12 mistake", FULL - 12 * HALF * Z, "You weighted the keys"),
    ),
    "queries and keys swapped": (
        b.queries_and_keys_swapped,
        Row("3 right, 6 mistake | 9 follows | 3 right, 9 follows", FULL - 6 * HALF * SCORE, "You swapped Q and K"),
    ),
    "a mask where none is asked for": (
        b.masked,
        Row(
            "9 right | 3 right, 6 mistake | 6 right, 6 follows",
            FULL - 6 * HALF * WEIGHT,
            "You masked the words to come",
        ),
    ),
    "scores divided by 4": (
        b.divided_by_d_k,
        Row("9 right | 9 mistake | 3 right, 9 follows", FULL - 9 * HALF * WEIGHT, "You divided by d_k"),
    ),
    "scores multiplied by √4": (
        b.multiplied_by_the_root,
        Row("9 right | 9 mistake | 3 right, 9 follows", FULL - 9 * HALF * WEIGHT, "You multiplied by √d_k"),
    ),
    "powers of 2": (
        b.with_weights(b.power_of(2)),
        Row("9 right | 9 mistake | 3 right, 9 follows", FULL - 9 * HALF * WEIGHT, "You took powers of 2"),
    ),
    "powers of 10": (
        b.with_weights(b.power_of(10)),
        Row("9 right | 9 mistake | 3 right, 9 follows", FULL - 9 * HALF * WEIGHT, "You took powers of 10"),
    ),
    "powers not divided by their total": (
        b.with_weights(b.not_normalised),
        Row("9 right | 2 right, 7 mistake | 12 follows", FULL - 7 * HALF * WEIGHT, "You stopped after the powers"),
    ),
    "queries in place of values": (
        b.queries_for_values,
        Row("9 right | 9 right | 12 mistake", FULL - 12 * HALF * Z, "You weighted the queries"),
    ),
    "the weights' columns in place of their rows": (
        b.weights_turned,
        Row("9 right | 9 right | 12 mistake", FULL - 12 * HALF * Z, "You went down the columns"),
    ),
    "keys made with W_V": (
        b.keys_made_with_w_v,
        Row("9 mistake | 9 follows | 3 right, 9 follows", FULL - 9 * HALF * SCORE, "You made the keys with W_V"),
    ),
    "percent without its sign": (
        b.percent_without_its_sign,
        Row("9 right | 9 mistake | 12 right", FULL - 9 * HALF * WEIGHT, "is a percent sign missing?"),
    ),
    "a wrong digit before the point": (
        b.wrong_digit,
        Row("9 right | 8 right, 1 slip | 12 right", FULL - HALF * WEIGHT, "one before it is not."),
    ),
    # nothing, or nothing of one's own
    "blank": (b.blank, same(0, NONE, "Nothing is written here yet.")),
    "the first table alone": (
        b.first_table_alone,
        Row("9 right | 9 blank | 12 blank", 18, "Nothing is written here yet.", moodle=(18, 18), canvas=(18, 18)),
    ),
    "zeros": (b.everywhere(0), Row(SAME, 0, "The same number stands in every cell", moodle=(0, 6), canvas=(0, 6))),
    "ones": (b.everywhere(1), Row(SAME, 0, "The same number stands in every cell", moodle=(0, 6), canvas=(0, 6))),
    "a quarter": (b.everywhere(0.25), Row(SAME, 0, "The same number", moodle=(0, 6), canvas=(0, 6))),
    "the neighbour's numbers": (
        b.neighbours_numbers,
        Row("9 wrong | 1 right, 8 wrong | 12 wrong", WEIGHT, person="likely source", moodle=(0, 12), canvas=(0, 6)),
    ),
    # what is no number
    "a word in one cell": (
        b.one_cell("no idea"),
        Row(f"9 right | {NOT_READ}, 1 unread | 12 right", FULL - WEIGHT, "cannot be read", "'no idea' is no number"),
    ),
    "a question mark in one cell": (
        b.one_cell("?"),
        Row(f"9 right | {NOT_READ}, 1 unread | 12 right", FULL - WEIGHT, "it has a question mark"),
    ),
    "a date in one cell": (
        b.one_cell(b.A_DATE),
        Row(
            f"9 right | {NOT_READ}, 1 unread | 12 right", FULL - WEIGHT, "has made a date", "'2026-01-02' is no number"
        ),
    ),
    "an error in one cell": (
        b.one_cell("=1/0"),
        Row(f"9 right | {NOT_READ}, 1 unread | 12 right", FULL - WEIGHT, "the error #DIV/0!", "'=1/0' is no number"),
    ),
    "TRUE in one cell": (
        b.one_cell(True),
        Row(f"9 right | {NOT_READ}, 1 unread | 12 right", FULL - WEIGHT, "a truth value", "'TRUE' is no number"),
    ),
    "one cell left out": (
        b.one_cell(None),
        Row("9 right | 8 right, 1 blank | 12 right", FULL - WEIGHT, "Nothing is written here yet."),
    ),
}
ELSEWHERE: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    # notations: both read plain numbers alone; Moodle also takes what stands after a number
    "right, with the sign of a minus": ((30, 42), (30, 42)),
    "right, weights as percent": ((30, 36), (30, 36)),
    "right, about": ((0, 0), (0, 0)),
    "right, (rounded)": ((48, 48), (0, 0)),
    "right, as powers of ten": ((48, 48), (48, 48)),
    "right, as formulas": ((30, 36), (30, 36)),
    # rounding and slips: a cell's points at most, since nothing knows of them
    "to one place": ((24, 36), (21, 33)),
    "cut off, not rounded": ((27, 39), (30, 39)),
    "one score is off by one": ((42, 48), (45, 47.4)),
    "one score is off by one, and all else follows": ((30, 42), (33, 42)),
    "a wrong sign": ((42, 48), (45, 47.4)),
    "two numbers have changed places": ((39, 48), (42, 47.4)),
    "a wrong digit before the point": ((39, 48), (45, 47.4)),
    "a word in one cell": ((42, 48), (45, 47.4)),
    "a question mark in one cell": ((42, 48), (45, 47.4)),
    "a date in one cell": ((42, 48), (45, 47.4)),
    "an error in one cell": ((42, 48), (45, 47.4)),
    "TRUE in one cell": ((42, 48), (45, 47.4)),
    "one cell left out": ((42, 48), (45, 47.4)),
    # mistakes: half where they are known and not of one digit, in Canvas mostly nothing, and nothing for what follows
    "scores not divided by √4": ((27, 39), (18, 27)),
    "scores divided by 4": ((27, 39), (18, 27)),
    "scores multiplied by √4": ((24, 39), (18, 27)),
    "powers of 2": ((27, 39), (18, 27)),
    "powers of 10": ((24, 39), (18, 27)),
    "powers not divided by their total": ((21, 36), (18, 27)),
    "softmax down the columns": ((18, 36), (18, 24)),
    "keys in place of values": ((39, 45), (36, 42)),
    "queries in place of values": ((39, 45), (36, 42)),
    "the weights' columns in place of their rows": ((39, 45), (36, 42)),
    "queries and keys swapped": ((15, 30), (6, 15)),
    "keys made with W_V": ((9, 30), (0, 9)),
    "a mask where none is asked for": ((30, 42), (27, 36)),
    "percent without its sign": ((30, 39), (30, 39)),
}
"""What the behaviours that earn something else there earn in Moodle, and in Canvas: the least and the most."""
FILES: dict[str, tuple[b.File, Row]] = {
    "a row inserted": (b.changed(b.row_inserted), Row(ALL, FULL)),
    "a column inserted": (b.changed(b.column_inserted), Row(ALL, FULL)),
    "renamed sheets": (b.changed(b.renamed_sheets), Row(ALL, FULL)),
    "saved as .ods": (b.ODS, Row(ALL, FULL)),
    "saved as .xls": (b.XLS, Row(ALL, FULL)),
    "saved by Gnumeric": (b.GNUMERIC, Row(ALL, FULL)),
    "saved as .csv": (b.in_csv, Row(ALL, FULL)),
    "a given number changed": (b.changed(b.given_changed), Row(ALL, FULL, person="is not as handed out")),
    "the id erased": (b.changed(b.id_erased), Row(ALL, FULL, person="states no id any more")),
    "somebody else's book": (
        b.somebody_elses_book,
        Row("9 wrong | 1 right, 8 wrong | 12 wrong", WEIGHT, person="was made for another student"),
    ),
    "answers in a new sheet": (b.answers_in_a_new_sheet, Row(NONE, 0, person="none are asked for: Answers!")),
    "answers in a copied tab": (b.answers_in_a_copied_tab, Row(NONE, 0, person="for: Attention Copy!")),
}
COUNT = 4
RECIPE = str(Path(__file__).parents[1] / "data" / "attention-head.toml")
"""One attention head of small numbers: the rows above are about what its first student is given."""
CLASS = {**TYPED, **FILES}


@pytest.fixture(scope="module")
def pupil(tmp_path_factory: pytest.TempPathFactory) -> b.Pupil:
    folder = tmp_path_factory.mktemp("behaviours")
    return b.Pupil(folder, a_set(folder, COUNT, RECIPE, formats=("xlsx",)))


def handed_in(pupil: b.Pupil, behaviour: str, folder: Path) -> Path:
    if behaviour in FILES:
        return FILES[behaviour][0](pupil, folder)
    return b.plain(pupil, folder, TYPED[behaviour][0](pupil))


def counted(text: str) -> list[Counter[Verdict]]:
    """9 right | 8 right, 1 blank | 12 right -> the verdicts of each question."""
    parts = [re.findall(r"(\d+) (\w+)", part) for part in text.split("|")]
    return [Counter({WORDS[word]: int(n) for n, word in part}) for part in parts]


def by_question(marks: StudentMark) -> list[Counter[Verdict]]:
    return [Counter(cell.verdict for cell in marks.cells if cell.question == n) for n in range(3)]


@pytest.fixture(scope="module")
def checker(pupil: b.Pupil) -> Iterator[FileChecker]:
    opened = FileChecker(pupil.folder, reveal=False, as_json=False)
    yield opened
    opened.grader.__exit__(None, None, None)


@pytest.mark.parametrize("behaviour", CLASS)
def test_in_the_workbook_and_in_check(behaviour: str, pupil: b.Pupil, checker: FileChecker, tmp_path: Path) -> None:
    """The marks of the file, and what the command prints: points, sentence, and what a person must look at."""
    row, path = CLASS[behaviour][1], handed_in(pupil, behaviour, tmp_path)
    marks = checker.grader.mark(path).marks
    assert by_question(marks) == counted(row.verdicts)
    assert marks.points == pytest.approx(row.points)
    assert row.says in " ".join(cell.sentence for cell in marks.cells)
    assert bool(marks.warnings) == bool(row.person), marks.warnings
    assert row.person in " ".join(marks.warnings)
    text, all_right = checker(path)
    said = " ".join(text.split())
    assert all_right == (row.verdicts == ALL and not row.person)
    assert f" {row.points:.2f}".rstrip("0").rstrip(".") + f" of {FULL} points" in said
    assert ("A person must look at this: " in said) == bool(row.person)
    assert row.person in said


@pytest.mark.slow
def test_a_few_of_them_through_the_command(pupil: b.Pupil, tmp_path: Path) -> None:
    for n, (behaviour, code) in enumerate({"saved as .ods": 0, "blank": 1, "answers in a new sheet": 1}.items()):
        (tmp_path / str(n)).mkdir()
        path = handed_in(pupil, behaviour, tmp_path / str(n))
        assert byhand(f"byhand check {path} --key {pupil.folder}").exit_code == code


@pytest.mark.slow
def test_the_zip_of_the_class(pupil: b.Pupil, tmp_path: Path) -> None:
    line = f"byhand grade {b.in_a_zip(pupil, tmp_path)} --key {pupil.folder} -o {tmp_path / 'out'} --jobs 1"
    assert byhand(line).stdout.startswith("4 students: 1 graded, 3 missing.\n")


@cache
def systems() -> tuple[object, object, list[object]]:
    """The first student's question in Moodle and in Canvas, and what their fields ask for."""
    asked = problem(read_exercise(find(RECIPE)))
    shown = mistakes(asked)
    students = [Student(f"s{n:03}", f"Student {n}") for n in range(1, COUNT + 1)]
    drawn = variants(asked, [changes for _, changes in shown], 3, students)
    wrong = wrong_answers(asked, shown, drawn)
    first = next(iter(class_parts(asked, drawn, wrong)))
    in_moodle = moodle_import.read(moodle.write(asked, drawn, wrong))[0]
    in_canvas = canvas_import.read(canvas.write(asked, drawn, wrong))[0]
    return in_moodle, in_canvas, list(first)


@pytest.mark.parametrize("behaviour", TYPED)
def test_in_moodle_and_canvas(behaviour: str, pupil: b.Pupil) -> None:
    make, row = TYPED[behaviour]
    in_moodle, in_canvas, asked = systems()
    rows = make(pupil)
    texts = [("" if x is None else x if isinstance(x, str) else f"{x:.10g}") for typed in rows for x in typed]
    assert len(texts) == len(field_texts(asked, [b.np.zeros(9), b.np.zeros(9), b.np.zeros(12)]))
    everywhere = ELSEWHERE[behaviour] if row.moodle is None or row.canvas is None else (row.moodle, row.canvas)
    for system, bounds in zip((in_moodle, in_canvas), everywhere, strict=True):
        points = FULL * system.mark(texts).mark
        assert bounds[0] - 1e-6 <= points <= bounds[1] + 1e-6, points


def test_there_are_forty_behaviours_and_more() -> None:
    assert len(CLASS) + 1 >= 40
