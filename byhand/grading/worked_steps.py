"""The steps of an exercise worked for a feedback page: with the student's own numbers, or with those of an example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from byhand.core.graph import Array, Node, fold, toposort
from byhand.documents.html import HTML
from byhand.exercises.draw import Student, variants
from byhand.exercises.keys import Key, KeyStudent
from byhand.exercises.problem import Numbers, Problem, Question
from byhand.exercises.recipe import BESIDE
from byhand.exercises.secret import Source
from byhand.explanations.handout import work_cells
from byhand.grading.cell_words import words_of_student
from byhand.translations import language

MOST_CELLS = 4
"""The most cells of a question that are worked."""
EXAMPLES = 5
"""How many examples are drawn until one has other answers than the student's."""
SAME = 1e-9


@dataclass(frozen=True, eq=False)
class WorkedSteps:
    """Works steps of a key's questions. own: whether with each student's own numbers, which shows the answers."""

    key: Key
    problem: Problem
    own: bool = False

    def step(self, student: str, question: int, missed: Sequence[int]) -> str:
        """Return a question's step as HTML; an empty text if it cannot be shown. missed: the cells that were missed."""
        theirs, asked = self.key.students[student], self.questions[question]
        if asked.node.data is not None:
            return ""
        if self.own:
            return self._html(question, self._places(asked, theirs, question, missed), self._given(theirs))
        example = self._example(theirs, question)
        if example is None:
            return ""
        places = [(0, 0)] if asked.ask.kind in BESIDE else asked.indices
        return self._worked_example(question, tuple(places[:2]), example, language())

    def places(self, student: str) -> list[list[str]]:
        """Return where each answer stands, with the student's words: cat → sat."""
        return words_of_student(self.problem, self._given(self.key.students[student]))

    @cached_property
    def questions(self) -> list[Question]:
        """The questions of all parts, with their tables in the parts."""
        return [question for part in self.problem.each for question in part.questions]

    @cached_property
    def parts(self) -> list[Problem]:
        """The part of each question."""
        return [part for part in self.problem.each for _ in part.questions]

    @cached_property
    def examples(self) -> list[tuple[Numbers, list[Array]]]:
        """The numbers and the answers of some variants that no student has, since nobody's id is drawn so."""
        people = [Student(f"example {n}") for n in range(EXAMPLES)]
        drawn = variants(self.problem, [], Source(0, purpose="example"), people)
        return [(variant.numbers, variant.answers) for variant in drawn]

    def _example(self, student: KeyStudent, question: int) -> int | None:
        """Return an example in which the question has other answers than the student's."""
        right = np.array(student.answers[question], dtype=float)
        for n, (_, answers) in enumerate(self.examples):
            if not np.allclose(np.ravel(answers[question]), right, rtol=0, atol=SAME):
                return n
        return None

    def _places(
        self, asked: Question, student: KeyStudent, question: int, missed: Sequence[int]
    ) -> list[tuple[int, int]]:
        if asked.ask.kind == "wrong cell":
            row, column = (int(x) - 1 for x in student.answers[question])
            return [(row, column)]
        return [asked.indices[cell] for cell in missed[:MOST_CELLS]]

    def _given(self, student: KeyStudent) -> dict[Node, Array]:
        nodes = {node for part in self.problem.each for node in part.drawn}
        return {node: np.array(student.drawn[node.name], dtype=float) for node in nodes}

    def _html(self, question: int, places: Sequence[tuple[int, int]], given: Mapping[Node, Array]) -> str:
        node, part = self.questions[question].node, self.parts[question]
        nodes = [n for n in toposort([node]) if n.name]
        values = fold(nodes, {n: table for n, table in given.items() if n in part.drawn})
        numbers = {n.name: np.asarray(values[n], dtype=float) for n in nodes}
        return "\n".join(HTML.block(block) for block in work_cells(part.lesson, node, numbers, places))

    @lru_cache(200)  # noqa: B019  lives as long as the process that marks
    def _worked_example(
        self, question: int, places: tuple[tuple[int, int], ...], example: int, in_language: str
    ) -> str:
        return self._html(question, places, self.examples[example][0])
