"""What a teacher decides: read, kept on every run, and seen in grades, feedback and changes.csv."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.class_submissions import a_set, answered
from support.commands import byhand

from byhand.errors import ByhandError
from byhand.exercises.class_set import SetOptions, make_set
from byhand.exercises.draw import Student
from byhand.exercises.keys import Key, read_key
from byhand.exercises.recipe import find
from byhand.exercises.roster import Roster
from byhand.grading.decisions import LateRule, read_decisions
from byhand.grading.decisions_file import TEMPLATE, OpenCase, merged, with_open_cases


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def points(out: Path) -> dict[str, str]:
    return {row[1]: row[2] for row in rows(out / "grades.csv")[1:]}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Key]:
    """s001 is right, s002 has another's book, s003 two files, s004 a PDF, s005 nothing, s006 a word as an answer."""
    folder = tmp_path_factory.mktemp("class")
    key = a_set(folder / "set", 6, "dot-product", formats=("xlsx",))
    (folder / "in").mkdir()
    (folder / "in" / "s001.xlsx").write_bytes(answered(folder / "set", key, "s001"))
    (folder / "in" / "s002.xlsx").write_bytes(answered(folder / "set", key, "s001"))
    (folder / "in" / "s003.xlsx").write_bytes(answered(folder / "set", key, "s003"))
    wrong = answered(folder / "set", key, "s003", lambda n, c, x: x + 100)
    (folder / "in" / "s003-2.xlsx").write_bytes(wrong)
    (folder / "in" / "s004.xlsx").write_bytes(b"%PDF-1.7")
    (folder / "in" / "scan.xlsx").write_bytes(b"%PDF-1.7")
    word = answered(folder / "set", key, "s006", lambda n, c, x: "three" if (n, c) == (0, 0) else x)
    (folder / "in" / "s006.xlsx").write_bytes(word)
    return folder, key


def graded(folder: Path, out: Path, more: str = "", key: Path | None = None) -> Any:
    result = byhand(
        f"byhand grade {folder / 'in'} --key {key or folder / 'set'} -o {out} --jobs 1 --format html {more}"
    )
    assert (result.exit_code, result.stderr) == (0, ""), result.stderr
    return result


def most(key: Key) -> float:
    return sum(question.points for question in key.questions)


@pytest.mark.slow
def test_each_case_that_needs_a_person_is_counted_and_has_a_line(made: tuple[Path, Key], tmp_path: Path) -> None:
    folder, key = made
    result = graded(folder, tmp_path / "out")
    assert "6 students: 2 graded, 2 to look at, 1 unreadable, 1 missing." in result.stdout
    assert "4 cases need a decision of yours: see the lines in" in result.stdout
    text = (tmp_path / "out" / "decisions.toml").read_text("utf-8")
    assert read_decisions(text, "decisions.toml", key) == read_decisions(TEMPLATE, "", key), "all lines are comments"
    lines = [line for line in text.splitlines() if line.startswith(("# s00", '# "scan'))]
    assert [line.partition("  # ")[0].partition(" = ")[0] for line in lines] == [
        '# "scan.xlsx"',
        "# s002",
        "# s004",
        "# s006",
    ]
    assert "made for another student" in text
    assert "'three' is no number that could be read" in text
    assert (grades := points(tmp_path / "out"))["s002"] == grades["s004"] == grades["s006"] == "-"
    graded(folder, tmp_path / "out")
    assert (tmp_path / "out" / "decisions.toml").read_text("utf-8") == text, "no line twice"


def uncommented(text: str, student: str) -> str:
    """The file after the teacher has taken the # from a student's line."""
    return text.replace(f"\n# {student} = ", f"\n{student} = ")


@pytest.mark.slow
def test_what_is_accepted_stays_accepted_until_another_file_comes(made: tuple[Path, Key], tmp_path: Path) -> None:
    folder, key = made
    shutil.copytree(folder, tmp_path / "class")
    here, out = tmp_path / "class", tmp_path / "out"
    graded(here, out)
    place = out / "decisions.toml"
    place.write_text(uncommented(place.read_text("utf-8"), "s002"), "utf-8")
    result = graded(here, out)
    assert "3 graded, 1 to look at" in result.stdout
    assert points(out)["s002"] != "-"
    assert (out / "feedback" / "s002.html").is_file()
    assert not (out / "look" / "s002.html").exists()
    change = ["s002", "Student 2", "no grade (look)", points(out)["s002"], "The teacher has decided."]
    assert rows(out / "changes.csv")[1:] == [change]
    assert ["accepted", "s002", "s002.xlsx"] in [row[:3] for row in rows(out / "problems.csv")]
    graded(here, out)
    assert points(out)["s002"] != "-", "kept on every later run"
    assert rows(out / "changes.csv") == [["Student", "Name", "Before", "After", "Why"]], "since the last run, none"
    (here / "in" / "s002.xlsx").write_bytes(answered(here / "set", key, "s003"))
    result = graded(here, out)
    assert "2 graded, 2 to look at" in result.stdout, "another file, and other warnings"


DECISIONS = """
attempts = "best"
late_rule = "10 % a day, at most 50 %"

[students]
s001 = { late = 2, comment = "Do start earlier." }
s002 = { exempt = true }
s004 = { grade = 1.5, comment = "Shown at the blackboard." }
S006 = { cells = { "1 FIRST" = "right" } }

[files]
"scan.xlsx" = "s005"
"""


def test_every_kind_of_decision(made: tuple[Path, Key], tmp_path: Path) -> None:
    folder, key = made
    first = key.questions[0].cells[0]
    (tmp_path / "mine.toml").write_text(DECISIONS.replace("FIRST", first), "utf-8")
    out, whole = tmp_path / "out", most(key)
    result = graded(folder, out, f"--decide {tmp_path / 'mine.toml'}")
    assert "6 students: 4 graded, 1 unreadable, 1 exempt." in result.stdout
    grades = points(out)
    assert float(grades["s001"]) == pytest.approx(0.8 * whole)
    assert (grades["s002"], grades["s004"]) == ("-", "1.5")
    assert float(grades["s003"]) == float(grades["s006"]) == whole
    canvas = {row[2]: row[5] for row in rows(out / "grades_canvas.csv")[1:]}
    assert canvas["s002"] == "EX"
    said = {row[1]: row[3] for row in rows(out / "grades.csv")[1:]}
    assert "Do start earlier." in said["s001"]
    assert f"2 days late: {0.8 * whole:g} of the {whole:g} points count." in said["s001"]
    assert said["s004"] == "Your teacher has decided on these points. Shown at the blackboard."
    page = (out / "feedback" / "s001.html").read_text("utf-8")
    assert "Do start earlier." in page
    assert "2 days late" in page
    assert [row[1] for row in rows(out / "problems.csv") if row[0] == "not marked"] == ["s004", "s005"]
    before = points(out)
    assert graded(folder, out).stdout.startswith("6 students: 4 graded"), "the decisions were kept in the folder"
    assert points(out) == before


@pytest.mark.slow
def test_a_question_that_is_left_out_for_everybody(made: tuple[Path, Key], tmp_path: Path) -> None:
    folder, _ = made
    (tmp_path / "mine.toml").write_text('[everyone]\ncells = { "1" = "right" }\n', "utf-8")
    graded(folder, tmp_path / "out")
    assert points(tmp_path / "out")["s006"] == "-"
    result = graded(folder, tmp_path / "out", f"--decide {tmp_path / 'mine.toml'}")
    assert points(tmp_path / "out")["s006"] != "-", "what could not be read no longer matters"
    assert "changed: see" in result.stdout


@pytest.mark.parametrize(
    ("rule", "got", "days", "left"),
    [
        (LateRule(0.1, True), 8, 2, 6.4),
        (LateRule(1, False), 8, 2, 6),
        (LateRule(1, False), 1, 2, 0),
        (LateRule(0.1, True, 0.5), 8, 30, 4),
        (LateRule(2, False, 3, False), 8, 30, 5),
        (LateRule(0.1, True), 8, 0.5, 7.6),
    ],
)
def test_late_rules(rule: LateRule, got: float, days: float, left: float) -> None:
    assert rule.points(got, days) == pytest.approx(left)


RULES = {
    "10 % a day": LateRule(0.1, True),
    "10% per day, at most 50%": LateRule(0.1, True, 0.5),
    "1 point a day": LateRule(1.0, False),
    "0,5 points a day, at most 3 points": LateRule(0.5, False, 3.0, False),
}


@pytest.mark.parametrize("text", RULES)
def test_late_rules_as_people_write_them(text: str, made: tuple[Path, Key]) -> None:
    assert read_decisions(f'late_rule = "{text}"', "d", made[1]).late_rule == RULES[text]


KEYS = "accept, grade, cells, comment, exempt, late, file"
STUDENT = "In the entry s001 of d.toml, "
REFUSALS = {
    "[students]\ns001 = { aceppt = true }": (
        f"The entry s001 of d.toml has an unknown key 'aceppt'; the nearest is accept; there are: {KEYS}."
    ),
    "[everyone]\nlat = 1": "The table [everyone] of d.toml has an unknown key 'lat'; there are: cells.",
    "[pupils]": (
        "The file d.toml has an unknown key 'pupils'; there are: attempts, late_rule, everyone, files, students."
    ),
    "[students]\nx999 = { accept = true }": (
        "d.toml decides about 'x999', who is not in the key; there are: s001, s002, s003, s004, s005, s006."
    ),
    "[students]\ns001 = true": f"{STUDENT}write a table such as {{ accept = true }}, not True.",
    "[students]\ns001 = { grade = -1 }": f"{STUDENT}'grade' must be a number from 0 to 1,000,000, not -1.",
    "[students]\ns001 = { grade = nan }": f"{STUDENT}'grade' must be a number from 0 to 1,000,000, not nan.",
    '[students]\ns001 = { grade = "a" }': f"{STUDENT}'grade' must be a number from 0 to 1,000,000, not 'a'.",
    "[students]\ns001 = { grade = 3.5 }": f"{STUDENT}the grade is 3.5 of 3 points: write 0 to 3.",
    "[students]\ns001 = { exempt = true, grade = 3 }": (
        f"{STUDENT}who is exempt has no grade: leave out either exempt or grade."
    ),
    '[students]\ns001 = { exempt = true, cells = { "1" = 1 } }': (
        f"{STUDENT}who is exempt has no grade: leave out either exempt or cells."
    ),
    'late_rule = "1 point a day"\n[students]\ns001 = { grade = 1, late = 2 }': (
        f"{STUDENT}the grade is given, so that late changes nothing: leave out either of them."
    ),
    "[students]\ns001 = { late = 2 }": (
        'In d.toml, s001 is late: say what a day costs, with late_rule = "10 % a day".'
    ),
    '[students]\ns001 = { cells = { "1 ZZ9" = 1 } }': (
        f"{STUDENT}no answer stands in '1 ZZ9': name a question and a cell, as in '1 H15'."
    ),
    '[students]\ns001 = { cells = { "9" = 1 } }': (
        f"{STUDENT}no answer stands in '9': name a question and a cell, as in '1 H15'."
    ),
    '[students]\ns001 = { cells = { "1" = 99 } }': f"{STUDENT}1 has 0 to 3 points, not 99.",
    '[students]\ns001 = { cells = { "1" = "maybe" } }': (
        f'{STUDENT}1 is "right", "wrong" or a number of points, not \'maybe\'.'
    ),
    'attempts = "first"': 'In d.toml, attempts is "last" or "best", not \'first\'.',
    'late_rule = "a lot"': (
        "In d.toml, the late_rule 'a lot' is not understood: "
        'write "10 % a day", "1 point a day" or "10 % a day, at most 50 %".'
    ),
    '[files]\n"s001" = "s002"\n[students]\ns001 = {}\n"s 2" = {}\ns001 = { exempt = true }': (
        "d.toml decides twice about s001: take one of the lines out."
    ),
    "students = 3": "In d.toml, 'students' must be a table: write [students] on a line of its own.",
}


def test_decisions_that_cannot_be_meant(made: tuple[Path, Key]) -> None:
    for text, sentence in REFUSALS.items():
        with pytest.raises(ByhandError) as error:
            read_decisions(text, "d.toml", made[1])
        assert str(error.value) == sentence
    with pytest.raises(ByhandError, match=r"^d\.toml is no TOML: .+; mend it there\.$"):
        read_decisions("a = = b", "d.toml", made[1])


def test_a_wrong_decision_changes_nothing(made: tuple[Path, Key], tmp_path: Path) -> None:
    folder, _ = made
    (tmp_path / "mine.toml").write_text("[students]\nnobody = { exempt = true }\n", "utf-8")
    line = (
        f"byhand grade {folder / 'in'} --key {folder / 'set'} -o {tmp_path / 'out'} --decide {tmp_path / 'mine.toml'}"
    )
    result = byhand(line)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "decides about 'nobody', who is not in the key" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_decision_that_names_no_file_is_not_kept(made: tuple[Path, Key], tmp_path: Path) -> None:
    """It shows only when the files are known, and must not stand in the way of later runs."""
    folder, _ = made
    graded(folder, tmp_path / "out")
    before = (tmp_path / "out" / "decisions.toml").read_bytes()
    mine = tmp_path / "mine.toml"
    line = f"byhand grade {folder / 'in'} --key {folder / 'set'} -o {tmp_path / 'out'} --decide {mine}"
    for text, why in {
        '[students]\ns001 = { file = "nope.xlsx" }\n': (
            "decisions.toml names 'nope.xlsx' for s001, who has handed in s001.xlsx: name one of these."
        ),
        '[files]\n"scna.xlsx" = "s005"\n': (
            f"{mine} says whose 'scna.xlsx' is, which is not among the files that were handed in: "
            "take it out, or name one of these; the nearest is scan.xlsx."
        ),
    }.items():
        mine.write_text(text, "utf-8")
        result = byhand(line)
        assert (result.exit_code, result.stderr) == (2, f"Error: {why}\n")
        assert (tmp_path / "out" / "decisions.toml").read_bytes() == before
    graded(folder, tmp_path / "out")


def test_the_teachers_lines_stay_and_new_ones_take_the_place_of_old() -> None:
    text = TEMPLATE + 's001 = { late = 1 }  # told me on Monday\n"a b" = { exempt = true }\n'
    more = with_open_cases(
        text, [OpenCase("students", "s002", "{ grade = 0 }", "no\nworkbook"), OpenCase("files", "x y", '""', "?")]
    )
    assert "# told me on Monday" in more
    assert "# s002 = { grade = 0 }  # no workbook" in more.splitlines()
    assert more.index('# "x y" = ""') < more.index("[students]")
    assert with_open_cases(more, [OpenCase("students", "s002", "{ grade = 0 }", "otherwise")]) == more
    after = merged(
        more, 'late_rule = "1 point a day"\n[students]\ns001 = { late = 2 }\n"a b" = {grade = 3.0}\n', "mine"
    )
    assert "told me" not in after
    assert "s001 = { late = 2 }" in after.splitlines()
    assert '"a b" = { grade = 3.0 }' in after.splitlines()
    assert 'late_rule = "1 point a day"' in after.splitlines()
    with pytest.raises(ByhandError, match=r"do not fit into decisions\.toml, which has the same ones as tables"):
        merged("[students.s001]\nlate = 1\n[students.s002]\nlate = 1\n", "[students]\ns001 = {}\n", "mine")


# What has changed in the class or the key


@pytest.mark.slow
def test_a_class_that_was_enlarged(tmp_path: Path) -> None:
    """The marks stay, and it is said what happened."""
    key = a_set(tmp_path / "set", 2, "dot-product", formats=("xlsx",))
    (tmp_path / "in").mkdir()
    for student in ("s001", "s002"):
        (tmp_path / "in" / f"{student}.xlsx").write_bytes(answered(tmp_path / "set", key, student))
    graded(tmp_path, tmp_path / "out")
    key = a_set(tmp_path / "set", 3, "dot-product", formats=("xlsx",))
    (tmp_path / "in" / "s003.xlsx").write_bytes(answered(tmp_path / "set", key, "s003"))
    result = graded(tmp_path, tmp_path / "out")
    assert result.stdout.startswith("3 students: 3 graded (2 of the files were read before).")
    assert "1 student came to the class since the last run." in result.stdout
    assert set(points(tmp_path / "out").values()) == {f"{most(key):g}"}


@pytest.mark.slow
def test_other_points_mark_everything_again(tmp_path: Path) -> None:
    """changes.csv says whose grade changes, from what to what, and why."""
    recipe = tmp_path / "mine.toml"
    recipe.write_text(find("dot-product").read_text("utf-8"), "utf-8")
    key = made_again(tmp_path)
    (tmp_path / "in").mkdir()
    for student in key.students:
        book = answered(tmp_path / "set", key, student, lambda n, c, x, s=student: x + 100 if n or s == "s001" else x)
        (tmp_path / "in" / f"{student}.xlsx").write_bytes(book)
    graded(tmp_path, tmp_path / "out")
    before = points(tmp_path / "out")
    assert before["s001"] == "0" != before["s002"]
    text = recipe.read_text("utf-8")
    first = text.index("points = ")
    recipe.write_text(f"{text[:first]}points = 7{text[text.index(chr(10), first) :]}", "utf-8")
    made_again(tmp_path)
    result = graded(tmp_path, tmp_path / "out")
    why = "the recipe's questions, points or shares have changed"
    said = f"All files are marked again, since {why}: changes.csv lists the grades that change."
    assert said in " ".join(result.stdout.split())
    after = points(tmp_path / "out")
    assert (after["s001"], after["s002"]) == ("0", "7")
    row = ["s002", "Student 2", before["s002"], "7", f"{why[0].upper()}{why[1:]}."]
    assert rows(tmp_path / "out" / "changes.csv") == [["Student", "Name", "Before", "After", "Why"], row]


def made_again(folder: Path) -> Key:
    """The set of mine.toml with seed 3, in place of an older one."""
    students = Roster(tuple(Student(f"s00{n}", f"Student {n}") for n in (1, 2)))
    make_set(SetOptions(folder / "mine.toml", folder / "set", students, seed=3, formats=("xlsx",), force=True))
    return read_key(folder / "set" / "keys" / "key.json")


@pytest.mark.slow
def test_books_without_answers_are_told(tmp_path: Path) -> None:
    a_set(tmp_path / "set", 3, "dot-product", formats=("xlsx",))
    (tmp_path / "set" / "students").rename(tmp_path / "in")
    result = graded(tmp_path, tmp_path / "out")
    said = "All 3 books have no answers in them, and 0 points: are these the files as they were handed out?"
    assert said in " ".join(result.stdout.split())
    assert [row[0] for row in rows(tmp_path / "out" / "problems.csv")[1:]] == ["blank"] * 3
