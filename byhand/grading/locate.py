"""Finds the cells of what was handed out in what is handed in, wherever rows, columns and sheets have gone."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cached_property

from byhand.grading.handed_out import Paper
from byhand.xlsx.cells import Cell
from byhand.xlsx.ranges import Region, region_of
from byhand.xlsx.reader import Contents

MOST_INSERTED = 200
"""The rows or columns that may have been put into a table."""
LEAST_KNOWN = 0.25
"""The share of a sheet's texts by which it is known, where nothing else tells."""
Shifts = list[tuple[int, int]]
"""From which row or column of the paper on, and how far things have moved."""
Moved = tuple[str, Shifts, Shifts]
"""What a sheet is called now, and where its rows and columns are."""


class Finder:
    """Where a cell of the paper is: by its table's defined name, or else by the texts around it."""

    def __init__(self, paper: Paper, contents: Contents) -> None:
        self.paper, self.contents = paper, contents
        found = {name: region_of(contents.names.get(name, "")) for name in paper.names}
        self.regions = {n: region for n, region in found.items() if region and region.sheet in contents.sheets}
        sheets = {cell[0] for cells in paper.asked for cell in cells}
        self.unmoved = self.regions == paper.names and sheets <= set(contents.sheets) and bool(paper.names)
        self._lines: dict[str, tuple[list[int], list[int]] | None] = {}
        self._moved: dict[str, Moved | None] = {}

    def __call__(self, cell: Cell) -> Cell | None:
        """The cell as it is now; None where it cannot be told."""
        if self.unmoved:
            return cell
        name = self._name_of.get(cell)
        if name in self.regions:
            assert name is not None
            lines = self._lines_of(name)
            if lines:
                old = self.paper.names[name]
                return self.regions[name].sheet, lines[0][cell[1] - old.row], lines[1][cell[2] - old.column]
        return self._by_texts(cell)

    @cached_property
    def _name_of(self) -> dict[Cell, str]:
        return {cell: name for name, region in self.paper.names.items() for cell in region.cells()}

    def _lines_of(self, name: str) -> tuple[list[int], list[int]] | None:
        """The rows and columns in which a table's now stand."""
        if name not in self._lines:
            old, new = self.paper.names[name], self.regions[name]
            rows = self._kept(old, new, across=False)
            columns = self._kept(old, new, across=True)
            self._lines[name] = (rows, columns) if rows and columns else None
        return self._lines[name]

    def _kept(self, old: Region, new: Region, across: bool) -> list[int] | None:
        """A table's own rows (or columns) among those that its name has now, by what stands before them."""
        first, was, now = (new.column, old.columns, new.columns) if across else (new.row, old.rows, new.rows)
        if was == now:
            return list(range(first, first + now))
        if not was < now <= was + MOST_INSERTED:
            return None
        expected = [self.paper.texts.get(_label(old, i, across)) for i in range(was)]
        labels = [self.contents.values.get(_label(new, i, across)) for i in range(now)]
        kept = [first + i for i, label in enumerate(labels) if label is not None]
        return kept if [label for label in labels if label is not None] == expected else None

    def _by_texts(self, cell: Cell) -> Cell | None:
        moved = self._moved_of(cell[0])
        if moved is None:
            return None
        sheet, rows, columns = moved
        return sheet, cell[1] + _shift(rows, cell[1]), cell[2] + _shift(columns, cell[2])

    def _sheet(self, name: str) -> str | None:
        """What a sheet is called now: as the names say, as before, or the one that has its texts."""
        told = Counter(
            self.regions[n].sheet for n, old in self.paper.names.items() if old.sheet == name and n in self.regions
        )
        if told:
            return told.most_common(1)[0][0]
        if name in self.contents.sheets:
            return name
        texts = set(self._texts(name))
        alike = {sheet: len(texts & set(places)) for sheet, places in self._places.items()}
        best = max(alike, key=lambda sheet: alike[sheet], default="")
        return best if best and alike[best] >= max(1, LEAST_KNOWN * len(texts)) else None

    def _moved_of(self, name: str) -> Moved | None:
        if name not in self._moved:
            sheet = self._sheet(name)
            self._moved[name] = self._measured(name, sheet) if sheet is not None else None
        return self._moved[name]

    def _measured(self, name: str, sheet: str) -> Moved | None:
        """How far the texts of a sheet have moved: those that are there once, now as before."""
        texts, places = self._texts(name), self._places.get(sheet, {})
        pairs = [(cell, places[text][0]) for text, cell in texts.items() if len(places.get(text, ())) == 1]
        if len(pairs) < LEAST_KNOWN * len(texts):
            return None
        rows = [(old[1], new[1] - old[1]) for old, new in pairs]
        columns = [(old[2], new[2] - old[2]) for old, new in pairs]
        return sheet, _by_line(rows), _by_line(columns)

    def _texts(self, sheet: str) -> dict[str, Cell]:
        """The texts of one of the paper's sheets that are there only once."""
        cells = [(text, cell) for cell, text in self.paper.texts.items() if cell[0] == sheet and text.strip()]
        often = Counter(text for text, _ in cells)
        return {text: cell for text, cell in cells if often[text] == 1}

    @cached_property
    def _places(self) -> dict[str, dict[str, list[Cell]]]:
        found: dict[str, dict[str, list[Cell]]] = {sheet: defaultdict(list) for sheet in self.contents.sheets}
        for cell, value in self.contents.values.items():
            if isinstance(value, str):
                found[cell[0]][value].append(cell)
        return found


def _label(region: Region, i: int, across: bool) -> Cell:
    """What stands before a row of a table, or above a column."""
    if across:
        return region.sheet, region.row - 1, region.column + i
    return region.sheet, region.row + i, region.column - 1


def _by_line(pairs: Sequence[tuple[int, int]]) -> Shifts:
    """For each row (or column) the shift that most of its texts have made."""
    shifts: dict[int, Counter[int]] = defaultdict(Counter)
    for line, shift in pairs:
        shifts[line][shift] += 1
    return sorted((line, count.most_common(1)[0][0]) for line, count in shifts.items())


def _shift(shifts: Shifts, line: int) -> int:
    """That of the nearest line before this one, or of the first."""
    after = bisect_right(shifts, line, key=lambda shift: shift[0])
    return shifts[max(after - 1, 0)][1] if shifts else 0
