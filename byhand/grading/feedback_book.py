"""A student's own workbook, marked: each answer coloured by its verdict, with notes, and a sheet that sums it up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from byhand.exercises.keys import Key, KeyQuestion
from byhand.grading.verdicts import (
    LOOKS,
    NOT_FINAL,
    CellMark,
    Marks,
    Remark,
    Verdict,
    by_question,
    of_points,
    place,
    points,
    remarks,
    total,
    who,
    wrote,
)
from byhand.workbook.style import FRAME, GREY, INK, ROLES
from byhand.xlsx.marked_up import Mark, marked_up
from byhand.xlsx.more_styles import Dress, fonts
from byhand.xlsx.new_sheet import NewCell, NewSheet

Spot = tuple[str, int, int]
"""A sheet and a cell of it, rows and columns from 0."""
Places = Sequence[Sequence[Spot | None]]
"""Where each question's answers stand; None for one that is gone."""
BOLD, ITALIC, UNDER = "<{p}b/>", "<{p}i/>", "<{p}u/>"
WRAPPED = '<{p}alignment vertical="top" wrapText="1"/>'
INDENTED = '<{p}alignment horizontal="left" vertical="top" wrapText="1" indent="1"/>'
TITLE = Dress(font=fonts(18, INK, marks=BOLD))
SUBTITLE = Dress(font=fonts(11, GREY, "Cambria", ITALIC))
TOTAL = Dress(font=fonts(14, ROLES["result"][1], marks=BOLD))
HEADING = Dress(font=fonts(12, ROLES["computed"][1], marks=BOLD))
LABEL = Dress(font=fonts(9, GREY))
BESIDE = Dress(font=fonts(9, GREY), align=INDENTED.replace(' wrapText="1"', ""))
TEXT = Dress(font=fonts(11, INK), align=INDENTED)
LINK = Dress(font=fonts(10, "#1F4E9E", marks=UNDER), align=WRAPPED)
CELLS, WROTE, VERDICT, POINTS, SAID = 1, 2, 3, 4, 5
WIDTHS = (2, 18, 26, 34, 14, 84)
SHEET = "Feedback"


def feedback_book(path: Path, key: Key, marks: Marks, places: Places) -> bytes:
    """The marked copy of the workbook at the path. ByhandError where there can be none (see marked_up)."""
    found: dict[str, list[Mark]] = {}
    for cell in marks.cells:
        spot = places[cell.question][cell.cell]
        if spot:
            found.setdefault(spot[0], []).append(_mark(spot[1], spot[2], cell))
    return marked_up(path, found, summary(key, marks, places))


def _mark(row: int, column: int, cell: CellMark) -> Mark:
    look = LOOKS[cell.verdict]
    dress = Dress(fill=look.fill, frame=look.ink, line=look.line, sign=_sign(cell), places=_places(cell))
    return Mark(row, column, dress, _note(cell), look.fill)


def _sign(cell: CellMark) -> str:
    """Written before the number where there is room for it, and something that it stands before."""
    return LOOKS[cell.verdict].sign if _places(cell) and cell.verdict is not Verdict.BLANK else ""


def _places(cell: CellMark) -> str:
    """A number format that shows the number as it is, as far as a cell is wide; empty where none does."""
    value = cell.typed.value
    if value is None:
        return "0"
    if value == round(value):
        return "0" if abs(value) < 1e5 else ""
    return "0.0###" if 1e-3 <= abs(value) < 100 else ""


def _note(cell: CellMark) -> str:
    if cell.verdict is Verdict.RIGHT:
        return ""
    look = LOOKS[cell.verdict]
    odd = cell.typed.read_as not in ("", cell.typed.text) and cell.verdict is not Verdict.UNREADABLE
    read = f"Read as {cell.typed.read_as}." if odd else ""
    return "\n".join(
        line
        for line in (f"{look.sign} {cell.verdict} · {of_points(cell.points, cell.most)}", cell.sentence, read)
        if line
    )


def summary(key: Key, marks: Marks, places: Places) -> NewSheet:
    """The sheet that says what was got, and of each cell that is not right why."""
    return NewSheet(SHEET, list(_rows(key, marks, places)), WIDTHS, ROLES["result"][1], f"{who(marks)} · feedback")


def _rows(key: Key, marks: Marks, places: Places) -> Iterator[list[NewCell]]:
    title = str(key.recipe.get("title", key.exercise))
    yield [NewCell(CELLS, title, TITLE)]
    yield [NewCell(CELLS, who(marks), SUBTITLE)]
    yield []
    yield [NewCell(CELLS, of_points(marks.points, marks.most), TOTAL)]
    if marks.warnings:
        yield [NewCell(CELLS, NOT_FINAL, SUBTITLE)]
    yield []
    for n, (question, cells) in enumerate(by_question(key, marks), 1):
        yield from _question(n, question, cells, places)
    yield from _legend(marks)


def _question(n: int, question: KeyQuestion, cells: Sequence[CellMark], places: Places) -> Iterator[list[NewCell]]:
    yield [NewCell(CELLS, f"{n}. {question.text}", HEADING)]
    right = sum(cell.verdict is Verdict.RIGHT for cell in cells)
    yield [NewCell(CELLS, f"{of_points(*total(cells))} · {right} of {len(cells)} right", LABEL)]
    said = remarks(cells)
    if said:
        names = {CELLS: "Where", WROTE: "You wrote", VERDICT: "Verdict", POINTS: "Points", SAID: "What to look at"}
        yield [NewCell(column, name, LABEL if column == CELLS else BESIDE) for column, name in names.items()]
    for remark in said:
        yield _remark(question, remark, places)
    yield []


def _remark(question: KeyQuestion, remark: Remark, places: Places) -> list[NewCell]:
    look = LOOKS[remark.verdict]
    first = remark.cells[0]
    colours = Dress(fill=look.fill, frame=FRAME, font=fonts(11, look.ink, marks=BOLD), align=WRAPPED)
    return [
        NewCell(
            CELLS, " ".join(place(question, c.cell) for c in remark.cells), LINK, places[first.question][first.cell]
        ),
        NewCell(WROTE, " · ".join(wrote(c) for c in remark.cells if wrote(c)), TEXT),
        NewCell(VERDICT, f"{look.sign} {remark.verdict}", colours),
        NewCell(POINTS, f"{points(remark.points)} of {points(remark.most)}", TEXT),
        NewCell(SAID, remark.sentence, TEXT),
    ]


def _legend(marks: Marks) -> Iterator[list[NewCell]]:
    there = {cell.verdict for cell in marks.cells}
    yield [NewCell(CELLS, "How to read the colours", LABEL)]
    for verdict, look in LOOKS.items():
        if verdict in there:
            dress = Dress(fill=look.fill, frame=look.ink, line=look.line, font=fonts(11, look.ink, marks=BOLD))
            yield [NewCell(CELLS, f"{look.sign} {look.short}", dress), NewCell(WROTE, look.means, BESIDE)]
    yield [NewCell(CELLS, "Rest the mouse on a coloured cell to read its note.", LABEL)]
