"""A set in versions A, B, ...: the class shares a few, the key knows who has which, and a table lists the answers."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from byhand.cli.main import main
from byhand.documents import markdown
from byhand.errors import ByhandError
from byhand.exercises.answer_table import answer_table
from byhand.exercises.class_set import make_set, set_options
from byhand.exercises.draw import Student, variants
from byhand.exercises.keys import read_key
from byhand.exercises.roster import Roster
from byhand.grading.marking import Grader, load_key
from tests.support.class_sets import order, refusal, tree
from tests.support.small_exercises import attention


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def students_of(folder: str) -> dict[str, Any]:
    return dict(read_key(Path(folder, "keys", "key.json")).students)


def test_a_class_gets_its_versions_by_turns_and_all_with_one_have_the_same_numbers() -> None:
    result = make_set(order("class", 5, versions=2, formats=("html",)))
    students = students_of("class")
    assert [s.version for s in students.values()] == ["A", "B", "A", "B", "A"]
    assert result.versions == {"A": 3, "B": 2}
    numbers = {s.id: (s.version, json.dumps(s.drawn), json.dumps(s.answers)) for s in students.values()}
    assert len(set(numbers.values())) == 2
    pages = {id: Path("class", "students", f"{id}.html").read_text("utf-8") for id in numbers}
    assert all(f"Version: {students[id].version}" in page for id, page in pages.items())


def test_without_versions_nothing_is_said_of_them() -> None:
    make_set(order("class", 2, formats=("html",)))
    assert all(s.version == "" for s in students_of("class").values())
    assert "ersion" not in Path("class", "students", "student-001.html").read_text("utf-8")
    assert not Path("class", "keys", "answers.html").exists()


@pytest.mark.slow
def test_a_version_does_not_depend_on_the_class_and_the_rest_is_continued() -> None:
    make_set(order("class", 3, versions=2, formats=("html",)))
    before = tree("class/students")
    make_set(order("class", 6, versions=2, formats=("html",)))
    after = tree("class/students")
    assert {name: after[name] for name in before} == before
    make_set(order("at once", 6, versions=2, formats=("html",)))
    assert tree("at once/students") == after


@pytest.mark.slow
def test_a_student_keeps_the_version_when_the_roster_is_in_another_order() -> None:
    people = tuple(Student(f"s{n}") for n in range(4))
    options = order("class", 4, versions=2, formats=("html",))
    make_set(replace(options, roster=Roster(people)))
    first = {s.id: s.version for s in students_of("class").values()}
    late = Student("late")
    make_set(replace(options, roster=Roster((late, *reversed(people)))))
    second = {s.id: s.version for s in students_of("class").values()}
    assert {id: second[id] for id in first} == first
    assert second["late"] == "A"


@pytest.mark.slow
def test_another_number_of_versions_is_another_set() -> None:
    make_set(order("class", 2, versions=2, formats=("html",)))
    ending = "choose another folder, or add --force to put this one in its place."
    assert refusal(order("class", 2, versions=3, formats=("html",))) == f"class holds a set in 2 versions: {ending}"
    assert refusal(order("class", 2, formats=("html",))) == f"class holds a set in 2 versions: {ending}"
    make_set(order("each", 2, formats=("html",)))
    assert refusal(order("each", 2, versions=2, formats=("html",))) == f"each holds a set without --versions: {ending}"
    make_set(order("class", 2, formats=("html",), force=True))
    assert not Path("class", "keys", "answers.html").exists()


@pytest.mark.slow
def test_the_answer_table_lists_each_versions_answers_as_they_are_to_be_given() -> None:
    make_set(order("class", 4, versions=2, formats=("html", "md", "pdf")))
    assert {p.name for p in Path("class", "keys").glob("answers.*")} == {"answers.html", "answers.md", "answers.pdf"}
    text = Path("class", "keys", "answers.md").read_text("utf-8")
    key = read_key(Path("class", "keys", "key.json"))
    for version, chapter in zip("AB", text.split("## Version ")[1:], strict=True):
        assert chapter.startswith(f"{version} (2 students)")
        student = next(s for s in key.students.values() if s.version == version)
        shown = [
            cell.strip()
            for line in chapter.split("## Who")[0].splitlines()
            if "**" in line
            for cell in line.split("|")[2:-1]
        ]
        answers = [
            f"{round(x, q.places) + 0.0:.{q.places}f}".replace("-", "−")
            for q, row in zip(key.questions, student.answers, strict=True)
            for x in row
        ]
        assert [cell for cell in shown if cell in answers] == answers
    assert "A: student-001, student-003" in text
    assert "(18 points, 2 for each number)" in text


def test_books_alone_get_the_answers_as_a_page() -> None:
    make_set(order("class", 2, versions=2, formats=("xlsx",)))
    assert Path("class", "keys", "answers.html").is_file()


def test_the_answers_of_every_kind_of_question_are_listed() -> None:
    built = attention()
    class_ = [Student("s1", "Ada", "A"), Student("s2", "", "B")]
    made = dict(zip("AB", variants(built, [], 7, [Student(v, version=v) for v in "AB"]), strict=True))
    document = answer_table(built, made, class_)
    text = markdown.write(document).decode()
    for version, variant in made.items():
        chapter = text.split(f"## Version {version}")[1].split("## ")[0]
        choice, wrong = variant.answers[3][0], variant.answers[4]
        assert f"{choice:g} (" in chapter
        assert f"| {wrong[0]:g} | {wrong[1]:g} |" in chapter
        assert f"{variant.answers[5][0]:.6f}".replace("-", "−") in chapter
    assert "A: Ada (s1)" in text


def test_marks_know_each_students_version_and_name_a_book_of_the_other() -> None:
    make_set(order("class", 4, versions=2))
    with Grader(load_key(Path("class"))) as grader:
        own = grader.mark(Path("class", "students", "student-001.xlsx"))
        assert own.marks.warnings == ()
        Path("in").mkdir()
        swapped = Path("in", "student-001.xlsx")
        shutil.copy(Path("class", "students", "student-002.xlsx"), swapped)
        warnings = " ".join(grader.mark(swapped).marks.warnings)
    assert "The given numbers are those of version B" in warnings


def test_versions_and_learning_systems_share_the_same_variants() -> None:
    make_set(order("class", 5, versions=2, formats=("moodle",)))
    text = Path("class", "keys", "moodle.xml").read_text("utf-8")
    assert text.count('<question type="cloze">') == 2
    assert "· A</text>" in text


def test_versions_from_the_command_line() -> None:
    words = ["exercise", "softmax", "--count", "3", "--versions", "2", "--format", "html", "--seed", "1", "-o", "paper"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert "Versions: A for 2, B for 1. The answers of each, for marking on paper, are in paper/keys/answers.html." in (
        result.output
    )
    result = CliRunner().invoke(main, [*words[:-1], "json", "--json"])
    assert json.loads(result.stdout)["versions"] == {"A": 2, "B": 1}
    assert CliRunner().invoke(main, [*words[:5], "1"]).exit_code == 2


@pytest.mark.parametrize("count", [0, 1, 27, -2])
def test_how_many_versions_there_may_be(count: int) -> None:
    with pytest.raises(ByhandError) as refused:
        set_options("softmax", None, None, 2, "html", versions=count)
    assert str(refused.value) == f"A class shares 2 to 26 versions, not {count}."
