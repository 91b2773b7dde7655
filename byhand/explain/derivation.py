"""A derivation: a formula rewritten line by line, each line checked against the one before when it is built."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise, product

from sympy import Expr

from byhand.explain.relations import MEASURED, PROVED, About, AtMost, Equal, Relation, Tends
from byhand.explain.terms import Letter, Term, Where

MOST = 4
"""Of the places in a table of each size, so many are tried."""


class WrongLine(Exception):
    """A line of a derivation does not follow from the one before."""


@dataclass(frozen=True)
class Line:
    """What the line before is rewritten as, and why."""

    term: Term
    reason: str
    relation: Relation = field(default_factory=Equal)


@dataclass
class Derivation:
    """WrongLine if a line does not follow; `ways` says of each line but the first how it was checked."""

    title: str
    claim: str
    lines: tuple[Line, ...]
    ways: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.ways = check(self)


def derivation(title: str, claim: str, *lines: Line) -> Derivation:
    return Derivation(title, claim, lines)


def start(term: Term, reason: str = "") -> Line:
    """The first line; also any line that is equal to the one before."""
    return Line(term, reason)


equals = start


def tends(of: Term, to: Expr, term: Term, reason: str, side: str = "+") -> Line:
    """The limit of the line before."""
    return Line(term, reason, Tends(of, to, side))


def at_most(term: Term, reason: str) -> Line:
    return Line(term, reason, AtMost())


def about(term: Term, reason: str, within: Term, of: Term, between: tuple[int, int]) -> Line:
    """Nearly the line before: no further from it than `within`, for a variable between two numbers."""
    return Line(term, reason, About(within, of, *between))


def check(derivation: Derivation) -> tuple[str, ...]:
    """How each line was found to follow from the one before. WrongLine if one does not."""
    lines = derivation.lines
    ways: list[set[str]] = [set() for _ in lines[1:]]
    for seed, where in enumerate(instances(frozenset().union(*(a.term.letters for a in lines)))):
        values = [a.term.at(where) for a in lines]
        for n, (before, after) in enumerate(pairwise(values), start=1):
            way = lines[n].relation.tried(before, after, seed)
            if not way:
                at = ", ".join(f"{letter.name} = {value}" for letter, value in where.items())
                raise WrongLine(
                    f"{derivation.title}: line {n + 1} does not follow from line {n}{at and f' where {at}'}."
                )
            ways[n - 1].add(way)
    return tuple(MEASURED if MEASURED in tried else PROVED for tried in ways)


def instances(letters: frozenset[Letter]) -> Iterator[Where]:
    """Each size of each letter for one, and for each of these some of the places."""
    sizes = sorted((a for a in letters if not a.upto), key=lambda a: a.name)
    places = sorted((a for a in letters if a.upto), key=lambda a: a.name)
    draw = random.Random(1)
    for chosen in product(*(a.sizes for a in sizes)):
        size = dict(zip(sizes, chosen, strict=True))
        everywhere = list(product(*(range(1, int(a.upto.at(size)) + 1) for a in places if a.upto)))
        for at in everywhere if len(everywhere) <= MOST else draw.sample(everywhere, MOST):
            yield size | dict(zip(places, at, strict=True))
