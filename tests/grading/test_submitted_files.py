"""The zip files that learning systems and students make, and marks under pseudonyms."""

from __future__ import annotations

import csv
import stat
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import openpyxl
import pytest
from support.class_submissions import answered
from support.commands import byhand

from byhand.errors import ByhandError
from byhand.exercises.class_set import SetOptions, make_set
from byhand.exercises.draw import Student
from byhand.exercises.keys import Key, read_key
from byhand.exercises.recipe import find
from byhand.exercises.roster import Roster
from byhand.grading.submitted_files import submitted_files

NAMES = ("Ada Lovelace", "Emmy Noether", "Sofja Kowalewskaja")


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def zipped(path: Path, files: Mapping[str, bytes]) -> Path:
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Key, list[bytes]]:
    """Three students of one set with their names, and their right books."""
    folder = tmp_path_factory.mktemp("zip")
    students = tuple(Student(f"m-{n}77", name) for n, name in enumerate(NAMES))
    make_set(SetOptions(find("dot-product"), folder / "set", Roster(students), seed=3, formats=("xlsx",)))
    key = read_key(folder / "set" / "keys" / "key.json")
    return folder, key, [answered(folder / "set", key, student) for student in key.students]


SYSTEMS = {
    "Moodle, with folders": "{name}_{n}2345_assignsubmission_file_/my work.xlsx",
    "Moodle, without": "{name}_{n}2345_assignsubmission_file_my work.xlsx",
    "Canvas": "{letters}_{n}01_{n}9001_my work.xlsx",
    "Canvas, late": "{letters}_LATE_{n}01_{n}9001_my+work-1.xlsx",
}


SLOW = ("Moodle, without", "Canvas")


@pytest.mark.slow
@pytest.mark.parametrize(
    "system", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in SYSTEMS]
)
def test_the_zip_of_a_learning_system(system: str, books: tuple[Path, Key, list[bytes]], tmp_path: Path) -> None:
    """It is graded as it was downloaded, and by the system's names, whatever the students call their files."""
    folder, _, data = books
    letters = ["".join(reversed(name.lower().split())) for name in NAMES]
    names = [SYSTEMS[system].format(name=name, n=n + 1, letters=letters[n]) for n, name in enumerate(NAMES)]
    path = zipped(tmp_path / "download.zip", dict(zip(names, data, strict=True)))
    before = sorted(tmp_path.iterdir())
    result = byhand(f"byhand grade {path} --key {folder / 'set'} -o {tmp_path / 'out'} --jobs 1 --format html")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("3 students: 3 graded.")
    assert sorted(tmp_path.iterdir()) == sorted([*before, tmp_path / "out"])
    again = byhand(f"byhand grade {path} --key {folder / 'set'} -o {tmp_path / 'out'} --jobs 1 --format html")
    assert "(3 of the files were read before)" in again.stdout


@pytest.mark.slow
def test_zips_within_a_folder(books: tuple[Path, Key, list[bytes]], tmp_path: Path) -> None:
    """The class's zip lies in a folder, and one of its students has zipped the book once more."""
    folder, _, (one, two, three) = books
    own = zipped(tmp_path / "own.zip", {"work/Lösung.xlsx": two, "__MACOSX/work/._x": b"x"}).read_bytes()
    (tmp_path / "in").mkdir()
    moodle = "_assignsubmission_file_"
    zipped(
        tmp_path / "in" / "class.zip",
        {f"{NAMES[0]}_1{moodle}/a.xlsx": one, f"{NAMES[1]}_2{moodle}/b.zip": own},
    )
    (tmp_path / "in" / "m-277.xlsx").write_bytes(three)
    with submitted_files(tmp_path / "in") as files:
        assert list(files) == [
            "class.zip/Ada Lovelace_1_assignsubmission_file_/a.xlsx",
            "class.zip/Emmy Noether_2_assignsubmission_file_/b.zip/work/Lösung.xlsx",
            "m-277.xlsx",
        ]
        there = next(iter(files.values()))
        assert there.is_file()
    assert not there.exists()
    line = f"byhand grade {tmp_path / 'in'} --key {folder / 'set'} -o {tmp_path / 'out'} --jobs 1"
    assert byhand(line).stdout.startswith("3 students: 3 graded.")


def bomb(path: Path) -> Path:
    return zipped(path, {"a.xlsx": b"0" * 20_000_000})


def outside(path: Path) -> Path:
    return zipped(path, {"../../escaped.xlsx": b"x", "a.xlsx": b"x"})


def absolute(path: Path) -> Path:
    return zipped(path, {"/tmp/escaped.xlsx": b"x"})


def windows(path: Path) -> Path:
    return zipped(path, {"..\\escaped.xlsx": b"x"})


UNSAFE = "the unsafe name"
HARMFUL = {bomb: "as a zip bomb does", outside: UNSAFE, absolute: UNSAFE, windows: UNSAFE}


@pytest.mark.parametrize("make", HARMFUL, ids=lambda make: make.__name__)
def test_a_zip_that_would_harm_is_not_unpacked(make: object, tmp_path: Path) -> None:
    assert callable(make)
    path = make(tmp_path / "in.zip")
    with pytest.raises(ByhandError, match=HARMFUL[make]), submitted_files(path):
        pass
    (tmp_path / "in").mkdir()
    path.rename(tmp_path / "in" / "s001.zip")
    with submitted_files(tmp_path / "in") as files:
        assert list(files) == ["s001.zip"], "the reader of workbooks refuses it, and says why"
    assert not (tmp_path / "escaped.xlsx").exists()
    assert not Path("/tmp/escaped.xlsx").exists()


def test_a_link_in_a_zip_is_not_followed(tmp_path: Path) -> None:
    link = ZipInfo("s001.xlsx")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with submitted_files(tmp_path / "in.zip") as files:
        assert not files["s001.xlsx"].is_symlink()
        assert files["s001.xlsx"].read_text() == "/etc/passwd"


def test_a_book_is_no_folder(books: tuple[Path, Key, list[bytes]], tmp_path: Path) -> None:
    (tmp_path / "one.xlsx").write_bytes(books[2][0])
    with pytest.raises(ByhandError, match="is neither a folder nor a zip file"), submitted_files(tmp_path / "one.xlsx"):
        pass


# Pseudonyms


def with_texts(book: bytes, path: Path) -> None:
    """A book in which the student has written a name in several places."""
    path.write_bytes(book)
    opened = openpyxl.load_workbook(path)
    opened.worksheets[1]["Z60"] = "worked out by Ada LOVELACE"
    opened.worksheets[0]["C40"] = "m-077"
    opened.create_sheet("Lovelace's notes")
    opened.save(path)


@pytest.mark.slow
def test_marks_under_pseudonyms(books: tuple[Path, Key, list[bytes]], tmp_path: Path) -> None:
    """No name and no id is in any file of the marks; who is who stays beside the key, and is the same next time."""
    folder, key, (one, two, three) = books
    inbox, out = tmp_path / "in", tmp_path / "out"
    inbox.mkdir()
    with_texts(one, inbox / f"{NAMES[0]}_1_assignsubmission_file_m-077.xlsx")
    (inbox / "m-177.xlsx").write_bytes(three)  # another's book
    (inbox / "m-277.xlsx").write_bytes(b"%PDF-1.7")
    (inbox / "Emmy Noether, second try.xlsx").write_bytes(two)
    roster = tmp_path / "roster.csv"
    roster.write_text(f"id,name,email address\nm-077,{NAMES[0]},ada@uni.example\n", "utf-8")
    line = f"byhand grade {inbox} --key {folder / 'set'} -o {out} --jobs 1 --anonymous --gradescope --roster {roster}"
    result = byhand(line)
    assert (result.exit_code, result.stderr) == (0, "")
    secret = ("lovelace", "noether", "kowalewskaja", "m-077", "m-177", "m-277", "ada@", "emmy", "sofja")
    texts = {str(path): text for path in out.rglob("*") if path.is_file() for text in [_text_of(path)]}
    texts["the terminal"] = result.stdout
    shown = {place: (place[len(str(tmp_path)) :] + text).lower() for place, text in texts.items()}
    leaks = {(place, word) for place, text in shown.items() for word in secret if word in text}
    assert leaks == set()
    listed = folder / "set" / "keys" / "pseudonyms.csv"
    assert stat.S_IMODE(listed.stat().st_mode) == 0o600
    who = {row[2]: row[1] for row in rows(listed) if row[0] == "student"}
    assert set(who) == set(key.students)
    grades = {row[1]: row[2] for row in rows(out / "grades.csv")[1:]}
    whole = f"{sum(question.points for question in key.questions):g}"
    assert grades == {who["m-077"]: whole, who["m-177"]: whole, who["m-277"]: "-"}
    before = listed.read_bytes()
    assert "of the files were read before)" in byhand(line).stdout
    assert listed.read_bytes() == before
    (tmp_path / "mine.toml").write_text(f"[students]\n{who['m-277']} = {{ grade = 2 }}\n", "utf-8")
    byhand(f"{line} --decide {tmp_path / 'mine.toml'}")
    assert {row[1]: row[2] for row in rows(out / "grades.csv")[1:]}[who["m-277"]] == "2"
    named = byhand(line.replace(" --anonymous", ""))
    assert "holds marks under pseudonyms: choose another folder" in named.stderr


def _text_of(path: Path) -> str:
    """Everything that stands in a file, also in the parts of a workbook."""
    if path.suffix != ".xlsx":
        return path.read_text("utf-8")
    with ZipFile(path) as archive:
        return "\n".join(archive.read(name).decode("utf-8") for name in archive.namelist())
