"""The marked copy of a student's workbook: answers coloured by verdict, notes, and a page of marks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from math import ceil, isfinite
from typing import Any

from byhand.core.arithmetic.excel import Address
from byhand.core.roles import Look
from byhand.exercises.keys import KeyQuestion
from byhand.exercises.student_book import ANSWER, FIRST_MARK, MARK
from byhand.grading.handed_out import HandedOut
from byhand.grading.own_work import OwnWork
from byhand.grading.verdicts import (
    NOT_FINAL,
    VERDICT_STYLES,
    CellMark,
    Remark,
    StudentMark,
    Verdict,
    by_question,
    cell_address,
    in_short,
    in_words,
    legend_entry,
    number_right,
    of_points,
    remarks,
    share_of,
    student_name,
    title_of,
    total,
    typed_text,
)
from byhand.translations import _
from byhand.workbook import style
from byhand.xlsx.cells import Cell
from byhand.xlsx.copies import Copy, Original, SheetCopy
from byhand.xlsx.sheet_xml import Range
from byhand.xlsx.writer import BookFile, Sheet

LINES = {"thin": 1, "medium": 2, "dashed": 3, "dotted": 4, "double": 6}
"""XlsxWriter's numbers for the lines of frames."""
WIDEN = 2.0
"""The extra width of a column, in characters: a verdict's sign stands before the number."""
SHEET = "Feedback"
BESIDE = style.text(11)
"""The style of texts and numbers beside the tables."""
Call = tuple[str, tuple[Any, ...]]
"""A method of Sheet and its arguments."""


class FeedbackBooks:
    """Makes the marked copies of the books of one set.

    A copy is the book that was handed out, written once more with the student's numbers and texts as plain values.
    Nothing of the file that was handed in is copied, so no formula, link or macro of a stranger is handed on. Where
    this byhand no longer makes the book of the recipe, the copy is the page of marks alone.
    """

    def __init__(self, handed_out: HandedOut) -> None:
        self.handed_out = handed_out
        self.title = title_of(handed_out.key)
        self.repeats = handed_out.book.repeats if handed_out.book else {}
        self.record = _Record()
        if handed_out.book:
            handed_out.book.write(self.record)
        self._originals: dict[frozenset[str], Original] = {}

    def book(self, own: OwnWork, marks: StudentMark) -> bytes:
        """Return the marked copy of a student's work as the bytes of a workbook."""
        noted = frozenset(self.handed_out.asked[mark.question][mark.cell][0] for mark in marks.cells if _note(mark))
        if noted not in self._originals:
            self._originals[noted] = self._original(noted)
        copy = Copy(self._originals[noted])
        self.write(copy, own, marks)
        return copy.data()

    def write(self, copy: Copy, own: OwnWork, marks: StudentMark) -> None:
        """Write what differs from student to student."""
        marked = {self.handed_out.asked[mark.question][mark.cell]: mark for mark in marks.cells}
        values = {**own.values, **{cell: _answer(mark) for cell, mark in marked.items()}}
        for recorded in self.record.sheets:
            sheet = copy.sheet(recorded.name)
            self._fill(sheet, recorded, values, marked)
            for row, column, text, look in recorded.marked_texts:
                sheet.text(row, column, self._with_own_words(text, values), look)
            for (name, row, column), value in own.values.items():
                if name == recorded.name and (name, row, column) not in self.handed_out.cells:
                    _put(sheet, row, column, value, BESIDE)
        _write_marks(copy.sheet(SHEET), self.handed_out, own, marks)

    def _original(self, noted: Collection[str]) -> Original:
        """Return what all marked copies have in common. noted: the sheets that have notes."""
        file = BookFile(None, self.title)
        _write_page(file.sheet(SHEET, style.LOOKS[Look.RESULT][1]), self.title)
        for recorded in self.record.sheets:
            sheet = file.sheet(recorded.name, recorded.colour)
            for method, arguments in recorded.calls:
                getattr(sheet, method)(*arguments)
            for (row, column), (look, default) in recorded.blanks.items():
                _put(sheet, row, column, default, look)
            if recorded.name in noted:
                sheet.coloured_note(0, 0, SHEET, style.GREY)
        for defined, reference in self.record.names:
            file.name(defined, reference)
        texts = (look for recorded in self.record.sheets for *_, look in recorded.marked_texts)
        return Original(file, (*texts, *_styles()))

    def _with_own_words(self, text: str, values: Mapping[Cell, float | str]) -> str:
        """Return a text with the student's words in place of their marks, read where each word labels a table."""
        return MARK.sub(lambda mark: str(values.get(self.record.labels[mark[0]], "")), text)

    def _fill(
        self,
        sheet: SheetCopy,
        recorded: _RecordedSheet,
        values: Mapping[Cell, float | str],
        marked: Mapping[Cell, CellMark],
    ) -> None:
        """Write the cells in which the student differs; answers have the style of their verdict and a note."""
        for (row, column), (look, default) in recorded.blanks.items():
            cell = (recorded.name, row, column)
            value = values.get(self.repeats.get(cell, cell), default)
            if cell not in marked:
                if value != default:
                    _put(sheet, row, column, value, look)
                continue
            mark = marked[cell]
            _put(sheet, row, column, value, _answer_style(mark.verdict, _number_format(mark)))
            note = _note(mark)
            if note:
                sheet.coloured_note(row, column, note, VERDICT_STYLES[mark.verdict].fill)


class _Record:
    """Stands in for a file and records the calls that write the book, so that it is laid out only once."""

    def __init__(self) -> None:
        self.sheets: list[_RecordedSheet] = []
        self.labels: dict[str, Cell] = {}
        self.names: list[tuple[str, str]] = []

    def sheet(self, name: str, colour: str) -> _RecordedSheet:
        self.sheets.append(_RecordedSheet(name, colour, self.labels))
        return self.sheets[-1]

    def name(self, name: str, reference: str) -> None:
        self.names.append((name, reference))


class _RecordedSheet:
    """The calls that write what everybody has, and the cells that students fill in or differ in.

    blanks: by row and column the style, and the text that stands there unless the student has another.
    marked_texts: those with marks of the student's words in them. labels: the cell in which each mark stands alone.
    """

    def __init__(self, name: str, colour: str, labels: dict[str, Cell]) -> None:
        self.name, self.colour, self.labels = name, colour, labels
        self.marked_texts: list[tuple[int, int, str, dict[str, Any]]] = []
        self.calls: list[Call] = []
        self.blanks: dict[tuple[int, int], tuple[dict[str, Any], str]] = {}
        self.charts: tuple[()] = ()

    def text(self, row: int, column: int, text: str, style: dict[str, Any]) -> None:
        if MARK.fullmatch(text):
            self.labels.setdefault(text, (self.name, row, column))
            self.blanks[row, column] = style, ""
        elif MARK.search(text):
            self.marked_texts.append((row, column, text, style))
        else:
            self.calls.append(("text", (row, column, text, style)))

    def texts(self, place: Range, texts: Sequence[str], style: dict[str, Any]) -> None:
        """Record texts one by one, since a student may have written over any of them."""
        cells = product(range(place[0], place[2] + 1), range(place[1], place[3] + 1))
        for (row, column), text in zip(cells, texts, strict=True):
            self.text(row, column, text, style)

    def number(self, row: int, column: int, value: float, style: dict[str, Any]) -> None:
        if value >= FIRST_MARK:
            self.blanks[row, column] = style, ""
        else:
            self.calls.append(("number", (row, column, value, style)))

    def empty(self, row: int, column: int, style: dict[str, Any]) -> None:
        self.blanks[row, column] = style, ""

    def formula(self, row: int, column: int, formula: str, value: str, style: dict[str, Any]) -> None:
        """Record a formula, which repeats another cell, as a cell that takes a value."""
        self.blanks[row, column] = style, value

    def columns(self, first: int, last: int, width: float) -> None:
        self.calls.append(("columns", (first, last, width + WIDEN if last > first else width)))

    def holds(self, row: int, column: int) -> bool:
        """Return whether a cell is written by itself, as Sheet.holds does."""
        texts = ((row, column) for row, column, *_ in self.marked_texts)
        return (row, column) in self.blanks or (row, column) in {*texts, *(call[1][:2] for call in self.calls)}

    def __getattr__(self, method: str) -> Callable[..., None]:
        return lambda *arguments: self.calls.append((method, arguments))


def _put(sheet: Sheet | SheetCopy, row: int, column: int, value: float | str, style: dict[str, Any]) -> None:
    if value == "":
        sheet.empty(row, column, style)
    elif isinstance(value, str):
        sheet.text(row, column, value, style)
    else:
        sheet.number(row, column, value + 0.0, style)  # no −0


def _answer(mark: CellMark) -> float | str:
    """Return the value that the marked copy shows: a typed number, the result of a formula, or the text."""
    text, value = mark.typed.text, mark.typed.value
    if value is None or not isfinite(value):
        return text
    return value if text.startswith("=") or text == f"{value + 0.0:.15g}" else text


@cache
def _answer_style(verdict: Verdict, number_format: str) -> dict[str, Any]:
    """Return the style of an answer with this verdict; its sign stands before the number or text."""
    look = VERDICT_STYLES[verdict]
    form = number_format or "General"
    if number_format and verdict is not Verdict.BLANK:
        form = ";".join(f'"{look.sign} "{part}' for part in (form, f"-{form}", form, "@"))
    frame = {"border": LINES[look.line], "border_color": look.ink, "bg_color": look.fill}
    return ANSWER | frame | {"num_format": form}


ANY, WHOLE, DECIMAL = NUMBER_FORMATS = ("", "0", "0.0###")


def _number_format(mark: CellMark) -> str:
    """Return a number format that shows the number in a cell's width; an empty text if none does."""
    value = mark.typed.value
    if value is not None and not isfinite(value):
        return ANY
    if value is None or value == round(value):
        return WHOLE if value is None or abs(value) < 1e5 else ANY
    return DECIMAL if 1e-3 <= abs(value) < 100 else ANY


def _note(cell: CellMark) -> str:
    if cell.verdict is Verdict.RIGHT:
        return ""
    look = VERDICT_STYLES[cell.verdict]
    odd = cell.typed.read_as not in ("", cell.typed.text) and cell.verdict is not Verdict.UNREADABLE
    read = _("Read as {reading}.").format(reading=cell.typed.read_as) if odd else ""
    head = f"{look.sign} {in_words(cell.verdict)} · {of_points(cell.points, cell.most)}"
    return "\n".join(line for line in (head, cell.sentence, read) if line)


# The page of marks

INDENTED = {"align": "left", "valign": "top", "text_wrap": True, "indent": 1}
TOTAL = style.text(14, style.LOOKS[Look.RESULT][1], bold=True)
HEADING = style.text(12, style.LOOKS[Look.COMPUTED][1], bold=True)
LABEL = style.text(9, style.GREY)
BESIDE_LABEL = style.text(9, style.GREY, align="left", valign="top", indent=1)
TEXT = style.text(11) | INDENTED
LINK = style.LINK | {"valign": "top", "text_wrap": True}
CELLS, WROTE, VERDICT, POINTS, SAID = 1, 2, 3, 4, 5
WIDTHS = (2, 18, 26, 34, 14, 84)
HEADS = {CELLS: "Where", WROTE: "You wrote", VERDICT: "Verdict", POINTS: "Points", SAID: "What to look at"}
LINE = 15
"""The height of a line, in points."""
STUDENT = "§student§"
"""Stands for the student's name in the footer, which has room for 255 letters."""
LONGEST_IN_FOOTER = 100


def _styles() -> Iterator[dict[str, Any]]:
    """Yield the styles that only some marked copies have."""
    yield from (BESIDE, style.SUBTITLE, TOTAL, HEADING, LABEL, BESIDE_LABEL, TEXT, LINK)
    for verdict in Verdict:
        yield from (_answer_style(verdict, number_format) for number_format in NUMBER_FORMATS)
        yield from (_remark_style(verdict), _legend_style(verdict))


@cache
def _remark_style(verdict: Verdict) -> dict[str, Any]:
    look = VERDICT_STYLES[verdict]
    frame = {"bg_color": look.fill, "border": 1, "border_color": style.FRAME, "valign": "top", "text_wrap": True}
    return style.text(11, look.ink, bold=True) | frame


@cache
def _legend_style(verdict: Verdict) -> dict[str, Any]:
    look = VERDICT_STYLES[verdict]
    frame = {"bg_color": look.fill, "border": LINES[look.line], "border_color": look.ink}
    return style.text(11, look.ink, bold=True) | frame


def _write_page(sheet: Sheet, title: str) -> None:
    """Write what the page of marks has for everybody."""
    for column, width in enumerate(WIDTHS):
        sheet.columns(column, column, width)
    sheet.list_page(_("{student} · feedback").format(student=STUDENT))
    sheet.show_first()
    sheet.text(0, CELLS, title, style.TITLE)


def _write_marks(sheet: SheetCopy, handed_out: HandedOut, own: OwnWork, marks: StudentMark) -> None:
    """Write the points, and the reason for each cell that is not right."""
    sheet.footer(STUDENT, student_name(marks)[:LONGEST_IN_FOOTER])
    sheet.text(1, CELLS, student_name(marks), style.SUBTITLE)
    sheet.text(3, CELLS, of_points(marks.points, marks.most), TOTAL)
    above = [_(NOT_FINAL)] if marks.warnings else []
    for line, text in enumerate([*above, *marks.notes], 4):
        sheet.text(line, CELLS, text, style.SUBTITLE)
    row = 5 + len(above) + len(marks.notes)
    for n, (question, cells) in enumerate(by_question(handed_out.key, marks), 1):
        row = _write_question(sheet, row, handed_out, n, question, cells)
    row = _write_legend(sheet, row, marks)
    if handed_out.book is None:
        lost = _("Your answers are not shown again: this byhand makes the exercise otherwise.")
        sheet.text(row, CELLS, lost, LABEL)
    elif own.left_out:
        left_out = _("Not in this copy of your workbook: {things}.").format(things=", ".join(own.left_out))
        sheet.text(row, CELLS, left_out, LABEL)


def _write_question(
    sheet: SheetCopy, row: int, handed_out: HandedOut, n: int, question: KeyQuestion, cells: Sequence[CellMark]
) -> int:
    """Write the remarks on a question; return the row after them."""
    sheet.text(row, CELLS, f"{n}. {question.text}", HEADING)
    sheet.text(row + 1, CELLS, f"{of_points(*total(cells))} · {number_right(cells)}", LABEL)
    row, said = row + 2, remarks(cells)
    if said:
        for column in HEADS:
            sheet.text(row, column, _(HEADS[column]), LABEL if column == CELLS else BESIDE_LABEL)
        row += 1
    for remark in said:
        _write_remark(sheet, row, handed_out, question, remark)
        row += 1
    return row + 1


def _write_remark(sheet: SheetCopy, row: int, handed_out: HandedOut, question: KeyQuestion, remark: Remark) -> None:
    look = VERDICT_STYLES[remark.verdict]
    name, first, column = handed_out.asked[remark.cells[0].question][remark.cells[0].cell]
    where = " ".join(cell_address(question, cell.cell) for cell in remark.cells)
    texts = {
        WROTE: " · ".join(typed_text(c) for c in remark.cells if typed_text(c)),
        POINTS: share_of(remark.points, remark.most),
        SAID: remark.sentence,
    }
    if handed_out.book:
        sheet.link(row, CELLS, where, name, str(Address(first, column)), LINK)
    else:
        sheet.text(row, CELLS, where, TEXT)
    sheet.text(row, VERDICT, f"{look.sign} {in_words(remark.verdict)}", _remark_style(remark.verdict))
    for column, text in texts.items():
        sheet.text(row, column, text, TEXT)
    lines = max(ceil(len(text) / WIDTHS[column]) for column, text in (texts | {CELLS: where}).items())
    if lines > 1:
        sheet.height(row, LINE * lines + 2.25)  # three pixels of room; not every program computes it


def _write_legend(sheet: SheetCopy, row: int, marks: StudentMark) -> int:
    sheet.text(row, CELLS, _("How to read the colours"), LABEL)
    there = {cell.verdict for cell in marks.cells}
    for verdict, look in VERDICT_STYLES.items():
        if verdict not in there:
            continue
        row += 1
        sheet.text(row, CELLS, f"{look.sign} {in_short(verdict)}", _legend_style(verdict))
        sheet.text(row, WROTE, legend_entry(verdict, marks.cells), BESIDE_LABEL)
    sheet.text(row + 1, CELLS, _("Rest the mouse on a coloured cell to read its note."), LABEL)
    return row + 2
