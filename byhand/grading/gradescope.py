"""A student's marks in the form that Gradescope reads: results.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from byhand.exercises.keys import Key, KeyQuestion
from byhand.grading.outcome import CellMark, Marks
from byhand.grading.wording import by_question, counted, place, remarks, total, wrote


def results(key: Key, marks: Marks) -> bytes:
    """The file, for marks that count: without a score it would add up the tests. What a student wrote is plain text."""
    said = f"{key.exercise}, seed {key.seed}. Marked by byhand {version('byhand')}."
    told: dict[str, Any] = {
        "score": round(marks.points, 4),
        "output": said,
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"student": marks.student, "key_digest": key.digest},
        "tests": [_test(n, q, cells) for n, (q, cells) in enumerate(by_question(key, marks), 1)],
    }
    return (json.dumps(told, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()


def _test(n: int, question: KeyQuestion, cells: Sequence[CellMark]) -> dict[str, Any]:
    got, most = total(cells)
    lines = [f"{counted(cells)}."]
    for remark in remarks(cells):
        where = ", ".join(f"{place(question, c.cell)} ({wrote(c)})".removesuffix(" ()") for c in remark.cells)
        lines.append(f"{where}: {remark.verdict}. {remark.sentence}".rstrip())
    return {
        "name": f"{n} {question.table}",
        "number": str(n),
        "score": round(got, 4),
        "max_score": round(most, 4),
        "status": "passed" if got >= most - 1e-9 else "failed",
        "output": "\n".join(lines),
        "output_format": "text",
        "tags": [question.table],
        "visibility": "visible",
    }
