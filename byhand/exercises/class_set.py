"""Make a set for a class, every student's files and the key, in a run that can be stopped and continued."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from byhand.errors import ByhandError, quoted
from byhand.exercises.distinct_mistakes import mistakes
from byhand.exercises.draw import Student, Variant, variants
from byhand.exercises.formats import OWN_KEY, About, answer_files, as_document, class_files, formats_of, student_files
from byhand.exercises.keys import KEYS, questions_of, student_line, write_key
from byhand.exercises.lint import Sizes, sizes
from byhand.exercises.problem import Problem, check_shown, problem
from byhand.exercises.recipe import Exercise, exercise_of, exercise_table, find
from byhand.exercises.roster import Roster, numbered, read_roster
from byhand.exercises.secret import EXAM, PRACTICE, Source
from byhand.exercises.set_folder import SetFolder, digest_of, file_names
from byhand.exercises.student_book import StudentBook
from byhand.files import holds, replacing, save
from byhand.folder_lock import locked
from byhand.processes import cores, spread
from byhand.translations import in_language, language_of


@dataclass(frozen=True)
class SetOptions:
    """Which set to make. recipe: its path. seed: None for a secret. jobs: None for byhand's choice.

    practice: answers are checked. language: a code of byhand.translations; None for the recipe's. versions: how many
    the class shares; None for numbers of their own for each student.
    """

    recipe: Path
    folder: Path
    roster: Roster
    seed: int | None = None
    formats: tuple[str, ...] = ("xlsx",)
    practice: bool = False
    jobs: int | None = None
    force: bool = False
    language: str | None = None
    variants: int | None = None
    versions: int | None = None


def set_options(
    recipe: str,
    folder: Path | None,
    roster: Path | None,
    count: int | None,
    formats: str,
    id_column: str = "",
    encoding: str = "",
    language: str | None = None,
    **more: Any,
) -> SetOptions:
    """Return the options of a set from the texts of a command. ByhandError for a wrong recipe, roster or format.

    id_column, encoding: of the roster, where byhand's own choice is wrong.
    """
    if roster is not None and count is not None:
        raise ByhandError("Give --roster or --count, not both.")
    if roster is None and (id_column or encoding):
        raise ByhandError("--id-column and --encoding say how a roster is read: give it with --roster.")
    path = find(recipe)
    names = formats_of(formats)
    students = read_roster(roster, id_column, encoding) if roster is not None else numbered(count)
    versions, variants = more.get("versions"), more.get("variants")
    if variants is not None and not 1 <= variants <= MOST_VARIANTS:
        raise ByhandError(f"A class shares 1 to {MOST_VARIANTS:,} variants, not {quoted(variants)}.")
    if variants is not None and not class_files(names):
        raise ByhandError(
            "--variants is for files of learning systems: name moodle, canvas, qti or qti3 in --format, "
            "or leave --variants out."
        )
    if versions is not None and not 2 <= versions <= MOST_VERSIONS:
        raise ByhandError(f"A class shares 2 to {MOST_VERSIONS} versions, not {quoted(versions)}.")
    code = None if language is None else language_of(language)
    return SetOptions(path, folder or Path(path.stem), students, formats=names, language=code, **more)


MOST_VARIANTS = 1000
"""The most variants that a class shares in files for learning systems."""
MOST_VERSIONS = 26
"""The most versions that a class shares: one for each letter."""
BLOCK = 100
"""Students whose numbers are drawn together; the size of a block does not change the numbers."""
WORTH_A_PROCESS = 1.0
"""Seconds of remaining work from which further processes are worth starting."""
FOR_ALL_SYSTEMS = (
    "A learning system compares each number with the key. Going on with earlier answers, rounded as asked, is right "
    "there; going on with a wrong one is not carried forward, as it is when byhand grades workbooks.",
    "So a named mistake costs its share in every number that it changes, and a number of one digit, one that "
    "half of all students get by it, or a copy of a given table earns nothing for it.",
)
Block = list[tuple[Student, str]]
"""Students, each with the name of their files."""


@dataclass(frozen=True)
class BlockResult:
    """The result of a block: the lines of the key, the number of files written, and the sizes of the numbers."""

    lines: list[str]
    files: int
    sizes: Sizes


@dataclass
class SetResult:
    """The result of `make_set`. seed: None with a secret. written: new files. kept: files that an earlier run wrote.

    versions: how many students have each, in a set of a few versions.
    """

    exercise: Exercise
    folder: SetFolder
    seed: int | None
    problem: Problem
    students: int = 0
    written: int = 0
    kept: int = 0
    sizes: Sizes = field(default_factory=Sizes)
    notes: list[str] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class WriterSettings:
    """The settings of a SetWriter, which each process gets."""

    exercise: Exercise
    about: About
    source: Source
    formats: tuple[str, ...]
    folder: Path


class SetWriter:
    """Writes the files of blocks of students. Each process has one."""

    def __init__(self, settings: WriterSettings) -> None:
        self.settings = settings
        self.problem = problem(settings.exercise)
        self.mistakes = mistakes(self.problem)
        kinds = student_files(settings.formats, settings.about["practice"])
        with self.in_language():
            self.kinds = [(kind, kind.writer(self.problem, settings.about)) for kind in kinds]

    def in_language(self) -> AbstractContextManager[None]:
        """Write what follows in the language of the set."""
        return in_language(self.settings.about["language"])

    def __call__(self, block: Block) -> BlockResult:
        """Write the files of a block that do not exist yet."""
        drawn_variants = self.variants_of([student for student, _ in block])
        with self.in_language():
            files = sum(self._write(variant, name) for variant, (_, name) in zip(drawn_variants, block, strict=True))
        lines = [student_line(variant, name) for variant, (_, name) in zip(drawn_variants, block, strict=True)]
        return BlockResult(lines, files, sizes(self.problem, drawn_variants))

    def variants_of(self, students: Sequence[Student]) -> list[Variant]:
        return variants(self.problem, [changed for _, changed in self.mistakes], self.settings.source, students)

    def check_student(self, student: Student) -> None:
        """Make each file of one student in memory, so that a recipe that fails does so before anything is written."""
        check_shown(self.problem)
        (variant,) = self.variants_of([student])
        with self.in_language():
            for _, write in self.kinds:
                write(variant, student.id)
            for kind in class_files(self.settings.formats):
                kind.write(self.problem, self.mistakes, [variant])

    def write_answers(self, versions: Sequence[str], students: Sequence[Student]) -> int:
        """Write the answer table of a set in versions, and return how many files that makes."""
        from byhand.exercises.answer_table import answer_table  # no other set needs it

        drawn = self.variants_of(of_versions(versions))
        with self.in_language():
            document = answer_table(self.problem, dict(zip(versions, drawn, strict=True)), students)
            paths = answer_files(self.settings.folder, self.settings.formats)
            for form, path in paths.items():
                save(path, as_document(document, form), private=True)
        return len(paths)

    def write_class(self, named_students: Block, variants: int | None) -> tuple[int, list[str]]:
        """Write the files of the whole class. Return how many, and what to know and do about them.

        variants: how many the class shares in each file, if the teacher has chosen; else these are the versions.
        """
        count, notes = 0, []
        versions = sorted({student.version for student, _ in named_students} - {""}) if variants is None else []
        each: list[Variant] = []
        for kind in class_files(self.settings.formats):
            shared = len(versions) if versions else kind.variants_for(len(named_students), variants)
            if shared is None:
                each = each or self._all_variants([student for student, _ in named_students])
            in_common = of_versions(versions) if versions else shared_variants(shared or 1)
            drawn = each if shared is None else self._all_variants(in_common)
            with self.in_language():
                files, more = kind.write(self.problem, self.mistakes, drawn, shared is not None)
            for path in kind.existing(self.settings.folder):
                path.unlink()
            for path, data in zip(kind.paths(self.settings.folder, len(files)), files, strict=True):
                save(path, data, private=True)
            count += len(files)
            notes += more
        return count, [*dict.fromkeys(notes), *(FOR_ALL_SYSTEMS if count else ())]

    def _all_variants(self, students: Sequence[Student]) -> list[Variant]:
        blocks = [students[n : n + BLOCK] for n in range(0, len(students), BLOCK)]
        return [variant for block in blocks for variant in self.variants_of(block)]

    def _write(self, variant: Variant, name: str) -> int:
        count = 0
        for kind, write in self.kinds:
            path = kind.path(self.settings.folder, name)
            there = path.is_file() and path.stat().st_size > 0
            if there and kind is not OWN_KEY:
                continue
            data = write(variant, name)
            if not holds(path, data):
                save(path, data, private=kind.folder == KEYS)
                count += 1
        return count


def make_set(options: SetOptions, advance: Callable[[int], object] = lambda students: None) -> SetResult:
    """Make every student's files and the key. advance: called after each block with its number of students.

    If a run was stopped, calling this again makes the missing files; the result is the same as that of one run.
    ByhandError for a wrong recipe or folder, before anything is written.
    """
    table = exercise_table(options.recipe)
    exercise = exercise_of(table, options.recipe)
    SetFolder.open(options.folder, options.force)  # refuses before a lock is made
    with locked(options.folder / KEYS, options.folder, private=True):
        return _make_set(options, table, exercise, advance)


def _make_set(
    options: SetOptions, table: dict[str, Any], exercise: Exercise, advance: Callable[[int], object]
) -> SetResult:
    folder = SetFolder.open(options.folder, options.force)
    digest = digest_of(exercise.name, table)
    source = folder.source(options.seed, exercise.name, digest, PRACTICE if options.practice else EXAM)
    about: dict[str, Any] = {"exercise": exercise.name, "digest": digest, "practice": options.practice}
    about["language"] = options.language or exercise.language
    if source.seed is not None:
        about["seed"] = source.seed
    if options.versions:
        about["versions"] = options.versions
    in_key = {**about, "recipe": table}
    writer = SetWriter(WriterSettings(exercise, in_key, source, options.formats, options.folder))
    students: Sequence[Student] = options.roster.students
    if options.versions:
        students = folder.with_versions(students, options.versions)
    writer.check_student(students[0])
    named_students = list(zip(students, file_names(students), strict=True))
    folder.begin(about, source, options.formats, named_students)
    result = SetResult(exercise, folder, source.seed, writer.problem, len(students))
    with writer.in_language():
        book = StudentBook(writer.problem, options.practice)
        questions = questions_of(writer.problem, book.places)
    with replacing(folder.key, private=True) as file:
        lines = _key_lines(writer, named_students, options.jobs, result, advance)
        write_key(file, {**in_key, "printed": book.template.printed}, questions, lines, source)
    result.kept = len(students) * len(writer.kinds) - result.written
    count, result.notes = writer.write_class(named_students, options.variants)
    result.written += count
    result.versions = dict(sorted(Counter(s.version for s in students if s.version).items()))
    if result.versions:
        result.written += writer.write_answers([*result.versions], students)
    folder.protect()
    return result


def _key_lines(
    writer: SetWriter, named_students: Block, jobs: int | None, result: SetResult, advance: Callable[[int], object]
) -> Iterator[str]:
    blocks = blocks_of(named_students)
    for block, outcome in zip(blocks, _results(writer, blocks, jobs), strict=True):
        result.written += outcome.files
        result.sizes.add(outcome.sizes)
        yield from outcome.lines
        advance(len(block))


def shared_variants(count: int) -> list[Student]:
    """Return the students in whose name the variants that a class shares are drawn."""
    return [Student(f"variant {n}") for n in range(1, count + 1)]


def of_versions(versions: Sequence[str]) -> list[Student]:
    """Return the students in whose name the versions are drawn."""
    return [Student(version, version=version) for version in versions]


def blocks_of(named_students: Block) -> list[Block]:
    return [named_students[n : n + BLOCK] for n in range(0, len(named_students), BLOCK)]


def _results(writer: SetWriter, blocks: list[Block], jobs: int | None) -> Iterator[BlockResult]:
    """Yield the results of the blocks in order. The time of the first decides whether processes make the others."""
    start = time.perf_counter()
    yield writer(blocks[0])
    left = (time.perf_counter() - start) * (len(blocks) - 1)
    jobs = jobs or (cores() if left > WORTH_A_PROCESS else 1)
    if jobs > 1 and len(blocks) > 1:
        yield from spread(SetWriter, (writer.settings,), blocks[1:], jobs)
    else:
        yield from map(writer, blocks[1:])
