"""Which draws ask for numbers that a guess does not hit: varied answers, which cannot be copied from the sheet.

One number in every cell, or a given table copied into the answers, should earn little. How varied answers can be
depends on the recipe, so a recipe's draws meet the strictest of a few limits that enough of them meet; what its answers
then still give away is for `lint` to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from byhand.core.graph import Array, Node
from byhand.core.roles import Role
from byhand.exercises.problem import Flags, Problem, Question
from byhand.exercises.recipe import BY_COUNTING

LIMITS = (0.2, 0.25, 0.34, 0.5)
"""The share of the answers that may be one number, or stand in the same place of a given table; the strictest first."""
MOST_COPIED = 0.5
"""The share of a question's answers, if they are not few, that may stand in the same place of a given table."""
FEW, LEAST_DISTINCT = 4, 3
"""A question that asks for more than FEW numbers must have LEAST_DISTINCT different answers."""


def written_answers(problem: Problem, values: dict[Node, Array]) -> list[tuple[Question, Array]]:
    """Return the questions about numbers, each with its answers as they are written down. (draws, n) each"""
    asked = [question for question in problem.questions if question.ask.kind not in BY_COUNTING]
    draws = max((values[node].shape[:-2] for node in problem.drawn), default=())
    found = []
    for question in asked:
        answers = np.round(question.cells(values[question.node]), question.ask.places) + 0.0
        found.append((question, np.broadcast_to(answers, (*draws, answers.shape[-1]))))
    return found


def varied_answers(problem: Problem, values: dict[Node, Array], limit: float) -> Flags:
    """Return which draws have answers within the limit. values: of every table that is needed. (draws,)"""
    asked = written_answers(problem, values)
    good: Flags = np.ones(1, dtype=bool)
    if not asked:
        return good
    for _, answers in asked:
        good = good & (most_alike(answers) <= max(1, int(limit * answers.shape[-1])))
        good = good & has_distinct(answers)
    weights = _weights([question for question, _ in asked])
    most = max(limit, weights.max()) + 1e-9
    together = np.concatenate([answers for _, answers in asked], axis=-1)
    same = together[..., :, None] == together[..., None, :]
    good = good & ((same @ weights).max(-1) <= most)
    for _, copied in copies(problem, asked, values):
        good = good & (copied @ weights <= most)
    for question, answers in asked:
        if answers.shape[-1] >= FEW:
            for _, copied in copies(problem, [(question, answers)], values):
                good = good & (copied.mean(-1) <= MOST_COPIED)
    return np.asarray(good)


def most_alike(answers: Array) -> Array:
    """Return how often the most frequent answer comes up. (..., n) -> (...)"""
    return np.asarray((answers[..., :, None] == answers[..., None, :]).sum(-1).max(-1))


def has_distinct(answers: Array) -> Flags:
    """Return whether there are at least LEAST_DISTINCT different numbers; always for FEW answers. (..., n) -> (...)"""
    if answers.shape[-1] <= FEW:
        return np.ones(answers.shape[:-1], dtype=bool)
    return np.asarray((np.diff(np.sort(answers, axis=-1), axis=-1) > 0).sum(-1) + 1 >= LEAST_DISTINCT)


def _weights(questions: Sequence[Question]) -> Array:
    """Return the share of the points of each answer. (n,)"""
    together = np.concatenate([np.full(len(q.indices), q.ask.points / len(q.indices)) for q in questions])
    return np.asarray(together / together.sum())


def copies(
    problem: Problem, asked: Sequence[tuple[Question, Array]], values: dict[Node, Array]
) -> Iterator[tuple[Node, Flags]]:
    """Yield each table that the student sees, and which answers a copy of it hits. (..., n) each

    A copy is taken in reading order, and where the shapes are the same also in the place of each answer.
    """
    for node in visible_tables(problem):
        table = values[node] if node.data is None else values.get(node, node.data)
        flat = table.reshape(*table.shape[:-2], -1)
        in_order: list[Flags] = []
        in_place: list[Flags] = []
        for question, answers in asked:
            read = flat[..., np.arange(answers.shape[-1]) % flat.shape[-1]]
            there = question.cells(table) if question.node.shape == node.shape else read
            for copied, flags in ((read, in_order), (there, in_place)):
                flags.append(np.broadcast_to(np.abs(copied - answers) < 1e-9, answers.shape))
        for flags in (in_order, in_place):
            yield node, np.concatenate(flags, axis=-1)


def visible_tables(problem: Problem) -> list[Node]:
    """Return the tables of numbers that the student sees: given ones, and computed ones that are shown."""
    given = [n for n in problem.needed if n.data is not None and n.name and n.role is not Role.CONSTANT]
    asked = {question.node for question in problem.questions}
    return [n for n in dict.fromkeys([*given, *problem.shown]) if n not in asked]
