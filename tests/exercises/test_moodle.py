"""Moodle XML: what is in the file, what Moodle would make of it, and that the same class gives the same bytes."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import moodle_import
from support.examples import examples
from support.lms_proof import field_texts
from support.small_exercises import SPECIALS, a_class, attention, shifted, with_answers

from byhand.errors import ByhandError
from byhand.exercises import moodle
from byhand.exercises.draw import Student
from byhand.exercises.lms_fields import MOST_LISTED, Mistake, class_parts, parts
from byhand.exercises.recipe import Ask

EXAMPLE = Path(__file__).parents[1] / "data/lms/moodle.xml"
PROBLEM = attention()
CLASS = a_class(PROBLEM)
ONE = attention(Ask("Z", kind="cell", cell=(1, 1), points=2, places=3, hint="Only one row."))
finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e28, max_value=1e28)


def tree(data: bytes) -> ET.Element:
    return ET.fromstring(data)


def vocabulary(root: ET.Element) -> set[tuple[str, str]]:
    """Each element with its parent, and each attribute with its element."""
    inside = {(parent.tag, child.tag) for parent in root.iter() for child in parent}
    return inside | {(e.tag, f"@{name}") for e in root.iter() for name in e.attrib}


def test_nothing_stands_in_the_file_that_the_example_has_not() -> None:
    files = [moodle.write(PROBLEM, CLASS), moodle.write(ONE, a_class(ONE))]
    known = vocabulary(tree(EXAMPLE.read_bytes()))
    for file in files:
        assert vocabulary(tree(file)) <= known


def test_one_category_and_one_question_a_student() -> None:
    root = tree(moodle.write(PROBLEM, CLASS))
    assert [q.get("type") for q in root] == ["category", "cloze", "cloze", "cloze"]
    assert root.findtext("question/category/text") == "$course$/top/byhand/one-head"
    assert [q.findtext("idnumber") for q in root][1:] == [f"byhand:one-head:s00{n}" for n in (1, 2, 3)]
    assert [t.text for t in root.iterfind("question[2]/tags/tag/text")] == ["level:3", "student:s001"]


def test_a_single_number_is_a_numerical_question() -> None:
    [variant] = a_class(ONE, 1)
    question = tree(moodle.write(ONE, [variant], [[shifted(variant, 1.0, 1 / 3, "Too much.")]])).find("question[2]")
    assert question is not None
    assert question.get("type") == "numerical"
    assert question.findtext("defaultgrade") == "2"
    answers = question.findall("answer")
    assert [a.get("fraction") for a in answers] == ["100", "33.33333", "0"]
    assert [a.findtext("tolerance") for a in answers] == ["0.0005", "0.0005", "0"]
    assert [a.findtext("feedback/text") for a in answers] == ["Right.", "Too much.", ""]
    assert float(answers[0].findtext("text") or "") == float(variant.answers[0][0])
    assert answers[2].findtext("text") == "*"


def test_the_text_of_a_question_is_well_formed_and_tables_have_their_shapes() -> None:
    for variant, element in zip(CLASS, list(tree(moodle.write(PROBLEM, CLASS)))[1:], strict=True):
        text = tree(f"<div>{element.findtext('questiontext/text')}</div>".encode())
        shapes = [
            (len([r for r in t.iter("tr") if r.find("td") is not None]), len(list(t.iter("td"))))
            for t in text.iter("table")
        ]
        assert shapes[:4] == [(3, 9), (3, 12), (3, 12), (3, 12)], "X, W_Q, W_K and W_V"
        assert shapes[4:] == [(3, 9), (3, 9), (3, 12)], "scores, weights, and V with its wrong cell"
        x = next(iter(variant.numbers.values()))
        first = next(text.iter("table"))
        assert [float(td.text or "") for td in first.iter("td")] == x.ravel().tolist()


def test_the_number_that_is_missing_is_not_in_the_given_table() -> None:
    text = tree(moodle.write(PROBLEM, CLASS[:1])).findtext("question[2]/questiontext/text") or ""
    tables = list(tree(f"<div>{text}</div>".encode()).iter("table"))
    assert [[td.text for td in row.iter("td")] for row in tables[3].iter("tr")][1][1] == "?"
    assert "?" not in [td.text for table in tables[:3] for td in table.iter("td")]


def test_the_table_with_a_wrong_cell_is_shown_as_planted() -> None:
    [variant] = CLASS[:1]
    [planted] = variant.planted.values()
    text = tree(moodle.write(PROBLEM, [variant])).findtext("question[2]/questiontext/text") or ""
    last = list(tree(f"<div>{text}</div>".encode()).iter("table"))[-1]
    assert [float(td.text or "") for td in last.iter("td")] == pytest.approx(planted.ravel().tolist())


def test_weights_add_up_to_the_points() -> None:
    """ALL has 12 points, 1.5 and 0.5 among them; nine scores share 3 marks, so three count, one in each row."""
    asked = parts(PROBLEM, CLASS[0], ())
    marks = moodle.weights(asked, "s001")
    assert [sum(marks[part.number]) for part in asked] == [3, 3, 2, 1, 2, 1, 0]
    [question] = moodle_import.read(moodle.write(PROBLEM, CLASS[:1]))
    assert question.marks == 12 == PROBLEM.exercise.points
    for part in asked[:2]:
        chosen = [place for place, weight in zip(part.places, marks[part.number], strict=True) if weight]
        assert len({row for row, _ in chosen}) == len(chosen) == 3


def test_what_is_typed_without_work_is_told_but_not_paid() -> None:
    """A named mistake whose answer is a number of one digit would pay whoever types 0, 1 or 3 everywhere."""
    problem = attention(Ask("scores", points=9, places=0))
    keys = [2.0, 3, 4, 5, 6, 7, 8, 9, 10]
    variant = with_answers(CLASS[0], [keys])
    by_hand = [Mistake("m", f"You took {n}.", 0.5, [np.array(keys) - by]) for n, by in ((1, 5.0), (2, 41.0))]
    [question] = moodle_import.read(moodle.write(problem, [variant], [by_hand]))
    for guess in (-3, 0, 1):
        typed = question.mark([str(guess)] * 9)
        assert (typed.mark, typed.feedback) == (0, ("You took 1.",))
    assert question.mark([f"{key - 41:g}" for key in keys]).mark == 0.5


def test_margins_hold_rounded_earlier_answers_and_no_zero() -> None:
    """Rows of weights times V: going on with rounded weights is right, and neither 0 nor a mistake is."""
    problem = attention(Ask("weights", points=3), Ask("Z", points=2))
    variants_of = a_class(problem, 20)
    z = [part.fields for asked in class_parts(problem, variants_of) for part in asked[1:]]
    assert max(field.margin for fields in z for field in fields) > 0.01
    for fields in z:
        assert not [field for field in fields if abs(field.key) > 0.01 and field.is_right(0)]
    weights = [field for asked in class_parts(problem, variants_of) for field in asked[0].fields]
    assert {field.margin for field in weights} == {0.005}


def test_which_numbers_count_differs_from_student_to_student() -> None:
    asked = parts(PROBLEM, CLASS[0], ())
    patterns = {str(moodle.weights(asked, f"s{n}")) for n in range(40)}
    assert len(patterns) > 20
    assert moodle.weights(asked, "s1") == moodle.weights(asked, "s1")


def test_a_zero_or_a_one_counts_only_if_there_is_nothing_else() -> None:
    """Otherwise zeros typed everywhere would earn more than their share."""
    problem = attention(Ask("scores", points=3, places=0))
    asked = parts(problem, with_answers(CLASS[0], [[0, 0, 0, 0, 1, 2, 2, 5, 7]]), ())
    for n in range(20):
        marks = moodle.weights(asked, f"s{n}")[1]
        counted = [field.key for field, weight in zip(asked[0].fields, marks, strict=True) if weight]
        assert sorted(counted) == [2, 5, 7]


@pytest.mark.parametrize(
    ("points", "cells", "total"), [(9, 9, 9), (20, 9, 20), (0.5, 1, 1), (0.25, 9, 1), (2.5, 9, 3), (7, 9, 7)]
)
def test_any_points_become_whole_marks(points: float, cells: int, total: int) -> None:
    problem = attention(
        Ask("scores", points=points, kind="table" if cells == 9 else "cell"), Ask("Q", kind="cell", points=3)
    )
    asked = parts(problem, a_class(problem, 1)[0], ())
    marks = moodle.weights(asked, "s1")
    assert sum(map(sum, marks.values())) == moodle.whole_marks(points + 3)
    assert max(marks[1]) - min(marks[1]) <= 1
    assert moodle.whole_marks(points) == total


def test_a_large_class_is_split_into_files(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = moodle.write(PROBLEM, CLASS)
    assert moodle.class_files(PROBLEM, CLASS) == [whole]
    monkeypatch.setattr(moodle, "MOST_BYTES", len(whole) // 2)
    files = moodle.class_files(PROBLEM, CLASS)
    assert len(files) == 3
    assert max(map(len, files)) < len(whole) // 2 + 500
    names = [question.name for file in files for question in moodle_import.read(file)]
    assert names == [question.name for question in moodle_import.read(whole)]


def test_a_field_lists_few_wrong_answers_and_every_mistake_somewhere() -> None:
    [variant] = CLASS[:1]
    many = [shifted(variant, 2.0 * n, 0.5, f"You added {n}.") for n in range(1, 16)]
    [question] = moodle_import.read(moodle.write(PROBLEM, [variant], [many]))
    listed = [[a.feedback for a in field.answers if a.feedback] for field in question.fields]
    assert max(map(len, listed)) == MOST_LISTED
    assert len({sentence for sentences in listed for sentence in sentences}) == 15
    rare = shifted(variant, 0.0, 0.5, "You swapped the last two.")
    rare.answers[0][-1] += 50
    [question] = moodle_import.read(moodle.write(PROBLEM, [variant], [[*many, rare]]))
    assert "You swapped the last two." in [a.feedback for a in question.fields[8].answers]


@pytest.mark.parametrize(
    ("mark", "any_version", "whole"),
    [(1, "100", "100"), (0.99, "90", "90"), (2 / 3, "66.66667", "60"), (1 / 3, "33.33333", "30"), (0.5, "50", "50")],
)
def test_the_nearest_mark_that_moodle_takes(mark: float, any_version: str, whole: str) -> None:
    assert moodle.percentage_at_most(mark) == any_version
    assert moodle.percentage_at_most(mark, True) == whole


@given(mark=st.floats(0, 1))
def test_marks_are_allowed_and_never_above(mark: float) -> None:
    for whole in (False, True):
        percent = moodle.percentage_at_most(mark, whole)
        assert percent in moodle.FRACTIONS
        assert float(percent) <= 100 * mark + 1e-3


def test_mistakes_become_answers_only_where_they_tell() -> None:
    """Beyond two margins (0.2 for scores, 0.005 for the rest) of the key; those nearer to each other say the same."""
    [variant] = CLASS[:1]
    near, far, same = shifted(variant, 0.009), shifted(variant, 3.0, 0.5), shifted(variant, 3.001, 0.2, "Or so.")
    [question] = moodle_import.read(moodle.write(PROBLEM, [variant], [[near, far, same]]))
    for field in question.fields[:9]:
        right, *wrong = field.answers
        assert (right.fraction, right.feedback) == (1, "")
        assert [a.feedback for a in wrong] == ["You added 3. Or: Or so."] * 2
        assert {a.fraction for a in wrong} == {0 if len(wrong[0].text.strip("-0")) == 1 else 0.2}
    for field in question.fields:
        keys = [(float(a.text), a.feedback) for a in field.answers if field.kind == "numerical"]
        gaps = [abs(a - b) for n, (a, said) in enumerate(keys) for b, other in keys[:n] if said != other]
        assert all(gap > 2 * field.answers[0].tolerance for gap in gaps)


def test_a_mistake_that_is_no_number_is_left_out() -> None:
    [variant] = CLASS[:1]
    wild = shifted(variant, np.nan)
    assert moodle.write(PROBLEM, [variant], [[wild]]) == moodle.write(PROBLEM, [variant])


def test_an_answer_that_is_no_number_is_refused() -> None:
    problem = attention(Ask("Z", kind="cell"))
    [variant] = a_class(problem, 1)
    with pytest.raises(ByhandError, match=r"exercise one-head, an answer to question 1 \(Z\) is not a number .* s001"):
        moodle.write(problem, [with_answers(variant, [[np.nan]])])


def test_what_nobody_can_type_is_shown() -> None:
    problem = attention(Ask("scores"))
    [variant] = a_class(problem, 1)
    values = [-1e30, *range(1, 9)]
    [question] = moodle_import.read(moodle.write(problem, [with_answers(variant, [values])]))
    assert len(question.fields) == 8
    assert "<td>−∞</td>" in question.text
    assert question.mark([str(n) for n in range(1, 9)]).mark == 1


def test_specials_everywhere_come_back_as_they_were() -> None:
    problem = attention(*(replace(ask, hint=SPECIALS) for ask in ALL_KINDS), title=SPECIALS, text=SPECIALS, name="a/b")
    [variant] = a_class(problem, 1)
    variant = replace(variant, student=Student(SPECIALS, SPECIALS))
    slip = shifted(variant, 1.0, 0.5, SPECIALS)
    [question] = moodle_import.read(moodle.write(problem, [variant], [[slip]]))
    told = SPECIALS.replace("\x01", "")
    assert question.name.startswith(told)
    assert question.category == "$course$/top/byhand/a//b"
    assert {a.feedback for f in question.fields for a in f.answers} == {"", told}
    plain = "".join(tree(f"<div>{moodle_import.FIELD.sub('', question.text)}</div>".encode()).itertext())
    assert told in plain, "no field begins in a hint"
    assert len(question.fields) == len(field_texts(parts(problem, variant, ()), variant.answers))


ALL_KINDS = (Ask("weights"), Ask("weights", kind="choice", cell=(1, 1)), Ask("V", kind="wrong cell"))


def test_words_of_the_choice_are_escaped() -> None:
    problem = attention(Ask("weights", kind="choice", cell=(1, 1)))
    [variant] = a_class(problem, 1)
    part = parts(problem, variant, ())[0]
    field = replace(part.fields[0], options=(SPECIALS, "b&", "c}"), key=2.0)
    [back] = moodle_import._cloze(moodle.cloze_field(field, 3))
    assert back.weight == 3
    assert [a.text for a in back.answers] == [SPECIALS.replace("\x01", ""), "b&", "c}"]
    assert [a.fraction for a in back.answers] == [0, 1, 0]


@given(student=st.text(min_size=1), other=st.text(min_size=1))
def test_id_numbers_are_stable_short_and_each_student_s_own(student: str, other: str) -> None:
    names = [moodle.idnumber(PROBLEM, replace(CLASS[0], student=Student(s))) for s in (student, student, other)]
    assert names[0] == names[1]
    assert (names[0].casefold() == names[2].casefold()) == (student == other)
    assert max(map(len, names)) <= 100
    assert all(re.fullmatch(r"byhand:one-head:[0-9A-Za-z._@-]+", name) for name in names)


@examples(60)
@given(answers=st.lists(finite, min_size=9, max_size=9), places=st.integers(0, 9))
def test_any_key_gets_full_marks(answers: list[float], places: int) -> None:
    problem = attention(Ask("scores", places=places))
    variant = with_answers(CLASS[0], [answers])
    [question] = moodle_import.read(moodle.write(problem, [variant]))
    asked = parts(problem, variant, ())
    assert question.mark(field_texts(asked, variant.answers)).mark == 1
    assert question.mark([repr(a) for a in answers]).mark == 1


@pytest.mark.slow
def test_the_same_class_gives_the_same_bytes_in_any_process() -> None:
    code = (
        "import sys; from support.small_exercises import *; from byhand.exercises import moodle, canvas;"
        "p = attention(); vs = a_class(p); ms = [[shifted(v, 1.0), shifted(v, 2.0)] for v in vs];"
        "sys.stdout.buffer.write(moodle.write(p, vs, ms) + canvas.write(p, vs, ms))"
    )
    root = Path(__file__).parents[2]
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code],
            check=True, capture_output=True, cwd=root, env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(root / "tests")},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert outputs[0] == outputs[1]
    assert moodle.write(PROBLEM, CLASS, [[shifted(v, 1.0), shifted(v, 2.0)] for v in CLASS]) in outputs[0]


def test_a_student_s_question_is_the_same_in_any_class() -> None:
    alone = moodle.write(PROBLEM, CLASS[1:2]).decode().split("</question>\n")[1]
    assert alone in moodle.write(PROBLEM, CLASS).decode()


def test_mistakes_of_another_number_of_students_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        moodle.write(PROBLEM, CLASS, [[]])


def test_every_field_has_one_full_answer() -> None:
    own = [[shifted(v, 1.0, 1.0), shifted(v, 2.0, 0.0)] for v in CLASS]
    for question in moodle_import.read(moodle.write(PROBLEM, CLASS, own)):
        kinds = Counter(f.kind for f in question.fields)
        assert kinds == {"numerical": 9 + 9 + 1 + 2 + 1 + 1, "multichoice": 1}


def test_a_second_try_costs_nothing() -> None:
    """As in the file that Moodle itself has written (data/lms/moodle.xml)."""

    def penalties(data: bytes) -> list[str | None]:
        asked = [q for q in ET.fromstring(data).iter("question") if q.get("type") != "category"]
        return [q.findtext("penalty") for q in asked]

    assert set(penalties(EXAMPLE.read_bytes())) == {"0"}
    for data in (moodle.write(PROBLEM, CLASS), moodle.write(ONE, a_class(ONE))):
        assert set(penalties(data)) == {"0"}
