"""The ready-made workbooks in worksheets/: right in three programs, up to date, listed, and good on paper."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import pytest
from click.testing import CliRunner
from support.lessons import GALLERY, WORKSHEETS, lesson, opened, path_of
from support.selection import by_turns, in_every_program, often
from support.workbooks import altered, parts_of

from byhand.cli.main import main
from byhand.errors import ByhandError
from byhand.lessons.lesson import describe
from byhand.models import MODELS
from byhand.page.build import page_html
from byhand.workbook import gallery
from byhand.xlsx.reader import read
from byhand.xlsx.recalculate import recalculate_books
from byhand.xlsx.verify import compare

STORED = Path(__file__).parents[1] / "data" / "books"
"""A few workbooks as they were once made, on another machine."""
LONGEST = 340
"""Letters of a formula, with the names of sheets: those of a sum that has no two ranges, such as GELU's gradient."""


def test_every_model_and_part_is_in_the_gallery() -> None:
    assert {recipe.model for recipe in GALLERY.values()} == set(MODELS)


SOME = ("transformer", "mixtral", "mamba")
REST = [name for name in GALLERY if name not in SOME]


def check(names: Sequence[str], engine: str) -> None:
    """LibreOffice starts once for all of them."""
    books = [read(path_of(name)) for name in names]
    reports = [compare(*pair, engine) for pair in zip(books, recalculate_books(books, engine), strict=True)]
    assert all(report.cells == len(book.formulas) > 0 for report, book in zip(reports, books, strict=True))
    assert all(max(map(len, book.formulas.values())) <= LONGEST for book in books)
    assert "\n".join(line for report in reports if not report.ok for line in report.lines()) == ""


def test_some_workbooks_are_right_in_every_program(engine: str) -> None:
    check(SOME, engine)


@pytest.mark.slow
@in_every_program
def test_every_workbook_is_right(engine: str, whole: bool) -> None:
    check(REST if whole else by_turns(REST, engine), engine)


@pytest.mark.parametrize("book", sorted(STORED.glob("*.xlsx")), ids=lambda book: book.stem)
def test_a_workbook_is_what_its_recipe_made_elsewhere(book: Path) -> None:
    """Formulas, texts and styles are the same on every machine, and numbers but for their last digits.

    A change of the look changes these books: `byhand workbook NAME` writes them anew.
    """
    assert gallery.same_contents(path_of(book.stem), book, gallery.closeness(GALLERY[book.stem]))


def test_there_are_stored_books() -> None:
    assert len(list(STORED.glob("*.xlsx"))) >= 3


SMALL = ("layernorm", "softmax")


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A gallery of two, built without drawing pictures, beside its recipes."""
    (tmp_path / "recipes").mkdir()
    (tmp_path / "gallery" / "pictures").mkdir(parents=True)
    for name in SMALL:
        shutil.copy(WORKSHEETS / f"{name}.toml", tmp_path / "recipes")
        (tmp_path / "gallery" / "pictures" / f"{name}.png").write_bytes(b"a picture")
    monkeypatch.setattr(shutil, "which", lambda program: None)
    built = gallery.rebuild(tmp_path / "recipes", tmp_path / "gallery", page_of=page_html)
    assert list(built)[-1] == "README.md"
    assert gallery.outdated(tmp_path / "recipes", tmp_path / "gallery", page_html) == []
    return tmp_path


def forget_recipe(folder: Path) -> None:
    (folder / "recipes" / "softmax.toml").write_text('model = "softmax"\nseed = 2\n')


def forget_book(folder: Path) -> None:
    (folder / "gallery" / "softmax.xlsx").unlink()


def forget_page(folder: Path) -> None:
    (folder / "gallery" / "softmax.html").unlink()


def damage_book(folder: Path) -> None:
    (folder / "gallery" / "softmax.xlsx").write_bytes(b"PK no zip")


def forget_picture(folder: Path) -> None:
    (folder / "gallery" / "pictures" / "softmax.png").unlink()


def forget_index(folder: Path) -> None:
    (folder / "gallery" / "README.md").unlink()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (forget_recipe, "softmax.xlsx is out of date.\nsoftmax.html is out of date."),
        (forget_page, "softmax.html is out of date."),
        (forget_book, "softmax.xlsx is out of date."),
        (damage_book, "softmax.xlsx is out of date."),
        (forget_picture, "softmax.png is missing."),
        (forget_index, "README.md is out of date."),
    ],
)
def test_what_is_out_of_date_is_named(small: Path, change: Callable[[Path], None], said: str) -> None:
    change(small)
    result = CliRunner().invoke(main, ["gallery", str(small / "recipes"), "-o", str(small / "gallery"), "--check"])
    assert result.output == said + "\n"
    assert result.exit_code == 1


def test_a_folder_without_recipes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ByhandError, match=re.escape(f"There are no recipes (.toml) in {tmp_path}: name a folder")):
        gallery.recipes(tmp_path)


def test_the_same_contents_in_another_zip_are_the_same(tmp_path: Path) -> None:
    """Another zlib packs the same parts into other bytes."""
    book, again = path_of("softmax"), tmp_path / "again.xlsx"
    with ZipFile(again, "w", ZIP_STORED) as archive:
        for name, data in parts_of(book).items():
            archive.writestr(name, data)
    assert again.read_bytes() != book.read_bytes()
    assert gallery.same_contents(book, again)


def test_another_number_or_another_part_is_not_the_same(tmp_path: Path) -> None:
    book, other = path_of("softmax"), tmp_path / "other.xlsx"
    shutil.copy(book, other)
    altered(other, lambda xml: re.sub("<v>0.[0-9]+</v>", "<v>0.5</v>", xml, count=1), "xl/worksheets/sheet2.xml")
    assert not gallery.same_contents(book, other)
    shutil.copy(book, other)
    with ZipFile(other, "a") as archive:
        archive.writestr("more.xml", "")
    assert not gallery.same_contents(book, other)
    assert not gallery.same_contents(book, tmp_path / "nothing.xlsx")


def with_a_result(path: Path, change: Callable[[float], object]) -> Path:
    """The book of softmax with another first result that is no round number."""
    shutil.copy(path_of("softmax"), path)
    altered(
        path,
        lambda xml: re.sub("<v>(0.[0-9]{12,})</v>", lambda m: f"<v>{change(float(m[1]))}</v>", xml, count=1),
        "xl/worksheets/sheet2.xml",
    )
    assert parts_of(path) != parts_of(path_of("softmax"))
    return path


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda n: repr(n + 5e-16), True),
        (lambda n: f"{n:.14g}", True),
        (lambda n: n + 3e-12, False),
        (lambda n: "nan", False),
        (lambda n: "inf", False),
        (lambda n: "", False),
        (lambda n: f"{n}</v><v>1", False),
    ],
)
def test_numbers_may_differ_in_their_last_digits(tmp_path: Path, change: Callable[[float], object], same: bool) -> None:
    """Processors and versions of numpy compute exp in different ways."""
    other = with_a_result(tmp_path / "other.xlsx", change)
    assert gallery.same_contents(path_of("softmax"), other) == same


LEARNT = {name for name in GALLERY if name.startswith("learnt-")}
"""Their workbooks show the first training step."""


def test_only_after_steps_of_adam_more_than_the_last_digits_may_differ() -> None:
    """A gradient that is 0 but for rounding, divided by its own size."""
    assert {name for name in GALLERY if gallery.closeness(GALLERY[name]) != 1e-12} == {"gpt2-training", *LEARNT}
    assert gallery.closeness(GALLERY["gpt2-training"]) == 1e-9


@pytest.mark.slow
def test_a_point_of_a_chart_is_a_number_too(tmp_path: Path) -> None:
    book = path_of("gpt2-training")
    for change, same in ((1e-14, True), (1e-6, False)):
        other = tmp_path / "other.xlsx"
        shutil.copy(book, other)
        altered(
            other,
            lambda xml, change=change: re.sub("<c:v>([0-9.]{15,})<", lambda m: f"<c:v>{float(m[1]) + change}<", xml),
            "xl/charts/chart1.xml",
        )
        assert gallery.same_contents(book, other) == same


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("xl/worksheets/sheet2.xml", "EXP(", "LN("),
        ("xl/worksheets/sheet2.xml", ' s="', ' s="1'),
        ("xl/sharedStrings.xml", "softmax", "softmin"),
        ("xl/styles.xml", "FF", "EE"),
        ("xl/workbook.xml", "$", "$Z"),
    ],
)
def test_a_formula_a_text_and_a_style_are_compared_exactly(tmp_path: Path, part: str, old: str, new: str) -> None:
    book, other = path_of("softmax"), tmp_path / "other.xlsx"
    shutil.copy(book, other)
    altered(other, lambda xml: xml.replace(old, new, 1), part)
    assert parts_of(other) != parts_of(book)
    assert not gallery.same_contents(book, other)


def test_the_index_has_an_entry_for_each_workbook(small: Path) -> None:
    index = (small / "gallery" / "README.md").read_text(encoding="utf-8")
    entries = re.findall(
        r"^### \[(.+)\]\((.+)\.xlsx\)\n\n.+\n(.+); ([0-9,]+) live cells; `byhand workbook \2`\.\n"
        r"\[A page to explore\]\(\2\.html\) in a browser: `byhand page \2`\.\n\n"
        r"!\[\1\]\(pictures/\2.png\)$",
        index,
        re.MULTILINE,
    )
    assert index.count("\n### ") == len(entries)
    assert sorted(name for _, name, _, _ in entries) == sorted(SMALL)
    families = dict.fromkeys(lesson(name).architecture.family for _, name, _, _ in entries)
    assert [heading.lower() for heading in re.findall(r"^## (.+)$", index, re.MULTILINE)] == list(families)
    assert re.findall(r"^\| \[(.+)\]\(#\S+\) \| \d+ \| !\[", index, re.MULTILINE) == list(families)
    for title, name, sizes, cells in entries:
        expected_title, expected_sizes = describe(lesson(name))
        assert (title, sizes) == (expected_title, expected_sizes.capitalize())
        assert int(cells.replace(",", "")) == len(read(small / "gallery" / f"{name}.xlsx").formulas)
    for target in re.findall(r"\]\(([^#].*?)\)", index):
        assert (small / "gallery" / target).is_file()


# On paper


Pages = Callable[[str], list[str]]


@pytest.fixture(scope="session")
def pages(needs: Callable[[str], None], tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """The texts of a workbook's pages, as LibreOffice prints them."""
    needs("libreoffice")
    assert shutil.which("pdftotext"), "pdftotext is missing: apt install poppler-utils"
    letters = subprocess.run(["fc-match", "Calibri"], capture_output=True, text=True, check=True).stdout
    if not re.match("Carlito|Calibri", letters, re.IGNORECASE):
        reason = "wider letters than Calibri's cut pages elsewhere: apt install fonts-crosextra-carlito"
        pytest.fail(reason) if os.environ.get("BYHAND_REQUIRE_PROGRAMS") else pytest.skip(reason)
    folder = tmp_path_factory.mktemp("paper")

    def of(name: str) -> list[str]:
        pdf = folder / f"{name}.pdf"
        if not pdf.exists():
            command = ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless"]
            command += ["--convert-to", "pdf", "--outdir", str(folder), str(path_of(name))]
            subprocess.run(command, check=True, capture_output=True, timeout=600)
        return text_of(pdf).split("\f")[:-1]

    return of


def text_of(pdf: Path) -> str:
    command = ["pdftotext", "-layout", str(pdf), "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def without_blanks(text: str) -> str:
    """Where letters are small, pdftotext sees blanks between some."""
    return re.sub(r"\s", "", text)


on_paper = pytest.mark.parametrize("name", often(GALLERY, ["softmax"], every=8))


@pytest.mark.slow
@on_paper
def test_sheets_are_cut_into_pages_where_they_say(pages: Pages, name: str) -> None:
    """The footer names the sheet. Nothing runs over to a page of its own, neither below nor at the right.

    LibreOffice leaves pages out that are empty.
    """
    footers = [re.findall(r"(\S(?:.*\S)?) · [0-9]+/[0-9]+\s*$", page, re.MULTILINE)[-1:] for page in pages(name)]
    pages_of = {without_blanks(sheet.title): pages_at_most(sheet) for sheet in opened(name)}
    longest_first = sorted(pages_of, key=len, reverse=True)
    taken = Counter(next(s for s in longest_first if f and without_blanks(f[0]).endswith(s)) for f in footers)
    for sheet in opened(name):
        title = without_blanks(sheet.title)
        assert pages_down(sheet) <= taken[title] <= pages_of[title], title
    assert taken["Contents"] <= 3


def pages_at_most(sheet: Any) -> int:
    """How many pages a sheet's breaks make."""
    return (1 + len(sheet.row_breaks.brk)) * (1 + len(sheet.col_breaks.brk))


def pages_down(sheet: Any) -> int:
    """How many of the pages below each other hold something."""
    ends = [0, *(brk.id for brk in sheet.row_breaks.brk), sheet.max_row]
    filled = {cell.row for row in sheet.iter_rows() for cell in row if cell.value not in (None, "")}
    return sum(any(start < row <= end for row in filled) for start, end in pairwise(ends))


@pytest.mark.slow
@on_paper
def test_nothing_on_paper_is_an_error_or_too_wide(pages: Pages, name: str) -> None:
    text = "\n".join(pages(name))
    assert re.findall(r"###|#[A-Z]+[!?/]|Err:", text) == []
    assert describe(lesson(name))[0] in text
