"""Recalculate workbooks in spreadsheet engines: IronCalc, LibreOffice and Gnumeric."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from byhand.errors import ByhandError, nearest
from byhand.files import temporary_folder
from byhand.processes import Limits, Stopped, run, spread_within
from byhand.xlsx import ironcalc_engine
from byhand.xlsx.cells import Cell, CellError, Value
from byhand.xlsx.ironcalc_engine import Answer, FileRequest, SheetsRequest
from byhand.xlsx.reader import Contents, read

Values = dict[Cell, Value]


@dataclass(frozen=True)
class Engine:
    """A spreadsheet program. start: the most seconds before the first cell."""

    title: str
    program: str
    install: str
    start: int


ENGINES = {
    "ironcalc": Engine("IronCalc", "", ironcalc_engine.INSTALL, 10),
    "libreoffice": Engine("LibreOffice", "soffice", "apt install libreoffice-calc", 90),
    "gnumeric": Engine("Gnumeric", "ssconvert", "apt install gnumeric", 30),
}

CELLS_A_SECOND = 1_000
"""The speed that limits an engine's time; on an idle machine, engines recalculate 40,000 to 80,000 cells a second."""
MOST_MEMORY = 4_000_000_000
"""The most bytes of memory for an engine."""

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
"""LibreOffice's settings: recalculate each file (by default it keeps stored results), and fetch no links."""


def installed(engine: str) -> bool:
    """Return whether the engine is installed. ByhandError for an unknown name."""
    if engine not in ENGINES:
        raise ByhandError(f"There is no engine '{engine}'; {nearest(engine, ENGINES)}.")
    program = ENGINES[engine].program
    return shutil.which(program) is not None if program else ironcalc_engine.installed()


def recalculate(path: Path | str, engine: str = "ironcalc") -> Values:
    """Return the recalculated value of each formula cell; numbers are float, errors CellError.

    Stored results are not used. Raises ByhandError for a file that cannot be read, and an engine that is not installed
    or that fails.
    """
    return recalculate_many([path], engine)[0]


def recalculate_many(paths: Iterable[Path | str], engine: str = "ironcalc") -> list[Values]:
    """Recalculate several files; LibreOffice then starts only once."""
    _require(engine)
    return recalculate_books([read(path) for path in paths], engine)


def recalculate_books(books: Sequence[Contents], engine: str = "ironcalc") -> list[Values]:
    """Recalculate files that have been read already."""
    _require(engine)
    if not books:
        return []
    if engine == "gnumeric":
        return [_gnumeric(book) for book in books]
    return _libreoffice(books) if engine == "libreoffice" else _ironcalc(books)


def _require(engine: str) -> None:
    if not installed(engine):
        missing = ENGINES[engine]
        others = " or ".join(name for name in ENGINES if name != engine)
        raise ByhandError(f"{missing.title} is not installed: {missing.install}, or choose the engine {others}.")


def _ironcalc(books: Sequence[Contents]) -> list[Values]:
    """Recalculate the files one after the other in one process, each within the time limit of the largest."""
    limits = max((_limits("ironcalc", [book]) for book in books), key=lambda limits: limits.seconds)
    requests = [FileRequest(str(book.path.absolute()), list(book.formulas)) for book in books]
    answers = spread_within(limits, ironcalc_engine.start, (), requests, processes=1, quiet=True)
    values: list[Values] = []
    for book, answer in zip(books, answers, strict=True):
        if isinstance(answer, Answer) and answer.reason:
            answer = _from_cells(book, limits)
        if isinstance(answer, Stopped) or answer.reason:
            raise _failure("ironcalc", book, answer if isinstance(answer, Stopped) else "it does not take this file")
        values.append(dict(zip(book.formulas, values_of(answer), strict=True)))
    return values


def _from_cells(book: Contents, limits: Limits) -> Answer | Stopped:
    """Give IronCalc the cells alone, of a file that it does not take as it is.

    It wants parts that the format lets a program leave out (styles), and other forms of addresses between parts.
    """
    if book.arrays:
        return Answer(reason="array formulas")  # it would spill them over the cells that hold their numbers
    formulas: list[tuple[Cell, str]] = list(book.formulas.items())
    values: list[tuple[Cell, float | str | bool]] = []
    for cell, value in book.values.items():
        if isinstance(value, CellError) and cell not in book.formulas:
            formulas.append((cell, value))
        elif value is not None and cell not in book.formulas:
            values.append((cell, value))
    request = SheetsRequest(list(book.sheets), values, formulas, book.names, list(book.formulas))
    (answer,) = spread_within(limits, ironcalc_engine.start, (), [request], processes=1, quiet=True)
    return answer


def values_of(answer: Answer) -> list[Value]:
    """Return the values of IronCalc's answer, with its errors as CellError."""
    return [CellError(value[0]) if isinstance(value, list) else value for value in answer.values]


def _gnumeric(book: Contents) -> Values:
    with temporary_folder() as folder:
        fresh = folder / "fresh.xlsx"
        command = ["ssconvert", "--recalc", str(book.path.absolute()), str(fresh)]
        outcome = run(command, _limits("gnumeric", [book]), folder)
        return _formula_values("gnumeric", book, fresh, outcome)


def _libreoffice(books: Sequence[Contents]) -> list[Values]:
    """Recalculate all files in one go; if that fails, each by itself, to find out which one is at fault."""
    with temporary_folder() as folder:
        try:
            return _convert_books(books, folder)
        except ByhandError:
            if len(books) == 1:
                raise
    return [_libreoffice([book])[0] for book in books]


def _convert_books(books: Sequence[Contents], folder: Path) -> list[Values]:
    copies, fresh = folder / "copies", folder / "fresh"
    copies.mkdir()
    names = [f"{i}.xlsx" for i in range(len(books))]
    for book, name in zip(books, names, strict=True):
        shutil.copyfile(book.path, copies / name)
    limits = _limits("libreoffice", books)
    outcome = convert([copies / name for name in names], "xlsx:Calc MS Excel 2007 XML", fresh, limits)
    return [
        _formula_values("libreoffice", book, fresh / name, outcome) for book, name in zip(books, names, strict=True)
    ]


def convert(files: Sequence[Path], form: str, folder: Path, limits: Limits) -> str | Stopped:
    """Convert files into a folder with LibreOffice, and return what it prints, or why it failed.

    Each call has a profile of its own, beside the folder: two LibreOffices cannot run with the same profile.
    """
    profile = folder.with_name(f"{folder.name}-profile")
    settings = profile / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(_PROFILE, encoding="utf-8")
    command = ["soffice", f"-env:UserInstallation={profile.absolute().as_uri()}", "--headless", "--norestore"]
    command += ["--convert-to", form, "--outdir", str(folder), *map(str, files)]
    return run(command, limits, folder.parent)


def _formula_values(engine: str, book: Contents, path: Path, outcome: str | Stopped) -> Values:
    """Return the formula cells' values in the file that the engine wrote."""
    if isinstance(outcome, Stopped):
        raise _failure(engine, book, outcome)
    if not path.exists():
        raise _failure(engine, book, Stopped("crash"))
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


def _limits(engine: str, books: Sequence[Contents]) -> Limits:
    cells = sum(len(book.formulas) + len(book.values) for book in books)
    return Limits(ENGINES[engine].start + cells / CELLS_A_SECOND, MOST_MEMORY)


def _failure(engine: str, book: Contents, why: str | Stopped) -> ByhandError:
    if isinstance(why, Stopped):
        why = f"no answer within {why.seconds:.0f} s" if why.cause == "time" else "it crashed"
    others = " or ".join(name for name in ENGINES if name != engine)
    return ByhandError(
        f"{ENGINES[engine].title} cannot recalculate {book.path} ({why}): choose the engine {others}, or mend the file."
    )
