"""The zip files that learning systems and students make, and marks under pseudonyms."""

from __future__ import annotations

import csv
import re
import stat
import warnings
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
        there = next(iter(files.values())).path
        assert there.is_file()
    assert not there.exists()
    line = f"byhand grade {tmp_path / 'in'} --key {folder / 'set'} -o {tmp_path / 'out'} --jobs 1"
    assert byhand(line).stdout.startswith("3 students: 3 graded.")
    (tmp_path / "in" / "m-277.xlsx").unlink()
    zipped(tmp_path / "in" / "late.zip", {f"../{NAMES[2]}_3{moodle}/c.xlsx": three})
    (tmp_path / "in" / "cut short.zip").write_bytes((tmp_path / "own.zip").read_bytes()[:200])
    assert byhand(line).stdout.startswith("3 students: 2 graded, 1 unreadable")
    _, *problems = rows(tmp_path / "out" / "problems.csv")
    name = f"late.zip/../{NAMES[2]}_3{moodle}/c.xlsx"
    assert ["not marked", "m-277", name, f"{name} {OUT}: {BY_HAND}"] in problems
    (line_of,) = [line for line in _text_of(tmp_path / "out" / "decisions.toml").splitlines() if OUT in line]
    assert line_of == f"# m-277 = {{ grade = 0 }}  # {name} {OUT}: {BY_HAND}"


OUT, BY_HAND = "has a name that leads out of its folder", "unpack it by hand."
HARMFUL = {
    "../../escaped.xlsx": f"{OUT}: {BY_HAND}",
    "/tmp/escaped.xlsx": f"{OUT}: {BY_HAND}",
    "..\\escaped.xlsx": f"{OUT}: {BY_HAND}",
    "C:\\escaped.xlsx": f"{OUT}: {BY_HAND}",
    "bomb.xlsx": f"unpacks to 20,000,000 bytes, as a zip bomb does: {BY_HAND}",
    "locked.xlsx": f"is locked with a password: {BY_HAND}",
    "damaged.xlsx": "cannot be unpacked (it is damaged): get it again.",
    "s001.xlsx (2)": f"has the same name as another file in its zip file: {BY_HAND}",
}


def harmful(path: Path) -> Path:
    """A zip file with two good books, the second in a folder as some programs of Windows write it."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name in HARMFUL:
            archive.writestr(name.removesuffix(" (2)"), b"0" * 20_000_000 if "bomb" in name else name.encode() * 3)
        archive.writestr("work\\s002.xlsx", b"book")
        with warnings.catch_warnings(action="ignore"):
            archive.writestr("s001.xlsx", b"book")
        listed = {member.filename: member for member in archive.infolist()}
        listed["locked.xlsx"].flag_bits |= 1
        listed["damaged.xlsx"].CRC ^= 1
    return path


def test_what_would_harm_in_a_zip_is_left_out_and_the_rest_is_read(tmp_path: Path) -> None:
    path = harmful(tmp_path / "in.zip")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "class.zip").write_bytes(path.read_bytes())
    for place, start in ((path, ""), (tmp_path / "in", "class.zip/")):
        with submitted_files(place) as files:
            assert {name.removeprefix(start): file.left_out for name, file in files.items() if file.left_out} == HARMFUL
            good = {name.removeprefix(start): f.path.read_bytes() for name, f in files.items() if not f.left_out}
        assert good.keys() == {"s001.xlsx", "work/s002.xlsx"}
        assert good["work/s002.xlsx"] == b"book"
    assert not (tmp_path / "escaped.xlsx").exists()
    assert not Path("/tmp/escaped.xlsx").exists()


def test_a_zip_of_which_nothing_can_be_unpacked(tmp_path: Path) -> None:
    """The reason is said once: of the zip file, or of the only file in it."""
    data = zipped(tmp_path / "in.zip", {f"s00{n}.xlsx": b"book" for n in range(3)}).read_bytes()
    locked = data.replace(b"PK\1\2\x14\3\x14\0\0\0", b"PK\1\2\x14\3\x14\0\1\0")
    assert locked != data
    (tmp_path / "in").mkdir()
    for name in ("in.zip", "in/class.zip"):
        (tmp_path / name).write_bytes(locked)
    why = f"is locked with a password: {BY_HAND}"
    with submitted_files(tmp_path / "in") as files:
        assert {name: (file.left_out, file.is_closed_zip) for name, file in files.items()} == {"class.zip": (why, True)}
    with pytest.raises(ByhandError, match=why), submitted_files(tmp_path / "in.zip"):
        pass


def test_a_link_in_a_zip_is_not_followed(tmp_path: Path) -> None:
    link = ZipInfo("s001.xlsx")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with submitted_files(tmp_path / "in.zip") as files:
        assert not files["s001.xlsx"].path.is_symlink()
        assert files["s001.xlsx"].path.read_text() == "/etc/passwd"


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
    with ZipFile(inbox / "Sofja.zip", "w") as odd:
        odd.writestr(f"../{NAMES[2]}.xlsx", b"x")
        odd.writestr(f"{NAMES[1]}.xlsx", b"book")
        odd.infolist()[1].CRC ^= 1
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
    assert "(it is damaged)" in texts[str(out / "problems.csv")]
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


@pytest.mark.slow
def test_nothing_under_pseudonyms_is_in_the_order_of_the_class(tmp_path: Path) -> None:
    """Lists of students are in the order of the pseudonyms, and files are marked in the order of theirs."""
    students = tuple(Student(f"s{n:02}", f"Student {n}") for n in range(12))
    make_set(SetOptions(find("dot-product"), tmp_path / "set", Roster(students), seed=3, formats=("xlsx",)))
    line = f"byhand grade {tmp_path}/set/students --key {tmp_path}/set -o {tmp_path}/out --jobs 1"
    assert byhand(f"{line} --anonymous --format html").exit_code == 0
    lists = {path.name: path.read_text("utf-8") for path in (tmp_path / "out").glob("*.*")}
    for name in ("grades.csv", "grades_canvas.csv", "last-run.json", "marking.json"):
        found = list(dict.fromkeys(re.findall(r"\bP-\w{5}", lists[name])))
        assert len(found) == 12, name
        assert found == sorted(found), name
    for name in ("journal.jsonl", "problems.csv"):
        found = list(dict.fromkeys(re.findall(r"\bfile-\w{5}", lists[name])))
        assert len(found) == 12, name
        assert found == sorted(found), name
    written = sorted((tmp_path / "out" / "feedback").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    marked = re.findall(r'"student":"(P-\w{5})","marks"', lists["journal.jsonl"])
    assert [path.stem for path in written] == marked, "times tell the order of marking"


def _text_of(path: Path) -> str:
    """Everything that stands in a file, also in the parts of a workbook."""
    if path.suffix != ".xlsx":
        return path.read_text("utf-8")
    with ZipFile(path) as archive:
        return "\n".join(archive.read(name).decode("utf-8") for name in archive.namelist())
