"""What stands in the answer cells of a book that is handed in, however it was put there."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.formula import ArrayFormula
from support.submissions import HEAD, as_float, class_set, engine, filled, handed_in, right, values
from support.workbooks import altered

from byhand.errors import ByhandError
from byhand.grading.student_formulas import Recomputer
from byhand.grading.submission import read_submission, read_typed
from byhand.grading.verdicts import TypedAnswer, finding_without_number
from byhand.processes import Limits
from byhand.translations import in_language
from byhand.xlsx.cells import Cell

SHEET = "Attention"
ONE = (SHEET, "H30")
"""The first asked cell."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "book.xlsx"


def first(path: Path, value: Any) -> TypedAnswer:
    return handed_in(filled(path, changes={ONE: value})).answers[0][0]


def expected(student: str = "s01") -> list[float]:
    return list(right(class_set().key, student).values())


def test_numbers_are_read_as_they_are(path: Path) -> None:
    read = handed_in(filled(path))
    assert values(read) == expected()
    assert (read.stated, read.file, read.warnings) == ("s01", "book.xlsx", ())
    assert [len(row) for row in read.answers] == [9, 9, 12]


def test_an_empty_book_has_blank_answers() -> None:
    read = handed_in(class_set().book("s02"))
    assert all(typed.blank for row in read.answers for typed in row)
    assert set(read.scratch) == {"X", "W_Q", "W_K", "W_V"}


@pytest.mark.parametrize("student", ["s01", "s02"])
def test_the_room_to_work_is_read_too(path: Path, student: str) -> None:
    read = handed_in(filled(path, student, {(SHEET, "P30"): 8.5}))
    drawn = class_set().key.students[student].drawn
    assert {name: read.scratch[name].tolist() for name in drawn} == drawn
    assert read.scratch["scaled"][0, 0] == 8.5


@pytest.mark.parametrize(
    ("value", "number", "read_as"),
    [
        (0.5, 0.5, "0.5"),
        ("0,5", 0.5, "0,5"),
        (" 0.88 ", 0.88, "0.88"),
        ("abc", None, "no number"),
        (True, None, "TRUE is a truth value, not a number"),
        (-0.0, 0.0, "0"),
        (1e22, 1e22, "1e+22"),
        ("#N/A", None, "the cell shows the error #N/A"),
        ("x" * 2001, None, "a text of more than 2000 characters"),
    ],
)
def test_what_is_typed(path: Path, value: Any, number: float | None, read_as: str) -> None:
    typed = first(path, value)
    assert (typed.value, typed.read_as) == (number, read_as)
    assert not typed.blank
    assert len(typed.text) <= 100


@pytest.mark.parametrize(
    ("beside", "value", "number"),
    [("0,05", "-1,728", -1.728), ("2,5", " 12,340 ", 12.34), ("0,125", "1,000", 1.0), ("0.05", "1,728", 1728.0)],
)
def test_a_comma_that_may_be_of_thousands_is_read_like_the_others(
    path: Path, beside: str, value: str, number: float
) -> None:
    filled(path, changes={ONE: value, (SHEET, "I30"): beside})
    read = read_submission(path, class_set().handed_out, read_typed, engine())
    assert (read.answers[0][0].value, read.answers[0][0].text) == (number, value.strip())


@pytest.mark.parametrize(
    ("value", "shown"),
    [(date(2026, 1, 2), "2026-01-02"), (datetime(2026, 2, 1, 12), "2026-02-01"), (time(12, 30), "a time")],
)
def test_a_date_is_no_number(path: Path, value: Any, shown: str) -> None:
    """1/2 becomes the second of January, or the first of February."""
    assert first(path, value) == TypedAnswer(
        shown,
        None,
        "the spreadsheet has made a date or a time of what was typed: type =1/2 or 0.5 for a half",
    )


def test_a_date_by_the_calendar_of_1904(path: Path) -> None:
    filled(path, changes={ONE: date(2026, 1, 2)})
    altered(path, lambda xml: xml.replace("<workbookPr", '<workbookPr date1904="1"'), "xl/workbook.xml")
    assert handed_in(path).answers[0][0].text == "2030-01-03"


@pytest.mark.parametrize(
    ("code", "is_date"),
    [("d-mmm", True), ("[h]:mm", True), ("yyyy", True), ('0.00" days"', False), ("[Red]0.0", False), ("0%", False)],
)
def test_number_formats_that_show_dates(path: Path, code: str, is_date: bool) -> None:
    def dress(book: Any) -> None:
        book[SHEET]["H30"].number_format = code

    typed = handed_in(filled(path, changes={ONE: 0.25}, change=dress)).answers[0][0]
    assert (typed.value is None) == is_date


FORMULAS = {
    "=1+1": 2.0,
    "=-2^2": 4.0,
    "=50%": 0.5,
    "=EXP(2)/(1+EXP(2))": 0.8807970779778823,
    "=_xlfn.VAR.P(1,3)": 1.0,
    "=SUM({1,2;3,4})": 10.0,
    '=IFERROR(__xludf.DUMMYFUNCTION("SORT(B2:B9)"),0.484)': 0.484,
    '=IFERROR(@__xludf.DUMMYFUNCTION("""COMPUTED_VALUE"""),-2)': -2.0,
    '=IFERROR(__xludf.DUMMYFUNCTION("ARRAYFORMULA(""x""&1)"),1/3)': 1 / 3,
    "=_xlfn.SINGLE(3)*2": 6.0,
    "=_xlfn.LET(_xlpm.x,2,_xlpm.y,_xlpm.x+1,_xlpm.x*_xlpm.y)": 6.0,
    "=_xlfn.IFS(FALSE,1,TRUE,2)": 2.0,
    "=ATAN2(1,1)": math.pi / 4,
    "=_xlfn.CEILING.MATH(2.1)": 3.0,
    "={7,2;3,4}": 7.0,
    "=MDETERM({1,2;3,4})": -2.0,
}
NEARLY = {
    "=_xlfn.NORM.S.DIST(1,TRUE)": 0.8413447460685429,
    "=NORMSDIST(1)": 0.8413447460685429,
    "=_xlfn.ERF.PRECISE(1)": math.erf(1),
}
"""Formulas of which spreadsheet programs give some ten digits."""
TEXTS = {
    '=TEXT(0.484,"0.00")': 0.48,
    "=FIXED(2/3,3)": 0.667,
    '=SUBSTITUTE("0,5",",",".")': 0.5,
    '=_xlfn.CONCAT("0.",25)': 0.25,
    '=IFERROR(__xludf.DUMMYFUNCTION("TO_TEXT(A1)"),"0.25")': 0.25,
}
"""Formulas that give a text, which is read as if it had been typed."""


@pytest.mark.slow
@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_without_a_stored_result(path: Path, formula: str) -> None:
    typed = first(path, formula)
    assert typed.value == pytest.approx(FORMULAS[formula])
    assert typed.text == formula
    assert typed.read_as == f"{formula} gives {FORMULAS[formula]:.15g}"


@pytest.mark.parametrize("formula", [*TEXTS, *NEARLY])
def test_a_formula_that_gives_a_text_with_a_number_or_some_digits_of_it(path: Path, formula: str) -> None:
    assert first(path, formula).value == pytest.approx((TEXTS | NEARLY)[formula], rel=1e-9)


def test_functions_that_programs_write_read_other_cells(path: Path) -> None:
    """SINGLE takes the cell of its own row from a column; LET gives names to what stands elsewhere."""
    changes = {ONE: 3, (SHEET, "H31"): 4, (SHEET, "I31"): "=_xlfn.SINGLE(H30:H32)*2"}
    changes |= {(SHEET, "J31"): "=_xlfn.LET(_xlpm.x,H30,_xlpm.x+H31)"}
    read = handed_in(filled(path, changes=changes))
    assert [typed.value for typed in read.answers[0][3:6]] == [4, 8, 7]
    assert read.warnings == ()


def test_an_array_of_numbers_fills_its_table(path: Path) -> None:
    def work(book: Any) -> None:
        book[SHEET]["H30"] = ArrayFormula("H30:J32", "={9,2,3;4,5,6;7,8,9}")

    read = handed_in(filled(path, change=work))
    student = class_set().key.students["s01"]
    assert [typed.value for typed in read.answers[0]] == [9, *student.answers[0][1:]]
    assert read.warnings == ()


def test_words_that_a_question_leaves_out(path: Path) -> None:
    recipe = HEAD.read_text("utf-8").replace("[[ask]]", '[[ask]]\nstrip_words = ["EUR", "Euro"]', 1)
    of = class_set(recipe)
    cells = {(SHEET, "H30"): "12 EUR", (SHEET, "I30"): "€ 3", (SHEET, "J30"): "euro 0,5"}
    other = of.key.questions[1]
    cells[other.sheet, other.cells[0]] = "12 EUR"
    read = read_submission(filled(path, of=of, changes=cells), of.handed_out, read_typed, engine())
    assert [typed.value for typed in read.answers[0][:3]] == [12, None, 0.5]
    assert read.answers[0][0].text == "12 EUR"
    assert read.answers[1][0].value is None


@pytest.mark.parametrize(("words", "why"), [('["x2"]', "has digits"), ('[""]', "words of 1 to 40 letters")])
def test_words_that_cannot_be_left_out(words: str, why: str) -> None:
    with pytest.raises(ByhandError, match=why):
        class_set(HEAD.read_text("utf-8").replace("[[ask]]", f"[[ask]]\nstrip_words = {words}", 1))


def test_a_formula_that_is_not_worked_out_is_not_marked_yet(path: Path) -> None:
    """Nor does it have 0 points in what a student reads: only a person can tell."""
    typed = first(path, '=REPT("1",2)')
    finding = finding_without_number(typed)
    assert finding is not None
    assert finding.sentence == (
        "Not marked yet, since a person must look at the formula: it calls REPT, which marking does not work out."
    )


def test_formulas_of_cells_names_and_other_formulas(path: Path) -> None:
    """The second row of scores from the first, by its name, over another sheet of the student's own."""

    def work(book: Any) -> None:
        book.create_sheet("My own")["A1"] = "=SUM(scores)/9"

    changes = {(SHEET, f"{c}{r}"): n for n, (r, c) in enumerate((r, c) for r in (30, 31, 32) for c in "HIJ")}
    changes |= {(SHEET, "J52"): "='My own'!A1*2", (SHEET, "K52"): "=J52+Attention!$C$14", (SHEET, "L52"): "=SUM(H:H)"}
    read = handed_in(filled(path, changes=changes, change=work))
    drawn = class_set().key.students["s01"].drawn
    above = sum(row[1] for row in drawn["W_Q"])
    assert [typed.value for typed in read.answers[1][:3]] == [8, 8 + drawn["X"][0][0], above + 0 + 3 + 6]


def test_an_array_formula_counts_by_its_first_number(path: Path) -> None:
    """The others stand in their cells as numbers, which must not be in the way of the first."""

    def work(book: Any) -> None:
        book[SHEET]["H30"] = ArrayFormula("H30:J32", "=MMULT(C14:E16,C14:E16)")

    student = class_set().key.students["s01"]
    read = handed_in(filled(path, changes={(SHEET, "J52"): "=SUM(H30:J30)"}, change=work))
    x = student.drawn["X"]
    top = sum(x[0][i] * x[i][0] for i in range(3))
    assert read.answers[0][0].value == top
    assert read.answers[1][0].value == top + student.answers[0][1] + student.answers[0][2]


def stored(path: Path, formula: str, kind: str, result: str) -> TypedAnswer:
    filled(path, changes={ONE: 12345})
    cell = f'<c r="H30" t="{kind}"><f>{formula}</f><v>{result}</v></c>'
    cut = 'r="H30"'
    altered(path, lambda xml: xml[: xml.index(f"<c {cut}")] + cell + after(xml, cut), "xl/worksheets/sheet2.xml")
    read = handed_in(path)
    assert len(read.warnings) <= 1
    return TypedAnswer(read.answers[0][0].text, read.answers[0][0].value, "".join(read.warnings))


def after(xml: str, mark: str) -> str:
    return xml[xml.index("</c>", xml.index(mark)) + 4 :]


def test_a_stored_result_that_lies_is_reported_and_does_not_count(path: Path) -> None:
    assert stored(path, "1+1", "n", "0.8808") == TypedAnswer(
        "=1+1",
        2.0,
        "Attention!H30: the formula =1+1 has 0.8808 stored as its result, but gives 2, which counts.",
    )


@pytest.mark.parametrize(("formula", "kind", "result"), [("1/3", "n", "0.333333333333333"), ("1/0", "e", "#DIV/0!")])
def test_a_stored_result_that_is_right_is_not_mentioned(path: Path, formula: str, kind: str, result: str) -> None:
    assert stored(path, formula, kind, result).read_as == ""


REFUSED = {
    "=RAND()": "RAND gives another number every time",
    "=NOW()+1": "NOW gives another number every time",
    '=INDIRECT("A1")': "INDIRECT reaches for what is not in the formula",
    '=WEBSERVICE("http://x.example/")': "WEBSERVICE reaches for what is not in the formula",
    "=cmd|' /C calc'!A0": "it is no formula of numbers and cells",
    "=[1]Sheet1!A1": "it reads another file or program",
    "='[other.xlsx]Sheet1'!A1": "it reads another file or program",
    "=LET(f,LAMBDA(g,n,g(g,n+1)),f(f,0))": "it calls LAMBDA, which marking does not work out",
    '=REPT("A",32767)': "it calls REPT, which marking does not work out",
    "=nothing*2": "it reads 'nothing', which is no range of cells",
    "=Elsewhere!A1": "it reads the sheet 'Elsewhere', which is not there",
    "=Hidden!A1": "it reads the hidden sheet 'Hidden'",
    "=SUM(A:XFD)": "it reads 17179869184 cells at once",
    "=" + "(" * 65 + "1" + ")" * 65: "it is more than 64 brackets deep",
    "=1" + "+1" * 5000: "it has more than 8192 characters",
    "=C60": "RAND gives another number every time",
}


@pytest.mark.parametrize("formula", REFUSED)
def test_a_formula_that_is_not_worked_out_and_the_others_that_are(path: Path, formula: str) -> None:
    def work(book: Any) -> None:
        book[SHEET]["C60"] = "=RAND()"
        book.create_sheet("Hidden").sheet_state = "hidden"

    read = handed_in(filled(path, changes={ONE: formula, (SHEET, "I30"): "=1+1"}, change=work))
    assert read.answers[0][0].value is None
    assert read.answers[0][0].read_as == f"the formula is not worked out: {REFUSED[formula]}"
    assert read.answers[0][1].value == 2
    (warning,) = read.warnings
    assert warning.startswith("Attention!H30: the formula =")
    assert warning.endswith(f" was not worked out: {REFUSED[formula]}.")


@pytest.mark.parametrize(
    ("formula", "read_as"),
    [
        ("=H30", "the formula refers to itself in a circle"),
        ("=1/0", "the formula gives the error #DIV/0!"),
        ('=""', "the formula gives an empty text"),
        ("=1=1", "=1=1 gives TRUE is a truth value, not a number"),
        ("=SUM(", "the formula gives the error #ERROR!"),
    ],
)
def test_a_formula_that_gives_no_number(path: Path, formula: str, read_as: str) -> None:
    typed = first(path, formula)
    assert (typed.value, typed.read_as) == (None, read_as)


def test_a_chain_too_long_is_not_worked_out(path: Path) -> None:
    def work(book: Any) -> None:
        for row in range(1, 2600):
            book[SHEET].cell(row + 100, 50).value = f"=AX{row + 101}+1"

    typed = handed_in(filled(path, changes={ONE: "=AX101"}, change=work)).answers[0][0]
    assert typed.read_as == "the formula is not worked out: it leans on more than 2000 formulas"


@pytest.mark.slow
def test_what_takes_too_long_is_given_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("byhand.grading.student_formulas.LIMITS", Limits(3.0, 800_000_000))
    slow = "=SUMPRODUCT(MMULT(A1:A1400,TRANSPOSE(A1:A1400)))+SUMPRODUCT(EXP(A1:A900000)*LN(A1:A900000))"
    filled(path, changes={ONE: "*".join([slow, *[slow[1:]] * 40])})
    with Recomputer() as impatient:
        read = read_submission(path, class_set().handed_out, as_float, impatient)
    assert read.answers[0][0].read_as == "the formula is not worked out: it could not be worked out in time"
    assert values(read)[1:] == expected()[1:]


# Where the answers are


def put_rows_above(book: Any) -> None:
    """As a spreadsheet program does it: cells, formulas and names move. openpyxl moves only the cells."""
    sheet = book[SHEET]
    sheet.insert_rows(20, 3)
    for name in book.defined_names.values():
        name.value = "".join(moved(piece) for piece in pieces(name.value))


def pieces(text: str) -> list[str]:
    return re.split(r"(\$\d+)", text) if "Attention" in text else [text]


def moved(piece: str) -> str:
    return f"${int(piece[1:]) + 3}" if piece.startswith("$") and int(piece[1:]) >= 20 else piece


def rename(book: Any) -> None:
    book[SHEET].title = "My work"
    for name in book.defined_names.values():
        name.value = name.value.replace("'Attention'", "'My work'")


def without_names(book: Any) -> None:
    for name in list(book.defined_names):
        del book.defined_names[name]


def both(*changes: Callable[[Any], None]) -> Callable[[Any], None]:
    def change(book: Any) -> None:
        for one in changes:
            one(book)

    return change


def rename_only(book: Any) -> None:
    book[SHEET].title = "My work"


def put_in_only(book: Any) -> None:
    book[SHEET].insert_rows(20, 3)
    book[SHEET].insert_cols(1, 2)
    book["Exercise"].insert_rows(2)


def rows_below(book: Any) -> None:
    book[SHEET].insert_rows(60, 10)


@pytest.mark.parametrize(
    "change",
    [
        rows_below,
        put_rows_above,
        rename,
        without_names,
        both(without_names, rename_only),
        both(without_names, put_in_only),
        both(without_names, put_in_only, rename_only),
    ],
)
def test_answers_are_found_where_they_have_gone(path: Path, change: Callable[[Any], None]) -> None:
    read = handed_in(filled(path, change=change))
    assert values(read) == expected()
    assert read.stated == "s01"
    assert len(read.printed) > 200
    assert read.warnings == ()


def test_a_row_put_into_a_table(path: Path) -> None:
    def put_in(book: Any) -> None:
        book[SHEET].insert_rows(30)
        for name, place in {"scores": "$H$29:$J$32", "scaled": "$N$29:$P$32"}.items():
            book.defined_names[name].value = f"'Attention'!{place}"
        for name in ("weights", "Z"):
            book.defined_names[name].value = "".join(
                f"${int(p[1:]) + 1}" if p[1:].isdigit() else p for p in pieces(book.defined_names[name].value)
            )

    assert values(handed_in(filled(path, change=put_in))) == expected()


def test_a_table_that_is_gone_is_said(path: Path) -> None:
    def cut(book: Any) -> None:
        without_names(book)
        del book[SHEET]

    with pytest.raises(ByhandError) as error:
        handed_in(filled(path, change=cut))
    assert str(error.value) == (
        f"{path} is not the workbook of this exercise (attention-head): hand in the one that was handed out."
    )


def test_names_that_point_anywhere_do_no_harm(path: Path) -> None:
    def point(book: Any) -> None:
        for n, name in enumerate(list(book.defined_names)):
            text = ["'Attention'!$A$1:$XFD$1048576", "#REF!", "Nowhere!$A$1", '"text"', "'Attention'!A1:B2,C3"][n % 5]
            book.defined_names[name].value = text

    assert values(handed_in(filled(path, change=point))) == expected()


def test_the_marked_cells_are_the_ones_that_were_asked() -> None:
    handed_out = class_set().handed_out
    first: Cell = (SHEET, 29, 7)
    assert handed_out.asked[0][0] == first
    sheet = openpyxl.load_workbook(class_set().book("s01"))[SHEET]
    assert all(not sheet.cell(r + 1, c + 1).protection.locked for row in handed_out.asked for _, r, c in row)


@pytest.mark.parametrize(
    ("text", "german", "chinese"),
    [
        ("?", "es hat ein Fragezeichen", "其中有问号"),
        ("no idea", "", ""),
        ("(3", "die Klammer ( wird nie geschlossen", "括号 ( 没有关闭"),
        ("1/", "es ist nicht fertig", "没有写完"),
        ("3, 4, 5", "3 Zahlen stehen, wo nach einer gefragt ist", "只要求一个数，却写了 3 个"),
    ],
)
def test_the_reason_why_an_answer_is_not_read_is_in_the_students_language(text: str, german: str, chinese: str) -> None:
    english = read_typed(text).read_as
    for code, wanted in (("de", german), ("zh", chinese)):
        with in_language(code):
            said = read_typed(text).read_as
        assert said not in ("", english)
        assert not wanted or said == wanted
