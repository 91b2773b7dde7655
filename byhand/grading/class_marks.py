"""Marking of a class: every file in a folder, grades, feedback and report, continued after a stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from byhand.errors import ByhandError, nearest, quoted
from byhand.exercises.draw import Student
from byhand.exercises.formats import FORMATS as SET_FORMATS
from byhand.exercises.formats import STUDENTS, student_files
from byhand.exercises.keys import KEYS, Key
from byhand.exercises.roster import clean
from byhand.exercises.set_folder import file_names
from byhand.files import save
from byhand.grading.class_report import ClassStatistics, report_json, report_page, report_text
from byhand.grading.feedback_book import FeedbackBooks
from byhand.grading.feedback_page import feedback_page
from byhand.grading.grades import (
    FileProblem,
    Status,
    StudentGrade,
    canvas_csv,
    gradescope_results,
    moodle_csv,
    problems_csv,
    problems_of,
    student_grade,
)
from byhand.grading.marking import LIMITS, Grader, MarkedFile, Marker, explain_commands, load_key
from byhand.grading.marks_folder import FEEDBACK, GRADESCOPE, LOOK, FileResult, Journal, MarksFolder
from byhand.grading.owners import Person, Rosters, UnknownId, enrolled, latest_files, submissions
from byhand.processes import Stopped, cores, spread_within
from byhand.translations import in_language
from byhand.xlsx.archive import MOST_BYTES

FORMATS = {"xlsx": ".xlsx", "html": ".html"}
"""The formats of feedback, and how their files' names end."""
Job = tuple[str, str]
"""A file's path in the folder of submissions, and the digest of its bytes."""


@dataclass(frozen=True)
class GradingOptions:
    """The options of a grading run. title: of the assignment. canvas_id: its number in Canvas."""

    submissions: Path
    key: Path
    folder: Path
    rosters: tuple[Path, ...] = ()
    id_column: str = ""
    encoding: str = ""
    formats: tuple[str, ...] = tuple(FORMATS)
    gradescope: bool = False
    title: str = ""
    canvas_id: str = ""
    jobs: int | None = None
    force: bool = False


@dataclass(frozen=True)
class ClassResult:
    """The grades of a class, in the key's order. read: how many files this run read. kept: those of earlier runs.

    notes: sentences for the teacher.
    """

    options: GradingOptions
    grades: list[StudentGrade]
    problems: list[FileProblem]
    report: dict[str, Any]
    read: int
    kept: int
    notes: tuple[str, ...] = ()


def grading_options(submissions: Path, formats: str, **more: Any) -> GradingOptions:
    """Return the options of a command line. Raises ByhandError for an unknown format."""
    names = tuple(dict.fromkeys(word.strip() for word in formats.split(",") if word.strip()))
    for name in names:
        if name not in FORMATS:
            raise ByhandError(f"There is no feedback in the format {quoted(name)}; {nearest(name, FORMATS)}.")
    return GradingOptions(submissions, formats=names, **more)


def grade(options: GradingOptions, advance: Callable[[int], object] = lambda files: None) -> ClassResult:
    """Mark every file in the folder, and write grades, feedback and report.

    Raises ByhandError, before anything is written, for an unusable key, roster or folder. After a stop, another call
    reads the remaining files and writes the same results as one uninterrupted run.
    """
    key = load_key(options.key)
    Marker(key)  # refuses a key that does not give its answers
    people, notes = enrolled(key, Rosters(options.rosters, options.id_column, options.encoding))
    files = files_in(options.submissions)
    folder = MarksFolder.opened(options.folder, key, options.submissions, options.force)
    settings = WorkerSettings(options.key, options.submissions, folder, options.formats)
    with Journal(folder.journal) as journal:
        jobs = [(name, digest(path)) for name, path in files.items()]
        waiting = list(_not_read_yet(jobs, journal, settings, names_of(key)))
        advance(len(jobs) - len(waiting))
        for result in _mark_all(settings, waiting, options.jobs):
            journal.add(result)
            advance(1)
        counted = _choose_files(key, settings, files, journal, options.jobs)
        return write_class(options, key, people, folder, counted, len(waiting), notes)


def files_in(folder: Path) -> dict[str, Path]:
    """Return the submitted files by their paths in the folder. Raises ByhandError if there are none."""
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "is not there"
        raise ByhandError(f"{folder} {what}: name the folder with what was handed in.")
    there = [path for path in submissions(folder) if not _was_handed_out(path, folder)]
    files = {path.relative_to(folder).as_posix(): path for path in there}
    if not files:
        raise ByhandError(f"{folder} holds no files: name the folder with what was handed in.")
    return files


def _was_handed_out(path: Path, folder: Path) -> bool:
    """Whether a file is a sheet or key that byhand wrote beside a workbook in the set's own folder."""
    whole = folder.resolve()
    if whole.name != STUDENTS or not (whole.parent / KEYS / "set.json").is_file():
        return False
    others = (kind.suffix for kind in student_files(tuple(SET_FORMATS), practice=True) if kind.folder == STUDENTS)
    bare = next((path.name.removesuffix(s) for s in others if s != ".xlsx" and path.name.endswith(s)), "")
    return bool(bare) and path.with_name(f"{bare}.xlsx").is_file()


def digest(path: Path) -> str:
    """Return the digest of a file's bytes; an empty text for a special or too large file."""
    if not path.is_file() or path.stat().st_size > MOST_BYTES:
        return ""
    hashed = sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            hashed.update(piece)
    return hashed.hexdigest()


def names_of(key: Key) -> dict[str, str]:
    """Return the stem of each student's file names, by id."""
    students = [Student(id, student.name) for id, student in key.students.items()]
    return {s.id: name for s, name in zip(students, file_names(students), strict=True)}


@dataclass(frozen=True)
class WorkerSettings:
    """The settings of a marking process."""

    key: Path
    submissions: Path
    folder: MarksFolder
    formats: tuple[str, ...]

    def has_feedback(self, name: str, result: FileResult) -> bool:
        """Whether the feedback on a file that was read before still exists."""
        if result.marks is None:
            return True
        here = LOOK if result.needs_a_look else FEEDBACK
        wanted = {form: suffix for form, suffix in FORMATS.items() if form in self.formats}
        return all(self.folder.file(here, name, suffix).is_file() for suffix in wanted.values())


def _not_read_yet(
    jobs: Sequence[Job], journal: Journal, settings: WorkerSettings, names: Mapping[str, str]
) -> Iterator[Job]:
    """Yield the files that are new, changed, or without feedback."""
    for file, digest in jobs:
        result = journal.get(file)
        same = result is not None and digest == result.digest != ""
        if not (result and same and settings.has_feedback(names.get(result.student, ""), result)):
            yield file, digest


def _mark_all(settings: WorkerSettings, jobs: Sequence[Job], processes: int | None) -> Iterator[FileResult]:
    """Yield the result of each job, in order. A file that takes too long or too much memory is refused."""
    results = spread_within(LIMITS, FileMarker, (settings,), jobs, processes or cores())
    for (file, digest), result in zip(jobs, results, strict=True):
        if isinstance(result, Stopped):
            yield FileResult(file, digest, refused=f"It could not be read: {result.why}; look at it by hand.")
        else:
            yield result


class FileMarker:
    """Marks files and writes their feedback, in one process; the key is read once."""

    def __init__(self, settings: WorkerSettings) -> None:
        self.settings = settings
        self.key = load_key(settings.key)
        self.grader = Grader(self.key).__enter__()
        with in_language(self.key.language):
            self.books = FeedbackBooks(self.grader.handed_out)
        self.names = names_of(self.key)

    def __call__(self, job: Job) -> FileResult:
        """Mark a file, write its feedback, and return the result; a file that cannot be marked is refused."""
        file, digest = job
        path = self.settings.submissions / file
        try:
            marked = self.grader.mark(path)
        except UnknownId as error:
            why = without_folder(str(error), self.settings.submissions)
            return FileResult(file, digest, refused=why, unknown_id=error.stated)
        except ByhandError as error:
            why = without_folder(str(error), self.settings.submissions)
            return FileResult(file, digest, self.grader.owners.by_name(path), refused=why)
        with in_language(self.key.language):
            self._write_feedback(marked)
        return FileResult(file, digest, marked.marks.student, marked.marks, by=marked.identified_by)

    def _write_feedback(self, marked: MarkedFile) -> None:
        """Write the feedback on a file; marks that a person must look at go to a folder of their own."""
        marks, name, folder = marked.marks, self.names[marked.marks.student], self.settings.folder
        here, elsewhere = (LOOK, FEEDBACK) if marks.warnings else (FEEDBACK, LOOK)
        for suffix in FORMATS.values():
            folder.file(elsewhere, name, suffix).unlink(missing_ok=True)
        if "html" in self.settings.formats:
            save(folder.file(here, name, ".html"), feedback_page(self.key, marks, self.grader.explain_commands))
        if "xlsx" in self.settings.formats:
            save(folder.file(here, name, ".xlsx"), self.books.book(marked.submission.own, marks))


def without_folder(sentence: str, folder: Path) -> str:
    """Return a sentence about a file with the file's path relative to the folder."""
    return clean(sentence.replace(f"{folder}/", "").replace(f"{folder}\\", ""))


@dataclass(frozen=True)
class CountedFiles:
    """counts: the file that counts for each student. replaced: for each other file, the one that counts instead."""

    files: Sequence[str]
    counts: Mapping[str, str]
    replaced: Mapping[str, str]
    journal: Journal


def _choose_files(
    key: Key, settings: WorkerSettings, files: Mapping[str, Path], journal: Journal, processes: int | None
) -> CountedFiles:
    """Choose the file that counts for each student.

    A readable file is preferred to an unreadable one. If a student has several readable files, the one that counts is
    marked once more, so that the feedback is about that file.
    """
    names = {path: name for name, path in files.items()}
    results = list(journal.all(list(files)))
    latest = latest_files(key, {files[r.file]: r.student for r in results if r.student and r.marks})
    unread = {r.student: r.file for r in results if r.student and not r.marks}
    counts = unread | {student: names[path] for student, path in latest.used.items()}
    again = [(counts[student], digest(files[counts[student]])) for student in latest.older]
    for result in _mark_all(settings, again, processes):
        journal.add(result)
    replaced = {names[path]: counts[student] for student, older in latest.older.items() for path in older}
    return CountedFiles(list(files), counts, replaced, journal)


def write_class(
    options: GradingOptions,
    key: Key,
    people: Sequence[Person],
    folder: MarksFolder,
    counted: CountedFiles,
    read: int,
    notes: Sequence[str],
) -> ClassResult:
    """Write the files about the whole class: the grades, the report and the list of problems."""
    statistics, grades = _grades(options, key, people, folder, counted)
    problems = list(_problems(key, counted, grades))
    report = report_json(statistics, grades, problems)
    save(folder.path / "report.html", report_page(statistics, grades, problems, explain_commands(key)))
    save(folder.path / "report.json", report_text(report))
    save(folder.path / "problems.csv", problems_csv(problems))
    title = options.title or str(key.recipe.get("title", key.exercise))
    in_canvas = f"{title} ({options.canvas_id})" if options.canvas_id else title
    most = sum(question.points for question in key.questions)
    save(folder.path / "grades_canvas.csv", canvas_csv(in_canvas, most, grades))
    save(folder.path / "grades.csv", moodle_csv(title, grades))
    return ClassResult(options, grades, problems, report, read, len(counted.files) - read, tuple(notes))


def _grades(
    options: GradingOptions, key: Key, people: Sequence[Person], folder: MarksFolder, counted: CountedFiles
) -> tuple[ClassStatistics, list[StudentGrade]]:
    """Return the statistics of the graded students and every grade; remove files that are no longer valid."""
    statistics, names = ClassStatistics.of(key), names_of(key)
    grades: list[StudentGrade] = []
    kept: list[tuple[str, str]] = []
    for person in people:
        result = counted.journal.get(counted.counts[person.id]) if person.id in counted.counts else None
        grades.append(student_grade(key, person, result))
        if result is None or result.marks is None:
            continue
        kept.append((LOOK if result.needs_a_look else FEEDBACK, names[person.id]))
        if grades[-1].status is Status.GRADED:
            statistics.add(result.marks)
            if options.gradescope:
                kept.append((GRADESCOPE, names[person.id]))
                place = folder.file(GRADESCOPE, names[person.id], ".json")
                place.parent.mkdir(exist_ok=True)
                with in_language(key.language):
                    save(place, gradescope_results(key, result.marks))
    folder.keep_only(kept, names.values())
    return statistics, grades


def _problems(key: Key, counted: CountedFiles, grades: Sequence[StudentGrade]) -> Iterator[FileProblem]:
    """Yield the problems of each file, then the students without a file."""
    for result in counted.journal.all(list(counted.files)):
        if result.file in counted.replaced:
            why = f"Not counted: {clean(counted.replaced[result.file])} counts instead."
            yield FileProblem("duplicate", clean(result.file), result.student, why)
        else:
            yield from problems_of(key, result)
    for one in grades:
        if one.status is Status.MISSING:
            yield FileProblem("missing", "", one.student, "Nothing was handed in that is known to be theirs.")
