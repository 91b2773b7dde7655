"""Packages of IMS QTI 2.1 and 3.0: what is in them, in the order of the schemas, and what it marks."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from dataclasses import replace
from zipfile import ZipFile

import numpy as np
import pytest
from support import qti_import
from support.lms_proof import field_texts
from support.small_exercises import SPECIALS, a_class, attention, shifted, with_answers

from byhand.errors import ByhandError
from byhand.exercises import qti
from byhand.exercises.draw import Student
from byhand.exercises.lms_fields import Mistake, parts
from byhand.exercises.recipe import Ask

PROBLEM = attention()
CLASS = a_class(PROBLEM)
MISTAKES = [[shifted(v, 121.0, 0.5, "You added 121."), shifted(v, 543.0, 0.25, "You added 543.")] for v in CLASS]
VERSIONS = ("qti", "qti3")
HTML = {"p", "b", "i", "table", "tbody", "tr", "th", "td", "ul", "li"}
ORDERS = {
    "assessmentItem": (
        "responseDeclaration",
        "outcomeDeclaration",
        "itemBody",
        "responseProcessing",
        "modalFeedback",
    ),
    "assessmentTest": ("outcomeDeclaration", "testPart", "outcomeProcessing"),
    "testPart": ("itemSessionControl", "assessmentSection"),
    "assessmentSection": ("selection", "assessmentItemRef"),
    "responseCondition": ("responseIf", "responseElseIf"),
}
"""In which order the schemas of 2.1 (imsqti_v2p1.xsd) have the children of an element, of those that are used."""
REQUIRED = {
    "assessmentItem": {"identifier", "title", "adaptive", "timeDependent"},
    "responseDeclaration": {"identifier", "cardinality", "baseType"},
    "outcomeDeclaration": {"identifier", "cardinality", "baseType"},
    "textEntryInteraction": {"responseIdentifier", "expectedLength"},
    "inlineChoiceInteraction": {"responseIdentifier", "shuffle"},
    "inlineChoice": {"identifier"},
    "equal": {"toleranceMode", "tolerance"},
    "modalFeedback": {"outcomeIdentifier", "identifier", "showHide"},
    "assessmentTest": {"identifier", "title"},
    "testPart": {"identifier", "navigationMode", "submissionMode"},
    "assessmentSection": {"identifier", "title", "visible"},
    "assessmentItemRef": {"identifier", "href"},
    "selection": {"select"},
}


def files(data: bytes) -> dict[str, ET.Element]:
    with ZipFile(io.BytesIO(data)) as archive:
        return {name: ET.fromstring(archive.read(name)) for name in archive.namelist()}


def tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


@pytest.mark.parametrize("shared", [False, True])
def test_elements_stand_in_the_order_of_the_schema(shared: bool) -> None:
    found = set()
    for root in files(qti.write(PROBLEM, CLASS, MISTAKES, shared)).values():
        for element in root.iter():
            name, children = tag(element), [tag(child) for child in element]
            found.add(name)
            if name in ORDERS:
                assert [child for child in ORDERS[name] for _ in range(children.count(child))] == children
            if name in REQUIRED:
                assert set(element.attrib) - {"{http://www.w3.org/XML/1998/namespace}lang"} == REQUIRED[name]
    assert found >= (set(ORDERS) | set(REQUIRED)) - (set() if shared else {"selection"})


def test_version_3_has_the_same_elements_under_its_own_names() -> None:
    old, new = (files(qti.write(PROBLEM, CLASS, MISTAKES, name=name)) for name in VERSIONS)
    assert list(old) == list(new)
    for name in old:
        if name == "imsmanifest.xml":
            continue
        names = {tag(element) for element in new[name].iter()}
        assert {other for other in names if not other.startswith("qti-")} <= HTML
        assert not [
            key
            for e in new[name].iter()
            for key in e.attrib
            if key.rpartition("}")[2] != key.lower().rpartition("}")[2]
        ]
        again = [tag(e) for e in qti_import._renamed(new[name]).iter() if tag(e) != "contentBody"]
        assert again == [tag(element) for element in old[name].iter()]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("shared", [False, True])
def test_every_file_of_the_manifest_is_there_and_every_item_in_a_test(version: str, shared: bool) -> None:
    inside = files(qti.write(PROBLEM, CLASS, shared=shared, name=version))
    manifest = inside.pop("imsmanifest.xml")
    resources = [e for e in manifest.iter() if tag(e) == "resource"]
    assert sorted(r.get("href") or "" for r in resources) == sorted(inside)
    kinds = [(r.get("type") or "").rpartition("_")[0] for r in resources]
    assert (kinds.count("imsqti_item"), kinds.count("imsqti_test")) == (3, 1 if shared else 3)
    named = {r.get("identifier") for r in resources}
    assert {e.get("identifierref") for e in manifest.iter() if tag(e) == "dependency"} <= named
    references = [e.get("href") for root in inside.values() for e in root.iter() if tag(e).lower().endswith("ref")]
    assert len(references) == len(set(references)) == 3


@pytest.mark.parametrize("version", VERSIONS)
def test_keys_mistakes_and_nothing_get_their_share(version: str) -> None:
    for variant, own, item in zip(
        CLASS, MISTAKES, qti_import.read(qti.write(PROBLEM, CLASS, MISTAKES, name=version)), strict=True
    ):
        asked = parts(PROBLEM, variant, own)
        key = field_texts(asked, variant.answers)
        assert item.points == 12
        assert item.mark(key).mark == pytest.approx(1)
        assert item.mark([""] * len(key)) == qti_import.Marked(0)
        assert item.mark(["x"] * len(key)).mark == 0
        for mistake, share in zip(own, (0.5, 0.25), strict=True):
            scores = [text if n < 9 else "" for n, text in enumerate(field_texts(asked, mistake.answers))]
            found = item.mark(scores)
            assert found.mark == pytest.approx(3 * share / 12)
            assert found.feedback == (mistake.sentence,)


def test_points_add_up_to_those_of_the_exercise() -> None:
    problem = attention(Ask("scores", points=1), Ask("Z", points=0.7))
    [item] = qti_import.read(qti.write(problem, a_class(problem, 1)))
    assert item.points == pytest.approx(1.7)
    asked = parts(problem, a_class(problem, 1)[0], ())
    assert item.mark(field_texts(asked, a_class(problem, 1)[0].answers)).mark == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("version", VERSIONS)
def test_specials_everywhere_come_back_as_they_were(version: str) -> None:
    asks = (Ask("weights", hint=SPECIALS), Ask("weights", kind="choice", cell=(1, 1), text=SPECIALS))
    problem = attention(*asks, title=SPECIALS, text=SPECIALS, name="a/b é")
    [variant] = a_class(problem, 1)
    variant = replace(variant, student=Student(SPECIALS, SPECIALS))
    [item] = qti_import.read(qti.write(problem, [variant], [[shifted(variant, 20.0, 0.5, SPECIALS)]], name=version))
    told = SPECIALS.replace("\x01", "")
    body = "".join(next(e for e in item.root.iter() if tag(e) == "itemBody").itertext())
    assert body.count(told) >= 3
    assert (item.root.get("title") or "").startswith(told)
    assert told in item.mark([str(x + 20) for x in variant.answers[0]] + [""]).feedback


def test_numbers_are_written_without_an_exponent() -> None:
    """TAO's engine reads no 5e-30."""
    dust = with_answers(CLASS[0], [[5e-30, -1e-17, 1e-13, 0.5, 1, 2, 3, 4, 5], *map(list, CLASS[0].answers[1:])])
    wrong = replace_answers(shifted(dust, 7.0), 5e-30)
    inside = files(qti.write(PROBLEM, [dust], [[wrong]]))
    texts = [e.text or "" for root in inside.values() for e in root.iter() if tag(e) in ("baseValue", "value")]
    assert not [text for text in texts if "e-" in text]
    assert "-0" not in texts


def replace_answers(mistake: Mistake, value: float) -> Mistake:
    return mistake._replace(answers=[np.full_like(row, value) for row in mistake.answers])


def test_the_same_class_gives_the_same_bytes_and_the_class_does_not_matter() -> None:
    whole = qti.write(PROBLEM, CLASS, MISTAKES)
    assert qti.write(PROBLEM, CLASS, MISTAKES) == whole
    alone = files(qti.write(PROBLEM, CLASS[1:2], MISTAKES[1:2]))
    for name, root in alone.items():
        if name != "imsmanifest.xml":
            assert ET.tostring(root) == ET.tostring(files(whole)[name])


def test_the_class_s_test_gives_each_student_one_variant() -> None:
    [test] = [r for n, r in files(qti.write(PROBLEM, CLASS, shared=True)).items() if n.endswith("_test.xml")]
    assert [e.get("select") for e in test.iter() if tag(e) == "selection"] == ["1"]
    assert test.get("title") == "One head"


def test_an_answer_that_is_no_number_is_refused() -> None:
    problem = attention(Ask("Z", kind="cell"))
    with pytest.raises(ByhandError, match="is not a number"):
        qti.write(problem, [with_answers(CLASS[0], [[np.nan]])])
