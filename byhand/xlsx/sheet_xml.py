"""Worksheets that make their cells while the file is written: the only module that uses XlsxWriter's internals.

XlsxWriter stores every cell of every sheet until the file is closed, and then the XML of every sheet. A large model has
a million cells, so here a range of cells is only noted with the function that makes them; they are made row by row,
and each row goes straight into the zip file.
"""

from __future__ import annotations

from array import array
from bisect import insort
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import repeat
from math import isfinite
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from xlsxwriter.comments import CommentType
from xlsxwriter.drawing import Drawing
from xlsxwriter.format import Format
from xlsxwriter.packager import Packager
from xlsxwriter.vml import Vml
from xlsxwriter.worksheet import (
    CellBlankTuple,
    CellFormulaTuple,
    CellNumberTuple,
    CellRichStringTuple,
    CellStringTuple,
    Worksheet,
)

from byhand.core.arithmetic.excel import column_letters
from byhand.xlsx.lines import Line, lines_xml
from byhand.xlsx.parts import part_info

Range = tuple[int, int, int, int]
"""The first row and column of a range, and the last."""
FormulaRow = tuple[Sequence[str], Sequence[float] | Sequence[str]]
"""The formulas of a row of a range, without their =, and the stored results (numbers, or texts)."""
FormulaRows = Callable[[], Callable[[int], FormulaRow]]
"""Called when the first row of a range is written: returns the function of a row, counted from 0, to its formulas."""
StyleKey = tuple[tuple[str, Any], ...]
"""A style as a key of a dictionary."""
Parts = tuple[tuple[str, StyleKey], ...]
Contents = Callable[[int], Iterable[str]]
"""The function of a row of a range, counted from 0, to the XML of its cells after their style."""
_RICH: dict[Parts, str] = {}
"""The XML of cells whose parts have different formats: it takes long to make, and is the same in every file."""
ERRORS = frozenset({"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"})
CHUNK = 1 << 16
"""How many letters of XML are put together before they are compressed."""
SPAN = 16
"""Rows whose first and last column are noted together."""


@dataclass(eq=False)
class Filling:
    """A range whose cells are made when their row is written.

    formats: of all cells, or of each cell of a row. values: what makes the numbers, results or texts of a row, for
    charts.
    """

    place: Range
    formats: Format | Callable[[int], Sequence[Format]]
    start: Callable[[], Contents]
    values: Callable[[], Callable[[int], Sequence[Any]]]
    contents: Contents | None = None

    def row_xml(self, row: int) -> str:
        """Return the cells of a row of the sheet."""
        first, left, last, right = self.place
        if self.contents is None:
            self.contents = self.start()
        styles: Iterable[int]
        if isinstance(self.formats, Format):
            styles = repeat(self.formats._get_xf_index())
        else:
            styles = [cell_format._get_xf_index() for cell_format in self.formats(row - first)]
        letters = map(column_letters, range(left, right + 1))
        cells = zip(letters, styles, self.contents(row - first), strict=False)
        text = "".join([f'<c r="{letter}{row + 1}" s="{style}"{content}' for letter, style, content in cells])
        if row == last:
            self.contents = None  # so that what it was made of is let go
        return text


class LineDrawing(Drawing):  # type: ignore[misc]  # XlsxWriter has no types
    """What is drawn on a sheet: XlsxWriter's charts, and lines, since its own connectors have no heads."""

    def __init__(self) -> None:
        super().__init__()
        self.embedded = 1
        self.lines: list[Line] = []

    def _xml_end_tag(self, tag: str) -> None:
        """Write the lines before the end of the part."""
        if tag == "xdr:wsDr":
            for xml in lines_xml(self.lines, len(self.drawings) + 2):  # XlsxWriter counts charts from 2
                self.fh.write(xml)
        super()._xml_end_tag(tag)


class DrawnWorksheet(Worksheet):  # type: ignore[misc]  # XlsxWriter has no types
    """A worksheet over whose cells lines are drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.drawing: LineDrawing | None = None

    def add_line(self, line: Line) -> None:
        """Draw a line over the cells; XlsxWriter prepares the lines as its shapes."""
        self.shapes.append(line)

    def _prepare_chart(self, index: int, chart_id: int, drawing_id: int) -> None:
        self._start_drawing(drawing_id)
        super()._prepare_chart(index, chart_id, drawing_id)

    def _prepare_shape(self, index: int, drawing_id: int) -> None:
        self._start_drawing(drawing_id).lines.append(self.shapes[index])

    def _start_drawing(self, number: int) -> LineDrawing:
        """Return the sheet's drawing, which takes lines; a new one at first. number: of its part in the file."""
        if self.drawing is None:
            self.drawing = LineDrawing()
            self.external_drawing_links.append(["/drawing", f"../drawings/drawing{number}.xml"])
        return self.drawing


class PlainWorksheet(DrawnWorksheet):
    """A worksheet that writes cells faster.

    XlsxWriter searches each formula for recent functions, with about 150 patterns, which takes most of its time, and it
    writes each cell in a general way. byhand's formulas have only the functions of `arithmetic.excel.functions`, in
    formatted cells. A test compares the file with XlsxWriter's own.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fillings: list[Filling] = []
        self.before_rows: Callable[[], object] | None = None
        """Called when the sheet's rows are written, to show the progress."""

    # Cells one by one

    def put_text(self, row: int, col: int, text: str, cell_format: Format) -> None:
        self._write_string(row, col, text, cell_format)

    def put_number(self, row: int, col: int, number: float, cell_format: Format) -> None:
        self._check_dimensions(row, col)
        self.table[row][col] = CellNumberTuple(_finite(number), cell_format)

    def put_blank(self, row: int, col: int, cell_format: Format) -> None:
        self._check_dimensions(row, col)
        self.table[row][col] = CellBlankTuple(cell_format)

    def put_rich(self, row: int, col: int, parts: Parts, formats: list[Format], cell_format: Format | None) -> None:
        """Write a cell whose parts have different formats. Its XML is cached for all files."""
        if parts in _RICH:
            self._check_dimensions(row, col)
            index = self.str_table._get_shared_string_index(_RICH[parts])
            self.table[row][col] = CellRichStringTuple(index, cell_format, "")
        else:
            pieces = zip(formats, (text for text, _ in parts), strict=True)
            whole = [cell_format] if cell_format else []
            self._write_rich_string(row, col, *(piece for pair in pieces for piece in pair), *whole)
            _RICH[parts] = self.rstring.fh.getvalue()

    def _write_formula(self, row: int, col: int, formula: str, cell_format: Any = None, value: Any = 0) -> int:
        self._check_dimensions(row, col)
        self.table[row][col] = CellFormulaTuple(formula, cell_format, value)
        return 0

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        return formula.removeprefix("=")

    # Ranges of cells

    def fill_formulas(self, place: Range, rows: FormulaRows, cell_format: Format) -> None:
        """Fill a range with formulas in one format."""

        def start() -> Contents:
            formulas_of = rows()
            return lambda row: self._formulas_xml(*formulas_of(row))

        def results() -> Callable[[int], Sequence[Any]]:
            formulas_of = rows()
            return lambda row: formulas_of(row)[1]

        self._fill(Filling(place, cell_format, start, results))

    def fill_numbers(
        self,
        place: Range,
        numbers_of: Callable[[int], Sequence[float]],
        formats: Format | Callable[[int], Sequence[Format]],
    ) -> None:
        """Fill a range with numbers. numbers_of: a row of the range, counted from 0, to its numbers."""

        def contents(row: int) -> list[str]:
            return [f"><v>{_finite(number):.16G}</v></c>" for number in numbers_of(row)]

        def numbers(row: int) -> list[str]:
            return [f"{number:.16g}" for number in numbers_of(row)]  # as XlsxWriter stores them in charts

        self._fill(Filling(place, formats, lambda: contents, lambda: numbers))

    def fill_texts(self, place: Range, texts: Sequence[str], cell_format: Format) -> None:
        """Fill a row or a column with texts."""
        indices = array("l", map(self.str_table._get_shared_string_index, texts))
        across = place[0] == place[2]

        def contents(row: int) -> list[str]:
            return [_text_xml(index) for index in (indices if across else indices[row : row + 1])]

        def shown(row: int) -> Sequence[str]:
            return texts if across else texts[row : row + 1]

        self._fill(Filling(place, cell_format, lambda: contents, lambda: shown))

    def _fill(self, filling: Filling) -> None:
        self._check_dimensions(*filling.place[:2])
        self._check_dimensions(*filling.place[2:])
        self.fillings.append(filling)

    def _get_range_data(self, row_start: int, col_start: int, row_end: int, col_end: int) -> Any:
        """Return what a chart stores of its cells: those of filled ranges are made for as long as it reads them."""
        made: list[tuple[int, int]] = []
        for filling in self.fillings:
            top, left, bottom, right = filling.place
            rows = range(max(top, row_start), min(bottom, row_end) + 1)
            columns = range(max(left, col_start), min(right, col_end) + 1)
            if rows and columns:
                values_of = filling.values()
                for row in rows:
                    values = values_of(row - top)
                    for column in columns:
                        self.table[row][column] = CellFormulaTuple("", None, values[column - left])
                        made.append((row, column))
        data = super()._get_range_data(row_start, col_start, row_end, col_end)
        for row, column in made:
            del self.table[row][column]
        return data

    # Notes

    def note_box_xml(self, row: int, column: int, box: StyleKey) -> str:
        """Return the XML of the box of a note, numbered 0. box: XlsxWriter's options of the note."""
        note = CommentType(row, column, "", dict(box))
        note.vertices = self._comment_vertices(note)
        boxes, xml = Vml(), StringIO()
        boxes.fh = xml
        boxes._write_comment_shape(0, 0, note)
        return xml.getvalue()

    # Writing

    def _write_rows(self) -> None:
        """Write all rows, each cell from left to right, and let go of their cells. AssertionError if two overlap."""
        if self.before_rows:
            self.before_rows()
        waiting = sorted(self.fillings, key=lambda filling: filling.place[:2], reverse=True)
        self.fillings = []
        spans = self._spans(waiting)
        here: list[tuple[int, int, Filling]] = []  # the fillings of a row, by their first column
        for row in range(self.dim_rowmin, self.dim_rowmax + 1):
            while waiting and waiting[-1].place[0] == row:
                filling = waiting.pop()
                insort(here, (filling.place[1], len(waiting), filling))
            cells = self.table.get(row, {})
            if not (cells or here):
                if row in self.row_info or row in self.comments:
                    self._write_empty_row(row, spans.get(row // SPAN), self.row_info.get(row))
                continue
            self._write_row(row, spans.get(row // SPAN), self.row_info.get(row))
            self._write_cells(row, cells, here)
            self.fh.write("</row>")
            if cells and row not in self.hyperlinks:  # which are read again
                del self.table[row]
            here = [entry for entry in here if entry[2].place[2] > row]

    def _write_cells(self, row: int, cells: dict[int, Any], here: Sequence[tuple[int, int, Filling]]) -> None:
        if not here:
            for column in sorted(cells):
                self._write_cell(row, column, cells[column])
            return
        free = 0
        starts: list[tuple[int, int, Any]] = [*here, *((column, -1, cell) for column, cell in cells.items())]
        starts.sort(key=lambda start: start[0])
        for column, _, what in starts:
            assert column >= free, f"column {column} of row {row} of sheet {self.name} is to hold two cells"
            if isinstance(what, Filling):
                self.fh.write(what.row_xml(row))
                free = what.place[3] + 1
            else:
                self._write_cell(row, column, what)
                free = column + 1

    def _spans(self, fillings: Iterable[Filling]) -> dict[int, str]:
        """Return the first and last column, from 1, of every 16 rows that hold a cell or a note."""
        ends: dict[int, list[int]] = {}
        for filling in fillings:
            top, left, bottom, right = filling.place
            for group in range(top // SPAN, bottom // SPAN + 1):
                ends.setdefault(group, []).extend((left, right))
        for table in (self.table, self.comments):
            for row, columns in table.items():
                if columns:
                    ends.setdefault(row // SPAN, []).extend((min(columns), max(columns)))
        return {group: f"{min(columns) + 1}:{max(columns) + 1}" for group, columns in ends.items()}

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        content = self._content(cell) if cell.format else None
        if content is None:
            super()._write_cell(row, col, cell)
        else:
            self.fh.write(f'<c r="{column_letters(col)}{row + 1}" s="{cell.format._get_xf_index()}"{content}')

    def _content(self, cell: Any) -> str | None:
        """Return the XML after a cell's style; None for a kind of cell that is left to XlsxWriter."""
        kind = type(cell)
        if kind is CellStringTuple:
            return _text_xml(cell.string)
        if kind is CellNumberTuple:
            return f"><v>{cell.number:.16G}</v></c>"
        if kind is CellBlankTuple:
            return "/>"
        if kind is CellFormulaTuple and type(cell.value) in (float, str):
            return self._formula_xml(cell.formula, cell.value)
        return None

    def _formulas_xml(self, formulas: Sequence[str], values: Sequence[float] | Sequence[str]) -> list[str]:
        text = "".join(formulas)
        if "&" in text or "<" in text or ">" in text or type(values[0]) is not float:
            return list(map(self._formula_xml, formulas, values))
        return [f"><f>{formula}</f><v>{value}</v></c>" for formula, value in zip(formulas, values, strict=True)]

    def _formula_xml(self, formula: str, value: float | str) -> str:
        if "&" in formula or "<" in formula or ">" in formula:
            formula = self._escape_data(formula)
        if type(value) is float:
            return f"><f>{formula}</f><v>{value}</v></c>"
        kind = ' t="e"' if value in ERRORS else ' t="str"' if value else ""
        return f"{kind}><f>{formula}</f><v>{self._escape_data(value)}</v></c>"


def _text_xml(index: int) -> str:
    return f' t="s"><v>{index}</v></c>'


def _finite(number: float) -> float:
    if not isfinite(number):
        raise ValueError(f"a cell cannot hold {number}")
    return number


class _Part(StringIO):
    """A part of the file to write to: its text is compressed at once."""

    def __init__(self, entry: IO[bytes]) -> None:
        super().__init__()
        self._entry = entry
        self._texts: list[str] = []
        self._letters = 0

    def write(self, text: str) -> int:
        self._texts.append(text)
        self._letters += len(text)
        if self._letters > CHUNK:
            self.flush()
        return len(text)

    def flush(self) -> None:
        if self._texts:
            self._entry.write("".join(self._texts).encode())
        self._texts, self._letters = [], 0

    def finish(self) -> None:
        """Write what is left, and end the part also where that fails: a zip file with an open part cannot be closed."""
        try:
            self.flush()
        finally:
            self._entry.close()


class StreamingPackager(Packager):  # type: ignore[misc]  # XlsxWriter has no types
    """Puts each part of a workbook into the zip file as it is written, instead of collecting all of them first."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file

    def _create_package(self) -> list[Any]:
        """Write the file, and return nothing that is left to write."""
        self._part: _Part | None = None
        with ZipFile(self._file, "w", ZIP_DEFLATED) as self._zip:
            try:
                super()._create_package()
            finally:
                self._finish_part()
        return []

    def _filename(self, xml_filename: str) -> StringIO:
        """Return where to write a part, which ends the part before it."""
        self._finish_part()
        self._part = _Part(self._zip.open(part_info(xml_filename), "w"))
        return self._part

    def _finish_part(self) -> None:
        if self._part is not None:
            self._part.finish()
        self._part = None
