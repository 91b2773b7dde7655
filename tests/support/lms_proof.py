"""What a learning system makes of an exported exercise: full marks for the key, none for nothing, help for mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from byhand.core.graph import Array
from byhand.core.number_text import in_full
from byhand.errors import ByhandError
from byhand.exercises import canvas, moodle
from byhand.exercises.distinct_mistakes import ShownMistakes
from byhand.exercises.draw import Variant
from byhand.exercises.formats import wrong_answers
from byhand.exercises.lms_fields import Part, parts
from byhand.exercises.problem import Problem
from support import canvas_import, moodle_import
from support.lms_marks import Marked

GARBAGE = "no idea"
Mark = Callable[[Sequence[str]], Marked]


def marks(problem: Problem, shown_mistakes: ShownMistakes, made: Sequence[Variant]) -> Iterator[str]:
    """A line for whatever the exported files would mark otherwise than they should, by the systems' own rules."""
    wrong = wrong_answers(problem, shown_mistakes, made)
    questions = moodle_import.read(moodle.write(problem, made, wrong))
    for variant, mistakes, question in zip(made, wrong, questions, strict=True):
        asked = parts(problem, variant, mistakes)
        yield from _plain("Moodle", variant, asked, question.mark)
        for name, sentence, _, answers in mistakes:
            if not all(np.isfinite(a).all() for a in answers):
                continue
            found = question.mark(field_texts(asked, answers))
            if found.mark > 1 - 1e-9 and problem.exercise.partial_credit.mistake < 1:
                yield f"Moodle gives full marks to {name} of {variant.student.id}."
            elif sentence not in " ".join(found.feedback):
                yield f"Moodle does not say to {variant.student.id} what went wrong: {name}."
    try:
        canvas.check(problem)
    except ByhandError:
        return
    for variant, quiz in zip(made, canvas_import.read(canvas.write(problem, made)), strict=True):
        yield from _plain("Canvas", variant, parts(problem, variant, ()), quiz.mark)


def _plain(system: str, variant: Variant, asked: list[Part], mark: Mark) -> Iterator[str]:
    """The key, nothing, and what is no number."""
    key = field_texts(asked, variant.answers)
    for what, answers, right in (
        ("the key", key, 1.0),
        ("blanks", [""] * len(key), 0.0),
        (GARBAGE, [GARBAGE] * len(key), 0.0),
    ):
        found = mark(answers).mark
        if abs(found - right) > 1e-9:
            yield f"{system} gives {found:.0%} for {what} of {variant.student.id}."


def field_texts(parts: Sequence[Part], answers: Sequence[Array]) -> list[str]:
    """Return the texts that a student with these answers types into the fields, in order."""
    return [
        in_full(float(value))
        for part, row in zip(parts, answers, strict=True)
        for value in _field_values(part, np.asarray(row, dtype=float).ravel())
    ]


def _field_values(part: Part, row: Array) -> Array:
    if part.question.ask.kind != "table":
        return row
    columns = int(part.question.node.shape[1])
    return row[[i * columns + j for i, j in part.places]]
