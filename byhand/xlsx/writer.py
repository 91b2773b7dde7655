"""Write workbooks, by XlsxWriter."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format

from byhand.files import replacing
from byhand.xlsx import charts
from byhand.xlsx.charts import Chart
from byhand.xlsx.lines import Line
from byhand.xlsx.sheet_xml import FormulaRows, PlainWorksheet, Range, StreamingPackager, StyleKey

ROW, TITLE = 15.0, 12.0  # points of a row, and what the title is higher
READABLE, WHOLE, LARGEST = 91, 100, 130
"""Scales in per cent: the least, at which letters of 11 points have 10 on paper, of several pages at most, of one."""
SPARE = 0.94  # programs measure letters, and so columns, a little apart
SPARE_DOWN = 0.985  # and rows of their own height much less
MOST_BALANCED = 12
"""The most pages of a sheet that are filled alike: among more, a short one is hardly seen, and trying takes long."""
MARGINS = {"left": 0.25, "right": 0.25, "top": 0.3, "bottom": 0.45}  # inches
FOOTER = 0.25
"""How far the footer is from the paper's edge, in inches: no nearer than printers print."""


@dataclass(frozen=True)
class Paper:
    """A page of paper: its number in a file, and what is between its margins, in points."""

    number: int
    width: float
    height: float
    upright: bool = False

    @property
    def readable_width(self) -> float:
        """The width of the columns, in points, that it takes at the least scale."""
        return 100 * SPARE * self.width / READABLE


A4, UPRIGHT = Paper(9, 805.0, 541.0), Paper(9, 559.0, 787.0, upright=True)
A3 = Paper(8, 1154.0, 787.0)
"""For a table that is wider than A4 at the least scale."""

LETTER_WIDTH, PADDING = 5.25, 3.75  # points of a letter of a column's width, and of the room beside it

Span = tuple[int, int]
"""Rows, or columns, that belong together: the first one, and the one after the last."""


@dataclass(frozen=True, eq=False)
class Content:
    """What is printed of a sheet: the rows and the columns that belong together, and the columns' edges in points.

    edges: the left edge of each column and the right one of the last. heights: of rows that are higher than others, in
    points.
    """

    rows: Sequence[Span]
    edges: Sequence[float]
    columns: Sequence[Span] = ()
    heights: Mapping[int, float] = field(default_factory=dict)

    @property
    def width(self) -> float:
        return self.edges[-1]

    @property
    def end(self) -> int:
        """The row after the last."""
        return max(end for _, end in self.rows)

    @cached_property
    def _tops(self) -> list[float]:
        """How many rows of the usual height lie above each row."""
        return [0.0, *accumulate(self.heights.get(row, ROW) / ROW for row in range(self.end))]

    def rows_between(self, start: int, row: int) -> float:
        """Return how many rows of the usual height lie between two rows."""
        return self._tops[row] - self._tops[start]


@dataclass(frozen=True)
class Cut:
    """The scale of a sheet on paper, in per cent, the rows and columns at which pages begin, and the paper's size."""

    scale: int
    rows: list[int]
    paper: Paper = A4
    columns: list[int] = field(default_factory=list)

    @property
    def pages(self) -> int:
        """How many pages of paper it takes, if all of them are printed."""
        return (len(self.rows) + 1) * (len(self.columns) + 1)

    @property
    def paper_used(self) -> int:
        """The same in pages of A4."""
        return self.pages * (2 if self.paper is A3 else 1)


def points(letters: float) -> float:
    """Return the width of a column of so many letters, in points."""
    return letters * LETTER_WIDTH + PADDING


def edges(letters: Iterable[float]) -> list[float]:
    """Return the left edge of each column and the right one of the last, in points, from their widths in letters."""
    return [0.0, *accumulate(map(points, letters))]


def cut(content: Content) -> Cut:
    """Return how to print a sheet.

    Its letters have 10 points, however wide it is: a sheet that is wider than its paper has further pages, which begin
    between tables. It is printed on the fewest pages of A4, upright or across; on A3 where A4 would tear a table, or
    where pages of A4 beside each other would take more paper.
    """
    content = replace(content, rows=sorted(content.rows))
    cuts = [_cut_for(paper, content) for paper in (A4, UPRIGHT)]
    best = min(cuts, key=lambda made: (_torn(content, made), len(made.columns), made.pages, -made.scale))
    if best.columns or _torn(content, best):
        large = _cut_for(A3, content)
        best = min(best, large, key=lambda made: (_torn(content, made), made.paper_used))
    return replace(best, rows=_balanced(content, best.rows))


def _cut_for(paper: Paper, content: Content) -> Cut:
    """Return how to print a sheet on this paper."""
    wide = int(100 * SPARE * paper.width / content.width)
    if wide < READABLE:
        across = _breaks_across(content, paper.readable_width)
        return Cut(READABLE, _breaks(content, _rows(paper.height, READABLE)), paper, across)
    whole = min(
        wide, LARGEST, int(100 * SPARE_DOWN * paper.height / (content.rows_between(0, content.end) * ROW + TITLE))
    )
    if whole >= READABLE:
        return Cut(whole, [], paper)
    scales = range(READABLE, min(wide, WHOLE) + 1)
    cuts = [Cut(scale, _breaks(content, _rows(paper.height, scale)), paper) for scale in scales]
    return min(cuts, key=lambda made: (_torn(content, made), len(made.rows), -made.scale))


def _torn(content: Content, made: Cut) -> int:
    """Return how often a page ends within rows that a page would hold, but the first ones, or within columns."""
    first, most = content.rows[0][0], _rows(made.paper.height, made.scale)
    whole = [(start, end) for start, end in content.rows if start > first and content.rows_between(start, end) <= most]
    down = sum(start < row < end for row in made.rows for start, end in whole)
    return down + sum(start < column < end for column in made.columns for start, end in content.columns)


def _breaks_across(content: Content, room: float) -> list[int]:
    """Return the first columns of further pages. A full page ends where it tears the fewest tables."""
    places: list[int] = []
    edges, start, last = content.edges, 0, len(content.edges) - 1
    while edges[last] - edges[start] > room:
        first = min((end for begin, end in content.columns if begin >= start), default=start + 1)  # it holds a table
        ends = [at for at in range(start + 1, last) if edges[at] - edges[start] <= room]
        ends = [at for at in ends if at >= first] or ends[-1:] or [start + 1]
        start = min(ends, key=lambda at: (sum(a < at < b for a, b in content.columns), -at))
        places.append(start)
    return places


def _rows(height: float, scale: int) -> int:
    """Return how many rows a page takes at a scale."""
    return int((SPARE_DOWN * height * 100 / scale - TITLE) / ROW)


def _breaks(content: Content, most: int) -> list[int]:
    """Return the first rows of further pages. A full page ends between bands, or else between tables, or anywhere."""
    rows: list[int] = []
    spans, start = content.rows, 0
    while content.rows_between(start, content.end) > most:
        full = max(row for row in range(start + 1, content.end) if content.rows_between(start, row) <= most)
        at = range(full, max(start, spans[0][0]), -1)
        whole = (row for groups in (_bands(spans), spans) for row in at if not any(a < row < b for a, b in groups))
        start = next(whole, full)
        rows.append(start)
    return rows


def _balanced(content: Content, rows: list[int]) -> list[int]:
    """Return as many breaks so that pages are filled as evenly as they can be, if they end no more tables or bands."""
    if not 0 < len(rows) < MOST_BALANCED:
        return rows
    last, bands = content.end, _bands(content.rows)
    groups = content.rows if any(a < row < b for row in rows for a, b in bands) else bands
    longest = max(content.rows_between(a, b) for a, b in pairwise([0, *rows, last]))
    places = {at for span in groups for at in span if not any(a < at < b for a, b in groups)}
    ways: dict[int, tuple[float, list[int]]] = {0: (0.0, [])}  # an end -> the squares taken off, and the ends so far
    for _ in range(len(rows) + 1):
        pages = [(a, b, content.rows_between(a, b)) for a in ways for b in places if a < b]
        longer = [(ways[a][0] - size**2, [*ways[a][1], b]) for a, b, size in pages if size <= longest]
        ways = {ends[-1]: (total, ends) for total, ends in sorted(longer)}
    return ways[last][1][:-1] if last in ways else rows


def _bands(spans: Sequence[Span]) -> list[Span]:
    """Join the spans that have no empty row between them."""
    bands = list(spans[:1])
    for start, end in spans[1:]:
        if start <= bands[-1][1]:
            bands[-1] = (bands[-1][0], max(end, bands[-1][1]))
        else:
            bands.append((start, end))
    return bands


CREATED = datetime(2000, 1, 1)
"""A fixed date, so that the same recipe gives the same bytes."""

BELOW, ABOVE = "#E08283", "#6FA8DC"
"""The colours of negative and of positive numbers, pale enough to read what stands on them."""
NOTE_WIDTH, NOTE_LINE, NOTE_LETTERS = 280, 20, 40
"""The pixels of a note's box and of its lines, and the letters of a line."""
WHITE = {"font_color": "#FFFFFF"}

_FORMATS: dict[StyleKey, Format] = {}
"""A cache of formats, which XlsxWriter takes long to make, and which are the same in every file."""
Style = dict[str, Any]


def note_box(text: str, colour: str) -> StyleKey:
    """Return how XlsxWriter makes the box of a coloured note, as high as its text needs."""
    height = NOTE_LINE * (1 + sum(1 + len(line) // NOTE_LETTERS for line in text.splitlines()))
    font = (("author", "byhand"), ("font_name", "Calibri"), ("font_size", 9))
    return (*font, ("width", NOTE_WIDTH), ("height", height), ("color", colour))


class Sheet:
    """One sheet of a BookFile. Rows and columns count from 0; styles are XlsxWriter's format properties."""

    def __init__(self, book: BookFile, worksheet: Any) -> None:
        self._book = book
        self._sheet = worksheet
        self.charts: list[tuple[int, int, Chart]] = []
        """The charts, each with the row and the column of its corner."""

    def text(self, row: int, column: int, text: str, style: dict[str, Any]) -> None:
        self._sheet.put_text(row, column, text, self._book.format(style))

    def rich(
        self, row: int, column: int, parts: Iterable[tuple[str, dict[str, Any]]], cell: dict[str, Any] | None = None
    ) -> None:
        """Write a cell whose parts have different styles. cell: the style of the cell itself."""
        parts = tuple(parts)
        formats = [self._book.format(style) for _, style in parts]
        if len(parts) == 1:
            whole = self._book.format(parts[0][1] | cell) if cell else formats[0]
            self._sheet.put_text(row, column, parts[0][0], whole)
        else:
            styled_parts = tuple((text, tuple(style.items())) for text, style in parts)
            self._sheet.put_rich(row, column, styled_parts, formats, self._book.format(cell) if cell else None)

    def empty(self, row: int, column: int, style: dict[str, Any]) -> None:
        self._sheet.put_blank(row, column, self._book.format(style))

    def protect(self) -> None:
        """Protect the sheet without a password: only unlocked cells can be changed; all can be selected and copied."""
        self._sheet.protect("", {"format_columns": True, "format_rows": True})

    def hide(self) -> None:
        """Hide the sheet, also from the program's list of hidden sheets."""
        self._sheet.very_hidden()

    def note(self, row: int, column: int, text: str) -> None:
        """Add a note to a cell, which shows when the mouse rests on the cell."""
        self._sheet.write_comment(
            row, column, text, {"author": "byhand", "x_scale": 2.2, "y_scale": 1.6, "font_size": 9}
        )

    def coloured_note(self, row: int, column: int, text: str, colour: str) -> None:
        """Add a note in a box of this colour, as high as its text needs."""
        self._sheet.write_comment(row, column, text, dict(note_box(text, colour)))

    def number(self, row: int, column: int, value: float, style: dict[str, Any]) -> None:
        self._sheet.put_number(row, column, value, self._book.format(style))

    def numbers(
        self, place: Range, numbers_of: Callable[[int], Sequence[float]], style: Style | Callable[[int], list[Style]]
    ) -> None:
        """Fill a range with numbers. numbers_of: a row of the range to its numbers. style: or a row to its styles."""
        if isinstance(style, dict):
            self._sheet.fill_numbers(place, numbers_of, self._book.format(style))
        else:
            self._sheet.fill_numbers(place, numbers_of, lambda row: list(map(self._book.format, style(row))))

    def texts(self, place: Range, texts: Sequence[str], style: Style) -> None:
        """Fill a row or a column with texts."""
        self._sheet.fill_texts(place, texts, self._book.format(style))

    def formulas(self, place: Range, rows: FormulaRows, style: Style) -> None:
        """Fill a range with formulas, which are made when the file is saved."""
        self._sheet.fill_formulas(place, rows, self._book.format(style))
        self._book.formula_cells += (place[2] - place[0] + 1) * (place[3] - place[1] + 1)

    def formula(self, row: int, column: int, formula: str, value: float | str, style: dict[str, Any]) -> None:
        self._sheet._write_formula(row, column, formula, self._book.format(style), value)
        self._book.formula_cells += 1

    def link(
        self, row: int, column: int, text: str, sheet: str, cell: str, style: dict[str, Any], tip: str = ""
    ) -> None:
        """Write a link to a cell of the same workbook. tip: shows when the mouse rests on it."""
        quoted = sheet.replace("'", "''")
        self._sheet.write_url(row, column, f"internal:'{quoted}'!{cell}", self._book.format(style), text, tip[:255])

    def join(self, place: Range, style: dict[str, Any]) -> None:
        """Make one cell of a range, whose first cell is written by itself."""
        first_row, first, last_row, last = place
        for row in range(first_row, last_row + 1):
            for column in range(first, last + 1):
                if (row, column) != (first_row, first):
                    self.empty(row, column, style)
        self._sheet.merge.append(list(place))

    def choices(self, place: Range, options: str | list[Any], message: str, others: Sequence[Range] = ()) -> None:
        """Add a drop-down list to a range, and to others. options: a reference (=name) or a list of values."""
        rule = {"validate": "list", "source": options, "error_message": message}
        if others:
            rule["other_cells"] = [list(other) for other in others]
        self._sheet.data_validation(*place, rule)

    def heat(self, place: Range, colour: str) -> None:
        """Shade cells from white (0) to the colour (1)."""
        scale = {"type": "2_color_scale", "min_type": "num", "max_type": "num", "min_value": 0, "max_value": 1}
        self._sheet.conditional_format(*place, {**scale, "min_color": "#FFFFFF", "max_color": colour})
        white = self._book.format(WHITE)
        self._sheet.conditional_format(*place, {"type": "cell", "criteria": ">", "value": 0.6, "format": white})

    def shades(self, place: Range, largest: float) -> None:
        """Shade cells from red (-largest) over white (0) to blue (largest)."""
        bounds = {"min_value": -largest, "mid_value": 0, "max_value": largest}
        kinds = dict.fromkeys(("min_type", "mid_type", "max_type"), "num")
        colours = {"min_color": BELOW, "mid_color": "#FFFFFF", "max_color": ABOVE}
        self._sheet.conditional_format(*place, {"type": "3_color_scale", **bounds, **kinds, **colours})

    def heat_by_count(self, place: Range, colour: str) -> None:
        """Shade cells from white (0) to the colour (the largest of them)."""
        scale = {"type": "2_color_scale", "min_type": "num", "min_value": 0, "max_type": "max"}
        self._sheet.conditional_format(*place, {**scale, "min_color": "#FFFFFF", "max_color": colour})

    def bars(self, place: Range, colour: str, only: bool = True) -> None:
        """Show each cell's number (0 to 1) as a bar. only: without the number."""
        bar = {"type": "data_bar", "bar_color": colour, "bar_solid": True, "bar_only": only}
        self._sheet.conditional_format(
            *place, {**bar, "min_type": "num", "max_type": "num", "min_value": 0, "max_value": 1}
        )

    def format_where(self, place: Range, formula: str, style: dict[str, Any]) -> None:
        rule = {"type": "formula", "criteria": formula, "format": self._book.format(style)}
        self._sheet.conditional_format(*place, rule)

    def chart(self, row: int, column: int, chart: Chart) -> None:
        """Insert a chart of this sheet's cells, with its corner in a cell."""
        charts.insert(self._book.writer, self._sheet, row, column, chart)
        self.charts.append((row, column, chart))

    def line(self, line: Line) -> None:
        """Draw a line over the cells."""
        self._sheet.add_line(line)

    def holds(self, row: int, column: int) -> bool:
        """Return whether a cell has been written by itself, not as one of a range."""
        return column in self._sheet.table.get(row, ())

    def columns(self, first: int, last: int, width: float) -> None:
        self._sheet.set_column(first, last, width)

    def height(self, row: int, height: float) -> None:
        self._sheet.set_row(row, height)

    def zoom(self, percent: int) -> None:
        """Show the sheet larger on the screen; it is printed as before."""
        self._sheet.set_zoom(percent)

    def before_rows(self, work: Callable[[], object]) -> None:
        """Call `work` when the sheet's cells are made, as the file is saved."""
        self._sheet.before_rows = work

    def show_first(self) -> None:
        """Let the workbook open at this sheet."""
        self._sheet.activate()

    def list_page(self, footer: str) -> None:
        """Set up printing for a list: landscape A4, one page wide, with as many pages as needed."""
        sheet = self._sheet
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(A4.number)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        plain = footer.replace("&", "&&")
        sheet.set_footer(f"&L&8&K6B7785{plain}&R&8&K6B7785&P/&N")

    def page(self, frozen_rows: int, footer: str, cut: Cut | None = None) -> None:
        """Set up printing, on one page or on several as `cut` says; without, fitted to a page of A4.

        No rows are repeated on each page: with them, LibreOffice draws the pages of another paper through the tables
        on the screen. The footer says the sheet's name on each.
        """
        sheet = self._sheet
        sheet.hide_gridlines(2)
        sheet.freeze_panes(frozen_rows, 0)
        paper = cut.paper if cut else A4
        sheet.set_portrait() if paper.upright else sheet.set_landscape()
        sheet.set_paper(paper.number)
        if cut is None:
            sheet.fit_to_pages(1, 1)
        else:
            sheet.set_print_scale(cut.scale)
            sheet.set_h_pagebreaks(cut.rows)
            sheet.set_v_pagebreaks(cut.columns)
        sheet.set_margins(**MARGINS)
        plain = footer.replace("&", "&&")
        sheet.set_footer(f"&L&11&K6B7785{plain}&R&11&K6B7785&A · &P/&N", {"margin": FOOTER})


class _Memory(io.BytesIO):
    """Bytes that stay open: a zip file that could not be finished writes its end when Python throws both away."""

    def close(self) -> None:
        """Leave them open."""


class BookFile:
    """An .xlsx file to write: no file has its name before `save`. Without a path it is in memory, see `data`."""

    def __init__(self, path: Path | None, title: str) -> None:
        self.path = path
        self.formula_cells = 0
        self._memory = _Memory()
        self._book = xlsxwriter.Workbook(_Memory(), {"in_memory": True})
        self._book._get_packager = lambda: StreamingPackager(self._memory)
        self._book.worksheet_class = PlainWorksheet
        self._title = title
        self.keywords("")
        self._book.set_calc_mode("auto")
        self._formats: dict[StyleKey, Format] = {}
        self._by_identity: dict[int, tuple[dict[str, Any], Format]] = {}  # the style too, so that its id stays its own

    def format(self, style: dict[str, Any]) -> Format:
        """Return the file's format for a style; equal styles share one."""
        entry = self._by_identity.get(id(style))
        if entry is None:
            key = tuple(style.items())
            if key not in self._formats:
                self._formats[key] = self._new_format(key)
            entry = self._by_identity[id(style)] = (style, self._formats[key])
        return entry[1]

    def _new_format(self, key: StyleKey) -> Format:
        """Return a copy of an earlier file's format for the style, since XlsxWriter takes long to make one."""
        if key not in _FORMATS:
            _FORMATS[key] = Format(self._book.default_format_properties | dict(key))
            _FORMATS[key]._get_format_key()  # kept in the format, for its copies too
        new = copy(_FORMATS[key])
        new.xf_format_indices, new.dxf_format_indices = self._book.xf_format_indices, self._book.dxf_format_indices
        self._book.formats.append(new)
        return new

    @property
    def writer(self) -> Any:
        """XlsxWriter's workbook."""
        return self._book

    def keywords(self, text: str) -> None:
        """Set the keywords in the file's properties."""
        about = {"title": self._title, "comments": "Made by byhand", "created": CREATED}
        self._book.set_properties(about | ({"keywords": text} if text else {}))

    def sheet(self, name: str, colour: str) -> Sheet:
        worksheet = self._book.add_worksheet(name)
        worksheet.set_tab_color(colour)
        return Sheet(self, worksheet)

    def worksheets(self) -> list[PlainWorksheet]:
        """Return XlsxWriter's sheets, in their order."""
        sheets: list[PlainWorksheet] = self._book.worksheets()
        return sheets

    def style_numbers(self, more: Iterable[Style]) -> dict[StyleKey, int]:
        """Return the number of each style in the file. more: styles that no cell has yet."""
        for style in more:
            self.format(style)
        return {style: form._get_xf_index() for style, form in self._formats.items()}

    def name(self, name: str, reference: str) -> None:
        """Define a name for a range. reference: such as 'Sheet 1'!$A$1:$B$2."""
        if self._book.define_name(name, f"={reference}") != 0:
            raise AssertionError(f"{name} is no name that a spreadsheet takes")

    def data(self) -> bytes:
        """Finish a file in memory, and return its bytes."""
        self._book.close()
        return self._memory.getvalue()

    def save(self) -> None:
        """Write the file, whole or not at all. Raises ByhandError if the disk refuses."""
        assert self.path
        with replacing(self.path) as file:
            try:
                data = self.data()
            except xlsxwriter.exceptions.FileCreateError as error:
                raise error.args[0] from None  # the system's own
            file.write(data)
