"""How the learning systems know a class: from its lists, or from the key alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.class_submissions import a_set

from byhand.exercises.class_set import SetOptions, make_set
from byhand.exercises.draw import Student
from byhand.exercises.keys import Key, read_key
from byhand.exercises.recipe import find
from byhand.exercises.roster import Roster
from byhand.grading.decisions import read_decisions
from byhand.grading.owners import Rosters, enrolled


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return a_set(tmp_path_factory.mktemp("set"), 3, "relu", formats=("xlsx",))


def test_the_key_alone(key: Key) -> None:
    first = enrolled(key, Rosters())[0][0]
    assert (first.email, first.number) == ("", "s001")
    assert first.canvas == ("Student 1", "", "s001", "", "")


def test_moodles_and_canvass_lists(key: Key, tmp_path: Path) -> None:
    """Found by whichever column has the id; whoever is not in a list is known by the key alone."""
    (tmp_path / "moodle.csv").write_text(
        "First name,Last name,ID number,Email address\nA,B,S001,a@x.example\nC,D,s002,c@x.example\n", "utf-8"
    )
    (tmp_path / "canvas.csv").write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,Old (1)\n    Points Possible,,,,,10\n"
        '"B, A",101,s001,a,Sec 1,3\n"Student, Test",999,,t,Sec 1,\n"F, E",103,x3,s003,Sec 2,4\n',
        "utf-8",
    )
    (one, two, three), notes = enrolled(key, Rosters((tmp_path / "moodle.csv", tmp_path / "canvas.csv")))
    assert (one.email, one.number, one.canvas) == ("a@x.example", "S001", ("B, A", "101", "s001", "a", "Sec 1"))
    assert (two.email, two.canvas) == ("c@x.example", ("Student 2", "", "s002", "", ""))
    assert (three.email, three.canvas) == ("", ("F, E", "103", "x3", "s003", "Sec 2"))
    assert notes == ["The Test Student of Canvas is no student of the class."]


def test_ids_that_differ_only_in_case_are_two_students(tmp_path: Path) -> None:
    """Each has a line of their own, and a decision and a list of the class find the one that is meant."""
    students = (Student("ab1", "Ann"), Student("AB1", "Abe"), Student("cd2", "Cid"))
    make_set(SetOptions(find("relu"), tmp_path / "set", Roster(students), seed=1, formats=("xlsx",)))
    key = read_key(tmp_path / "set" / "keys" / "key.json")
    (tmp_path / "list.csv").write_text("id,email\nAB1,abe@x.example\nab1,ann@x.example\nCD2,cid@x.example\n", "utf-8")
    people, _ = enrolled(key, Rosters((tmp_path / "list.csv",)))
    found = [(person.id, person.email) for person in people]
    assert found == [("ab1", "ann@x.example"), ("AB1", "abe@x.example"), ("cd2", "cid@x.example")]
    decisions = read_decisions("[students]\nAB1 = { exempt = true }\nCD2 = { exempt = true }\n", "d.toml", key)
    assert list(decisions.students) == ["AB1", "cd2"]
