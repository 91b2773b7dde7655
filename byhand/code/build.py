"""A lesson's script in numpy or PyTorch, as text and as a file."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from byhand.code.loops import with_loops
from byhand.code.script import Script
from byhand.core.expressions import Numpy, Torch
from byhand.errors import ByhandError, nearest, quoted
from byhand.files import check_place, save, together
from byhand.lessons.lesson import Lesson

LIBRARIES = {"numpy": Numpy, "torch": Torch}
MOST_NUMBERS = 20_000
"""The most given numbers that are written into a script."""
MOST_TABLES = 20_000
"""The most tables of a script."""


def script(lesson: Lesson, library: str = "numpy", weights: str = "") -> tuple[str, bytes]:
    """Return the lesson's script for a library of arrays, and the file (.npz) beside it; empty if `weights` is.

    weights: the name of that file, for a lesson with more numbers than one wants to read in a script.
    Raises ByhandError for an unknown library, and for a lesson too large to be written out.
    """
    if library not in LIBRARIES:
        raise ByhandError(f"There is no code for {quoted(library)}; {nearest(library, LIBRARIES)}.")
    _check_size(lesson, weights)
    made = script_of(lesson, library, weights)
    text = made.text()
    if made.beside is None:
        return text, b""
    data = io.BytesIO()
    np.savez(data, **made.beside)  # type: ignore[arg-type]  # numpy's stubs take the names of tables for its options
    return text, data.getvalue()


def script_of(lesson: Lesson, library: str, weights: str = "") -> Script:
    """Return the lesson's script; in PyTorch a model's is a module, and that of a part or a story is not."""
    if library == "torch":
        from byhand.code.module import ModuleScript, has_module

        if has_module(lesson):
            return ModuleScript(lesson, Torch(), weights)
        return Script(lesson, Torch(), weights)
    return with_loops(Script(lesson, Numpy(), weights))


def _check_size(lesson: Lesson, weights: str) -> None:
    """Raise ByhandError for a lesson that is too large to be written out."""
    count = sum(node.shape[0] * node.shape[1] for node in lesson.tables.values() if node.op.given)
    if len(lesson.tables) > MOST_TABLES:
        raise ByhandError(
            f"The script would have {len(lesson.tables):,} tables, a line each, and takes {MOST_TABLES:,}: "
            "choose fewer layers, heads or words."
        )
    if count > MOST_NUMBERS and not weights:
        raise ByhandError(
            f"The script would hold {count:,} numbers, and takes {MOST_NUMBERS:,}: "
            "give --weights FILE.npz for a file beside it, or choose smaller sizes."
        )


def write_notebook(lesson: Lesson, path: Path, force: bool) -> None:
    """Write the lesson as a notebook. Raises ByhandError for a file that may not be written, or too large a lesson."""
    from byhand.code.notebook import notebook

    if path.suffix != ".ipynb":
        raise ByhandError(f"{quoted(path.name)} is no name of a notebook: end it with .ipynb.")
    check_place(path, force)
    _check_size(lesson, "")
    save(path, notebook(lesson).encode())


def write_script(lesson: Lesson, path: Path, library: str, weights: Path | None, force: bool) -> None:
    """Write the script, and the file with its numbers if one is named; all or nothing.

    Raises ByhandError where a file may not be written, or the two do not lie in one folder.
    """
    if path.suffix != ".py":
        raise ByhandError(f"{quoted(path.name)} is no name of a script: end it with .py.")
    check_place(path, force)
    if weights is not None:
        if weights.suffix != ".npz":
            raise ByhandError(f"{quoted(weights.name)} is no name for its numbers: end it with .npz.")
        if weights.absolute().parent != path.absolute().parent:
            raise ByhandError(f"The script reads {quoted(weights.name)} beside itself: name a file in its folder.")
        check_place(weights, force)
    text, data = script(lesson, library, weights.name if weights else "")
    if weights is None:
        save(path, text.encode())
        return
    with together(weights):
        save(weights, data)
        save(path, text.encode())
