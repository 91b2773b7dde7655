"""Small exercises, their variants and mistakes, for the tests of what learning systems are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from byhand.exercises.draw import Student, Variant, variants
from byhand.exercises.lms_fields import Mistake
from byhand.exercises.problem import Problem, problem
from byhand.exercises.recipe import Ask, Exercise
from byhand.lessons.recipe import Recipe

SPECIALS = "a<b> & \"c\" 'd' {1:NM:=3} }~#/\\ %50% =e] ]]> é∑ \x01 end&"
"""Every sign that means something to HTML, XML, Moodle or a file."""

ALL = (
    Ask("scores", points=3, places=0),
    Ask("weights", points=3, hint="Each row adds up to 1."),
    Ask("Z", kind="cell", cell=(2, 1), points=2),
    Ask("weights", kind="choice", cell=(3, 1)),
    Ask("V", kind="wrong cell", points=1.5),
    Ask("Q", kind="symbolic", cell=(1, 2)),
    Ask("W_V", kind="missing", cell=(2, 2), points=0.5),
)


def attention(*asks: Ask, **more: object) -> Problem:
    """One head with three words; all kinds of questions unless said."""
    given = {"title": "One head", "teaches": "Attention.", "minutes": 30, "level": 3} | more
    build = Recipe(model="attention", size={"tokens": 3, "d_model": 3, "d_k": 4})
    return problem(Exercise(str(given.pop("name", "one-head")), build, asks=asks or ALL, **given))


def a_class(problem: Problem, count: int = 3) -> list[Variant]:
    return variants(problem, [], 7, [Student(f"s{n:03}", f"Student {n}") for n in range(1, count + 1)])


def with_answers(variant: Variant, answers: Sequence[Sequence[float]]) -> Variant:
    return replace(variant, answers=[np.array(row, dtype=float) for row in answers])


def shifted(variant: Variant, by: float, mark: float = 0.5, sentence: str = "") -> Mistake:
    """A mistake that is the key and something more, everywhere."""
    return Mistake(f"plus {by:g}", sentence or f"You added {by:g}.", mark, [row + by for row in variant.answers])
