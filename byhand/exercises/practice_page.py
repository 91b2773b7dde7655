"""An exercise as a page to fill in: for practice it checks the answers; an exam's page knows nothing of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from byhand.answers.pieces import BAR
from byhand.answers.slips import COARSE, SWAPPED
from byhand.core.graph import Array, Node, fold
from byhand.core.labels import word
from byhand.escaping import escaped
from byhand.exercises.asked import question_text
from byhand.exercises.distinct_mistakes import (
    A_CONTRADICTION,
    A_MISCONCEPTION,
    Mistake,
    Replacements,
    both_mistakes,
    every_mistake,
)
from byhand.exercises.draw import SHARES, Variant
from byhand.exercises.likely_slips import likely_slips
from byhand.exercises.problem import Problem, Question, stacked
from byhand.exercises.recipe import BESIDE
from byhand.exercises.student_book import StudentBook
from byhand.page.build import page_of_book
from byhand.page.tables import PageTables, Shared
from byhand.page.texts import texts
from byhand.translations import _, counted

NEAR = 1e-9
"""Room for the rounding of a number that is typed, beside a question's margin."""
CLOSE_TO_EXACT = 1e-6
"""The margin of a question for an exact number, of which the page takes the decimals."""
MOST_PAIRS = 150
"""The most pairs of misconceptions of which a page knows the answers."""


@dataclass(frozen=True)
class WrongIdea:
    """A misconception, or two, and the tables that they change. of: the numbers of the two."""

    sentence: str
    changed: Replacements
    of: tuple[int, ...] = ()


Solved = list[list[Array]]
"""For each wrong idea the answers to each question."""


class ExercisePage:
    """The pages of an exercise: the same tables for all, with each student's numbers."""

    def __init__(self, problem: Problem, practice: bool) -> None:
        self.problem, self.practice = problem, practice
        self.book = StudentBook(problem).book
        self._wrong_ideas = list(_wrong_ideas(problem)) if practice else []

    def page(self, variant: Variant) -> bytes:
        """Return a student's page."""
        changes = [idea.changed for idea in self._wrong_ideas]
        fixed = any(_is_fixed(question) for question in self.problem.questions)
        solved = self.problem.solve_all(stacked([variant.numbers]), changes) if changes and fixed else []
        about = {
            "checked": int(self.practice),
            "questions": [self._question(n, q, variant, solved) for n, q in enumerate(self.problem.questions)],
            "hidden": [node.name for node in self._hidden(variant)],
            "ideas": [idea.sentence for idea in self._wrong_ideas if not idea.of],
            "pairs": {",".join(map(str, idea.of)): n for n, idea in enumerate(self._wrong_ideas) if idea.of},
            "costs": [A_MISCONCEPTION, A_CONTRADICTION],
            "guesses": [0, 1, *SHARES],
            "swapped": _(SWAPPED),
        }
        values = variant.values | variant.numbers | self._rounded(variant)
        card = self._card(variant)
        ideas = self._changed_rules if self.practice else None
        return page_of_book(self.book, values, about, card, self._given(variant), ideas).encode()

    @cached_property
    def _changed_rules(self) -> list[list[str]]:
        """The rules that each wrong idea changes: the same for all students."""
        tables = PageTables(self.book.nodes, {}, Shared(), self.book.turned)
        return [tables.changed_rules(idea.changed) for idea in self._wrong_ideas]

    def _card(self, variant: Variant) -> str:
        """Return what stands at the top as markup: whose page it is, what to do, and the questions."""
        words, student, exercise = texts(), variant.student, self.problem.exercise
        heading = filter(None, (words["practice"] if self.practice else "", f"{student.name}  {student.id}".strip()))
        lines = [
            f"<h2>{escaped(' · '.join(heading))}</h2>",
            f"<p>{escaped(_(exercise.text) if exercise.text else '')}</p>",
            f'<p class="hint">{escaped(words["practice_about" if self.practice else "paper_about"])}</p>',
            '<ol class="questions">',
        ]
        for n, question in enumerate(self.problem.questions):
            ask = question.ask
            text = question_text(
                self.problem, question, lambda node, axis, i: word(node.shape[axis].labels, i, variant.values)
            )
            points = counted("{n} point", "{n} points", ask.points).format(n=f"{ask.points:g}")
            lines.append(f"<li><p>{escaped(f'{text} ({points})')}</p>")
            lines += [f'<p class="hint">{escaped(_(ask.hint))}</p>'] if ask.hint else []
            lines += [
                f'<input class="answer" placeholder=" " autocomplete="off" data-answer="{n},{k}" '
                f'aria-label="{escaped(words["your_answer"])}">'
                for k in range(_beside(question))
            ]
            lines.append(f'<p class="said" id="said-{n}" role="status"></p></li>')
        return "\n".join([*lines, '</ol>\n<p id="score" class="said" role="status"></p>'])

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

    def _question(self, n: int, question: Question, variant: Variant, solved: Solved) -> dict[str, Any]:
        """Return a question for the page; with its answers only for practice."""
        ask = question.ask
        beside = ask.kind in BESIDE
        about: dict[str, Any] = {
            "table": question.node.name,
            "cells": [] if beside else [list(map(int, place)) for place in question.indices],
            "beside": _beside(question),
            "places": ask.places,
            "letters": question.cuts is not None,
            "fixed": _is_fixed(question),
        }
        if not self.practice:
            return about
        exact = ask.kind == "symbolic"
        margin = CLOSE_TO_EXACT if exact else float(ask.margin) + NEAR
        about |= {"margin": margin, "answers": _answers(question, variant.answers[n]), "mistakes": [], "slips": []}
        about["coarse"] = _(COARSE).format(places=ask.places)
        if ask.kind == "wrong cell":
            return about
        if _is_fixed(question):
            about["mistakes"] = [_answers(question, answers[n]) for answers in solved]
        if not (beside or exact):
            values = fold([question.node], variant.numbers)
            about["slips"] = [
                likely_slips(question.node, place, ask.places, margin, values) for place in question.indices
            ]
        return about


def _beside(question: Question) -> int:
    """Return how many answers stand beside the question, not in the cells of a table."""
    if question.ask.kind == "wrong cell":
        return 2
    return len(question.indices) if question.ask.kind in BESIDE else 0


def _is_fixed(question: Question) -> bool:
    """Return whether the page compares answers with those that Python has worked out: it computes no words and rows."""
    return bool(_beside(question)) or question.cuts is not None


def _wrong_ideas(problem: Problem) -> Iterator[WrongIdea]:
    """Yield misconceptions, likelier ones first, then pairs of those that the answers can distinguish."""
    pairs: list[WrongIdea] = []
    count = 0
    for part in problem.each:
        distinct, further = every_mistake(part)
        for misconception, changed in [*distinct, *further]:
            yield WrongIdea(_(misconception.sentence), changed)
        for (m, one), (n, other) in combinations(enumerate(distinct, count), 2):
            both = both_mistakes(part, one, other)
            if any(_differs(both, question.node, one, other) for question in part.questions):
                pairs.append(WrongIdea("", both, (m, n)))
        count += len(distinct) + len(further)
    yield from pairs[:MOST_PAIRS]


def _differs(both: Replacements, node: Node, one: Mistake, other: Mistake) -> bool:
    """Return whether two misconceptions give a table that neither gives alone."""
    return both.get(node, node) not in (node, one[1].get(node, node), other[1].get(node, node))


def _answers(question: Question, answers: Array) -> list[float | str | None]:
    """Return answers as the page compares them: numbers, or pieces with bars between them."""
    if question.cuts:
        return [BAR.join(question.cuts.pieces(cut)) for cut in np.ravel(answers)]
    return [float(x) if np.isfinite(x) else None for x in np.ravel(answers)]
