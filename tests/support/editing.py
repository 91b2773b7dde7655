"""What a workbook's formulas give once some cells hold something else."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ironcalc
import openpyxl

from byhand.xlsx.cells import Cell, CellError, Value
from byhand.xlsx.reader import read
from byhand.xlsx.recalculate import Values, recalculate_books


def edited(path: Path | str, changes: Mapping[Cell, Any], engine: str = "ironcalc") -> Values:
    """Every formula cell's value, and the changed cells', after the changes; the file stays as it is.

    A change is a number, a text (a formula, if it begins with =), a boolean, or None for an empty cell.
    """
    wanted = list(dict.fromkeys([*read(path).formulas, *changes]))
    if engine == "ironcalc":
        return _in_ironcalc(path, changes, wanted)
    with TemporaryDirectory(prefix="byhand-") as folder:
        copy = Path(folder, "changed.xlsx")
        save_changed(path, changes, copy)
        changed = read(copy)
        fresh = recalculate_books([replace(changed, values=read(path).values)], engine)[0]
    return {cell: fresh.get(cell, changed.values.get(cell)) for cell in wanted}


def _in_ironcalc(path: Path | str, changes: Mapping[Cell, Any], wanted: list[Cell]) -> Values:
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
    number = {sheet["name"]: i for i, sheet in enumerate(model.get_worksheets_properties())}
    for (sheet, row, column), value in changes.items():
        place = number[sheet], int(row) + 1, int(column) + 1
        if value is None:
            model.clear_cell_contents(*place)
        elif isinstance(value, bool):
            model.update_cell_with_bool(*place, value)
        elif isinstance(value, str) and value.startswith("="):
            model.set_user_input(*place, value)
        elif isinstance(value, str):
            model.update_cell_with_text(*place, value)
        else:
            model.update_cell_with_number(*place, float(value))
    model.evaluate()

    def value_of(cell: Cell) -> Value:
        place = number[cell[0]], int(cell[1]) + 1, int(cell[2]) + 1
        value = model.get_cell_value(*place)
        failed = isinstance(value, str) and model.get_cell_type(*place) == ironcalc.CellType.ErrorValue
        return CellError(value) if failed else value

    return {cell: value_of(cell) for cell in wanted}


def save_changed(path: Path | str, changes: Mapping[Cell, Any], target: Path) -> None:
    """Write a copy with the changes; it stores no results, and loses what openpyxl does not know."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(path)
    for (sheet, row, column), value in changes.items():
        book[sheet].cell(int(row) + 1, int(column) + 1).value = value
    book.save(target)
