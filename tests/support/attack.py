"""An attack on a set by a student who knows byhand's code and has their own files: book, page, PDF, practice key.

It wants a classmate's numbers. It takes every text and number in every part of its files for a seed or a secret,
guesses seeds, and looks for what two classmates' files have in common and another class's have not. By hand:

    python -m support.attack [RECIPE ...]        (in tests/; every ready-made exercise, if none is named)
"""

from __future__ import annotations

import base64
import io
import json
import re
import sys
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import md5, sha1, sha256
from html import unescape
from math import log2
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile, is_zipfile

import numpy as np
import openpyxl

from byhand.errors import ByhandError
from byhand.exercises.class_set import SetOptions, make_set
from byhand.exercises.draw import DRAWS_PER_ROUND, Student
from byhand.exercises.problem import Numbers, Problem, problem, random_tables
from byhand.exercises.recipe import find, read_exercise, ready_made
from byhand.exercises.roster import Roster
from byhand.exercises.secret import EXAM, PRACTICE, SECRET_BYTES, Source
from byhand.exercises.student_book import StudentBook

# Every part of every file


def parts_of(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """A file and all that is in it: members and comments of a zip, streams of a PDF, base64 in a text."""
    yield name, data
    if is_zipfile(io.BytesIO(data)):
        with ZipFile(io.BytesIO(data)) as archive:
            yield f"{name}: comment", archive.comment
            for part in archive.infolist():
                yield f"{name}: {part.filename}: entry", f"{part.filename} {part.extra!r} {part.comment!r}".encode()
                yield from parts_of(f"{name}: {part.filename}", archive.read(part))
    if data.startswith(b"%PDF"):
        for n, stream in enumerate(re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL)):
            try:
                yield f"{name}: stream {n}", zlib.decompress(stream)
            except zlib.error:
                continue
    for n, text in enumerate(re.findall(rb"base64,([A-Za-z0-9+/=]{40,})", data)):
        yield f"{name}: base64 {n}", base64.b64decode(text + b"==")


def text_of(data: bytes) -> str:
    return unescape(data.decode("utf-8", "replace"))


@dataclass
class Files:
    """One student's files."""

    files: dict[str, bytes]

    @classmethod
    def of(cls, folder: Path, name: str) -> Files:
        paths = [path for path in sorted(folder.iterdir()) if path.name.partition(".")[0] == name]
        return cls({path.name: path.read_bytes() for path in paths})

    @cached_property
    def parts(self) -> dict[str, bytes]:
        return {where: part for name, data in self.files.items() for where, part in parts_of(name, data)}

    @cached_property
    def readable(self) -> list[str]:
        """The parts that are text, and a PDF without its streams: no packed bytes, which agree by chance."""
        found = []
        for data in self.parts.values():
            if data.startswith(b"%PDF"):
                found.append(re.sub(rb"stream\r?\n.*?endstream", b"", data, flags=re.DOTALL).decode("latin-1"))
                continue
            with suppress(UnicodeDecodeError):
                found.append(unescape(data.decode("utf-8")))
        return found

    @cached_property
    def words(self) -> set[str]:
        """Every run of letters and digits in every part, as text and as a name writes it."""
        return {word for data in self.parts.values() for word in re.findall(r"[\w+/=-]+", text_of(data))}


# Guesses


def seeds_in(words: Iterable[str]) -> set[int]:
    """Every number that a seed could be: decimal, hexadecimal, and of a part of a longer text."""
    found = set()
    for word in words:
        found |= {int(digits) for digits in re.findall(r"\d+", word) if len(digits) <= 40}
        if re.fullmatch(r"[0-9a-fA-F]{1,64}", word):
            found.add(int(word, 16))
    return found


def secrets_in(parts: Iterable[bytes], words: Iterable[str]) -> set[bytes]:
    """Every text that a secret could be: hexadecimal, base64, as it stands, and digests of it."""
    found = set()
    for word in words:
        if len(word) < 16:
            continue
        raw = [word.encode()]
        raw += [bytes.fromhex(word)] if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", word) else []
        with suppress(ValueError):
            raw.append(base64.b64decode(word + "==", validate=False))
        found |= {one for text in raw for one in (text, sha256(text).digest(), sha1(text).digest(), md5(text).digest())}
    found |= {sha256(data).digest() for data in parts}
    return {one[:64] for one in found if len(one) >= 8}


ROUNDS = 3
"""Rounds of draws that a guess is tried for: most numbers that are drawn come from the first."""


@dataclass
class Attack:
    """What a student finds. students: their own files, and those of classmates who lend theirs.

    own: the numbers of each, as the book or the key says: a guess must give all of them, since one student's few small
    numbers may come by chance.
    """

    recipe: Path
    students: dict[str, Files]
    tried: int = 0
    seconds: float = 0.0
    found: Source | None = None
    by: str = ""
    own: dict[str, Numbers] = field(default_factory=dict)

    @cached_property
    def problem(self) -> Problem:
        return problem(read_exercise(self.recipe))

    def run(self, guesses: int) -> Attack:
        """Try all ways. guesses: the seeds from 0 on."""
        self.own = {student: self._numbers_in(student, files) for student, files in self.students.items()}
        start = time.perf_counter()
        words = set[str]().union(*(files.words for files in self.students.values()))
        parts = [part for files in self.students.values() for part in files.parts.values()]
        ways: dict[str, Iterable[int | bytes]] = {
            "a seed in the files": sorted(seeds_in(words)),
            "a secret in the files": sorted(secrets_in(parts, words)),
            "a secret that is easy to think of": [bytes([n]) * SECRET_BYTES for n in range(256)],
            "guessing a seed": range(guesses),
        }
        for way, candidates in ways.items():
            for candidate in candidates:
                if self._fits(candidate):
                    self.by, self.seconds = way, time.perf_counter() - start
                    return self
        self.seconds = time.perf_counter() - start
        return self

    def _fits(self, candidate: int | bytes) -> bool:
        """Whether a seed or a secret gives all students' numbers."""
        for purpose in (EXAM, PRACTICE):
            seeded = isinstance(candidate, int)
            source = Source(candidate, purpose=purpose) if seeded else Source(secret=candidate, purpose=purpose)
            self.tried += 1
            if all(self._gives(source, student) for student in self.own):
                self.found = source
                return True
        return False

    def _gives(self, source: Source, student: str) -> bool:
        generator = source.generator(self.problem.exercise.name, student)
        for _ in range(ROUNDS):
            drawn = random_tables(self.problem, generator, DRAWS_PER_ROUND)
            same = np.ones(DRAWS_PER_ROUND, dtype=bool)
            for node, table in self.own[student].items():
                same &= (drawn[node] == table).all((-1, -2))
            if same.any():
                return True
        return False

    def numbers_of(self, classmate: str) -> list[Numbers]:
        """With what was found: the draws among which a classmate's numbers are."""
        assert self.found
        generator = self.found.generator(self.problem.exercise.name, classmate)
        rounds = [random_tables(self.problem, generator, DRAWS_PER_ROUND) for _ in range(ROUNDS)]
        return [{node: draw[node][n] for node in draw} for draw in rounds for n in range(DRAWS_PER_ROUND)]

    def _numbers_in(self, student: str, files: Files) -> Numbers:
        """The tables that are drawn, from a student's key or book."""
        key = next((data for name, data in files.files.items() if name.endswith(".key.json")), None)
        if key is not None:
            drawn = json.loads(key)["students"][student]["drawn"]
            return {node: np.array(drawn[node.name], dtype=float) for node in self.problem.drawn}
        data = next(data for name, data in files.files.items() if name.endswith(".xlsx"))
        book, workbook = StudentBook(self.problem).book, openpyxl.load_workbook(io.BytesIO(data))
        own = {}
        for node in self.problem.drawn:
            if node not in book.homes:
                continue
            block, shape = book.homes[node], tuple(map(int, node.shape))
            sheet = workbook[book.sheet_names[block.page]]
            cells = [sheet.cell(*(x + 1 for x in block.at(i, j))) for i, j in np.ndindex(*shape)]
            if all(isinstance(cell.value, int | float) for cell in cells):
                own[node] = np.array([float(cell.value) for cell in cells]).reshape(shape)
        return own


# What two students share


NUMBER = re.compile(r"(?<![\w.])\d(?:\.\d+)?e[-+]?\d{1,3}(?![\w.])")
"""A number with an exponent."""
PACKED = re.compile(r'{"(f[48])":"([A-Za-z0-9+/]+=*)"}')
"""Numbers of a page as their bytes in base 64."""


def unpacked(found: re.Match[str]) -> str:
    """Return packed numbers in decimals; as they stand, if some would be no number that an exercise has."""
    data = base64.b64decode(found[2])
    if len(data) % int(found[1][1]):
        return found[0]
    numbers = np.frombuffer(data, "<" + found[1]).astype(float)
    usual = (numbers == 0) | ((abs(numbers) > 1e-9) & (abs(numbers) < 1e9))
    return " ".join(map(repr, numbers.tolist())) if usual.all() else found[0]


def shared_with_the_class_alone(one: Files, other: Files, elsewhere: Files) -> set[str]:
    """The longer words that two classmates' files share, and that a file of another class's set does not have.

    What follows from the set's secret and is the same for the whole class would be among them. Not so numbers, of which
    two students may have the same by chance: digits, also with an exponent, as in 3.057902221878571e-07, or packed.
    """
    plain = [NUMBER.sub(" ", PACKED.sub(unpacked, " ".join(files.readable))) for files in (one, other, elsewhere)]
    texts = [set(re.findall(r"[0-9A-Za-z_]{8,}", text)) for text in plain]
    return {word for word in texts[0] & texts[1] - texts[2] if not word.isdigit()}


# By hand

PAPER = ("xlsx", "html", "pdf", "md", "page", "notebook")
FORMATS = (*PAPER, "moodle", "canvas", "qti", "qti3")
CLASSMATES = ("student-1", "student-2", "student-3")


def made(folder: Path, recipe: Path, **more: object) -> Path:
    """A set of three, drawn from a secret unless a seed is named, without formats that cannot hold the exercise."""
    options = SetOptions(
        recipe, folder, Roster(tuple(map(Student, CLASSMATES))), **{"formats": FORMATS, "jobs": 1, **more}
    )
    try:
        make_set(options)
    except ByhandError:
        make_set(replace(options, formats=tuple(name for name in options.formats if name in PAPER)))
    return folder


def main(names: list[str]) -> None:
    """Attack a set of each exercise, in every format, for practice and as an exam."""
    worst = 0.0
    for name in names or sorted(ready_made()):
        for practice in (False, True):
            with TemporaryDirectory() as folder:
                made(Path(folder), find(name), practice=practice)
                students = Path(folder, "students")
                attack = Attack(find(name), {s: Files.of(students, s) for s in CLASSMATES[:2]}).run(500)
                speed = attack.tried / attack.seconds
                worst = max(worst, speed)
                kind = "practice" if practice else "exam"
                print(f"{name}, {kind}: {attack.tried:,} guesses, {attack.by or 'nothing found'}", flush=True)
    years = log2(2**255 / worst / 31_557_600)
    print(f"{worst:,.0f} guesses a second at most; half of all 2^256 secrets take 2^{years:.0f} years.")


if __name__ == "__main__":
    main(sys.argv[1:])
