"""What of a sheet a screen of 1440 x 900 shows at 100 %."""

from __future__ import annotations

from openpyxl.worksheet.worksheet import Worksheet

ROWS, PIXELS = 22, 1300
"""What LibreOffice and Excel show of a sheet at least, beside and under their bars."""
WIDER = 60 / 54
"""A column in LibreOffice (measured in a window) and in Excel, which has 7 pixels a letter."""


def pixels(sheet: Worksheet, column: int) -> int:
    """How far a column's right edge (from 0) is from the sheet's left one."""
    at, total = 0, 0
    widths = sorted((d.min, d.max, d.width) for d in sheet.column_dimensions.values())
    for first, last, width in widths:
        total += (first - 1 - at) * 71
        columns = min(last, column + 1) - first + 1
        if columns <= 0:
            return total
        total, at = total + columns * round(7 * width * WIDER), last
        if last > column:
            return total
    return total + (column + 1 - at) * 71


def on_screen(sheet: Worksheet, row: int, column: int) -> bool:
    return row < ROWS and pixels(sheet, column) <= PIXELS
