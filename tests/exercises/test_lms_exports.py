"""What Moodle and Canvas make of exported exercises: full marks for the key, none for nothing, help for mistakes."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import lms_proof, moodle_import
from support.lms_proof import field_texts
from support.rounding_students import going_on
from support.selection import often
from support.simulated_students import class_of, verdicts
from support.small_exercises import with_answers

from byhand.exercises import canvas, moodle
from byhand.exercises.distinct_mistakes import mistakes
from byhand.exercises.draw import Student, Variant, variants
from byhand.exercises.formats import wrong_answers
from byhand.exercises.lms_fields import class_parts, shares
from byhand.exercises.problem import Problem, problem
from byhand.exercises.recipe import exercise_of, find, read_exercise, ready_made

HEAD = 'title = "Mine"\nteaches = "A thing."\nminutes = 5\n'
SOFTMAX = HEAD + (
    'model = "softmax"\nsize = { rows = 2, width = 3 }\nlevel = 2\nmistakes = ["softmax-base-2"]\n'
    '[draw]\nX = "-3..4"\nT = [1]\n[[ask]]\ntable = "probabilities"\nplaces = 3\n'
)


def findings(asked: Problem, count: int) -> list[str]:
    """What the imitated systems would mark otherwise than they should, over so many students."""
    shown = mistakes(asked)
    students = [Student(f"seed {n}") for n in range(1, count + 1)]
    return list(lms_proof.marks(asked, shown, variants(asked, [changed for _, changed in shown], 0, students)))


def exported(count: int) -> list[str]:
    return findings(problem(exercise_of(tomllib.loads(SOFTMAX), Path("mine.toml"))), count)


OFTEN = "softmax layer-norm causal-mask attention-head find-the-wrong-score missing-number who-looks-at-whom".split()


@pytest.mark.parametrize(
    "count", [2, pytest.param(10, marks=pytest.mark.sweep), pytest.param(50, marks=pytest.mark.sweep)]
)
@pytest.mark.parametrize("name", often(ready_made(), OFTEN, every=2))
def test_every_ready_made_exercise_is_marked_as_it_should_be(name: str, count: int) -> None:
    assert findings(problem(read_exercise(find(name))), count) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", [*often(ready_made(), OFTEN), "midterm"])
def test_weights_and_points_add_up_for_every_ready_made_exercise(name: str) -> None:
    """As Moodle counts them, where every number counts; in Canvas and QTI to the last hundredth."""
    asked = problem(read_exercise(find(name)))
    variant = variants(asked, [], 0, [Student("s1")])
    [question] = moodle_import.read(moodle.write(asked, variant))
    assert question.marks == asked.exercise.points
    assert all(field.weight == int(field.weight) >= 1 for field in question.fields)
    [own] = class_parts(asked, variant)
    assert sum(float(share) for part in own for share in shares(part)) == pytest.approx(asked.exercise.points, abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(
    "count", [2, pytest.param(10, marks=pytest.mark.sweep), pytest.param(50, marks=pytest.mark.sweep)]
)
@pytest.mark.parametrize("name", often(ready_made(), OFTEN))
def test_a_workbook_pays_rounded_earlier_answers_as_learning_systems_do(name: str, count: int) -> None:
    made = class_of(name, count)
    for n, variant in enumerate(made.made):
        for how in (lambda n: True, lambda n: n % 2 == 0, lambda n: n % 2 == 1):
            written = going_on(made.problem, variant, how)
            marks = made.mark(n, written)
            less = [mark for mark in marks if mark.points < mark.most and _counts(made.problem, written, mark.question)]
            assert not less, (variant.student.id, verdicts(marks))


def _counts(asked: Problem, written: Sequence[Any], question: int) -> bool:
    """Whether the numbers of a question are paid for themselves.

    A workbook wants an exact expression in full. Where rounding makes one number of a whole table (one student of 50,
    in lstm-cell), that is no evidence of work beside the right ones.
    """
    return asked.questions[question].ask.kind != "symbolic" and len(set(written[question].tolist())) > 1


def shifted(made: Sequence[Variant], by: float) -> list[Variant]:
    return [with_answers(variant, [(row + by).tolist() for row in variant.answers]) for variant in made]


def test_a_file_with_a_wrong_key_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    right, quiz = moodle.write, canvas.write
    monkeypatch.setattr(moodle, "write", lambda built, made, wrong: right(built, shifted(made, 0.25), wrong))
    report = exported(2)
    assert [line for line in report if "the key" in line] == [
        "Moodle gives 0% for the key of seed 1.",
        "Moodle gives 0% for the key of seed 2.",
    ]
    monkeypatch.setattr(moodle, "write", right)
    monkeypatch.setattr(canvas, "write", lambda built, made, wrong, **how: quiz(built, shifted(made, 0.25), **how))
    report = exported(1)
    assert [line for line in report if "the key" in line] == [
        "Canvas gives 0% for the key of seed 1.",
        "A group in Canvas gives 0% for the key of seed 1.",
    ]
    assert "A group in Canvas gives 0% for answers rounded as asked, from step to step, of seed 1." in exported(2)


def test_a_mistake_that_gets_full_marks_or_no_help_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    right = moodle.write

    def for_the_mistake(built: Problem, made: Sequence[Variant], wrong: Any) -> bytes:
        return right(built, [with_answers(v, own[0][3]) for v, own in zip(made, wrong, strict=True)])

    monkeypatch.setattr(moodle, "write", for_the_mistake)
    assert "Moodle gives full marks to softmax-base-2 of seed 1." in exported(1)
    monkeypatch.setattr(moodle, "write", lambda built, made, wrong: right(built, made))
    assert exported(1) == ["Moodle does not say to seed 1 what went wrong: softmax-base-2."]


def test_a_file_that_marks_blanks_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lms_proof, "field_texts", lambda asked, answers: [""] * sum(len(row) for row in answers))
    assert "Moodle gives 0% for the key of seed 1." in exported(1)


def test_what_a_mistake_gives_to_everybody_is_told_and_not_paid() -> None:
    """Forgotten counts give wordpiece's scores 0.25 and 0.0625 to the whole class."""
    of = class_of("wordpiece-score", 8)
    wrong = wrong_answers(of.problem, of.told, of.made)
    sheet = [np.array([2.0, 1, 2, 1]), np.array([0.25, 0.0625, 0.25, 0.0625])]
    questions = moodle_import.read(moodle.write(of.problem, of.made, wrong))
    for asked, question in zip(class_parts(of.problem, of.made, wrong), questions, strict=True):
        marked = question.mark(field_texts(asked, sheet))
        assert marked.mark <= 0.15
        assert marked.feedback
