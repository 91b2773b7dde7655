"""What a learning system asks of one student: fields, each with its key, its margin and the mistakes that it knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from byhand.core.graph import INFINITE, Array
from byhand.core.labels import word
from byhand.core.number_text import in_full
from byhand.errors import ByhandError
from byhand.exercises.draw import Variant
from byhand.exercises.problem import Problem, Question, sentence

COUNTED = 0.1
"""How far off a row's or a column's number may be: it is a whole one."""


class Mistake(NamedTuple):
    """What somebody answers who makes this mistake: to each question, its numbers in a row, as in Variant.answers."""

    name: str
    sentence: str
    mark: float
    answers: Sequence[Array]


Mistakes = Sequence[Sequence[tuple[str, str, float, Sequence[Array]]]]
"""For each variant, its mistakes; plain tuples will do."""


class Slip(NamedTuple):
    """A wrong answer that is recognised: what it is worth, from 0 to 1, and what helps.

    sentences: more than one where several mistakes come to the same number.
    """

    value: float
    mark: float
    sentences: tuple[str, ...]

    @property
    def sentence(self) -> str:
        return joined(self.sentences)


def joined(sentences: tuple[str, ...]) -> str:
    return " Or: ".join(sentences)


@dataclass(frozen=True)
class Field:
    """One place to answer. options: of a choice, whose key and slips then count them from 1."""

    key: float
    margin: float
    slips: tuple[Slip, ...] = ()
    options: tuple[str, ...] = ()

    def slip(self, value: float) -> Slip | None:
        return next((s for s in self.slips if abs(s.value - value) <= self.margin), None)


@dataclass(frozen=True)
class Part:
    """One question as it is asked of one student. places: the row and column of each field, from 0."""

    number: int
    question: Question
    text: str
    fields: tuple[Field, ...]
    places: tuple[tuple[int, int], ...]


def parts(
    problem: Problem, variant: Variant, mistakes: Sequence[tuple[str, str, float, Sequence[Array]]]
) -> list[Part]:
    """Every question of the variant. ByhandError for an answer that is no number, or a choice of one."""
    return [
        _part(problem, variant, n, question, [Mistake(*m) for m in mistakes])
        for n, question in enumerate(problem.questions)
    ]


def _part(problem: Problem, variant: Variant, n: int, question: Question, mistakes: Sequence[Mistake]) -> Part:
    ask, key = question.ask, np.asarray(variant.answers[n], dtype=float).ravel()
    fields: tuple[Field, ...]
    if ask.kind == "choice":
        fields = (_choice(problem, variant, n, question, key, mistakes),)
        return Part(n + 1, question, instruction(question), fields, ((0, 0),))
    if ask.kind == "wrong cell":
        fields = tuple(Field(float(k), COUNTED) for k in key)
        return Part(n + 1, question, instruction(question), fields, ((0, 0), (0, 1)))
    if np.isnan(key).any():
        raise ByhandError(
            f"In the exercise {problem.exercise.name}, an answer to question {n + 1} ({ask.table}) is not a number "
            f"for the student {variant.student.id}: draw other numbers for it."
        )
    others = [(m, np.asarray(m.answers[n], dtype=float).ravel()) for m in mistakes]
    slips = _slips(key, ask.margin, [(m, a) for m, a in others if a.shape == key.shape])
    asked = [c for c in range(len(key)) if abs(key[c]) < INFINITE]
    fields = tuple(Field(float(key[c]), ask.margin, slips[c]) for c in asked)
    return Part(n + 1, question, instruction(question), fields, tuple(question.indices[c] for c in asked))


def _slips(key: Array, margin: float, wrong: Sequence[tuple[Mistake, Array]]) -> list[tuple[Slip, ...]]:
    """Of every cell, the mistakes that tell: apart from the key and from each other by more than two margins.

    Two mistakes that come to the same share an answer: both sentences, and the smaller mark. (cells,)
    """
    if not wrong:
        return [()] * len(key)
    values = np.array([answers for _, answers in wrong])  # (mistakes, cells)
    with np.errstate(all="ignore"):
        telling = (np.abs(values - key) > 2 * margin) & (np.abs(values) < INFINITE)
    worth = [(mistake.mark, (mistake.sentence,)) for mistake, _ in wrong]
    return [
        _distinct([(v, w) for v, w, tells in zip(column, worth, flags, strict=True) if tells], 2 * margin)
        for column, flags in zip(values.T.tolist(), telling.T.tolist(), strict=True)
    ]


Worth = tuple[float, tuple[str, ...]]
"""A mistake's mark, and its sentence."""


def _distinct(wrong: Sequence[tuple[float, Worth]], apart: float) -> tuple[Slip, ...]:
    found: dict[float, Worth] = {}
    for value, worth in wrong:
        found[value] = _shared(found[value], worth) if value in found else worth
    ordered = sorted(found)
    if any(higher - lower <= apart for lower, higher in pairwise(ordered)):
        found = _merged(found, apart)
    return tuple([Slip(value, mark, sentences) for value, (mark, sentences) in found.items()])


def _merged(wrong: Mapping[float, Worth], apart: float) -> dict[float, Worth]:
    """Those too near to the one below share its sentences and mark, so that whichever is met first says the same."""
    groups: list[list[float]] = []
    for value in sorted(wrong):
        if groups and value - groups[-1][-1] <= apart:
            groups[-1].append(value)
        else:
            groups.append([value])
    return {value: reduce(_shared, (wrong[v] for v in group)) for group in groups for value in group}


def _shared(one: Worth, other: Worth) -> Worth:
    return min(one[0], other[0]), tuple(dict.fromkeys(one[1] + other[1]))


def _choice(
    problem: Problem, variant: Variant, n: int, question: Question, key: Array, mistakes: Sequence[Mistake]
) -> Field:
    columns = int(question.node.shape[1])
    if columns < 2:
        raise ByhandError(
            f"In the exercise {problem.exercise.name}, question {n + 1} is a choice of one: "
            f"{question.ask.table} has a single column, so ask for its cell instead."
        )
    labels = [word(question.node.shape[1].labels, j, variant.values) for j in range(columns)]
    options = tuple(f"{j}. {name}" if name else str(j) for j, name in enumerate(labels, 1))
    wrong = [(m, np.asarray(m.answers[n], dtype=float).ravel()) for m in mistakes]
    possible = [(m, a) for m, a in wrong if a.shape == key.shape and a[0] in range(1, columns + 1)]
    return Field(float(key[0]), COUNTED, _slips(key, COUNTED, possible)[0], options)


def instruction(question: Question) -> str:
    """The question in a sentence. What is symbolic on paper is typed as a number."""
    if question.ask.kind != "symbolic":
        return sentence(question)
    if question.ask.text:
        places = question.ask.places
        return f"{question.ask.text} Type its value, to {places} decimal{'s' if places != 1 else ''}."
    return sentence(Question(replace(question.ask, kind="cell"), question.node))


def typed(parts: Sequence[Part], answers: Sequence[Array]) -> list[str]:
    """What somebody with these answers types into the fields, in order."""
    return [
        in_full(float(value))
        for part, row in zip(parts, answers, strict=True)
        for value in _of_fields(part, np.asarray(row, dtype=float).ravel())
    ]


def _of_fields(part: Part, row: Array) -> Array:
    if part.question.ask.kind != "table":
        return row
    columns = int(part.question.node.shape[1])
    return row[[i * columns + j for i, j in part.places]]
