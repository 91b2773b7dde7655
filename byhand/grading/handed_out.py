"""The workbook of a set as it was handed out, and the search for its cells in a submission."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path

import numpy as np

from byhand.core.graph import fold
from byhand.core.roles import Role
from byhand.errors import ByhandError
from byhand.exercises.keys import Key, Rows
from byhand.exercises.problem import Problem, problem
from byhand.exercises.recipe import exercise_of
from byhand.exercises.student_book import CHECK, FIRST_MARK, MARK, OF_TEXTS, POINTS, StudentBook
from byhand.files import temporary_folder
from byhand.xlsx.cells import Cell, position
from byhand.xlsx.ranges import Region, region_of
from byhand.xlsx.reader import HANDED_IN, Contents, read


class AnotherExercise(ByhandError):
    """A file is of another exercise than the key."""


@dataclass(frozen=True)
class Given:
    """A number that a student is given. shown: of a computed table that is shown as a help."""

    table: str
    row: int
    column: int
    shown: bool


@dataclass(eq=False)
class HandedOut:
    """The workbook of a set before a student's numbers are filled in.

    asked: the answer cells of each question. tables: each table's cells. names: the defined names and their ranges.
    givens: the contents of the given cells. id: the cell with the student's id. texts, numbers: the contents that are
    the same for everybody. words: the cells with texts of each student's own. cells: every cell that the book uses,
    empty ones too. formulas: the cells with a formula. book: writes the workbook. All but the asked cells are empty if
    this version of byhand makes another book of the recipe.
    """

    key: Key
    asked: tuple[tuple[Cell, ...], ...]
    problem: Problem | None = None
    tables: dict[str, list[list[Cell]]] = field(default_factory=dict)
    names: dict[str, Region] = field(default_factory=dict)
    givens: dict[Cell, Given] = field(default_factory=dict)
    id: Cell | None = None
    texts: dict[Cell, str] = field(default_factory=dict)
    numbers: dict[Cell, float] = field(default_factory=dict)
    words: frozenset[Cell] = frozenset()
    cells: frozenset[Cell] = frozenset()
    formulas: frozenset[Cell] = frozenset()
    book: StudentBook | None = None

    @cached_property
    def fixed(self) -> tuple[Cell, ...]:
        """The printed cells."""
        return (*self.givens, *self.texts, *self.numbers)

    @cached_property
    def single_texts(self) -> list[tuple[Cell, str]]:
        """The texts that occur once on their sheet, with their cells."""
        often = Counter((cell[0], text) for cell, text in self.texts.items() if text.strip())
        return [(cell, text) for cell, text in self.texts.items() if often[cell[0], text] == 1]

    @cached_property
    def last_cells(self) -> dict[str, tuple[int, int]]:
        """The last row and the last column of each sheet."""
        last: dict[str, tuple[int, int]] = {}
        for sheet, row, column in self.cells:
            most = last.get(sheet, (0, 0))
            last[sheet] = max(most[0], row), max(most[1], column)
        return last

    @cached_property
    def blank(self) -> frozenset[Cell]:
        """The cells that are for the student to fill in."""
        tables = {cell for rows in self.tables.values() for row in rows for cell in row}
        asked = {cell for row in self.asked for cell in row}
        return frozenset((tables | asked) - self.givens.keys() - self.numbers.keys() - self.formulas)

    def is_for_practice(self, contents: Contents) -> bool:
        """Return whether a workbook checks the answers itself, though those of this key do not."""
        if self.key.practice or CHECK not in contents.sheets:
            return False
        cells = {cell for cell in (*contents.values, *contents.formulas) if cell[0] == CHECK}
        verdicts = {contents.values.get(cell, 0.0) for cell in cells}
        return cells == {(CHECK, n, 0) for n in range(sum(map(len, self.asked)))} and verdicts <= {-1.0, 0.0, 1.0}

    @classmethod
    def of(cls, key: Key) -> HandedOut:
        """Build the book of a key's recipe. Raises ByhandError if it can no longer be built."""
        built = problem(exercise_of(key.recipe, Path(f"{key.exercise}.toml")))
        book = StudentBook(built, key.practice)
        asked = tuple(tuple((q.sheet, *position(cell.replace("$", ""))) for cell in q.cells) for q in key.questions)
        handed_out = cls(key, asked, built)
        if asked == tuple(tuple((place.sheet, *cell) for cell in place.cells) for place in book.places):
            handed_out._take(book)
        return handed_out

    def _take(self, book: StudentBook) -> None:
        contents = _unfilled(book)
        keys, self.book, self.formulas = book.marks.keys, book, frozenset(contents.formulas)
        self.names = {name: region for name, text in contents.names.items() if (region := region_of(text))}
        for node, block in book.book.homes.items():
            if node.role is not Role.CONSTANT:
                sheet = book.book.sheet_names[block.page]
                rows, columns = map(int, node.shape)
                self.tables[node.name] = [[(sheet, *block.at(i, j)) for j in range(columns)] for i in range(rows)]
        tables = (cell for rows in self.tables.values() for row in rows for cell in row)
        asked = (cell for row in self.asked for cell in row)
        self.cells = frozenset((*contents.values, *contents.formulas, *tables, *asked))
        self.words = frozenset(
            cell
            for cell, value in contents.values.items()
            if isinstance(value, str) and MARK.search(value) and cell not in contents.formulas
        )
        front = book.book.sheet_names[book.book.home]
        points = {(front, row, POINTS) for row in book.question_rows}  # which a teacher may change afterwards
        for cell, value in contents.values.items():
            if cell in contents.formulas or isinstance(value, bool | None):
                continue
            if isinstance(value, float):
                self._take_number(cell, value, keys)
            elif match := MARK.fullmatch(value):
                if keys[int(match[1]) - FIRST_MARK] == ("student", "id"):
                    self.id = cell
            elif not MARK.search(value) and cell not in points:
                self.texts[cell] = value

    def _take_number(self, cell: Cell, value: float, keys: list[object]) -> None:
        n = int(value) - FIRST_MARK
        key = keys[n] if 0 <= n < len(keys) else None
        if not isinstance(key, tuple):
            self.numbers[cell] = value
        elif key[0] in ("given", "shown"):
            kind, node, i, j = key
            self.givens[cell] = Given(node.name, i, j, kind == "shown")

    def given(self, student: str) -> dict[str, Rows]:
        """Return the tables that a student is given, by name."""
        theirs = self.key.students[student]
        return {**self._shown.get(student, {}), **theirs.drawn, **theirs.planted}

    @cached_property
    def drawn_cells(self) -> list[Cell]:
        """The given cells whose numbers are drawn for each student."""
        return [cell for cell, given in self.givens.items() if not given.shown]

    @cached_property
    def by_drawn(self) -> dict[tuple[object, ...], list[str]]:
        """The ids of the students who were given the same drawn numbers, by these numbers."""
        where = [(g.table, g.row, g.column) for g in (self.givens[cell] for cell in self.drawn_cells)]
        ids_by_numbers: dict[tuple[object, ...], list[str]] = {}
        for id, student in self.key.students.items():
            numbers = tuple(float(student.drawn[table][i][j]) for table, i, j in where)
            ids_by_numbers.setdefault(numbers, []).append(id)
        return ids_by_numbers

    @cached_property
    def _shown(self) -> dict[str, dict[str, Rows]]:
        """The computed tables that each student is shown, by id; computed for the whole class at once."""
        names = {given.table for given in self.givens.values() if given.shown}
        if not names or self.problem is None:
            return {}
        people = list(self.key.students.values())
        drawn = {node: np.array([p.drawn[node.name] for p in people], dtype=float) for node in self.problem.drawn}
        nodes = [self.problem.lesson.tables[name] for name in names]
        values = fold(nodes, drawn)
        shown_tables: dict[str, dict[str, Rows]] = {person.id: {} for person in people}
        for node in nodes:
            for person, table in zip(people, np.broadcast_to(values[node], (len(people), *node.shape)), strict=True):
                shown_tables[person.id][node.name] = table.tolist()
        return shown_tables


def _unfilled(book: StudentBook) -> Contents:
    """Return the contents of the book with placeholders in the cells that differ between students."""
    marks: dict[object, float | str] = {}
    for n, key in enumerate(book.marks.keys):
        text = isinstance(key, tuple) and key[0] in OF_TEXTS
        marks[key] = f"§{FIRST_MARK + n}§" if text else float(FIRST_MARK + n)
    with temporary_folder() as folder:
        path = folder / "unfilled.xlsx"
        path.write_bytes(book.template.fill(marks))
        return read(path, HANDED_IN)


MOST_INSERTED = 200
"""The largest number of rows or columns that a student may insert into a table."""
LEAST_KNOWN = 0.25
"""The share of a sheet's texts that identifies it when nothing else does."""
Shifts = list[tuple[int, int]]
"""Pairs of a row or column of the book and the distance by which it has moved."""
Moved = tuple[str, Shifts, Shifts]
"""The new name of a sheet, and the shifts of its rows and columns."""


class CellFinder:
    """Finds cells of the book in a submission: by the defined name of their table, or by the texts around them."""

    def __init__(self, handed_out: HandedOut, contents: Contents) -> None:
        self.handed_out, self.contents = handed_out, contents
        found = {name: region_of(contents.names.get(name, "")) for name in handed_out.names}
        regions = {n: region for n, region in found.items() if region and region.sheet in contents.sheets}
        stale = self._sheets_with_stale_names(regions)
        self.regions = {n: region for n, region in regions.items() if region.sheet not in stale}
        sheets = {cell[0] for cells in handed_out.asked for cell in cells}
        as_named = self.regions == handed_out.names or not regions
        self.unmoved = as_named and not stale and sheets <= set(contents.sheets) and bool(handed_out.names)
        self._lines: dict[str, tuple[list[int], list[int]] | None] = {}
        self._moved: dict[str, Moved | None] = {}

    def __call__(self, cell: Cell) -> Cell | None:
        """Return the cell's place in the submission; None if it cannot be determined."""
        if self.unmoved:
            return cell
        name = self._name_of.get(cell)
        if name in self.regions:
            assert name is not None
            lines = self._lines_of(name)
            if lines:
                old = self.handed_out.names[name]
                return self.regions[name].sheet, lines[0][cell[1] - old.row], lines[1][cell[2] - old.column]
        return self._by_texts(cell)

    def _sheets_with_stale_names(self, regions: Mapping[str, Region]) -> set[str]:
        """Return the sheets whose texts have moved while all names on them stand as before, or there are none.

        Some programs move cells without the names of their ranges, and some formats have no names.
        """
        names = self.handed_out.names
        moved = {new.sheet for name, new in regions.items() if new != names[name]}
        values = self.contents.values
        changed = [(cell[0], text) for cell, text in self.handed_out.single_texts if values.get(cell) != text]
        elsewhere = {sheet for sheet, text in changed if text in self._places.get(sheet, {})}
        return elsewhere - moved

    @cached_property
    def _name_of(self) -> dict[Cell, str]:
        return {cell: name for name, region in self.handed_out.names.items() for cell in region.cells()}

    def _lines_of(self, name: str) -> tuple[list[int], list[int]] | None:
        """Return the rows and columns of a table in the submission."""
        if name not in self._lines:
            old, new = self.handed_out.names[name], self.regions[name]
            rows = self._kept(old, new, across=False)
            columns = self._kept(old, new, across=True)
            self._lines[name] = (rows, columns) if rows and columns else None
        return self._lines[name]

    def _kept(self, old: Region, new: Region, across: bool) -> list[int] | None:
        """Return a table's own rows (or columns) in its present range, without inserted ones, by their labels."""
        first, was, now = (new.column, old.columns, new.columns) if across else (new.row, old.rows, new.rows)
        if was == now:
            return list(range(first, first + now))
        if not was < now <= was + MOST_INSERTED:
            return None
        expected = [self.handed_out.texts.get(_label(old, i, across)) for i in range(was)]
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
        """Return a sheet's name in the submission: from the defined names, unchanged, or by its texts."""
        sheets = Counter(
            self.regions[n].sheet for n, old in self.handed_out.names.items() if old.sheet == name and n in self.regions
        )
        if sheets:
            return sheets.most_common(1)[0][0]
        if name in self.contents.sheets:
            return name
        best = max(self._places, key=lambda sheet: self._alike(name, sheet), default="")
        if not best or self._alike(name, best) < max(1, LEAST_KNOWN * len(self._texts(name))):
            return None
        others = {cell[0] for cell in self.handed_out.texts} - {name}
        return best if all(self._alike(other, best) < self._alike(name, best) for other in others) else None

    def _alike(self, name: str, sheet: str) -> int:
        """Return how many of the texts of a sheet of the book stand on a sheet of the submission."""
        return len(self._texts(name).keys() & self._places[sheet].keys())

    def _moved_of(self, name: str) -> Moved | None:
        if name not in self._moved:
            sheet = self._sheet(name)
            self._moved[name] = self._measure(name, sheet) if sheet is not None else None
        return self._moved[name]

    def _measure(self, name: str, sheet: str) -> Moved | None:
        """Measure the shifts of a sheet's rows and columns by their texts, which come in the same order as before."""
        known = {cell: text for cell, text in self._printed_texts.items() if cell[0] == name}
        words = set(known.values())
        there = {
            cell: value if value in words else STUDENTS_OWN
            for cell, value in self.contents.values.items()
            if cell[0] == sheet and isinstance(value, str) and value.strip()
        }
        shifts = [_line_shifts(_lines(known, axis), _lines(there, axis)) for axis in (1, 2)]
        placed = sum(
            there.get((sheet, cell[1] + _shift(shifts[0], cell[1]), cell[2] + _shift(shifts[1], cell[2]))) == text
            for cell, text in known.items()
        )
        return (sheet, shifts[0], shifts[1]) if placed >= LEAST_KNOWN * len(known) else None

    @cached_property
    def _printed_texts(self) -> dict[Cell, str]:
        """The texts of the book by their cells; a word that each student has of their own is STUDENTS_OWN."""
        texts = {cell: text for cell, text in self.handed_out.texts.items() if text.strip()}
        return texts | dict.fromkeys(self.handed_out.words, STUDENTS_OWN)

    def _texts(self, sheet: str) -> dict[str, Cell]:
        """Return the texts that occur once on a sheet of the handed-out book, with their cells."""
        return {text: cell for cell, text in self.handed_out.single_texts if cell[0] == sheet}

    @cached_property
    def _places(self) -> dict[str, dict[str, list[Cell]]]:
        places: dict[str, dict[str, list[Cell]]] = {sheet: defaultdict(list) for sheet in self.contents.sheets}
        for cell, value in self.contents.values.items():
            if isinstance(value, str):
                places[cell[0]][value].append(cell)
        return places


def _label(region: Region, i: int, across: bool) -> Cell:
    """Return the cell before a row of a table, or above a column."""
    if across:
        return region.sheet, region.row - 1, region.column + i
    return region.sheet, region.row + i, region.column - 1


STUDENTS_OWN = "§"
"""Stands for any text that is not the same for everybody."""
Line = tuple[str, ...]
"""The texts of a row or a column, in their order."""


def _lines(texts: Mapping[Cell, str], axis: int) -> dict[int, Line]:
    """Return the texts of each row (axis 1) or column (axis 2) that has any; a student's own only where no other is."""
    lines: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for (_, row, column), text in texts.items():
        line, place = (row, column) if axis == 1 else (column, row)
        lines[line].append((place, text))
    every = {line: tuple(text for _, text in sorted(lines[line])) for line in sorted(lines)}
    return {line: tuple(t for t in texts if t != STUDENTS_OWN) or (STUDENTS_OWN,) for line, texts in every.items()}


def _line_shifts(old: Mapping[int, Line], new: Mapping[int, Line]) -> Shifts:
    """Return for each row (or column) that is found again the distance by which it has moved."""
    before, after = [*old], [*new]
    matcher = SequenceMatcher(None, [old[n] for n in before], [new[n] for n in after], autojunk=False)
    return [
        (before[block.a + i], after[block.b + i] - before[block.a + i])
        for block in matcher.get_matching_blocks()
        for i in range(block.size)
    ]


def _shift(shifts: Shifts, line: int) -> int:
    """Return the shift of the nearest line before this one, or of the first."""
    after = bisect_right(shifts, line, key=lambda shift: shift[0])
    return shifts[max(after - 1, 0)][1] if shifts else 0
