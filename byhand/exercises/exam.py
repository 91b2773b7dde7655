"""The file of an exam: several exercises as one sheet with one key and one grade.

Each part is drawn and marked on its own, so nothing carries over from one part to another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from byhand.exercises.bounds import Level, Minutes, Points
from byhand.translations import ENGLISH

MOST_PARTS = 26
STEPS = (1.0, 0.5, 0.25)
"""The steps in which the points of a part are shared among its questions, the first that fits."""
FAIR = 0.2
"""How far a question's points may be from the recipe's proportion, relative to it."""


@dataclass(frozen=True)
class ExamTable:
    """The keys of an exam's file.

    exercise: its parts, see PartTable. text: an introduction. minutes, level: by default, what the parts take together
    and the highest of theirs. marks: partial credit in all parts, in place of their own.
    """

    title: str
    exercise: list[dict[str, Any]]
    teaches: str = ""
    text: str = ""
    minutes: Minutes | None = None
    level: Level | None = None
    marks: dict[str, Any] | None = None
    language: str = ENGLISH


@dataclass(frozen=True)
class PartTable:
    """The keys of a table [[exercise]].

    recipe: a ready-made exercise's name, a file beside the exam's, or a whole recipe as a table. name: of a recipe
    that is a table. points: of the whole part, shared in proportion to the recipe's. title, text: in place of the
    recipe's.
    """

    recipe: Any
    name: str = ""
    points: Points | None = None
    title: str = ""
    text: str = ""


def is_exam(table: dict[str, Any]) -> bool:
    """Return whether the content of a TOML file is an exam."""
    return "exercise" in table


def shared_points(weights: list[float], total: float) -> list[float]:
    """Share a total in proportion to the weights; in whole, half or quarter points if that is near.

    Equal weights get equal points, if steps allow it.
    """
    exact = [total * weight / sum(weights) for weight in weights]
    near = [shares for step in STEPS if (shares := _in_steps(exact, total, step))]
    even = (shares for shares in near if len({*zip(weights, shares, strict=True)}) == len({*weights}))
    return next(even, near[-1] if near else exact)


def _in_steps(exact: list[float], total: float, step: float) -> list[float] | None:
    """Return the shares as multiples of a step that add up to the total; None unless each is near its exact share."""
    if total / step != int(total / step):
        return None
    shares = [step * count for count in _largest_remainders([share / step for share in exact], int(total / step))]
    near = all(abs(share - wanted) <= FAIR * wanted for share, wanted in zip(shares, exact, strict=True))
    return shares if near else None


def _largest_remainders(shares: list[float], total: int) -> list[int]:
    """Round shares to whole numbers that add up to the total."""
    counts = [int(share) for share in shares]
    order = sorted(range(len(shares)), key=lambda n: counts[n] - shares[n])
    for n in order[: total - sum(counts)]:
        counts[n] += 1
    return counts
