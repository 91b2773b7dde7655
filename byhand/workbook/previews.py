"""Pictures of workbooks: one sheet of each, as LibreOffice prints it."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from subprocess import SubprocessError
from tempfile import TemporaryDirectory
from typing import Self
from zipfile import ZipFile

from byhand.errors import ByhandError
from byhand.files import save

SHARPNESS = 80  # pixels an inch
PATIENCE = 600  # seconds
HANDS = 2
"""How many LibreOffices draw side by side."""
AT_ONCE = 6
"""For how many workbooks each is started."""


@dataclass(frozen=True)
class Photograph:
    """The picture that is to be made of a workbook. sheet: which one it shows, from 0."""

    book: Path
    sheet: int
    picture: Path


class Pictures:
    """Draws pictures with LibreOffice, two at a time, while the work goes on; none where a program is missing.

    advance: told of each picture that is there.
    """

    def __init__(self, advance: Callable[[int], object]) -> None:
        self._advance = advance
        self._able = all(map(shutil.which, ("soffice", "pdftoppm")))
        self._waiting: list[Photograph] = []
        self._begun: list[Future[int]] = []

    def __enter__(self) -> Self:
        self._folder = TemporaryDirectory(prefix="byhand-", ignore_cleanup_errors=True)
        self._hands = ThreadPoolExecutor(HANDS)
        return self

    def __exit__(self, *error: object) -> None:
        self._hands.shutdown(cancel_futures=True)
        self._folder.cleanup()

    def want(self, photo: Photograph) -> None:
        self._waiting.append(photo)
        if len(self._waiting) == AT_ONCE:
            self._begin()

    def drawn(self) -> str:
        """Wait for all that are wanted; what is to be said of them. ByhandError if LibreOffice fails."""
        self._begin()
        if not self._able:
            return "pictures: left as they are (drawing them takes libreoffice-calc and poppler-utils)"
        count = 0
        for future in as_completed(self._begun):
            self._advance(future.result())
            count += future.result()
        return f"pictures: {count}"

    def _begin(self) -> None:
        photos, self._waiting = self._waiting, []
        if self._able and photos:
            folder = Path(self._folder.name, f"pictures-{len(self._begun)}")
            self._begun.append(self._hands.submit(_draw, photos, folder))


def _draw(photos: list[Photograph], folder: Path) -> int:
    """Draw the pictures by way of the folder; how many. Each thread has a LibreOffice with a profile of its own."""
    profile = folder.with_name(f"profile-{threading.get_ident()}")
    command = ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore"]
    copies = [folder / photo.book.name for photo in photos]
    try:
        folder.mkdir()
        for photo, copy in zip(photos, copies, strict=True):
            _only(photo, copy)
            photo.picture.parent.mkdir(exist_ok=True)
        _run([*command, "--convert-to", "pdf", "--outdir", str(folder), *map(str, copies)])
        for photo, copy in zip(photos, copies, strict=True):
            drawn = str(copy.with_suffix(""))
            _run(["pdftoppm", "-png", "-r", str(SHARPNESS), "-singlefile", f"{drawn}.pdf", drawn])
            save(photo.picture, copy.with_suffix(".png").read_bytes())
    except (OSError, SubprocessError):
        names = ", ".join(photo.book.name for photo in photos)
        raise ByhandError(f"LibreOffice cannot print {names}: open them in it to see why.") from None
    return len(photos)


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)


def _only(photo: Photograph, copy: Path) -> None:
    """A copy of the workbook in which every other sheet is hidden: LibreOffice lays out only what is seen."""
    with ZipFile(photo.book) as whole, ZipFile(copy, "w") as alone:
        for name in whole.namelist():
            data = whole.read(name)
            alone.writestr(name, _hidden(data, photo.sheet) if name == "xl/workbook.xml" else data)


def _hidden(workbook: bytes, seen: int) -> bytes:
    before, *sheets = workbook.split(b"<sheet ")
    states = [b"visible" if number == seen else b"hidden" for number in range(len(sheets))]
    shown = before.replace(b"<workbookView ", b'<workbookView activeTab="%d" ' % seen)
    return shown + b"".join(b'<sheet state="%s" %s' % pair for pair in zip(states, sheets, strict=True))
