"""Warnings about a submission: another student's workbook, changed numbers or texts, copied answers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from byhand.core.graph import Array
from byhand.errors import quoted
from byhand.exercises.roster import clean
from byhand.grading.handed_out import HandedOut
from byhand.grading.owners import fold_text, students_given
from byhand.grading.submission import Submission
from byhand.xlsx.cells import Cell, Value
from byhand.xlsx.ranges import spoken_address

GIVEN_NEAR = 1e-9
SHOWN_NEAR = 1e-4
"""Computed tables are shown rounded."""
ANOTHER_SET = 0.4
"""From this share of changed given numbers on, the workbook counts as one of another set."""
FOR_ANOTHER_SET = "the workbook was made for another set or with another seed"
FOR_PRACTICE = "This is a workbook for practice, not the one of this set."
LISTED = 3


@dataclass(frozen=True)
class ChangedNumber:
    """A given cell that does not hold the student's number."""

    cell: Cell
    was: float
    found: Value


def changed_numbers(handed_out: HandedOut, submission: Submission, student: str) -> list[ChangedNumber]:
    """Return the given cells that differ; a deleted cell holds None."""
    return list(_changed_numbers(handed_out, submission, student))


def _changed_numbers(handed_out: HandedOut, submission: Submission, student: str) -> Iterator[ChangedNumber]:
    tables = handed_out.given(student)
    for cell, given in handed_out.givens.items():
        was, found = float(tables[given.table][given.row][given.column]), submission.printed.get(cell)
        near = SHOWN_NEAR if given.shown else GIVEN_NEAR
        if not (isinstance(found, float) and abs(found - was) <= near):
            yield ChangedNumber(cell, was, found)


def number_findings(handed_out: HandedOut, submission: Submission, student: str) -> list[str]:
    """Return warnings about given numbers that are not the student's."""
    changed = changed_numbers(handed_out, submission, student)
    if not changed:
        return []
    others, count = students_given(handed_out, submission), len(handed_out.givens)
    if others and student not in others:
        return [
            f"The given numbers are those of {whose_numbers(handed_out, others[0])}: "
            "the workbook was made for another student."
        ]
    what = f"{len(changed)} of the {count} given numbers {'is' if len(changed) == 1 else 'are'} not as handed out"
    if len(changed) >= max(2.0, ANOTHER_SET * count):
        return [f"{what}: {FOR_ANOTHER_SET}, or was filled in anew."]
    cells = "; ".join(_described(handed_out, submission, one) for one in changed[:LISTED])
    return [f"{what}: {cells}{'; and more' if len(changed) > LISTED else ''}."]


def name_and_id(handed_out: HandedOut, id: str) -> str:
    """Return a student as a sentence names them."""
    name = handed_out.key.students[id].name
    return clean(f"{id} ({name})" if name and name != id else id)


def whose_numbers(handed_out: HandedOut, id: str) -> str:
    """Return whose a student's numbers are: the student's alone, or of all with the same version."""
    version = handed_out.key.students[id].version
    return f"version {version}" if version else name_and_id(handed_out, id)


def _described(handed_out: HandedOut, submission: Submission, one: ChangedNumber) -> str:
    given = handed_out.givens[one.cell]
    in_words = f"row {given.row + 1}, column {given.column + 1} of {given.table}"
    place = spoken_address(one.cell) if submission.has_cells else in_words
    value = f"{one.found:.15g}" if isinstance(one.found, float) else clean(str(one.found or "empty"))[:40]
    return f"{place} is {value}, was {one.was:.15g}"


LEAST = 4
"""The least number of different wrong answers that are another student's right ones."""
CHANCE = 1e-6
"""The largest probability of a false warning about an honest submission."""
INDEPENDENT = 2 / 3
"""The weight of an answer: numbers of a table are dependent (a row of a softmax adds up to 1)."""


@dataclass(frozen=True)
class CopySource:
    """The likely source of copied answers. matching: how many of the wrong answers are right for that student."""

    student: str
    matching: int
    wrong: int


@dataclass(frozen=True, eq=False)
class _Class:
    """The right answers of a class: (students, cells), with the margin and the question of each cell."""

    ids: list[str]
    answers: Array
    margins: Array
    questions: NDArray[np.intp]
    pools: list[Array]


@lru_cache(4)
def _class(handed_out: HandedOut) -> _Class:
    people, questions = list(handed_out.key.students.values()), handed_out.key.questions
    tables = [np.array([p.answers[n] for p in people], dtype=float) for n in range(len(questions))]
    sizes = [len(q.cells) for q in questions]
    return _Class(
        [p.id for p in people],
        np.hstack(tables),
        np.repeat([q.margin + 1e-9 for q in questions], sizes),
        np.repeat(np.arange(len(questions)), sizes),
        [np.sort(table.ravel()) for table in tables],
    )


def copied_from(handed_out: HandedOut, submission: Submission, student: str) -> CopySource | None:
    """Return the student whose right answers the wrong ones match beyond chance; None if there is none."""
    group = _class(handed_out)
    typed = np.array([math.nan if t.value is None else t.value for row in submission.answers for t in row])
    own = group.ids.index(student)
    right = np.abs(group.answers[own] - typed) <= group.margins
    wrong = _different(group, typed, ~np.isnan(typed) & ~right)
    if len(wrong) < LEAST or len(group.ids) < 2:
        return None
    hits = np.abs(group.answers[:, wrong] - typed[wrong]) <= group.margins[wrong]
    counts = hits.sum(axis=1)
    best = int(np.argmax(counts))
    count = int(counts[best])
    if count < LEAST or not _better(group, typed, best, own):
        return None
    usual = float(np.mean([_share(group, n, typed[n]) for n in wrong]))
    evidence = INDEPENDENT * len(wrong) * _divergence(count / len(wrong), usual)
    if evidence < math.log(len(group.ids)) - math.log(CHANCE):
        return None
    return CopySource(group.ids[best], count, len(wrong))


def _different(group: _Class, typed: Array, wrong: NDArray[np.bool_]) -> list[int]:
    """Return one cell for each different wrong number of a question; repeats carry no information."""
    first: dict[tuple[int, float], int] = {}
    for n in np.flatnonzero(wrong):
        first.setdefault((int(group.questions[n]), round(float(typed[n]), 9)), int(n))
    return list(first.values())


def _better(group: _Class, typed: Array, other: int, own: int) -> bool:
    fits = np.abs(group.answers[[other, own]] - typed) <= group.margins
    return bool(fits[0].sum() > fits[1].sum())


def _share(group: _Class, n: int, number: float) -> float:
    """Return the share of the right answers to a question that lie within the margin of a number."""
    pool, margin = group.pools[int(group.questions[n])], group.margins[n]
    near = np.searchsorted(pool, number + margin, "right") - np.searchsorted(pool, number - margin, "left")
    return float((near + 1) / (len(pool) + 1))


def _divergence(share: float, usual: float) -> float:
    """Return the Kullback-Leibler divergence of two shares; times the count, it is Chernoff's bound."""
    if share <= usual:
        return 0.0
    rest = (1 - share) * math.log((1 - share) / (1 - usual)) if share < 1 else 0.0
    return share * math.log(share / usual) + rest


NEAR = 1e-6


def warnings_of(submission: Submission, handed_out: HandedOut, student: str) -> list[str]:
    """Return warnings for a person to judge; none for an honest submission of the student's own workbook."""
    if submission.for_practice:
        return [FOR_PRACTICE]  # its numbers and texts are others by right
    return [
        *_id_findings(submission, handed_out, student),
        *number_findings(handed_out, submission, student),
        *_text_findings(submission, handed_out),
        *_copy_findings(submission, handed_out, student),
    ]


def _id_findings(submission: Submission, handed_out: HandedOut, student: str) -> list[str]:
    stated = submission.stated
    others = stated in handed_out.key.students and stated != student
    if (fold_text(stated) == fold_text(student) and not others) or handed_out.id is None:
        return []
    if not stated and submission.one_sheet:
        return []  # the id stands on a sheet that is not in the file; its given numbers show whose it is
    if not stated:
        return [f"The workbook states no id any more: it was taken for that of {name_and_id(handed_out, student)}."]
    same = [id for id in handed_out.key.students if fold_text(id) == fold_text(stated)]
    same = [stated] if stated in same else same
    if same:
        return [f"The workbook was made for another student: it states the id of {name_and_id(handed_out, same[0])}."]
    return [f"The workbook states the id {quoted(stated)}, which no student of this class has."]


def _text_findings(submission: Submission, handed_out: HandedOut) -> list[str]:
    """Return a warning about changed questions, captions and printed numbers.

    None if another version of byhand made the books, since its words are not known.
    """
    if handed_out.book is None or handed_out.book.template.printed != handed_out.key.printed:
        return []
    printed = submission.printed
    texts = [cell for cell, text in handed_out.texts.items() if not _same(printed.get(cell), text)]
    numbers = [cell for cell, number in handed_out.numbers.items() if not _near(printed.get(cell), number)]
    changed = [*texts, *numbers]
    if not changed:
        return []
    first = printed.get(changed[0])
    now = f"says {quoted(clean(str(first)))}" if first is not None else "is empty"
    count = "1 printed cell was" if len(changed) == 1 else f"{len(changed)} printed cells were"
    return [f"{count} changed: {spoken_address(changed[0])} {now}{' and so on' if len(changed) > 1 else ''}."]


def _same(value: object, text: str) -> bool:
    """Whether a text is the same except for blanks and Unicode form; a blank text may be missing."""
    if value == text or not text.strip():
        return True
    return isinstance(value, str) and fold_text(value) == fold_text(text)


def _near(value: object, number: float) -> bool:
    return isinstance(value, float) and abs(value - number) <= NEAR * max(1.0, abs(number))


def _copy_findings(submission: Submission, handed_out: HandedOut, student: str) -> list[str]:
    copy_source = copied_from(handed_out, submission, student)
    if copy_source is None:
        return []
    return [
        f"{copy_source.matching} of the {copy_source.wrong} different wrong answers are right in the exercise of "
        f"{whose_numbers(handed_out, copy_source.student)}, its likely source."
    ]
