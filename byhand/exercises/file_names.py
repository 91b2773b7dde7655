"""What a student's files are called: by the id, as every system takes it, each name its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

from byhand.exercises.variant import Student

RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
"""Names that are no file's on Windows."""
LONGEST_NAME = 80
"""Bytes of a name, before what it ends in."""


def file_names(students: Iterable[Student]) -> list[str]:
    """For each student the name of a file, without what it ends in, on every system its own.

    It depends on the id alone, unless two ids differ only in the size of their letters.
    """
    students = list(students)
    plain = [_file_name(s.id) for s in students]
    often = Counter(name.casefold() for name in plain)
    return [
        _marked(name, s.id) if often[name.casefold()] > 1 else name for name, s in zip(plain, students, strict=True)
    ]


def _file_name(text: str) -> str:
    safe = "".join(c if c.isalnum() or c in "._-@+ " else "-" for c in text).strip(" .-")
    cut = safe.encode()[:LONGEST_NAME].decode(errors="ignore").rstrip(" .-")
    return cut if cut == text and not RESERVED.fullmatch(cut) else _marked(cut, text)


def _marked(name: str, text: str) -> str:
    """With some letters that only this id has."""
    return f"{name or 'student'}~{sha256(text.encode()).hexdigest()[:8]}"
