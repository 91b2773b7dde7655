"""What is handed out says nothing of the secret, the seed or a classmate, in any part of any format of any exercise."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from support.attack import CLASSMATES, Attack, Files, made, parts_of, shared_with_the_class_alone, text_of
from support.class_submissions import answered

from byhand.exercises.formats import FORMATS, KEYS, STUDENTS, StudentFile
from byhand.exercises.keys import read_key
from byhand.exercises.recipe import find, ready_made
from byhand.grading.class_marks import grade, grading_options

ALL = tuple(FORMATS)
QUICK = tuple(name for name in ALL if name != "pdf")
HANDED_OUT = tuple(name for name in ALL if any(isinstance(file, StudentFile) for file in FORMATS[name]))
"""The formats with a file for each student: what is the same in every set is in the other class's files too."""
OFTEN = "softmax find-the-wrong-score who-looks-at-whom".split()
IN_TURN = {name: bool(n % 12) for n, name in enumerate(sorted(ready_made())) if n % 6 == 0}
"""The recipes that CI tries, every sixth, and for which purpose; the rest is for a sweep."""
each_purpose = pytest.mark.parametrize(
    ("name", "practice"),
    [
        pytest.param(
            name,
            practice,
            id=f"{'practice' if practice else 'exam'}-{name}",
            marks=() if name in OFTEN else pytest.mark.slow if practice is IN_TURN.get(name) else pytest.mark.sweep,
        )
        for name in ready_made()
        for practice in (False, True)
    ],
)
GUESSES = 50


def formats(name: str) -> tuple[str, ...]:
    return ALL if name == OFTEN[0] else QUICK


def spellings(secret: bytes) -> Iterator[bytes]:
    """A secret as a file could hold it, whole or a half of it."""
    for part in (secret, secret[:16], secret[16:]):
        yield part
        yield part.hex().encode()
        yield part.hex().upper().encode()
        yield base64.b64encode(part).rstrip(b"=")[:-1]
        yield base64.urlsafe_b64encode(part).rstrip(b"=")[:-1]
        yield str(int.from_bytes(part, "big")).encode()
        yield str(int.from_bytes(part, "little")).encode()
        yield repr(list(part))[1:-1].encode()


Sets = Callable[[str, bool], Path]


@pytest.fixture(scope="module")
def the_set(tmp_path_factory: pytest.TempPathFactory) -> Sets:
    """The set of an exercise, which is made once."""

    @lru_cache(2)
    def of(name: str, practice: bool) -> Path:
        return made(tmp_path_factory.mktemp("of") / "set", find(name), practice=practice, formats=formats(name))

    return of


@pytest.mark.slow
@each_purpose
def test_no_part_of_any_file_holds_the_secret_or_a_classmate(name: str, practice: bool, the_set: Sets) -> None:
    """The learning systems' files hold the whole class, but not the secret either; only keys/secret does."""
    folder = the_set(name, practice)
    secret = bytes.fromhex(Path(folder, KEYS, "secret").read_text())
    for path in sorted(folder.rglob("*")):
        if path.is_dir() or path.name == "secret":
            continue
        for where, data in parts_of(path.name, path.read_bytes()):
            assert not any(spelling in data for spelling in spellings(secret)), where
            if path.parent.name == STUDENTS:
                others = [student for student in CLASSMATES if student != path.name.partition(".")[0]]
                assert not any(other in text_of(data) for other in others), where


@pytest.mark.slow
@each_purpose
def test_the_attack_fails(name: str, practice: bool, the_set: Sets, tmp_path: Path) -> None:
    folder = the_set(name, practice)
    same = tuple(form for form in formats(name) if form in HANDED_OUT)
    elsewhere = made(tmp_path / "other", find(name), practice=practice, formats=same)
    lent = {student: Files.of(folder / STUDENTS, student) for student in CLASSMATES[:2]}
    attack = Attack(find(name), lent).run(GUESSES)
    assert all(attack.own.values())
    assert attack.tried > 2 * GUESSES
    assert attack.found is None, attack.by
    there = Files.of(elsewhere / STUDENTS, CLASSMATES[0])
    assert there.files.keys() == lent[CLASSMATES[0]].files.keys()
    assert shared_with_the_class_alone(*lent.values(), there) == set()


# The same attack finds what can be found


def a_classmate(attack: Attack, folder: Path) -> bool:
    """Whether the attack knows a classmate's numbers."""
    drawn = read_key(folder / KEYS / "key.json").students[CLASSMATES[2]].drawn
    return any(
        all((draw[node] == np.array(drawn[node.name])).all() for node in draw)
        for draw in attack.numbers_of(CLASSMATES[2])
    )


def test_the_attack_guesses_a_seed_and_has_a_classmates_numbers(tmp_path: Path) -> None:
    folder = made(tmp_path / "set", find("softmax"), seed=GUESSES - 1, formats=("xlsx",))
    lent = {student: Files.of(folder / STUDENTS, student) for student in CLASSMATES[:2]}
    attack = Attack(find("softmax"), lent).run(GUESSES)
    assert attack.found
    assert attack.found.seed == GUESSES - 1
    assert a_classmate(attack, folder)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["key", "properties", "comment", "page"])
def test_the_attack_finds_a_seed_or_a_secret_that_is_somewhere_in_the_files(where: str, tmp_path: Path) -> None:
    """A number of 15 digits in the practice key, a secret in a workbook's properties, and so on."""
    seed = 123_456_789_012_345
    planted_seed = where in ("key", "page")
    made_from = seed if planted_seed else None
    folder = made(tmp_path / "set", find("softmax"), seed=made_from, practice=where == "key", formats=QUICK)
    files, other = (Files.of(folder / STUDENTS, student) for student in CLASSMATES[:2])
    book, page, key = (f"{CLASSMATES[0]}.{ending}" for ending in ("xlsx", "html", "key.json"))
    if where == "key":
        files.files[key] = files.files[key].replace(b'"practice":true', b'"seed":%d,"practice":true' % seed)
    elif where == "page":
        files.files[page] = files.files[page].replace(b"<table", b'<table data-set="x%d"' % seed, 1)
    else:
        secret = Path(folder, KEYS, "secret").read_bytes().strip()
        files.files[book] = with_text(files.files[book], base64.b64encode(bytes.fromhex(secret.decode())), where)
    attack = Attack(find("softmax"), {CLASSMATES[0]: files, CLASSMATES[1]: other}).run(0)
    assert attack.by == ("a seed in the files" if planted_seed else "a secret in the files")
    assert a_classmate(attack, folder)


def with_text(book: bytes, text: bytes, where: str) -> bytes:
    """A workbook with a text in its properties, or in the comment of its zip file."""
    stream = io.BytesIO()
    with ZipFile(io.BytesIO(book)) as source, ZipFile(stream, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if where == "properties" and name == "docProps/core.xml":
                data = data.replace(b"Made by byhand", b"Made by byhand " + text)
            target.writestr(name, data)
        if where == "comment":
            target.comment = text
    return stream.getvalue()


def test_the_attack_finds_what_a_class_shares(tmp_path: Path) -> None:
    """A digest of the secret in each book would be found, though it is no secret itself."""
    folder = made(tmp_path / "set", find("softmax"), formats=("html",))
    elsewhere = made(tmp_path / "other", find("softmax"), formats=("html",))
    one, other = (Files.of(folder / STUDENTS, student) for student in CLASSMATES[:2])
    for files in (one, other):
        files.files = {name: data + b"<!-- 0123456789abcdef -->" for name, data in files.files.items()}
    there = Files.of(elsewhere / STUDENTS, CLASSMATES[0])
    assert shared_with_the_class_alone(one, other, there) == {"0123456789abcdef"}


def test_the_attack_finds_a_digest_among_the_packed_numbers_of_a_page() -> None:
    """Numbers that two pages pack agree by chance, as those of who has the same letter; a digest is no such number."""

    def pages(data: bytes) -> list[Files]:
        text = json.dumps({"f8": base64.b64encode(data).decode()}, separators=(",", ":"))
        return [Files({f"{student}.page.html": text.encode()}) for student in CLASSMATES[:2]]

    numbers = np.array([3.057902221878571e-07, -2.75, 0.1, 0]).tobytes()
    digest = sha256(b"a secret").digest()
    assert shared_with_the_class_alone(*pages(numbers), Files({})) == set()
    assert shared_with_the_class_alone(*pages(digest), Files({}))
    assert shared_with_the_class_alone(*pages(numbers + digest[:8] + numbers), Files({}))


# What comes back to a student


@pytest.mark.slow
def test_feedback_holds_neither_secret_nor_seed_nor_a_classmate(tmp_path: Path) -> None:
    """Each student's feedback and results.json, of a set with a secret and of one with a seed of 15 digits."""
    seed = 123_456_789_012_345
    for name, more in {"secret": {}, "seed": {"seed": seed}}.items():
        folder = made(tmp_path / name, find("softmax"), formats=("xlsx",), **more)
        key = read_key(folder / KEYS / "key.json")
        (tmp_path / f"{name} in").mkdir()
        for student in CLASSMATES:
            (tmp_path / f"{name} in" / f"{student}.xlsx").write_bytes(answered(folder, key, student))
        marks = tmp_path / f"{name} marks"
        grade(grading_options(tmp_path / f"{name} in", "xlsx,html", key=folder, folder=marks, gradescope=True, jobs=1))
        secret = Path(folder, KEYS, "secret")
        wanted = list(spellings(bytes.fromhex(secret.read_text()))) if not more else [str(seed).encode()]
        files = [path for sub in ("feedback", "gradescope") for path in (marks / sub).iterdir()]
        assert len(files) == 9
        for path in files:
            for where, data in parts_of(path.name, path.read_bytes()):
                assert not any(text in data for text in wanted), where
                others = [student for student in CLASSMATES if student != path.name.partition(".")[0]]
                assert not any(other in text_of(data) for other in others), where


def test_the_class_key_says_what_it_needs_to(tmp_path: Path) -> None:
    """For scripts of teachers: questions with sheet, cells and points, and students by id; no secret."""
    folder = made(tmp_path / "set", find("softmax"), formats=("xlsx",))
    key = json.loads((folder / KEYS / "key.json").read_bytes())
    assert {"sheet", "cells", "points"} <= key["questions"][0].keys()
    assert list(key["students"]) == list(CLASSMATES)
    assert "seed" not in key
