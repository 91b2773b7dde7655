"""What every student was handed: which cells are asked, which are given, and what stands beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from byhand.core.graph import fold
from byhand.core.roles import Role
from byhand.exercises.keys import Key, Rows
from byhand.exercises.problem import Problem, problem
from byhand.exercises.recipe import exercise_of
from byhand.exercises.student_book import FIRST_MARK, MARK, StudentBook
from byhand.xlsx.cells import Cell, position
from byhand.xlsx.ranges import Region, region_of
from byhand.xlsx.reader import HANDED_IN, Contents, read


@dataclass(frozen=True)
class Given:
    """A number that a student is given. shown: of a table that is computed, and shown as a help."""

    table: str
    row: int
    column: int
    shown: bool


@dataclass(eq=False)
class Paper:
    """The book of a set, as it was before anybody's numbers were filled in.

    asked: to each question of the key, its cells. tables: each table's cells. names: the defined names, each with its
    range. givens: what each given cell holds. id: where the student's is. texts, numbers: what everybody has.
    All but the asked cells are empty where this byhand no longer makes the same book of the recipe.
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

    @classmethod
    def of(cls, key: Key) -> Paper:
        """ByhandError for a key whose recipe cannot be built any more."""
        built = problem(exercise_of(key.recipe, Path(f"{key.exercise}.toml")))
        book = StudentBook(built, key.practice)
        asked = tuple(tuple((q.sheet, *position(cell.replace("$", ""))) for cell in q.cells) for q in key.questions)
        paper = cls(key, asked, built)
        if asked == tuple(tuple((place.sheet, *cell) for cell in place.cells) for place in book.places):
            paper._take(book)
        return paper

    def _take(self, book: StudentBook) -> None:
        contents = _unfilled(book)
        keys = book.marks.keys
        self.names = {name: region for name, text in contents.names.items() if (region := region_of(text))}
        for node, block in book.book.homes.items():
            if node.role is not Role.CONSTANT:
                sheet = book.book.sheet_names[block.page]
                rows, columns = map(int, node.shape)
                self.tables[node.name] = [[(sheet, *block.at(i, j)) for j in range(columns)] for i in range(rows)]
        for cell, value in contents.values.items():
            if cell in contents.formulas or isinstance(value, bool | None):
                continue
            if isinstance(value, float):
                self._take_number(cell, value, keys)
            elif found := MARK.fullmatch(value):
                if keys[int(found[1]) - FIRST_MARK] == ("student", "id"):
                    self.id = cell
            elif not MARK.search(value):
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
        """The tables that a student is given, by name."""
        theirs = self.key.students[student]
        return {**self._shown.get(student, {}), **theirs.drawn, **theirs.planted}

    @cached_property
    def drawn_cells(self) -> list[Cell]:
        """The given cells whose numbers are drawn for each student."""
        return [cell for cell, given in self.givens.items() if not given.shown]

    @cached_property
    def by_drawn(self) -> dict[tuple[object, ...], list[str]]:
        """The students who have all the same drawn numbers, by these."""
        where = [(g.table, g.row, g.column) for g in (self.givens[cell] for cell in self.drawn_cells)]
        found: dict[tuple[object, ...], list[str]] = {}
        for id, student in self.key.students.items():
            numbers = tuple(float(student.drawn[table][i][j]) for table, i, j in where)
            found.setdefault(numbers, []).append(id)
        return found

    @cached_property
    def _shown(self) -> dict[str, dict[str, Rows]]:
        """The computed tables that are shown to everybody, worked out for the whole class at once."""
        names = {given.table for given in self.givens.values() if given.shown}
        if not names or self.problem is None:
            return {}
        people = list(self.key.students.values())
        drawn = {node: np.array([p.drawn[node.name] for p in people], dtype=float) for node in self.problem.drawn}
        nodes = [self.problem.lesson.tables[name] for name in names]
        values = fold(nodes, drawn)
        found: dict[str, dict[str, Rows]] = {person.id: {} for person in people}
        for node in nodes:
            for person, table in zip(people, np.broadcast_to(values[node], (len(people), *node.shape)), strict=True):
                found[person.id][node.name] = table.tolist()
        return found


def _unfilled(book: StudentBook) -> Contents:
    """The book with its marks in the places of what is filled in."""
    marks: dict[object, float | str] = {}
    for n, key in enumerate(book.marks.keys):
        text = isinstance(key, tuple) and key[0] in ("student", "word")
        marks[key] = f"§{FIRST_MARK + n}§" if text else float(FIRST_MARK + n)
    with TemporaryDirectory() as folder:
        path = Path(folder, "unfilled.xlsx")
        path.write_bytes(book.template.filled(marks))
        return read(path, HANDED_IN)
