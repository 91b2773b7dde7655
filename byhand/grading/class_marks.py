"""Marking of a class: every file that was handed in, grades, feedback and report, continued after a stop."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from byhand.errors import ByhandError, DiskFull, nearest, quoted
from byhand.exercises.draw import Student
from byhand.exercises.keys import Key
from byhand.exercises.roster import clean, number_of_students
from byhand.exercises.set_folder import file_names
from byhand.files import save
from byhand.folder_lock import locked
from byhand.grading.cell_words import words_for_all
from byhand.grading.changes import GradeChange, changes_since
from byhand.grading.class_report import ClassStatistics, report_json, report_page, report_text
from byhand.grading.decisions import BEST, Decisions, decided, read_decisions
from byhand.grading.decisions_file import (
    DECISIONS,
    TEMPLATE,
    OpenCase,
    decisions_text,
    merged,
    toml_value,
    with_open_cases,
)
from byhand.grading.feedback_book import FeedbackBooks
from byhand.grading.feedback_page import feedback_page
from byhand.grading.grades import (
    FileProblem,
    Status,
    StudentGrade,
    canvas_csv,
    gradescope_results,
    is_blank,
    moodle_csv,
    problems_csv,
    problems_of,
    student_grade,
    together,
)
from byhand.grading.handed_out import AnotherExercise
from byhand.grading.marking import LIMITS, Grader, MarkedFile, explain_commands, key_file, load_key, marker_of
from byhand.grading.marks_folder import FEEDBACK, GRADESCOPE, LOOK, FileResult, Journal, MarksFolder
from byhand.grading.owners import Person, Rosters, UnknownId, enrolled, latest_files
from byhand.grading.pseudonyms import Pseudonyms
from byhand.grading.submitted_files import SubmittedFile, digest, submitted_files
from byhand.grading.verdicts import title_of
from byhand.grading.worked_steps import WorkedSteps
from byhand.processes import Stopped, cores, spread_within
from byhand.translations import in_language

FORMATS = {"xlsx": ".xlsx", "html": ".html"}
"""The formats of feedback, and how their files' names end."""


@dataclass(frozen=True)
class Job:
    """A file to mark. name: in the folder of submissions. digest: of its bytes. owner: if the teacher says whose."""

    name: str
    file: SubmittedFile
    digest: str
    owner: str = ""

    @classmethod
    def of(cls, name: str, file: SubmittedFile, decisions: Decisions) -> Job:
        known = sha256(file.left_out.encode()).hexdigest() if file.left_out else digest(file.path)
        return cls(name, file, known, decisions.owner_of(name))


@dataclass(frozen=True)
class GradingOptions:
    """The options of a grading run. title: of the assignment. canvas_id: its number in Canvas.

    decide: a file of decisions that replace those in the folder. anonymous: whether marks are under pseudonyms.
    show_answers: whether feedback works missed steps with the student's own numbers.
    """

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
    decide: Path | None = None
    anonymous: bool = False
    show_answers: bool = False
    jobs: int | None = None
    force: bool = False


@dataclass(frozen=True)
class ClassResult:
    """The grades of a class, in the key's order. read: how many files this run read. kept: those of earlier runs.

    notes: sentences for the teacher. open_cases: what waits for a decision. changes: since the run before.
    """

    options: GradingOptions
    grades: list[StudentGrade]
    problems: list[FileProblem]
    report: dict[str, Any]
    read: int
    kept: int
    notes: tuple[str, ...] = ()
    open_cases: tuple[OpenCase, ...] = ()
    changes: tuple[GradeChange, ...] = ()


def grading_options(submissions: Path, formats: str, **more: Any) -> GradingOptions:
    """Return the options of a command line. Raises ByhandError for an unknown format."""
    names = tuple(dict.fromkeys(word.strip() for word in formats.split(",") if word.strip()))
    for name in names:
        if name not in FORMATS:
            raise ByhandError(f"There is no feedback in the format {quoted(name)}; {nearest(name, FORMATS)}.")
    return GradingOptions(submissions, formats=names, **more)


def grade(options: GradingOptions, advance: Callable[[int], object] = lambda files: None) -> ClassResult:
    """Mark every file that was handed in, and write grades, feedback and report.

    Raises ByhandError, before anything is written, for an unusable key, roster, decision or folder. After a stop,
    another call reads the remaining files and writes the same results as one uninterrupted run.
    """
    with submitted_files(options.submissions) as files:
        return grade_files(options, files, advance)


def grade_files(
    options: GradingOptions, files: Mapping[str, SubmittedFile], advance: Callable[[int], object] = lambda files: None
) -> ClassResult:
    """Mark these files, by their names; otherwise as `grade`."""
    key = load_key(options.key)
    problem = marker_of(key, None).problem  # refuses a key that does not give its answers
    people, notes = enrolled(key, Rosters(options.rosters, options.id_column, options.encoding))
    pseudonyms = None
    if options.anonymous:
        pseudonyms = Pseudonyms.beside(key_file(options.key), key)
        files, key = pseudonyms.of_files(files, key), pseudonyms.of_key(key)
        people, _ = enrolled(key, Rosters())
        notes.append(f"Who is who is in {pseudonyms.path}.")
    folder = MarksFolder.opened(options.folder, key, options.submissions, options.force, options.anonymous)
    text = _decisions_before(options, folder, key)
    decisions = read_decisions(text, str(options.decide or folder.decisions), key)
    decisions.check_files(files, str(options.decide or folder.decisions))
    with locked(folder.path, options.folder):
        folder.begin()
        settings = WorkerSettings(options.key, folder, options.formats, decisions, pseudonyms, options.show_answers)
        run = ClassRun(options, key, people, files, settings, text, words_for_all(problem))
        with Journal(folder.journal) as journal:
            return run.finish(journal, advance, [*notes, *folder.notes])


def _decisions_before(options: GradingOptions, folder: MarksFolder, key: Key) -> str:
    """Return the text of the decisions in the folder, with those of the file that is given with --decide."""
    text = decisions_text(folder.decisions) if folder.before and folder.decisions.is_file() else TEMPLATE
    if options.decide is None:
        return text
    more = decisions_text(options.decide)
    read_decisions(more, str(options.decide), key)
    return merged(text, more, str(options.decide))


def names_of(key: Key) -> dict[str, str]:
    """Return the stem of each student's file names, by id."""
    students = [Student(id, student.name) for id, student in key.students.items()]
    return {s.id: name for s, name in zip(students, file_names(students), strict=True)}


@dataclass(frozen=True)
class WorkerSettings:
    """The settings of a marking process."""

    key: Path
    folder: MarksFolder
    formats: tuple[str, ...]
    decisions: Decisions
    pseudonyms: Pseudonyms | None = None
    show_answers: bool = False

    def fingerprint(self, student: str, file: str) -> str:
        """Return a text that differs where a file is marked or shown otherwise."""
        return self.decisions.fingerprint(student, file) + (" with answers" if self.show_answers else "")

    def has_feedback(self, name: str, result: FileResult) -> bool:
        """Whether the feedback on a file that was read before still exists."""
        if result.marks is None:
            return True
        here = LOOK if result.needs_a_look else FEEDBACK
        wanted = {form: suffix for form, suffix in FORMATS.items() if form in self.formats}
        return all(self.folder.file(here, name, suffix).is_file() for suffix in wanted.values())


def _mark_all(settings: WorkerSettings, jobs: Sequence[Job], processes: int | None) -> Iterator[FileResult]:
    """Yield the result of each job, in order. A file that takes too long or too much memory is refused."""
    results = spread_within(LIMITS, FileMarker, (settings,), jobs, processes or cores())
    for job, result in zip(jobs, results, strict=True):
        if isinstance(result, Stopped):
            why = f"It could not be read: {result.why}; look at it by hand."
            decision = settings.fingerprint(job.owner, job.name)
            yield FileResult(job.name, job.digest, job.owner, refused=why, decision=decision)
        else:
            yield result


class FileMarker:
    """Marks files and writes their feedback, in one process; the key is read once."""

    def __init__(self, settings: WorkerSettings) -> None:
        self.settings = settings
        self.grader = Grader(load_key(settings.key), settings.pseudonyms).__enter__()
        self.key = self.grader.key
        with in_language(self.key.language):
            self.books = FeedbackBooks(self.grader.handed_out)
        built = self.grader.handed_out.problem
        self.steps = WorkedSteps(self.key, built, settings.show_answers) if built else None
        self.names = names_of(self.key)

    def __call__(self, job: Job) -> FileResult:
        """Mark a file, write its feedback, and return the result; a file that cannot be marked is refused."""
        result, marked = self._result(job)
        if marked is not None and result.marks is not None:
            with in_language(self.key.language):
                self._write_feedback(replace(marked, marks=result.marks))
        return result

    def _result(self, job: Job) -> tuple[FileResult, MarkedFile | None]:
        try:
            if job.file.left_out:
                raise ByhandError(f"{job.name} {job.file.left_out}")
            marked = self.grader.mark(job.file.path, job.owner)
        except UnknownId as error:
            student = self._by_name(job, copies=False)
            if self.settings.pseudonyms:
                why = f"{job.name} states an id that is not in this key: mark it with the key of its set."
                return self._refused(job, student, why), None
            return replace(self._refused(job, student, str(error)), unknown_id=error.stated), None
        except DiskFull:
            raise
        except ByhandError as error:
            refused = self._refused(job, job.owner or self._by_name(job), str(error))
            return replace(refused, other_exercise=isinstance(error, AnotherExercise)), None
        with in_language(self.key.language):
            marks = decided(marked.marks, self.key, self.settings.decisions, job.digest)
        set_aside = tuple(warning for warning in marked.marks.warnings if warning not in marks.warnings)
        decision = self.settings.fingerprint(marks.student, job.name)
        result = FileResult(job.name, job.digest, marks.student, marks, decision=decision, accepted=set_aside)
        return result if job.owner else replace(result, numbers_of=marked.numbers_of), marked

    def _by_name(self, job: Job, copies: bool = True) -> str:
        """Return the student whom the file's name alone identifies; an empty text for none."""
        student = self.grader.owners.by_name(Path(job.file.name), copies)
        return self.settings.pseudonyms.students.get(student, "") if self.settings.pseudonyms else student

    def _refused(self, job: Job, student: str, error: str) -> FileResult:
        """Return the result for a file that cannot be marked; the sentence names the file as in the folder."""
        why = clean(error)
        for path in (str(job.file.path), clean(str(job.file.path))):
            why = why.replace(path, clean(job.name))
        decision = self.settings.fingerprint(student, job.name)
        return FileResult(job.name, job.digest, student, refused=why, decision=decision)

    def _write_feedback(self, marked: MarkedFile) -> None:
        """Write the feedback on a file; marks that a person must look at go to a folder of their own."""
        marks, name, folder = marked.marks, self.names[marked.marks.student], self.settings.folder
        here, elsewhere = (LOOK, FEEDBACK) if marks.warnings else (FEEDBACK, LOOK)
        for suffix in FORMATS.values():
            folder.file(elsewhere, name, suffix).unlink(missing_ok=True)
        if "html" in self.settings.formats:
            save(folder.file(here, name, ".html"), feedback_page(self.key, marks, self.steps))
        if "xlsx" in self.settings.formats:
            save(folder.file(here, name, ".xlsx"), self.books.book(marked.submission.own, marks))


@dataclass(frozen=True)
class CountedFiles:
    """counts: the file that counts for each student. replaced: for each other file, the one that counts instead.

    at_once: those of the others that came at the same time as the one that counts, with other points.
    """

    files: Sequence[str]
    counts: Mapping[str, str]
    replaced: Mapping[str, str]
    at_once: Collection[str]
    journal: Journal

    def result(self, student: str) -> FileResult | None:
        """Return the result of the file that counts for a student; None if there is none."""
        return self.journal.get(self.counts[student]) if student in self.counts else None


@dataclass(frozen=True)
class ClassRun:
    """One run over the files of a class. text: of the decisions. places: of all answers, in words."""

    options: GradingOptions
    key: Key
    people: Sequence[Person]
    files: Mapping[str, SubmittedFile]
    settings: WorkerSettings
    text: str
    places: list[list[str]]

    @property
    def folder(self) -> MarksFolder:
        return self.settings.folder

    @property
    def decisions(self) -> Decisions:
        return self.settings.decisions

    def finish(self, journal: Journal, advance: Callable[[int], object], notes: Sequence[str]) -> ClassResult:
        """Mark the files that are not marked yet, and write all about the class."""
        jobs = [Job.of(name, file, self.decisions) for name, file in self.files.items()]
        waiting = list(self._not_marked_yet(jobs, journal))
        advance(len(jobs) - len(waiting))
        for result in _mark_all(self.settings, waiting, self.options.jobs):
            journal.add(result)
            advance(1)
        return self._write(self._choose_files(journal), len(waiting), notes)

    def _not_marked_yet(self, jobs: Sequence[Job], journal: Journal) -> Iterator[Job]:
        """Yield the files that are new, changed, decided otherwise, or without feedback."""
        names = names_of(self.key)
        for job in jobs:
            result = journal.get(job.name)
            same = result is not None and job.digest == result.digest != ""
            if not (result and same and self._is_current(result, names)):
                yield job

    def _is_current(self, result: FileResult, names: Mapping[str, str]) -> bool:
        """Return whether a file's marks are by the present decisions, and its feedback is there."""
        decision = self.settings.fingerprint(result.student, result.file)
        return decision == result.decision and self.settings.has_feedback(names.get(result.student, ""), result)

    def _choose_files(self, journal: Journal) -> CountedFiles:
        """Choose the file that counts for each student: the one the teacher names, the best, or the latest.

        A readable file is preferred to an unreadable one. If a student has several readable files, the one that counts
        is marked once more, so that the feedback is about that file.
        """
        results = {result.file: result for result in journal.all(list(self.files))}
        readable = {name: r for name, r in results.items() if r.student and r.marks}
        names = {self.files[name].path: name for name in readable}
        pseudonyms = self.settings.pseudonyms
        ids = {pseudonym: id for id, pseudonym in pseudonyms.students.items()} if pseudonyms else None
        latest = latest_files(self.key, {self.files[name].path: r.student for name, r in readable.items()}, ids)
        counts = {r.student: name for name, r in results.items() if r.student and not r.marks}
        replaced, several = dict[str, str](), list[str]()
        for student, path in latest.used.items():
            theirs = [names[one] for one in (path, *latest.older.get(student, ()))]
            counts[student] = self._counting(student, theirs, readable)
            replaced |= {name: counts[student] for name in theirs if name != counts[student]}
            several += [student] if len(theirs) > 1 else []
        again = [Job.of(counts[student], self.files[counts[student]], self.decisions) for student in several]
        for result in _mark_all(self.settings, again, self.options.jobs):
            journal.add(result)
        at_once = [
            name
            for name, other in replaced.items()
            if self.files[name].path in latest.at_once
            and _points(readable[name]) != _points(readable[other])
            and not (self.decisions.of(readable[name].student).file or self.decisions.attempts == BEST)
        ]
        return CountedFiles(list(self.files), counts, replaced, at_once, journal)

    def _counting(self, student: str, theirs: Sequence[str], readable: Mapping[str, FileResult]) -> str:
        """Return which of a student's files counts. theirs: the latest first."""
        chosen = self.decisions.of(student).file
        if chosen:
            named = [name for name in theirs if chosen in (clean(name), clean(Path(name).name))]
            if not named:
                handed_in = ", ".join(map(clean, theirs))
                raise ByhandError(
                    f"{DECISIONS} names {quoted(chosen)} for {student}, who has handed in {handed_in}: "
                    "name one of these."
                )
            return named[0]
        if self.decisions.attempts == BEST:
            return max(theirs, key=lambda name: (_points(readable[name]), -theirs.index(name)))
        return theirs[0]

    def _write(self, counted: CountedFiles, read: int, notes: Sequence[str]) -> ClassResult:
        """Write the files about the whole class: the grades, the report and the list of problems."""
        options, key, folder = self.options, self.key, self.folder
        statistics, grades = self._grades(counted)
        problems = list(_problems(counted, grades))
        cases = list(self._open_cases(counted, grades))
        report = report_json(statistics, grades, problems) | {"open_cases": len(cases)}
        save(folder.path / "report.html", report_page(statistics, grades, problems, explain_commands(key)))
        save(folder.path / "report.json", report_text(report))
        save(folder.path / "problems.csv", problems_csv(problems))
        with in_language(key.language):  # in which learning systems have it, too
            title = options.title or title_of(key)
        in_canvas = f"{title} ({options.canvas_id})" if options.canvas_id else title
        most = sum(question.points for question in key.questions)
        save(folder.path / "grades_canvas.csv", canvas_csv(in_canvas, most, grades))
        save(folder.path / "grades.csv", moodle_csv(title, grades))
        text = with_open_cases(self.text, cases)
        if not folder.decisions.is_file() or decisions_text(folder.decisions) != text:
            save(folder.decisions, text.encode())
        results = {person.id: result for person in self.people if (result := counted.result(person.id))}
        prints = {p.id: self.decisions.fingerprint(p.id, counted.counts.get(p.id, "")) for p in self.people}
        changes = changes_since(folder, grades, results, prints)
        kept = len(counted.files) - read
        every = list(counted.journal.all(list(counted.files)))
        of_key = [*_notes_on_the_key(every, self.key), *_notes_on_blanks(results.values())]
        notes = (*notes, *of_key[:1])  # that books of another set are blank says nothing more
        return ClassResult(options, grades, problems, report, read, kept, notes, tuple(cases), tuple(changes))

    def _grades(self, counted: CountedFiles) -> tuple[ClassStatistics, list[StudentGrade]]:
        """Return the statistics of the graded students and every grade; remove files that are no longer valid."""
        key, folder = self.key, self.folder
        statistics, names = ClassStatistics.of(key, self.places), names_of(key)
        grades: list[StudentGrade] = []
        kept: list[tuple[str, str]] = []
        perhaps = {result.numbers_of for result in counted.journal.all(list(counted.replaced))}
        for person in self.people:
            result, decision = counted.result(person.id), self.decisions.of(person.id)
            with in_language(key.language):
                grades.append(student_grade(key, person, result, decision, may_be_theirs=person.id in perhaps))
            if result is None or result.marks is None:
                continue
            kept.append((LOOK if result.needs_a_look else FEEDBACK, names[person.id]))
            if grades[-1].status is Status.GRADED:
                statistics.add(result.marks)
                if self.options.gradescope:
                    kept.append((GRADESCOPE, names[person.id]))
                    place = folder.file(GRADESCOPE, names[person.id], ".json")
                    place.parent.mkdir(exist_ok=True)
                    with in_language(key.language):
                        save(place, gradescope_results(key, result.marks))
        folder.keep_only(kept, names.values())
        return statistics, grades

    def _open_cases(self, counted: CountedFiles, grades: Sequence[StudentGrade]) -> Iterator[OpenCase]:
        """Yield each case that a person must decide, with a proposal."""
        for one in grades:
            result = counted.result(one.student)
            if result is None or one.status not in (Status.LOOK, Status.UNREADABLE):
                continue
            if result.marks is None:
                yield OpenCase("students", one.student, "{ grade = 0 }", result.refused)
                continue
            first, *others = together(result.marks.warnings)
            more = f" (and {len(others)} more: see problems.csv)" if others else ""
            choice = f'{{ accept = "{result.digest[:8]}" }}'
            yield OpenCase("students", one.student, choice, f"{one.file}: {first}{more}")
        for result in counted.journal.all(list(counted.files)):
            if result.file in counted.at_once:
                choice = f"{{ file = {toml_value(clean(result.file))} }}"
                yield OpenCase("students", result.student, choice, _which_of_two(result, counted))
            if result.file in counted.replaced and result.numbers_of:
                yield OpenCase("files", clean(result.file), toml_value(result.numbers_of), _whose_numbers(result))
            if not (result.student or self.files[result.file].is_closed_zip or result.file in counted.replaced):
                yield OpenCase("files", clean(result.file), '""', f"Whose is it? {result.refused}")


def _which_of_two(result: FileResult, counted: CountedFiles) -> str:
    """Return what a person must decide about a file that is as late as the one that counts."""
    return (
        f"Does this one count? It came at the same time as {clean(counted.replaced[result.file])}, with other points."
    )


def _whose_numbers(result: FileResult) -> str:
    """Return what a person must decide about a file that does not count for the student whose name it bears."""
    return (
        f"Is it {result.numbers_of}'s? It does not count for {result.student}, and has {result.numbers_of}'s numbers."
    )


def _points(result: FileResult) -> float:
    return result.marks.points if result.marks else 0.0


def _notes_on_the_key(results: Collection[FileResult], key: Key) -> Iterator[str]:
    others = sum(result.from_another_set for result in results)
    if 2 * others <= len(results):
        return
    files = "The only file is" if len(results) == 1 else f"{others:,} of the {len(results):,} files are"
    yield (
        f"{files} from another set than the key of {key.exercise}: grade again with --key and the folder of the set "
        "that was handed out."
    )


def _notes_on_blanks(results: Collection[FileResult]) -> Iterator[str]:
    blank = [result for result in results if is_blank(result)]
    marked = sum(result.marks is not None for result in results)
    if blank and len(blank) == marked:
        what = "The only book has" if marked == 1 else f"All {marked:,} books have"
        yield f"{what} no answers in them, and 0 points: are these the files as they were handed out?"
    elif blank:
        yield f"{number_of_students(len(blank))} handed in a book without answers, which has 0 points."


def _problems(counted: CountedFiles, grades: Sequence[StudentGrade]) -> Iterator[FileProblem]:
    """Yield the problems of each file, then the students without a file."""
    for result in counted.journal.all(list(counted.files)):
        if result.file in counted.replaced:
            why = f"Not counted: {clean(counted.replaced[result.file])} counts instead."
            yield FileProblem("duplicate", clean(result.file), result.student, why)
            if result.file in counted.at_once:
                yield FileProblem("look", clean(result.file), result.student, _which_of_two(result, counted))
            if result.numbers_of:
                yield FileProblem("look", clean(result.file), result.student, _whose_numbers(result))
        else:
            yield from problems_of(result)
    for one in grades:
        if one.status is Status.MISSING:
            yield FileProblem("missing", "", one.student, "Nothing was handed in that is known to be theirs.")
