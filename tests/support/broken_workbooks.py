"""A small workbook to be broken, and what byhand says of one that it cannot read."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.errors import ByhandError
from byhand.xlsx.reader import read
from support.workbooks import write

APOSTROPHE = "O'Brien's sheet"
GET_AGAIN = "get it again, or open it in a spreadsheet program and save it again as .xlsx."


def refusal(path: Path) -> str:
    """What read says of the file: one sentence, without the path."""
    with pytest.raises(ByhandError) as error:
        read(path)
    sentence = str(error.value)
    assert sentence.endswith(".")
    assert ". " not in sentence
    assert "\n" not in sentence
    assert str(path) in sentence
    return sentence.replace(str(path), "X")


def damage(path: Path) -> str:
    """Why read finds the file damaged."""
    sentence = refusal(path)
    assert sentence.startswith("X is cut short or damaged (")
    assert sentence.endswith(f"): {GET_AGAIN}")
    return sentence.removeprefix("X is cut short or damaged (").removesuffix(f"): {GET_AGAIN}")


def small_book(path: Path) -> Path:
    """A bit of everything."""
    sheets = {
        "Sheet1": {"A1": 3, "A2": "text", "A3": True, "B1": ("=A1*2", 6), "B2": ('=A2&"s"', "texts")},
        APOSTROPHE: {"A1": ("=Sheet1!A1/7", 3 / 7)},
    }
    return write(path, sheets, {"layer1.q": "=Sheet1!$A$1:$B$1"})
