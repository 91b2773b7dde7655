"""Marking by the learning systems' own rules: the shared examples, and typed answers of every kind."""

from __future__ import annotations

import io
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support import canvas_import, moodle_import
from support.lms_marks import Marked
from support.lms_proof import field_texts
from support.small_exercises import a_class, attention, shifted, with_answers

from byhand.core.number_text import in_full
from byhand.errors import ByhandError
from byhand.exercises import canvas, moodle
from byhand.exercises.distinct_mistakes import mistakes
from byhand.exercises.draw import Student, variants
from byhand.exercises.formats import wrong_answers
from byhand.exercises.lms_fields import parts
from byhand.exercises.problem import problem
from byhand.exercises.recipe import Ask, find, read_exercise

DATA = Path(__file__).parents[1] / "data/lms"
MOODLE, CANVAS = (DATA / "moodle.xml").read_bytes(), (DATA / "canvas_qti.zip").read_bytes()
PROBLEM = attention()
[VARIANT] = a_class(PROBLEM, 1)
ASKED = parts(PROBLEM, VARIANT, ())
KEY = field_texts(ASKED, VARIANT.answers)
CELL = attention(Ask("Z", kind="cell", cell=(1, 1)))
BLANKS = ["", " ", "\t"]
GARBAGE = ["x", "about 3", "e^2", "--", "-", ".", "NaN", "inf", "∞", "٣", "<b>1</b>"]


@pytest.mark.parametrize(
    ("answer", "mark", "feedback"),
    [
        ("0.8808", 1, "Right."),
        ("0.88084707797788", 1, "Right."),
        ("0.88085", 0, "Did you divide by the sum?"),
        ("0,8808", 1, "Right."),
        ("0.1192", 0.5, "That is the weight of the first score."),
        ("0.5", 0, "Did you divide by the sum?"),
    ],
)
def test_the_numerical_example(answer: str, mark: float, feedback: str) -> None:
    question = moodle_import.read(MOODLE)[0]
    assert question.mark([answer]) == Marked(mark, (feedback,))
    assert (question.idnumber, question.category) == ("byhand:softmax-1:v0007", "$course$/top/byhand/attention")


@pytest.mark.parametrize(
    ("answers", "sixths", "feedback"),
    [
        (["1", "0", "0.2689", "0.7311", "cat", "1"], 6, ("right",)),
        (["1", "0", "0.7311", "0.7311", "Cat", "2"], 4.5, ("columns swapped",)),
        (["1", "0"], 2, ()),
        ([], 0, ()),
        (["0.5", "x", "", "-0.7311", "dog", "3"], 0, ()),
    ],
)
def test_the_cloze_example(answers: list[str], sixths: float, feedback: tuple[str, ...]) -> None:
    marked = moodle_import.read(MOODLE)[1].mark(answers)
    assert marked.mark == pytest.approx(sixths / 6)
    assert marked.feedback == feedback


@pytest.mark.parametrize(
    ("answer", "mark"),
    [
        ("0.8808", 1),
        ("0.8803", 1),
        ("0.8813", 1),
        ("0.88134", 1),
        ("0.8814", 0),
        ("0.8802", 0),
        ("", 0),
        ("8808e-4", 1),
    ],
)
def test_the_canvas_example(answer: str, mark: float) -> None:
    [quiz] = canvas_import.read(CANVAS)
    assert (quiz.ident, quiz.title) == ("q1", "byhand set 7")
    assert quiz.mark([answer]) == Marked(mark)


def test_the_key_is_full_and_nothing_is_nothing() -> None:
    [question], [quiz] = (
        moodle_import.read(moodle.write(PROBLEM, [VARIANT])),
        canvas_import.read(canvas.write(PROBLEM, [VARIANT])),
    )
    for marker in (question, quiz):
        assert marker.mark(KEY).mark == pytest.approx(1)
        for text in [*BLANKS, *GARBAGE]:
            assert marker.mark([text] * len(KEY)) == Marked(0.0), text
        assert marker.mark([]) == Marked(0.0)


def test_one_wrong_field_costs_its_weight() -> None:
    [question], [quiz] = (
        moodle_import.read(moodle.write(PROBLEM, [VARIANT])),
        canvas_import.read(canvas.write(PROBLEM, [VARIANT])),
    )
    points = [(p.question.ask.points / len(p.fields)) for p in ASKED for _ in p.fields]
    of_questions = moodle.weights(ASKED, VARIANT.student.id)
    weights = [weight for p in ASKED for weight in of_questions[p.number]]
    for n, (share, weight) in enumerate(zip(points, weights, strict=True)):
        wrong = [*KEY[:n], "777", *KEY[n + 1 :]]
        assert question.mark(wrong).mark == pytest.approx(1 - weight / sum(weights))
        assert quiz.mark(wrong).mark == pytest.approx(1 - share / sum(points), abs=0.001)


def test_each_mistake_has_its_mark_and_its_sentence() -> None:
    problem = attention(Ask("scores", places=0), Ask("Z"))
    [variant] = a_class(problem, 1)
    mistakes = [shifted(variant, 2.0, 0.5), shifted(variant, -3.0, 0.25), shifted(variant, 7.5, 0.0)]
    [question] = moodle_import.read(moodle.write(problem, [variant], [mistakes]))
    asked = parts(problem, variant, mistakes)
    for mistake in mistakes:
        assert question.mark(field_texts(asked, mistake.answers)) == Marked(
            pytest.approx(mistake.mark), (mistake.sentence,)
        )
    assert question.mark(field_texts(asked, variant.answers)) == Marked(1.0)


@pytest.mark.parametrize(("name", "says"), [("silu", "SiLU"), ("dropout", "")])
def test_a_mistake_that_copies_given_numbers_is_named_and_earns_nothing(name: str, says: str) -> None:
    """SiLU without its sigmoid is X itself, and dropout that scales nothing is X where it is not 0.

    A copy earned half of the points, since each number is marked alone.
    """
    asked = problem(read_exercise(find(name)))
    shown = mistakes(asked)
    drawn = variants(asked, [changes for _, changes in shown], 3, [Student("s1")])
    x = next(table for node, table in drawn[0].numbers.items() if node.name == "X")
    [part] = parts(asked, drawn[0], wrong_answers(asked, shown, drawn)[0])
    listed = [field.wrong_answer(number) for field, number in zip(part.fields, x.ravel().tolist(), strict=True)]
    assert {wrong.mark for wrong in listed if wrong} == {0}
    assert any(wrong and says in wrong.sentence for wrong in listed), listed
    others = {wrong.mark for field in part.fields for wrong in field.wrong_answers if wrong not in listed}
    assert 0.5 in others


def test_a_mistaken_choice_has_its_mark_and_its_sentence() -> None:
    problem = attention(Ask("weights", kind="choice", cell=(1, 1)))
    [variant] = a_class(problem, 1)
    right = variant.answers[0][0]
    wrong = 1.0 if right > 1 else 2.0
    mistake = shifted(variant, wrong - right, 0.25, "You took the smallest.")
    [question] = moodle_import.read(moodle.write(problem, [variant], [[mistake]]))
    assert question.mark([in_full(wrong)]) == Marked(0.25, ("You took the smallest.",))
    assert question.mark([in_full(right)]) == Marked(1.0)
    assert question.mark([in_full(6 - right - wrong)]) == Marked(0.0)


@settings(deadline=None)
@given(key=st.floats(-1000, 1000), places=st.integers(0, 6), inside=st.floats(0, 0.999), below=st.booleans())
def test_moodle_takes_what_is_within_the_tolerance_only(key: float, places: int, inside: float, below: bool) -> None:
    key = key if places else float(round(key))
    problem = attention(Ask("Z", kind="cell", places=places))
    [question] = moodle_import.read(moodle.write(problem, [with_answers(VARIANT, [[key]])]))
    margin = problem.questions[0].ask.margin * (-1 if below else 1)
    assert question.mark([repr(key + inside * margin)]) == Marked(1.0, ("Right.",))
    assert question.mark([repr(key + margin)]).mark == 1
    assert question.mark([repr(key + 1.001 * margin)]) == Marked(0.0)
    assert question.mark([f"{key:.{places}f}"]).mark == 1


@settings(deadline=None)
@given(key=st.floats(-1000, 1000), places=st.integers(0, 3), inside=st.floats(0, 1), below=st.booleans())
def test_canvas_takes_what_is_within_the_tolerance_to_four_decimals(
    key: float, places: int, inside: float, below: bool
) -> None:
    problem = attention(Ask("Z", kind="cell", places=places))
    [quiz] = canvas_import.read(canvas.write(problem, [with_answers(VARIANT, [[key]])]))
    margin = problem.questions[0].ask.margin * (-1 if below else 1)
    assume(abs(key + inside * margin) < 1000)
    assert quiz.mark([repr(key + inside * (abs(margin) - 1e-4) * (-1 if below else 1))]).mark == 1
    assert quiz.mark([repr(key + margin + (-2e-4 if below else 2e-4))]).mark == 0


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("0.5", 0.5), (".5", 0.5), ("5.", 5), ("+5", 5), ("-5", -5), (" 5 ", 5), ("0,5", 0.5), ("1,234.5", 1234.5),
        ("1 234", 1234), ("1,234,567", 1234567), ("5e-1", 0.5), ("5E2", 500), ("5x10^2", 500), ("5*10**2", 500),
        ("5 m", 5), ("1/2", 1), ("e", None), ("m5", None), ("−5", None), ("", None),
    ],
)  # fmt: skip
def test_what_moodle_takes_for_a_number(typed: str, number: float | None) -> None:
    assert moodle_import.number_typed(typed) == number


@pytest.mark.parametrize(
    ("typed", "number"),
    [("0.5", 0.5), ("-5e-1", -0.5), ("1.23456", 1.2346), ("0,5", None), ("5 m", None), ("1_0", None), ("1e999", None)],
)
def test_what_canvas_takes_for_a_number(typed: str, number: float | None) -> None:
    found = canvas_import.number_typed(typed)
    assert (None if found is None else float(found)) == number


def test_a_zero_key_takes_zero_and_not_a_blank() -> None:
    variant = with_answers(VARIANT, [[0.0]])
    for marker in (
        moodle_import.read(moodle.write(CELL, [variant]))[0],
        canvas_import.read(canvas.write(CELL, [variant]))[0],
    ):
        assert marker.mark(["0"]).mark == marker.mark(["-0"]).mark == marker.mark(["0.00"]).mark == 1
        assert marker.mark([""]).mark == marker.mark(["abc"]).mark == 0


def edited(old: str, new: str) -> bytes:
    text = MOODLE.decode()
    assert old in text
    return text.replace(old, new).encode()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"<quiz>", "The Moodle file cannot be read: no element found.*; export it again"),
        (
            b'<!DOCTYPE q [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><quiz>&b;</quiz>',
            "The Moodle file cannot be read: EntitiesForbidden",
        ),
        (edited('fraction="50"', 'fraction="45"'), "Moodle refuses the fraction 45; take an allowed one"),
        (edited('fraction="100"', 'fraction="90"'), "a numerical field has no answer with full marks"),
        (edited("{1:", "{x:"), "has no field that Moodle knows: nothing is asked in it"),
        (edited("=0.2689:", "=0.26;89:"), r"the answer '0.26;89:0.00006' is not a number that Moodle knows"),
        (edited("=yes~no", "=yes"), "a choice needs two answers or more"),
        (edited("attn-matrix:", "softmax-1:"), "id number 'byhand:softmax-1:v0007' is there twice"),
        (edited('type="numerical"', 'type="essay"'), "is of the type 'essay', which is not read"),
    ],
)
def test_moodle_files_that_would_not_be_imported(data: bytes, sentence: str) -> None:
    with pytest.raises(ByhandError, match=sentence):
        moodle_import.read(data)


def repacked(old: str, new: str) -> bytes:
    file, found = io.BytesIO(), False
    with ZipFile(io.BytesIO(CANVAS)) as source, ZipFile(file, "w") as target:
        for name in source.namelist():
            text = source.read(name).decode()
            found |= old in text
            target.writestr(name, text.replace(old, new))
    assert found
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"PK", "The Canvas package cannot be read: .*; export it again"),
        (repacked("q1/q1.xml", "q2.xml"), "The Canvas package has no 'q2.xml' that can be read"),
        (repacked(">100</setvar>", ">50</setvar>"), "'softmax_1_v0007' has no answer with full marks"),
        (repacked("0.8803", "0.8800"), "Canvas takes the same margin above and below, so give one"),
        (repacked("vargte", "vargt"), "Canvas takes the same margin above and below"),
        (repacked("numerical_question", "essay_question"), "is a 'essay_question', which is not read"),
        (
            repacked(
                "</resprocessing>",
                "<respcondition><conditionvar><varequal>1</varequal></conditionvar>"
                '<setvar varname="SCORE">50</setvar></respcondition></resprocessing>',
            ),
            "Canvas gives full marks for every answer of a number, so leave out the others",
        ),
    ],
)
def test_canvas_packages_that_would_be_marked_otherwise(data: bytes, sentence: str) -> None:
    with pytest.raises(ByhandError, match=sentence):
        canvas_import.read(data)


def test_more_answers_than_fields_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ByhandError, match=r"softmax-1 v0007' has 1 fields, not 2"):
        moodle_import.read(MOODLE)[0].mark(["1", "2"])
