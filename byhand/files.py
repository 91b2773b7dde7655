"""Where a file may be written, and how: under a temporary name, so that a stopped run leaves no half of one."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

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


def save(path: Path, data: bytes) -> None:
    """Write the file whole. ByhandError if the disk refuses; then there is no file, or still the old one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ByhandError(f"Cannot write {path}: {reason}; choose another place with -o.") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
