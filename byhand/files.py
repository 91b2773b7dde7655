"""Files read within bounds, and files written under a temporary name first, so that a stopped run leaves no half."""

from __future__ import annotations

import errno
import glob
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import IO
from unicodedata import category

from byhand.errors import ByhandError, DiskFull, quoted

RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
"""Names that a file cannot have on Windows."""
OF_DISKS = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG, errno.EIO, errno.EROFS)
"""Errors of a disk that is full, or fails, whatever is written on it."""
UNSIZED = 1_000_000
"""The most bytes that are read of a file of which the system says no size."""
LONGEST_NAME = 200
"""The most bytes of a name that a temporary name repeats; a file system takes 255."""


# Reading


def open_file(path: Path) -> IO[bytes]:
    """Open a regular file to read. OSError for a folder, a device, a pipe or a socket, which may have no end."""
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except ValueError:  # a name with a null byte, or letters that the system has no bytes for
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from None
    try:
        kind = os.fstat(number).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(kind):
            raise OSError(errno.EINVAL, "Not a regular file", str(path))
        return open(number, "rb")
    except BaseException:
        os.close(number)
        raise


def read_bytes(path: Path, what: str, most: int, fix: str = "name another file") -> bytes:
    """Return the bytes of a regular file of at most so many. what: what it should be, such as "roster".

    Raises ByhandError, with the fix, for one that is missing, larger, no regular file, or cannot be read.
    """
    try:
        with open_file(path) as file:
            size = os.fstat(file.fileno()).st_size
            wanted = min(most, max(size, UNSIZED)) + 1  # since Python makes room for all that is asked for
            data = file.read(wanted) if size <= most else None
    except FileNotFoundError:
        raise ByhandError(f"There is no {what} {path}: check its name and folder.") from None
    except IsADirectoryError:
        raise ByhandError(f"The {what} {path} is a folder: name a file in it.") from None
    except OSError as error:
        fix = "mend its permissions" if isinstance(error, PermissionError) else fix
        raise ByhandError(f"The {what} {path} cannot be read ({reason_of(error)}): {fix}.") from None
    if data is None or len(data) > most:
        raise ByhandError(f"{path} is no {what}, which has at most {most:,} bytes: {fix}.")
    return data


def holds(path: Path, data: bytes) -> bool:
    """Return whether there is a regular file with exactly these bytes."""
    try:
        with open_file(path) as file:
            return os.fstat(file.fileno()).st_size == len(data) and file.read(len(data) + 1) == data
    except OSError:
        return False


def reason_of(error: OSError) -> str:
    """Return why the system refused, in lower case."""
    return (error.strerror or str(error)).lower()


# Writing


def check_name(path: Path) -> None:
    """Raise ByhandError for a new name that another system leaves out a part of, or takes for something else."""
    name = path.name
    if any(category(letter) in ("Cc", "Zl", "Zp") for letter in name):
        raise ByhandError(f"{quoted(name)} has a line break or a control character in it: choose another name.")
    if name != ".." and name != name.rstrip(" ."):
        raise ByhandError(f"{quoted(name)} ends in a dot or a blank, which Windows leaves out: choose another name.")
    if RESERVED.fullmatch(name):
        raise ByhandError(f"{quoted(name)} is a device on Windows: choose another name.")


def check_place(path: Path, force: bool) -> None:
    """Raise ByhandError unless a file can be written there; `force` allows an existing one to be replaced."""
    check_name(path)
    try:
        if path.is_dir():
            raise ByhandError(f"{path} is a folder: name a file in it.")
        if path.exists() and not force:
            raise ByhandError(f"{path} exists already: choose another name, or add --force to write over it.")
        if path.exists() and not path.is_file():
            raise ByhandError(f"{path} is no regular file: choose another name.")
        if not path.parent.is_dir():
            raise ByhandError(f"There is no folder {path.parent}: make it first, or write elsewhere.")
    except (OSError, ValueError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else str(error)
        raise ByhandError(f"Cannot use {quoted(str(path))}: {reason}; choose another place.") from None
    if not os.access(path.parent, os.W_OK):
        raise ByhandError(f"The folder {path.parent} cannot be written: choose another with -o.")
    clear_leftovers(path)


@contextmanager
def replacing(path: Path, private: bool = False) -> Iterator[IO[bytes]]:
    """Open a file that gets its name only once it is whole. Raises ByhandError if the disk refuses.

    private: nobody else on the computer may read it, at no time.
    """
    temporary = temporary_name(path)
    mode = 0o600 if private else 0o666
    try:
        with open(temporary, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            yield file
        os.replace(temporary, path)
    except OSError as error:
        raise ByhandError(f"Cannot write {path}: {reason_of(error)}; choose another place with -o.") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def save(path: Path, data: bytes, private: bool = False) -> None:
    """Write the whole file or nothing. Raises ByhandError if the disk refuses; then an old file is unchanged."""
    with replacing(path, private) as file:
        file.write(data)


@contextmanager
def together(*paths: Path) -> Iterator[None]:
    """Take new files away again if a later one cannot be written, so that the same line can be given once more."""
    new = [path for path in paths if not os.path.lexists(path)]
    try:
        yield
    except BaseException:
        for path in new:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        raise


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder for this computer's use alone, and remove it afterwards. Raises DiskFull."""
    try:
        with TemporaryDirectory(prefix="byhand-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)
    except OSError as error:
        if error.errno not in OF_DISKS:
            raise
        raise DiskFull(
            f"Temporary files cannot be written in {gettempdir()} ({reason_of(error)}): make room there, or name "
            "another folder in the environment variable TMPDIR."
        ) from None


def temporary_name(path: Path) -> Path:
    """Return the name that a file or folder has beside its place until it is whole, one for each process."""
    return path.with_name(f"{_temporary_stem(path)}{os.getpid()}.tmp")


def _temporary_stem(path: Path) -> str:
    name = os.fsencode(path.name)
    return f".{path.name if len(name) <= LONGEST_NAME else sha256(name).hexdigest()[:16]}."


def clear_leftovers(path: Path) -> None:
    """Remove what killed runs have left of a file or folder under its temporary names, as far as the system allows."""
    stem = _temporary_stem(path)
    with suppress(OSError):
        for other in path.parent.glob(f"{glob.escape(stem)}*.tmp"):
            process = other.name.removeprefix(stem).removesuffix(".tmp")
            if process.isdecimal() and not _is_alive(int(process)):
                if other.is_dir() and not other.is_symlink():
                    shutil.rmtree(other, ignore_errors=True)
                else:
                    other.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    """Return whether a process may still be there."""
    if os.name != "posix":
        return True  # where asking would end it
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def swept(folder: Path) -> None:
    """Remove the temporary files of a stopped run."""
    for path in folder.glob(".*.tmp"):
        path.unlink(missing_ok=True)
