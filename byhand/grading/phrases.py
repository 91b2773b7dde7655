"""What the outputs of marking say in the same words: points, places, and cells that share a verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from byhand.exercises.keys import Key, KeyQuestion
from byhand.exercises.roster import clean
from byhand.grading.verdicts import CellMark, Marks, Verdict
from byhand.xlsx.cells import position

NOT_FINAL = "These points are not final: your teacher will look at what you handed in."
"""All that a student is told of what a person must look at; it may name others."""
LONGEST = 60
"""Letters that are shown of what a student wrote."""


def points(value: float) -> str:
    """7.5, 7, 6.67: to two places, without zeros that say nothing; never −0."""
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def of_points(got: float, most: float) -> str:
    return f"{points(got)} of {points(most)} point{'' if points(most) == '1' else 's'}"


def wrote(mark: CellMark) -> str:
    """What stands in the cell, on one line, without letters that steer a terminal, and cut where it is long."""
    text = clean(mark.typed.text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


SEVERAL = {
    Verdict.RIGHT: "right",
    Verdict.FOLLOWS: "right from your own earlier step",
    Verdict.MISTAKE: "with a known mistake",
    Verdict.ROUNDED: "rounded too early",
    Verdict.SLIP: "with an arithmetic slip",
    Verdict.WRONG: "wrong",
    Verdict.BLANK: "blank",
    Verdict.UNREADABLE: "not a number",
}
"""After a number: 2 with an arithmetic slip."""


def place(question: KeyQuestion, cell: int) -> str:
    return question.cells[cell].replace("$", "")


def by_question(key: Key, marks: Marks) -> list[tuple[KeyQuestion, list[CellMark]]]:
    """Each question, and the marks of its cells."""
    found: list[tuple[KeyQuestion, list[CellMark]]] = [(question, []) for question in key.questions]
    for mark in marks.cells:
        found[mark.question][1].append(mark)
    return found


def grid(question: KeyQuestion, cells: Sequence[CellMark]) -> list[list[CellMark | None]]:
    """The cells as they lie on the sheet: rows from top to bottom, columns from left to right."""
    spots = [position(place(question, n)) for n in range(len(question.cells))]
    columns = sorted({column for _, column in spots})
    by_spot = {spots[cell.cell]: cell for cell in cells}
    return [[by_spot.get((row, column)) for column in columns] for row in sorted({row for row, _ in spots})]


@dataclass(frozen=True)
class Remark:
    """What is said of some cells of a question at once."""

    verdict: Verdict
    sentence: str
    cells: tuple[CellMark, ...]

    @property
    def points(self) -> float:
        return sum(cell.points for cell in self.cells)

    @property
    def most(self) -> float:
        return sum(cell.most for cell in self.cells)


def remarks(cells: Iterable[CellMark]) -> list[Remark]:
    """What is said of the cells that are not simply right, those of which the same is said together."""
    groups: dict[tuple[Verdict, str], list[CellMark]] = {}
    for cell in cells:
        if cell.verdict is not Verdict.RIGHT:
            groups.setdefault((cell.verdict, cell.sentence), []).append(cell)
    return [Remark(verdict, said, tuple(group)) for (verdict, said), group in groups.items()]


def total(cells: Sequence[CellMark]) -> tuple[float, float]:
    """The points got, and those that there are."""
    return sum(cell.points for cell in cells), sum(cell.most for cell in cells)


def who(marks: Marks) -> str:
    return f"{marks.name} ({marks.student})" if marks.name else marks.student


def in_short(key: Key, marks: Marks) -> str:
    """All of a student's marks on one line: each question's points, and how many cells got which verdict."""
    if all(cell.verdict is Verdict.RIGHT for cell in marks.cells):
        return "All right."
    return "; ".join(
        f"{n} {question.table} {points(total(cells)[0])} of {points(total(cells)[1])}: {counted(cells)}"
        for n, (question, cells) in enumerate(by_question(key, marks), 1)
    )


def counted(cells: Sequence[CellMark]) -> str:
    """7 right, 2 blank; or just right, where all are the same."""
    counts = Counter(cell.verdict for cell in cells)
    if len(counts) == 1:
        return str(cells[0].verdict)
    return ", ".join(f"{counts[verdict]} {several}" for verdict, several in SEVERAL.items() if counts[verdict])
