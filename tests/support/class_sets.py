"""The attention head's exercise as a class's set, and every file of one."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from byhand.errors import ByhandError
from byhand.exercises.class_set import SetOptions, make_set
from byhand.exercises.recipe import find
from byhand.exercises.roster import numbered

HEAD = find("attention-head")


def order(folder: str, count: int = 5, **more: Any) -> SetOptions:
    return SetOptions(HEAD, Path(folder), numbered(count), **{"seed": 3, **more})


def tree(folder: str | Path) -> dict[str, bytes]:
    """Every file and its bytes."""
    root = Path(folder)
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def parts(book: bytes) -> dict[str, str]:
    with ZipFile(io.BytesIO(book)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


SAME = ("--seed", "3", "--format", "xlsx")


def command(folder: str, *words: str) -> list[str]:
    return [sys.executable, "-m", "byhand", "exercise", "attention-head", *SAME, "-o", folder, *words]


def refusal(order: SetOptions) -> str:
    before = tree(".")
    with pytest.raises(ByhandError) as error:
        make_set(order)
    assert tree(".") == before
    return str(error.value)
