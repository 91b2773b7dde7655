"""Writing files under a temporary name first, so that a stopped run leaves no half of one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from byhand.errors import ByhandError


def check_place(path: Path, force: bool) -> None:
    """Raise ByhandError unless a file can be written there; `force` allows an existing one to be replaced."""
    if path.is_dir():
        raise ByhandError(f"{path} is a folder: name a file in it.")
    if path.exists() and not force:
        raise ByhandError(f"{path} exists already: choose another name, or add --force to write over it.")
    if not path.parent.is_dir():
        raise ByhandError(f"There is no folder {path.parent}: make it first, or write elsewhere.")
    if not os.access(path.parent, os.W_OK):
        raise ByhandError(f"The folder {path.parent} cannot be written: choose another with -o.")


@contextmanager
def replacing(path: Path, private: bool = False) -> Iterator[IO[bytes]]:
    """Open a file that gets its name only once it is whole. Raises ByhandError if the disk refuses.

    private: nobody else on the computer may read it, at no time.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    mode = 0o600 if private else 0o666
    try:
        with open(temporary, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            yield file
        os.replace(temporary, path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ByhandError(f"Cannot write {path}: {reason}; choose another place with -o.") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def save(path: Path, data: bytes, private: bool = False) -> None:
    """Write the whole file or nothing. Raises ByhandError if the disk refuses; then an old file is unchanged."""
    with replacing(path, private) as file:
        file.write(data)


def swept(folder: Path) -> None:
    """Remove the temporary files of a stopped run."""
    for path in folder.glob(".*.tmp"):
        path.unlink(missing_ok=True)
