"""What a person should look at before a submission's marks count: whose book it is, and what was changed in it."""

from __future__ import annotations

from byhand.errors import quoted
from byhand.exercises.roster import clean
from byhand.grading.copied import source
from byhand.grading.given_numbers import person, said_of
from byhand.grading.handed_out import Paper
from byhand.grading.owners import folded
from byhand.grading.submission import Submission
from byhand.xlsx.ranges import address

NEAR = 1e-6


def findings(submission: Submission, paper: Paper, student: str) -> list[str]:
    """In sentences, for a person to judge; none for an honest submission of the student's own book."""
    return [
        *_of_id(submission, paper, student),
        *said_of(paper, submission, student),
        *_of_texts(submission, paper),
        *_of_source(submission, paper, student),
    ]


def _of_id(submission: Submission, paper: Paper, student: str) -> list[str]:
    stated = submission.stated
    if folded(stated) == folded(student) or paper.id is None:
        return []
    if not stated:
        return [f"The workbook states no id any more: it was taken for that of {person(paper, student)}."]
    same = [id for id in paper.key.students if folded(id) == folded(stated)]
    if same:
        return [f"The workbook was made for another student: it states the id of {person(paper, same[0])}."]
    return [f"The workbook states the id {quoted(stated)}, which no student of this class has."]


def _of_texts(submission: Submission, paper: Paper) -> list[str]:
    """Questions, captions and printed numbers that are no longer what they were."""
    seen = submission.seen
    texts = [cell for cell, text in paper.texts.items() if not _same(seen.get(cell), text)]
    numbers = [cell for cell, number in paper.numbers.items() if not _near(seen.get(cell), number)]
    changed = [*texts, *numbers]
    if not changed:
        return []
    first = seen.get(changed[0])
    now = f"says {quoted(clean(str(first)))}" if first is not None else "is empty"
    count = "1 printed cell was" if len(changed) == 1 else f"{len(changed)} printed cells were"
    return [f"{count} changed: {address(changed[0])} {now}{' and so on' if len(changed) > 1 else ''}."]


def _same(value: object, text: str) -> bool:
    """But for blanks, and for how programs write the same letters; an empty text need not be kept."""
    if value == text or not text.strip():
        return True
    return isinstance(value, str) and folded(value) == folded(text)


def _near(value: object, number: float) -> bool:
    return isinstance(value, float) and abs(value - number) <= NEAR * max(1.0, abs(number))


def _of_source(submission: Submission, paper: Paper, student: str) -> list[str]:
    found = source(paper, submission, student)
    if found is None:
        return []
    return [
        f"{found.matching} of the {found.wrong} different wrong answers are right in the exercise of "
        f"{person(paper, found.student)}, its likely source."
    ]
