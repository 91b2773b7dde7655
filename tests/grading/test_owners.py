"""Whose a book is that has been handed in, which of several counts, and who has handed in nothing."""

from __future__ import annotations

import os
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from support.submissions import ClassSet, class_set, filled, handed_in

from byhand.errors import ByhandError
from byhand.exercises.class_set import SetOptions, make_set
from byhand.exercises.draw import Student
from byhand.exercises.keys import read_key
from byhand.exercises.recipe import find
from byhand.exercises.roster import Roster
from byhand.grading.handed_out import HandedOut
from byhand.grading.owners import (
    Owners,
    UnknownId,
    latest_files,
    letters,
    plain_stem,
    read_name,
    spellings,
    submissions,
)


def owner(path: Path, of: ClassSet | None = None) -> tuple[str, str]:
    handed_out = (of or class_set()).handed_out
    found = Owners(handed_out).owner(handed_in(path, handed_out))
    return found.id, found.identified_by


def at(path: Path, student: str = "s01", id: str | None = "s01", numbers: bool = True) -> Path:
    """A student's book at a path, with another id in it, or with numbers that are nobody's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    changes = {("Exercise", "C5"): id} | ({} if numbers else {("Attention", "C14"): 77})
    return filled(path, student, changes)


MOODLE = "Emmy Noether_12345_assignsubmission_file_"


@pytest.mark.parametrize(
    ("name", "id", "expected"),
    [
        ("anything.xlsx", "s01", ("s01", "the id in the workbook")),
        ("anything.xlsx", "S01", ("s01", "the id in the workbook")),
        ("s02.xlsx", "s01", ("s02", "the file's name")),
        ("S02 (1).xlsx", "s01", ("s02", "the file's name")),
        ("Copy of s02.xlsx", "s01", ("s02", "the file's name")),
        ("s02-1.xlsx", None, ("s02", "the file's name")),
        ("s02.page.xlsx", None, ("s02", "the file's name")),
        (f"{MOODLE}/my book.xlsx", "s01", ("s02", "Moodle's name for the file")),
        (f"{MOODLE}/s01.xlsx", "s01", ("s02", "Moodle's name for the file")),
        (f"{MOODLE}s01.xlsx", "s01", ("s02", "Moodle's name for the file")),
        ("Nobody Known_12345_assignsubmission_file_/s03.xlsx", "s01", ("s03", "the file's name")),
        ("noetheremmy_101_9001_book.xlsx", "s01", ("s02", "Canvas's name for the file")),
        ("noetheremmy_LATE_101_9001_book-1.xlsx", "s01", ("s02", "Canvas's name for the file")),
        ("duchateletemilie_7_8_book.xlsx", "s01", ("s04", "Canvas's name for the file")),
        ("somebodyelse_7_8_s05-2.xlsx", "s01", ("s05", "the file's name")),
        ("noetheremmy_101_9001_all.zip/work/book.xlsx", "s01", ("s02", "Canvas's name for the file")),
        ("class_1_2_x/book.xlsx", "s01", ("s01", "the id in the workbook")),
        (f"{MOODLE}/all.zip/my/own/book.xlsx", "s01", ("s02", "Moodle's name for the file")),
        ("anything.xlsx", None, ("s01", "the given numbers")),
        ("anything.xlsx", "someone", ("s01", "the given numbers")),
    ],
)
def test_whose_a_book_is(tmp_path: Path, name: str, id: str | None, expected: tuple[str, str]) -> None:
    assert owner(at(tmp_path / name, id=id)) == expected


@pytest.mark.parametrize(
    ("id", "says"),
    [
        (
            "x9",
            "states the id 'x9', which is not in this key, and was probably made with another set: "
            "mark it with the key of that set.",
        ),
        (
            None,
            "states no id, and is not in the key, and neither its name nor its given numbers are a student's: "
            "rename it to the student's id.",
        ),
    ],
)
def test_nobodys(tmp_path: Path, id: str | None, says: str) -> None:
    path = at(tmp_path / "book.xlsx", id=id, numbers=False)
    with pytest.raises(ByhandError) as error:
        owner(path)
    assert str(error.value) == f"{path} {says}"


@pytest.mark.parametrize("name", ["s01.xlsx", "s01-001.xlsx", "Copy of s01.xlsx", "somebodyelse_7_8_s01.xlsx"])
def test_a_file_name_gives_no_book_away_that_states_an_id_of_another_class(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnknownId) as error:
        owner(at(tmp_path / name, id="s01-001", numbers=False))
    assert pickle.loads(pickle.dumps(error.value)).stated == error.value.stated == "s01-001"
    assert owner(at(tmp_path / "copies" / name, id="s01", numbers=False))[0] == "s01"


def test_a_file_that_does_not_say_whose_it_is_has_the_name_that_byhand_gives() -> None:
    """Each kind of file that is handed out or saved, and copies of it; or the folder or zip file with the name."""
    owners = Owners(class_set().handed_out)
    kinds = ("s02.xlsx", "s02.page.html", "s02.key.json", "s02.ipynb", "s02.pdf", "s02-answers.json", "s02-answers.npz")
    for name in kinds:
        stem, _, ending = name.partition(".")
        assert owners.by_name(Path(name)) == "s02", name
        assert owners.by_name(Path(f"more/{name.upper()}"), copies=False) == "s02", name
        for copy in (f"Copy of {name}", f"{stem} (1).{ending}", f"{stem}-1.{ending}", f"in/a_7_8_{name}"):
            assert owners.by_name(Path(copy)) == "s02", copy
    for name in ("s02.zip/photo.jpg", "S02/work/photo.jpg", "class.zip/s02/photo.jpg", f"{MOODLE}/s01.jpg"):
        assert owners.by_name(Path(name)) == "s02", name
    for name in ("photo.jpg", "answers.json", "s02x.xlsx"):
        assert owners.by_name(Path(name)) == "", name


def test_what_the_id_says_counts_less_than_the_learning_system_and_the_given_numbers(tmp_path: Path) -> None:
    assert owner(at(tmp_path / MOODLE / "s01.xlsx", id="x9", numbers=False)) == ("s02", "Moodle's name for the file")
    assert owner(at(tmp_path / "s02.xlsx", id="x9")) == ("s01", "the given numbers")


def a_class(tmp_path: Path, *students: Student) -> ClassSet:
    make_set(SetOptions(find("dot-product"), tmp_path / "set", Roster(students), seed=1, formats=("xlsx",)))
    key = read_key(tmp_path / "set" / "keys" / "key.json")
    return ClassSet(tmp_path / "set", key, HandedOut.of(key))


def test_ids_are_one_however_their_letters_are_written(tmp_path: Path) -> None:
    of = a_class(tmp_path, Student("s01\u00e9", "A"), Student("\u00df2", "B"))
    owners = Owners(of.handed_out)
    assert owners.by_id("S01E\u0301") == "s01\u00e9"
    assert owners.by_id("SS2") == "\u00df2"
    assert owners.by_id("s01") is None


def test_ids_that_differ_only_in_size_are_told_apart_exactly_or_not_at_all(tmp_path: Path) -> None:
    of = a_class(tmp_path, Student("ab1", "Ann"), Student("AB1", "Ann"))
    owners = Owners(of.handed_out)
    assert [owners.by_id(id) for id in ("ab1", "AB1", "Ab1")] == ["ab1", "AB1", None]
    assert len({student.file.casefold() for student in of.key.students.values()}) == 2


def test_a_number_of_canvas_is_an_id_only_beside_the_right_name(tmp_path: Path) -> None:
    of = a_class(tmp_path, Student("101", "Ada Lovelace"), Student("102", ""))
    owners = Owners(of.handed_out)
    name = read_name(Path("lovelaceada_101_9_x.xlsx"))
    assert owners._by_system(name) == "101"
    assert owners._by_system(read_name(Path("someone_101_9_x.xlsx"))) is None
    assert owners._by_system(read_name(Path("someone_102_9_x.xlsx"))) == "102"


def test_names_as_systems_write_them() -> None:
    assert letters("Émilie du-Châtelet") == "emilieduchatelet"
    assert "lovelaceada" in spellings("Ada Lovelace")
    assert "adalovelace" in spellings("Lovelace, Ada")
    assert [plain_stem(s) for s in ("a (2)", "a-3", "a - Copy", "Kopie von a", "a")] == ["a"] * 5


def test_of_several_files_the_latest_counts_and_the_others_are_named(tmp_path: Path) -> None:
    names = {"a/s01.xlsx": 30, "b/s01.xlsx": 20, "noetheremmy_1_50_x.xlsx": 90, "noetheremmy_1_60_x-1.xlsx": 10}
    for name, time in names.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
        os.utime(path, (time, time))
    old, new = sorted(tmp_path.glob("noether*"))
    owners = {tmp_path / "a/s01.xlsx": "s01", tmp_path / "b/s01.xlsx": "s01", old: "s02", new: "s02"}
    found = latest_files(class_set().key, owners)
    assert found.used == {"s01": tmp_path / "a/s01.xlsx", "s02": new}
    assert found == latest_files(class_set().key, dict(reversed(owners.items())))
    assert found.older == {"s01": (tmp_path / "b/s01.xlsx",), "s02": (old,)}


def test_the_files_of_a_folder(tmp_path: Path) -> None:
    for name in ("b.xlsx", "a/c.xlsx", "notes.pdf", ".hidden.xlsx", "~$b.xlsx", ".~lock.b.xlsx#", "Thumbs.db"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    for name in ("__MACOSX", ".git", "d.xlsx"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "e.xlsx").write_text("")
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe.xlsx")
    (tmp_path / "away").symlink_to("/", target_is_directory=True)
    (tmp_path / "link.xlsx").symlink_to(tmp_path / "b.xlsx")
    found = [str(path.relative_to(tmp_path)) for path in submissions(tmp_path)]
    assert found == ["a/c.xlsx", "b.xlsx", "d.xlsx", "link.xlsx", "notes.pdf", "pipe.xlsx"]


def test_a_folder_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ByhandError, match="is no folder: name the one with the files"):
        submissions(tmp_path / "file")
    (tmp_path / "more").write_text("")
    monkeypatch.setattr("byhand.grading.owners.MOST_FILES", 1)
    with pytest.raises(ByhandError, match="holds more than 1 files: name the folder of one class"):
        submissions(tmp_path)


def test_a_number_that_belongs_to_the_id_is_no_resubmission(tmp_path: Path) -> None:
    """Of student-002.xlsx and a later file with another name, the later one counts."""
    key = class_set().key
    student = replace(key.students["s01"], id="student-002", file="student-002")
    key = replace(key, students={"student-002": student})
    first, second = tmp_path / "student-002.xlsx", tmp_path / "my work.xlsx"
    for n, path in enumerate((first, second)):
        path.touch()
        os.utime(path, (n, n))
    assert latest_files(key, dict.fromkeys((first, second), "student-002")).used == {"student-002": second}
    again = tmp_path / "student-002 (1).xlsx"
    again.touch()
    assert latest_files(key, dict.fromkeys((first, second, again), "student-002")).used == {"student-002": again}
