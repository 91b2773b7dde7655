"""A set for a class: every student's files, and the key, made so that a run that is stopped can be continued."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from byhand.errors import ByhandError
from byhand.exercises.distinct_mistakes import mistakes
from byhand.exercises.draw import Student, Variant, variants
from byhand.exercises.formats import About, class_files, formats_of, student_files
from byhand.exercises.keys import questions_of, student_line, write_key
from byhand.exercises.lint import Sizes, sizes
from byhand.exercises.problem import Problem, problem
from byhand.exercises.recipe import Exercise, exercise_of, find
from byhand.exercises.roster import Roster, numbered, read_roster
from byhand.exercises.set_folder import SetFolder, digest_of, file_names
from byhand.exercises.student_book import StudentBook
from byhand.files import replacing, save
from byhand.lessons.recipe import read_toml
from byhand.processes import cores, spread


@dataclass(frozen=True)
class SetOptions:
    """recipe: its file. seed, jobs: None leaves them to byhand. practice: with marks in the book."""

    recipe: Path
    folder: Path
    roster: Roster
    seed: int | None = None
    formats: tuple[str, ...] = ("xlsx",)
    practice: bool = False
    jobs: int | None = None
    force: bool = False


def set_options(
    recipe: str, folder: Path | None, roster: Path | None, count: int | None, formats: str, **more: Any
) -> SetOptions:
    """What a command asks for. ByhandError for a recipe, a roster or a format that cannot be."""
    if roster is not None and count is not None:
        raise ByhandError("Give --roster or --count, not both.")
    path = find(recipe)
    named = formats_of(formats)
    students = read_roster(roster) if roster is not None else numbered(count)
    return SetOptions(path, folder or Path(path.stem), students, formats=named, **more)


BLOCK = 100
"""Students whose numbers are drawn together; everybody's are the same in blocks of any size."""
WORTH_A_PROCESS = 1.0
"""The seconds of work left that make it worth while to start further processes."""
MOST_SEED = 1_000_000
Block = list[tuple[Student, str]]
"""Students, each with the name of the files."""


@dataclass(frozen=True)
class MadeBlock:
    """What has been made of a block: the lines of the key, and how many files were written."""

    lines: list[str]
    files: int
    sizes: Sizes


@dataclass
class SetResult:
    """What has been made of a class. kept: files that were there from an earlier run."""

    exercise: Exercise
    folder: SetFolder
    seed: int
    problem: Problem
    students: int = 0
    written: int = 0
    kept: int = 0
    sizes: Sizes = field(default_factory=Sizes)


@dataclass(frozen=True)
class MakerSettings:
    """What a process needs for making files."""

    exercise: Exercise
    about: About
    formats: tuple[str, ...]
    folder: Path


class Maker:
    """Makes blocks of students: built once in each process."""

    def __init__(self, settings: MakerSettings) -> None:
        self.settings = settings
        self.problem = problem(settings.exercise)
        self.mistakes = mistakes(self.problem)
        kinds = student_files(settings.formats, settings.about["practice"])
        self.kinds = [(kind, kind.writer(self.problem, settings.about)) for kind in kinds]

    def __call__(self, block: Block) -> MadeBlock:
        """Write the files of a block that are not there yet."""
        made = self.drawn([student for student, _ in block])
        files = sum(self._write(variant, name) for variant, (_, name) in zip(made, block, strict=True))
        lines = [student_line(variant, name) for variant, (_, name) in zip(made, block, strict=True)]
        return MadeBlock(lines, files, sizes(self.problem, made))

    def drawn(self, students: Sequence[Student]) -> list[Variant]:
        return variants(self.problem, [changed for _, changed in self.mistakes], self.settings.about["seed"], students)

    def tried(self, student: Student) -> None:
        """Each file of one student, unwritten: whatever cannot be is refused before there is anything."""
        (variant,) = self.drawn([student])
        for _, write in self.kinds:
            write(variant, student.id)
        for kind in class_files(self.settings.formats):
            kind.write(self.problem, self.mistakes, [variant])

    def write_class(self, named: Block) -> int:
        """Write the files that are for the whole class; how many."""
        kinds = class_files(self.settings.formats)
        made = [v for block in blocks_of(named) for v in self.drawn([s for s, _ in block])] if kinds else []
        for kind in kinds:
            save(kind.path(self.settings.folder), kind.write(self.problem, self.mistakes, made))
        return len(kinds)

    def _write(self, variant: Variant, name: str) -> int:
        count = 0
        for kind, write in self.kinds:
            path = kind.path(self.settings.folder, name)
            if not (path.is_file() and path.stat().st_size):
                save(path, write(variant, name))
                count += 1
        return count


def make_set(options: SetOptions, advance: Callable[[int], object] = lambda students: None) -> SetResult:
    """Make every student's files and the key. advance: is called after each block with its number of students.

    ByhandError for a recipe or a folder that cannot be; then nothing is written. Stopped and called again, it makes
    what is missing, and in the end the same files as if it had not been stopped.
    """
    table = read_toml(options.recipe)
    exercise = exercise_of(table, options.recipe)
    folder = SetFolder.opened(options.folder, options.force)
    seed = next(s for s in (options.seed, folder.seed, secrets.randbelow(MOST_SEED)) if s is not None)
    about = {
        "exercise": exercise.name,
        "digest": digest_of(exercise.name, table),
        "seed": seed,
        "practice": options.practice,
    }
    in_key = {**about, "recipe": table}
    maker = Maker(MakerSettings(exercise, in_key, options.formats, options.folder))
    students = options.roster.students
    maker.tried(students[0])
    named = list(zip(students, file_names(students), strict=True))
    folder.begin(about, options.formats, named)
    result = SetResult(exercise, folder, seed, maker.problem, len(students))
    places = StudentBook(maker.problem, options.practice).places
    with replacing(folder.key) as file:
        lines = _lines(maker, named, options.jobs, result, advance)
        write_key(file, in_key, questions_of(maker.problem, places), lines)
    result.kept = len(students) * len(maker.kinds) - result.written
    result.written += maker.write_class(named)
    return result


def _lines(
    maker: Maker, named: Block, jobs: int | None, result: SetResult, advance: Callable[[int], object]
) -> Iterator[str]:
    blocks = blocks_of(named)
    for block, done in zip(blocks, _made(maker, blocks, jobs), strict=True):
        result.written += done.files
        result.sizes.add(done.sizes)
        yield from done.lines
        advance(len(block))


def blocks_of(named: Block) -> list[Block]:
    return [named[n : n + BLOCK] for n in range(0, len(named), BLOCK)]


def _made(maker: Maker, blocks: list[Block], jobs: int | None) -> Iterator[MadeBlock]:
    """The blocks in their order: the first shows how long the others will take, and so who makes them."""
    start = time.perf_counter()
    yield maker(blocks[0])
    left = (time.perf_counter() - start) * (len(blocks) - 1)
    jobs = jobs or (cores() if left > WORTH_A_PROCESS else 1)
    if jobs > 1 and len(blocks) > 1:
        yield from spread(Maker, (maker.settings,), blocks[1:], jobs)
    else:
        yield from map(maker, blocks[1:])
