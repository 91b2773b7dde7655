"""The files of a class for learning systems: how many variants they hold, and what the end of the run says of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import canvas_import, moodle_import, qti_import
from support.commands import answer

import byhand
from byhand.errors import ByhandError
from byhand.exercises import canvas
from byhand.exercises.class_set import SetResult, make_set, set_options

MINUS = "\N{MINUS SIGN}"
RECIPE = """
model = "softmax"
size = { rows = 2, width = 3 }
title = "Mine"
teaches = "A thing."
minutes = 5
level = 2
[draw]
X = "-3..4"
T = [1]
[[ask]]
table = "probabilities"
points = POINTS
"""


def made(tmp_path: Path, formats: str, count: int, variants: int | None = None, points: str = "3") -> SetResult:
    recipe = tmp_path / "mine.toml"
    recipe.write_text(RECIPE.replace("POINTS", points), "utf-8")
    folder = tmp_path / "set"
    return make_set(set_options(str(recipe), folder, None, count, formats, seed=1, variants=variants))


@pytest.mark.parametrize(
    ("count", "asked", "variants"),
    [(1, None, None), (30, None, None), (31, None, 6), (300, None, 6), (31, 1, 1), (3, 2, 2), (300, 40, 40)],
)
def test_canvas_has_a_quiz_each_for_small_classes_and_variants_for_large_ones(
    count: int, asked: int | None, variants: int | None
) -> None:
    assert canvas.variants_for(count, asked) == variants


def test_variants_are_for_learning_systems_alone() -> None:
    with pytest.raises(ByhandError, match="--variants is for files of learning systems: name moodle, canvas, qti or"):
        set_options("softmax", None, None, 3, "xlsx,html", variants=2)
    assert set_options("softmax", None, None, 3, "xlsx,moodle", variants=2).variants == 2


def test_a_small_class_has_a_quiz_each_for_its_student_alone(tmp_path: Path) -> None:
    result = made(tmp_path, "canvas", 3)
    quizzes = canvas_import.read((tmp_path / "set/keys/canvas.zip").read_bytes())
    assert [quiz.title for quiz in quizzes] == [f"Mine · student-00{n}" for n in (1, 2, 3)]
    assert "In each quiz, choose Assign To, take Everyone away and put the student of its title in" in result.notes[1]


def test_a_large_class_draws_from_a_group(tmp_path: Path) -> None:
    result = made(tmp_path, "canvas", 31)
    [quiz] = canvas_import.read((tmp_path / "set/keys/canvas.zip").read_bytes())
    assert (quiz.title, len(quiz.group), quiz.pick) == ("Mine", 6, (1, 3.0))
    assert len({blanks.blanks for blanks in quiz.group}) == 6
    assert result.notes[1].startswith("It is one quiz, which draws one of 6 variants for each student")


def test_one_variant_is_the_same_quiz_for_everybody_with_margins(tmp_path: Path) -> None:
    made(tmp_path, "canvas", 31, variants=1)
    [quiz] = canvas_import.read((tmp_path / "set/keys/canvas.zip").read_bytes())
    assert (quiz.title, quiz.group, len(quiz.items)) == ("Mine", (), 6)


def test_variants_of_a_blank_are_what_people_type() -> None:
    assert canvas._spellings("0.50") == ["0.50", "0.5", ".50", ".5", "0,50", "0,5", ",50", ",5"]
    assert canvas._spellings("-2") == ["-2", "-2.0", "-2,0", f"{MINUS}2", f"{MINUS}2.0", f"{MINUS}2,0"]
    assert canvas._spellings("-0.00") == ["0.00", "0", "0.0", "0,00", "0,0"]


def test_moodle_and_qti_hold_so_many_variants_too(tmp_path: Path) -> None:
    notes = made(tmp_path, "moodle,qti,qti3", 31, variants=4).notes
    assert len(notes) == len(set(notes)), "what holds for both versions of QTI is said once"
    keys = tmp_path / "set/keys"
    assert len(moodle_import.read((keys / "moodle.xml").read_bytes())) == 4
    for name in ("qti", "qti3"):
        assert len(qti_import.read((keys / f"{name}.zip").read_bytes())) == 4


def test_a_variant_has_the_same_numbers_however_many_there_are(tmp_path: Path) -> None:
    made(tmp_path, "moodle", 5, variants=4)
    four = [q.fields for q in moodle_import.read((tmp_path / "set/keys/moodle.xml").read_bytes())]
    made(tmp_path, "moodle", 5, variants=2)
    assert [q.fields for q in moodle_import.read((tmp_path / "set/keys/moodle.xml").read_bytes())] == four[:2]


@pytest.mark.parametrize("variants", [0, -1, 1001])
def test_a_number_of_variants_that_cannot_be_is_refused(tmp_path: Path, variants: int) -> None:
    with pytest.raises(ByhandError, match=rf"A class shares 1 to 1,000 variants, not {variants}\."):
        byhand.make_exercises("softmax", tmp_path / "set", count=2, formats=["moodle"], variants=variants)
    assert not (tmp_path / "set").exists()


def test_numbered_files_of_before_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("byhand.exercises.moodle.MOST_BYTES", 12_000)
    result = made(tmp_path, "moodle", 12)
    keys = tmp_path / "set/keys"
    names = sorted(path.name for path in keys.glob("moodle*"))
    assert len(names) > 2
    assert names[0] == "moodle-1.xml"
    assert f"{len(names)} files one after another" in result.notes[0]
    monkeypatch.undo()
    made(tmp_path, "moodle", 12)
    assert [path.name for path in keys.glob("moodle*")] == ["moodle.xml"]


@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        ("3", "so 3 of the 6 numbers count"),
        ("3", "In Moodle they all count if the recipe gives question 1 at least 6 points."),
        ("2.5", "Moodle counts whole marks alone: 3 for the 2.5 points of the exercise."),
        ("6", None),
    ],
)
def test_what_is_left_of_the_points_is_said(tmp_path: Path, points: str, sentence: str | None) -> None:
    notes = " ".join(made(tmp_path, "moodle", 2, points=points).notes)
    assert (sentence in notes) if sentence else "whole" not in notes
    [question, _] = moodle_import.read((tmp_path / "set/keys/moodle.xml").read_bytes())
    assert question.marks == round(float(points) + 0.1)


def test_the_end_of_the_run_says_what_a_system_cannot_do(tmp_path: Path) -> None:
    printed = answer(
        f"byhand exercise softmax --count 2 --seed 1 --format moodle,canvas -o {tmp_path}/quiz --self-check"
    )
    assert "going on with a wrong one is not carried forward" in printed
    assert "Canvas pays right numbers alone, no share for a named mistake." in printed
    printed = answer(f"byhand exercise softmax --count 2 --seed 1 --format xlsx -o {tmp_path}/x --self-check --json")
    assert json.loads(printed)["notes"] == []
