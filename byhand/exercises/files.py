"""The files of a set: names that every system takes, and writing that leaves no half file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import IO

from byhand.errors import ByhandError
from byhand.exercises.variant import Student

RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
"""Names that are no file's on Windows."""
LONGEST_NAME = 80
"""Bytes of a name, before what it ends in."""


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that has its name only once it is whole. ByhandError where it cannot be written."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
        os.replace(temporary, path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ByhandError(f"Cannot write {path}: {reason}; choose another folder with -o.") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def swept(folder: Path) -> None:
    """Without what a run that was stopped has left half written."""
    for path in folder.glob(".*.tmp"):
        path.unlink(missing_ok=True)


def file_names(students: Iterable[Student]) -> list[str]:
    """For each student the name of a file, without what it ends in, on every system its own.

    It depends on the id alone, unless two ids differ only in the size of their letters.
    """
    students = list(students)
    plain = [_file_name(s.id) for s in students]
    often: dict[str, int] = {}
    for name in plain:
        often[name.casefold()] = often.get(name.casefold(), 0) + 1
    return [
        _marked(name, s.id) if often[name.casefold()] > 1 else name for name, s in zip(plain, students, strict=True)
    ]


def _file_name(text: str) -> str:
    safe = "".join(c if c.isalnum() or c in "._-@+ " else "-" for c in text).strip(" .-")
    cut = safe.encode()[:80].decode(errors="ignore").rstrip(" .-")
    return cut if cut == text and not RESERVED.fullmatch(cut) else _marked(cut, text)


def _marked(name: str, text: str) -> str:
    """With some letters that only this id has."""
    return f"{name or 'student'}~{sha256(text.encode()).hexdigest()[:8]}"
