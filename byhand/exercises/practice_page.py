"""An exercise as a page to fill in: for practice it checks the answers; an exam's page knows nothing of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from byhand.core.graph import Array, Node
from byhand.core.labels import word
from byhand.exercises.asked import question_text
from byhand.exercises.distinct_mistakes import ShownMistakes, mistakes
from byhand.exercises.draw import Variant
from byhand.exercises.problem import Problem, Question, stacked
from byhand.exercises.student_book import StudentBook
from byhand.page.build import page_of_book
from byhand.translations import _, counted

NEAR = 1e-9
"""Room for the rounding of a number that is typed, beside a question's margin."""
CLOSE_TO_EXACT = 1e-6
"""The margin of a question for an exact number, of which the page takes the decimals."""


class ExercisePage:
    """The pages of an exercise: the same tables for all, with each student's numbers."""

    def __init__(self, problem: Problem, practice: bool) -> None:
        self.problem, self.practice = problem, practice
        self.book = StudentBook(problem).book
        self._mistakes: ShownMistakes = mistakes(problem) if practice else []

    def page(self, variant: Variant) -> bytes:
        """Return a student's page."""
        student = variant.student
        about = {
            "checked": int(self.practice),
            "who": "  ".join(filter(None, (student.name, student.id))),
            "text": _(self.problem.exercise.text) if self.problem.exercise.text else "",
            "questions": [self._question(n, q, variant) for n, q in enumerate(self.problem.questions)],
            "hidden": [node.name for node in self._hidden(variant)],
        }
        values = variant.values | variant.numbers | self._rounded(variant)
        return page_of_book(self.book, values, about, self._given(variant), with_rules=self.practice).encode()

    def _hidden(self, variant: Variant) -> list[Node]:
        """Return the tables whose numbers the student works out."""
        shown = {*self.problem.shown, *variant.planted}
        asked = {q.node for q in self.problem.questions if q.ask.kind in ("missing",)}
        return [n for n in self.book.nodes if n.name and (n in asked or (n.data is None and n not in shown))]

    def _given(self, variant: Variant) -> set[Node]:
        """Return the computed tables that the student is shown."""
        return {*self.problem.shown, *variant.planted}

    def _rounded(self, variant: Variant) -> dict[Node, Array]:
        """Return the shown tables as the workbook shows them."""
        tables = {node: variant.planted.get(node, variant.values[node]) for node in self._given(variant)}
        return {node: np.round(table, 9) for node, table in tables.items()}

    def _question(self, n: int, question: Question, variant: Variant) -> dict[str, Any]:
        """Return a question for the page; with its answers only for practice."""
        ask = question.ask
        text = question_text(
            self.problem, question, lambda node, axis, i: word(node.shape[axis].labels, i, variant.values)
        )
        points = counted("{n} point", "{n} points", ask.points).format(n=f"{ask.points:g}")
        beside = ask.kind in ("choice", "wrong cell")
        count = 2 if ask.kind == "wrong cell" else len(question.indices)
        about: dict[str, Any] = {
            "text": f"{text} ({points})",
            "hint": _(ask.hint) if ask.hint else "",
            "table": question.node.name,
            "cells": [] if beside else [list(map(int, place)) for place in question.indices],
            "beside": count if beside else 0,
            "places": ask.places,
        }
        if not self.practice:
            return about
        exact = ask.kind == "symbolic"
        about["margin"] = CLOSE_TO_EXACT if exact else float(ask.margin) + NEAR
        about["answers"] = _numbers(variant.answers[n])
        about["mistakes"] = self._known_mistakes(n, variant)
        return about

    def _known_mistakes(self, n: int, variant: Variant) -> list[list[Any]]:
        """Return the sentence of each known mistake with the answers that it gives, where they are wrong."""
        if self.problem.questions[n].ask.kind == "wrong cell":
            return []
        found = []
        given = stacked([variant.numbers])
        for misconception, changed in self._mistakes:
            answers = np.ravel(self.problem.solve(given, changed)[n][0])
            if not np.allclose(answers, np.ravel(variant.answers[n]), rtol=0, atol=1e-9):
                found.append([_(misconception.sentence), _numbers(answers)])
        return found


def _numbers(table: Array) -> list[float | None]:
    return [float(x) if np.isfinite(x) else None for x in np.ravel(table)]
