"""The key of a submission that is checked without naming one: it lies beside it, or in the folder of its set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from byhand.errors import ByhandError
from byhand.exercises.formats import OWN_KEY
from byhand.exercises.keys import KEYS
from byhand.grading.owners import plain_stem, read_name

KEY = "key.json"


def key_beside(submission: Path) -> Path:
    """Return the first key there is beside a submission. Raises ByhandError, with what to give, if there is none.

    The student's own key for practice comes first (also of a copy of the book, "s001 (1).xlsx"), then a key.json and a
    folder keys, beside the submission or in the folder above.
    """
    if not submission.exists():
        raise ByhandError(f"There is no file {submission}: check its name and folder.")
    found = next((place for place in _places(submission) if place.is_file()), None)
    if found is None:
        raise ByhandError(
            f"No key lies beside {submission}: give one with --key, the folder of the set (or its keys/key.json), or "
            f"for practice the file {submission.stem}{OWN_KEY.suffix} that came with the workbook."
        )
    return found


def _places(submission: Path) -> Iterator[Path]:
    folder = submission.absolute().parent
    for stem in dict.fromkeys((submission.stem, plain_stem(submission.stem), read_name(submission).stem)):
        yield folder / f"{stem}{OWN_KEY.suffix}"
    for above in (folder, folder.parent):
        yield above / KEY
        yield above / KEYS / KEY
    practice = sorted(folder.glob(f"*{OWN_KEY.suffix}"))
    if len(practice) == 1:
        yield practice[0]
