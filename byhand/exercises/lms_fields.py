"""The questions of one student in a learning system: fields with a key, a margin, and known wrong answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from byhand.core.graph import INFINITE, Array
from byhand.core.labels import word
from byhand.errors import ByhandError
from byhand.exercises.asked import question_text, sheet
from byhand.exercises.draw import Variant
from byhand.exercises.lms_html import rules
from byhand.exercises.problem import Problem, Question

INDEX_MARGIN = 0.1
"""The margin for the number of a row or a column, which is a whole number."""


class Mistake(NamedTuple):
    """A misconception, the mark that its answers get, and those answers, as in Variant.answers."""

    name: str
    sentence: str
    mark: float
    answers: Sequence[Array]


Mistakes = Sequence[Sequence[tuple[str, str, float, Sequence[Array]]]]
"""For each variant, its mistakes: the fields of `Mistake` as plain tuples."""


class WrongAnswer(NamedTuple):
    """A wrong answer that is recognised. mark: from 0 to 1.

    sentences: feedback; more than one if several mistakes give the same number.
    """

    value: float
    mark: float
    sentences: tuple[str, ...]

    @property
    def sentence(self) -> str:
        return join_sentences(self.sentences)


def join_sentences(sentences: tuple[str, ...]) -> str:
    return " Or: ".join(sentences)


@dataclass(frozen=True)
class Field:
    """One input field. options: for a choice; the key and the wrong answers are then option numbers from 1."""

    key: float
    margin: float
    wrong_answers: tuple[WrongAnswer, ...] = ()
    options: tuple[str, ...] = ()

    def wrong_answer(self, value: float) -> WrongAnswer | None:
        return next((s for s in self.wrong_answers if abs(s.value - value) <= self.margin), None)


@dataclass(frozen=True)
class Part:
    """One question for one student.

    places: the row and column of each field, from 0. rules: how the asked table is made, as HTML.
    """

    number: int
    question: Question
    text: str
    fields: tuple[Field, ...]
    places: tuple[tuple[int, int], ...]
    rules: str = ""


def parts(
    problem: Problem, variant: Variant, mistakes: Sequence[tuple[str, str, float, Sequence[Array]]]
) -> list[Part]:
    """Return every question of the variant. ByhandError for an answer that is no number, or a choice of one."""
    own = [Mistake(*m) for m in mistakes]
    return [
        replace(_part(problem, variant, n, task.question, own), rules=rules(task))
        for n, task in enumerate(sheet(problem).tasks)
    ]


def _part(problem: Problem, variant: Variant, n: int, question: Question, mistakes: Sequence[Mistake]) -> Part:
    ask, key = question.ask, np.asarray(variant.answers[n], dtype=float).ravel()
    fields: tuple[Field, ...]
    if ask.kind == "choice":
        fields = tuple(_choice(problem, variant, n, question, c, mistakes) for c in range(len(key)))
        return Part(n + 1, question, instruction(problem, question), fields, tuple(question.indices))
    if ask.kind == "wrong cell":
        fields = tuple(Field(float(k), INDEX_MARGIN) for k in key)
        return Part(n + 1, question, instruction(problem, question), fields, ((0, 0), (0, 1)))
    if np.isnan(key).any():
        raise ByhandError(
            f"In the exercise {problem.exercise.name}, an answer to question {n + 1} ({ask.table}) is not a number "
            f"for the student {variant.student.id}: draw other numbers for it."
        )
    others = [(m, np.asarray(m.answers[n], dtype=float).ravel()) for m in mistakes]
    wrong_answers = _wrong_answers(key, ask.margin, [(m, a) for m, a in others if a.shape == key.shape])
    asked = [c for c in range(len(key)) if abs(key[c]) < INFINITE]
    fields = tuple(Field(float(key[c]), ask.margin, wrong_answers[c]) for c in asked)
    return Part(n + 1, question, instruction(problem, question), fields, tuple(question.indices[c] for c in asked))


def _wrong_answers(key: Array, margin: float, wrong: Sequence[tuple[Mistake, Array]]) -> list[tuple[WrongAnswer, ...]]:
    """Return the wrong answers to recognise in each cell, all more than two margins from the key. (cells,)

    Mistakes that give the same answer share both sentences and the smaller mark.
    """
    if not wrong:
        return [()] * len(key)
    values = np.array([answers for _, answers in wrong])  # (mistakes, cells)
    with np.errstate(all="ignore"):
        distinct = (np.abs(values - key) > 2 * margin) & (np.abs(values) < INFINITE)
    feedback = [(mistake.mark, (mistake.sentence,)) for mistake, _ in wrong]
    return [
        _distinct(
            [(v, w) for v, w, is_distinct in zip(column, feedback, flags, strict=True) if is_distinct], 2 * margin
        )
        for column, flags in zip(values.T.tolist(), distinct.T.tolist(), strict=True)
    ]


Feedback = tuple[float, tuple[str, ...]]
"""The mark of a wrong answer, and its sentences."""


def _distinct(wrong: Sequence[tuple[float, Feedback]], apart: float) -> tuple[WrongAnswer, ...]:
    found: dict[float, Feedback] = {}
    for value, feedback in wrong:
        found[value] = _combined(found[value], feedback) if value in found else feedback
    ordered = sorted(found)
    if any(higher - lower <= apart for lower, higher in pairwise(ordered)):
        found = _merged(found, apart)
    return tuple([WrongAnswer(value, mark, sentences) for value, (mark, sentences) in found.items()])


def _merged(wrong: Mapping[float, Feedback], apart: float) -> dict[float, Feedback]:
    """Return the wrong answers with the feedback of each group of near neighbours combined.

    A learning system takes the first answer within the margin, so near neighbours must give the same feedback.
    """
    groups: list[list[float]] = []
    for value in sorted(wrong):
        if groups and value - groups[-1][-1] <= apart:
            groups[-1].append(value)
        else:
            groups.append([value])
    return {value: reduce(_combined, (wrong[v] for v in group)) for group in groups for value in group}


def _combined(one: Feedback, other: Feedback) -> Feedback:
    return min(one[0], other[0]), tuple(dict.fromkeys(one[1] + other[1]))


def _choice(
    problem: Problem, variant: Variant, n: int, question: Question, c: int, mistakes: Sequence[Mistake]
) -> Field:
    """Return the field of the c-th row in which a choice is made."""
    columns = int(question.node.shape[1])
    if columns < 2:
        raise ByhandError(
            f"In the exercise {problem.exercise.name}, question {n + 1} is a choice of one: "
            f"{question.ask.table} has a single column, so ask for its cell instead."
        )
    labels = [word(question.node.shape[1].labels, j, variant.values) for j in range(columns)]
    options = tuple(f"{j}. {name}" if name else str(j) for j, name in enumerate(labels, 1))
    key = np.asarray(variant.answers[n], dtype=float).ravel()[c : c + 1]
    wrong = [(m, np.asarray(m.answers[n], dtype=float).ravel()[c : c + 1]) for m in mistakes]
    possible = [(m, a) for m, a in wrong if a.shape == key.shape and a[0] in range(1, columns + 1)]
    return Field(float(key[0]), INDEX_MARGIN, _wrong_answers(key, INDEX_MARGIN, possible)[0], options)


def instruction(problem: Problem, question: Question) -> str:
    """Return the question as a sentence. An exact expression on paper is a decimal number here."""
    if question.ask.kind != "symbolic":
        return question_text(problem, question)
    return question_text(problem, Question(replace(question.ask, kind="cell"), question.node))
