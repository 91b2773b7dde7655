"""Recalculate in IronCalc, in a process of its own, so that a crash or an endless loop ends only that process.

IronCalc ends the whole process when a formula calls itself without end. Only that process imports IronCalc, so all else
works without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from byhand.errors import ByhandError

Place = tuple[str, int, int]
"""(sheet, row, column), rows and columns from 0."""
INSTALL = "pip install ironcalc"


def installed() -> bool:
    """Return whether IronCalc is installed."""
    return find_spec("ironcalc") is not None


@dataclass(frozen=True)
class FileRequest:
    """A request for the values of cells of an .xlsx file."""

    path: str
    cells: Sequence[Place]


@dataclass(frozen=True)
class SheetsRequest:
    """A request for the values of cells of a new workbook. A text among the values may begin with =.

    names: each defined name and its reference; a name that is local to a sheet is sheet!name.
    """

    sheets: Sequence[str]
    values: Sequence[tuple[Place, float | str | bool]]
    formulas: Sequence[tuple[Place, str]]
    names: dict[str, str]
    cells: Sequence[Place]


@dataclass(frozen=True)
class Answer:
    """The values of the requested cells, an error as [text]; or the reason of a failure."""

    values: Sequence[Any] = ()
    reason: str = ""


def start() -> Callable[[FileRequest | SheetsRequest], Answer]:
    """Return the function that answers requests. ByhandError if IronCalc is not installed."""
    if not installed():
        raise ByhandError(f"IronCalc is not installed, which works out formulas: {INSTALL}.")
    return _answer


def _answer(request: FileRequest | SheetsRequest) -> Answer:
    try:
        return Answer(_file_values(request) if isinstance(request, FileRequest) else _sheet_values(request))
    except BaseException as reason:  # a panic of the engine is no Exception
        return Answer(reason=str(reason) or "it crashed")


def _file_values(request: FileRequest) -> list[Any]:
    import ironcalc

    model = ironcalc.load_from_xlsx(request.path, "en", "UTC", "en")
    number = {sheet["name"]: i for i, sheet in enumerate(model.get_worksheets_properties())}
    model.evaluate()
    return [_value(model, (number[sheet], row + 1, column + 1)) for sheet, row, column in request.cells]


def _sheet_values(request: SheetsRequest) -> list[Any]:
    import ironcalc

    model = ironcalc.create("sheets", "en", "UTC", "en")
    model.rename_sheet(0, request.sheets[0])
    for sheet in request.sheets[1:]:
        model.add_sheet(sheet)
    number = {sheet: i for i, sheet in enumerate(request.sheets)}
    for name, place in request.names.items():
        sheet, _, local = name.rpartition("!")
        with suppress(ironcalc.WorkbookError):  # a name that the engine does not take is unknown to the formulas
            model.new_defined_name(local, number.get(sheet), place)
    for (sheet, row, column), value in request.values:
        at = number[sheet], row + 1, column + 1
        if isinstance(value, str):
            model.update_cell_with_text(*at, value)
        elif isinstance(value, bool):
            model.update_cell_with_bool(*at, value)
        else:
            model.update_cell_with_number(*at, value)
    for (sheet, row, column), formula in request.formulas:
        model.set_user_input(number[sheet], row + 1, column + 1, formula)
    model.evaluate()
    return [_value(model, (number[sheet], row + 1, column + 1)) for sheet, row, column in request.cells]


def _value(model: Any, place: tuple[int, int, int]) -> Any:
    import ironcalc

    value = model.get_cell_value(*place)
    if isinstance(value, str) and model.get_cell_type(*place) == ironcalc.CellType.ErrorValue:
        return [value]
    return value
