"""The marked copy of a workbook: dressed and noted where it must be, and else byte for byte what it was."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from support.class_sets import parts
from support.class_submissions import a_set, answered, some_marks, spots

from byhand.errors import ByhandError
from byhand.exercises.keys import Key
from byhand.exercises.recipe import ready_made
from byhand.grading.feedback_book import feedback_book
from byhand.grading.verdicts import LOOKS, Marks, Verdict

ORDER = """sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection protectedRanges
scenarios autoFilter sortState dataConsolidate customSheetViews mergeCells phoneticPr conditionalFormatting
dataValidations
hyperlinks printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks customProperties cellWatches
ignoredErrors smartTags drawing legacyDrawing legacyDrawingHF drawingHF picture oleObjects controls webPublishItems
tableParts extLst""".split()
"""The children of a worksheet as ECMA-376 part 1, 18.3.1.99 orders them: a program of its own."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Key, Marks]:
    folder = tmp_path_factory.mktemp("set")
    key = a_set(folder, 2, formats=("xlsx",))
    return folder, key, some_marks(key, "s001", 4)


@pytest.fixture(scope="module")
def book(made: tuple[Path, Key, Marks]) -> bytes:
    folder, key, _ = made
    return answered(folder, key, "s001", lambda n, c, right: None if (n, c) == (0, 0) else right)


def marked(tmp_path: Path, made: tuple[Path, Key, Marks], data: bytes) -> bytes:
    path = tmp_path / "handed-in.xlsx"
    path.write_bytes(data)
    _, key, marks = made
    return feedback_book(path, key, marks, spots(key))


def opened(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data))


def check(made: tuple[Path, Key, Marks], before: bytes, after: bytes) -> None:
    """Each asked cell has its verdict's fill, and a note unless it is right; no value has changed."""
    _, key, marks = made
    old, new = opened(before), opened(after)
    for cell in marks.cells:
        sheet, row, column = spots(key)[cell.question][cell.cell]
        there = new[sheet].cell(row + 1, column + 1)
        assert there.fill.fgColor.rgb == f"FF{LOOKS[cell.verdict].fill[1:]}"
        assert there.border.left.style == LOOKS[cell.verdict].line
        assert (there.comment is None) == (cell.verdict is Verdict.RIGHT)
        if there.comment:
            assert cell.sentence in there.comment.text
            assert str(cell.verdict) in there.comment.text
    for sheet in old:
        asked = {spot[1:] for row in spots(key) for spot in row if spot[0] == sheet.title}
        for row in sheet.iter_rows():
            for cell in row:
                now = new[sheet.title][cell.coordinate]
                assert now.value == cell.value
                assert (cell.row - 1, cell.column - 1) in asked or repr(now.fill) == repr(cell.fill)
    assert new.sheetnames == [*old.sheetnames, "Feedback"]
    assert new.active.title == "Feedback"
    assert [sheet.title for sheet in new if sheet.sheet_view.tabSelected] == ["Feedback"]


def children(xml: str) -> Iterator[str]:
    """The names of the root's children, by a scan of its own."""
    depth = 0
    for close, name, empty in re.findall(r"<(/?)([\w:]+)[^>]*?(/?)>", xml.partition("?>")[2] or xml):
        depth -= bool(close)
        if depth == 1 and not close:
            yield name.rpartition(":")[2]
        depth += not close and not empty


def check_parts(data: bytes) -> None:
    """What makes Excel repair a file: parts that nothing declares, references to nothing, a wrong order."""
    archive = parts(data)
    contents = archive["[Content_Types].xml"]
    endings = set(re.findall(r'Extension="(\w+)"', contents))
    declared = re.findall(r'PartName="/([^"]+)"', contents)
    assert len(declared) == len(set(declared))
    assert contents.count('Extension="vml"') == 1
    assert set(declared) <= set(archive)
    assert all(name in declared or name.rpartition(".")[2] in endings for name in archive)
    for name, xml in archive.items():
        if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name):
            found = [child for child in children(xml) if child != "AlternateContent"]
            assert found == sorted(found, key=ORDER.index), name
            assert found.count("legacyDrawing") <= 1
            used = set(re.findall(r'r:id="([^"]+)"', xml))
            rels = archive.get(f"xl/worksheets/_rels/{name.rpartition('/')[2]}.rels", "")
            assert used <= set(re.findall(r'Id="([^"]+)"', rels))
    styles = archive["xl/styles.xml"]
    for section, item in (("fonts", "font"), ("fills", "fill"), ("borders", "border"), ("cellXfs", "xf")):
        count, inside = re.search(
            rf'<(?:\w+:)?{section}\b[^>]*?count="(\d+)"[^>]*>(.*?)</(?:\w+:)?{section}>', styles, re.DOTALL
        ).groups()  # type: ignore[union-attr]
        assert int(count) == len(re.findall(rf"<(?:\w+:)?{item}[ >/]", inside)), section


def test_the_copy_says_what_the_marks_say(made: tuple[Path, Key, Marks], book: bytes, tmp_path: Path) -> None:
    after = marked(tmp_path, made, book)
    check(made, book, after)
    check_parts(after)


def test_parts_that_do_not_change_keep_their_bytes(made: tuple[Path, Key, Marks], book: bytes, tmp_path: Path) -> None:
    before, after = parts(book), parts(marked(tmp_path, made, book))
    for name in ("xl/theme/theme1.xml", "docProps/core.xml", "_rels/.rels"):
        assert after[name] == before[name]
    assert marked(tmp_path, made, book) == marked(tmp_path, made, book)


def test_a_book_as_it_was_handed_out(made: tuple[Path, Key, Marks], tmp_path: Path) -> None:
    """XlsxWriter's own file, in which the answers are blank."""
    blank = (made[0] / "students" / "s001.xlsx").read_bytes()
    after = marked(tmp_path, made, blank)
    check(made, blank, after)
    check_parts(after)


def changed(data: bytes, part: str, old: str, new: str) -> bytes:
    stream = io.BytesIO()
    with ZipFile(io.BytesIO(data)) as source, ZipFile(stream, "w") as target:
        for name in source.namelist():
            text = source.read(name)
            if re.fullmatch(part, name):
                assert re.search(old.encode(), text, re.DOTALL), (part, old)
                text = re.sub(old.encode(), new.encode(), text, flags=re.DOTALL)
            target.writestr(name, text)
    return stream.getvalue()


def test_names_with_a_prefix(made: tuple[Path, Key, Marks], book: bytes, tmp_path: Path) -> None:
    """Some programs write <x:row> for <row>."""
    prefixed = changed(book, r"xl/(worksheets/sheet2|styles|workbook)\.xml", r"<(/?)(\w+)(?=[ />])", r"<\1x:\2")
    prefixed = changed(prefixed, r"xl/(worksheets/sheet2|styles|workbook)\.xml", r'xmlns="', 'xmlns:x="')
    after = marked(tmp_path, made, prefixed)
    check(made, prefixed, after)
    assert "<x:legacyDrawing" in parts(after)["xl/worksheets/sheet2.xml"]


def test_cells_without_an_address_or_missing_altogether(
    made: tuple[Path, Key, Marks], book: bytes, tmp_path: Path
) -> None:
    """Some programs leave out blank cells, whole rows of them, or what can be counted."""
    row = changed(book, r"xl/worksheets/sheet2\.xml", r'<row r="29".*?</row>', "")
    check_values(made, tmp_path, row)
    end = changed(book, r"xl/worksheets/sheet2\.xml", r'<row r="46".*?</row>', "")
    check_values(made, tmp_path, end)
    cell = changed(book, r"xl/worksheets/sheet2\.xml", r'<c r="I29".*?</c>', "")
    check_values(made, tmp_path, cell)


def check_values(made: tuple[Path, Key, Marks], tmp_path: Path, data: bytes) -> None:
    after = marked(tmp_path, made, data)
    check_parts(after)
    _, key, marks = made
    new = opened(after)
    for cell in marks.cells:
        sheet, row, column = spots(key)[cell.question][cell.cell]
        fill = new[sheet].cell(row + 1, column + 1).fill.fgColor.rgb
        assert fill == f"FF{LOOKS[cell.verdict].fill[1:]}"


def test_notes_that_are_there_stay(made: tuple[Path, Key, Marks], book: bytes, tmp_path: Path) -> None:
    _, key, marks = made
    workbook = opened(book)
    (sheet, row, column) = spots(key)[0][0]
    workbook[sheet].cell(row + 1, column + 1).comment = openpyxl.comments.Comment("I am <not> sure & tired", "Ada")
    workbook[sheet]["B2"].comment = openpyxl.comments.Comment("elsewhere", "Ada")
    stream = io.BytesIO()
    workbook.save(stream)
    after = marked(tmp_path, made, stream.getvalue())
    check_parts(after)
    new = opened(after)[sheet]
    assert new["B2"].comment.text == "elsewhere"
    text = new.cell(row + 1, column + 1).comment.text
    assert "I am <not> sure & tired" in text
    assert marks.cells[0].sentence in text


def test_a_sheet_that_is_called_feedback_already(made: tuple[Path, Key, Marks], book: bytes, tmp_path: Path) -> None:
    workbook = opened(book)
    workbook.create_sheet("feedback")
    stream = io.BytesIO()
    workbook.save(stream)
    assert opened(marked(tmp_path, made, stream.getvalue())).sheetnames[-1] == "Feedback 2"


ACTIVE = {
    "macros": ("xl/vbaProject.bin", b"x"),
    "another file": ("xl/externalLinks/externalLink1.xml", b"<a/>"),
    "a control": ("xl/activeX/activeX1.xml", b"<a/>"),
    "an object": ("xl/embeddings/oleObject1.bin", b"x"),
    "a link outside": ("xl/worksheets/_rels/sheet9.xml.rels", b'<a TargetMode="External"/>'),
    "a formula": ("xl/worksheets/sheet9.xml", b"<c><f>cmd|'/c calc'!A0</f></c>"),
    "a service": ("xl/worksheets/sheet9.xml", b"<c><f>WEBSERVICE(A1)</f></c>"),
}


@pytest.mark.parametrize("what", ACTIVE)
def test_nothing_that_runs_or_reaches_outside_is_handed_on(
    what: str, made: tuple[Path, Key, Marks], book: bytes, tmp_path: Path
) -> None:
    stream = io.BytesIO(book)
    with ZipFile(stream, "a") as archive:
        archive.writestr(*ACTIVE[what])
    with pytest.raises(ByhandError, match=r"a copy of it cannot be marked, so read the page instead\.$"):
        marked(tmp_path, made, stream.getvalue())


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        (r"xl/worksheets/sheet2\.xml", "</sheetData>", ""),
        (r"xl/worksheets/sheet2\.xml", r'<row r="29"', '<row r="3"'),
        (r"xl/worksheets/sheet2\.xml", r's="\d+"', 's="99999"'),
        (r"xl/styles\.xml", "<fills.*?</fills>", ""),
        (r"xl/workbook\.xml", 'sheetId="1"', 'sheetId="one"'),
        (r"xl/workbook\.xml", "spreadsheetml/2006/main", "purl/main"),
    ],
)
def test_parts_that_are_not_as_they_must_be(
    part: str, old: str, new: str, made: tuple[Path, Key, Marks], book: bytes, tmp_path: Path
) -> None:
    with pytest.raises(ByhandError, match=r"has parts that cannot be marked \(.*\): a copy"):
        marked(tmp_path, made, changed(book, part, old, new))


def test_what_a_student_wrote_is_text(made: tuple[Path, Key, Marks], book: bytes, tmp_path: Path) -> None:
    """It is shown on the new sheet, never as a formula, and no letter of it breaks the file."""
    sheet = opened(marked(tmp_path, made, book))["Feedback"]
    shown = [cell for row in sheet.iter_rows() for cell in row if "<b>three</b>" in str(cell.value)]
    assert shown
    assert all(cell.data_type == "s" for cell in shown)


RECIPES = sorted(ready_made())


@pytest.mark.parametrize(
    "recipe", [pytest.param(r, marks=[] if r == "who-looks-at-whom" else pytest.mark.slow) for r in RECIPES]
)
def test_every_exercise_has_a_marked_copy(recipe: str, tmp_path: Path) -> None:
    """Also those that are answered on two sheets."""
    key = a_set(tmp_path, 1, recipe, formats=("xlsx",))
    marks = some_marks(key, "s001", 5, [verdict for verdict in Verdict if verdict is not Verdict.RIGHT])
    before = (tmp_path / "students" / "s001.xlsx").read_bytes()
    after = marked(tmp_path, (tmp_path, key, marks), before)
    check((tmp_path, key, marks), before, after)
    sheets = {spot[0] for row in spots(key) for spot in row}
    assert len([name for name in parts(after) if name.startswith("xl/comments")]) == len(sheets)
    check_parts(after)
