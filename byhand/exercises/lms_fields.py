"""The questions of one student in a learning system: fields with a key, a margin, and known wrong answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from byhand.core.graph import INFINITE, Array
from byhand.core.labels import word
from byhand.core.number_text import in_full
from byhand.errors import ByhandError
from byhand.exercises.asked import question_text, sheet
from byhand.exercises.cuts import Cuts
from byhand.exercises.draw import Variant, has_digits
from byhand.exercises.lms_html import before_question, rules
from byhand.exercises.problem import FEWEST_COPIED, Flags, Problem, Question, copies
from byhand.exercises.rounded_steps import Reach, reaches
from byhand.translations import _

INDEX_MARGIN = 0.1
"""The margin for the number of a row or a column, which is a whole number."""
MOST_LISTED = 8
"""The most wrong answers that a field recognises."""
NEGLIGIBLE = 12
"""Wrong answers are listed to so many decimals."""
FINER = 2
"""Margins have so many decimals more than the answers, rounded up."""


class Mistake(NamedTuple):
    """A misconception, the mark that its answers get, and those answers, as in Variant.answers.

    usual: the answers that it gives to half of all students, which earn nothing; NaN for others, empty for none.
    number: its place among the student's; work on another way has a place of its own, under the same sentence.
    """

    name: str
    sentence: str
    mark: float
    answers: Sequence[Array]
    usual: Sequence[Array] = ()
    number: int = 0


Mistakes = Sequence[Sequence[tuple[str, str, float, Sequence[Array], Sequence[Array]]]]
"""For each variant, its mistakes: the first fields of `Mistake` as plain tuples."""


class WrongAnswer(NamedTuple):
    """A wrong answer that is recognised. mark: from 0 to 1.

    sentences: feedback; more than one if several mistakes give the same number. mistakes: their numbers.
    """

    value: float
    mark: float
    sentences: tuple[str, ...]
    mistakes: tuple[int, ...]

    @property
    def sentence(self) -> str:
        return join_sentences(self.sentences)


def join_sentences(sentences: tuple[str, ...]) -> str:
    """Return the sentences of the mistakes that give one number."""
    joined, *others = sentences
    for other in others:
        joined = _("{sentence} Or: {other}").format(sentence=joined, other=other)
    return joined


@dataclass(frozen=True)
class Field:
    """One input field.

    margin: how far from the key a right answer may be, going on with rounded earlier answers included. also: further
    right numbers, that some choice of which earlier tables to round leads to, beyond the margin; own_margin: theirs.
    wrong_margin: that of the wrong answers. options: for a choice; the key and the wrong answers are then option
    numbers from 1. texts: for a cut, how the key and each wrong answer may be typed.
    """

    key: float
    margin: float
    wrong_answers: tuple[WrongAnswer, ...] = ()
    options: tuple[str, ...] = ()
    also: tuple[float, ...] = ()
    own_margin: float = INDEX_MARGIN
    wrong_margin: float = INDEX_MARGIN
    texts: Mapping[float, tuple[str, ...]] = field(default_factory=dict)

    def wrong_answer(self, value: float) -> WrongAnswer | None:
        return next((s for s in self.wrong_answers if abs(s.value - value) <= self.wrong_margin), None)

    @property
    def right(self) -> list[tuple[float, float]]:
        """The numbers that count as right, each with its margin, the key first."""
        return [(self.key, self.margin), *((value, self.own_margin) for value in self.also)]

    def is_right(self, value: float) -> bool:
        return any(abs(value - right) <= margin * (1 + 1e-9) for right, margin in self.right)


@dataclass(frozen=True)
class Part:
    """One question for one student.

    places: the row and column of each field, from 0. rules: how the asked table is made, as HTML. before: what
    stands before the question, as HTML: at the first one of a part of an exam, what is given there.
    """

    number: int
    question: Question
    text: str
    fields: tuple[Field, ...]
    places: tuple[tuple[int, int], ...]
    rules: str = ""
    before: str = ""


def class_parts(problem: Problem, variants: Sequence[Variant], mistakes: Mistakes = ()) -> Iterator[list[Part]]:
    """Yield every question of each variant. mistakes: those of each variant, or none.

    ByhandError for an answer that is no number, or a choice of one.
    """
    own_mistakes = mistakes or [()] * len(variants)
    for variant, own, reach in zip(variants, own_mistakes, reaches(problem, variants), strict=True):
        named = [Mistake(*m)._replace(number=number) for number, m in enumerate(own)]
        asked = [
            replace(
                _part(problem, variant, n, task.question, named, reach[n]),
                rules=rules(task),
                before=before_question(problem, n, variant),
            )
            for n, task in enumerate(sheet(problem).tasks)
        ]
        few = iter(_few([field.wrong_answers for part in asked for field in part.fields]))
        yield [
            replace(part, fields=tuple(replace(field, wrong_answers=next(few)) for field in part.fields))
            for part in asked
        ]


def parts(
    problem: Problem, variant: Variant, mistakes: Sequence[tuple[str, str, float, Sequence[Array], Sequence[Array]]]
) -> list[Part]:
    """Return every question of one variant, as class_parts does."""
    return next(class_parts(problem, [variant], [mistakes]))


def _part(
    problem: Problem, variant: Variant, n: int, question: Question, mistakes: Sequence[Mistake], reach: Reach
) -> Part:
    ask, key = question.ask, np.asarray(variant.answers[n], dtype=float).ravel()
    fields: tuple[Field, ...]
    if ask.kind == "choice":
        fields = tuple(_choice(problem, variant, n, question, c, mistakes) for c in range(len(key)))
        return Part(n + 1, question, instruction(problem, variant, question), fields, tuple(question.indices))
    if question.cuts:
        fields = tuple(_cut(question.cuts, float(k), n, c, mistakes) for c, k in enumerate(key))
        return Part(n + 1, question, instruction(problem, variant, question), fields, tuple(question.indices))
    if ask.kind == "wrong cell":
        fields = tuple(Field(float(k), INDEX_MARGIN) for k in key)
        return Part(n + 1, question, instruction(problem, variant, question), fields, ((0, 0), (0, 1)))
    if np.isnan(key).any():
        raise ByhandError(
            f"In the exercise {problem.exercise.name}, an answer to question {n + 1} ({ask.table}) is not a number "
            f"for the student {variant.student.id}: draw other numbers for it."
        )
    others = [(m, np.asarray(m.answers[n], dtype=float).ravel()) for m in mistakes]
    fitting = [(m, a) for m, a in others if a.shape == key.shape]
    usual = [m.usual[n] if m.usual else np.full(key.shape, np.nan) for m, _ in fitting]
    wrong_answers = _wrong_answers(key, ask.margin, fitting, ask.places, _copies(problem, variant, question), usual)
    asked = [c for c in range(len(key)) if abs(key[c]) < INFINITE]
    fields = tuple(_field(question, float(key[c]), wrong_answers[c], reach, c) for c in asked)
    return Part(
        n + 1, question, instruction(problem, variant, question), fields, tuple(question.indices[c] for c in asked)
    )


def _field(question: Question, key: float, wrong_answers: Sequence[WrongAnswer], reach: Reach, c: int) -> Field:
    """Return the field of the c-th cell, whose margin holds rounded earlier answers, but no mistake and no 0."""
    ask, own = question.ask, question.ask.margin
    others = [0.0, *(wrong.value for wrong in wrong_answers)]
    most = min((off for other in others if (off := abs(other - key)) > 2 * own), default=float("inf")) - own
    wanted = own + float(reach.largest[c])
    margin = max(own, min(_rounded_up(wanted, ask.places), most)) if wanted > own else own
    beyond = [float(off) for off in reach.tables[:, c] if abs(off) + own > margin]
    also = tuple(dict.fromkeys(round(key + off, ask.places + FINER + 1) for off in beyond))
    gaps = [b - a for a, b in pairwise(sorted({*others})) if b - a > 2 * own]
    apart = min(gaps, default=float("inf")) / 2
    return Field(key, margin, tuple(wrong_answers), (), also, own, max(own, min(margin, apart)))


def _rounded_up(margin: float, places: int) -> float:
    scale = 10.0 ** (places + FINER)
    return float(np.ceil(round(margin * scale, 6))) / scale


def _wrong_answers(
    key: Array,
    margin: float,
    wrong: Sequence[tuple[Mistake, Array]],
    places: int | None = None,
    copied: Sequence[Array] = (),
    usual: Sequence[Array] = (),
) -> list[tuple[WrongAnswer, ...]]:
    """Return the wrong answers to recognise in each cell, all more than two margins from the key. (cells,)

    Mistakes that give the same answer share both sentences and the smaller mark. places: of numbers. copied: numbers
    that stand on the sheet; a mistake whose wrong answers are all copied is told but not paid. usual: of each mistake,
    the numbers that half of all students get, which are not paid either.
    """
    if not wrong:
        return [()] * len(key)
    with np.errstate(all="ignore"):
        values = np.round([answers for _, answers in wrong], NEGLIGIBLE) + 0.0  # (mistakes, cells)
        distinct = (np.abs(values - key) > 2 * margin) & (np.abs(values) < INFINITE)
    easy = _easily_guessed(values, margin, places) | _are_usual(values, margin, usual)
    with np.errstate(all="ignore"):
        many = distinct.sum(axis=1, keepdims=True) >= FEWEST_COPIED
        for numbers in copied:
            easy |= many & ((np.abs(values - numbers) <= margin) | ~distinct).all(axis=1, keepdims=True)
    cells = []
    for column, flags, free in zip(values.T.tolist(), distinct.T.tolist(), easy.T.tolist(), strict=True):
        recognised = [
            (value, (0.0 if is_easy else mistake.mark, ((mistake.number, mistake.sentence),)))
            for value, (mistake, _answers), is_distinct, is_easy in zip(column, wrong, flags, free, strict=True)
            if is_distinct
        ]
        cells.append(_distinct(recognised, 2 * margin))
    return cells


def _copies(problem: Problem, variant: Variant, question: Question) -> list[Array]:
    """Return the answers that are copies of the tables that the student sees. (cells,) each"""
    tables = [*variant.numbers.values(), *(variant.values[node] for node in problem.shown)]
    rows, columns = np.array(question.indices).T
    return copies(tables, rows, columns, int(question.node.shape[1]))


def _are_usual(values: Array, margin: float, usual: Sequence[Array]) -> Flags:
    """Return which wrong answers half of all students get by the same mistake. (mistakes, cells)"""
    if not usual:
        return np.zeros(values.shape, dtype=bool)
    with np.errstate(all="ignore"):
        return np.asarray(np.abs(values - np.stack(usual)) <= margin)


def _easily_guessed(values: Array, margin: float, places: int | None) -> Flags:
    """Return which wrong answers are told but not paid, since they are typed without any work.

    These are numbers of a single digit, to so many places; of rows and cuts, which have no places, 0 and ±1.
    """
    with np.errstate(all="ignore"):
        near = np.asarray((np.abs(np.abs(values)[..., None] - [0, 1]) <= margin).any(-1))
        return near if places is None else near | ~has_digits(np.rint(values * 10.0**places))


def _few(fields: Sequence[tuple[WrongAnswer, ...]]) -> list[tuple[WrongAnswer, ...]]:
    """Return at most MOST_LISTED wrong answers of each field: first of mistakes not listed yet, the rarest of them.

    Near neighbours that come from the same mistakes count as one. A field lists more where a mistake would be told
    nowhere.
    """
    telling = Counter(m for wrong_answers in fields for mistakes in _told(wrong_answers) for m in mistakes)
    listed: Counter[int] = Counter()

    def rank(mistakes: tuple[int, ...]) -> tuple[bool, int, int]:
        fresh = [m for m in mistakes if not listed[m]]
        return not fresh, min(telling[m] for m in fresh or mistakes), min(listed[m] for m in mistakes)

    chosen = []
    for wrong_answers in fields:
        chosen.append(sorted(_told(wrong_answers), key=rank)[:MOST_LISTED])
        listed.update(m for mistakes in chosen[-1] for m in mistakes)
    for few, wrong_answers in zip(chosen, fields, strict=True):
        for mistakes in _told(wrong_answers):
            if not all(listed[m] for m in mistakes):
                few.append(mistakes)
                listed.update(mistakes)
    return [tuple(w for w in each if w.mistakes in few) for few, each in zip(chosen, fields, strict=True)]


def _told(wrong_answers: Sequence[WrongAnswer]) -> list[tuple[int, ...]]:
    """Return the mistakes that these wrong answers tell of, each group of them once."""
    return list(dict.fromkeys(wrong.mistakes for wrong in wrong_answers))


Feedback = tuple[float, tuple[tuple[int, str], ...]]
"""The mark of a wrong answer, and the numbers and sentences of its mistakes."""


def _distinct(wrong: Sequence[tuple[float, Feedback]], apart: float) -> tuple[WrongAnswer, ...]:
    found: dict[float, Feedback] = {}
    for value, feedback in wrong:
        found[value] = _combined(found[value], feedback) if value in found else feedback
    ordered = sorted(found)
    if any(higher - lower <= apart for lower, higher in pairwise(ordered)):
        found = _merged(found, apart)
    return tuple(_wrong_answer(value, *feedback) for value, feedback in found.items())


def _wrong_answer(value: float, mark: float, mistakes: tuple[tuple[int, str], ...]) -> WrongAnswer:
    numbers, sentences = zip(*mistakes, strict=True)
    return WrongAnswer(value, mark, tuple(dict.fromkeys(sentences)), numbers)


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


def _cut(cuts: Cuts, key: float, n: int, c: int, mistakes: Sequence[Mistake]) -> Field:
    """Return the field of the c-th word that is cut."""
    wrong = [(m, np.asarray(m.answers[n], dtype=float).ravel()[c : c + 1]) for m in mistakes]
    recognised = _wrong_answers(np.array([key]), INDEX_MARGIN, wrong)[0]
    texts = {cut: cuts.spellings(cut) for cut in (key, *(w.value for w in recognised))}
    return Field(key, INDEX_MARGIN, recognised, texts=texts)


def shares(part: Part) -> list[str]:
    """Return the points of each item of a question, in hundredths (or finer) that add up to exactly its points."""
    count = len(part.fields)
    unit = 100
    while part.question.ask.points * unit < 10 * count:
        unit *= 10
    ends = [round(part.question.ask.points * unit * n / count) for n in range(count + 1)]
    return [in_full((end - start) / unit) for start, end in pairwise(ends)]


def instruction(problem: Problem, variant: Variant, question: Question) -> str:
    """Return the question as a sentence. An exact expression on paper is a decimal number here."""
    asked = replace(question, ask=replace(question.ask, kind="cell")) if question.ask.kind == "symbolic" else question
    return question_text(problem, asked, lambda node, axis, i: word(node.shape[axis].labels, i, variant.values))
