"""Several runs into one folder at once, and files in it that belong to another set."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from support.class_sets import HEAD, order, refusal, tree

from byhand.errors import ByhandError
from byhand.exercises.class_set import SetOptions, make_set
from byhand.exercises.draw import Student
from byhand.exercises.file_marks import mark_of
from byhand.exercises.keys import read_key
from byhand.exercises.roster import Roster
from byhand.folder_lock import LOCK, locked
from byhand.grading.class_marks import grade, grading_options
from byhand.grading.marking import Grader, load_key

pytestmark = pytest.mark.usefixtures("here")


def run(folder: str, count: int) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "byhand", "exercise", "dot-product", "--format", "xlsx", "-o", folder]
    return subprocess.Popen(
        [*line, "--count", str(count)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )


def unlike_the_key(folder: str) -> list[str]:
    """The students whose book does not hold the numbers of the key."""
    with Grader(load_key(Path(folder))) as grader:
        marked = [grader.mark(Path(folder, "students", f"{s.file}.xlsx")) for s in grader.key.students.values()]
    return [one.marks.student for one in marked if one.marks.warnings]


@pytest.mark.slow
def test_of_three_runs_at_once_one_makes_the_set_and_the_others_say_why_not() -> None:
    runs = [run("class", 40) for _ in range(3)]
    said = [" ".join(one.communicate(timeout=300)[1].split()) for one in runs]
    codes = [one.returncode for one in runs]
    assert 0 in codes
    assert set(codes) <= {0, 2}
    for code, sentence in zip(codes, said, strict=True):
        if code == 2:
            assert sentence.startswith("Error: Another run is at work in class")
    assert len(read_key(Path("class/keys/key.json")).students) == 40
    assert unlike_the_key("class") == []
    assert not Path("class/keys", LOCK).exists()


# The lock


HOLDER = """
import sys, time
from pathlib import Path
from byhand.folder_lock import locked
with locked(Path("class/keys"), Path("class")):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder() -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of the folder class."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_sentence_says_whose_lock_it_is_and_since_when(holder: subprocess.Popen[str]) -> None:
    said = refusal(order("class"))
    owner = json.loads(Path("class/keys", LOCK).read_bytes())
    assert said == (
        f"Another run is at work in class (process {holder.pid} on {socket.gethostname()}, since {owner['since']}): "
        "wait until it has ended, or choose another folder with -o."
    )
    assert owner["since"].startswith(time.strftime("%Y-%m-%d "))


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="kills a process as only Unix does")
def test_a_lock_whose_process_was_killed_holds_nobody_up(holder: subprocess.Popen[str]) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert Path("class/keys", LOCK).exists()
    make_set(order("class"))
    make_set(order("right"))
    assert tree("class") == tree("right")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"process": 7}', "\0" * 5000])
def test_a_lock_that_says_nothing_of_itself_still_locks(text: str, holder: subprocess.Popen[str]) -> None:
    Path("class/keys", LOCK).write_text(text)
    assert refusal(order("class")).startswith("Another run is at work in class: wait ")


def test_a_lock_leaves_nothing_where_nothing_was_made() -> None:
    with pytest.raises(ZeroDivisionError), locked(Path("a/b/keys"), Path("a/b")):
        raise ZeroDivisionError
    assert os.listdir() == []
    with locked(Path("a/keys"), Path("a")):
        Path("a/students").mkdir()
    assert os.listdir("a") == ["students"]


def test_a_lock_that_was_taken_away_in_between_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its holder removes the file after another run has opened it: a lock on a removed file would lock nothing."""
    real, removed = os.open, []

    def opened(path: Path, *more: int) -> int:
        file = real(path, *more)
        if str(path).endswith(LOCK) and not removed:
            removed.append(path)
            os.unlink(path)
        return file

    monkeypatch.setattr(os, "open", opened)
    with locked(Path("keys"), Path()):
        assert removed
        assert Path("keys", LOCK).exists()


@pytest.mark.slow
def test_two_runs_of_grade_do_not_write_into_one_folder(holder: subprocess.Popen[str]) -> None:
    make_set(order("quiz", 1))
    options = grading_options(
        Path("quiz/students"), "html", key=Path("quiz"), folder=Path("class/keys"), jobs=1, force=True
    )
    with pytest.raises(ByhandError, match=rf"^Another run is at work in class/keys \(process {holder.pid} on "):
        grade(options)
    holder.kill()
    holder.wait()
    assert len(grade(options).grades) == 1
    assert not Path("class/keys", LOCK).exists()


# Files of another set


@pytest.mark.slow
def test_each_file_of_a_student_has_a_mark_of_its_own() -> None:
    make_set(order("class", 3, formats=("xlsx", "html")))
    make_set(order("four", 3, seed=4, formats=("xlsx", "html")))
    books = [mark_of(path) for folder in ("class", "four") for path in Path(folder, "students").glob("*.xlsx")]
    assert None not in books
    assert len(set(books)) == 6
    for path in Path("class").rglob("*.html"):
        assert mark_of(path) == mark_of(Path("class/students", f"{path.stem}.xlsx"))


@pytest.mark.slow
@pytest.mark.parametrize("form", ["xlsx", "html", "pdf"])
def test_a_file_of_another_set_is_found_when_a_run_continues(form: str) -> None:
    if form == "pdf":
        pytest.importorskip("typst")
    make_set(order("class", 3, formats=(form,)))
    make_set(order("four", 3, seed=4, formats=(form,)))
    before = tree("class")
    for name in ("student-001", "student-003"):
        shutil.copy(f"four/students/{name}.{form}", f"class/students/{name}.{form}")
    path = f"class/students/student-001.{form}"
    assert refusal(order("class", 3, formats=(form,))) == (
        f"{path} (and 1 more) is not of this set, or was saved by a program that takes out its mark: "
        "move it elsewhere, and give the same command again to make it anew."
    )
    for name in ("student-001", "student-003"):
        Path(f"class/students/{name}.{form}").unlink()
    make_set(order("class", 3, formats=(form,)))
    assert tree("class") == before


def test_a_neighbours_book_under_ones_own_name_is_found() -> None:
    make_set(order("class", 3))
    shutil.copy("class/students/student-002.xlsx", "class/students/student-001.xlsx")
    assert refusal(order("class", 3)).startswith("class/students/student-001.xlsx is not of this set, ")


def test_a_book_that_was_worked_in_is_left_as_it_is() -> None:
    """Somebody practises in the book where it was made, and gives the command once more."""
    practice = order("class", 1, seed=None, practice=True)
    make_set(practice)
    path = Path("class/students/student-001.xlsx")
    book = openpyxl.load_workbook(path)
    book["Attention"]["H30"] = 7
    book.save(path)
    mine = path.read_bytes()
    assert make_set(practice).written == 0
    assert path.read_bytes() == mine


def test_a_practice_key_that_was_altered_is_made_anew() -> None:
    practice = order("class", 1, practice=True)
    make_set(practice)
    before = tree("class")
    own = Path("class/students/student-001.key.json")
    own.write_text(own.read_text().replace('"practice":true', '"practice":false'))
    assert make_set(practice).written == 1
    assert tree("class") == before


@pytest.mark.parametrize("data", [b"PK\3\4", b"x" * 70_000, b"PK\5\6" + bytes(18)])
def test_what_is_no_file_of_byhands_has_no_mark(data: bytes) -> None:
    for name in ("a.xlsx", "a.html"):
        Path(name).write_bytes(data)
        assert mark_of(Path(name)) is None
    assert mark_of(Path("nowhere.xlsx")) is None


@pytest.mark.slow
def test_ids_that_differ_in_capitals_alone_have_files_and_numbers_of_their_own() -> None:
    """On a system that takes Ada.xlsx and ada.xlsx for one file, one would replace the other."""
    students = tuple(Student(id) for id in ("ada", "Ada", "ADA", "bob"))
    made = SetOptions(HEAD, Path("class"), Roster(students), seed=3)
    make_set(made)
    key = read_key(Path("class/keys/key.json"))
    names = [student.file for student in key.students.values()]
    assert len({name.casefold() for name in names}) == 4
    assert names[3] == "bob"
    assert len({json.dumps(student.drawn) for student in key.students.values()}) == 4
    assert unlike_the_key("class") == []
    before = tree("class")
    make_set(replace(made))
    assert tree("class") == before
    with pytest.raises(ByhandError):
        make_set(replace(made, roster=Roster(students[1:])))
