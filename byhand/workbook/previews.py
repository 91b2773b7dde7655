"""Pictures of workbooks: one sheet of each, as LibreOffice prints it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from zipfile import ZipFile

from byhand.errors import ByhandError
from byhand.files import save, temporary_folder
from byhand.processes import Limits, Stopped, run
from byhand.xlsx.recalculate import MOST_MEMORY, convert

SHARPNESS = 80  # pixels an inch
LIMITS = Limits(600, MOST_MEMORY)
PROCESSES = 2
"""The number of LibreOffice processes at a time."""
BATCH = 6
"""The number of workbooks for each process."""


@dataclass(frozen=True)
class Preview:
    """A picture to draw of a workbook. sheet: the number of the sheet that it shows, from 0."""

    book: Path
    sheet: int
    picture: Path


class Previews:
    """Draws pictures with LibreOffice in the background; none if a program is missing.

    advance: called with the number of new pictures.
    """

    def __init__(self, advance: Callable[[int], object]) -> None:
        self._advance = advance
        self._available = all(map(shutil.which, ("soffice", "pdftoppm")))
        self._waiting: list[Preview] = []
        self._futures: list[Future[int]] = []

    def __enter__(self) -> Self:
        self._threads = ThreadPoolExecutor(PROCESSES)
        return self

    def __exit__(self, *error: object) -> None:
        self._threads.shutdown(cancel_futures=True)

    def add(self, preview: Preview) -> None:
        """Add a picture, to be drawn in a batch with others."""
        self._waiting.append(preview)
        if len(self._waiting) == BATCH:
            self._submit()

    def finish(self) -> str:
        """Wait for all pictures, and return a line about them. ByhandError if LibreOffice fails."""
        self._submit()
        if not self._available:
            return "pictures: left as they are (drawing them takes libreoffice-calc and poppler-utils)"
        count = 0
        for future in as_completed(self._futures):
            self._advance(future.result())
            count += future.result()
        return f"pictures: {count}"

    def _submit(self) -> None:
        previews, self._waiting = self._waiting, []
        if self._available and previews:
            self._futures.append(self._threads.submit(_draw, previews))


def _draw(previews: list[Preview]) -> int:
    """Draw the pictures, and return how many."""
    for preview in previews:
        preview.picture.parent.mkdir(exist_ok=True)
    with temporary_folder() as folder:
        copies = [folder / preview.book.name for preview in previews]
        for preview, copy in zip(previews, copies, strict=True):
            _copy_with_one_sheet(preview, copy)
        outcomes = [convert(copies, "pdf", folder, LIMITS)]
        for preview, copy in zip(previews, copies, strict=True):
            name = str(copy.with_suffix(""))
            pdftoppm = ["pdftoppm", "-png", "-r", str(SHARPNESS), "-singlefile", f"{name}.pdf", name]
            outcomes.append(run(pdftoppm, LIMITS))
            if any(isinstance(outcome, Stopped) for outcome in outcomes) or not copy.with_suffix(".png").exists():
                raise ByhandError(f"LibreOffice cannot print {preview.book.name}: open it in it to see why.")
            save(preview.picture, copy.with_suffix(".png").read_bytes())
    return len(previews)


def _copy_with_one_sheet(preview: Preview, copy: Path) -> None:
    """Copy the workbook with all other sheets hidden, since LibreOffice prints visible sheets only."""
    with ZipFile(preview.book) as whole, ZipFile(copy, "w") as alone:
        for name in whole.namelist():
            data = whole.read(name)
            alone.writestr(name, _hide_others(data, preview.sheet) if name == "xl/workbook.xml" else data)


def _hide_others(workbook: bytes, visible: int) -> bytes:
    before, *sheets = workbook.split(b"<sheet ")
    states = [b"visible" if number == visible else b"hidden" for number in range(len(sheets))]
    first = re.sub(rb' activeTab="\d+"', b"", before)
    first = first.replace(b"<workbookView ", b'<workbookView activeTab="%d" ' % visible)
    return first + b"".join(b'<sheet state="%s" %s' % pair for pair in zip(states, sheets, strict=True))
