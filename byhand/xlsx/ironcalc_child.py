"""Recalculates one workbook in IronCalc, as a program of its own: what breaks or stalls the engine ends only that.

IronCalc also prints remarks, and ends the whole process when a formula calls itself without end.
Reads a request in JSON (path, cells, changes) and writes {"values": [...]}, an error as [text], or {"reason": text}.
With --stream it reads requests that need no file (see fresh_values), one a line, and answers so too.
"""

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import ironcalc

Place = tuple[str, int, int]


def values(path: str, cells: list[Place], changes: list[tuple[Place, Any]]) -> list[Any]:
    """The cells' contents after the changes."""
    model = ironcalc.load_from_xlsx(path, "en", "UTC", "en")
    number = {sheet["name"]: i for i, sheet in enumerate(model.get_worksheets_properties())}
    for (sheet, row, column), value in changes:
        _change(model, (number[sheet], row + 1, column + 1), value)
    model.evaluate()
    return [_value(model, (number[sheet], row + 1, column + 1)) for sheet, row, column in cells]


def fresh_values(
    sheets: list[str],
    values: list[tuple[Place, Any]],
    formulas: list[tuple[Place, str]],
    names: dict[str, str],
    cells: list[Place],
) -> list[Any]:
    """What cells hold in a new workbook with these contents; a text among the values may begin with = too."""
    model = ironcalc.create("stream", "en", "UTC", "en")
    model.rename_sheet(0, sheets[0])
    for sheet in sheets[1:]:
        model.add_sheet(sheet)
    number = {sheet: i for i, sheet in enumerate(sheets)}
    for name, place in names.items():
        with suppress(ironcalc.WorkbookError):  # a name that the engine does not take is unknown to the formulas
            model.new_defined_name(name, None, place)
    for (sheet, row, column), value in values:
        if isinstance(value, str):
            model.update_cell_with_text(number[sheet], row + 1, column + 1, value)
        else:
            _change(model, (number[sheet], row + 1, column + 1), value)
    for (sheet, row, column), formula in formulas:
        model.set_user_input(number[sheet], row + 1, column + 1, formula)
    model.evaluate()
    return [_value(model, (number[sheet], row + 1, column + 1)) for sheet, row, column in cells]


def _change(model: ironcalc.Model, place: tuple[int, int, int], value: Any) -> None:
    if value is None:
        model.clear_cell_contents(*place)
    elif isinstance(value, bool):
        model.update_cell_with_bool(*place, value)
    elif isinstance(value, str) and not value.startswith("="):
        model.update_cell_with_text(*place, value)
    elif isinstance(value, str):
        model.set_user_input(*place, value)
    else:
        model.update_cell_with_number(*place, value)


def _value(model: ironcalc.Model, place: tuple[int, int, int]) -> Any:
    value = model.get_cell_value(*place)
    if isinstance(value, str) and model.get_cell_type(*place) == ironcalc.CellType.ErrorValue:
        return [value]
    return value


def _answer(work: Callable[[], list[Any]]) -> str:
    try:
        return json.dumps({"values": work()})
    except BaseException as reason:  # a panic of the engine is no Exception
        return json.dumps({"reason": str(reason)})


def _main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if sys.argv[1:] == ["--stream"]:
        for line in sys.stdin:
            print(_answer(lambda: fresh_values(**json.loads(line))), file=answers, flush=True)  # noqa: B023
    else:
        answers.write(_answer(lambda: values(**json.load(sys.stdin))))
    answers.close()


if __name__ == "__main__":
    _main()
