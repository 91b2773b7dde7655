"""Books that were forged by a student who knows byhand's code: each name says what was done.

A forger has their own book, a neighbour's book with right answers, a practice book with its key, and last year's book.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
from openpyxl.styles import Font
from openpyxl.workbook.defined_name import DefinedName

from byhand.exercises.keys import Key
from support.submissions import ClassSet, class_set, right
from support.workbooks import parts_of, zipped

SHEET, FRONT, ID, NAME = "Attention", "Exercise", "C5", "C4"
ME, NEIGHBOUR, OTHER = "s01", "s02", "s03"
FAR_CELL = "AZ90"


Answers = dict[tuple[str, str], float]
"""Cells, each a sheet and an address, and the numbers in them."""


@dataclass(frozen=True)
class Desk:
    """What the forger has. exam: the set whose key marks the book."""

    exam: ClassSet
    practice: ClassSet
    last_year: ClassSet

    @cached_property
    def key(self) -> Key:
        return self.exam.key

    def book(self, student: str = ME, answers: Answers | None = None, of: ClassSet | None = None) -> Any:
        """A student's book with these answers in it; none, if they are not given."""
        book = openpyxl.load_workbook((of or self.exam).book(student))
        for (sheet, cell), value in (answers or {}).items():
            book[sheet][cell] = value
        return book

    def right(self, student: str = ME, of: ClassSet | None = None) -> dict[tuple[str, str], float]:
        return right((of or self.exam).key, student)

    def givens(self, student: str) -> dict[tuple[str, str], float]:
        """The given cells and a student's numbers in them."""
        tables = self.key.students[student].drawn
        return {
            (cell[0], f"{openpyxl.utils.get_column_letter(cell[2] + 1)}{cell[1] + 1}"): tables[g.table][g.row][g.column]
            for cell, g in self.exam.handed_out.givens.items()
        }


def desk() -> Desk:
    return Desk(class_set(count=12), class_set(practice=True), class_set(seed=4))


Forgery = Callable[[Desk, Path], object]
FORGERIES: dict[str, Forgery] = {}


def forgery(function: Forgery) -> Forgery:
    FORGERIES[function.__name__.replace("_", " ")] = function
    return function


def fill(book: Any, cells: dict[tuple[str, str], Any]) -> Any:
    for (sheet, cell), value in cells.items():
        book[sheet][cell] = value
    return book


def parts_changed(path: Path, changes: dict[str, Callable[[str], str]]) -> None:
    """Edit parts of a file as text."""
    parts: dict[str, bytes | str] = dict(parts_of(path))
    for name, change in changes.items():
        before = bytes(parts[name]).decode()
        parts[name] = change(before)
        assert parts[name] != before, name
    zipped(path, parts)


def name_moved(book: Any, name: str, to: str) -> None:
    book.defined_names[name] = DefinedName(name, attr_text=to)


def table_name(d: Desk, n: int) -> str:
    """The defined name of the n-th question's table."""
    cell = d.exam.handed_out.asked[n][0]
    return next(name for name, region in d.exam.handed_out.names.items() if cell in region.cells())


# Another's work under one's own name


@forgery
def neighbours_book_under_own_file_name(d: Desk, path: Path) -> None:
    d.book(NEIGHBOUR, d.right(NEIGHBOUR)).save(path)


@forgery
def neighbours_book_with_own_id_typed(d: Desk, path: Path) -> None:
    fill(d.book(NEIGHBOUR, d.right(NEIGHBOUR)), {(FRONT, ID): ME}).save(path)


@forgery
def neighbours_book_with_own_id_and_name(d: Desk, path: Path) -> None:
    fill(d.book(NEIGHBOUR, d.right(NEIGHBOUR)), {(FRONT, ID): ME, (FRONT, NAME): "Ada Lovelace"}).save(path)


@forgery
def neighbours_book_with_own_numbers_typed_in(d: Desk, path: Path) -> None:
    fill(d.book(NEIGHBOUR, d.right(NEIGHBOUR)), {(FRONT, ID): ME, **d.givens(ME)}).save(path)


@forgery
def neighbours_answers_in_own_book(d: Desk, path: Path) -> None:
    d.book(ME, d.right(NEIGHBOUR)).save(path)


@forgery
def neighbours_numbers_and_answers_in_own_book(d: Desk, path: Path) -> None:
    fill(d.book(ME, d.right(NEIGHBOUR)), d.givens(NEIGHBOUR)).save(path)


@forgery
def half_of_the_answers_from_a_neighbour(d: Desk, path: Path) -> None:
    mine, theirs = d.right(ME), d.right(NEIGHBOUR)
    answers = {cell: theirs[cell] for n, cell in enumerate(mine) if n >= 9}
    d.book(ME, answers).save(path)


@forgery
def each_answer_from_another_neighbour(d: Desk, path: Path) -> None:
    ids = [id for id in d.key.students if id != ME]
    answers = {cell: d.right(ids[n % len(ids)])[cell] for n, cell in enumerate(d.right(ME))}
    d.book(ME, answers).save(path)


@forgery
def two_ids_in_one_cell(d: Desk, path: Path) -> None:
    fill(d.book(NEIGHBOUR, d.right(NEIGHBOUR)), {(FRONT, ID): f"{ME} {NEIGHBOUR}"}).save(path)


@forgery
def two_ids_in_two_cells(d: Desk, path: Path) -> None:
    fill(d.book(NEIGHBOUR, d.right(NEIGHBOUR)), {(FRONT, "D5"): ME}).save(path)


@forgery
def an_id_of_letters_that_look_alike(d: Desk, path: Path) -> None:
    """Cyrillic letters, and a space without width."""
    fill(d.book(NEIGHBOUR, d.right(NEIGHBOUR)), {(FRONT, ID): "\u0455\u200b01"}).save(path)


@forgery
def no_id_at_all(d: Desk, path: Path) -> None:
    fill(d.book(NEIGHBOUR, d.right(NEIGHBOUR)), {(FRONT, ID): None}).save(path)


@forgery
def the_id_worked_out_by_a_formula(d: Desk, path: Path) -> None:
    fill(d.book(NEIGHBOUR, d.right(NEIGHBOUR)), {(FRONT, ID): '="s"&"01"'}).save(path)


@forgery
def the_files_own_mark_copied_from_a_neighbour(d: Desk, path: Path) -> None:
    d.book(ME, d.right(NEIGHBOUR)).save(path)
    properties = parts_of(d.exam.book(NEIGHBOUR))["docProps/core.xml"]
    zipped(path, {**parts_of(path), "docProps/core.xml": properties})


@forgery
def own_mark_in_a_neighbours_book(d: Desk, path: Path) -> None:
    d.book(NEIGHBOUR, d.right(NEIGHBOUR)).save(path)
    properties = parts_of(d.exam.book(ME))["docProps/core.xml"]
    zipped(path, {**parts_of(path), "docProps/core.xml": properties})


# A book of another set


@forgery
def a_practice_book_with_right_answers(d: Desk, path: Path) -> None:
    d.book(ME, d.right(ME, d.practice), d.practice).save(path)


@forgery
def a_practice_book_with_the_exams_numbers_typed_in(d: Desk, path: Path) -> None:
    fill(d.book(ME, d.right(ME, d.practice), d.practice), d.givens(ME)).save(path)


@forgery
def answers_of_ones_practice_in_the_exam(d: Desk, path: Path) -> None:
    d.book(ME, d.right(ME, d.practice)).save(path)


@forgery
def last_years_book(d: Desk, path: Path) -> None:
    d.book(ME, d.right(ME, d.last_year), d.last_year).save(path)


# An easier exercise


@forgery
def given_numbers_all_nought_and_answers_too(d: Desk, path: Path) -> None:
    fill(d.book(ME, dict.fromkeys(d.right(), 0)), dict.fromkeys(d.givens(ME), 0)).save(path)


@forgery
def one_given_number_changed_and_answers_as_they_follow(d: Desk, path: Path) -> None:
    book = d.book(ME, d.right())
    cell, value = next(iter(d.givens(ME).items()))
    fill(book, {cell: value + 1}).save(path)


@forgery
def a_given_number_as_a_formula_whose_stored_result_lies(d: Desk, path: Path) -> None:
    """A program that recalculates shows 9, and formulas follow it; the file says what was handed out."""
    cell, value = next(iter(d.givens(ME).items()))
    fill(d.book(ME, d.right()), {cell: "=0+9"}).save(path)
    lie = f"<f>0+9</f><v>{value:g}</v>"
    parts_changed(path, {sheet_part(path, SHEET): lambda xml: re.sub(r"<f>0\+9</f><v\s*(/>|></v>)", lie, xml)})


@forgery
def a_question_that_asks_for_less(d: Desk, path: Path) -> None:
    fill(d.book(ME, dict.fromkeys(d.right(), 1)), {(FRONT, "C10"): "Write 1 in each cell."}).save(path)


@forgery
def more_points_printed(d: Desk, path: Path) -> None:
    fill(d.book(ME, d.right(NEIGHBOUR)), {(FRONT, "E10"): "100"}).save(path)


# Names and sheets that lead marking elsewhere


@forgery
def names_of_two_tables_swapped(d: Desk, path: Path) -> None:
    book, (one, other) = d.book(ME, d.right(NEIGHBOUR)), (table_name(d, 0), table_name(d, 1))
    first, second = book.defined_names[one].attr_text, book.defined_names[other].attr_text
    name_moved(book, one, second)
    name_moved(book, other, first)
    book.save(path)


@forgery
def a_tables_name_moved_to_the_given_numbers(d: Desk, path: Path) -> None:
    book = d.book(ME)
    for n in range(3):
        name_moved(book, table_name(d, n), book.defined_names["X"].attr_text)
    book.save(path)


@forgery
def the_name_of_the_id_moved_to_another_cell(d: Desk, path: Path) -> None:
    book = fill(d.book(NEIGHBOUR, d.right(NEIGHBOUR)), {(FRONT, "H40"): ME})
    name_moved(book, "student.id", f"{FRONT}!$H$40")
    book.save(path)


@forgery
def all_names_taken_out(d: Desk, path: Path) -> None:
    book = d.book(NEIGHBOUR, d.right(NEIGHBOUR))
    for name in list(book.defined_names):
        del book.defined_names[name]
    book.save(path)


@forgery
def the_names_of_two_sheets_swapped(d: Desk, path: Path) -> None:
    book = d.book(NEIGHBOUR, d.right(NEIGHBOUR))
    first, second = book[FRONT], book[SHEET]
    first.title, second.title = "between", FRONT
    first.title = SHEET
    book.save(path)


@forgery
def a_neighbours_sheet_in_the_place_of_ones_own(d: Desk, path: Path) -> None:
    d.book(ME).save(path)
    d.book(NEIGHBOUR, d.right(NEIGHBOUR)).save(path.with_name("theirs.xlsx"))
    theirs = path.with_name("theirs.xlsx")
    zipped(path, {**parts_of(path), sheet_part(path, SHEET): parts_of(theirs)[sheet_part(theirs, SHEET)]})
    theirs.unlink()


@forgery
def formulas_that_read_a_neighbours_sheet(d: Desk, path: Path) -> None:
    book = d.book(ME)
    sheet = book.create_sheet("Notes")
    for (where, cell), value in d.right(NEIGHBOUR).items():
        sheet[cell] = value
        book[where][cell] = f"=Notes!{cell}"
    book.save(path)


# Results that are not the formulas'


def stored(path: Path, values: dict[str, float]) -> None:
    """Give the formulas of the sheet these results, as if a program had stored them."""

    def change(xml: str) -> str:
        for cell, value in values.items():
            xml = re.sub(rf'(<c r="{cell}"[^>]*><f>[^<]*</f>)<v\s*(?:/>|></v>)', rf"\g<1><v>{value!r}</v>", xml)
        return xml

    parts_changed(path, {sheet_part(path, SHEET): change})


@forgery
def formulas_whose_stored_results_lie(d: Desk, path: Path) -> None:
    """The right numbers come from a neighbour who worked them out: the file shows them, the formulas are 1 + 1."""
    fill(d.book(ME), dict.fromkeys(d.right(), "=1+1")).save(path)
    stored(path, {cell: value for (_, cell), value in d.right().items()})


@forgery
def formulas_that_read_another_file(d: Desk, path: Path) -> None:
    fill(d.book(ME), {(sheet, cell): f"='[key.xlsx]Sheet1'!{cell}" for sheet, cell in d.right()}).save(path)
    stored(path, {cell: value for (_, cell), value in d.right().items()})


@forgery
def formulas_that_reach_for_the_key(d: Desk, path: Path) -> None:
    fill(d.book(ME), dict.fromkeys(d.right(), '=WEBSERVICE("file:///quiz/keys/key.json")')).save(path)
    stored(path, {cell: value for (_, cell), value in d.right().items()})


@forgery
def formulas_by_a_name_that_is_text(d: Desk, path: Path) -> None:
    fill(d.book(ME), {(s, c): f'=INDIRECT("Notes!{c}")' for s, c in d.right()}).save(path)
    stored(path, {cell: value for (_, cell), value in d.right().items()})


@forgery
def formulas_that_read_themselves(d: Desk, path: Path) -> None:
    fill(d.book(ME), {(sheet, cell): f"={cell}" for sheet, cell in d.right()}).save(path)
    stored(path, {cell: value for (_, cell), value in d.right().items()})


# Work that is not shown: the answers are right, and stand in cells that nobody sees


def over_hidden_cells(d: Desk, sheet: str, row: int, hide: Callable[[Any, Any], None]) -> Any:
    """A book whose answers are formulas over cells of a sheet, from a row on, each of which `hide` hides."""
    book = d.book(ME)
    if sheet not in book.sheetnames:
        book.create_sheet(sheet)
    for n, ((where, cell), value) in enumerate(d.right().items()):
        place = f"Z{row + n}"
        book[sheet][place] = value
        hide(book[sheet], book[sheet][place])
        book[where][cell] = f"='{sheet}'!{place}"
    return book


@forgery
def helper_cells_on_a_hidden_sheet(d: Desk, path: Path) -> None:
    over_hidden_cells(d, "Helper", 1, lambda s, c: setattr(s, "sheet_state", "hidden")).save(path)


@forgery
def helper_cells_on_a_very_hidden_sheet(d: Desk, path: Path) -> None:
    over_hidden_cells(d, "Helper", 1, lambda s, c: setattr(s, "sheet_state", "veryHidden")).save(path)


@forgery
def helper_cells_in_hidden_rows(d: Desk, path: Path) -> None:
    over_hidden_cells(d, SHEET, 60, lambda s, c: setattr(s.row_dimensions[c.row], "hidden", True)).save(path)


@forgery
def helper_cells_in_a_hidden_column(d: Desk, path: Path) -> None:
    over_hidden_cells(d, SHEET, 60, lambda s, c: setattr(s.column_dimensions["Z"], "hidden", True)).save(path)


@forgery
def helper_cells_in_rows_of_no_height(d: Desk, path: Path) -> None:
    over_hidden_cells(d, SHEET, 60, lambda s, c: setattr(s.row_dimensions[c.row], "height", 0.1)).save(path)


@forgery
def helper_cells_in_white(d: Desk, path: Path) -> None:
    over_hidden_cells(d, SHEET, 60, lambda s, c: setattr(c, "font", Font(color="FFFFFFFF"))).save(path)


@forgery
def helper_cells_in_tiny_letters(d: Desk, path: Path) -> None:
    over_hidden_cells(d, SHEET, 60, lambda s, c: setattr(c, "font", Font(size=1))).save(path)


@forgery
def helper_cells_with_an_empty_number_format(d: Desk, path: Path) -> None:
    over_hidden_cells(d, SHEET, 60, lambda s, c: setattr(c, "number_format", ";;;")).save(path)


@forgery
def helper_cells_far_away(d: Desk, path: Path) -> None:
    over_hidden_cells(d, SHEET, 5000, lambda s, c: None).save(path)


@forgery
def a_whole_solver_on_a_hidden_sheet(d: Desk, path: Path) -> None:
    """The scores as formulas of the given numbers, where nobody looks; the answers read them."""
    book = d.book(ME)
    helper = book.create_sheet("Solver")
    helper.sheet_state = "hidden"
    for n, (where, cell) in enumerate(d.right()):
        helper[f"A{n + 1}"] = f"='{SHEET}'!C14*{n}"
        book[where][cell] = f"=Solver!A{n + 1}"
    book.save(path)


# What a file may hold besides


@forgery
def an_answer_that_says_two_things(d: Desk, path: Path) -> None:
    mine, theirs = d.right(ME), d.right(NEIGHBOUR)
    d.book(ME, {cell: f"{theirs[cell]:g} or {mine[cell]:g}" for cell in mine}).save(path)


@forgery
def answers_that_are_no_numbers(d: Desk, path: Path) -> None:
    kinds = [True, "NaN", "inf", "-1e999", "#N/A", "0..100", "±1", "any"]
    d.book(ME, {cell: kinds[n % len(kinds)] for n, cell in enumerate(d.right())}).save(path)


@forgery
def each_cell_twice_in_the_file(d: Desk, path: Path) -> None:
    """The first is shown by some programs, the last by others: the right one, from a neighbour, stands last."""
    d.book(ME, d.right(NEIGHBOUR)).save(path)

    def twice(xml: str) -> str:
        for (_, cell), value in d.right(OTHER).items():
            xml = re.sub(rf'(<c r="{cell}"[^>]*>.*?</c>)', rf'\1<c r="{cell}"><v>{value!r}</v></c>', xml)
        return xml

    parts_changed(path, {sheet_part(path, SHEET): twice})


@forgery
def one_part_twice_in_the_zip(d: Desk, path: Path) -> None:
    d.book(ME).save(path)
    d.book(NEIGHBOUR, d.right(NEIGHBOUR)).save(path.with_name("theirs.xlsx"))
    theirs = path.with_name("theirs.xlsx")
    data = parts_of(theirs)[sheet_part(theirs, SHEET)]
    theirs.unlink()
    with ZipFile(path, "a", ZIP_DEFLATED) as archive:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            archive.writestr(sheet_part(path, SHEET), data)


@forgery
def macros_that_fill_in_the_answers(d: Desk, path: Path) -> None:
    d.book(ME, d.right()).save(path)
    zipped(path, {**parts_of(path), "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"})


def sheet_part(path: Path, sheet: str) -> str:
    """The part of a sheet in a file that openpyxl saved, which numbers them in order."""
    return f"xl/worksheets/sheet{openpyxl.load_workbook(path, read_only=True).sheetnames.index(sheet) + 1}.xml"
