"""How the learning systems know a class: from its lists, or from the key alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.class_submissions import a_set

from byhand.exercises.keys import Key
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
