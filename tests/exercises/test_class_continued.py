"""A class's set in a folder that is not empty: runs that were stopped, sets that have changed, other people's files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.class_sets import HEAD, command, order, refusal, tree

from byhand.errors import ByhandError
from byhand.exercises.class_set import SetOptions, SetResult, make_set
from byhand.exercises.draw import Student
from byhand.exercises.roster import Roster, numbered
from byhand.files import swept

pytestmark = pytest.mark.usefixtures("here")

# Stopped and continued


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks into /proc for what is still running")
@pytest.mark.slow
def test_a_class_that_is_killed_is_continued_as_if_nothing_had_been() -> None:
    make_set(order("whole", 500))
    line = command("class", "--count", "500", "--jobs", "2")
    running = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: len(list(Path("class/students").glob("*.xlsx"))) > 120)
    helpers = children(running.pid)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert helpers, "it was not killed too late"
    until(lambda: not any(map(alive, helpers)))
    found = {name: data for name, data in tree("class").items() if name.endswith(".xlsx")}
    assert 120 < len(found) < 500
    assert found.items() <= tree("whole").items()
    (Path("class/students") / ".student-499.xlsx.1.tmp").write_bytes(b"half")
    said = subprocess.run(line, check=True, capture_output=True, text=True)
    assert f"Wrote {500 - len(found)} files to class; {len(found)} were there already.\n" in said.stdout
    assert tree("class") == tree("whole")


def until(done: Any) -> None:
    limit = time.monotonic() + 600
    while not done():
        assert time.monotonic() < limit
        time.sleep(0.005)


@pytest.mark.slow
def test_a_whole_set_is_left_as_it_is() -> None:
    make_set(order("class"))
    before = {path: path.stat().st_mtime_ns for path in Path("class/students").iterdir()}
    report = make_set(order("class"))
    assert (report.written, report.kept) == (0, 5)
    assert {path: path.stat().st_mtime_ns for path in Path("class/students").iterdir()} == before


def test_an_empty_file_is_made_again() -> None:
    make_set(order("class"))
    before = tree("class")
    Path("class/students/student-002.xlsx").write_bytes(b"")
    Path("class/keys/key.json").unlink()
    make_set(order("class"))
    assert tree("class") == before


@pytest.mark.slow
def test_without_a_seed_a_set_is_continued_by_its_own_secret() -> None:
    make_set(order("class", seed=None))
    first = tree("class")
    Path("class/students/student-002.xlsx").unlink()
    make_set(order("class", seed=None))
    assert tree("class") == first
    make_set(order("another", seed=None))
    assert tree("another/students").keys() == tree("class/students").keys()
    assert not set(tree("another/students").values()) & set(tree("class/students").values())


@pytest.mark.slow
def test_a_set_with_a_seed_is_continued_without_naming_it() -> None:
    make_set(order("class"))
    first = tree("class")
    Path("class/students/student-002.xlsx").unlink()
    assert make_set(order("class", seed=None)).seed == 3
    assert tree("class") == first


@pytest.mark.slow
def test_students_who_come_later_are_added() -> None:
    make_set(order("class", 5))
    assert make_set(order("class", 9)).written == 4
    make_set(order("nine", 9))
    assert tree("class") == tree("nine")


@pytest.mark.slow
def test_a_name_that_is_mended_is_mended_in_the_book() -> None:
    def made(name: str, folder: str) -> SetResult:
        return make_set(SetOptions(HEAD, Path(folder), Roster((Student("1", name), Student("2", "Emmy"))), seed=3))

    made("Aad", "class")
    assert made("Ada", "class").written == 1
    made("Ada", "right")
    assert tree("class") == tree("right")


INSTEAD = ": choose another folder, or add --force to put this one in its place."
OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "seed": ({"seed": 4}, f"class holds a set of seed 3{INSTEAD}"),
    "practice": ({"practice": True}, f"class holds a set without --self-check{INSTEAD}"),
    "class": ({"count": 3}, f"class holds a set for 2 students who are not in this class{INSTEAD}"),
}


@pytest.mark.slow
@pytest.mark.parametrize("other", OTHERS)
def test_another_set_in_the_same_folder_is_refused_unless_forced(other: str) -> None:
    more, sentence = OTHERS[other]
    make_set(order("class"))
    assert refusal(order("class", **more)) == sentence
    make_set(order("class", force=True, **more))
    make_set(order("right", **more))
    assert tree("class") == tree("right")


@pytest.mark.slow
def test_another_recipe_in_the_same_folder_is_refused() -> None:
    text = HEAD.read_text()
    for name, words in {"one": text, "two": text}.items():
        Path(f"{name}.toml").write_text(words)
    make_set(SetOptions(Path("one.toml"), Path("class"), numbered(2)))
    two = SetOptions(Path("two.toml"), Path("class"), numbered(2))
    assert refusal(two) == f"class holds a set of another exercise{INSTEAD}"
    Path("one.toml").write_text(text.replace("largest = 60", "largest = 61"))
    assert (
        refusal(replace(two, recipe=Path("one.toml"))) == f"class holds a set of another version of the recipe{INSTEAD}"
    )


@pytest.mark.slow
def test_files_that_are_not_of_a_set_are_not_touched() -> None:
    Path("class/students").mkdir(parents=True)
    Path("class/students/student-001.xlsx").write_bytes(b"precious")
    assert refusal(order("class")) == (
        "class holds files that byhand has not begun as a set: choose an empty folder, "
        "or add --force to write over them."
    )
    make_set(order("class", force=True))
    make_set(order("right"))
    assert tree("class") == tree("right")


@pytest.mark.parametrize("text", ["", "[]", '{"byhand": "class set", "version": 1}', "{" * 9999])
def test_a_folder_that_says_nothing_sound_of_itself_is_refused(text: str) -> None:
    make_set(order("class"))
    Path("class/keys/set.json").write_text(text)
    assert refusal(order("class")).startswith("class holds files that byhand has not begun as a set: ")


@pytest.mark.slow
def test_a_set_cannot_have_files_outside_its_folder_removed() -> None:
    make_set(order("class"))
    Path("precious.xlsx").write_bytes(b"precious")
    told = json.loads(Path("class/keys/set.json").read_bytes())
    told["students"].append(["x", "x", "../../precious"])
    Path("class/keys/set.json").write_text(json.dumps(told))
    make_set(order("class", force=True))
    assert Path("precious.xlsx").read_bytes() == b"precious"


@pytest.mark.slow
def test_a_disk_that_fails_is_told_and_leaves_no_half_file(monkeypatch: pytest.MonkeyPatch) -> None:
    make_set(order("right"))
    real = os.replace

    def fail(source: Path, target: Path) -> None:
        if target.name == "student-003.xlsx":
            raise OSError(28, "No space left on device")
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        with pytest.raises(ByhandError) as error:
            make_set(order("class"))
    assert str(error.value) == (
        "Cannot write class/students/student-003.xlsx: no space left on device; choose another place with -o."
    )
    assert set(tree("class")) == {f"students/student-00{n}.xlsx" for n in (1, 2)} | {"keys/set.json"}
    make_set(order("class"))
    assert tree("class") == tree("right")


def test_sweeping_takes_only_what_was_half_written() -> None:
    for name in ("a.xlsx", ".a.xlsx.7.tmp", "b.tmp", ".hidden"):
        Path(name).touch()
    swept(Path())
    assert sorted(os.listdir()) == [".hidden", "a.xlsx", "b.tmp"]
