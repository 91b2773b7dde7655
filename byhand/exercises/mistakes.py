"""The misconceptions that an exercise can tell: those that show in what it asks, each apart from the others."""

from __future__ import annotations

import numpy as np

from byhand.errors import ByhandError, nearest, quoted
from byhand.exercises.draw import AT_ONCE, apart, tried, worth_computing
from byhand.exercises.problem import Flags, Numbers, Problem
from byhand.graph import Array, Node
from byhand.misconceptions import MISCONCEPTIONS, applicable, mistaken
from byhand.misconceptions.rewriting import Misconception

SAMPLES, MOST_ROUNDS = 256, 64
"""Kind draws that a misconception is tried on, and how many rounds of draws are made to find them."""
OFTEN = 0.02
"""The share of kind draws that must be left by all misconceptions together, so that drawing comes to an end."""
Told = list[tuple[Misconception, dict[Node, Node]]]
"""Misconceptions, each with the tables that it changes -> what they become."""


def mistakes(problem: Problem) -> Told:
    """The misconceptions that must show in every student's exercise.

    Those that the recipe names; or else, in the order of the list, each that can be told from the key and from those
    before it in enough draws. ByhandError for a name that is none, or of one that cannot show here.
    """
    named = problem.exercise.mistakes
    possible = _possible(problem, named)
    return possible if named is not None else _telling(problem, possible)


def _possible(problem: Problem, named: tuple[str, ...] | None) -> Told:
    """Those that change a table that is asked."""
    outputs = [*problem.outputs, *(q.node for q in problem.questions)]
    chosen = applicable(outputs) if named is None else [_named(problem, name) for name in named]
    found = [(m, mistaken(outputs, m)) for m in chosen]
    asked = [(m, changed) for m, changed in found if any(q.node in changed for q in problem.questions)]
    if named is not None and len(asked) < len(found):
        silent = next(m.name for m, changed in found if (m, changed) not in asked)
        raise ByhandError(
            f"In the exercise {problem.exercise.name}, mistakes: {quoted(silent)} changes nothing that is asked: "
            "leave it out, or ask for a table that it changes."
        )
    return asked


def _named(problem: Problem, name: str) -> Misconception:
    if name not in MISCONCEPTIONS:
        raise ByhandError(
            f"In the exercise {problem.exercise.name}, mistakes: there is no misconception {quoted(name)}; "
            f"{nearest(name, MISCONCEPTIONS)}."
        )
    return MISCONCEPTIONS[name]


def _telling(problem: Problem, possible: Told) -> Told:
    given = _kind_draws(problem)
    if given is None:
        return possible
    answers = [problem.solve(given)]
    good: Flags = np.ones(len(answers[0][0]), dtype=bool)
    chosen: Told = []
    for misconception, changed in possible:
        wrong = problem.solve(given, changed)
        left = good & _apart_from_all(problem, answers, wrong)
        if left.mean() >= OFTEN:
            chosen.append((misconception, changed))
            answers.append(wrong)
            good = left
    return chosen


def _apart_from_all(problem: Problem, answers: list[list[Array]], wrong: list[Array]) -> Flags:
    told: Flags = np.all([apart(problem, one, wrong) for one in answers], axis=0)
    return told


def _kind_draws(problem: Problem) -> Numbers | None:
    """Some draws that are worth computing, always the same ones; None where there seem to be none."""
    chance, found, count = np.random.default_rng(0), [], 0
    for _ in range(MOST_ROUNDS):
        given = tried(problem, chance, SAMPLES * AT_ONCE)
        good = worth_computing(problem, given)
        found.append({node: table[good] for node, table in given.items()})
        count += int(good.sum())
        if count >= SAMPLES:
            break
    together = {node: np.concatenate([f[node] for f in found])[:SAMPLES] for node in problem.drawn}
    return together if count else None
