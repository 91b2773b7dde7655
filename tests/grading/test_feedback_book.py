"""The marked copy of a workbook: written anew, with what the student wrote, what it is worth, and nothing else."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from support.class_sets import parts
from support.class_submissions import a_set, answered, some_marks, spots
from support.programs import saved_by
from support.submissions import engine

from byhand.exercises.keys import Key
from byhand.exercises.recipe import ready_made
from byhand.grading.feedback_book import WIDTHS, FeedbackBooks
from byhand.grading.handed_out import HandedOut
from byhand.grading.submission import Submission, read_submission, read_typed
from byhand.grading.verdicts import VERDICT_STYLES, CellMark, StudentMark, TypedAnswer, Verdict
from byhand.translations import _
from byhand.workbook import style
from byhand.xlsx.writer import BookFile, Sheet

ATTENTION = "Attention"


class MarkedSet:
    """A set of one exercise, and marked copies of books of it."""

    def __init__(self, folder: Path, recipe: str = "attention-head", **more: Any) -> None:
        self.folder = folder
        self.key: Key = a_set(folder / "set", 1, recipe, formats=("xlsx",), **more)
        self.handed_out = HandedOut.of(self.key)
        self.books = FeedbackBooks(self.handed_out)
        self.marks = some_marks(self.key, "s001", 4)

    @property
    def empty_book(self) -> bytes:
        return (self.folder / "set" / "students" / "s001.xlsx").read_bytes()

    def answered(self, change: Callable[[int, int, float], Any] | None = None) -> bytes:
        return answered(self.folder / "set", self.key, "s001", change)

    def read(self, data: bytes) -> Submission:
        path = self.folder / "handed-in.xlsx"
        path.write_bytes(data)
        return read_submission(path, self.handed_out, read_typed, engine())

    def copy(self, data: bytes, marks: StudentMark | None = None) -> bytes:
        return self.books.book(self.read(data).own, marks or self.marks)

    def marks_of(self, data: bytes, verdict: Verdict = Verdict.WRONG) -> StudentMark:
        """Marks of what is typed in the book, all with one verdict."""
        cells = tuple(
            CellMark(n, c, what, verdict, 0.0, 1.0, "Once more.")
            for n, row in enumerate(self.read(data).answers)
            for c, what in enumerate(row)
        )
        return replace(self.marks, cells=cells)


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> MarkedSet:
    return MarkedSet(tmp_path_factory.mktemp("set"))


class PlainSheet(Sheet):
    """A sheet of a PlainCopy, with the methods that only sheets of copies have."""

    def footer(self, mark: str, text: str) -> None:
        self.list_page(_("{student} · feedback").format(student=text))


class PlainCopy:
    """A marked copy written cell by cell, as any other workbook is."""

    def __init__(self, books: FeedbackBooks) -> None:
        self.file = BookFile(None, books.title)
        self._sheets: dict[str, PlainSheet] = {}
        for recorded in books.record.sheets:
            sheet = self.sheet(recorded.name)
            for method, arguments in recorded.calls:
                getattr(sheet, method)(*arguments)
            for (row, column), (look, default) in recorded.blanks.items():
                if default:
                    sheet.text(row, column, default, look)
                else:
                    sheet.empty(row, column, look)
        page = self.sheet("Feedback")
        page.text(0, 1, books.title, style.TITLE)
        for column, width in enumerate(WIDTHS):
            page.columns(column, column, width)

    def sheet(self, name: str) -> PlainSheet:
        if name not in self._sheets:
            self._sheets[name] = PlainSheet(self.file, self.file.sheet(name, "#000000")._sheet)
        return self._sheets[name]


def contents(sheet: Any) -> dict[str, Any]:
    """All of a sheet that can be seen: cells with their styles and notes, links, sizes, and what is printed below."""
    cells, looks = {}, {}
    for row in sheet.iter_rows():
        for cell in row:
            note = cell.comment and (cell.comment.text, cell.comment.author)
            link = cell.hyperlink and cell.hyperlink.location
            if cell.style_id not in looks:
                parts_of_look = (cell.font, cell.fill, cell.border, cell.alignment, cell.protection)
                looks[cell.style_id] = (cell.number_format, *map(repr, parts_of_look))
            value = float(f"{cell.value:.15g}") if isinstance(cell.value, float) else cell.value
            cells[cell.coordinate] = (cell.data_type, value, note, link, looks[cell.style_id])
    columns = {letter: of.width for letter, of in sheet.column_dimensions.items()}
    heights = {number: of.height for number, of in sheet.row_dimensions.items() if of.height}
    return {"cells": cells, "columns": columns, "heights": heights, "below": sheet.oddFooter.left.text}


def opened(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data))


def changed(data: bytes, change: Callable[[Any], None]) -> bytes:
    book, stream = opened(data), io.BytesIO()
    change(book)
    book.save(stream)
    return stream.getvalue()


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    stream = io.BytesIO(data)
    with ZipFile(stream, "a") as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def left_out(data: bytes) -> str:
    """What the page of marks says that the copy leaves out."""
    texts = [str(cell.value) for row in opened(data)["Feedback"] for cell in row if cell.value]
    return "".join(text for text in texts if text.startswith("Not in this copy"))


def check_marks(book: Any, key: Key, marks: StudentMark) -> None:
    """Each asked cell is coloured and framed by its verdict, and has a note unless it is right."""
    assert book.sheetnames[0] == "Feedback"
    for mark in marks.cells:
        sheet, row, column = spots(key)[mark.question][mark.cell]
        cell = book[sheet].cell(row + 1, column + 1)
        assert cell.fill.fgColor.rgb == f"FF{VERDICT_STYLES[mark.verdict].fill[1:]}"
        assert cell.border.left.style == VERDICT_STYLES[mark.verdict].line
        assert (cell.comment is None) == (mark.verdict is Verdict.RIGHT)
        if cell.comment:
            assert mark.sentence in cell.comment.text
            assert str(mark.verdict) in cell.comment.text


def test_each_answer_has_its_verdicts_look_and_note(marked: MarkedSet) -> None:
    book = opened(marked.copy(marked.answered()))
    check_marks(book, marked.key, marked.marks)
    assert book.active.title == "Feedback"
    assert [sheet.title for sheet in book if sheet.sheet_view.tabSelected] == ["Feedback"]


def test_all_else_is_what_was_handed_in(marked: MarkedSet) -> None:
    """Given numbers, words, captions, the student's own numbers in the tables, and tables that are shown again."""

    def fill(book: Any) -> None:
        book[ATTENTION]["H16"], book[ATTENTION]["G16"] = 7.25, "half"  # room to work in Q

    data = changed(marked.answered(), fill)
    before, after = opened(data), opened(marked.copy(data))
    asked = {spot for row in spots(marked.key) for spot in row}
    for sheet in before:
        for row in sheet.iter_rows():
            for cell in row:
                now = after[sheet.title][cell.coordinate].value
                formula = str(cell.value).startswith("=IF(")
                shown = before[sheet.title][str(cell.value)[4:].partition("=")[0]].value if formula else cell.value
                if (sheet.title, cell.row - 1, cell.column - 1) not in asked:
                    assert ("" if now is None else now) == ("" if shown is None else shown), cell.coordinate
    assert left_out(marked.copy(data)) == ""


def test_answers_are_shown_as_they_were_read(marked: MarkedSet) -> None:
    """Numbers as numbers, formulas as their results, and texts as texts."""
    answers = [1.5, "0,88", "=1/4", "three", True, "=NOW()", "1/2"]
    shown = [1.5, "0,88", 0.25, "three", "TRUE", "=NOW()", "1/2"]
    data = marked.answered(lambda n, c, right: answers[c] if n == 0 and c < len(answers) else right)
    copy = marked.copy(data, marked.marks_of(data))
    sheet = opened(copy)[ATTENTION]
    cells = [sheet.cell(row + 1, column + 1) for _, row, column in spots(marked.key)[0][: len(shown)]]
    assert [cell.value for cell in cells] == shown
    assert [cell.data_type for cell in cells] == ["n", "s", "n", "s", "s", "s", "s"]
    assert "Read as" in cells[1].comment.text
    assert "<f>" not in "".join(parts(copy).values())


def test_a_formula_is_a_text_where_it_was_typed_as_one(marked: MarkedSet) -> None:
    """No text becomes a formula, nor steers what shows it."""
    hostile = '=HYPERLINK("http://x","y")<script>&\x1b]0;x'

    def write(book: Any) -> None:
        book[ATTENTION]["C58"] = "stand-in"

    data = changed(marked.answered(), write)
    stream = io.BytesIO()
    with ZipFile(io.BytesIO(data)) as source, ZipFile(stream, "w") as target:
        for name in source.namelist():
            text = source.read(name)
            escaped = hostile.replace("&", "&amp;").replace("<", "&lt;").replace("\x1b", "_x001B_")
            target.writestr(name, text.replace(b"stand-in", escaped.encode()))
    cell = opened(marked.copy(stream.getvalue()))[ATTENTION]["C58"]
    assert cell.data_type == "s"
    assert cell.value.startswith("=HYPERLINK(")


def test_a_text_that_looks_like_one_with_styles_stays_a_text(marked: MarkedSet) -> None:
    rich = "<r><t>5</t></b></r>"  # XlsxWriter would write this as XML
    data = changed(marked.answered(), lambda book: book[ATTENTION].__setitem__("C58", rich))
    assert opened(marked.copy(data))[ATTENTION]["C58"].value == rich


def test_what_stands_beside_the_tables_is_carried_over_as_values(marked: MarkedSet) -> None:
    def help_oneself(book: Any) -> None:
        sheet = book[ATTENTION]
        sheet["C58"], sheet["D58"], sheet["E58"] = 3.25, "my sum", "=C58*2"
        sheet["F58"], sheet["G58"], sheet["H58"] = True, date(2026, 1, 31), "x" * 3000

    copy = marked.copy(changed(marked.answered(), help_oneself))
    sheet = opened(copy)[ATTENTION]
    assert (sheet["C58"].value, sheet["D58"].value, sheet["E58"].value) == (3.25, "my sum", None)  # it stores no result
    assert (sheet["F58"].value, sheet["G58"].value, sheet["H58"].value) == ("TRUE", "2026-01-31", "x" * 2000)
    assert left_out(copy) == "Not in this copy of your workbook: formulas (their results stand in their place)."


def test_a_book_in_which_rows_have_moved(marked: MarkedSet) -> None:
    """The copy has the paper's own places, so what stood beside the tables has none, and it says so."""

    def move(book: Any) -> None:
        sheet = book[ATTENTION]
        sheet.insert_rows(20, 3)
        sheet["C60"] = "mine"
        for name in book.defined_names.values():
            if ATTENTION in name.value:
                name.value = re.sub(r"\$(\d+)", lambda n: f"${int(n[1]) + 3 * (int(n[1]) >= 20)}", name.value)

    data = changed(marked.answered(), move)
    copy = marked.copy(data, marked.marks_of(data))
    sheet = opened(copy)[ATTENTION]
    for row, typed_in in zip(spots(marked.key), marked.read(data).answers, strict=True):
        assert [sheet.cell(r + 1, c + 1).value for _, r, c in row] == [what.value for what in typed_in]
    assert "1 cell beside the tables" in left_out(copy)


def test_a_book_as_it_was_handed_out(marked: MarkedSet) -> None:
    """All blank, as XlsxWriter has written it."""
    marks = marked.marks_of(marked.empty_book, Verdict.BLANK)
    book = opened(marked.copy(marked.empty_book, marks))
    check_marks(book, marked.key, marks)
    sheet, row, column = spots(marked.key)[0][0]
    assert book[sheet].cell(row + 1, column + 1).value is None


def test_the_page_of_marks_says_what_was_got_and_why(marked: MarkedSet) -> None:
    sheet = opened(marked.copy(marked.answered()))["Feedback"]
    texts = {cell.value: cell for row in sheet.iter_rows() for cell in row if cell.value}
    assert "One attention head" in texts
    assert "Student 1 (s001)" in texts
    for mark in marked.marks.cells:
        if mark.verdict is not Verdict.RIGHT:
            assert mark.sentence in texts
            assert f"{VERDICT_STYLES[mark.verdict].sign} {mark.verdict}" in texts
    shown = [cell for text, cell in texts.items() if "<b>three</b>" in str(text)]
    assert shown
    assert all(cell.data_type == "s" for cell in texts.values())
    links = [cell.hyperlink.location for cell in texts.values() if cell.hyperlink]
    assert all(re.fullmatch(r"'?Attention'?![A-Z]+\d+", link) for link in links)
    assert len(links) >= 3


def test_warnings_are_not_told_but_that_the_points_are_not_final(marked: MarkedSet) -> None:
    marks = replace(marked.marks, warnings=("The answers are those of s002.",))
    text = "".join(parts(marked.copy(marked.answered(), marks)).values())
    assert "not final" in text
    assert "s002" not in text


NAMES = ("Ada & <Bob> _x0041_", "=Ada", "  Ada\nB  ")


def check_as_written_plainly(made: MarkedSet, data: bytes, marks: StudentMark) -> None:
    """What is written once for a set, and filled in, is what is written anew for each student."""
    own = made.read(data).own
    plain = PlainCopy(made.books)
    made.books.write(plain, own, marks)  # type: ignore[arg-type]  # it has the methods of a Copy
    copy, expected = made.books.book(own, marks), plain.file.data()
    book = opened(copy)
    for sheet in opened(expected):
        assert contents(book[sheet.title]) == contents(sheet)
    boxes, expected_boxes = (
        {name: text for name, text in parts(book).items() if name.endswith(".vml")} for book in (copy, expected)
    )
    assert boxes == expected_boxes


def test_a_copy_that_is_filled_in_is_one_that_is_written(marked: MarkedSet) -> None:
    def help_oneself(book: Any) -> None:
        sheet = book[ATTENTION]
        sheet["C58"], sheet["D58"], sheet["AB2"], sheet["H16"] = 3.25, "my & <sum>", " x ", "half"

    data = changed(marked.answered(), help_oneself)
    for name in NAMES:
        check_as_written_plainly(marked, data, replace(marked.marks, name=name, notes=("Well & done",)))
    check_as_written_plainly(marked, data, marked.marks_of(data, Verdict.RIGHT))  # which has no notes
    check_as_written_plainly(marked, marked.empty_book, marked.marks_of(marked.empty_book, Verdict.BLANK))


def test_the_same_marks_give_the_same_bytes(marked: MarkedSet) -> None:
    data = marked.answered()
    assert marked.copy(data) == marked.copy(data)


EXTRAS = {
    "pictures": "xl/media/image1.png",
    "charts": "xl/charts/chart1.xml",
    "notes on cells": "xl/comments1.xml",
    "shapes": "xl/drawings/drawing1.xml",
    "macros": "xl/vbaProject.bin",
    "controls or embedded files": "xl/activeX/activeX1.xml",
    "links to other files": "xl/externalLinks/externalLink1.xml",
    "links to places outside the workbook": "xl/worksheets/_rels/sheet9.xml.rels",
}


@pytest.mark.slow
@pytest.mark.parametrize("what", EXTRAS)
def test_nothing_but_values_is_handed_on_and_what_is_not_is_named(what: str, marked: MarkedSet) -> None:
    hostile = b'<a TargetMode="External" Target="http://evil.example"/>'
    copy = marked.copy(with_part(marked.answered(), EXTRAS[what], hostile))
    assert left_out(copy) == f"Not in this copy of your workbook: {what}."
    assert "evil.example" not in "".join(parts(copy).values())
    ours = set(parts(marked.copy(marked.answered())))
    assert set(parts(copy)) == ours


@pytest.mark.parametrize("formula", ["cmd|'/c calc'!A0", 'WEBSERVICE("http://evil.example")', "[1]Sheet!A1", "1+1"])
def test_no_formula_is_handed_on(formula: str, marked: MarkedSet) -> None:
    data = changed(marked.answered(), lambda book: book[ATTENTION].__setitem__("C58", f"={formula}"))
    assert not re.search("<f>|evil|cmd", "".join(parts(marked.copy(data)).values()))


def test_own_sheets_are_named(marked: MarkedSet) -> None:
    def add(book: Any) -> None:
        for n in range(7):
            book.create_sheet(f"Mine {n}")["A1"] = 4

    assert left_out(marked.copy(changed(marked.answered(), add))) == (
        "Not in this copy of your workbook: "
        "your own sheets “Mine 0”, “Mine 1”, “Mine 2”, “Mine 3”, “Mine 4” and 2 more."
    )


def test_a_student_who_fills_the_sheet_does_not_fill_the_copy(marked: MarkedSet) -> None:
    def fill(book: Any) -> None:
        for row in range(100, 350):
            for column in range(1, 11):
                book[ATTENTION].cell(row, column).value = row

    copy = marked.copy(changed(marked.answered(), fill))
    assert left_out(copy) == "Not in this copy of your workbook: 500 cells beside the tables."
    assert sum(cell.value is not None for row in opened(copy)[ATTENTION].iter_rows(100) for cell in row) == 2000


def test_a_marked_copy_can_be_handed_in_again(marked: MarkedSet) -> None:
    data = marked.answered()
    again = marked.read(marked.copy(data, marked.marks_of(data)))
    assert again.stated == "s001"
    assert [[a.value for a in row] for row in again.answers] == [
        [a.value for a in row] for row in marked.read(data).answers
    ]


def test_a_set_of_which_this_byhand_makes_another_book_has_the_page_of_marks_alone(marked: MarkedSet) -> None:
    old = HandedOut(marked.key, marked.handed_out.asked)
    book = opened(FeedbackBooks(old).book(marked.read(marked.answered()).own, marked.marks))
    assert book.sheetnames == ["Feedback"]
    texts = [str(cell.value) for row in book["Feedback"] for cell in row if cell.value]
    assert any(text.startswith("Your answers are not shown again") for text in texts)
    assert "Work this cell again." in texts


def test_the_copy_of_a_book_for_practice_has_no_answers_in_it(tmp_path: Path) -> None:
    practice = MarkedSet(tmp_path, practice=True)
    assert "check" in opened(practice.empty_book).sheetnames
    data = practice.answered()
    copy = practice.copy(data, practice.marks_of(data))
    assert "check" not in opened(copy).sheetnames
    assert "conditionalFormatting" not in "".join(parts(copy).values())
    assert left_out(copy) == ""


RECIPES = sorted(ready_made())


@pytest.mark.parametrize(
    "recipe", [pytest.param(r, marks=[] if r == "who-looks-at-whom" else pytest.mark.slow) for r in RECIPES]
)
def test_every_exercise_has_a_marked_copy(recipe: str, tmp_path: Path) -> None:
    """Also those that are answered on two sheets."""
    made = MarkedSet(tmp_path, recipe)
    marks = some_marks(made.key, "s001", 5, [verdict for verdict in Verdict if verdict is not Verdict.RIGHT])
    copy = made.copy(made.empty_book, marks)
    check_marks(opened(copy), made.key, marks)
    sheets = {spot[0] for row in spots(made.key) for spot in row}
    assert len([name for name in parts(copy) if name.startswith("xl/comments")]) == len(sheets)
    check_as_written_plainly(made, made.empty_book, marks)
    before, after = opened(made.empty_book), opened(copy)
    assert after.sheetnames == ["Feedback", *before.sheetnames]
    for sheet in before:
        texts = {c.coordinate: c.value for row in sheet.iter_rows() for c in row if c.data_type == "s"}
        assert {cell_address: after[sheet.title][cell_address].value for cell_address in texts} == texts


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Workbook contains no default style")  # Gnumeric's files have none
@pytest.mark.parametrize("program", ["libreoffice", "gnumeric"])
def test_programs_read_the_marked_copy_and_their_books_can_be_marked(
    program: str, marked: MarkedSet, tmp_path: Path, needs: Callable[[str], None]
) -> None:
    needs(program)
    (tmp_path / "answered.xlsx").write_bytes(marked.answered())
    by_program = saved_by(program, tmp_path / "answered.xlsx", tmp_path).read_bytes()
    (tmp_path / "marked.xlsx").write_bytes(marked.copy(by_program))
    check_marks(opened(saved_by(program, tmp_path / "marked.xlsx", tmp_path).read_bytes()), marked.key, marked.marks)


@pytest.mark.slow
def test_a_number_without_end_is_shown_as_a_text(marked: MarkedSet) -> None:
    data = changed(marked.answered(), lambda book: book[ATTENTION].__setitem__("C58", 12345678))
    stream = io.BytesIO()
    with ZipFile(io.BytesIO(data)) as source, ZipFile(stream, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b"12345678", b"1e999"))
    assert opened(marked.copy(stream.getvalue()))[ATTENTION]["C58"].value == "inf"
    mark = CellMark(0, 0, TypedAnswer("1e999", float("inf"), ""), Verdict.WRONG, 0, 1, "No.")
    assert opened(marked.copy(data, replace(marked.marks, cells=(mark,))))
