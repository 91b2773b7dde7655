"""Charts of the workbooks: they draw the cells of tables, stand beside them on the screen, and travel."""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.lessons import BOOKS, book_of, lesson, opened, path_of, place
from support.screen import PIXELS, pixels

from byhand.xlsx.cells import Cell

DRAWN = ("gpt2", "positions", "softmax", "llama", "bert", "attention turned", "transformer turned", "token-costs")
ALL = [*DRAWN, *(pytest.param(name, marks=pytest.mark.sweep) for name in BOOKS if name not in DRAWN)]


def charts(name: str) -> list[tuple[str, Any]]:
    """The charts of a book: the sheet and the chart."""
    return [(sheet.title, chart) for sheet in opened(name) for chart in sheet._charts]


def titles(name: str) -> set[str]:
    return {"".join(run.t for run in chart.title.tx.rich.p[0].r) for _, chart in charts(name) if chart.title}


@pytest.mark.parametrize("name", ALL)
def test_charts_cover_no_cell_and_stand_on_the_screen(name: str) -> None:
    """Where there is no room beside the tables, they begin under all of them."""
    for title, chart in charts(name):
        sheet, start, end = opened(name)[title], chart.anchor._from, chart.anchor.to
        covered = sheet.iter_rows(start.row + 1, end.row + 1, start.col + 1, end.col + 1)
        assert not [cell.coordinate for row in covered for cell in row if cell.value is not None]
        assert pixels(sheet, end.col) <= PIXELS, title


@pytest.mark.parametrize("name", ALL)
def test_charts_draw_the_numbers_of_tables_and_name_them_by_their_labels(name: str) -> None:
    """What a program shows before it computes is what the cells hold."""
    values = book_of(name).values
    tables = {cell for reference in book_of(name).names.values() for row in place(reference) for cell in row}
    for _, chart in charts(name):
        for series in chart.series:
            numbers = series.yVal or series.val
            cells = line(numbers.numRef.f)
            stored = [float(point.v) for point in numbers.numRef.numCache.pt]
            assert stored == pytest.approx([values[cell] for cell in cells], abs=1e-12)
            assert set(cells) <= tables or cells[0][0] in ("Contents", "Training")
            if series.tx and series.tx.strRef:
                (cell,) = line(series.tx.strRef.f)
                assert values[cell] == series.tx.strRef.strCache.pt[0].v


def line(reference: str) -> list[Cell]:
    return [cell for row in place(reference) for cell in row]


def test_the_words_of_gpt2_are_points_and_its_probabilities_bars() -> None:
    assert titles("gpt2") == {
        "Each word of wte as a point, those of the prompt ringed",
        "p: the numbers of each row add up to 1",
    }
    words = next(chart for title, chart in charts("gpt2") if title == "Input")
    names = [series.tx.strRef.strCache.pt[0].v for series in words.series if series.tx.strRef]
    assert names == list(lesson("gpt2").graph.probabilities.shape[1].labels.words)
    ringed = words.series[-1]
    assert line(ringed.xVal.numRef.f) == [row[0] for row in place(book_of("gpt2").names["words"])]


def test_only_what_looks_words_up_draws_them() -> None:
    """And not what is made of such a table, as the normalised words of Mamba's first layer are."""
    drawn = [title for title, chart in charts("mamba") if chart.__class__.__name__ == "ScatterChart"]
    assert drawn == ["Input"]


def test_positions_are_waves() -> None:
    assert titles("positions") == {"PE: each column is a wave over the places"}
    assert "cos: each column is a wave over the places" in titles("llama")
    assert any("row is a wave" in title for title in titles("transformer turned"))


@pytest.mark.slow
def test_gnumeric_reads_the_charts(tmp_path: Path, needs: Callable[[str], None]) -> None:
    needs("gnumeric")
    made = tmp_path / "gpt2.gnumeric"
    subprocess.run(["ssconvert", path_of("gpt2"), made], check=True, capture_output=True, timeout=60)
    data = made.read_bytes()
    text = (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).decode()
    assert text.count('type="GogChart"') + text.count("<gnm:SheetObjectGraph ") >= len(charts("gpt2")) > 0
