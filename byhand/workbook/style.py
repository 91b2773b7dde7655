"""The colours, borders, fonts and number formats of cells, captions and labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from math import floor, log10
from typing import Any

import numpy as np

from byhand.core.graph import INFINITE, Array, Node
from byhand.core.roles import Look

INK, GREY, FRAME, RED = "#1F2933", "#6B7785", "#C9D1DA", "#C0392B"
HEAT = "#8E63C7"
INK_OF_PICTURES = "#7F8893"
"""The grey of a picture's largest number, on which it can still be read."""
PICTURES = ("picture", "patches")
"""The tables of points, which are shown in grey levels."""
BAR = "#A9D8BB"
"""The colour of a probability's bar, on which its number can be read."""
COUNT_HEAT = "#5B9BD5"
"""The colour of the largest count of a table."""
TEXT = "Calibri"
MATHS = "Cambria"

LOOKS: dict[Look, tuple[str, str, str]] = {
    Look.INPUT: ("#FFF6DD", "#B98900", "type here: words, numbers"),
    Look.WEIGHT: ("#FFFFFF", RED, "type here: weights"),
    Look.COMPUTED: ("#EAF2FB", "#2468A8", "computed: click, and read the formula"),
    Look.SHOWN: ("#F6F8FA", "#8A96A3", "shown again from where it lives"),
    Look.ATTENTION: ("#FFFFFF", "#7A4FB5", "attention: the darker, the more"),
    Look.RESULT: ("#E4F4EA", "#237A45", "result"),
    Look.GRADIENT: ("#FDEBDD", "#B4531A", "gradient of the loss, on its own page"),
    Look.UPDATED: ("#FBF1EF", RED, "weight after a training step"),
    Look.ANSWER: ("#FFFBEA", "#B98900", "your answers: type here"),
    Look.SCRATCH: ("#FFFFFF", "#8A96A3", "room to work: nothing here is marked"),
}
"""Look -> (fill, colour of the name, text in the legend)."""

WEIGHT_FRAME = "#D98880"
BOX_EDGE = "#5F6B78"
"""The colour of the residual path."""
DASHED = 3
BOXES = {
    Look.INPUT: "#FFF3D1",
    Look.COMPUTED: "#DDEBF8",
    Look.ATTENTION: "#E6DAF3",
    Look.SHOWN: "#ECEFF2",
    Look.RESULT: "#D8EFE0",
    Look.GRADIENT: "#FBDCC5",
    Look.UPDATED: "#F6DAD5",
}
"""Look -> the fill of its box in the model's picture."""


def look_of(node: Node, home: bool) -> Look:
    """Return the look of a table's home or of a copy."""
    if home:
        return node.look
    return Look.ATTENTION if node.role.traits.look is Look.ATTENTION else Look.SHOWN


@cache
def cell(look: Look, number_format: str, edges: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the style of a number's cell. edges: the sides that are on the edge of the table."""
    fill, _, _ = LOOKS[look]
    frame = WEIGHT_FRAME if look is Look.WEIGHT else FRAME
    style: dict[str, Any] = {
        "font_name": TEXT,
        "font_size": 11,
        "font_color": INK,
        "align": "center",
        "num_format": number_format,
        "border_color": frame,
        "border": DASHED if look is Look.GRADIENT else 1,
        "bold": look is Look.RESULT,
        "italic": look is Look.GRADIENT,
    }
    if look is Look.WEIGHT:
        style |= dict.fromkeys(sorted(edges), 2)
    else:
        style |= {"bg_color": fill}
    return style


def framed(number_format: str, shape: tuple[int, int]) -> Callable[[int], list[dict[str, Any]]]:
    """Return the function of a row of a table of weights to the styles of its cells: its edges have a thick frame."""
    rows, columns = shape
    sides: list[tuple[str, ...]] = (
        [("left",), *[()] * (columns - 2), ("right",)] if columns > 1 else [("left", "right")]
    )

    def styles(*edges: str) -> list[dict[str, Any]]:
        return [cell(Look.WEIGHT, number_format, frozenset({*side, *edges})) for side in sides]

    first, middle, last = styles("top", *(["bottom"] if rows == 1 else [])), styles(), styles("bottom")
    return lambda row: first if row == 0 else last if row == rows - 1 else middle


def text(size: float = 11, colour: str = INK, **more: Any) -> dict[str, Any]:
    """Return the style of a text. size: 11 at least, which are 10 points on paper at the least scale."""
    return {"font_name": TEXT, "font_size": size, "font_color": colour, **more}


TITLE = text(18, bold=True)
SUBTITLE = {"font_name": MATHS, "font_size": 12, "font_color": GREY, "italic": True}
EQUATION = {"font_name": MATHS, "font_size": 11, "font_color": INK, "italic": True}
RULE = {"font_name": MATHS, "font_size": 11, "font_color": GREY, "italic": True}
IN_LINES = {"text_wrap": True, "valign": "top"}
BESIDE_ARROW = {"indent": 1}
"""Of a caption or a heading along whose left edge an arrow runs."""
RULE_LINK = {**RULE, "underline": 1}
TABLE_ARROW = text(11, "#2468A8", align="right")
NOTE = text(11, GREY)
LINK = text(11, "#1F4E9E", underline=1)
STEP = text(11, INK, bold=True)
STEP_SOURCE = text(11, GREY, italic=True)
QUESTION = text(11, "#1F4E9E", bold=True)
WORDS = text(11, "#4A5663")
ROW_LABEL = text(11, GREY, align="right")
COLUMN_LABEL = text(11, GREY, align="center", shrink=True)
HEADING = text(11, INK, bold=True)
ROW_WORD = text(11, INK, align="right")
WORD = text(12, INK, align="center", bold=True, bg_color=LOOKS[Look.INPUT][0], border=1, border_color=FRAME) | {
    "num_format": "@",  # a piece that is a number, such as 24, stays a text when it is typed
    "shrink": True,
}
PART_LABEL = text(11, GREY, bold=True)
PART_NOTE = text(11, GREY, italic=True)
ARROW = text(11, GREY, align="right")
PATH = text(11, BOX_EDGE, align="fill")
PATH_START = text(11, BOX_EDGE, align="right", bold=True)
PATH_END = text(11, BOX_EDGE, align="center", bold=True)


def number_format(tables: Sequence[Array], infinite: bool, blank: bool = False) -> tuple[str, bool]:
    """Return the number format of tables that are alike, and whether they show whole numbers. blank: 0 looks empty."""
    sizes = [sizes[sizes < INFINITE] for sizes in map(np.abs, tables)]
    broken = [each for each in sizes if not (np.abs(each - np.rint(each)) < 1e-12).all()]  # the others need no decimals
    is_whole = not broken
    places = 0 if is_whole else _places([float(each.max()) for each in broken])
    if blank:
        return f"{fixed(places)};-{fixed(places)};", is_whole
    return with_infinity(places) if infinite else fixed(places), is_whole


def _places(largest: list[float]) -> int:
    """Return the decimals to show: two, three up to 1, more (at most nine) for two digits of a table's largest number.

    largest: the largest number of each table.
    """
    usual = 2 if max(largest) > 1 else 3
    return min(9, max(usual, *(1 - floor(log10(number)) for number in largest)))


def fixed(places: int) -> str:
    return "0." + "0" * places if places else "0"


def with_infinity(places: int) -> str:
    """Return a format that shows a very large negative number as −∞.

    Programs differ in whether a section after a condition keeps the minus sign, so negative numbers have a section that
    writes it; and some programs cannot read a condition with an exponent.
    """
    return f'[<-1000000000]"−∞";[<=-{0.5 * 10**-places:.{places + 1}f}]-{fixed(places)};{fixed(places)}'


def box(look: Look) -> dict[str, Any]:
    """Return the style of a step's box. It is pale, since some programs write every link in dark blue."""
    edge = LOOKS[look][1]
    return text(11, INK, align="center", bg_color=BOXES[look], border=1, border_color=edge, shrink=True)


MAP_HERE = text(11, "#FFFFFF", bold=True, align="center", bg_color=INK, border=1, border_color=INK, shrink=True)
"""The cell of the present sheet on the small map."""


@cache
def on_map(look: Look) -> dict[str, Any]:
    """Return the style of another sheet's cell on the small map."""
    return text(11, INK, align="center", bg_color=BOXES[look], border=1, border_color=FRAME, shrink=True)
