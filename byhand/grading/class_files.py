"""What is written about a class as a whole: its grades, its report, and the list of what a person must know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from byhand.exercises.keys import Key
from byhand.exercises.roster import clean
from byhand.files import save
from byhand.grading import grades, gradescope
from byhand.grading.class_report import report_json, report_page, report_text
from byhand.grading.feedback import FORMATS, names_of
from byhand.grading.grades import Grade
from byhand.grading.items import Items
from byhand.grading.marks_folder import FEEDBACK, GRADESCOPE, LOOK, MarksFolder
from byhand.grading.one import steps_of
from byhand.grading.outcome import Marks
from byhand.grading.register import Person
from byhand.grading.result import Journal
from byhand.grading.standing import Concern, Standing, Status, concerns, standing


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
    save(place, gradescope.results(key, marks))


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
