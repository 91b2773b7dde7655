"""Where a file may be written, and how: under a temporary name, so that a stopped run leaves no half of one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from byhand.errors import ByhandError


def check_place(path: Path, force: bool) -> None:
    """ByhandError unless a file may be written there; `force`: also over one that is there."""
    if path.is_dir():
        raise ByhandError(f"{path} is a folder: name a file in it.")
    if path.exists() and not force:
        raise ByhandError(f"{path} exists already: choose another name, or add --force to write over it.")
    if not path.parent.is_dir():
        raise ByhandError(f"There is no folder {path.parent}: make it first, or write elsewhere.")
    if not os.access(path.parent, os.W_OK):
        raise ByhandError(f"The folder {path.parent} cannot be written: choose another with -o.")


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that has its name only once it is whole. ByhandError if the disk refuses; then there is no new file."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
        os.replace(temporary, path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ByhandError(f"Cannot write {path}: {reason}; choose another place with -o.") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def save(path: Path, data: bytes) -> None:
    """Write the file whole. ByhandError if the disk refuses; then there is no file, or still the old one."""
    with replacing(path) as file:
        file.write(data)


def swept(folder: Path) -> None:
    """Remove what a run that was stopped has left half written."""
    for path in folder.glob(".*.tmp"):
        path.unlink(missing_ok=True)
