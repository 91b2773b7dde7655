"""A key that was altered is refused by its own name, and no student's file is blamed for it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.class_submissions import a_set, answered
from support.commands import byhand

from byhand.errors import ByhandError
from byhand.exercises.class_set import SetOptions, make_set
from byhand.exercises.draw import Student
from byhand.exercises.keys import Key
from byhand.exercises.recipe import find
from byhand.exercises.roster import Roster
from byhand.grading.marking import Grader, load_key

Content = dict[str, Any]
ALTERED = (
    "The key {} was altered after byhand had written it, or belongs to another secret: put a copy in its place, "
    "or make it again with the command that made the class."
)
RECIPE = "find-the-wrong-score"
OLD = Path(__file__).parents[1] / "data" / "old_sets"


@pytest.fixture(scope="module", params=[None, 3], ids=["secret", "seed"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set for two students, drawn from a secret or from a seed."""
    folder = tmp_path_factory.mktemp("whole") / "quiz"
    a_set(folder, 2, RECIPE, seed=request.param, formats=("xlsx",))
    return folder


@pytest.fixture
def quiz(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "quiz")
    return tmp_path / "quiz"


def altered(key: Path, change: Callable[[Content], object], unsealed: bool = False) -> None:
    content = json.loads(key.read_bytes())
    change(content)
    if unsealed:
        content.pop("checksum")
        content.pop("seal", None)
    key.write_text(json.dumps(content))


def refusal(path: Path) -> str:
    """What is said of a key when it is read, or when the first file is to be marked by it."""
    with pytest.raises(ByhandError) as error:
        Grader(load_key(path))
    return str(error.value)


def leaves(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of each number, text and truth value."""
    inside = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for name, part in inside:
        yield from leaves(part, (*path, name))
    if not isinstance(content, dict | list):
        yield path


def changed_at(content: Content, path: tuple[Any, ...]) -> None:
    *to, last = path
    for name in to:
        content = content[name]
    value = content[last]
    content[last] = (
        not value if isinstance(value, bool) else value + 1 if isinstance(value, int | float) else f"{value}x"
    )


@pytest.mark.slow
def test_every_number_and_text_of_a_key_counts(quiz: Path) -> None:
    key = quiz / "keys" / "key.json"
    text = key.read_bytes()
    places = list(leaves(json.loads(text)))
    assert len(places) > 100
    for path in places:
        key.write_bytes(text)
        altered(key, lambda content, path=path: changed_at(content, path))
        said = refusal(quiz)
        assert said == ALTERED.format(key) or f"The key {key} has no sound" in said or str(key) in said, path
    key.write_bytes(text)
    Grader(load_key(quiz))


CHANGES: dict[str, Callable[[Content], object]] = {
    "an answer": lambda c: c["students"]["s001"]["answers"][0].__setitem__(0, 77),
    "a drawn number": lambda c: next(iter(c["students"]["s002"]["drawn"].values()))[0].__setitem__(0, 7),
    "nothing drawn": lambda c: c["students"]["s001"].update(drawn={}),
    "a table left out": lambda c: c["students"]["s001"]["drawn"].pop(next(iter(c["students"]["s001"]["drawn"]))),
    "a student left out": lambda c: c["students"].pop("s001"),
    "two students swapped": lambda c: c["students"].update(s001=c["students"]["s002"], s002=c["students"]["s001"]),
    "points": lambda c: c["questions"][0].update(points=100),
    "a name": lambda c: c["students"]["s001"].update(name="Somebody"),
    "a field more": lambda c: c.update(more=1),
}


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_a_key_that_was_altered_by_hand_is_refused_by_grade_and_check(change: str, quiz: Path, tmp_path: Path) -> None:
    key = quiz / "keys" / "key.json"
    altered(key, CHANGES[change])
    assert refusal(quiz) == ALTERED.format(key)
    if change not in ("an answer", "nothing drawn"):
        return
    book = quiz / "students" / "s001.xlsx"
    for line in (
        f"byhand grade {book.parent} --key {quiz} -o {tmp_path / 'marks'}",
        f"byhand check {book} --key {key}",
    ):
        result = byhand(line)
        assert result.exit_code == 2
        assert str(key) in " ".join(result.stderr.split())
        assert "s001.xlsx" not in result.stderr
    assert not (tmp_path / "marks").exists()


def test_layout_and_order_do_not_matter(quiz: Path) -> None:
    key = quiz / "keys" / "key.json"
    before = load_key(quiz)
    content = json.loads(key.read_bytes())
    key.write_text(json.dumps(dict(reversed(content.items())), indent=4))
    assert load_key(quiz) == before


def another_wrong_cell(student: Content) -> None:
    """A cell that was right is wrong too."""
    row = 1 if student["answers"][0][0] == 1 else 0
    student["planted"]["scores"][row][0] = 99


UNTRUE: dict[str, tuple[Callable[[Content], object], str]] = {
    "an answer": (CHANGES["an answer"], "the answers of s001 are not those of its numbers"),
    "nothing drawn": (CHANGES["nothing drawn"], "the numbers of s001 are not those that its recipe draws"),
    "another wrong cell": (
        lambda c: another_wrong_cell(c["students"]["s002"]),
        "the answers of s002 are not those of its numbers",
    ),
    "no wrong cell": (
        lambda c: c["students"]["s002"].update(planted={}),
        "the answers of s002 are not those of its numbers",
    ),
    "a cell that is not there": (
        lambda c: c["students"]["s001"]["answers"].__setitem__(0, [99, 1]),
        "the answers of s001 are not those of its numbers",
    ),
}


@pytest.mark.parametrize("change", UNTRUE)
def test_a_key_of_before_has_no_checksum_and_must_give_its_answers(change: str, quiz: Path, tmp_path: Path) -> None:
    alter, why = UNTRUE[change]
    shutil.copy(quiz / "keys" / "key.json", tmp_path / "key.json")
    altered(tmp_path / "key.json", lambda content: None, unsealed=True)
    Grader(load_key(tmp_path / "key.json"))
    altered(tmp_path / "key.json", alter)
    sentence = (
        f"The key of {RECIPE} does not fit this byhand: {why}; make it again with the command that made the class."
    )
    assert refusal(tmp_path / "key.json") == sentence
    if change != "nothing drawn":
        return
    result = byhand(f"byhand grade {quiz / 'students'} --key {tmp_path / 'key.json'} -o {tmp_path / 'marks'}")
    assert (result.exit_code, " ".join(result.stderr.split())) == (2, f"Error: {sentence}")
    assert not (tmp_path / "marks").exists()


def test_the_seal_cannot_be_taken_off_nor_made_without_the_secret(tmp_path: Path) -> None:
    """Somebody who may write key.json, and knows byhand, but not the secret."""
    a_set(tmp_path / "quiz", 2, seed=None, formats=("xlsx",))
    a_set(tmp_path / "mine", 2, seed=None, formats=("xlsx",))
    key = tmp_path / "quiz" / "keys" / "key.json"
    shutil.copy(tmp_path / "mine" / "keys" / "key.json", key)
    assert refusal(key) == ALTERED.format(key)
    altered(key, lambda content: content.pop("seal"))
    assert refusal(key) == ALTERED.format(key)
    altered(key, lambda content: content.update(seed=3), unsealed=True)
    assert refusal(key) == ALTERED.format(key)


def test_a_students_own_key_needs_no_secret(tmp_path: Path) -> None:
    """It is checked alone; a folder called secret beside it is no secret."""
    key = a_set(tmp_path / "quiz", 1, seed=None, formats=("xlsx",), practice=True)
    (tmp_path / "home" / "secret").mkdir(parents=True)
    own = tmp_path / "home" / "mine.key.json"
    shutil.copy(tmp_path / "quiz" / "students" / "s001.key.json", own)
    read: Key = load_key(own)
    assert read.students == key.students
    altered(own, lambda content: content["students"]["s001"]["answers"][0].__setitem__(0, 77))
    assert refusal(own) == ALTERED.format(own)


# Sets of before


@pytest.mark.parametrize("name", ["dot-product", "softmax"])
def test_a_set_of_byhand_0_1_0_is_graded_as_it_was(name: str, tmp_path: Path) -> None:
    """Drawn from a seed, with a key without checksum, and with other words on its sheets than today."""
    folder = OLD / name
    key = load_key(folder)
    assert key.seed == 7
    with Grader(key) as grader:
        for student in key.students:
            (tmp_path / f"{student}.xlsx").write_bytes(answered(folder, key, student))
            marks = grader.mark(tmp_path / f"{student}.xlsx").marks
            assert (marks.student, marks.warnings) == (student, ())
            assert marks.points == pytest.approx(marks.most)
        taken = tmp_path / "student-001.xlsx"
        taken.write_bytes(answered(folder, key, "student-002"))
        marks = grader.mark(taken).marks
        assert marks.warnings or marks.points < marks.most / 4


def test_a_student_who_is_taken_for_another_by_capitals_alone(tmp_path: Path) -> None:
    """ada hands in the book of Ada, whose id is the same but for its capital."""
    students = tuple(Student(id) for id in ("ada", "Ada", "bob"))
    make_set(SetOptions(find("softmax"), tmp_path / "quiz", Roster(students), seed=3, formats=("xlsx",)))
    key = load_key(tmp_path / "quiz")
    with Grader(key) as grader:
        for id in ("ada", "Ada"):
            for path in (tmp_path / f"{key.students[id].file}.xlsx", tmp_path / "work.xlsx"):
                path.write_bytes(answered(tmp_path / "quiz", key, id))
                marks = grader.mark(path).marks
                assert (marks.student, marks.warnings) == (id, ())
        path = tmp_path / f"{key.students['ada'].file}.xlsx"
        path.write_bytes(answered(tmp_path / "quiz", key, "Ada"))
        marks = grader.mark(path).marks
    assert marks.student == "ada"
    assert marks.warnings[0] == "The workbook was made for another student: it states the id of Ada."


# Who may read it


def test_keys_can_be_read_by_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "quiz"
    (folder / "keys").mkdir(parents=True, mode=0o755)
    a_set(folder, 2, "softmax", seed=None, formats=("xlsx", "html", "moodle", "canvas"))
    assert (folder / "keys").stat().st_mode & 0o777 == 0o700
    names = {path.name for path in (folder / "keys").iterdir()}
    assert {"secret", "key.json", "set.json", "moodle.xml", "canvas.zip", "s001.html"} <= names
    assert {path.stat().st_mode & 0o777 for path in (folder / "keys").iterdir()} == {0o600}
    assert all(path.stat().st_mode & 0o044 for path in (folder / "students").iterdir())
