"""What students do with one exercise, an attention head: the books that they hand in, and what they type elsewhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import openpyxl
from numpy.typing import NDArray

from byhand.exercises.keys import Key
from support.other_formats import as_csv, as_gnumeric, as_ods, as_xls, rows_of

Table = NDArray[np.float64]
Rows = list[list[Any]]
"""What is typed in the cells of each question; None for nothing."""


def softmax(scores: Table, axis: int = 1) -> Table:
    e = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


@dataclass(frozen=True)
class Pupil:
    """A student of the class, whose numbers are worked out here with numpy alone, step by step."""

    folder: Path
    key: Key
    id: str = "s001"

    def table(self, name: str) -> Table:
        return np.array(self.key.students[self.id].drawn[name], dtype=float)

    @cached_property
    def q(self) -> Table:
        return self.table("X") @ self.table("W_Q")

    @cached_property
    def k(self) -> Table:
        return self.table("X") @ self.table("W_K")

    @cached_property
    def v(self) -> Table:
        return self.table("X") @ self.table("W_V")

    @cached_property
    def scores(self) -> Table:
        return self.q @ self.k.T

    def head(self, scores: Table | None = None, scale: float = 2.0, axis: int = 1, values: Table | None = None) -> Rows:
        """Scores, weights and Z, rounded as asked; each of the steps may be another."""
        own = self.scores if scores is None else scores
        weights = softmax(own / scale, axis)
        return rounded([own, weights, weights @ (self.v if values is None else values)])


def rounded(tables: Sequence[Table], places: Sequence[int] = (0, 2, 2)) -> Rows:
    return [[round(float(x), n) + 0.0 for x in table.ravel()] for table, n in zip(tables, places, strict=True)]


Behaviour = Callable[[Pupil], Rows]


def right(pupil: Pupil) -> Rows:
    return pupil.head()


def all_digits(pupil: Pupil) -> Rows:
    weights = softmax(pupil.scores / 2)
    return [[*map(float, table.ravel())] for table in (pupil.scores, weights, weights @ pupil.v)]


def goes_on_with_rounded_weights(pupil: Pupil) -> Rows:
    weights = np.round(softmax(pupil.scores / 2), 2)
    return rounded([pupil.scores, weights, weights @ pupil.v])


def to_one_place(pupil: Pupil) -> Rows:
    whole = all_digits(pupil)
    return [whole[0], *([round(x, 1) for x in row] for row in whole[1:])]


def cut_off(pupil: Pupil) -> Rows:
    whole = all_digits(pupil)
    return [whole[0], [math.trunc(100 * x) / 100 for x in whole[1]], right(pupil)[2]]


def carried_slip(pupil: Pupil) -> Rows:
    """One score is off by one, and all else follows from it."""
    scores = pupil.scores.copy()
    scores[1, 2] += 1
    return pupil.head(scores)


def slip_in_one_cell(pupil: Pupil) -> Rows:
    rows = right(pupil)
    rows[0][0] += 1
    return rows


def wrong_sign(pupil: Pupil) -> Rows:
    rows = right(pupil)
    n = next(n for n, x in enumerate(rows[0]) if x)
    rows[0][n] = -rows[0][n]
    return rows


def two_swapped(pupil: Pupil) -> Rows:
    rows = right(pupil)
    i, j = next((i, j) for i in range(9) for j in range(i + 1, 9) if rows[0][i] != rows[0][j])
    rows[0][i], rows[0][j] = rows[0][j], rows[0][i]
    return rows


def not_scaled(pupil: Pupil) -> Rows:
    return pupil.head(scale=1.0)


def down_the_columns(pupil: Pupil) -> Rows:
    return pupil.head(axis=0)


def keys_for_values(pupil: Pupil) -> Rows:
    return pupil.head(values=pupil.k)


def queries_and_keys_swapped(pupil: Pupil) -> Rows:
    return pupil.head(pupil.k @ pupil.q.T)


def with_weights(weights: Callable[[Table], Table]) -> Behaviour:
    """The weights are made otherwise of the scaled scores; all else follows."""

    def behaviour(pupil: Pupil) -> Rows:
        own = weights(pupil.scores / 2)
        return rounded([pupil.scores, own, own @ pupil.v])

    return behaviour


def divided_by_d_k(pupil: Pupil) -> Rows:
    return pupil.head(scale=4.0)


def multiplied_by_the_root(pupil: Pupil) -> Rows:
    return pupil.head(scale=0.5)


def power_of(base: float) -> Callable[[Table], Table]:
    return lambda scaled: softmax(scaled * np.log(base))


def not_normalised(scaled: Table) -> Table:
    return np.exp(scaled - scaled.max(axis=1, keepdims=True))


def queries_for_values(pupil: Pupil) -> Rows:
    return pupil.head(values=pupil.q)


def weights_turned(pupil: Pupil) -> Rows:
    weights = softmax(pupil.scores / 2)
    return rounded([pupil.scores, weights, weights.T @ pupil.v])


def keys_made_with_w_v(pupil: Pupil) -> Rows:
    return pupil.head(pupil.q @ (pupil.table("X") @ pupil.table("W_V")).T)


def percent_without_its_sign(pupil: Pupil) -> Rows:
    rows = right(pupil)
    return [rows[0], [round(100 * x) if x else x for x in rows[1]], rows[2]]


def wrong_digit(pupil: Pupil) -> Rows:
    """One weight is written with a 1 before the point."""
    rows = right(pupil)
    n = next(n for n, x in enumerate(rows[1]) if 0.1 < x < 1)
    rows[1][n] = round(1 + rows[1][n], 2)
    return rows


def masked(pupil: Pupil) -> Rows:
    weights = softmax(np.where(np.tri(3, dtype=bool), pupil.scores / 2, -1e9))
    return rounded([pupil.scores, weights, weights @ pupil.v])


def texts(form: Callable[[float, int], Any], first: int = 0) -> Behaviour:
    """Every right answer from question `first` on as it is written: a number and its places -> what is typed."""

    def behaviour(pupil: Pupil) -> Rows:
        rows = right(pupil)
        return rows[:first] + [[form(x, (0, 2, 2)[n]) for x in row] for n, row in enumerate(rows[first:], first)]

    return behaviour


def blank(pupil: Pupil) -> Rows:
    return [[None] * len(row) for row in right(pupil)]


def first_table_alone(pupil: Pupil) -> Rows:
    return [right(pupil)[0], *blank(pupil)[1:]]


def everywhere(value: Any) -> Behaviour:
    return lambda pupil: [[value] * len(row) for row in right(pupil)]


def one_cell(value: Any) -> Behaviour:
    """All is right, but for what stands in the first cell of the weights."""

    def behaviour(pupil: Pupil) -> Rows:
        rows = right(pupil)
        rows[1][0] = value
        return rows

    return behaviour


def neighbours_numbers(pupil: Pupil) -> Rows:
    return right(Pupil(pupil.folder, pupil.key, "s002"))


def as_formulas(pupil: Pupil) -> Rows:
    rows = right(pupil)
    scores = pupil.scores / 2
    for i in range(3):
        total = "+".join(f"EXP({x:g})" for x in scores[i])
        for j in range(3):
            rows[1][3 * i + j] = f"=EXP({scores[i, j]:g})/({total})"
    return rows


# What is handed in


def spots(key: Key) -> list[list[tuple[str, str]]]:
    return [[(question.sheet, cell) for cell in question.cells] for question in key.questions]


def book(pupil: Pupil, rows: Rows, path: Path, change: Callable[[Any], None] = lambda book: None) -> Path:
    """The pupil's own book with these answers, and with another change to it."""
    opened = openpyxl.load_workbook(pupil.folder / "students" / f"{pupil.key.students[pupil.id].file}.xlsx")
    for places, typed in zip(spots(pupil.key), rows, strict=True):
        for (sheet, cell), value in zip(places, typed, strict=True):
            opened[sheet][cell] = value
    change(opened)
    opened.save(path)
    return path


def plain(pupil: Pupil, folder: Path, rows: Rows) -> Path:
    return book(pupil, rows, folder / "s001.xlsx")


File = Callable[[Pupil, Path], Path]
"""Makes the file that is handed in."""


def changed(change: Callable[[Any], None], rows: Behaviour = right) -> File:
    return lambda pupil, folder: book(pupil, rows(pupil), folder / "s001.xlsx", change)


def another_format(write: Callable[[Path, Any], Path], name: str) -> File:
    return lambda pupil, folder: write(folder / name, rows_of(plain(pupil, folder, right(pupil))))


def somebody_elses_book(pupil: Pupil, folder: Path) -> Path:
    other = Pupil(pupil.folder, pupil.key, "s002")
    return book(other, right(other), folder / "s001.xlsx")


def in_a_zip(pupil: Pupil, folder: Path) -> Path:
    path = plain(pupil, folder, right(pupil))
    with ZipFile(folder / "s001.zip", "w") as archive:
        archive.write(path, "Pupil One_4711_assignsubmission_file_/s001.xlsx")
    return folder / "s001.zip"


def renamed_sheets(opened: Any) -> None:
    for n, sheet in enumerate(opened.worksheets):
        sheet.title = f"Blatt {n + 1}"


def row_inserted(opened: Any) -> None:
    opened["Attention"].insert_rows(31)


def column_inserted(opened: Any) -> None:
    opened["Attention"].insert_cols(9)


def given_changed(opened: Any) -> None:
    opened["Attention"]["C15"] = 99


def id_erased(opened: Any) -> None:
    opened["Exercise"]["C5"] = None


def answers_in_a_new_sheet(pupil: Pupil, folder: Path) -> Path:
    def change(opened: Any) -> None:
        sheet = opened.create_sheet("Answers")
        for n, row in enumerate(right(pupil)):
            for c, value in enumerate(row):
                sheet.cell(2 + n, 2 + c).value = value

    return book(pupil, blank(pupil), folder / "s001.xlsx", change)


def answers_in_a_copied_tab(pupil: Pupil, folder: Path) -> Path:
    def change(opened: Any) -> None:
        copy = opened.copy_worksheet(opened["Attention"])
        for places, row in zip(spots(pupil.key), right(pupil), strict=True):
            for (_, cell), value in zip(places, row, strict=True):
                copy[cell] = value

    return book(pupil, blank(pupil), folder / "s001.xlsx", change)


def in_csv(pupil: Pupil, folder: Path) -> Path:
    return as_csv(folder / "s001.csv", rows_of(plain(pupil, folder, right(pupil))), "Attention", ";")


ODS, XLS = another_format(as_ods, "s001.ods"), another_format(as_xls, "s001.xls")
GNUMERIC = another_format(as_gnumeric, "s001.gnumeric")
A_DATE = datetime(2026, 1, 2)
