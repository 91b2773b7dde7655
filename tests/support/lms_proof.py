"""What a learning system makes of an exported exercise: full marks for the key, none for nothing, help for mistakes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from byhand.core.graph import Array
from byhand.core.number_text import in_full
from byhand.errors import ByhandError
from byhand.exercises import canvas, moodle, qti
from byhand.exercises.distinct_mistakes import ShownMistakes
from byhand.exercises.draw import Variant
from byhand.exercises.formats import wrong_answers
from byhand.exercises.lms_fields import Part, parts
from byhand.exercises.problem import Problem
from support import canvas_import, moodle_import, qti_import
from support.lms_marks import Marked
from support.rounding_students import going_on

GARBAGE = "no idea"
Mark = Callable[[Sequence[str]], Marked]


def marks(problem: Problem, shown_mistakes: ShownMistakes, made: Sequence[Variant]) -> Iterator[str]:
    """A line for whatever the exported files would mark otherwise than they should, by the systems' own rules."""
    wrong = wrong_answers(problem, shown_mistakes, made)
    questions = moodle_import.read(moodle.write(problem, made, wrong))
    for variant, mistakes, question in zip(made, wrong, questions, strict=True):
        asked = parts(problem, variant, mistakes)
        yield from _plain("Moodle", problem, variant, asked, question.mark)
        if question.marks != moodle.whole_marks(problem.exercise.points) and len(question.fields) > 1:
            yield f"Moodle counts {question.marks:g} marks for {problem.exercise.points:g} points."
        for name, sentence, _, answers, _ in mistakes:
            if not all(np.isfinite(a).all() for a in answers):
                continue
            texts = field_texts(asked, _named_rightly(problem, variant, answers))
            shares = [field.mark(text)[0] for field, text in zip(question.fields, texts, strict=True)]
            if min(shares) > 1 - 1e-9 and problem.exercise.partial_credit.mistake < 1:
                yield f"Moodle gives full marks to {name} of {variant.student.id}."
            elif sentence not in " ".join(question.mark(texts).feedback):
                yield f"Moodle does not say to {variant.student.id} what went wrong: {name}."
    for version in ("qti", "qti3"):
        items = qti_import.read(qti.write(problem, made, wrong, name=version))
        for variant, mistakes, item in zip(made, wrong, items, strict=True):
            yield from _plain(version, problem, variant, parts(problem, variant, mistakes), item.mark)
    try:
        canvas.check(problem)
    except ByhandError:
        return
    quizzes = canvas_import.read(canvas.write(problem, made, wrong))
    [shared] = canvas_import.read(canvas.write(problem, made, wrong, shared=True))
    for n, (variant, mistakes) in enumerate(zip(made, wrong, strict=True)):
        asked = parts(problem, variant, mistakes)
        yield from _plain("Canvas", problem, variant, asked, quizzes[n].mark)
        mark = shared.group[n].mark if shared.group else shared.mark
        yield from _plain("A group in Canvas", problem, variant, asked, mark, typed_in_full=not shared.group)


def _plain(
    system: str, problem: Problem, variant: Variant, asked: list[Part], mark: Mark, typed_in_full: bool = True
) -> Iterator[str]:
    """The key, students who go on with what they have written down, nothing, and what is no number.

    typed_in_full: whether numbers with all their digits are marked too.
    """
    chance = random.Random(variant.student.id)
    key = field_texts(asked, variant.answers)
    whole = field_texts(asked, going_on(problem, variant, lambda n: True))
    some = field_texts(asked, going_on(problem, variant, lambda n: chance.random() < 0.5))
    for what, answers, right in (
        *([("the key", key, 1.0)] if typed_in_full else ()),
        ("answers rounded as asked, from step to step,", whole, 1.0),
        ("answers of which some were rounded", some, 1.0),
        ("blanks", [""] * len(key), 0.0),
        (GARBAGE, [GARBAGE] * len(key), 0.0),
    ):
        found = mark(answers).mark
        if abs(found - right) > 1e-6:
            yield f"{system} gives {found:.0%} for {what} of {variant.student.id}."


def _named_rightly(problem: Problem, variant: Variant, answers: Sequence[Array]) -> list[Array]:
    """Return answers in which a wrong cell is named rightly: no misconception changes that."""
    rows = zip(problem.questions, answers, variant.answers, strict=True)
    return [right if question.ask.kind == "wrong cell" else row for question, row, right in rows]


def field_texts(parts: Sequence[Part], answers: Sequence[Array]) -> list[str]:
    """Return the texts that a student with these answers types into the fields, in order."""
    return [
        _typed(part, float(value))
        for part, row in zip(parts, answers, strict=True)
        for value in _field_values(part, np.asarray(row, dtype=float).ravel())
    ]


def _typed(part: Part, value: float) -> str:
    """Return an answer as it is typed; a cut with blanks, with bars or as a list."""
    if part.question.cuts is None:
        return in_full(value)
    ways = part.question.cuts.spellings(value)
    return ways[int(value) % len(ways)]


def _field_values(part: Part, row: Array) -> Array:
    if part.question.ask.kind != "table":
        return row
    order = {place: n for n, place in enumerate(part.question.indices)}
    return row[[order[place] for place in part.places]]
