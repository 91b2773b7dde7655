"""Numbers where none are asked for, beside empty answers: in a copied or new sheet, beside or below a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from byhand.core.arithmetic.excel import Address
from byhand.core.graph import Array, fold
from byhand.exercises.keys import KeyStudent
from byhand.grading.handed_out import CellFinder, HandedOut
from byhand.grading.verdicts import TypedAnswer
from byhand.xlsx.cells import Cell
from byhand.xlsx.reader import Contents

LONGEST = 60
"""The longest text beside the tables that is read as a number."""
EMPTY = 0.5
"""The share of empty cells from which a question counts as not answered."""
COPY = 0.6
"""The share of a sheet's texts that stand at the same places on a copy of it."""
MOST_PLACES = 3
"""The most places that a sentence names."""
NEAR = 1e-9
ReadText = Callable[[str], TypedAnswer]


def misplaced(
    handed_out: HandedOut,
    contents: Contents,
    find: CellFinder,
    answers: Sequence[Sequence[TypedAnswer]],
    read_text: ReadText,
) -> list[str]:
    """Return a warning if answers are empty while numbers stand where none are asked for; else an empty list."""
    empty = _empty_questions(answers)
    if not empty or not handed_out.cells:
        return []
    places = list(_stray_numbers(handed_out, contents, find, read_text))
    fewest = min(sum(typed.blank for typed in answers[n]) for n in empty)
    if not places or len(places) < EMPTY * fewest:
        return []
    where = ", ".join(_ranges(places))
    return [f"{_named(handed_out, empty)} empty, but numbers stand where none are asked for: {where}."]


def _empty_questions(answers: Sequence[Sequence[TypedAnswer]]) -> list[int]:
    return [n for n, row in enumerate(answers) if sum(typed.blank for typed in row) >= EMPTY * len(row)]


def _named(handed_out: HandedOut, questions: Sequence[int]) -> str:
    """Return the questions as the beginning of a sentence: Question 2 (weights) is, Questions 1, 2 and 3 are."""
    if len(questions) == 1:
        return f"Question {questions[0] + 1} ({handed_out.key.questions[questions[0]].table}) is"
    *first, last = [str(n + 1) for n in questions]
    return f"Questions {', '.join(first)} and {last} are"


def _stray_numbers(handed_out: HandedOut, contents: Contents, find: CellFinder, read_text: ReadText) -> Iterator[Cell]:
    """Yield the cells with a number, none of which is a cell of the book that was handed out."""
    known = {cell: cell for cell in handed_out.cells} if find.unmoved else _places(handed_out, find)
    own = set(known.values())
    copies = {sheet: _copy_of(handed_out, contents, sheet, own) for sheet in contents.sheets}
    asked = {cell for cells in handed_out.asked for cell in cells}
    for cell in [*contents.values, *(cell for cell in contents.formulas if cell not in contents.values)]:
        if cell in own or not _holds_number(contents, cell, read_text):
            continue
        copied_from = (copies.get(cell[0], ""), cell[1], cell[2])
        if copied_from in handed_out.cells and copied_from not in asked:
            continue  # a given number or a label of the sheet that was copied
        yield cell


def _places(handed_out: HandedOut, find: CellFinder) -> dict[Cell, Cell]:
    return {cell: place for cell in handed_out.cells if (place := find(cell))}


def _holds_number(contents: Contents, cell: Cell, read_text: ReadText) -> bool:
    value = contents.values.get(cell)
    if isinstance(value, bool):
        return False
    if isinstance(value, float):
        return cell not in contents.dates
    if isinstance(value, str):
        return type(value) is str and len(value) <= LONGEST and read_text(value).value is not None
    return cell in contents.formulas


def _copy_of(handed_out: HandedOut, contents: Contents, sheet: str, own: set[Cell]) -> str:
    """Return the sheet of the book of which another sheet is a copy; an empty text for none."""
    if any(cell[0] == sheet for cell in own):
        return ""
    texts: dict[str, list[Cell]] = defaultdict(list)
    for cell, text in handed_out.texts.items():
        if text.strip():
            texts[cell[0]].append(cell)
    shares = {
        name: sum(contents.values.get((sheet, *cell[1:])) == handed_out.texts[cell] for cell in cells) / len(cells)
        for name, cells in texts.items()
    }
    best = max(shares, key=lambda name: shares[name], default="")
    return best if best and shares[best] >= COPY else ""


def _ranges(places: Sequence[Cell]) -> list[str]:
    """Return the places in words: on each sheet the range that holds them all, and how many they are."""
    by_sheet: dict[str, list[Cell]] = defaultdict(list)
    for place in places:
        by_sheet[place[0]].append(place)
    shown = []
    for sheet, cells in list(by_sheet.items())[:MOST_PLACES]:
        rows, columns = [cell[1] for cell in cells], [cell[2] for cell in cells]
        first, last = Address(min(rows), min(columns)), Address(max(rows), max(columns))
        span = f"{first}" if len(cells) == 1 else f"{first}:{last}"
        shown.append(f"{sheet}!{span} ({len(cells)})")
    return shown + ["and more"] * (len(by_sheet) > MOST_PLACES)


def in_white_tables(
    handed_out: HandedOut,
    student: KeyStudent,
    answers: Sequence[Sequence[TypedAnswer]],
    scratch: Mapping[str, Array],
) -> list[str]:
    """Return a warning for each empty question whose right answers stand in a table that is room to work."""
    asked = {question.table for question in handed_out.key.questions}
    tables = {name: numbers.ravel() for name, numbers in scratch.items() if name not in asked}
    if not tables or not (empty := _empty_questions(answers)):
        return []
    own = _right_tables(handed_out, student, tables)
    sentences = []
    for n in empty:
        question, right = handed_out.key.questions[n], np.array(student.answers[n], dtype=float)
        for name, numbers in tables.items():
            if len(numbers) != len(right) or len(right) < 2:
                continue
            fits = np.abs(numbers - right) <= question.margin + NEAR
            belong = np.abs(numbers - own.get(name, np.nan)) <= question.margin + NEAR
            if fits.mean() >= EMPTY and fits.sum() > belong.sum():
                sentences.append(
                    f"Question {n + 1} ({question.table}) is empty, but its answers stand in the table {name}, "
                    "which is room to work."
                )
    return sentences


def _right_tables(handed_out: HandedOut, student: KeyStudent, tables: Mapping[str, Array]) -> dict[str, Array]:
    """Return what would be right in these tables. Empty where the problem cannot be worked out from the drawn ones."""
    built = handed_out.problem
    if built is None:
        return {}
    drawn = [node for node in built.drawn if node.name in student.drawn]
    given = {node: np.array(student.drawn[node.name], dtype=float) for node in drawn}
    nodes = {name: built.lesson.tables[name] for name in tables if name in built.lesson.tables}
    values = fold(list(nodes.values()), given) if nodes else {}
    return {name: np.asarray(values[node], dtype=float).ravel() for name, node in nodes.items()}
