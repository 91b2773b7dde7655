"""The files of a folder that a class has handed in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from byhand.errors import ByhandError
from byhand.exercises.roster import clean

MOST_FILES, DEEPEST = 100_000, 20
NOBODYS = frozenset(("thumbs.db", "desktop.ini", "__macosx", "ehthumbs.db"))
"""What operating systems leave behind."""
OPEN_ELSEWHERE = ("~$", ".~lock")
"""How the names begin that spreadsheet programs give to locks."""
BOOKS = (".xlsx", ".xlsm", ".xls", ".ods", ".numbers", ".csv")


def submissions(folder: Path) -> list[Path]:
    """Every file in a folder and the folders in it, in the order of their names.

    Odd ones too: what is no workbook, and what only has the name of one (a folder, a link, a pipe), so that whoever
    reads them says why not. Links are not followed. ByhandError for what is no folder or has too many files.
    """
    if not folder.is_dir():
        raise ByhandError(f"{clean(str(folder))} is no folder: name the one with the files that were handed in.")
    found = []
    for path in _walked(folder, 0):
        found.append(path)
        if len(found) > MOST_FILES:
            raise ByhandError(
                f"{clean(str(folder))} holds more than {MOST_FILES:,} files: name the folder of one class."
            )
    return found


def _walked(folder: Path, depth: int) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            there = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ByhandError(f"The folder {clean(str(folder))} cannot be read ({reason}).") from None
    for entry in there:
        if _is_nobodys(entry.name):
            continue
        book = entry.name.lower().endswith(BOOKS)
        if entry.is_dir(follow_symlinks=False) and not book:
            if depth < DEEPEST:
                yield from _walked(Path(entry.path), depth + 1)
        elif book or entry.is_file(follow_symlinks=False):
            yield Path(entry.path)


def _is_nobodys(name: str) -> bool:
    return name.startswith((".", *OPEN_ELSEWHERE)) or name.lower() in NOBODYS
