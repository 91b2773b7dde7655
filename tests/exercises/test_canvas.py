"""Canvas packages: what is in the zip, what Canvas would make of it, and that the same class gives the same bytes."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import canvas_import
from support.examples import examples
from support.lms_proof import field_texts
from support.small_exercises import SPECIALS, a_class, attention, shifted, with_answers

from byhand.errors import ByhandError
from byhand.exercises import canvas
from byhand.exercises.draw import Student
from byhand.exercises.lms_fields import parts
from byhand.exercises.recipe import Ask

EXAMPLE = Path(__file__).parents[1] / "data/lms/canvas_qti.zip"
PROBLEM = attention()
CLASS = a_class(PROBLEM)
FILE = canvas.write(PROBLEM, CLASS)
CHOICES = {
    ("presentation", "response_lid"),
    ("response_lid", "@ident"),
    ("response_lid", "@rcardinality"),
    ("response_lid", "render_choice"),
    ("render_choice", "response_label"),
    ("response_label", "material"),
    ("conditionvar", "varequal"),
}
"""What Canvas's own exporter (lib/cc/qti/qti_items.rb) writes for a choice, which the example has none of."""
SETTINGS = {("quiz", "only_visible_to_overrides")}
"""What Canvas's importer (app/models/importers/quiz_importer.rb) reads, which the example has not."""


def files(data: bytes) -> dict[str, ET.Element]:
    with ZipFile(io.BytesIO(data)) as archive:
        return {name: ET.fromstring(archive.read(name)) for name in archive.namelist()}


def bare(tag: str) -> str:
    return tag.rpartition("}")[2]


def vocabulary(root: ET.Element) -> set[tuple[str, str]]:
    inside = {(bare(parent.tag), bare(child.tag)) for parent in root.iter() for child in parent}
    return inside | {(bare(e.tag), f"@{name}") for e in root.iter() for name in e.attrib} | {("", root.tag)}


def test_nothing_stands_in_the_files_that_the_example_has_not() -> None:
    known = set().union(*map(vocabulary, files(EXAMPLE.read_bytes()).values()))
    used = set().union(*map(vocabulary, files(FILE).values()))
    assert used - known == CHOICES | SETTINGS


def test_a_quiz_and_its_settings_for_each_student() -> None:
    parts_of_it = files(FILE)
    names = [canvas.identifier(PROBLEM, variant) for variant in CLASS]
    assert list(parts_of_it) == [
        "imsmanifest.xml",
        *(f"{n}/{f}" for n in names for f in (f"{n}.xml", "assessment_meta.xml")),
    ]
    for name, variant in zip(names, CLASS, strict=True):
        meta = parts_of_it[f"{name}/assessment_meta.xml"]
        assert [e.text for e in meta] == [f"One head · {variant.student.id}", "assignment", "12", "1", "false", "true"]
        assert meta.get("identifier") == name


def test_every_file_that_the_manifest_names_is_there() -> None:
    parts_of_it = files(FILE)
    manifest = parts_of_it["imsmanifest.xml"]
    named = {e.get("href") for e in manifest.iter() if e.get("href")}
    assert named == set(parts_of_it) - {"imsmanifest.xml"}
    resources = {e.get("identifier") for e in manifest.iter() if bare(e.tag) == "resource"}
    assert {e.get("identifierref") for e in manifest.iter() if e.get("identifierref")} <= resources


def test_identifiers_are_plain_and_unique_and_the_same_again() -> None:
    idents = [e.get("ident") or "" for root in files(FILE).values() for e in root.iter() if bare(e.tag) == "item"]
    assert len(idents) == len(set(idents)) == 3 * (1 + 9 + 9 + 1 + 1 + 2 + 1 + 1)
    assert all(re.fullmatch(r"byhand_one_head_[0-9a-f]{16}_\w+", ident) for ident in idents)
    assert canvas.write(PROBLEM, CLASS[::-1]) != FILE
    assert canvas.write(PROBLEM, CLASS) == FILE


def test_times_in_the_zip_are_fixed() -> None:
    with ZipFile(io.BytesIO(FILE)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_first_item_holds_what_is_given_and_the_texts_are_well_formed() -> None:
    for name, root in files(FILE).items():
        texts = [e.text or "" for e in root.iter() if e.get("texttype") == "text/html"]
        trees = [ET.fromstring(f"<div>{text}</div>") for text in texts]
        if name.endswith("_meta.xml") or name == "imsmanifest.xml":
            assert not texts
        else:
            assert [len(list(t.iter("table"))) for t in trees] == [4, *[0] * 20, 1, 1, 0, 0]


def test_an_item_says_which_cell_it_asks() -> None:
    [quiz, *_] = canvas_import.read(FILE)
    assert quiz.items[11].text == (
        "2. Find weights. Give 2 decimals.\n"
        "scaled = scores / √4 (3×3)\n"
        "softmax.max = max of each row of scaled (3×1)\n"
        "shifted = scaled − softmax.max (3×3)\n"
        "exp = e^shifted (3×3)\n"
        "total = sum of each row of exp (3×1)\n"
        "weights = exp / total (3×3)\n"
        "How much each word looks at each other one: shares that add up to 1 in its row. "
        "Rows: the words. Columns: the words.\n"
        "Hint: Each row adds up to 1.\nRow 1 (the), column 3 (dog):"
    )
    assert quiz.items[20].text.endswith("Its row:")
    assert quiz.items[21].text.endswith("Its column:")


def test_points_of_the_items_come_to_exactly_the_question_s() -> None:
    for part in parts(PROBLEM, CLASS[0], ()):
        shares = [float(share) for share in canvas.shares(part)]
        assert sum(shares) == pytest.approx(part.question.ask.points, abs=1e-12)
        assert max(shares) - min(shares) <= 0.01 + 1e-9
        assert min(shares) > 0


@given(points=st.floats(0.001, 1000))
def test_no_item_is_worth_nothing(points: float) -> None:
    part = parts(attention(Ask("Z", points=points)), CLASS[0], ())[0] if points else None
    assert part is not None
    assert min(float(share) for share in canvas.shares(part)) > 0


def test_mistakes_are_left_out_because_canvas_would_give_full_marks() -> None:
    own = [[shifted(v, 1.0)] for v in CLASS]
    assert canvas.write(PROBLEM, CLASS, own) == FILE


def test_more_than_three_places_are_refused_with_the_way_out() -> None:
    problem = attention(Ask("scores"), Ask("Z", places=4))
    with pytest.raises(ByhandError) as error:
        canvas.write(problem, a_class(problem, 1))
    assert str(error.value) == (
        "Canvas rounds what is typed to 4 decimals, so question 2 of the exercise one-head (Z, 4 places) cannot be "
        "marked there: ask for at most 3 places, or leave canvas out of --format."
    )
    canvas.check(attention(Ask("Z", places=3)))
    canvas.check(attention(Ask("Z", places=4, tolerance=0.001)))
    canvas.check(attention(Ask("V", kind="wrong cell", places=9), Ask("weights", kind="choice", places=9)))


def test_specials_everywhere_come_back_as_they_were() -> None:
    asks = (Ask("weights", hint=SPECIALS), Ask("weights", kind="choice", cell=(1, 1), text=SPECIALS))
    problem = attention(*asks, title=SPECIALS, text=SPECIALS, name="a/b é")
    [variant] = a_class(problem, 1)
    variant = replace(variant, student=Student(SPECIALS, SPECIALS))
    [quiz] = canvas_import.read(canvas.write(problem, [variant]))
    told = SPECIALS.replace("\x01", "")
    assert quiz.title.startswith(told)
    assert all(told in item.text for item in quiz.items)


@examples(60)
@given(
    answers=st.lists(st.floats(-1e28, 1e28, allow_nan=False), min_size=9, max_size=9),
    places=st.integers(0, 3),
)
def test_any_key_gets_full_marks(answers: list[float], places: int) -> None:
    problem = attention(Ask("scores", places=places))
    variant = with_answers(CLASS[0], [answers])
    [quiz] = canvas_import.read(canvas.write(problem, [variant]))
    assert quiz.mark(field_texts(parts(problem, variant, ()), variant.answers)).mark == pytest.approx(1)


@settings(deadline=None)
@given(key=st.floats(-1000, 1000), places=st.integers(0, 3))
def test_a_key_rounded_as_asked_is_right(key: float, places: int) -> None:
    """Where whole numbers are asked, keys are whole."""
    key = key if places else float(round(key))
    problem = attention(Ask("Z", kind="cell", places=places))
    variant = with_answers(CLASS[0], [[key]])
    [quiz] = canvas_import.read(canvas.write(problem, [variant]))
    assert quiz.mark([f"{key:.{places}f}"]).mark == 1


def test_every_quiz_of_the_class_takes_its_own_key_only() -> None:
    quizzes = canvas_import.read(FILE)
    for n, quiz in enumerate(quizzes):
        for m, variant in enumerate(CLASS):
            mark = quiz.mark(field_texts(parts(PROBLEM, variant, ()), variant.answers)).mark
            assert (mark == pytest.approx(1)) == (n == m)


def test_an_answer_that_is_no_number_is_refused() -> None:
    problem = attention(Ask("Z", kind="cell"))
    with pytest.raises(ByhandError, match="is not a number"):
        canvas.write(problem, [with_answers(CLASS[0], [[np.nan]])])
