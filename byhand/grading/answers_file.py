"""A file of answers that a notebook saves, JSON or .npz, as the contents of the workbook that it stands for.

Nothing in it is run: JSON is decoded to its types, and an array is read from its bytes, never as a pickle.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterable
from math import isfinite
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import msgspec
import numpy as np

from byhand.core.graph import Array
from byhand.errors import ByhandError
from byhand.exercises.roster import clean
from byhand.files import open_file, read_bytes
from byhand.grading.handed_out import AnotherExercise, HandedOut
from byhand.xlsx.cells import Cell, Value
from byhand.xlsx.reader import Contents

MOST_BYTES, MOST_ARRAYS, LARGEST_HEADER = 2_000_000, 2_000, 10_000
"""The most bytes of a file, also unpacked, the most arrays in it, and the most letters of an array's description."""
LOOKED_AT = 1_024
"""The bytes at the start of a file that say what kind of file it is."""
NOTEBOOK = re.compile(r'"nbformat"\s*:|"cells"\s*:')
MEND = "run the notebook from top to bottom and hand in the file that its last cell saves"


class Answers(msgspec.Struct):
    """What a notebook saves. answers: by the number of the question; tables: by name, with those that were given."""

    student: str
    exercise: str
    answers: dict[str, list[float | str | None]]
    tables: dict[str, list[list[float | None]]] = {}


def answers_file(path: Path, handed_out: HandedOut) -> Contents | None:
    """Return the contents of a workbook with these answers; None for a file of another kind.

    Raises ByhandError for a notebook, and for a file that is damaged, too large, or of another exercise.
    """
    try:
        with open_file(path) as file:
            start = file.read(LOOKED_AT)
    except (OSError, ByhandError):
        return None  # the reader of workbooks says why
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        found = _from_json(path)
    elif _begins_with_an_array(start) and is_npz(path):
        found = _from_npz(path)
    else:
        return None
    if found.exercise != handed_out.key.exercise:
        raise AnotherExercise(
            f"{path} has answers of {clean(found.exercise[:100]) or 'no exercise'}, not of {handed_out.key.exercise}: "
            "hand in those of this exercise."
        )
    return _as_contents(path, found, handed_out)


def _begins_with_an_array(start: bytes) -> bool:
    """Return whether a file is a zip whose first part is an array, without listing all parts, which takes longer."""
    length = int.from_bytes(start[26:28], "little")
    return start.startswith(b"PK\3\4") and start[30 : 30 + length].endswith(b".npy")


def is_npz(path: Path) -> bool:
    """Return whether a file is an archive of numpy's arrays."""
    try:
        with ZipFile(path) as archive:
            names = archive.namelist()
    except (BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)


def _from_json(path: Path) -> Answers:
    data = read_bytes(path, "file of answers", MOST_BYTES, MEND).removeprefix(b"\xef\xbb\xbf")
    if path.suffix.lower() == ".ipynb" or NOTEBOOK.search(data[:4_000_000].decode("utf-8", "replace")):
        raise ByhandError(f"{path} is a notebook, which is never run to mark it: {MEND}.")
    try:
        return msgspec.json.decode(data, type=Answers)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ByhandError(f"{path} is no file of answers: {MEND}.") from None


def _from_npz(path: Path) -> Answers:
    """Return the answers of an archive: student, exercise, answer_1 and so on, and tables by their names."""
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise ByhandError(f"{path} has {size:,} bytes, too many for answers: {MEND}.")
    arrays: dict[str, Array] = {}
    try:
        with ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MOST_ARRAYS or sum(member.file_size for member in members) > MOST_BYTES:
                raise ByhandError(f"{path} holds too much for answers: {MEND}.")
            for member in members:
                with archive.open(member) as part:
                    data = part.read(MOST_BYTES + 1)
                arrays[member.filename.removesuffix(".npy")] = _array(data)
    except ByhandError:
        raise
    except Exception:  # zlib, zipfile and numpy raise errors of many kinds for a damaged part
        raise ByhandError(f"{path} is no file of answers: {MEND}.") from None
    words = {name: str(arrays.pop(name)) if name in arrays else "" for name in ("student", "exercise")}
    asked = {name: numbers for name, numbers in arrays.items() if re.fullmatch(r"answer_[0-9]{1,4}", name)}
    tables = {name: numbers for name, numbers in arrays.items() if name not in asked and numbers.ndim == 2}
    return Answers(
        words["student"][:200],
        words["exercise"],
        {name.removeprefix("answer_"): list(np.ravel(numbers).tolist()) for name, numbers in asked.items()},
        {name: numbers.tolist() for name, numbers in tables.items()},
    )


def _array(data: bytes) -> Array:
    """Return the array in the bytes of an .npy file: numbers or text, never objects."""
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, column_first, kind = read(stream, max_header_size=LARGEST_HEADER)
    if kind.hasobject or kind.kind not in "fiubU":
        raise ValueError("neither numbers nor text")
    left = data[stream.tell() :]
    count = 1
    for length in shape:
        count *= int(length)
    if count * kind.itemsize != len(left):
        raise ValueError("a wrong length")
    found: Array = np.frombuffer(left, kind).reshape(shape, order="F" if column_first else "C")
    if kind.kind == "U" and (np.frombuffer(left, np.dtype("u4").newbyteorder(kind.byteorder)) > sys.maxunicode).any():
        raise ValueError("a number that stands for no letter")  # of which numpy makes a text that breaks Python
    return found


def _as_contents(path: Path, found: Answers, handed_out: HandedOut) -> Contents:
    """Return the workbook in which the answers, the tables and the id stand in their cells."""
    values: dict[Cell, Value] = {**handed_out.texts, **handed_out.numbers}
    if handed_out.id:
        values[handed_out.id] = clean(found.student[:200])
    if found.student in handed_out.key.students:  # what was given and does not come back is as it was
        given = handed_out.given(found.student)
        values |= {cell: float(given[g.table][g.row][g.column]) for cell, g in handed_out.givens.items()}
    for cells in handed_out.asked:
        for cell in cells:
            values.pop(cell, None)
    for name, rows in handed_out.tables.items():
        there = found.tables.get(name, [])
        if [len(row) for row in there] == [len(row) for row in rows]:
            for line, numbers in zip(rows, there, strict=True):
                values |= _filled(zip(line, numbers, strict=True))
    for n, cells in enumerate(handed_out.asked, 1):
        if str(n) in found.answers:  # else what the table has there is the answer
            for cell in cells:
                values.pop(cell, None)
            values |= _filled(zip(cells, found.answers[str(n)], strict=False))
    sheets = tuple(dict.fromkeys(cell[0] for cell in (*handed_out.texts, *handed_out.cells)))
    return Contents(path, sheets, {}, values, {})


def _filled(cells: Iterable[tuple[Cell, float | str | None]]) -> dict[Cell, Value]:
    """Return the cells in which something stands: a finite number, or a text as it was typed."""
    found: dict[Cell, Value] = {}
    for cell, x in cells:
        if isinstance(x, str):
            found[cell] = x
        elif x is not None and isfinite(x):
            found[cell] = float(x)
    return found
