"""The arrows between tables: read from the file, they run over no cell with something in it, and none is missing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from support.lessons import BOOKS, book_of, lesson, path_of, place, sweep

from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.workbook.about import About
from byhand.workbook.book import Book
from byhand.workbook.build import write_lesson
from byhand.workbook.layout import scalar, sides
from byhand.workbook.page import Block, key
from byhand.xlsx.reader import Contents, read

ROW, COLUMN = 20, 41
"""The pixels of a row, and of the narrowest column in the program with the narrowest ones."""
LETTERS = 7.5
"""Of a text, in the narrowest column."""
Place = tuple[int, int]
SIGN = re.compile("→?↓?")
"""In the corner of a table, which may stand on its arrow."""
ANCHOR = re.compile(
    r"<xdr:twoCellAnchor><xdr:from><xdr:col>(\d+)</xdr:col><xdr:colOff>(\d+)</xdr:colOff><xdr:row>(\d+)</xdr:row>"
    r"<xdr:rowOff>(\d+)</xdr:rowOff></xdr:from><xdr:to><xdr:col>(\d+)</xdr:col><xdr:colOff>(\d+)</xdr:colOff>"
    r"<xdr:row>(\d+)</xdr:row><xdr:rowOff>(\d+)</xdr:rowOff></xdr:to><xdr:cxnSp (.*?)</xdr:cxnSp>"
)


class Piece:
    """A straight piece of a line. Columns and rows with pixels in them; end: of its head, or None."""

    def __init__(self, numbers: list[int], xml: str) -> None:
        self.left, self.right, self.top, self.under = ((numbers[n], numbers[n + 1] // 9525) for n in (0, 4, 2, 6))
        ends = {"headEnd": (self.left, self.top), "tailEnd": (self.right, self.under)}
        self.end = next((at for end, at in ends.items() if f"<a:{end} " in xml), None)

    def crossed(self) -> Iterator[list[Place]]:
        """Yield the cells through which it runs, or the cells on both sides of the edge along which it runs."""
        if self.top == self.under:
            row, down = self.top
            for column in range(self.left[0], self.right[0] + (self.right[1] > 0)):
                yield [(row, column)] if down else [(row - 1, column), (row, column)]
        else:
            column, right = self.left
            for row in range(self.top[0], self.under[0] + (self.under[1] > 0)):
                yield [(row, column)] if right else [(row, column - 1), (row, column)]


def pieces_of(path: Path) -> dict[str, list[Piece]]:
    """The pieces of lines of each sheet, by the name of its drawing's part."""
    with ZipFile(path) as archive:
        names = [name for name in archive.namelist() if re.fullmatch(r"xl/drawings/drawing\d+\.xml", name)]
        texts = {name: archive.read(name).decode() for name in names}
        sheets = re.findall(r'<sheet name="(.*?)"', archive.read("xl/workbook.xml").decode())
        part_of = {}
        for number, sheet in enumerate(sheets, 1):
            links = f"xl/worksheets/_rels/sheet{number}.xml.rels"
            found = links in archive.namelist() and re.search(
                r"drawings/(drawing\d+\.xml)", archive.read(links).decode()
            )
            if found:
                part_of[sheet] = f"xl/drawings/{found[1]}"
    return {
        sheet: [Piece([int(n) for n in numbers], xml) for *numbers, xml in ANCHOR.findall(texts[part])]
        for sheet, part in part_of.items()
    }


def written(contents: Contents) -> dict[str, dict[Place, str]]:
    """What each cell shows, and over which empty cells its text runs, sheet by sheet.

    A text over a number is a label of its column, which is made smaller to fit.
    """
    sheets: dict[str, dict[Place, str]] = defaultdict(dict)
    texts = []
    for (sheet, row, column), value in contents.values.items():
        if value != "":
            sheets[sheet][row, column] = str(value)
            if isinstance(value, str) and not isinstance(contents.values.get((sheet, row + 1, column)), float):
                texts.append((sheet, row, column))
    for sheet, row, column in texts:
        cells = sheets[sheet]
        text = cells[row, column]
        for other in range(column + 1, column + int(len(text) / LETTERS) + 1):
            if (row, other) in cells:
                break
            cells[row, other] = f"{text} (runs over)"
    return sheets


def faults(path: Path, contents: Contents) -> list[str]:
    """What the lines of a book run over: of an edge along which one runs, only one side may hold something."""
    cells, wrong = written(contents), []
    for sheet, pieces in pieces_of(path).items():
        last = [max(place[axis] for place in cells[sheet]) for axis in (0, 1)]
        for piece in pieces:
            if piece.left != piece.right and piece.top != piece.under:
                wrong.append(f"{sheet}: slanted at {piece.top}, {piece.left}")
            if piece.under[0] > last[0] + 2 or piece.right[0] > last[1] or piece.top[0] < 3:
                wrong.append(f"{sheet}: outside at {piece.top}, {piece.left}")
            if max(piece.left[1], piece.right[1]) >= COLUMN or max(piece.top[1], piece.under[1]) >= ROW:
                wrong.append(f"{sheet}: beyond its cell at {piece.top}, {piece.left}")
            for beside in piece.crossed():
                held = [
                    cells[sheet][at] for at in beside if at in cells[sheet] and not SIGN.fullmatch(cells[sheet][at])
                ]
                if len(held) == len(beside):
                    wrong.append(f"{sheet}: over {held} at {beside[0]}")
    return wrong


def without_way(name: str, path: Path) -> list[str]:
    """The tables of a book that read others on their sheet, and have neither an arrow from each nor a sign."""
    made, pieces, cells = lesson(name), pieces_of(path), written(book_of(name))
    book = Book(made.graph, About("", "", "", guide=True), made.recipe.orientation == "columns")
    missing = []
    for page in book.pages:
        sheet = book.sheet_names[page]
        ends = [piece.end for piece in pieces.get(sheet, []) if piece.end]
        for block in page.blocks:
            read = {key(node): node for side in sides(block.node) for node in side if not scalar(node)}
            if not block.home or block.node.op.given or block.strip or not read:
                continue
            sign = cells[sheet].get((block.row - 1, block.column - 1), "")
            corner = sum(end == ((block.column, 0), (block.row, 0)) for end in ends)
            below = sum(end[1] == (block.row + block.shape[0], 0) and end[0][0] == block.column for end in ends)
            if not SIGN.fullmatch(sign) or (not sign and corner + below < len(separate(block))):
                missing.append(f"{sheet}: {block.node.name}")
    return missing


def separate(block: Block) -> list[Block]:
    """The tables that a table reads, without those under which another of them touches."""
    read = [block.reads[key(node)] for side in sides(block.node) for node in side if key(node) in block.reads]
    here = [other for other in dict.fromkeys(read) if other.page is block.page]
    starts = {(other.row, other.column) for other in here}
    return [
        other
        for other in here
        if (other.row + other.shape[0], other.column) not in starts
        and (other.row, other.column + other.shape[1]) not in starts
    ]


@pytest.mark.parametrize("name", sweep(BOOKS))
def test_arrows_run_over_nothing_and_none_is_missing(name: str) -> None:
    assert faults(path_of(name), book_of(name)) == []
    assert without_way(name, path_of(name)) == []


def test_an_arrow_over_a_number_and_a_missing_one_are_found(tmp_path: Path) -> None:
    """A planted fault: the lane under the projections is moved into their last row, and an arrow's head is lost."""
    (sheet,) = (sheet for sheet in pieces_of(path_of("attention")))
    with ZipFile(path_of("attention")) as archive, ZipFile(tmp_path / "moved.xlsx", "w") as moved:
        for name in archive.namelist():
            text = archive.read(name)
            if name == "xl/drawings/drawing1.xml":
                text = text.replace(
                    b"<xdr:row>17</xdr:row><xdr:rowOff>57150</", b"<xdr:row>16</xdr:row><xdr:rowOff>57150</"
                )
                text = text.replace(b"<a:tailEnd ", b"<a:none ", 1)
            moved.writestr(name, text)
    path = tmp_path / "moved.xlsx"
    wrong = faults(path, read(path))
    assert any(fault.startswith(f"{sheet}: over ['") for fault in wrong)
    assert without_way("attention", path) == ["Attention: Q"]


def test_the_arrows_of_a_head() -> None:
    """Each table has one to its corner, those that read a table farther off one from below, and none needs a sign."""
    ((_, pieces),) = pieces_of(path_of("attention")).items()
    ends = {piece.end for piece in pieces if piece.end}
    assert len(ends) > 15
    names = book_of("attention").names
    for name in ("Q", "K", "V", "scores", "scaled"):
        row, column = place(names[name])[0][0][1:]
        assert ((column, 0), (row, 0)) in ends
        assert name not in "KV" or any(end == (row + 3, 0) for (at, _), end in ends if at == column)
    signs = [text for text in written(book_of("attention"))["Attention"].values() if SIGN.fullmatch(text)]
    assert signs == []


def test_a_book_with_many_tables_has_signs_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("byhand.workbook.arrows.MOST_TABLES", 3)
    write_lesson(build(Recipe("softmax")), tmp_path / "many.xlsx")
    assert sum(map(len, pieces_of(tmp_path / "many.xlsx").values())) == 0
    assert "→" in read(tmp_path / "many.xlsx").values.values()
