"""A class's set: each student's own files, the same ones however they are made, in every format."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from support.class_sets import HEAD, command, order, parts, refusal, tree

from byhand.errors import ByhandError
from byhand.exercises import class_set
from byhand.exercises.class_set import SetOptions, make_set
from byhand.exercises.distinct_mistakes import mistakes
from byhand.exercises.draw import Student
from byhand.exercises.formats import formats_of
from byhand.exercises.keys import read_key
from byhand.exercises.problem import problem
from byhand.exercises.recipe import read_exercise
from byhand.exercises.roster import Roster, numbered
from byhand.processes import spread

pytestmark = pytest.mark.usefixtures("here")

# Names of all sorts

NAMES = ["=cmd|'/c calc'!A0", "+1", "@x", "<b>&\"'", "_x000D_ _x0041_", "§700000001§ 700000002", "علي", "𝔞" * 50, ""]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_text_in_the_book_and_in_the_key(name: str) -> None:
    made = SetOptions(HEAD, Path("class"), Roster((Student("a/../b", name), Student("CON", "x"))), seed=3)
    make_set(made)
    first, second = read_key(Path("class/keys/key.json")).students.values()
    assert sorted(os.listdir("class/students")) == sorted([f"{first.file}.xlsx", f"{second.file}.xlsx"])
    sheet = openpyxl.load_workbook(f"class/students/{first.file}.xlsx")["Exercise"]
    assert (first.id, first.name) == ("a/../b", name)
    assert sheet["C5"].value == "a/../b"
    assert sheet["C4"].data_type in ("s", "n")
    assert (sheet["C4"].value or "").replace("_x005F_", "_") == name
    assert not re.search("<f>(cmd|=)", "".join(parts(Path(f"class/students/{first.file}.xlsx").read_bytes()).values()))


# The same files, however they are made


@pytest.mark.slow
def test_everybody_has_other_numbers_and_the_same_ones_in_another_class() -> None:
    make_set(order("class", 5))
    make_set(order("larger", 60))
    small, large = (read_key(Path(f"{name}/keys/key.json")).students for name in ("class", "larger"))
    assert len({json.dumps(student.drawn) for student in large.values()}) == 60
    assert small == {id: large[id] for id in small}
    assert {name: data for name, data in tree("larger/students").items() if name in tree("class/students")} == tree(
        "class/students"
    )


@pytest.mark.slow
def test_blocks_and_processes_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    make_set(order("class", 30, jobs=1))
    monkeypatch.setattr(class_set, "BLOCK", 7)
    make_set(order("by two", 30, jobs=2))
    assert tree("by two") == tree("class")


@pytest.mark.slow
def test_another_seed_gives_other_numbers() -> None:
    make_set(order("three"))
    make_set(order("four", seed=4))
    three, four = (read_key(Path(f"{name}/keys/key.json")).students["student-001"] for name in ("three", "four"))
    assert three.drawn != four.drawn


@pytest.mark.parametrize(("words", "files"), [((), 5), pytest.param(("--self-check",), 8, marks=pytest.mark.slow)])
@pytest.mark.slow
def test_the_same_bytes_in_two_processes_with_other_hashes(words: tuple[str, ...], files: int) -> None:
    for seed in "12":
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([*command(seed, "--count", "3", *words)], check=True, env=environment, capture_output=True)
    assert tree("1") == tree("2")
    assert len(tree("1")) == files


# Work in several processes


def doubler(extra: int) -> Any:
    def work(job: int) -> int:
        if job == 13:
            raise ByhandError("Thirteen is not doubled.")
        if job == 99:
            os._exit(1)
        return 2 * job + extra

    return work


@pytest.mark.slow
def test_results_come_in_the_order_of_the_jobs() -> None:
    assert list(spread(doubler, (1,), [5, 3, 8, 0, 2, 9, 4, 4], 3)) == [11, 7, 17, 1, 5, 19, 9, 9]
    assert list(spread(doubler, (1,), [], 3)) == []


@pytest.mark.slow
def test_a_refusal_in_a_process_is_the_same_refusal() -> None:
    with pytest.raises(ByhandError, match=r"^Thirteen is not doubled\.$"):
        list(spread(doubler, (0,), [1, 2, 13, 4], 2))


@pytest.mark.slow
def test_a_process_that_the_system_ends_is_told() -> None:
    with pytest.raises(
        ByhandError, match=r"^The system has stopped one of the processes, perhaps for want of memory: "
    ):
        list(spread(doubler, (0,), [1, 99, 3], 2))


@pytest.mark.slow
def test_progress_counts_every_student() -> None:
    steps: list[int] = []
    make_set(order("class", 120), steps.append)
    assert sum(steps) == 120
    assert steps == [100, 20]


# Formats


@pytest.mark.slow
def test_every_format_is_made_and_answers_stay_in_the_folder_of_keys() -> None:
    report = make_set(order("class", 3, formats=("xlsx", "html", "moodle", "canvas")))
    names = [f"student-00{n}" for n in (1, 2, 3)]
    assert set(os.listdir("class/students")) == {f"{name}.{form}" for name in names for form in ("xlsx", "html")}
    keys = {"key.json", "set.json", "moodle.xml", "canvas.zip"}
    assert set(os.listdir("class/keys")) == keys | {f"{name}.html" for name in names}
    assert report.written == 3 * 3 + 2
    make_set(order("again", 3, formats=("xlsx", "html", "moodle", "canvas")))
    assert tree("class") == tree("again")


@pytest.mark.slow
@pytest.mark.parametrize("form", ["html", "moodle", "canvas"])
def test_a_format_that_comes_later_is_added(form: str) -> None:
    make_set(order("class", 3))
    make_set(order("class", 3, formats=(form,)))
    make_set(order("at once", 3, formats=("xlsx", form)))
    assert tree("class") == tree("at once")
    make_set(order("class", 2, seed=4, force=True))
    make_set(order("another", 2, seed=4))
    assert tree("class") == tree("another"), "nothing of the old set stays"


def test_moodle_knows_each_students_mistakes() -> None:
    make_set(order("class", 3, formats=("moodle",)))
    text = Path("class/keys/moodle.xml").read_text("utf-8")
    told = mistakes(problem(read_exercise(HEAD)))
    assert text.count("<question type=") == 4
    assert sum(m.sentence[:20] in text for m, _ in told) > 10


@pytest.mark.slow
def test_paper_is_the_same_bytes_again() -> None:
    pytest.importorskip("typst")
    for name in ("one", "two"):
        make_set(order(name, 2, formats=("pdf",)))
    assert tree("one") == tree("two")
    assert Path("one/students/student-001.pdf").read_bytes().startswith(b"%PDF")
    assert Path("one/keys/student-001.pdf").is_file()


def test_a_format_that_cannot_be_is_refused_before_anything_is_written() -> None:
    text = HEAD.read_text().replace('table = "Z"', 'table = "Z"\nplaces = 6')
    Path("fine.toml").write_text(text)
    assert "Canvas" in refusal(
        SetOptions(Path("fine.toml"), Path("class"), numbered(3), seed=1, formats=("xlsx", "canvas"))
    )


def test_formats_are_named_once() -> None:
    assert formats_of(" xlsx, xlsx,") == ("xlsx",)
    with pytest.raises(ByhandError, match=r"^There is no format 'xslx'; the nearest is xlsx\.$"):
        formats_of("xslx")
    formats = "xlsx, html, pdf, md, page, notebook, moodle, canvas, qti, qti3"
    with pytest.raises(ByhandError, match=rf"^--format names no format; there are: {formats}\.$"):
        formats_of(" , ")
