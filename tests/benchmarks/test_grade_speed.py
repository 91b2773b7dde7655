"""How fast a class is graded, as ratios within one run: these machines are noisy, so nothing here is asserted."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from byhand.grading.class_marks import FileMarker, Job, WorkerSettings
from byhand.grading.decisions import Decisions
from byhand.grading.marking import load_key
from byhand.grading.marks_folder import KeyRecord, MarksFolder
from byhand.grading.submitted_files import digest
from byhand.xlsx.reader import read

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.class_submissions import a_set, typed_in

pytestmark = pytest.mark.benchmark

FEW, MANY = 200, 2_000


def processor_time(work: Callable[[], Any], rounds: int = 3) -> float:
    """The least processor time of some rounds, in seconds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def handed_in(folder: Path, count: int) -> None:
    """A class's books: most answers right, each student with two wrong cells in tables that others follow from."""
    key = a_set(folder / "set", count, formats=("xlsx",))
    (folder / "in").mkdir()
    for number, (student, theirs) in enumerate(key.students.items()):
        wrong = {(0, number % 9), (1, number % 7)}
        values = {
            cell: round(theirs.answers[n][c], question.places) + ((n, c) in wrong)
            for n, question in enumerate(key.questions)
            for c, cell in enumerate(question.cells)
        }
        book = (folder / "set" / "students" / f"{theirs.file}.xlsx").read_bytes()
        (folder / "in" / f"{student}.xlsx").write_bytes(typed_in(book, "sheet2", values))


def ready(folder: Path) -> tuple[FileMarker, list[Job]]:
    shutil.rmtree(folder / "out", ignore_errors=True)
    marks = folder / "out"
    there = MarksFolder(marks, KeyRecord.of(load_key(folder / "set")))
    marking = FileMarker(WorkerSettings(folder / "set", there, ("xlsx", "html"), Decisions()))
    for name in ("feedback", "look"):
        (marks / name).mkdir(parents=True)
    return marking, [Job(path.name, path, digest(path)) for path in sorted((folder / "in").iterdir())]


def all_marked(marking: FileMarker, jobs: list[Job]) -> None:
    for job in jobs:
        assert marking(job).marks


def test_a_submission_against_one_openpyxl_load(tmp_path: Path, benchmark: Any, ratio: Any) -> None:
    """Marking alone, which should take at most half of a load, and with both kinds of feedback written."""
    handed_in(tmp_path, FEW)
    marking, jobs = ready(tmp_path)
    all_marked(marking, jobs[:20])
    load = processor_time(lambda: [openpyxl.load_workbook(job.path) for job in jobs]) / FEW
    reading = processor_time(lambda: [read(job.path) for job in jobs]) / FEW
    alone = processor_time(lambda: [marking.grader.mark(job.path) for job in jobs]) / FEW
    whole = processor_time(lambda: all_marked(marking, jobs)) / FEW
    benchmark.extra_info["marking / one load"] = round(alone / load, 3)
    ratio("a submission read / one openpyxl load", reading / load, 0.5)
    ratio("a submission read and marked / one openpyxl load", alone / load, 0.5)
    ratio("the same, with both kinds of feedback written", whole / load, 0.5)
    benchmark.extra_info["marking with feedback / one load"] = round(whole / load, 3)
    benchmark.pedantic(all_marked, args=(marking, jobs), rounds=1)
    print(f"\nmarking / one openpyxl load = {alone / load:.3f}; with feedback {whole / load:.3f} ({load * 1e3:.1f} ms)")


def test_a_submission_as_classes_grow(tmp_path: Path, benchmark: Any, ratio: Any) -> None:
    """Nothing that is done for one submission depends on how many there are."""
    costs = {}
    for count in (FEW, MANY):
        folder = tmp_path / str(count)
        handed_in(folder, count)
        marking, jobs = ready(folder)
        all_marked(marking, jobs[:20])
        costs[count] = processor_time(lambda m=marking, j=jobs: all_marked(m, j), 1) / count
    benchmark.extra_info[f"a submission of {MANY:,} / of {FEW}"] = round(costs[MANY] / costs[FEW], 3)
    ratio(f"a submission marked, of {MANY:,} / of {FEW}", costs[MANY] / costs[FEW], 1.2)
    benchmark.pedantic(all_marked, args=(marking, jobs[:FEW]), rounds=1)
    print(f"\na submission of {MANY:,} / of {FEW} = {costs[MANY] / costs[FEW]:.3f}")
