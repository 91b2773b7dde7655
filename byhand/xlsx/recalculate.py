"""Recalculates workbooks in spreadsheet engines: IronCalc, LibreOffice and Gnumeric."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from byhand.errors import ByhandError, nearest
from byhand.xlsx.archive import clause
from byhand.xlsx.cells import COLUMNS, ROWS, Cell, CellError, Value
from byhand.xlsx.reader import Book, check_sheet, read, save_changed

Values = dict[Cell, Value]


@dataclass(frozen=True)
class Engine:
    """A spreadsheet program. start: the seconds that it may take before it comes to the first cell."""

    title: str
    program: str
    install: str
    start: int


ENGINES = {
    "ironcalc": Engine("IronCalc", "", "pip install ironcalc", 10),
    "libreoffice": Engine("LibreOffice", "soffice", "apt install libreoffice-calc", 90),
    "gnumeric": Engine("Gnumeric", "ssconvert", "apt install gnumeric", 30),
}

CELLS_A_SECOND = 1_000
"""What an engine is given time for; on a machine that does nothing else they recalculate 40,000 to 80,000."""
MOST_MEMORY = 4_000_000
"""Kilobytes of addresses that an engine may take."""

_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Office.Calc/Content/Update">
<prop oor:name="Link" oor:op="fuse"><value>2</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
</oor:items>
"""
"""LibreOffice's settings: recalculate whatever it opens (it keeps stored results otherwise), fetch no links."""


def installed(engine: str) -> bool:
    """Whether the engine is there. Raises ByhandError for a name that is no engine's."""
    if engine not in ENGINES:
        raise ByhandError(f"There is no engine '{engine}'; {nearest(engine, ENGINES)}.")
    program = ENGINES[engine].program
    return shutil.which(program) is not None if program else find_spec("ironcalc") is not None


def recalculate(path: Path | str, engine: str = "ironcalc") -> Values:
    """Every formula cell's fresh value; numbers are float, errors CellError. What the file stores plays no part.

    Raises ByhandError for a file that cannot be read, an engine that is not installed, or one that fails at the file.
    """
    return recalculate_many([path], engine)[0]


def recalculate_many(paths: Iterable[Path | str], engine: str = "ironcalc") -> list[Values]:
    """The same for several files, for which LibreOffice starts only once."""
    _require(engine)
    return recalculate_books([read(path) for path in paths], engine)


def recalculate_books(books: list[Book], engine: str = "ironcalc") -> list[Values]:
    """The same for files that have been read already."""
    _require(engine)
    if engine == "libreoffice":
        return _libreoffice(books) if books else []
    return [(_gnumeric if engine == "gnumeric" else _ironcalc)(book) for book in books]


def edited(path: Path | str, changes: Mapping[Cell, Value], engine: str = "ironcalc") -> Values:
    """Every formula cell's value, and the changed cells', once these hold something else; the file stays as it is.

    A change is a number, a text (a formula, if it begins with =), a boolean, or None for an empty cell.
    Raises ByhandError as `recalculate` does, and for a sheet or a place that is not there.
    """
    _require(engine)
    book = read(path)
    changes = {_place(book, cell): _content(value) for cell, value in changes.items()}
    if engine == "ironcalc":
        return _ironcalc(book, changes)
    with TemporaryDirectory(prefix="byhand-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder, "changed.xlsx")
        save_changed(book.path, changes, copy)
        changed = read(copy)
        fresh = recalculate_books([replace(changed, values=book.values)], engine)[0]
    return {cell: fresh.get(cell, changed.values.get(cell)) for cell in _wanted(book, changes)}


def _place(book: Book, cell: Cell) -> Cell:
    sheet, row, column = cell
    check_sheet(book, sheet)
    if not (0 <= row < ROWS and 0 <= column < COLUMNS):
        raise ByhandError(f"No sheet has a row {row}, column {column}: they count from 0.")
    return sheet, int(row), int(column)


def _content(value: Value) -> Value:
    if value is None or isinstance(value, bool | str):
        return value
    if not math.isfinite(value):
        raise ByhandError(f"A cell cannot hold the number {value}: give it a finite one.")
    return float(value)


def _require(engine: str) -> None:
    if not installed(engine):
        known = ENGINES[engine]
        raise ByhandError(f"{known.title} is not installed: {known.install}, or choose another engine.")


def _wanted(book: Book, changes: Mapping[Cell, Value]) -> list[Cell]:
    return list(book.formulas | dict.fromkeys(changes, ""))


def _ironcalc(book: Book, changes: Mapping[Cell, Value] | None = None) -> Values:
    cells = _wanted(book, changes or {})
    request = {"path": str(book.path.absolute()), "cells": cells, "changes": list((changes or {}).items())}
    program = Path(__file__).with_name("ironcalc_child.py")
    answer = _run("ironcalc", [book], [sys.executable, "-P", str(program)], request=json.dumps(request))
    found = json.loads(answer) if answer else {"reason": "it crashed"}
    if "reason" in found:
        raise _failure("ironcalc", book, clause(found["reason"]))
    values = (CellError(value[0]) if isinstance(value, list) else value for value in found["values"])
    return dict(zip(cells, values, strict=True))


def _gnumeric(book: Book) -> Values:
    with TemporaryDirectory(prefix="byhand-", ignore_cleanup_errors=True) as folder:
        fresh = Path(folder, "fresh.xlsx")
        _run("gnumeric", [book], ["ssconvert", "--recalc", str(book.path.absolute()), str(fresh)], folder)
        return _picked("gnumeric", book, fresh)


def _libreoffice(books: list[Book]) -> list[Values]:
    """All in one go; if LibreOffice fails at one of several, each by itself to find out which."""
    with TemporaryDirectory(prefix="byhand-", ignore_cleanup_errors=True) as folder:
        try:
            return _converted(books, Path(folder))
        except ByhandError:
            if len(books) == 1:
                raise
    return [_libreoffice([book])[0] for book in books]


def _converted(books: list[Book], folder: Path) -> list[Values]:
    """With a profile of its own: one LibreOffice refuses to start beside another of the same profile."""
    profile, copies, fresh = (folder / name for name in ("profile", "copies", "fresh"))
    for place in (profile / "user", copies):
        place.mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_PROFILE, encoding="utf-8")
    names = [f"{i}.xlsx" for i in range(len(books))]
    for book, name in zip(books, names, strict=True):
        shutil.copyfile(book.path, copies / name)
    command = ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore"]
    command += ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(fresh)]
    _run("libreoffice", books, [*command, *(str(copies / name) for name in names)], str(folder))
    return [_picked("libreoffice", book, fresh / name) for book, name in zip(books, names, strict=True)]


def _picked(engine: str, book: Book, path: Path) -> Values:
    """The formula cells' values in the file that the engine has written."""
    if not path.exists():
        raise _failure(engine, book, "it crashed")
    try:
        fresh = read(path).values
    except ByhandError:
        raise _failure(engine, book, "it wrote a broken file") from None
    values = {cell: fresh.get(cell) for cell in book.formulas}
    if engine == "libreoffice":
        values |= {
            cell: bool(v) for cell, v in values.items() if v in (0, 1) and isinstance(book.values.get(cell), bool)
        }
    return values


def _run(engine: str, books: list[Book], command: list[str], folder: str = "", request: str = "") -> str:
    """What the program prints; nothing if it fails. Ends it, and all that it has started, when its time is over.

    What it would leave behind in the system's temporary folder, it leaves in `folder`.

    Raises ByhandError when it takes too long.
    """
    seconds = ENGINES[engine].start + sum(len(b.formulas) + len(b.values) for b in books) / CELLS_A_SECOND
    with subprocess.Popen(
        [*_limits(), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C.UTF-8"} | ({"TMPDIR": folder} if folder else {}),
        start_new_session=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        try:
            answer, _ = process.communicate(request, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise _failure(engine, books[0], f"no answer within {seconds:.0f} s") from None
        finally:
            _end(process)
    return answer if process.returncode == 0 else ""


def _limits() -> list[str]:
    return [] if os.name == "nt" else ["/bin/sh", "-c", f'ulimit -v {MOST_MEMORY}; exec "$@"', "sh"]


def _end(process: subprocess.Popen[str]) -> None:
    """soffice is a script whose program outlives it: the whole group goes."""
    with suppress(ProcessLookupError, PermissionError):
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _failure(engine: str, book: Book, reason: str) -> ByhandError:
    title = ENGINES[engine].title
    return ByhandError(f"{title} cannot recalculate {book.path} ({reason}): choose another engine, or mend the file.")
