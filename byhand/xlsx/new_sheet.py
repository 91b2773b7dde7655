"""A sheet of text and numbers, written for a workbook that is there already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from byhand.core.arithmetic.excel import Address, column_letters
from byhand.core.arithmetic.excel import quoted as quoted_sheet
from byhand.xlsx.cell_notes import MAIN, xml
from byhand.xlsx.more_styles import Dress, Styles

LINE = 15
"""Points a line."""
Link = tuple[str, int, int]
"""A sheet and a cell of it."""


@dataclass(frozen=True)
class NewCell:
    """link: the place that it leads to."""

    column: int
    value: str | float
    dress: Dress
    link: Link | None = None


@dataclass(frozen=True)
class NewSheet:
    """rows: each its cells from left to right. widths: of the columns from the first on. footer: printed below."""

    name: str
    rows: Sequence[Sequence[NewCell]]
    widths: Sequence[float]
    colour: str
    footer: str = ""


def sheet_xml(sheet: NewSheet, styles: Styles) -> bytes:
    """The sheet's part; it is the one that is shown when the book is opened. Landscape, one page wide."""
    widths = "".join(
        f'<col min="{n}" max="{n}" width="{width:g}" customWidth="1"/>' for n, width in enumerate(sheet.widths, 1)
    )
    rows = "".join(_row(n, row, sheet.widths, styles) for n, row in enumerate(sheet.rows) if row)
    linked = [(n, cell, cell.link) for n, row in enumerate(sheet.rows) for cell in row if cell.link]
    links = "".join(
        f'<hyperlink ref="{Address(n, cell.column)}" location="{_attribute(_place(link))}" '
        f'display="{_attribute(str(cell.value))}"/>'
        for n, cell, link in linked
    )
    footer = _attribute(sheet.footer.replace("&", "&&"))
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<worksheet xmlns="{MAIN}"><sheetPr><tabColor rgb="FF{sheet.colour[1:]}"/>'
        '<pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<dimension ref="A1:{column_letters(len(sheet.widths) - 1)}{len(sheet.rows)}"/>'
        '<sheetViews><sheetView showGridLines="0" tabSelected="1" workbookViewId="0"/></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{widths}</cols><sheetData>{rows}</sheetData>'
        f"{f'<hyperlinks>{links}</hyperlinks>' if links else ''}"
        '<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.6" header="0.3" footer="0.3"/>'
        '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/>'
        f"<headerFooter><oddFooter>&amp;L&amp;8{footer}&amp;R&amp;8&amp;P/&amp;N</oddFooter></headerFooter></worksheet>"
    ).encode()


def _row(n: int, row: Sequence[NewCell], widths: Sequence[float], styles: Styles) -> str:
    """Its height said where text is broken into lines: not every program finds it out."""
    lines = max(_lines(cell, widths[cell.column]) for cell in row)
    height = f' ht="{LINE * lines + 2}" customHeight="1"' if lines > 1 else ""
    return f'<row r="{n + 1}"{height}>{"".join(_cell(n, cell, styles) for cell in row)}</row>'


def _lines(cell: NewCell, width: float) -> int:
    text = cell.value if isinstance(cell.value, str) and "wrapText" in cell.dress.align else ""
    return sum(max(1, ceil(len(line) / width)) for line in text.split("\n"))


def _cell(n: int, cell: NewCell, styles: Styles) -> str:
    start = f'<c r="{Address(n, cell.column)}" s="{styles.new(cell.dress)}"'
    if isinstance(cell.value, str):
        return f'{start} t="inlineStr"><is><t xml:space="preserve">{xml(cell.value)}</t></is></c>'
    return f"{start}><v>{cell.value!r}</v></c>"


def _place(link: Link) -> str:
    sheet, row, column = link
    return f"{quoted_sheet(sheet)}!{Address(row, column)}"


def _attribute(text: str) -> str:
    return xml(text).replace('"', "&quot;").replace("\n", " ")
