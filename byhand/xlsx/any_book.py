"""Read a spreadsheet file of any usual format within bounds: .xlsx, .ods, .xls, .xlsb, .gnumeric, .numbers or .csv.

Of formats other than .xlsx, values are read, and the formulas and names where the format is open.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from byhand.errors import ByhandError
from byhand.files import read_bytes
from byhand.text_encoding import decode
from byhand.xlsx.archive import SAVE_AGAIN, check_archive, clause
from byhand.xlsx.cells import COLUMNS, ROWS, Cell, CellError, Value
from byhand.xlsx.open_formats import read_gnumeric, read_ods
from byhand.xlsx.reader import ANY_BOOK, Bounds, Contents, read

OLE, ZIP, GZIP = bytes.fromhex("d0cf11e0a1b11ae1"), b"PK", b"\x1f\x8b"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
MOST_BYTES = 20_000_000
"""The most bytes of a file in a format that does not say how much it holds."""


def read_any(path: Path | str, bounds: Bounds = ANY_BOOK) -> Contents:
    """Read the contents of a spreadsheet file of any usual format; what it is shows in the file, not in its name.

    Raises ByhandError for a file that is missing, locked, damaged, too large or no spreadsheet.
    """
    path = Path(path)
    return _reader_of(path)(path, bounds)


def _reader_of(path: Path) -> Callable[[Path, Bounds], Contents]:
    try:
        if not path.is_file():
            return read
        with path.open("rb") as file:
            start = file.read(4_096)
            if start.startswith(OLE):
                return read if ENCRYPTED in start + file.read(100_000_000) else _read_old_excel
    except (OSError, ValueError):
        return read
    if start.startswith(ZIP):
        parts = _parts(path)
        if "content.xml" in parts and "mimetype" in parts:
            return read_ods
        if "xl/workbook.bin" in parts:
            return _read_binary_excel
        return _read_numbers if any(part.endswith("Index/Document.iwa") for part in parts) else read
    if start.startswith(GZIP):
        return read_gnumeric
    return _read_csv if start and _is_text(start) else read


def _parts(path: Path) -> set[str]:
    try:
        with ZipFile(path) as archive:
            return set(archive.namelist())
    except (BadZipFile, OSError, ValueError, NotImplementedError):
        return set()


def _is_text(start: bytes) -> bool:
    """Whether the bytes look like text, in UTF-16 or an encoding that has no control characters."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return not re.search(rb"[\x00-\x08\x0e-\x1f]", start)


# Excel's older formats

FIRST_DAY, DAY = datetime(1899, 12, 30), timedelta(days=1)
"""The day from which spreadsheets count."""
LEAP = 60
"""The number of a day that never was, 29 February 1900: up to it, Excel's numbers of days are one less."""


def _read_binary_excel(path: Path, bounds: Bounds) -> Contents:
    check_archive(path)
    return _read_old_excel(path, bounds)


def _read_old_excel(path: Path, bounds: Bounds) -> Contents:
    """Read the values of an .xls or .xlsb file. Call it in a process of limited memory if the file is a stranger's."""
    import python_calamine

    _check_size(path, bounds)
    try:
        with path.open("rb") as file, python_calamine.CalamineWorkbook.from_filelike(file) as book:
            sheets = [sheet.name for sheet in book.sheets_metadata if "WorkSheet" in str(sheet.typ)]
            hidden = [sheet.name for sheet in book.sheets_metadata if "Visible" not in str(sheet.visible)]
            if len(sheets) > bounds.sheets:
                raise ByhandError(f"{path} has more than {bounds.sheets} sheets: {bounds.advice}.")
            rows = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in sheets}
    except ByhandError:
        raise
    except BaseException as reason:  # a panic of the library is no Exception
        if isinstance(reason, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        why = clause(str(reason)) or type(reason).__name__
        raise ByhandError(f"{path} is cut short or damaged ({why}): get it again, or {SAVE_AGAIN}.") from None
    values: dict[Cell, Value] = {}
    dates: set[Cell] = set()
    for name, table in rows.items():
        _add_rows(path, bounds, values, name, table)
        dates.update((name, i, j) for i, row in enumerate(table) for j, cell in enumerate(row) if _is_date(cell))
    return Contents(path, tuple(sheets), {}, values, {}, frozenset(hidden), dates=frozenset(dates))


def _is_date(cell: Any) -> bool:
    return isinstance(cell, date | time | timedelta)


def _check_size(path: Path, bounds: Bounds) -> None:
    size, most = path.stat().st_size, min(MOST_BYTES, bounds.unpacked)
    if size > most:
        raise ByhandError(f"{path} has {size:,} bytes, more than {most:,}: {bounds.advice}.")


def _add_rows(path: Path, bounds: Bounds, values: dict[Cell, Value], sheet: str, rows: Iterable[Iterable[Any]]) -> None:
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            value = _value(cell)
            if value is None:
                continue
            values[sheet, i, j] = value
            if i >= ROWS or j >= COLUMNS:
                raise ByhandError(f"{path} has a cell beyond the end of the sheet: {bounds.advice}.")
            if bounds.cells is not None and len(values) > bounds.cells:
                raise ByhandError(f"{path} has more than {bounds.cells:,} cells: {bounds.advice}.")


def _value(cell: Any) -> Value:
    """Return a value of Python as one of a cell."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, int | float):
        return float(cell)
    if isinstance(cell, datetime):
        days = (cell - FIRST_DAY) / DAY
        return days if days > LEAP else days - 1
    if isinstance(cell, date):
        return _value(datetime.combine(cell, time()))
    if isinstance(cell, time):
        return (datetime.combine(FIRST_DAY, cell) - FIRST_DAY) / DAY
    if isinstance(cell, timedelta):
        return cell / DAY
    text = str(cell)
    return CellError(text) if re.fullmatch(r"#(DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!)", text) else text


# Numbers


def _read_numbers(path: Path, bounds: Bounds) -> Contents:
    """Read the values of a file of Apple's Numbers; each of a sheet's tables as if it were a sheet."""
    check_archive(path, may_declare=(".plist",))
    _check_size(path, bounds)
    try:
        import numbers_parser
    except ImportError:
        raise ByhandError(
            f"{path} is a Numbers file: export it as an Excel workbook (.xlsx), or install what reads it with "
            "pip install byhand[numbers]."
        ) from None
    values: dict[Cell, Value] = {}
    sheets: list[str] = []
    try:
        for sheet in numbers_parser.Document(str(path)).sheets:
            for n, table in enumerate(sheet.tables):
                name = sheet.name if n == 0 else f"{sheet.name} - {table.name}"
                sheets.append(name)
                _add_rows(path, bounds, values, name, table.rows(values_only=True))
    except ByhandError:
        raise
    except Exception as reason:  # the library raises errors of many kinds for a damaged part
        why = clause(str(reason)) or type(reason).__name__
        raise ByhandError(f"{path} is cut short or damaged ({why}): export it as .xlsx.") from None
    return Contents(path, tuple(sheets), {}, values, {})


# CSV

CSV_SHEET = "CSV"
DELIMITERS = ",;\t"
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,30}\.?[0-9]{0,30}|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,3})?")
_WITH_COMMA = re.compile(r"[+-]?[0-9]{0,30},[0-9]{1,30}(?:[eE][+-]?[0-9]{1,3})?")


def _read_csv(path: Path, bounds: Bounds) -> Contents:
    """Read the one sheet that a CSV file holds, as a spreadsheet program saves it."""
    _check_size(path, bounds)
    text = decode(read_bytes(path, "table", MOST_BYTES)).text.replace("\0", "")
    first = next((line for line in text.splitlines() if line.strip(",;\t ")), "")
    declared = re.fullmatch(r'"?sep=(.)"?', first.strip(), re.IGNORECASE)
    start = "\n".join(text.splitlines()[:50])
    counts = {sign: re.sub(r'"[^"]*"', "", start).count(sign) for sign in DELIMITERS}
    delimiter = declared[1] if declared else max(counts, key=lambda sign: counts[sign])
    values: dict[Cell, Value] = {}
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        if declared:
            next(rows)
        _add_rows(path, bounds, values, CSV_SHEET, ([_csv_value(cell, delimiter) for cell in row] for row in rows))
    except csv.Error as reason:
        raise ByhandError(f"{path} is no table of text ({clause(str(reason))}): {SAVE_AGAIN}.") from None
    return Contents(path, (CSV_SHEET,), {}, values, {})


def _csv_value(text: str, delimiter: str) -> float | str:
    plain = text.strip()
    if _NUMBER.fullmatch(plain):
        return float(plain)
    if delimiter != "," and _WITH_COMMA.fullmatch(plain):
        return float(plain.replace(",", "."))
    return text if plain else ""
