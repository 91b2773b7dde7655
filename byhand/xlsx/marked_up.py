"""A copy of somebody's workbook with some cells coloured, notes on them, and one more sheet: all else as it was."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from byhand.core.arithmetic.excel import Address
from byhand.errors import ByhandError
from byhand.xlsx.archive import clause, opened
from byhand.xlsx.cell_notes import CONTROLS, MAIN, Note, comments, joined, read_notes, shapes
from byhand.xlsx.cells import position
from byhand.xlsx.more_styles import Dress, Styles
from byhand.xlsx.new_sheet import NewSheet, sheet_xml
from byhand.xlsx.package import RELATIONS, Package, active
from byhand.xlsx.splice import Element, Part

AFTER_NOTES = frozenset(
    "legacyDrawingHF drawingHF picture oleObjects controls webPublishItems tableParts extLst AlternateContent".split()
)
"""What may follow a sheet's notes (ECMA-376, part 1, 18.3.1.99)."""
SELECTED = re.compile(rb"""<(?:\w+:)?sheetView\b[^>]*?(\stabSelected\s*=\s*["'][^"'>]*["'])""")
Thing = TypeVar("Thing")
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"


@dataclass(frozen=True)
class Mark:
    """A cell that is marked, rows and columns from 0: how it is dressed, and what its note says, if anything."""

    row: int
    column: int
    dress: Dress
    note: str = ""
    colour: str = "#FFFFFF"


def marked_up(path: Path, marks: Mapping[str, Sequence[Mark]], last: NewSheet) -> bytes:
    """The marked copy: of each sheet that is named the marks, and after all sheets one more, which is shown first.

    Raises ByhandError where there can be none: a file that `opened` refuses, one with macros, controls or links to
    elsewhere, which are not handed on, or one whose parts are not as the format says.
    """
    with opened(path) as archive:
        try:
            package = Package(archive)
            why = active(package)
            if not why:
                return _Copy(package).made(marks, last)
        except (ValueError, KeyError, IndexError, AssertionError, UnicodeError) as reason:
            why = f"parts that cannot be marked ({clause(str(reason))})"
    raise ByhandError(f"{path} has {why}: a copy of it cannot be marked, so read the page instead.")


class _Copy:
    """A workbook that is being marked."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.book = _only([r.target for r in package.relations("") if r.kind == "officeDocument"])
        related = package.relations(self.book)
        self.elements = package.part(self.book).elements()
        if self.elements[0].name != f"{MAIN} workbook":
            raise ValueError("a workbook of another form")
        targets = {r.id: r.target for r in related}
        self.sheets = {
            e.attributes["name"]: targets[e.attributes[f"{RELATIONS} id"]] for e in self.elements if e.local == "sheet"
        }
        self.styles = Styles(package.part(_only([r.target for r in related if r.kind == "styles"])))

    def made(self, marks: Mapping[str, Sequence[Mark]], last: NewSheet) -> bytes:
        """The copy, packed."""
        for n, (name, target) in enumerate(self.sheets.items(), 1):
            if target.startswith("xl/worksheets/"):
                self._behind(target)
                if name in marks:
                    _Sheet(self.package, target, self.styles, n).mark(marks[name])
        for name in marks:
            if name not in self.sheets:
                raise ValueError(f"no sheet {name!r}")
        self._add(last)
        self.styles.finish()
        return self.package.packed()

    def _behind(self, target: str) -> None:
        """No longer the sheet that is shown first: two such would be edited together."""
        part = self.package.part(target)
        for found in SELECTED.finditer(part.data, 0, part.data.find(b"sheetData")):
            part.change(*found.span(1), b"")

    def _add(self, last: NewSheet) -> None:
        part = self.package.part(self.book)
        lists = _only([e for e in self.elements if e.local == "sheets" and e.depth == 1])
        taken = {name.casefold() for name in self.sheets}
        names = (last.name if n == 1 else f"{last.name} {n}" for n in range(1, len(taken) + 2))
        name = next(name for name in names if name.casefold() not in taken)
        target = self.package.free("xl/worksheets/sheet{}.xml")
        self.package.add(target, sheet_xml(last, self.styles), f"{SPREADSHEET}.worksheet+xml")
        id = self.package.relate(self.book, "worksheet", target)
        number = 1 + max(int(e.attributes["sheetId"]) for e in self.elements if e.local == "sheet")
        told = f' xmlns:r="{RELATIONS}" name="{name}" sheetId="{number}" r:id="{id}"/>'
        part.append(lists, b"<" + part.prefixed(lists, "sheet") + told.encode())
        for view in [e for e in self.elements if e.local == "workbookView"][:1]:
            part.set(view, activeTab=str(len(self.sheets)), firstSheet=None)


class _Sheet:
    """One sheet of the copy."""

    def __init__(self, package: Package, target: str, styles: Styles, number: int) -> None:
        self.package, self.target, self.styles, self.number = package, target, styles, number
        self.part: Part = package.part(target)

    def mark(self, marks: Sequence[Mark]) -> None:
        """Colour the cells and put their notes there."""
        self.elements = self.part.elements()
        self._dress({(m.row, m.column): m for m in marks})
        self._uncolour({(m.row, m.column) for m in marks})
        self._note([Note(m.row, m.column, m.note, colour=m.colour) for m in marks if m.note])

    def _dress(self, marks: dict[tuple[int, int], Mark]) -> None:
        data = _only([e for e in self.elements if e.local == "sheetData" and e.depth == 1])
        rows = self._rows(data)
        for row in sorted({row for row, _ in marks}):
            wanted = {column: marks[row, column] for r, column in marks if r == row}
            if row in rows:
                self._cells(rows[row][0], row, rows[row][1], wanted)
            else:
                self._new_row(data, {n: element for n, (element, _) in rows.items()}, row, wanted)

    def _rows(self, data: Element) -> dict[int, tuple[Element, dict[int, Element]]]:
        """Each row that the file has, and its cells by column. ValueError where they are not in order."""
        rows: dict[int, tuple[Element, dict[int, Element]]] = {}
        row = column = -1
        first, last = data.start, data.end
        for e in self.elements:
            if not first < e.start < last:
                continue
            if e.depth == 2 and e.local == "row":
                row, before = int(e.attributes.get("r", row + 2)) - 1, row
                column = -1
                _ascending(before, row)
                rows[row] = (e, {})
            elif e.depth == 3 and e.local == "c":
                place = e.attributes.get("r")
                column, before = (position(place)[1] if place else column + 1), column
                _ascending(before, column)
                rows[row][1][column] = e
        return rows

    def _cells(self, row: Element, n: int, cells: dict[int, Element], wanted: dict[int, Mark]) -> None:
        for column in sorted(wanted):
            dress = wanted[column].dress
            if column in cells:
                style = self.styles.like(int(cells[column].attributes.get("s", 0)), dress)
                self.part.set(cells[column], s=str(style))
            else:
                later = [cells[c] for c in sorted(cells) if c > column]
                new = self._cell(self.part.prefixed(row, "c"), n, column, dress)
                if later:
                    self.part.change(later[0].start, later[0].start, new)
                elif row.empty and len(wanted) > 1:
                    raise ValueError("an empty row")
                else:
                    self.part.append(row, new)

    def _cell(self, tag: bytes, row: int, column: int, dress: Dress) -> bytes:
        return b'<%s r="%s" s="%d"/>' % (tag, str(Address(row, column)).encode(), self.styles.like(0, dress))

    def _new_row(self, data: Element, rows: dict[int, Element], n: int, wanted: dict[int, Mark]) -> None:
        tag, cell = self.part.prefixed(data, "row"), self.part.prefixed(data, "c")
        cells = b"".join(self._cell(cell, n, column, wanted[column].dress) for column in sorted(wanted))
        new = b'<%s r="%d">%s</%s>' % (tag, n + 1, cells, tag)
        later = [rows[r] for r in sorted(rows) if r > n]
        if later:
            self.part.change(later[0].start, later[0].start, new)
        elif data.empty:
            raise ValueError("an empty sheet")
        else:
            self.part.append(data, new)

    def _uncolour(self, places: set[tuple[int, int]]) -> None:
        """Without the colours that a book for practice gives its answers: the marks' own colours count."""
        cells = {str(Address(row, column)) for row, column in places}
        for e in self.elements:
            if e.local == "conditionalFormatting" and set(e.attributes.get("sqref", "").split()) <= cells:
                self.part.remove(e)

    def _note(self, notes: list[Note]) -> None:
        """The sheet's notes: those that it has, and ours."""
        if not notes:
            return
        before: list[Note] = []
        for relation in self.package.relations(self.target):
            if relation.kind == "vmlDrawing":
                self._checked(relation.target)
            if relation.kind == "comments":
                before += read_notes(self.package.part(relation.target))
            if relation.kind in ("comments", "threadedComment", "vmlDrawing") and not self._in_footer(relation.id):
                self._drop(relation.target, relation.element)
        every = joined([*before, *notes])
        texts, boxes = self.package.free("xl/comments{}.xml"), self.package.free("xl/drawings/vmlDrawing{}.vml")
        self.package.add(texts, comments(every), f"{SPREADSHEET}.comments+xml")
        self.package.add_drawing(boxes, shapes(every, self.number))
        self.package.relate(self.target, "comments", texts)
        self._refer(self.package.relate(self.target, "vmlDrawing", boxes))

    def _checked(self, drawing: str) -> None:
        if CONTROLS.search(self.package.part(drawing).data):
            raise ValueError("controls on a sheet")

    def _in_footer(self, id: str) -> bool:
        return any(e.local == "legacyDrawingHF" and e.attributes.get(f"{RELATIONS} id") == id for e in self.elements)

    def _drop(self, target: str, element: Element) -> None:
        folder, _, file = self.target.rpartition("/")
        self.package.part(f"{folder}/_rels/{file}.rels").remove(element)
        self.package.drop(target)

    def _refer(self, id: str) -> None:
        """Say in the sheet where the boxes are, at the place that the format has for it."""
        root = self.elements[0]
        told = f' xmlns:r="{RELATIONS}" r:id="{id}"/>'.encode()
        new = b"<" + self.part.prefixed(root, "legacyDrawing") + told
        for e in self.elements:
            if e.depth == 1 and e.local == "legacyDrawing":
                self.part.change(e.start, e.end, new)
                return
        after = [e for e in self.elements if e.depth == 1 and e.local in AFTER_NOTES]
        if after:
            self.part.change(after[0].start, after[0].start, new)
        else:
            self.part.append(root, new)


def _ascending(before: int, now: int) -> None:
    if now <= before:
        raise ValueError("cells that are not in order")


def _only(things: Sequence[Thing]) -> Thing:
    if len(things) != 1:
        raise ValueError("not one of what there must be one of")
    return things[0]
