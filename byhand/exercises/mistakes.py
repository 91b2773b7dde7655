"""The misconceptions that an exercise can tell apart: those that apply to its graph and change what it asks."""

from __future__ import annotations

from byhand.errors import ByhandError, nearest, quoted
from byhand.exercises.problem import Problem
from byhand.graph import Node
from byhand.misconceptions import MISCONCEPTIONS, mistaken
from byhand.misconceptions.rewriting import Misconception

Made = tuple[Misconception, dict[Node, Node]]
"""A misconception, and the tables that it changes -> what they become."""


def mistakes_of(problem: Problem) -> list[Made]:
    """Those that the recipe names, or all that apply. ByhandError for one that it names and that does not apply."""
    wanted = problem.exercise.mistakes
    asked = [q.node for q in problem.questions]
    found: list[Made] = []
    for name in MISCONCEPTIONS if wanted is None else wanted:
        if name not in MISCONCEPTIONS:
            raise ByhandError(
                f"The exercise {problem.exercise.name} has an unknown mistake {quoted(name)}; "
                f"{nearest(name, MISCONCEPTIONS)}."
            )
        misconception = MISCONCEPTIONS[name]
        changed = mistaken(asked, misconception)
        if any(node in changed for node in asked):
            found.append((misconception, changed))
        elif wanted is not None:
            raise ByhandError(
                f"The mistake {quoted(name)} changes nothing that the exercise {problem.exercise.name} asks: "
                "leave it out, or ask for a table that it changes."
            )
    return found
