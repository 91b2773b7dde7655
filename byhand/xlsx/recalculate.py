"""Recalculates workbooks in spreadsheet engines: IronCalc, LibreOffice and Gnumeric."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from byhand.errors import ByhandError, nearest
from byhand.processes import Limits, Stopped, run, spread_within
from byhand.xlsx import ironcalc_engine
from byhand.xlsx.archive import clause
from byhand.xlsx.cells import Cell, CellError, Value
from byhand.xlsx.ironcalc_engine import Answer, FileRequest
from byhand.xlsx.reader import Contents, read

Values = dict[Cell, Value]


@dataclass(frozen=True)
class Engine:
    """A spreadsheet program. start: the seconds that it may take before it comes to the first cell."""

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
"""What an engine is given time for; on a machine that does nothing else they recalculate 40,000 to 80,000."""
MOST_MEMORY = 4_000_000_000
"""The bytes that an engine may take."""

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
    return shutil.which(program) is not None if program else ironcalc_engine.installed()


def recalculate(path: Path | str, engine: str = "ironcalc") -> Values:
    """Return every formula cell's fresh value; numbers are float, errors CellError. What the file stores plays no part.

    Raises ByhandError for a file that cannot be read, an engine that is not installed, or one that fails at the file.
    """
    return recalculate_many([path], engine)[0]


def recalculate_many(paths: Iterable[Path | str], engine: str = "ironcalc") -> list[Values]:
    """Do the same for several files, for which LibreOffice starts only once."""
    _require(engine)
    return recalculate_books([read(path) for path in paths], engine)


def recalculate_books(books: Sequence[Contents], engine: str = "ironcalc") -> list[Values]:
    """Do the same for files that have been read already."""
    _require(engine)
    if not books:
        return []
    if engine == "gnumeric":
        return [_gnumeric(book) for book in books]
    return _libreoffice(books) if engine == "libreoffice" else _ironcalc(books)


def _require(engine: str) -> None:
    if not installed(engine):
        known = ENGINES[engine]
        others = " or ".join(name for name in ENGINES if name != engine)
        raise ByhandError(f"{known.title} is not installed: {known.install}, or choose the engine {others}.")


def _ironcalc(books: Sequence[Contents]) -> list[Values]:
    """One after the other in one process, each within the time that the largest may take."""
    limits = max((_limits("ironcalc", [book]) for book in books), key=lambda limits: limits.seconds)
    requests = [FileRequest(str(book.path.absolute()), list(book.formulas)) for book in books]
    answers = spread_within(limits, ironcalc_engine.start, (), requests, processes=1, quiet=True)
    values: list[Values] = []
    for book, answer in zip(books, answers, strict=True):
        if isinstance(answer, Stopped):
            raise _failure("ironcalc", book, answer)
        if answer.reason:
            raise _failure("ironcalc", book, clause(answer.reason))
        values.append(dict(zip(book.formulas, values_of(answer), strict=True)))
    return values


def values_of(answer: Answer) -> list[Value]:
    """Return the values of IronCalc's answer, with its errors as CellError."""
    return [CellError(value[0]) if isinstance(value, list) else value for value in answer.values]


def _gnumeric(book: Contents) -> Values:
    with TemporaryDirectory(prefix="byhand-", ignore_cleanup_errors=True) as folder:
        fresh = Path(folder, "fresh.xlsx")
        command = ["ssconvert", "--recalc", str(book.path.absolute()), str(fresh)]
        outcome = run(command, _limits("gnumeric", [book]), Path(folder))
        return _picked("gnumeric", book, fresh, outcome)


def _libreoffice(books: Sequence[Contents]) -> list[Values]:
    """All in one go; if LibreOffice fails at one of several, each by itself to find out which."""
    with TemporaryDirectory(prefix="byhand-", ignore_cleanup_errors=True) as folder:
        try:
            return _converted(books, Path(folder))
        except ByhandError:
            if len(books) == 1:
                raise
    return [_libreoffice([book])[0] for book in books]


def _converted(books: Sequence[Contents], folder: Path) -> list[Values]:
    copies, fresh = folder / "copies", folder / "fresh"
    copies.mkdir()
    names = [f"{i}.xlsx" for i in range(len(books))]
    for book, name in zip(books, names, strict=True):
        shutil.copyfile(book.path, copies / name)
    limits = _limits("libreoffice", books)
    outcome = convert([copies / name for name in names], "xlsx:Calc MS Excel 2007 XML", fresh, limits)
    return [_picked("libreoffice", book, fresh / name, outcome) for book, name in zip(books, names, strict=True)]


def convert(files: Sequence[Path], form: str, folder: Path, limits: Limits) -> str | Stopped:
    """Have LibreOffice convert files into a folder, with a profile beside it; what it prints, or why it failed.

    Each call takes a profile of its own: one LibreOffice refuses to start beside another of the same profile.
    """
    profile = folder.with_name(f"{folder.name}-profile")
    settings = profile / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(_PROFILE, encoding="utf-8")
    command = ["soffice", f"-env:UserInstallation={profile.absolute().as_uri()}", "--headless", "--norestore"]
    command += ["--convert-to", form, "--outdir", str(folder), *map(str, files)]
    return run(command, limits, folder.parent)


def _picked(engine: str, book: Contents, path: Path, outcome: str | Stopped) -> Values:
    """The formula cells' values in the file that the engine has written."""
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
    title = ENGINES[engine].title
    return ByhandError(f"{title} cannot recalculate {book.path} ({why}): choose another engine, or mend the file.")
