"""The marks of one submission, cell by cell, and of a class, in the terminal."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import JustifyMethod
from rich.table import Table

from byhand.cli.terminal import render
from byhand.errors import ByhandError
from byhand.exercises.keys import Key
from byhand.exercises.roster import number_of_students
from byhand.grading.class_marks import ClassResult
from byhand.grading.decisions_file import DECISIONS
from byhand.grading.grades import STATUS_WORDS, Status
from byhand.grading.marking import LIMITS, MarkedFile
from byhand.grading.marks_folder import CHANGES
from byhand.grading.verdicts import (
    VERDICT_STYLES,
    WITH_OTHER_NUMBERS,
    CellMark,
    Places,
    StudentMark,
    Verdict,
    by_question,
    cell_address,
    in_words,
    is_about,
    of_points,
    place_of,
    points,
    student_name,
    total,
    typed_text,
)
from byhand.processes import Stopped, spread_within
from byhand.translations import _, counted, in_language

FOR_A_PERSON = "A person must look at this: {warning}"
SAME = "The same."
"""Shown in place of the sentence that the cell above has, or has already left out."""
COLUMNS = {name: name for name in ("cell", "place", "read as", "verdict", "points", "answer", "why")}
"""The heads of the columns of a report on one submission."""
WIDEST_VERDICT = 20
"""The most letters of a verdict on one line: beside a wider one, there is little room for the reasons."""
MOST_SHOWN = 40
"""The most problems to print; problems.csv has all."""


def check_report(key: Key, marked: MarkedFile, steps: list[str], answers: list[list[str]] | None, as_json: bool) -> str:
    """Return the report on one submission, cell by cell. answers: the right ones, if they are to be shown."""
    if as_json:
        return json.dumps(_facts(key, marked, steps, answers), ensure_ascii=False) + "\n"
    marks = marked.marks
    by = _("by {reason}").format(reason=marked.identified_by)
    parts = [render(f"{student_name(marks)} · {marks.file} ({by})")]
    for n, (question, cells) in enumerate(by_question(key, marks), 1):
        heading = f"\n{n}. {question.text}  {of_points(*total(cells))}"
        parts.append(render(heading, _grid(key, cells, answers, marks.places)))
        if any(cell.points < cell.most for cell in cells):
            parts.append(f"{_(WITH_OTHER_NUMBERS)}: {steps[n - 1]}\n")  # on one line, to be pasted
    undecided = sum(map(_open, marks.cells))
    later = counted("{n} answer is not decided yet.", "{n} answers are not decided yet.", undecided)
    parts.append(f"\n{of_points(marks.points, marks.most)}\n")
    parts += [f"{later.format(n=undecided)}\n"] if undecided else []
    parts += [render(_for_a_person(warning, key, marks)) for warning in marks.warnings]
    return "".join(parts)


def _for_a_person(warning: str, key: Key, marks: StudentMark) -> str:
    """Return a warning with its heading: in the class's language about an answer, in English about the whole file."""
    cells = [(cell.question, cell.cell) for cell in marks.cells]
    heading = _(FOR_A_PERSON) if is_about(warning, cells, key, marks.places) else FOR_A_PERSON
    return heading.format(warning=warning)


def _grid(key: Key, cells: list[CellMark], answers: list[list[str]] | None, places: Places) -> Table:
    grid = Table(box=None, pad_edge=False)
    for name in COLUMNS:
        whole = name in ("cell", "place", "points")
        if name != ("cell" if places else "place") and (name != "answer" or answers):
            side: JustifyMethod = "right" if name == "points" else "left"
            widest = WIDEST_VERDICT if name == "verdict" else None
            least = min(WIDEST_VERDICT, max(cell_len(_verdict(cell)) for cell in cells)) if widest else None
            grid.add_column(
                _(COLUMNS[name]), justify=side, no_wrap=whole, overflow="fold", min_width=least, max_width=widest
            )
    above = ""
    for cell in cells:
        row = [place_of(key, cell.question, cell.cell, places), _read(cell), _verdict(cell), _points(cell)]
        row += [answers[cell.question][cell.cell]] if answers else []
        grid.add_row(*row, _(SAME) if cell.sentence == above and len(above) > len(SAME) else cell.sentence)
        above = cell.sentence
    return grid


def _read(cell: CellMark) -> str:
    """Return the typed text, and how it was read if that is different."""
    text, read_as = typed_text(cell), cell.typed.read_as
    if cell.verdict is Verdict.UNREADABLE or not read_as:
        return text
    return read_as if read_as.startswith(text) else f"{text} → {read_as}"


def _verdict(cell: CellMark) -> str:
    return _("? not decided") if _open(cell) else f"{VERDICT_STYLES[cell.verdict].sign} {in_words(cell.verdict)}"


def _points(cell: CellMark) -> str:
    return "?" if _open(cell) else points(cell.points)


def _open(cell: CellMark) -> bool:
    """Whether a person must decide about a cell, so that it has no points yet."""
    return cell.undecided or bool(cell.typed.doubt)


def _facts(key: Key, marked: MarkedFile, steps: list[str], answers: list[list[str]] | None) -> dict[str, Any]:
    marks = marked.marks
    return {
        "student": marks.student,
        "name": marks.name,
        "file": marks.file,
        "by": marked.identified_by,
        "points": round(marks.points, 6),
        "most": round(marks.most, 6),
        "right": all_right(marks),
        "warnings": list(marks.warnings),
        "cells": [
            {
                "question": cell.question + 1,
                "table": key.questions[cell.question].table,
                "cell": cell_address(key.questions[cell.question], cell.cell),
                "typed": cell.typed.text,
                "value": cell.typed.value,
                "read_as": cell.typed.read_as,
                "verdict": str(cell.verdict),
                "points": round(cell.points, 6),
                "most": round(cell.most, 6),
                "sentence": cell.sentence,
                "mistake": cell.mistake,
                **({"answer": answers[cell.question][cell.cell]} if answers else {}),
                **({"step": steps[cell.question]} if cell.points < cell.most else {}),
            }
            for cell in marks.cells
        ],
    }


def all_right(marks: StudentMark) -> bool:
    """Return whether every cell is right and no person must look at the submission."""
    return not marks.warnings and all(cell.verdict is Verdict.RIGHT for cell in marks.cells)


def class_report(result: ClassResult, as_json: bool) -> str:
    """Return the report on a class: counts, mean, what to talk about, problems with files, and where the files are."""
    folder = result.options.folder
    if as_json:
        grades = [
            {"student": s.student, "name": s.name, "status": str(s.status), "points": s.points, "file": s.file}
            for s in result.grades
        ]
        facts = {**result.report, "grades": grades, "folder": str(folder), "read": result.read, "kept": result.kept}
        facts["notes"] = list(result.notes)
        facts["changes"] = [vars(change) for change in result.changes]
        return json.dumps(facts, ensure_ascii=False) + "\n"
    statuses = Counter(s.status for s in result.grades)
    counts = ", ".join(f"{statuses[status]:,} {STATUS_WORDS[status]}" for status in Status if statuses[status])
    earlier = f" ({result.kept:,} of the files were read before)" if result.kept else ""
    parts: list[Any] = [f"{number_of_students(len(result.grades))}: {counts}{earlier}."]
    parts += result.notes
    if result.report["mean"] is not None:
        parts.append(f"Mean {points(result.report['mean'])} of {points(result.report['most'])} points.")
    parts += [f"Talk about: {line}" for line in result.report["talk"][:3]]
    if result.problems:
        parts += ["", _problem_table(result)]
        remaining = len(result.problems) - MOST_SHOWN
        parts += [f"And {remaining:,} more: see {folder / 'problems.csv'}."] if remaining > 0 else []
    if result.changes:
        parts.append(f"\n{_counted(len(result.changes), 'grade')} changed: see {folder / CHANGES}.")
    if result.open_cases:
        what = _counted(len(result.open_cases), "case")
        verb = "needs" if len(result.open_cases) == 1 else "need"
        parts.append(f"\n{what} {verb} a decision of yours: see the lines in {folder / DECISIONS}.")
    parts += [
        f"\nGrades: {folder / 'grades.csv'} (Moodle), {folder / 'grades_canvas.csv'} (Canvas).",
        f"Report: {folder / 'report.html'}. For the students: {folder / 'feedback'}.",
    ]
    return render(*parts)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _problem_table(result: ClassResult) -> Table:
    grid = Table(box=None, pad_edge=False)
    for name in ("what", "student", "file", "why"):
        grid.add_column(name, overflow="fold")
    for problem in result.problems[:MOST_SHOWN]:
        grid.add_row(problem.kind, problem.student, problem.file, problem.reason)
    return grid


CheckReport = tuple[str, bool]
"""The text for the terminal, and whether all is right."""


def check_file(submission: Path, key: Path, reveal: bool, as_json: bool) -> CheckReport:
    """Mark one file in a process of its own.

    ByhandError for a file that cannot be read, takes too long, or belongs to no student of the key.
    """
    (report,) = spread_within(LIMITS, FileChecker, (key, reveal, as_json), [submission], 1)
    if isinstance(report, Stopped):
        raise ByhandError(f"{submission} could not be read: {report.why}; look at it by hand.")
    return report


class FileChecker:
    """Marks files in a child process."""

    def __init__(self, key: Path, reveal: bool, as_json: bool) -> None:
        from byhand.grading.marking import Grader, load_key

        self.grader = Grader(load_key(key)).__enter__()
        self.reveal, self.as_json = reveal, as_json

    def __call__(self, submission: Path) -> CheckReport:
        marked, key = self.grader.mark(submission), self.grader.key
        with in_language(key.language):
            answers = self.grader.revealed(marked.marks.student) if self.reveal else None
            report = check_report(key, marked, self.grader.explain_commands, answers, self.as_json)
        return report, all_right(marked.marks)
