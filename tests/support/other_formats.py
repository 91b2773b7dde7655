"""A workbook's values in other formats, each written by a library of its own."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import openpyxl

Rows = dict[str, list[list[Any]]]
"""The rows of each sheet; None for an empty cell."""


def rows_of(book: Path) -> Rows:
    """The values of a workbook; a formula without a stored result is empty."""
    read = openpyxl.load_workbook(book, data_only=True)
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in read.worksheets}


def as_ods(path: Path, rows: Rows) -> Path:
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    book = OpenDocumentSpreadsheet()
    for name, lines in rows.items():
        table = Table(name=name)
        for line in lines:
            row = TableRow()
            for value in line:
                number = isinstance(value, int | float)
                cell = TableCell(valuetype="float", value=value) if number else TableCell(valuetype="string")
                if value is None:
                    cell = TableCell()
                else:
                    cell.addElement(P(text=str(value)))
                row.addElement(cell)
            table.addElement(row)
        book.spreadsheet.addElement(table)
    book.save(str(path))
    return path


def as_xls(path: Path, rows: Rows) -> Path:
    import xlwt

    book = xlwt.Workbook()
    for name, lines in rows.items():
        sheet = book.add_sheet(name)
        for i, line in enumerate(lines):
            for j, value in enumerate(line):
                if value is not None:
                    sheet.write(i, j, value)
    book.save(str(path))
    return path


def as_gnumeric(path: Path, rows: Rows) -> Path:
    """As Gnumeric saves it: numbers and texts by their place, and formulas without results."""
    space = 'xmlns:gnm="http://www.gnumeric.org/v10.dtd"'
    sheets = []
    for name, lines in rows.items():
        cells = (
            f'<gnm:Cell Row="{i}" Col="{j}" {_kind(value)}>{escape(str(value))}</gnm:Cell>'
            for i, line in enumerate(lines)
            for j, value in enumerate(line)
            if value is not None
        )
        sheets.append(
            f"<gnm:Sheet><gnm:Name>{escape(name)}</gnm:Name><gnm:Cells>{''.join(cells)}</gnm:Cells></gnm:Sheet>"
        )
    text = f'<?xml version="1.0"?><gnm:Workbook {space}><gnm:Sheets>{"".join(sheets)}</gnm:Sheets></gnm:Workbook>'
    path.write_bytes(gzip.compress(text.encode()))
    return path


def _kind(value: Any) -> str:
    if isinstance(value, str) and value.startswith("="):
        return ""
    return "ValueType=" + quoteattr("40" if isinstance(value, int | float) else "60")


def as_csv(path: Path, rows: Rows, sheet: str, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """One sheet; with semicolons, decimals have commas, as in much of Europe."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    for line in rows[sheet]:
        texts = ["" if value is None else str(value) for value in line]
        numbers = [isinstance(value, int | float) for value in line]
        comma = delimiter == ";"
        writer.writerow([t.replace(".", ",") if n and comma else t for t, n in zip(texts, numbers, strict=True)])
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def as_numbers(path: Path, rows: Rows) -> Path:
    import numbers_parser

    book = numbers_parser.Document()
    for n, (name, lines) in enumerate(rows.items()):
        if n:
            book.add_sheet(name)
        else:
            book.sheets[0].name = name
        table = book.sheets[n].tables[0]
        for i, line in enumerate(lines):
            for j, value in enumerate(line):
                if value not in (None, ""):
                    table.write(i, j, value)
    book.save(str(path))
    return path
