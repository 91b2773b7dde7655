"""Works formulas out again: IronCalc in a process of its own that serves many submissions, and can be killed."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import byhand.workbook
from byhand.arithmetic.formulas import Address
from byhand.grading.formulas import Needed
from byhand.workbook.cells import Cell, CellError, Value

PROGRAM = Path(byhand.workbook.__file__).with_name("ironcalc_child.py")
SECONDS = 3.0
"""What all formulas of one submission may take; those of an exercise take a hundredth of it."""
START_SECONDS = 10.0
MOST_MEMORY = 800_000
"""Kilobytes of addresses that the process may take."""
FAR = (900_000, 10_000)
"""The row and column at which an array is worked out, so that nothing stands where it spreads."""
APART = 200


class Recomputer:
    """The process is started at the first formula, and anew when it had to be ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def values(self, needed: Needed, cells: Sequence[Cell]) -> list[Value] | None:
        """The cells' values in a workbook with what they need; None where the engine gives none in time."""
        formulas = _spread(needed.formulas, needed.contents.arrays)
        request = {
            "sheets": list(dict.fromkeys(cell[0] for cell in [*needed.values, *formulas])),
            "values": list(needed.values.items()),
            "formulas": list(formulas.items()),
            "names": needed.names,
            "cells": cells,
        }
        answer = self._asked(json.dumps(request).encode() + b"\n")
        if "values" not in answer:
            return None
        return [CellError(value[0]) if isinstance(value, list) else value for value in answer["values"]]

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            if os.name == "nt":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
        for stream in (process.stdin, process.stdout):
            if stream:
                with suppress(OSError):
                    stream.close()
        process.wait()

    def _asked(self, request: bytes) -> dict[str, Any]:
        seconds = SECONDS
        if self._process is None:
            self._process, seconds = _started(), SECONDS + START_SECONDS
        try:
            assert self._process.stdin
            self._process.stdin.write(request)
            self._process.stdin.flush()
            line = self._line(time.monotonic() + seconds)
        except OSError:
            line = b""
        if not line:
            self.close()
            return {}
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _line(self, end: float) -> bytes:
        """What the process answers, if it does so in time."""
        assert self._process
        assert self._process.stdout
        found = b""
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._process.stdout, selectors.EVENT_READ)
            while not found.endswith(b"\n"):
                if not waiting.select(max(0.0, end - time.monotonic())):
                    return b""
                piece = os.read(self._process.stdout.fileno(), 65_536)
                if not piece:
                    return b""
                found += piece
        return found


def _started() -> subprocess.Popen[bytes]:
    limits = [] if os.name == "nt" else ["/bin/sh", "-c", f'ulimit -v {MOST_MEMORY}; exec "$@"', "sh"]
    return subprocess.Popen(
        [*limits, sys.executable, "-P", str(PROGRAM), "--stream"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _spread(formulas: Mapping[Cell, str], arrays: set[Cell]) -> dict[Cell, str]:
    """With each formula that fills a range far away, and its first number in its place."""
    found = dict(formulas)
    for n, cell in enumerate(sorted(arrays & formulas.keys())):
        row, column = FAR[0] + APART * (n % 500), FAR[1] + APART * (n // 500)
        found[cell[0], row, column] = formulas[cell]
        found[cell] = f"={Address(row, column)}"
    return found
