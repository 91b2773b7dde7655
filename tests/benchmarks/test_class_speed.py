"""How fast a class's set is made, as ratios within one run: these machines are noisy, so nothing here is asserted."""

import io
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from byhand.exercises.class_set import SetOptions, make_set
from byhand.exercises.distinct_mistakes import mistakes
from byhand.exercises.draw import Variant, variants
from byhand.exercises.problem import Problem, problem
from byhand.exercises.recipe import find, read_exercise
from byhand.exercises.roster import numbered
from byhand.exercises.student_book import StudentBook

pytestmark = pytest.mark.benchmark

HEAD = find("attention-head")
BARE = 50
"""Books of the bare loop: a student's cost does not depend on how many there are."""


def processor_time(work: Callable[[], Any], rounds: int = 3) -> float:
    """The least processor time of some rounds, in seconds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def make(count: int, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    make_set(SetOptions(HEAD, folder, numbered(count), seed=1, jobs=1))


def drawn(head: Problem, count: int) -> list[Variant]:
    told = [changed for _, changed in mistakes(head)]
    return variants(head, told, 1, numbered(count).students)


def cells_of(book: bytes) -> list[tuple[str, int, int, Any]]:
    """Every cell of a student's book: sheet, row, column, and a number, a text, a formula or None."""
    sheets = openpyxl.load_workbook(io.BytesIO(book))
    return [
        (sheet.title, cell.row - 1, cell.column - 1, cell.value)
        for sheet in sheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None or cell.has_style
    ]


def bare_loop(cells: list[tuple[str, int, int, Any]], folder: Path) -> None:
    """The same cells by XlsxWriter alone, for each student."""
    folder.mkdir(exist_ok=True)
    for n in range(BARE):
        book = xlsxwriter.Workbook(str(folder / f"{n}.xlsx"), {"in_memory": True})
        dress = book.add_format({"num_format": "0.00", "border": 1})
        sheets: dict[str, Any] = {}
        for sheet, row, column, value in cells:
            if sheet not in sheets:
                sheets[sheet] = book.add_worksheet(sheet)
            sheets[sheet].write(row, column, value, dress)
        book.close()


def test_a_student_against_a_bare_xlsxwriter_loop(tmp_path: Path, benchmark: Any, ratio: Any) -> None:
    head = problem(read_exercise(HEAD))
    cells = cells_of(StudentBook(head).fill(drawn(head, 1)[0]))
    bare = processor_time(lambda: bare_loop(cells, tmp_path / "bare")) / BARE
    ours = processor_time(lambda: make(500, tmp_path / "ours")) / 500
    benchmark.extra_info["cells"] = len(cells)
    benchmark.extra_info["ours / bare loop"] = round(ours / bare, 3)
    ratio("a student's book of a set / a bare XlsxWriter loop", ours / bare)
    benchmark.pedantic(make, args=(500, tmp_path / "ours"), rounds=1)
    print(f"\n{len(cells)} cells a student: ours / bare XlsxWriter loop = {ours / bare:.3f} ({ours * 1e3:.2f} ms)")


def test_a_student_as_classes_grow(tmp_path: Path, benchmark: Any, ratio: Any) -> None:
    cost = {count: processor_time(lambda n=count: make(n, tmp_path / "class")) / count for count in (500, 5000)}
    benchmark.extra_info["a student, of 5,000 / of 500"] = round(cost[5000] / cost[500], 3)
    ratio("a student's book, of 5,000 / of 500", cost[5000] / cost[500], 1.2)
    benchmark.pedantic(make, args=(500, tmp_path / "class"), rounds=1)
    print(f"\na student of 5,000 / of 500 = {cost[5000] / cost[500]:.3f}")


def test_variants_a_second(benchmark: Any) -> None:
    head = problem(read_exercise(HEAD))
    told = [changed for _, changed in mistakes(head)]
    people = numbered(500).students
    spent = processor_time(lambda: [variants(head, told, 1, people[n : n + 50]) for n in range(0, 500, 50)])
    benchmark.extra_info["variants a second"] = round(500 / spent)
    benchmark.pedantic(drawn, args=(head, 500), rounds=1)
    print(f"\n{500 / spent:,.0f} variants a second, with {len(told)} mistakes that show in each")
