"""Marks a class: every file in a folder, the grades, the feedback and the report; a run that is stopped continues."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from byhand.errors import ByhandError, nearest, quoted
from byhand.exercises.draw import Student
from byhand.exercises.formats import FORMATS as FILES
from byhand.exercises.formats import KEYS, STUDENTS, student_files
from byhand.exercises.keys import Key
from byhand.exercises.roster import clean
from byhand.exercises.set_folder import file_names
from byhand.files import save
from byhand.grading import grades
from byhand.grading.class_report import Items, report_json, report_page, report_text
from byhand.grading.feedback_book import FeedbackBooks
from byhand.grading.feedback_page import feedback_page
from byhand.grading.grades import Concern, Grade, Standing, Status, concerns, standing
from byhand.grading.marking import LIMITS, Grader, Marked, key_of, steps_of
from byhand.grading.marks_folder import FEEDBACK, GRADESCOPE, LOOK, Journal, MarksFolder, Result
from byhand.grading.owners import Person, counted, enrolled, submissions
from byhand.grading.verdicts import Marks
from byhand.processes import Stopped, cores, spread_within
from byhand.xlsx.archive import MOST_BYTES

FORMATS = {"xlsx": ".xlsx", "html": ".html"}
Job = tuple[str, str]
"""A file's path in the folder of submissions, and the digest of its bytes."""


@dataclass(frozen=True)
class Desk:
    """What a process needs for marking."""

    key: Path
    submissions: Path
    folder: MarksFolder
    formats: tuple[str, ...]

    def has_all(self, name: str, result: Result) -> bool:
        """Whether the feedback of a file that was read before is there."""
        if result.marks is None:
            return True
        here = LOOK if result.looked_at else FEEDBACK
        wanted = {form: suffix for form, suffix in FORMATS.items() if form in self.formats}
        return all(self.folder.file(here, name, suffix).is_file() for suffix in wanted.values())


def names_of(key: Key) -> dict[str, str]:
    """What each student's files are called, without what they end in."""
    students = [Student(id, student.name) for id, student in key.students.items()]
    return {s.id: name for s, name in zip(students, file_names(students), strict=True)}


def digest(path: Path) -> str:
    """Of a file's bytes; nothing for what is no ordinary file, or too large to be read at all."""
    if not path.is_file() or path.stat().st_size > MOST_BYTES:
        return ""
    with path.open("rb") as file:
        told = sha256()
        while piece := file.read(1 << 20):
            told.update(piece)
    return told.hexdigest()


class Marking:
    """Does the jobs of one process."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.key = key_of(desk.key)
        self.grader = Grader(self.key).__enter__()
        self.books = FeedbackBooks(self.grader.paper)
        self.steps = steps_of(self.key)
        self.names = names_of(self.key)

    def __call__(self, job: Job) -> Result:
        """What comes of a file; its feedback is written. Whatever is in the file, there is a result."""
        file, told = job
        path = self.desk.submissions / file
        try:
            marked = self.grader.mark(path)
        except ByhandError as error:
            return self._refused(path, job, without_folder(str(error), self.desk.submissions))
        self._hand_out(marked)
        return Result(file, told, marked.marks.student, marked.marks, by=marked.by)

    def _refused(self, path: Path, job: Job, why: str) -> Result:
        return Result(*job, self.grader.owners.by_name(path), refused=why)

    def _hand_out(self, marked: Marked) -> None:
        """Write the feedback. What a person must look at has a folder of its own."""
        marks, formats, name = marked.marks, self.desk.formats, self.names[marked.marks.student]
        here, elsewhere = (LOOK, FEEDBACK) if marks.warnings else (FEEDBACK, LOOK)
        for suffix in FORMATS.values():
            self.desk.folder.file(elsewhere, name, suffix).unlink(missing_ok=True)
        if "html" in formats:
            save(self.desk.folder.file(here, name, ".html"), feedback_page(self.key, marks, self.steps))
        if "xlsx" in formats:
            save(self.desk.folder.file(here, name, ".xlsx"), self.books.book(marked.submission.own, marks))


def without_folder(sentence: str, folder: Path) -> str:
    """A sentence about a file, which names it as the list of files does."""
    return clean(sentence.replace(f"{folder}/", "").replace(f"{folder}\\", ""))


@dataclass(frozen=True)
class Order:
    """What is to be graded, by which key, and where to. title: of the assignment. canvas_id: its number in Canvas."""

    submissions: Path
    key: Path
    folder: Path
    rosters: tuple[Path, ...] = ()
    formats: tuple[str, ...] = tuple(FORMATS)
    gradescope: bool = False
    title: str = ""
    canvas_id: str = ""
    jobs: int | None = None
    force: bool = False


@dataclass(frozen=True)
class HandedIn:
    """files: all. counts: for each student the file that counts. replaced: each that another counts for, with that."""

    files: Sequence[str]
    counts: Mapping[str, str]
    replaced: Mapping[str, str]
    journal: Journal


@dataclass(frozen=True)
class Outcome:
    """What came of it. read: how many files were read now; kept: how many an earlier run had read."""

    order: Order
    standings: list[Standing]
    concerns: list[Concern]
    report: dict[str, Any]
    read: int
    kept: int


def write_class(
    order: Order, key: Key, people: Sequence[Person], folder: MarksFolder, handed_in: HandedIn, read: int
) -> Outcome:
    """Write everything that is about more than one student, and what came of it."""
    items, standings = _counted(order, key, folder, handed_in)
    known = list(_concerns(key, handed_in, standings))
    report = report_json(items, standings, known)
    save(folder.path / "report.html", report_page(items, standings, known, steps_of(key)))
    save(folder.path / "report.json", report_text(report))
    rows = [[c.kind, c.student, c.file, c.reason] for c in known]
    save(folder.path / "problems.csv", grades.table(["What", "Student", "File", "Why"], rows))
    told = [Grade(person, s.points, s.told) for person, s in zip(people, standings, strict=True)]
    title = order.title or str(key.recipe.get("title", key.exercise))
    in_canvas = f"{title} ({order.canvas_id})" if order.canvas_id else title
    most = sum(question.points for question in key.questions)
    save(folder.path / "grades_canvas.csv", grades.canvas(in_canvas, most, told))
    save(folder.path / "grades.csv", grades.moodle(title, told))
    return Outcome(order, standings, known, report, read, len(handed_in.files) - read)


def _counted(order: Order, key: Key, folder: MarksFolder, handed_in: HandedIn) -> tuple[Items, list[Standing]]:
    """Every student's standing, and the items over those that are graded; their files, and no others, stay."""
    items, names = Items.of(key), names_of(key)
    standings, kept = [], []
    for student in key.students:
        result = handed_in.journal.get(handed_in.counts[student]) if student in handed_in.counts else None
        stands = standing(key, student, result)
        standings.append(stands)
        if result is None or result.marks is None:
            continue
        kept.append((LOOK if result.looked_at else FEEDBACK, names[student]))
        if stands.status is Status.GRADED:
            items.add(result.marks)
            if order.gradescope:
                kept.append((GRADESCOPE, names[student]))
                _for_gradescope(folder, names[student], key, result.marks)
    folder.keep_only(kept, names.values())
    return items, standings


def _for_gradescope(folder: MarksFolder, name: str, key: Key, marks: Marks) -> None:
    place = folder.file(GRADESCOPE, name, ".json")
    place.parent.mkdir(exist_ok=True)
    save(place, grades.results(key, marks))


def _concerns(key: Key, handed_in: HandedIn, standings: Sequence[Standing]) -> Iterator[Concern]:
    """File by file, and then the students of whom there is none."""
    for result in handed_in.journal.all(list(handed_in.files)):
        if result.file in handed_in.replaced:
            instead = clean(handed_in.replaced[result.file])
            yield Concern("duplicate", clean(result.file), result.student, f"Not counted: {instead} counts instead.")
        else:
            yield from concerns(key, result)
    for stands in standings:
        if stands.status is Status.MISSING:
            yield Concern("missing", "", stands.student, "Nothing was handed in that is known to be theirs.")


def ordered(submissions: Path, formats: str, **more: Any) -> Order:
    """What a command asks for. ByhandError for a format that there is not."""
    names = tuple(dict.fromkeys(word.strip() for word in formats.split(",") if word.strip()))
    for name in names:
        if name not in FORMATS:
            raise ByhandError(f"There is no feedback in the format {quoted(name)}; {nearest(name, FORMATS)}.")
    return Order(submissions, formats=names, **more)


def grade(order: Order, advance: Callable[[int], object] = lambda files: None) -> Outcome:
    """Mark every file in the folder, and write everything about the class.

    ByhandError for a key, a roster or a folder that cannot be; then nothing is written. Stopped and called again, it
    reads what is not read yet, and in the end writes the same files as if it had not been stopped.
    """
    key = key_of(order.key)
    people = enrolled(key, order.rosters)
    files = files_in(order.submissions)
    folder = MarksFolder.opened(order.folder, key, order.submissions, order.force)
    desk = Desk(order.key, order.submissions, folder, order.formats)
    with Journal(folder.journal) as journal:
        jobs = [(name, digest(path)) for name, path in files.items()]
        left = list(_left(jobs, journal, desk, names_of(key)))
        advance(len(jobs) - len(left))
        for result in _marked(desk, left, order.jobs):
            journal.add(result)
            advance(1)
        handed_in = _counting(key, desk, files, journal, order.jobs)
        return write_class(order, key, people, folder, handed_in, len(left))


def files_in(folder: Path) -> dict[str, Path]:
    """Each file that was handed in, by its path in the folder. ByhandError where there is none."""
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "is not there"
        raise ByhandError(f"{folder} {what}: name the folder with what was handed in.")
    there = [path for path in submissions(folder) if not _was_handed_out(path, folder)]
    found = {path.relative_to(folder).as_posix(): path for path in there}
    if not found:
        raise ByhandError(f"{folder} holds no files: name the folder with what was handed in.")
    return found


def _was_handed_out(path: Path, folder: Path) -> bool:
    """Whether this is a sheet or a key that lies beside a book in the set's own folder."""
    whole = folder.resolve()
    if whole.name != STUDENTS or not (whole.parent / KEYS / "set.json").is_file():
        return False
    others = (kind.suffix for kind in student_files(tuple(FILES), practice=True) if kind.folder == STUDENTS)
    bare = next((path.name.removesuffix(s) for s in others if s != ".xlsx" and path.name.endswith(s)), "")
    return bool(bare) and path.with_name(f"{bare}.xlsx").is_file()


def _left(jobs: Sequence[Job], journal: Journal, desk: Desk, names: Mapping[str, str]) -> Iterator[Job]:
    """The files that no earlier run has read as they are now, or whose feedback is not there."""
    for file, told in jobs:
        result = journal.get(file)
        if not (result and told == result.digest != "" and desk.has_all(names.get(result.student, ""), result)):
            yield file, told


def _marked(desk: Desk, jobs: Sequence[Job], processes: int | None) -> Iterator[Result]:
    """What comes of each job, in their order; a file that takes too much is said to."""
    results = spread_within(LIMITS, Marking, (desk,), jobs, processes or cores())
    for (file, told), result in zip(jobs, results, strict=True):
        if isinstance(result, Stopped):
            yield Result(file, told, refused=f"It could not be read: {result.why}; look at it by hand.")
        else:
            yield result


def _counting(key: Key, desk: Desk, files: Mapping[str, Path], journal: Journal, processes: int | None) -> HandedIn:
    """Which file counts for each student, and which others it counts for.

    One that could be read counts before one that could not. Where a student has several that could, the one that
    counts is marked once more, so that the feedback is of that.
    """
    owners = {files[r.file]: r.student for r in journal.all(list(files)) if r.student and r.marks}
    found = counted(key, owners)
    unread = {r.student: r.file for r in journal.all(list(files)) if r.student and not r.marks}
    counts = unread | {student: _name(desk, path) for student, path in found.used.items()}
    several = [counts[student] for student in found.older]
    for result in _marked(desk, [(name, digest(files[name])) for name in several], processes):
        journal.add(result)
    replaced = {_name(desk, path): counts[student] for student, older in found.older.items() for path in older}
    return HandedIn(list(files), counts, replaced, journal)


def _name(desk: Desk, path: Path) -> str:
    return path.relative_to(desk.submissions).as_posix()
