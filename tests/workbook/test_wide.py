"""Wide and deep models: long products can be read and are computed alike everywhere, and cells cost no memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from byhand.core.arithmetic import Line
from byhand.core.arithmetic.excel import EXCEL, MOST_TERMS, Address
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.workbook.build import write_lesson
from byhand.xlsx.reader import read
from byhand.xlsx.verify import verify

WIDE: dict[str, Any] = {"layers": 1, "d_model": 20, "heads": 1, "d_ff": 24, "vocab": 18, "max_positions": 18}
LONGEST = 260
"""Letters of a formula that a person reads."""


def row(at: int, length: int, start: int = 1, sheet: str = "") -> Line:
    return Line(Address(at, start + n, sheet) for n in range(length))


def column(at: int, length: int, start: int = 1) -> Line:
    return Line(Address(start + n, at) for n in range(length))


def test_a_long_product_is_a_function_of_two_ranges() -> None:
    """Written out up to sixteen terms; a row and a column cross, two lines of one direction are side by side."""
    few, many = MOST_TERMS, MOST_TERMS + 1
    assert EXCEL.dot(row(0, few), column(0, few)).count("*") == few
    assert EXCEL.dot(row(0, many), column(0, many)) == "SUM(MMULT(B1:R1,A2:A18))"
    assert EXCEL.dot(column(0, many), row(0, many)) == "SUM(MMULT(B1:R1,A2:A18))"
    assert EXCEL.dot(row(0, many), row(3, many, 4)) == "SUMPRODUCT(B1:R1,E4:U4)"
    assert EXCEL.dot(column(2, many), column(0, many)) == "SUMPRODUCT(C2:C18,A2:A18)"
    assert EXCEL.dot(row(0, many, sheet="A B"), column(0, many)) == "SUM(MMULT('A B'!B1:R1,A2:A18))"


def test_a_line_of_several_tables_is_a_sum_over_each() -> None:
    heads = Line((*row(0, 10), *row(5, 9), Address(9, 9)))
    total = EXCEL.dot(heads, column(0, 20))
    assert total == "SUM(MMULT(B1:K1,A2:A11))+SUM(MMULT(B6:J6,A12:A20))+J10*A21"
    assert f"{total * EXCEL.number(2.0)}" == f"({total})*2"
    apart = Line(Address(0, 2 * n) for n in range(30))
    assert EXCEL.dot(apart, column(0, 30)).count("*") == 30


def test_a_long_sum_of_products_with_one_divisor_is_short() -> None:
    """As the gradient of a standard deviation has; another term leaves all as is."""
    x, y, z = row(0, 20), row(3, 20, 4), Address(9, 9)
    assert EXCEL.total(tuple(-(a * b / z) for a, b in zip(x, y, strict=True))) == "-SUMPRODUCT(B1:U1,E4:X4)/J10"
    assert EXCEL.total(tuple(a * b for a, b in zip(x, y, strict=True))) == "SUMPRODUCT(B1:U1,E4:X4)"
    for odd in (x[0] * y[0] / z, -(x[0] * y[0] / y[1]), x[0], EXCEL.number(-1.0)):
        terms = [-(a * b / z) for a, b in zip(x[1:], y[1:], strict=True)]
        assert EXCEL.total((*terms, odd)).count(",") == 19
        assert EXCEL.total((odd, *terms)).count(",") == 19


@pytest.mark.slow
def test_a_million_cells_take_less_than_400_megabytes(tmp_path: Path) -> None:
    """What each further cell takes is counted on a few: of many small tables, and of a few large ones."""
    many = {n: {"layers": n, "d_model": 16, "heads": 4, "d_ff": 32, "vocab": 16, "max_positions": 16} for n in (4, 12)}
    large = {n: {"layers": 1, "d_model": n, "heads": 2, "d_ff": 32, "vocab": 8, "max_positions": 8} for n in (64, 160)}
    for sizes in (many, large):
        cells, most = [], []
        for size in sizes.values():
            made = build(Recipe("gpt2", size=size, ids=list(range(8))))
            cells.append(sum(node.shape[0] * node.shape[1] for node in made.tables.values()))
            tracemalloc.start()
            write_lesson(made, tmp_path / "book.xlsx")
            most.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert (most[1] - most[0]) / (cells[1] - cells[0]) < 300, (cells, most)


WIDE_MODELS = {
    "gpt2": Recipe("gpt2", size=WIDE, ids=[1, 2, 3], backward=True, targets=[2, 3, 4]),
    "gpt2 turned": Recipe("gpt2", size=WIDE, ids=[1, 2, 3], orientation="columns"),
    "long prompt": Recipe("gpt2", size={"layers": 1, "vocab": 20, "max_positions": 20}, ids=[n % 7 for n in range(18)]),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gpt2", *(pytest.param(n, marks=pytest.mark.slow) for n in list(WIDE_MODELS)[1:])])
def test_a_wide_model_computes_its_numbers_in_every_program(name: str, tmp_path: Path, engine: str) -> None:
    path = tmp_path / "wide.xlsx"
    write_lesson(build(WIDE_MODELS[name]), path)
    formulas = read(path).formulas.values()
    assert any("SUM(MMULT(" in formula for formula in formulas)
    assert not [formula for formula in formulas if formula.count("*") > 2 * MOST_TERMS]
    assert max(map(len, formulas)) <= LONGEST
    report = verify(path, engine=engine)
    assert report.ok, "\n".join(report.lines())
