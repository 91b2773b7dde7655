"""The misconceptions that an exercise can tell apart: those that apply to its graph and show in what it asks."""

from __future__ import annotations

import numpy as np

from byhand.errors import ByhandError, nearest, quoted
from byhand.exercises.draw import apart, tried, worth_computing
from byhand.exercises.problem import Problem
from byhand.graph import Array, Node
from byhand.misconceptions import MISCONCEPTIONS, mistaken
from byhand.misconceptions.rewriting import Misconception

Made = tuple[Misconception, dict[Node, Node]]
"""A misconception, and the tables that it changes -> what they become."""

PROBES, OFTEN = 400, 0.2
"""Draws by which mistakes are judged, and the share of them in which one must show to be waited for."""


def mistakes_of(problem: Problem) -> list[Made]:
    """Those that the recipe names; else all that apply and often differ from the key and from those before them.

    ByhandError for one that the recipe names and that is unknown, or changes nothing that is asked.
    """
    wanted = problem.exercise.mistakes
    if wanted is None:
        made = [(m, _changed(problem, m)) for m in MISCONCEPTIONS.values()]
        return _distinct(problem, [(m, changed) for m, changed in made if changed])
    return [(m, _wanted(problem, m)) for m in (_known(problem, name) for name in wanted)]


def _changed(problem: Problem, misconception: Misconception) -> dict[Node, Node]:
    """What it changes, if anything that is asked is among it."""
    asked = [q.node for q in problem.questions]
    changed = mistaken(asked, misconception)
    return changed if any(node in changed for node in asked) else {}


def _known(problem: Problem, name: str) -> Misconception:
    if name not in MISCONCEPTIONS:
        raise ByhandError(
            f"The exercise {problem.exercise.name} has an unknown mistake {quoted(name)}; "
            f"{nearest(name, MISCONCEPTIONS)}."
        )
    return MISCONCEPTIONS[name]


def _wanted(problem: Problem, misconception: Misconception) -> dict[Node, Node]:
    changed = _changed(problem, misconception)
    if not changed:
        raise ByhandError(
            f"The mistake {misconception.name} changes nothing that the exercise {problem.exercise.name} asks: "
            "leave it out, or ask for a table that it changes."
        )
    return changed


def _distinct(problem: Problem, made: list[Made]) -> list[Made]:
    """Without those whose answers are, in nearly all draws, the key's or an earlier mistake's."""
    given = tried(problem, np.random.default_rng(0), PROBES)
    good = worth_computing(problem, given)
    if good.any():
        given = {node: table[good] for node, table in given.items()}
    kept: list[Made] = []
    seen: list[list[Array]] = [problem.solve(given)]
    for misconception, changed in made:
        answers = problem.solve(given, changed)
        if all(apart(problem, answers, other).mean() >= OFTEN for other in seen):
            kept.append((misconception, changed))
            seen.append(answers)
    return kept
