"""What came of one file that was handed in, and the journal in which a run that is stopped finds it again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from byhand.grading.verdicts import CellMark, Marks, Typed, Verdict


@dataclass(frozen=True)
class Result:
    """file: its path in the folder of submissions. digest: of its bytes. student: the id; empty where nobody's.

    marks: None where it could not be marked, and then `refused` says why. notes: what else is to be known of it.
    by: how it is known whose it is.
    """

    file: str
    digest: str
    student: str = ""
    marks: Marks | None = None
    refused: str = ""
    notes: tuple[str, ...] = ()
    by: str = ""

    @property
    def looked_at(self) -> bool:
        """Whether a person must look at it before its marks count."""
        return bool(self.marks and self.marks.warnings)


def as_line(result: Result) -> str:
    """The result as JSON on one line."""
    marks = result.marks
    told: dict[str, Any] = {
        "file": result.file,
        "digest": result.digest,
        "student": result.student,
        "refused": result.refused,
        "notes": result.notes,
        "by": result.by,
    }
    if marks:
        told["marks"] = {"name": marks.name, "warnings": marks.warnings, "cells": [_cell(c) for c in marks.cells]}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _cell(cell: CellMark) -> list[Any]:
    typed = cell.typed
    seen = [typed.text, typed.value, typed.read_as]
    return [cell.question, cell.cell, *seen, cell.verdict.name, cell.points, cell.most, cell.sentence, cell.mistake]


def from_line(line: str) -> Result:
    """The result that a line holds. ValueError, KeyError or TypeError for a line that is cut short."""
    told = json.loads(line)
    marks = told.get("marks")
    return Result(
        told["file"],
        told["digest"],
        told["student"],
        _marks(told, marks) if marks else None,
        told["refused"],
        tuple(told["notes"]),
        told["by"],
    )


def _marks(told: dict[str, Any], marks: dict[str, Any]) -> Marks:
    cells = tuple(
        CellMark(question, cell, Typed(text, value, read_as), Verdict[verdict], *rest)
        for question, cell, text, value, read_as, verdict, *rest in marks["cells"]
    )
    return Marks(told["student"], marks["name"], told["file"], cells, tuple(marks["warnings"]))


def _text(line: bytes) -> str:
    """Names of files need not be text."""
    return line.decode("utf-8", "surrogateescape")


class Journal:
    """A file with a line for each result; a later line of the same file counts. In memory are only their places."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._at: dict[str, int] = {}
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self._file = self.path.open("a+b")
        self._file.seek(0)
        whole = 0
        for line in self._file:
            with suppress(ValueError, KeyError, TypeError):
                if line.endswith(b"\n"):
                    self._at[from_line(_text(line)).file] = whole
            whole += len(line) if line.endswith(b"\n") else 0
        self._file.truncate(whole)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def add(self, result: Result) -> None:
        """Write it at once: what is written is there after any stop."""
        assert self._file is not None
        self._file.seek(0, 2)
        self._at[result.file] = self._file.tell()
        self._file.write(as_line(result).encode("utf-8", "surrogateescape") + b"\n")
        self._file.flush()

    def get(self, file: str) -> Result | None:
        """What came of a file, if that is known."""
        if file not in self._at or self._file is None:
            return None
        self._file.seek(self._at[file])
        return from_line(_text(self._file.readline()))

    def all(self, files: list[str]) -> Iterator[Result]:
        """What came of each of these files, one after the other."""
        for file in files:
            result = self.get(file)
            if result is not None:
                yield result
