"""A lock on a folder, so that two runs do not write into it at once.

The operating system holds it and takes it back when the process ends, however it ends; the file only says whose it is.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from byhand.errors import ByhandError

LOCK = ".lock"
"""The name of the file. It is there while a run works, or was stopped."""
FAR = 1 << 30
"""Where Windows locks a byte, behind the text, so that others can read the text."""
LONGEST = 1000


@contextmanager
def locked(folder: Path, whole: Path, private: bool = False) -> Iterator[None]:
    """Hold the lock of a folder, which is made if it is not there yet, and removed again if nothing is in it.

    whole: the folder as the user knows it, for the sentence. private: a new folder is for its owner only. ByhandError
    if another run holds the lock, with its process, computer and time.
    """
    new = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700 if private else 0o777, exist_ok=True)
        file = _acquired(folder / LOCK, whole)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ByhandError(f"Cannot make the folder {whole}: {reason}; choose another with -o.") from None
    try:
        yield
    finally:
        with suppress(OSError):
            (folder / LOCK).unlink()  # while it is held, so that nobody else has taken it; Windows refuses
        os.close(file)
        for place in new:
            with suppress(OSError):
                place.rmdir()


def _acquired(path: Path, whole: Path) -> int:
    """Return the descriptor of the locked file."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not _lock(file):
                raise ByhandError(
                    f"Another run is at work in {whole}{_owner(path)}: wait until it has ended, or choose another "
                    "folder with -o."
                )
            if _is_still(path, file):
                os.ftruncate(file, 0)
                os.write(file, _this_process())
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)  # its holder removed it in between


def _is_still(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(file))
    except FileNotFoundError:
        return False


def _this_process() -> bytes:
    since = datetime.now().astimezone().isoformat(" ", "seconds")
    return json.dumps({"process": os.getpid(), "host": socket.gethostname(), "since": since}).encode()


def _owner(path: Path) -> str:
    """Return who holds the lock, as a part of a sentence; an empty text if the file does not say it."""
    try:
        with path.open("rb") as file:
            owner = json.loads(file.read(LONGEST))
        return f" (process {owner['process']} on {owner['host']}, since {owner['since']})"
    except (OSError, ValueError, TypeError, KeyError):
        return ""


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> bool:
        os.lseek(file, FAR, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        os.lseek(file, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _lock(file: int) -> bool:
        """Lock a file; True also on a file system that has no locks."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True
