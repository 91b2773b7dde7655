"""Native charts of a workbook: they draw the numbers of cells, and follow them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

INK, GRID = "#1F2933", "#C9D1DA"
Place = tuple[int, int]
"""The row and the column of a cell."""


class Kind(Enum):
    """How a chart draws its numbers: the type and the subtype of XlsxWriter."""

    LINES = "line", None  # over texts
    CURVES = "scatter", "straight"  # over numbers
    POINTS = "scatter", None  # over numbers, unconnected
    BARS = "column", None  # over texts


@dataclass(frozen=True)
class Series:
    """Numbers that are drawn alike. name: a text, or the cell that holds it.

    over, values: the first and the last cell of what they stand over, and of the numbers. over: None if that has none.
    marker: its shape, or none. filled: whether markers are. labelled: whether the name stands beside each point.
    """

    name: str | Place
    over: tuple[Place, Place] | None
    values: tuple[Place, Place]
    colour: str = INK
    dash: str = "solid"
    marker: str = "none"
    filled: bool = True
    labelled: bool = False


@dataclass(frozen=True)
class Chart:
    """A chart. along, up: the names of its axes. legend: where it stands. size: width and height in pixels.

    format: of the numbers at the upright axis. least, most: its ends. end: of the other axis, which begins at 0.
    """

    kind: Kind
    title: str
    series: Sequence[Series]
    along: str = ""
    up: str = ""
    legend: str = "none"
    size: tuple[int, int] = (360, 240)
    format: str = "General"
    least: float | None = None
    most: float | None = None
    end: float | None = None


def insert(book: Any, worksheet: Any, row: int, column: int, chart: Chart) -> None:
    """Insert a chart with its corner in a cell of an XlsxWriter worksheet, whose cells it draws."""
    kind, subtype = chart.kind.value
    made = book.add_chart({"type": kind} | ({"subtype": subtype} if subtype else {}))
    sheet = worksheet.get_name()
    for series in chart.series:
        made.add_series(_series(sheet, series, chart.kind))
    made.set_title(
        {"name": chart.title, "name_font": {"size": 11, "bold": True}, "overlay": False}
        if chart.title
        else {"none": True}
    )
    made.set_legend({"none": True} if chart.legend == "none" else {"position": chart.legend})
    ends = {name: end for name, end in (("min", chart.least), ("max", chart.most)) if end is not None}
    made.set_y_axis(_axis(chart.up) | ends | {"num_format": chart.format})
    counted = {} if chart.end is None else {"min": 0, "max": chart.end, "num_format": "0"}
    made.set_x_axis(_axis(chart.along, lines=chart.kind is Kind.POINTS) | counted)
    made.set_size({"width": chart.size[0], "height": chart.size[1]})
    worksheet.insert_chart(row, column, made, {"object_position": 2})


def _axis(name: str, lines: bool = True) -> dict[str, Any]:
    """Return an axis, its letters at the chart's edge and as large as those of cells. lines: whether it has a grid."""
    small = {"name_font": {"size": 11, "bold": False}, "num_font": {"size": 11}, "label_position": "low"}
    return small | {"name": name, "major_gridlines": {"visible": lines, "line": {"color": GRID}}}


def _series(sheet: str, series: Series, kind: Kind) -> dict[str, Any]:
    """Return the series as XlsxWriter takes it."""
    marker: dict[str, Any] = {"type": series.marker}
    if series.marker != "none":
        marker["fill"] = {"color": series.colour} if series.filled else {"none": True}
        marker |= {"size": 5 if series.filled else 10, "border": {"color": series.colour, "width": 1.5}}
    drawn: dict[str, Any] = {
        "name": series.name if isinstance(series.name, str) else [sheet, *series.name],
        "values": [sheet, *series.values[0], *series.values[1]],
    }
    if series.over:
        drawn["categories"] = [sheet, *series.over[0], *series.over[1]]
    if kind is Kind.BARS:
        return drawn | {"fill": {"color": series.colour}, "gap": 60}
    line = {"none": True} if kind is Kind.POINTS else {"color": series.colour, "width": 2, "dash_type": series.dash}
    if series.labelled:
        drawn["data_labels"] = {"series_name": True, "value": False, "position": "right", "font": {"size": 11}}
    return drawn | {"line": line, "marker": marker}
