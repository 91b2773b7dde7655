"""A class's set: each student's own book, nothing in it that gives the answers away, and runs that may be stopped."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import openpyxl
import pytest

from byhand.errors import ByhandError
from byhand.exercises import class_set
from byhand.exercises.book import Place, StudentBook, powers
from byhand.exercises.class_set import Report, make_set
from byhand.exercises.formats import formats_of
from byhand.exercises.keys import read_key
from byhand.exercises.mistakes import mistakes
from byhand.exercises.order import Order
from byhand.exercises.problem import Problem, problem
from byhand.exercises.recipe import exercise_of, find, read_exercise, ready_made
from byhand.exercises.roster import Roster, numbered
from byhand.exercises.variant import Student, Variant, variants
from byhand.exercises.workers import spread
from byhand.files import swept
from byhand.graph import Node
from byhand.recipe import read_toml
from byhand.workbook.recalculate import edited

HEAD = find("attention-head")
EVERY_KIND = """
[[ask]]
table = "scaled"
places = 0

[[ask]]
table = "Q"
kind = "wrong cell"

[[ask]]
table = "Z"
kind = "cell"
cell = [2, 1]

[[ask]]
table = "weights"
kind = "choice"

[[ask]]
table = "W_V"
kind = "missing"
cell = [1, 2]
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test runs in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=["attention-head", "every kind", *sorted(set(ready_made()) - {"attention-head"})])
def each(request: pytest.FixtureRequest) -> Problem:
    """Every ready-made exercise, and one that asks something of every kind."""
    return found(request.param)


@pytest.fixture(params=["attention-head", "every kind"])
def head(request: pytest.FixtureRequest) -> Problem:
    """One attention head, in which tables are asked, or something of every kind."""
    return found(request.param)


def found(name: str) -> Problem:
    if name != "every kind":
        return problem(read_exercise(find(name)))
    table = read_toml(HEAD) | tomllib.loads(EVERY_KIND)
    return problem(exercise_of(table, Path("kinds.toml")))


def drawn(head: Problem, *students: Student) -> list[Variant]:
    told = [changed for _, changed in mistakes(head)]
    return variants(head, told, 3, students or [Student("s1", "Ada"), Student("s2", "Emmy")])


def order(folder: str, count: int = 5, **more: Any) -> Order:
    return Order(HEAD, Path(folder), numbered(count), **{"seed": 3, **more})


def tree(folder: str | Path) -> dict[str, bytes]:
    """Every file and its bytes."""
    root = Path(folder)
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def parts(book: bytes) -> dict[str, str]:
    with ZipFile(io.BytesIO(book)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


# Nothing gives the answers away


def test_an_exam_book_is_the_same_whatever_the_answers(each: Problem) -> None:
    """Other answers and other tables on the way, another missing number, and the same ones given: the same bytes."""
    for variant in drawn(each):
        missing = {q.node: q.indices for q in each.questions if q.ask.kind == "missing"}
        numbers = {node: table.copy() for node, table in variant.numbers.items()}
        for node, indices in missing.items():
            numbers[node][indices[0]] += 5
        other = replace(
            variant,
            numbers=numbers,
            values={node: table + 17.25 * (node not in shown(each)) for node, table in variant.values.items()},
            answers=[answers + 33 for answers in variant.answers],
        )
        assert StudentBook(each).filled(other) == StudentBook(each).filled(variant)
        assert StudentBook(each, practice=True).filled(other) != StudentBook(each, practice=True).filled(variant)


def shown(each: Problem) -> set[Node]:
    """Computed tables that are given; one with a wrong cell is not given as it is."""
    planted = {q.node for q in each.questions if q.ask.kind == "wrong cell"}
    return {each.lesson.tables[name] for name in each.exercise.show} - planted


def test_no_part_of_an_exam_book_holds_a_number_that_is_an_answer(each: Problem) -> None:
    """Searched in the sheets, the texts, names, properties, drop-downs, stored results: as it is and rounded."""
    for variant in drawn(each):
        given = [table for node, table in variant.numbers.items()] + list(variant.planted.values())
        given += [variant.values[node] for node in shown(each)]
        seen = {f"{x:.{n}f}" for table in given for x in table.ravel() for n in range(2, 7)}
        seen |= {f"{round(value, 6):.{n}f}" for _, value in powers() for n in range(2, 7)}
        hidden = [x for table in variant.values.values() for x in np.ravel(table) if x != np.rint(x)]
        secret = {f"{x:.{n}f}" for x in hidden for n in range(2, 7)} - seen - {"0.00", "1.00", "0.50", "0.000"}
        assert len(secret) > 30 or each.exercise.name not in ("attention-head", "kinds", "encoder-block", "tiny-gpt")
        for name, text in parts(StudentBook(each).filled(variant)).items():
            numbers = set(re.findall(r"-?\d+\.\d+", text))
            near = {f"{float(x):.{n}f}" for x in numbers for n in range(2, 7) if len(x.partition(".")[2]) >= n}
            widths = set(re.findall(r'(?:width|ht|left|right|top|bottom|defaultRowHeight)="([\d.]+)"', text))
            assert not (near - {f"{float(w):.{n}f}" for w in widths for n in range(2, 7)}) & secret, name


def test_the_cells_of_an_exam_book_hold_what_is_given_and_no_more(each: Problem) -> None:
    """Every stored number of every sheet, formulas' results too."""
    for variant in drawn(each):
        allowed = {float(x) for table in variant.numbers.values() for x in np.ravel(table)}
        visible = [*variant.planted.values(), *(variant.values[node] for node in shown(each))]
        allowed |= {round(float(x), 4) for table in visible for x in np.ravel(table)}
        allowed |= {round(value, 6) for _, value in powers()}
        constants = [n.data for n in each.lesson.tables.values() if n.data is not None and n not in each.drawn]
        allowed |= {float(x) for data in constants if data is not None for x in np.ravel(data)}
        for name, text in parts(StudentBook(each).filled(variant)).items():
            if name.startswith("xl/worksheets"):
                cells = re.findall(r"<c ([^>]*)>(?:<f>[^<]*</f>)?<v>([^<]*)</v>", text)
                numbers = {float(value) for kind, value in cells if "t=" not in kind and value}
                assert numbers <= allowed, name


def test_an_asked_cell_is_empty_and_open_and_all_that_is_given_is_locked(each: Problem) -> None:
    (variant, _) = drawn(each)
    book = StudentBook(each)
    sheets = openpyxl.load_workbook(io.BytesIO(book.filled(variant)))
    asked = {(place.sheet, r + 1, c + 1) for place in book.places for r, c in place.cells}
    for sheet in sheets:
        assert sheet.protection.sheet
        for row in sheet.iter_rows():
            for cell in row:
                where = (sheet.title, cell.row, cell.column)
                if where in asked and not _planted(each, book, where):
                    assert cell.value is None
                    assert not cell.protection.locked
                elif cell.value is not None:
                    assert cell.protection.locked, where
    assert [s.sheet_state for s in sheets] == ["visible"] * len(sheets.sheetnames)
    assert not any(sheet.data_validations.dataValidation for sheet in sheets)


def _planted(each: Problem, book: StudentBook, where: tuple[str, int, int]) -> bool:
    """A table with a wrong cell is shown; what is asked of it stands beside the question."""
    return where[0] != "Exercise" and all(q.ask.kind in ("choice", "wrong cell") for q in each.questions)


# Practice


def marks(book: StudentBook, variant: Variant, typed: dict[tuple[str, int, int], float]) -> list[float]:
    """The hidden sheet's marks after these numbers are typed."""
    Path("practice.xlsx").write_bytes(book.filled(variant))
    values = edited("practice.xlsx", dict(typed))
    return [value for (sheet, _, _), value in sorted(values.items(), key=str) if sheet == "check"]  # type: ignore[misc]


def typed_into(places: list[Place], answers: list[Any]) -> dict[tuple[str, int, int], float]:
    cells = [(place.sheet, r, c) for place in places for r, c in place.cells]
    return dict(zip(cells, [float(x) for a in answers for x in np.ravel(a)], strict=True))


def test_practice_marks_what_is_right_what_is_wrong_and_what_is_open(head: Problem) -> None:
    book = StudentBook(head, practice=True)
    (variant, _) = drawn(head)
    places = [q.ask.places if q.ask.kind not in ("choice", "wrong cell") else 0 for q in head.questions]
    rounded = [np.round(a, n) for a, n in zip(variant.answers, places, strict=True)]
    count = sum(len(place.cells) for place in book.places)
    right = typed_into(book.places, rounded)
    wrong = typed_into(book.places, [a + 2.5 * q.ask.margin for a, q in zip(rounded, head.questions, strict=True)])
    near = [a + 0.9 * q.ask.margin for a, q in zip(variant.answers, head.questions, strict=True)]
    assert marks(book, variant, right) == [1] * count
    assert marks(book, variant, typed_into(book.places, near)) == [1] * count
    assert marks(book, variant, wrong) == [-1] * count
    assert marks(book, variant, {}) == [0] * count


def test_practice_hides_its_marks_and_colours_the_answers(head: Problem) -> None:
    (variant, _) = drawn(head)
    book = StudentBook(head, practice=True)
    sheets = openpyxl.load_workbook(io.BytesIO(book.filled(variant)))
    assert sheets["check"].sheet_state == "veryHidden"
    for place in book.places:
        coloured = {str(found.sqref) for found in sheets[place.sheet].conditional_formatting}
        for row, column in place.cells:
            assert sheets[place.sheet].cell(row + 1, column + 1).coordinate in coloured


# Names of all sorts

NAMES = ["=cmd|'/c calc'!A0", "+1", "@x", "<b>&\"'", "_x000D_ _x0041_", "§700000001§ 700000002", "علي", "𝔞" * 50, ""]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_text_in_the_book_and_in_the_key(name: str) -> None:
    made = Order(HEAD, Path("class"), Roster((Student("a/../b", name), Student("CON", "x"))), seed=3)
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


def test_everybody_has_other_numbers_and_the_same_ones_in_another_class() -> None:
    make_set(order("class", 5))
    make_set(order("larger", 60))
    small, large = (read_key(Path(f"{name}/keys/key.json")).students for name in ("class", "larger"))
    assert len({json.dumps(student.drawn) for student in large.values()}) == 60
    assert small == {id: large[id] for id in small}
    assert {name: data for name, data in tree("larger/students").items() if name in tree("class/students")} == tree(
        "class/students"
    )


def test_blocks_and_processes_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    make_set(order("class", 30, jobs=1))
    monkeypatch.setattr(class_set, "BLOCK", 7)
    make_set(order("by two", 30, jobs=2))
    assert tree("by two") == tree("class")


def test_another_seed_gives_other_numbers() -> None:
    make_set(order("three"))
    make_set(order("four", seed=4))
    three, four = (read_key(Path(f"{name}/keys/key.json")).students["student-001"] for name in ("three", "four"))
    assert three.drawn != four.drawn


SAME = ("--seed", "3", "--format", "xlsx")


def command(folder: str, *words: str) -> list[str]:
    return [sys.executable, "-m", "byhand", "exercise", "attention-head", *SAME, "-o", folder, *words]


@pytest.mark.parametrize("words", [(), ("--self-check",)])
def test_the_same_bytes_in_two_processes_with_other_hashes(words: tuple[str, ...]) -> None:
    for seed in "12":
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([*command(seed, "--count", "3", *words)], check=True, env=environment, capture_output=True)
    assert tree("1") == tree("2")
    assert len(tree("1")) == 5


# Stopped and continued


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks into /proc for what is still running")
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
    limit = time.monotonic() + 60
    while not done():
        assert time.monotonic() < limit
        time.sleep(0.005)


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


def test_without_a_seed_a_set_is_continued_by_its_own() -> None:
    first = make_set(order("class", seed=None))
    Path("class/students/student-002.xlsx").unlink()
    assert make_set(order("class", seed=None)).seed == first.seed
    assert make_set(order("another", seed=None)).seed != first.seed


def test_students_who_come_later_are_added() -> None:
    make_set(order("class", 5))
    assert make_set(order("class", 9)).written == 4
    make_set(order("nine", 9))
    assert tree("class") == tree("nine")


def test_a_name_that_is_mended_is_mended_in_the_book() -> None:
    def made(name: str, folder: str) -> Report:
        return make_set(Order(HEAD, Path(folder), Roster((Student("1", name), Student("2", "Emmy"))), seed=3))

    made("Aad", "class")
    assert made("Ada", "class").written == 1
    made("Ada", "right")
    assert tree("class") == tree("right")


def refusal(order: Order) -> str:
    before = tree(".")
    with pytest.raises(ByhandError) as error:
        make_set(order)
    assert tree(".") == before
    return str(error.value)


INSTEAD = ": choose another folder, or add --force to put this one in its place."
OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "seed": ({"seed": 4}, f"class holds a set of seed 3{INSTEAD}"),
    "practice": ({"practice": True}, f"class holds a set without --self-check{INSTEAD}"),
    "class": ({"count": 3}, f"class holds a set for 2 students who are not in this class{INSTEAD}"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_another_set_in_the_same_folder_is_refused_unless_forced(other: str) -> None:
    more, sentence = OTHERS[other]
    make_set(order("class"))
    assert refusal(order("class", **more)) == sentence
    make_set(order("class", force=True, **more))
    make_set(order("right", **more))
    assert tree("class") == tree("right")


def test_another_recipe_in_the_same_folder_is_refused() -> None:
    text = HEAD.read_text()
    for name, words in {"one": text, "two": text}.items():
        Path(f"{name}.toml").write_text(words)
    make_set(Order(Path("one.toml"), Path("class"), numbered(2)))
    two = Order(Path("two.toml"), Path("class"), numbered(2))
    assert refusal(two) == f"class holds a set of another exercise{INSTEAD}"
    Path("one.toml").write_text(text.replace("largest = 60", "largest = 61"))
    assert (
        refusal(replace(two, recipe=Path("one.toml"))) == f"class holds a set of another version of the recipe{INSTEAD}"
    )


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


def test_a_set_cannot_have_files_outside_its_folder_removed() -> None:
    make_set(order("class"))
    Path("precious.xlsx").write_bytes(b"precious")
    told = json.loads(Path("class/keys/set.json").read_bytes())
    told["students"].append(["x", "x", "../../precious"])
    Path("class/keys/set.json").write_text(json.dumps(told))
    make_set(order("class", force=True))
    assert Path("precious.xlsx").read_bytes() == b"precious"


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


# Work in several processes


def doubler(extra: int) -> Any:
    def work(job: int) -> int:
        if job == 13:
            raise ByhandError("Thirteen is not doubled.")
        if job == 99:
            os._exit(1)
        return 2 * job + extra

    return work


def test_results_come_in_the_order_of_the_jobs() -> None:
    assert list(spread(doubler, (1,), [5, 3, 8, 0, 2, 9, 4, 4], 3)) == [11, 7, 17, 1, 5, 19, 9, 9]
    assert list(spread(doubler, (1,), [], 3)) == []


def test_a_refusal_in_a_process_is_the_same_refusal() -> None:
    with pytest.raises(ByhandError, match=r"^Thirteen is not doubled\.$"):
        list(spread(doubler, (0,), [1, 2, 13, 4], 2))


def test_a_process_that_the_system_ends_is_told() -> None:
    with pytest.raises(
        ByhandError, match=r"^The system has stopped one of the processes, perhaps for want of memory: "
    ):
        list(spread(doubler, (0,), [1, 99, 3], 2))


def test_progress_counts_every_student() -> None:
    steps: list[int] = []
    make_set(order("class", 120), steps.append)
    assert sum(steps) == 120
    assert steps == [100, 20]


# Formats


def test_every_format_is_made_and_answers_stay_in_the_folder_of_keys() -> None:
    report = make_set(order("class", 3, formats=("xlsx", "html", "moodle", "canvas")))
    names = [f"student-00{n}" for n in (1, 2, 3)]
    assert set(os.listdir("class/students")) == {f"{name}.{form}" for name in names for form in ("xlsx", "html")}
    keys = {"key.json", "set.json", "moodle.xml", "canvas.zip"}
    assert set(os.listdir("class/keys")) == keys | {f"{name}.html" for name in names}
    assert report.written == 3 * 3 + 2
    make_set(order("again", 3, formats=("xlsx", "html", "moodle", "canvas")))
    assert tree("class") == tree("again")


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
    assert "Canvas" in refusal(Order(Path("fine.toml"), Path("class"), numbered(3), seed=1, formats=("xlsx", "canvas")))


def test_formats_are_named_once() -> None:
    assert formats_of(" xlsx, xlsx,") == ("xlsx",)
    with pytest.raises(ByhandError, match=r"^There is no format 'xslx'; did you mean xlsx\?\.$"):
        formats_of("xslx")
    with pytest.raises(ByhandError, match=r"^--format names no format; there are: xlsx, html, pdf, moodle, canvas\.$"):
        formats_of(" , ")
