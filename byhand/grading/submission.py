"""What a student has handed in: the answers as they are read, and whatever a person should look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from byhand.errors import ByhandError
from byhand.exercises.roster import clean
from byhand.grading.answer_cells import AnswerCells
from byhand.grading.file_kinds import refuse_other_kinds
from byhand.grading.finding import Finder
from byhand.grading.outcome import Typed
from byhand.grading.paper import Paper
from byhand.grading.recompute import Recomputer
from byhand.graph import Array
from byhand.workbook.bounded import Contents, read_bounded
from byhand.workbook.cells import Cell, Value

ReadText = Callable[[str], Typed]
"""How a typed text is read as a number."""
NOT_THERE = Typed("", None, "the cell is no longer in the workbook")


@dataclass(frozen=True, eq=False)
class Submission:
    """A book that has been handed in.

    file: its name, fit to be printed. stated: the id that it states, or nothing. answers: to each question of the key,
    its cells. places: where each of them stands; None where it is gone. scratch: the numbers in each table of the book,
    by the table's name; NaN where there is none.
    seen: what stands in the given cells and the texts of the paper. warnings: what a person should look at.
    """

    path: Path
    file: str
    stated: str
    answers: tuple[tuple[Typed, ...], ...]
    scratch: Mapping[str, Array]
    seen: Mapping[Cell, Value]
    warnings: tuple[str, ...] = ()
    places: tuple[tuple[Cell | None, ...], ...] = ()


def read_submission(path: Path, paper: Paper, read_text: ReadText, engine: Recomputer) -> Submission:
    """What stands in a workbook that anybody may have made. Nothing in it is run, and no link is followed.

    ByhandError, with how to mend it, for a file that is no workbook of this set, or too large or damaged to be read.
    """
    path = Path(path)
    try:
        refuse_other_kinds(path)
        contents = read_bounded(path)
        return _submission(path, paper, contents, read_text, engine)
    except ByhandError as error:
        raise ByhandError(clean(str(error))) from None


def _submission(path: Path, paper: Paper, contents: Contents, read_text: ReadText, engine: Recomputer) -> Submission:
    find = Finder(paper, contents)
    places = [[find(cell) for cell in cells] for cells in paper.asked]
    if not any(place for row in places for place in row):
        raise ByhandError(
            f"{path} is not the workbook of this exercise ({clean(paper.key.exercise)}): "
            "hand in the one that was handed out."
        )
    cells = AnswerCells(contents, read_text, engine)
    typed = iter(cells.read([place for row in places for place in row if place]))
    answers = tuple(tuple(next(typed) if place else NOT_THERE for place in row) for row in places)
    where = paper.id and find(paper.id)
    seen = {cell: _seen(contents, place) for cell in _fixed(paper) if (place := find(cell))}
    warnings = [*_about(paper, contents, places), *cells.warnings]
    stated = _text(contents.values.get(where)) if where else ""
    scratch, there = _scratch(paper, contents, find), tuple(map(tuple, places))
    said = tuple(map(clean, warnings))
    return Submission(path, clean(path.name), stated, answers, scratch, seen, said, there)


def _fixed(paper: Paper) -> list[Cell]:
    return [*paper.givens, *paper.texts, *paper.numbers]


def _seen(contents: Contents, place: Cell) -> Value:
    """What stands in a cell that was handed out: a formula is none of these, whatever result is stored beside it."""
    formula = contents.formulas.get(place)
    return contents.values.get(place) if formula is None else formula


def _text(value: Value) -> str:
    """An id, also where a program has made a number of it."""
    if isinstance(value, float):
        return f"{value:.0f}" if value == int(value) else str(value)
    return clean(value) if isinstance(value, str) else ""


def _about(paper: Paper, contents: Contents, places: list[list[Cell | None]]) -> list[str]:
    """What is odd about the book as a whole."""
    found = []
    if contents.macros:
        found.append("The workbook holds macros, which were not run.")
    for n, row in enumerate(places, 1):
        gone = sum(place is None for place in row)
        if gone:
            found.append(f"Of question {n}, {gone} of {len(row)} cells are no longer in the workbook.")
    return found


def _scratch(paper: Paper, contents: Contents, find: Finder) -> dict[str, Array]:
    """The tables that have at least one number."""
    found = {}
    for name, rows in paper.tables.items():
        numbers = np.array([[_number(contents, find(cell)) for cell in row] for row in rows])
        if not np.isnan(numbers).all():
            found[name] = numbers
    return found


def _number(contents: Contents, place: Cell | None) -> float:
    value = contents.values.get(place) if place else None
    return value if isinstance(value, float) and abs(value) < 1e300 else float("nan")
