"""Answer sheets that begin with a silly table and go on rightly from it: nothing is worked out from what is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from byhand.core.graph import INFINITE, Array, Node, fold
from byhand.exercises.draw import Variant
from byhand.exercises.problem import Problem, stacked
from byhand.grading.stages import Stage, places_of, stages_of

THREE = (3.0, 2.0, 0.0)
"""Three numbers that stand in every row: they differ, so that what follows from them differs."""
A_ROW = (-3.0, 2.0, -5.0, 4.0, -1.0, 3.0)
"""One number for each row, repeated where there are more rows."""
STARTS: Mapping[str, Callable[[int, int, int], float]] = {
    "zeros": lambda n, row, column: 0.0,
    "1 on the diagonal": lambda n, row, column: float(row == column),
    "0, 1, 2 and so on": lambda n, row, column: float(n),
    "3, 2, 0 in every row": lambda n, row, column: THREE[column % len(THREE)],
    "one number a row": lambda n, row, column: A_ROW[row % len(A_ROW)],
}
"""By name, the number in the n-th asked cell of a silly table, in its row and column."""
FEWER = {" to 1 place": 1, " to whole numbers": 0}
"""How the rest may be written to fewer places than are asked."""
NEAR, ELSEWHERE = 0.5, 7.0
"""A silly number so near to the right one is made larger by this, which no slip does."""
Stacked = list[Array]
"""The answers of a whole class: for each question a table. (students, cells)"""


def silly_starts(problem: Problem, made: Sequence[Variant]) -> dict[str, Stacked]:
    """Return the answers of a class for each silly start, by its name; none where nothing follows from a question.

    The tables that are asked first hold silly numbers, all of them wrong: who goes on from right numbers has worked.
    What is asked after them is worked out from these, and written once to the places asked, once to fewer places, or it
    is 1, 2, 3 and so on.
    """
    stages = stages_of(problem)
    if not any(stage.before for stage in stages):
        return {}
    right = np.array([np.concatenate([np.ravel(row) for row in variant.answers]) for variant in made])
    course = _Course(problem, stages, right, stacked(variant.numbers for variant in made))
    asked = np.concatenate([np.full(len(places_of(q)), q.ask.places) for q in problem.questions])
    found: dict[str, Stacked] = {}
    for name, start in STARTS.items():
        exact = course.answers(start)
        first = f"{name} in what is asked first"
        found[f"{first}, and the rest worked out from that"] = course.by_question(_rounded(exact, asked))
        for fewer, places in FEWER.items():
            if (asked[course.later] > places).any():
                sheet = course.by_question(_rounded(exact, np.minimum(asked, places)))
                found[f"{first}, and the rest worked out from that{fewer}"] = sheet
        found[f"{first}, and 1, 2, 3 in the rest"] = course.by_question(course.counted(exact))
    return found


def _rounded(answers: Array, places: Array) -> Array:
    """Return answers as they are written down; 0 where there is no number to write."""
    unit = 10.0**-places
    with np.errstate(all="ignore"):
        written = np.where(np.abs(answers) < INFINITE, np.rint(answers / unit) * unit, answers)
    return np.asarray(np.nan_to_num(np.round(written, 9), posinf=0, neginf=0) + 0.0)


@dataclass(frozen=True, eq=False)
class _Course:
    """A class's way through the stages.

    right: the answers. (students, answers) given: the students' numbers, stacked.
    """

    problem: Problem
    stages: Sequence[Stage]
    right: Array
    given: Mapping[Node, Array]

    @property
    def later(self) -> Array:
        """The places, among all answers, of those that follow from earlier questions."""
        return np.concatenate([stage.flat for stage in self.stages if stage.before])

    def answers(self, start: Callable[[int, int, int], float]) -> Array:
        """Return every answer that follows from a silly start, before rounding. (students, answers)

        What is not asked of the silly tables is right, as marking takes it to be. What they do not change is silly too.
        """
        silly = self._filled(start)
        answers = np.where(np.abs(silly - self.right) < NEAR, silly + ELSEWHERE, silly)
        with np.errstate(all="ignore"):
            values = fold([stage.by_hand for stage in self.stages], self.given)
            tables = dict(self.given)
            for stage in self.stages:
                if not stage.before and not stage.of_rows:
                    table = np.broadcast_to(values[stage.by_hand], (len(self.right), *stage.node.shape)).copy()
                    table[:, stage.rows, stage.columns] = answers[:, stage.flat]
                    tables[stage.node] = tables[stage.by_hand] = table
            after = [stage for stage in self.stages if stage.before]
            values = fold([stage.by_hand for stage in after], tables)
        for stage in after:
            cells = stage.cells(values[stage.by_hand])
            answers[:, stage.flat] = np.where(np.isclose(cells, self.right[:, stage.flat]), silly[:, stage.flat], cells)
        return answers

    def counted(self, answers: Array) -> Array:
        """Return answers with 1, 2, 3 and so on in place of those that follow from earlier questions."""
        changed = answers.copy()
        changed[:, self.later] = np.arange(1.0, len(self.later) + 1)
        return changed

    def by_question(self, answers: Array) -> Stacked:
        counts = [len(places_of(question)) for question in self.problem.questions]
        return np.split(answers, np.cumsum(counts)[:-1], axis=1)

    def _filled(self, start: Callable[[int, int, int], float]) -> Array:
        """Return the silly number in every cell. (students, answers)"""
        numbers = [start(n, *place) for q in self.problem.questions for n, place in enumerate(places_of(q))]
        return np.repeat(np.array(numbers)[None], len(self.right), axis=0)
