"""The items of a set over a whole class: how many got each cell, and which mistakes were made how often."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import mean, median
from typing import Any

from byhand.exercises.keys import Key
from byhand.grading.phrases import place
from byhand.grading.verdicts import Marks, Verdict

FEW = 0.75
"""A cell that fewer than this share of the class got is worth a word."""
Counts = Counter[Verdict]


@dataclass
class Mistake:
    """A known mistake. students: how many made it; cells: in how many cells altogether; questions: where."""

    name: str
    sentence: str
    students: int = 0
    cells: int = 0
    questions: set[int] = field(default_factory=set)


@dataclass
class Items:
    """cells: to each question and each of its cells, how often each verdict came."""

    key: Key
    cells: list[list[Counts]]
    points: list[float] = field(default_factory=list)
    got: list[float] = field(default_factory=list)
    mistakes: dict[str, Mistake] = field(default_factory=dict)

    @classmethod
    def of(cls, key: Key) -> Items:
        return cls(key, [[Counter() for _ in q.cells] for q in key.questions], [], [0.0] * len(key.questions))

    def add(self, marks: Marks) -> None:
        """Count a student's marks."""
        self.points.append(marks.points)
        made: dict[str, int] = Counter()
        for cell in marks.cells:
            self.cells[cell.question][cell.cell][cell.verdict] += 1
            self.got[cell.question] += cell.points
            if cell.verdict is Verdict.MISTAKE:
                mistake = self.mistakes.setdefault(cell.mistake, Mistake(cell.mistake, cell.sentence))
                mistake.questions.add(cell.question)
                made[cell.mistake] += 1
        for name, count in made.items():
            self.mistakes[name].students += 1
            self.mistakes[name].cells += count

    def question(self, n: int) -> Counts:
        """How often each verdict came in a question."""
        return sum(self.cells[n], Counter())

    def share(self, n: int) -> float:
        """Of a question's points, the share that the class got."""
        return self.got[n] / (len(self.points) * self.key.questions[n].points) if self.points else 0.0

    def right(self, n: int, cell: int) -> float:
        """The share of the class that has nothing wrong in a cell."""
        counts = self.cells[n][cell]
        return (counts[Verdict.RIGHT] + counts[Verdict.FOLLOWS]) / max(counts.total(), 1)

    def ranked(self) -> list[Mistake]:
        """The mistakes, those that most made first."""
        return sorted(self.mistakes.values(), key=lambda m: (-m.students, -m.cells, m.name))

    def hardest(self, most: int = 5) -> list[tuple[int, int, float]]:
        """The cells that fewest got: question, cell, and the share that got it."""
        shares = [(self.right(n, c), n, c) for n, row in enumerate(self.cells) for c in range(len(row))]
        return [(n, c, share) for share, n, c in sorted(shares)[:most] if self.points and share < FEW]

    def as_json(self) -> dict[str, Any]:
        """Everything, for programs."""
        return {
            "graded": len(self.points),
            "most": sum(q.points for q in self.key.questions),
            "mean": round(mean(self.points), 4) if self.points else None,
            "median": round(median(self.points), 4) if self.points else None,
            "questions": [self._question(n) for n in range(len(self.cells))],
            "mistakes": [
                {
                    "name": m.name,
                    "sentence": m.sentence,
                    "students": m.students,
                    "cells": m.cells,
                    "questions": [n + 1 for n in sorted(m.questions)],
                }
                for m in self.ranked()
            ],
            "hardest": [
                {"question": n + 1, "cell": place(self.key.questions[n], c), "right": round(share, 4)}
                for n, c, share in self.hardest()
            ],
        }

    def _question(self, n: int) -> dict[str, Any]:
        question = self.key.questions[n]
        return {
            "question": n + 1,
            "table": question.table,
            "text": question.text,
            "points": question.points,
            "share": round(self.share(n), 4),
            "verdicts": _named(self.question(n)),
            "cells": [
                {"cell": place(question, c), "right": round(self.right(n, c), 4), "verdicts": _named(counts)}
                for c, counts in enumerate(self.cells[n])
            ],
        }


def _named(counts: Counts) -> dict[str, int]:
    return {str(verdict): counts[verdict] for verdict in Verdict if counts[verdict]}
