"""How wide the columns of a sheet are, and how wide a text is, as openpyxl reads them from a file."""

from __future__ import annotations

from typing import Any

from openpyxl.cell.rich_text import CellRichText, TextBlock


def widths(sheet: Any) -> list[float]:
    """Of each column."""
    found = [8.43] * (sheet.max_column + 20)
    for dimension in sheet.column_dimensions.values():
        last = min(dimension.max, len(found))
        found[dimension.min - 1 : last] = [dimension.width - 0.71] * (last - dimension.min + 1)
    return found


BREADTHS = dict.fromkeys(" ·.,:;'|!ijl()[]", 0.53) | dict.fromkeys("tfrsJ-", 0.8) | dict.fromkeys("mwMW…→", 1.75)
"""Of letters in Calibri or Cambria, at the upper end, against a digit's."""


def length(cell: Any) -> float:
    """How wide a text is, about, in the unit of a column's width: a digit of Calibri 11."""
    parts = cell.value if isinstance(cell.value, CellRichText) else [cell.value]
    dressed = [(p.text, p.font) if isinstance(p, TextBlock) else (p, cell.font) for p in parts]
    return sum(sum(map(breadth, text)) * (font.sz or 11) / 11 * (1.04 if font.b else 1) for text, font in dressed)


def breadth(letter: str) -> float:
    return BREADTHS.get(letter, 1.22 if letter.isupper() else 1.02)


def own_width(cell: Any, wide: list[float]) -> float:
    """How wide a cell is, with those that are joined to it."""
    merged = next((r for r in cell.parent.merged_cells.ranges if cell.coordinate in r), None)
    return sum(wide[cell.column - 1 : merged.max_col if merged else cell.column])
