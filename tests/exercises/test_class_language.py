"""The language of a set: what a class reads is written in it, wherever it is written."""

from __future__ import annotations

import json
import re
from gettext import NullTranslations
from pathlib import Path
from typing import Any

import msgspec
import openpyxl
import pytest

import byhand
from byhand import translations
from byhand.cli.show_marks import FileChecker
from byhand.errors import ByhandError
from byhand.exercises.class_set import SetWriter, WriterSettings, make_set, set_options
from byhand.exercises.draw import Student
from byhand.exercises.keys import read_key
from byhand.exercises.recipe import exercise_of, find, read_exercise
from byhand.exercises.secret import Source
from byhand.lessons.recipe import read_toml
from byhand.translations import in_language, language
from tests.support.class_sets import order, refusal


class Marked(NullTranslations):
    """A catalogue that puts each sentence between marks."""

    def gettext(self, message: str) -> str:
        return f"«{message}»"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"«{msgid1 if n == 1 else msgid2}»"


@pytest.fixture(autouse=True)
def _marked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(translations, "catalogue", lambda code: Marked())


def test_a_set_is_in_the_language_of_its_option_or_else_of_its_recipe() -> None:
    text = find("softmax").read_text("utf-8")
    Path("mine.toml").write_text(f'language = "zh-Hans"\n{text}', "utf-8")
    make_set(set_options("mine.toml", None, None, 2, "html", seed=1))
    make_set(set_options("mine.toml", Path("german"), None, 2, "html", language="de_AT", seed=1))
    make_set(set_options("softmax", Path("english"), None, 2, "html", seed=1))
    assert [read_key(Path(f, "keys", "key.json")).language for f in ("mine", "german", "english")] == ["zh", "de", "en"]
    pages = [Path(f, "students", "student-001.html").read_text("utf-8") for f in ("mine", "german", "english")]
    assert [re.findall('<html lang="(..)"', page) for page in pages] == [["zh"], ["de"], ["en"]]
    assert language() == "en"


def test_a_process_that_writes_a_block_does_so_in_the_language_of_the_set(tmp_path: Path) -> None:
    about = {"exercise": "softmax", "digest": "", "seed": 1, "practice": False, "language": "de"}
    for folder in ("students", "keys"):
        (tmp_path / folder).mkdir()
    writer = SetWriter(WriterSettings(read_exercise(find("softmax")), about, Source(1), ("html",), tmp_path))
    writer([(Student("s1"), "s1")])
    assert 'lang="de"' in (tmp_path / "students" / "s1.html").read_text("utf-8")
    assert "«" in (tmp_path / "keys" / "s1.html").read_text("utf-8")


def test_a_set_in_another_language_is_another_set() -> None:
    make_set(order("class", 2))
    said = refusal(order("class", 2, language="de"))
    assert said == (
        "class holds a set in the language 'en': choose another folder, or add --force to put this one in its place."
    )


def test_a_key_without_a_language_is_english_and_an_unknown_one_is_refused() -> None:
    make_set(order("class", 2))
    path = Path("class", "keys", "key.json")
    content: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    for name in ("language", "checksum"):  # a key of before has neither
        content.pop(name)
    path.write_bytes(msgspec.json.encode(content))
    assert read_key(path).language == "en"
    path.write_bytes(msgspec.json.encode(content | {"language": "xx"}))
    with pytest.raises(ByhandError) as refused:
        read_key(path)
    assert "has no sound 'language'" in str(refused.value)


TYPED = (
    "1/0",
    "=1/0",
    "=RAND()",
    "=SUM(1,2)",
    True,
    "50 %",
    "1,234",
    "2 1/2",
    "log(2)",
    "x = 0,5",
    "(-8)^0.5",
    "[1;2]",
)


def checked_with(answers: tuple[Any, ...]) -> dict[str, Any]:
    """What check says, as JSON, of a student who types these answers."""
    place, key = Path("class", "students", "student-001.xlsx"), read_key(Path("class", "keys", "key.json"))
    book = openpyxl.load_workbook(place)
    cells = [(question.sheet, cell) for question in key.questions for cell in question.cells]
    for (sheet, cell), answer in zip(cells, answers, strict=False):
        book[sheet][cell] = answer
    book.save("student-001.xlsx")
    checker = FileChecker(Path("class"), reveal=True, as_json=True)
    report, _ = checker(Path("student-001.xlsx"))
    checker.grader.__exit__(None, None, None)
    facts: dict[str, Any] = json.loads(report)
    return facts


def english_in(facts: dict[str, Any]) -> set[str]:
    """The words outside the marks of translated sentences in what a student reads; typed words and cells are none."""
    texts = [facts["by"], *facts["warnings"]]
    texts += [cell[name] for cell in facts["cells"] for name in ("read_as", "sentence")]
    words = set[str]()
    for text in texts:
        while "«" in text:
            text = re.sub(r"«[^«»]*»", "", text)
        words |= set(re.findall("[A-Za-z]{4,}", text))
    return words - {"Attention", "RAND"}


@pytest.mark.slow
def test_marks_and_feedback_are_in_the_language_of_the_set() -> None:
    make_set(order("class", 2, language="de", formats=("xlsx",)))
    report, right = FileChecker(Path("class"), reveal=True, as_json=False)(
        Path("class", "students", "student-001.xlsx")
    )
    assert not right
    assert "«" in report
    assert english_in(checked_with(TYPED)) == set()
    byhand.grade("class/students", "class", "marks")  # in processes of its own, whose catalogues are the real ones
    page = Path("marks", "feedback", "student-001.html").read_text("utf-8")
    assert '<html lang="de"' in page
    english = exercise_of(read_key(Path("class", "keys", "key.json")).recipe, Path("class.toml")).title
    (title,) = re.findall("<h1[^>]*>([^<]+)<", page)
    assert title != english
    assert openpyxl.load_workbook("marks/feedback/student-001.xlsx").worksheets[0]["B1"].value == title
    assert f"Assignment: «{english}» (Real)" in Path("marks", "grades.csv").read_text("utf-8")
    assert '<html lang="en"' in Path("marks", "report.html").read_text("utf-8")
    assert language() == "en"


def test_a_language_that_there_is_not_is_refused() -> None:
    table = read_toml(find("softmax"))
    for make in (
        lambda: set_options("softmax", None, None, 2, "html", language="fr"),
        lambda: exercise_of(table | {"language": "fr"}, Path("mine.toml")),
    ):
        with pytest.raises(ByhandError) as refused:
            make()
        assert str(refused.value) == "There is no language 'fr'; there are: en, de, zh."


def test_the_language_of_the_surroundings_does_not_matter() -> None:
    with in_language("de"):
        make_set(order("class", 1, formats=("html",)))
    assert "«" not in Path("class", "keys", "student-001.html").read_text("utf-8")
