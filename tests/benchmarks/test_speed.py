"""How fast a workbook is built, as ratios within one run: these machines are noisy, so nothing here is asserted."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.workbook.build import write_lesson
from byhand.xlsx import sheet_xml, writer

pytestmark = pytest.mark.benchmark

LAYERS = {20_000: 2, 100_000: 10, 400_000: 40}
"""Formula cells, about -> layers of a GPT-2 that has as many."""


def recipe(layers: int) -> Recipe:
    size = {"layers": layers, "d_model": 16, "heads": 4, "d_ff": 32, "vocab": 16, "max_positions": 16}
    return Recipe("gpt2", size=size, ids=list(range(8)))


def make(layers: int, path: Path) -> int:
    return write_lesson(build(recipe(layers)), path)


def processor_time(work: Callable[[], Any], rounds: int = 5) -> float:
    """The least processor time of some rounds, in seconds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def formula_cells(layers: int, path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int, str, Any]]:
    """Every formula cell of the book: sheet, row, column, formula, result."""
    cells: list[tuple[str, int, int, str, Any]] = []

    class Spy(sheet_xml.PlainWorksheet):
        def _write_formula(self, row: int, col: int, formula: str, cell_format: Any = None, value: Any = 0) -> int:
            cells.append((self.name, row, col, formula, value))
            return super()._write_formula(row, col, formula, cell_format, value)

        def fill_formulas(self, place: Any, rows: Any, cell_format: Any) -> None:
            formulas_of = rows()
            for row in range(place[0], place[2] + 1):
                for column, formula, value in zip(
                    range(place[1], place[3] + 1), *formulas_of(row - place[0]), strict=True
                ):
                    cells.append((self.name, row, column, formula, value))

    monkeypatch.setattr(writer, "PlainWorksheet", Spy)
    make(layers, path)
    monkeypatch.undo()
    return cells


def bare_loop(cells: list[tuple[str, int, int, str, Any]], path: Path) -> None:
    """The same cells by XlsxWriter alone."""
    book = xlsxwriter.Workbook(str(path))
    number = book.add_format({"num_format": "0.00"})
    sheets: dict[str, Any] = {}
    for sheet, row, column, formula, value in cells:
        if sheet not in sheets:
            sheets[sheet] = book.add_worksheet(sheet)
        sheets[sheet].write_formula(row, column, "=" + formula, number, value)
    book.close()


def test_a_book_against_a_bare_xlsxwriter_loop(
    tmp_path: Path, benchmark: Any, ratio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = LAYERS[100_000]
    cells = formula_cells(layers, tmp_path / "ours.xlsx", monkeypatch)
    bare = processor_time(lambda: bare_loop(cells, tmp_path / "bare.xlsx"))
    ours = processor_time(lambda: make(layers, tmp_path / "ours.xlsx"))
    benchmark.extra_info["cells"] = len(cells)
    benchmark.extra_info["ours / bare loop"] = round(ours / bare, 3)
    ratio("a workbook of 100,000 cells built / a bare XlsxWriter loop", ours / bare, 0.5)
    benchmark.pedantic(make, args=(layers, tmp_path / "ours.xlsx"), rounds=1)
    print(f"\n{len(cells):,} formula cells: ours / bare XlsxWriter loop = {ours / bare:.3f}")


def test_time_a_cell_as_books_grow(tmp_path: Path, benchmark: Any, ratio: Any) -> None:
    path = tmp_path / "book.xlsx"
    cost = {}
    for cells, layers in ((20_000, LAYERS[20_000]), (400_000, LAYERS[400_000])):
        made = make(layers, path)
        cost[cells] = processor_time(lambda layers=layers: make(layers, path), rounds=3) / made
    growth = cost[400_000] / cost[20_000]
    benchmark.extra_info["time a cell, 400,000 / 20,000"] = round(growth, 3)
    ratio("time a cell, of 400,000 / of 20,000", growth, 1.2)
    benchmark.pedantic(make, args=(LAYERS[20_000], path), rounds=1)
    print(f"\ntime a cell, 400,000 cells / 20,000 cells = {growth:.3f}")


def test_help_against_importing_click(benchmark: Any, ratio: Any) -> None:
    def start(*command: str) -> Callable[[], Any]:
        return lambda: subprocess.run([sys.executable, *command], check=True, capture_output=True)

    def wall(work: Callable[[], Any]) -> float:
        begin = time.perf_counter()
        work()
        return time.perf_counter() - begin

    click = min(wall(start("-c", "import click")) for _ in range(10))
    ours = min(wall(start("-m", "byhand", "--help")) for _ in range(10))
    benchmark.extra_info["--help / import click"] = round(ours / click, 3)
    ratio("byhand --help / import click", ours / click)
    benchmark.pedantic(start("-m", "byhand", "--help"), rounds=1)
    print(f"\nbyhand --help / import click = {ours / click:.3f}")
