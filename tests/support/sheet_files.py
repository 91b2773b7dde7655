"""Exercises in the files of learning systems, answered by the reader that knows only what is printed.

It imports nothing of byhand, either.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from zipfile import ZipFile

import numpy as np

from support.sheet_reader import Question, Sheet, answer, asked, cells_of


def of_page(page: bytes) -> list[list[float]]:
    """Return the answers to each question of a printed page."""
    sheet = Sheet(page.decode("utf-8"))
    return [answer(sheet, question) for question in sheet.questions]


@dataclass(frozen=True)
class Marked:
    """One field of a learning system: what the reader answers, and the range that is right."""

    where: str
    value: float
    least: float
    most: float

    @property
    def right(self) -> bool:
        return self.least - 1e-9 <= self.value <= self.most + 1e-9


NUMERICAL = re.compile(r"\{\d+:NUMERICAL:=([^:~}]+):([^~}#]+)")
CHOICE = re.compile(r"\{\d+:MULTICHOICE:((?:[^}\\]|\\.)*)\}")
FIELD = re.compile(r"\{\d+:(?:NUMERICAL|MULTICHOICE):(?:[^}\\]|\\.)*\}")


def of_moodle(file: bytes) -> Iterator[Marked]:
    """Yield each field of each question of a Moodle file, with what the reader answers."""
    for question in ET.fromstring(file).iter("question"):
        if question.get("type") == "category":
            continue
        name = question.findtext("name/text") or ""
        text = question.findtext("questiontext/text") or ""
        keys = [_moodle_key(field) for field in FIELD.findall(text)]
        sheet = Sheet(text)
        answers = [a for q in sheet.questions if not _is_cut(q) for a in answer(sheet, q) if np.isfinite(a)]
        if question.get("type") == "numerical":
            key, margin = (float(question.findtext(f"answer/{tag}") or "nan") for tag in ("text", "tolerance"))
            keys = [(key - margin, key + margin)]
        assert len(answers) == len(keys), f"{name}: {len(answers)} answers for {len(keys)} fields"
        for n, (value, (least, most)) in enumerate(zip(answers, keys, strict=True)):
            yield Marked(f"{name}, field {n + 1}", value, least, most)


def _is_cut(question: Question) -> bool:
    """Whether the answer is a word in pieces, which stands in the file in letters, not by its numbers."""
    return (asked(question.text) or ("", {}))[0] == "cut"


def _moodle_key(field_text: str) -> tuple[float, float]:
    number_key = NUMERICAL.match(field_text)
    if number_key:
        key, margin = float(number_key[1]), float(number_key[2])
        return key - margin, key + margin
    choice = CHOICE.match(field_text)
    assert choice, field_text
    options = re.split(r"(?<!\\)~", choice[1])
    right = next(n for n, option in enumerate(options, 1) if option.startswith("="))
    return right, right


def of_qti(package: bytes) -> Iterator[list[list[float]]]:
    """Yield the answers to the questions of each item of a QTI package (2.1 or 3.0)."""
    with ZipFile(BytesIO(package)) as archive:
        for name in archive.namelist():
            root = ET.fromstring(archive.read(name)) if name.endswith(".xml") else ET.Element("other")
            for element in root.iter():
                element.tag = element.tag.partition("}")[2] or element.tag
            for body in (e for e in root.iter() if e.tag in ("itemBody", "qti-item-body")):
                sheet = Sheet(ET.tostring(body, encoding="unicode"))
                yield [answer(sheet, question) for question in sheet.questions]


def of_canvas(package: bytes) -> Iterator[Marked]:
    """Yield each item of each quiz of a Canvas package (QTI 1.2), with what the reader answers."""
    with ZipFile(BytesIO(package)) as archive:
        for name in archive.namelist():
            if name.endswith(".xml") and not name.endswith(("_meta.xml", "imsmanifest.xml")):
                yield from _quiz(ET.fromstring(archive.read(name)))


def _quiz(quiz: ET.Element) -> Iterator[Marked]:
    """All is read before anything is answered, since some rules stand after the questions."""
    sheet, answered = Sheet(""), list[tuple[ET.Element, Question]]()
    for item in quiz.iter():
        if not item.tag.endswith("}item"):
            continue
        texts = [e.text or "" for e in item.iter() if e.tag.endswith("}mattext") and e.get("texttype") == "text/html"]
        sheet.questions.clear()
        sheet.read(texts[0])
        if not any(e.tag.endswith("}conditionvar") for e in item.iter()):
            continue  # a text, such as what is given
        (question,) = sheet.questions
        if not _is_cut(question):
            answered.append((item, question))
    for item, question in answered:
        value = _value_of_item(sheet, question)
        least, most = _canvas_key(item)
        yield Marked(f"{quiz.tag} {item.get('ident')}", value, least, most)


def _value_of_item(sheet: Sheet, question: Question) -> float:
    values = answer(sheet, question)
    kind, found = asked(question.text) or ("", {})
    if len(values) == 1:
        return values[0]
    if kind == "wrong cell":
        return values[1 if "column" in question.last_line else 0]
    place = re.fullmatch(r"Row (\d+)(?: \(.*?\))?(?:, column (\d+)(?: \(.*\))?)?:", question.last_line)
    assert place, question.last_line
    if kind == "choice":
        rows = dict.fromkeys(i for i, _ in cells_of(found["part"], sheet.value(found["name"]).shape))
        return values[list(rows).index(int(place[1]) - 1)]
    return float(sheet.value(found["name"])[int(place[1]) - 1, int(place[2]) - 1])


def _canvas_key(item: ET.Element) -> tuple[float, float]:
    keys: dict[str, str] = {}
    for e in item.iter():  # the first right answer; those that come after are for students who rounded on the way
        keys.setdefault(e.tag.partition("}")[2], e.text or "")
    if "vargte" in keys:
        return float(keys["vargte"]), float(keys["varlte"])
    chosen = float(keys["varequal"].removeprefix("choice"))
    return chosen, chosen
