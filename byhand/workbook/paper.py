"""How a long sheet is cut into pages of paper: between tables, at one scale.

Programs ignore page breaks on a sheet that is to be fitted to its pages, so a sheet of several pages gets a scale.
"""

from collections.abc import Iterable
from dataclasses import dataclass

WIDTH, HEIGHT = 784.0, 516.0  # points of landscape A4 between the margins
ROW, TITLE = 15.0, 57.0  # points of a row, and of the rows that every page repeats
MOST_ROWS_FITTED = 75  # on one page, while it can still be read
SMALLEST, LARGEST = 10, 60  # per cent, of a sheet that takes several pages
SPARE = 0.94  # programs measure letters, and so columns, a little apart

LETTER, AROUND = 5.25, 3.75  # points of a letter of a column's width, and of the room beside it

Span = tuple[int, int]
"""The first row of what belongs together, and the row after its last."""


@dataclass(frozen=True)
class Cut:
    """The scale of a sheet on paper, in per cent, and the rows before which a page begins."""

    scale: int
    rows: list[int]


def points(letters: float) -> float:
    """How wide a column of so many letters is."""
    return letters * LETTER + AROUND


def cut(spans: Iterable[Span], width: float) -> Cut | None:
    """Of a sheet as wide as so many points; None where all of it fits one page."""
    spans = sorted(spans)
    last = max(end for _, end in spans)
    scale = max(SMALLEST, min(LARGEST, int(100 * SPARE * WIDTH / width)))
    most = int(SPARE * (HEIGHT * 100 / scale - TITLE) / ROW)
    if last <= max(MOST_ROWS_FITTED, most):
        return None
    return Cut(scale, _breaks(spans, last, most))


def _breaks(spans: list[Span], last: int, most: int) -> list[int]:
    """Each page takes as much as it can: it ends between bands, or else between tables, or else where it is full."""
    rows: list[int] = []
    start = spans[0][0]
    while last - start > most:
        at = range(start + most, start, -1)
        whole = (row for kept in (_bands(spans), spans) for row in at if not any(a < row < b for a, b in kept))
        start = next(whole, start + most)
        rows.append(start)
    return rows


def _bands(spans: list[Span]) -> list[Span]:
    """Spans with no empty row between them are one."""
    bands = spans[:1]
    for start, end in spans[1:]:
        if start <= bands[-1][1]:
            bands[-1] = (bands[-1][0], max(end, bands[-1][1]))
        else:
            bands.append((start, end))
    return bands
