"""The secret of a set: kept in keys/ alone, and the only thing from which its numbers follow."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.class_sets import HEAD, order, refusal, tree
from support.commands import answer
from support.selection import often

from byhand.exercises.class_set import SetOptions, make_set
from byhand.exercises.draw import variants
from byhand.exercises.keys import Key, read_key
from byhand.exercises.problem import problem
from byhand.exercises.recipe import find, read_exercise, ready_made
from byhand.exercises.roster import numbered
from byhand.exercises.secret import PRACTICE, Source, new_secret

pytestmark = pytest.mark.usefixtures("here")


def key_of(folder: str) -> Key:
    return read_key(Path(folder, "keys", "key.json"))


def secret_of(folder: str) -> bytes:
    return bytes.fromhex(Path(folder, "keys", "secret").read_text())


@pytest.mark.slow
def test_a_secret_has_256_bits_of_the_operating_system(monkeypatch: pytest.MonkeyPatch) -> None:
    make_set(order("class", seed=None))
    assert len(secret_of("class")) == 32
    assert len({new_secret() for _ in range(100)}) == 100
    monkeypatch.setattr("secrets.token_bytes", lambda count: bytes([7]) * count)
    make_set(order("other", seed=None))
    assert secret_of("other") == bytes([7]) * 32


@pytest.mark.slow
def test_a_set_is_the_same_from_a_copy_of_its_keys_or_of_its_secret_alone() -> None:
    make_set(order("class", seed=None))
    shutil.copytree("class/keys", "copied/keys")
    make_set(order("copied", seed=None))
    assert tree("copied") == tree("class")
    Path("again/keys").mkdir(parents=True)
    shutil.copy("class/keys/secret", "again/keys/secret")
    make_set(order("again", seed=None))
    assert tree("again") == tree("class")


@pytest.mark.slow
def test_exam_practice_and_another_recipe_of_one_secret_have_other_numbers() -> None:
    make_set(order("exam", seed=None))
    renamed = Path("renamed.toml")
    renamed.write_text(HEAD.read_text("utf-8"), "utf-8")
    for folder in ("practice", "renamed"):
        Path(folder, "keys").mkdir(parents=True)
        shutil.copy("exam/keys/secret", f"{folder}/keys/secret")
    make_set(order("practice", seed=None, practice=True))
    make_set(SetOptions(renamed, Path("renamed"), numbered(5)))
    drawn = [
        json.dumps(s.drawn) for folder in ("exam", "practice", "renamed") for s in key_of(folder).students.values()
    ]
    assert len(set(drawn)) == 15


@pytest.mark.slow
def test_an_exam_and_practice_of_one_seed_have_other_numbers() -> None:
    make_set(order("exam"))
    make_set(order("practice", practice=True))
    exam, practice = (key_of(folder).students for folder in ("exam", "practice"))
    assert all(exam[id].drawn != practice[id].drawn for id in exam)


def test_a_seed_gives_the_numbers_that_it_has_always_given() -> None:
    """Worked examples and sets of before name a seed; the numbers are those of byhand 0.1.0."""
    assert Source(3).generator("softmax", "s1").integers(1000, size=4).tolist() == NUMBERS
    assert Source(3).generator("softmax", "s1", 2).integers(1000, size=4).tolist() == OF_A_QUESTION


NUMBERS, OF_A_QUESTION = [25, 440, 163, 54], [1, 635, 193, 360]


@pytest.mark.slow
def test_a_practice_key_holds_one_student_and_neither_seed_nor_secret() -> None:
    for folder, seed in (("secret", None), ("seed", 3)):
        make_set(order(folder, seed=seed, practice=True))
        for student in key_of(folder).students.values():
            own = json.loads(Path(folder, "students", f"{student.file}.key.json").read_bytes())
            assert own.keys() == {
                "byhand",
                "version",
                "exercise",
                "digest",
                "language",
                "practice",
                "recipe",
                "questions",
                "students",
                "checksum",
                "printed",
            }
            assert list(own["students"]) == [student.id]


@pytest.mark.slow
def test_the_key_itself_does_not_hold_the_secret() -> None:
    make_set(order("class", seed=None, formats=("xlsx", "html", "moodle", "canvas")))
    text = secret_of("class").hex().encode()
    assert [name for name, data in tree("class").items() if text in data] == ["keys/secret"]


SECRET_SAID = "With a copy of class/keys, the same command makes the same files on any machine."
KEY_SAID = "The key is class/keys/key.json: whoever has class/keys has all answers, so do not hand it out."
SEED_SAID = "Seed 7: with --seed 7, the same command makes the same files anywhere."
WARNED = " Whoever knows the seed knows all answers: leave --seed out for an exam."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", SECRET_SAID),
        ("--self-check", SECRET_SAID),
        ("--seed 7", SEED_SAID + WARNED),
        ("--seed 7 --self-check", SEED_SAID),
    ],
)
def test_the_command_ends_with_where_the_key_is_and_what_a_seed_means(words: str, said: str) -> None:
    lines = answer(f"byhand exercise softmax --count 2 --format xlsx,moodle -o class {words}").splitlines()
    assert lines[-2:] == [said, KEY_SAID]


def test_keys_that_others_can_read_all_the_same_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk without owners of files, such as a memory stick, takes no permissions."""
    monkeypatch.setattr(Path, "chmod", lambda *_: None)
    Path("class/keys").mkdir(parents=True, mode=0o755)
    lines = answer("byhand exercise softmax --count 2 --format xlsx -o class").splitlines()
    assert lines[-2] == "Others on this computer can read class/keys, since its disk has no owners of files: move it."


# A secret that is missing, or not the set's own


@pytest.mark.slow
def test_a_set_whose_secret_is_lost_or_another_is_not_continued() -> None:
    make_set(order("class", seed=None))
    make_set(order("another", seed=None))
    shutil.copy("another/keys/secret", "class/keys/secret")
    assert refusal(order("class", seed=None)).startswith("class holds a set of another secret: ")
    Path("class/keys/secret").unlink()
    assert refusal(order("class", seed=None)) == (
        "class/keys/secret, from which the numbers of the set in class are drawn, is missing: put a copy of it in its "
        "place, or add --force to make another set."
    )
    make_set(order("class", seed=None, force=True))
    assert len(secret_of("class")) == 32


@pytest.mark.parametrize("text", ["", "7", "00" * 31, "00" * 33, "xy" * 32, "0" * 63, "é" * 32])
def test_what_is_no_secret_is_refused(text: str) -> None:
    Path("class/keys").mkdir(parents=True)
    Path("class/keys/secret").write_text(text, "utf-8")
    assert refusal(order("class", seed=None)).startswith("class/keys/secret is not the secret of a set, ")


@pytest.mark.slow
def test_a_seed_is_refused_where_a_secret_is_and_replaces_it_with_force() -> None:
    make_set(order("class", seed=None))
    assert refusal(order("class")).startswith("class holds a set that is drawn from a secret: ")
    make_set(order("class", force=True))
    assert not Path("class/keys/secret").exists()
    make_set(order("right"))
    assert tree("class") == tree("right")


@pytest.mark.slow
def test_with_force_a_changed_recipe_keeps_the_numbers_and_the_same_one_gets_others() -> None:
    """More points for a question: the books that are out stay valid, and only the key is another."""
    mine = Path("mine.toml")
    mine.write_text(HEAD.read_text("utf-8"), "utf-8")
    made = SetOptions(mine, Path("class"), numbered(3))
    make_set(made)
    drawn = {id: student.drawn for id, student in key_of("class").students.items()}
    mine.write_text(re.sub("points = .*", "points = 7", HEAD.read_text("utf-8"), count=1), "utf-8")
    make_set(replace(made, force=True))
    assert key_of("class").questions[0].points == 7
    assert {id: student.drawn for id, student in key_of("class").students.items()} == drawn
    make_set(replace(made, force=True))
    assert all(student.drawn != drawn[id] for id, student in key_of("class").students.items())


# What the numbers say of the secret


def test_a_students_generator_says_nothing_of_another() -> None:
    """All bits of the keyed hash count, and each part of what is hashed is a part of its own."""
    source = Source(secret=bytes(32), recipe="r")
    hashes = {
        source.hashed("numbers", *parts) for parts in (("a", "bc"), ("ab", "c"), ("abc",), ("a", "b", "c"), ("a", None))
    }
    assert len(hashes) == 5
    states = {json.dumps(str(source.generator("x", f"s{n}").bit_generator.state["state"])) for n in range(1000)}
    assert len(states) == 1000
    for bit in range(256):
        other = Source(secret=(1 << bit).to_bytes(32, "big"), recipe="r")
        assert other.generator("x", "s0").bit_generator.state != source.generator("x", "s0").bit_generator.state


def test_a_source_is_not_printed_with_its_secret() -> None:
    assert re.search("secret|07", repr(Source(secret=bytes([7]) * 32))) is None
    assert PRACTICE in repr(Source(secret=bytes([7]) * 32, purpose=PRACTICE))


ONE = Source(secret=bytes([1]) * 32)
OTHERS = {"secret": Source(secret=bytes([2]) * 32), "purpose": replace(ONE, purpose=PRACTICE)}
STUDENTS, PAIRINGS = 40, 200


@pytest.mark.slow
@pytest.mark.parametrize("name", often(ready_made(), ["attention-head", "softmax", "find-the-wrong-score"]))
@pytest.mark.parametrize("other", OTHERS)
def test_with_another_secret_no_number_is_the_same_more_often_than_by_chance(name: str, other: str) -> None:
    """Each number of 40 students, drawn twice: as many agree as do when the students are paired at random."""
    built = problem(read_exercise(find(name)))
    students = numbered(STUDENTS).students
    left, right = (variants(built, [], source, students) for source in (ONE, OTHERS[other]))
    tables = [
        (np.stack([v.numbers[node] for v in left]), np.stack([v.numbers[node] for v in right])) for node in built.drawn
    ]
    chance = np.random.default_rng(0)
    pairings = [np.arange(STUDENTS), *(chance.permutation(STUDENTS) for _ in range(PAIRINGS))]
    agreeing = [sum(int((one == two[pairing]).sum()) for one, two in tables) for pairing in pairings]
    assert agreeing[0] < np.mean(agreeing[1:]) + 5 * max(1.0, float(np.std(agreeing[1:])))
    assert sum(one.size for one, _ in tables) > agreeing[0]


def test_the_statistic_sees_numbers_that_stay() -> None:
    """Three tenths of the numbers of one table copied into the other set are far more than by chance."""
    built = problem(read_exercise(HEAD))
    students = numbered(STUDENTS).students
    left, right = (variants(built, [], source, students) for source in (ONE, OTHERS["secret"]))
    one, two = (np.stack([v.numbers[next(iter(built.drawn))] for v in made]) for made in (left, right))
    chance = np.random.default_rng(0)
    copied = np.where(chance.random(one.shape) < 0.3, one, two)
    agreeing = [int((one == copied[chance.permutation(STUDENTS)]).sum()) for _ in range(PAIRINGS)]
    assert int((one == copied).sum()) > np.mean(agreeing) + 5 * float(np.std(agreeing))
