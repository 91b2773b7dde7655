"""Worked numbers at the end of a page: the same formulas, with numbers put in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy
from sympy import Expr

from byhand.arithmetic.decimals import shown
from byhand.explain.document import Table
from byhand.explain.from_sympy import from_sympy
from byhand.explain.terms import Letter, Term, Variable, Where, letter
from byhand.maths import Maths, Number

SHORT = 7
"""An exact value of more operations is shown as a decimal."""

Numbers = Mapping[Variable | Term, Sequence[Expr | int] | Expr | int]
"""The values of x[1], x[2], ..., or of a single letter."""


def example(caption: str, terms: Sequence[Term], given: Numbers, across: Term | None = None) -> Table:
    """One row for each formula; across the columns a place runs from 1 to its size."""
    places = range(1, _count(given) + 1) if across else range(1)
    cells = [tuple(put_in(t, given, {letter(across): n} if across else {}) for n in places) for t in terms]
    columns = tuple(Number(str(n)) for n in places) if across else ()
    return Table(caption, tuple(t.shown for t in terms), columns, tuple(cells), "computed")


def square(caption: str, made: Term, down: Term, across: Term, given: Numbers, role: str = "computed") -> Table:
    """A formula with two places, one down the rows and one across the columns."""
    places = range(1, _count(given) + 1)
    labels = tuple(Number(str(n)) for n in places)
    cells = [tuple(put_in(made, given, {letter(down): a, letter(across): b}) for b in places) for a in places]
    return Table(caption, labels, labels, tuple(cells), role)


def put_in(made: Term, given: Numbers, where: Where) -> Maths:
    """The number that a formula comes to: exactly where that is short, else as a decimal."""
    count = _count(given)
    sizes: dict[Letter, int] = {a: count for a in made.letters if not a.upto}
    value = made.at(sizes | dict(where)).xreplace(_point(given))
    simple = sympy.radsimp(value)
    return from_sympy(simple) if simple.count_ops() <= SHORT else shown(float(value))


def _count(given: Numbers) -> int:
    return max((len(values) for values in given.values() if isinstance(values, Sequence)), default=1)


def _point(given: Numbers) -> dict[Expr, Expr]:
    point = {}
    for letters, values in given.items():
        if isinstance(letters, Variable):
            assert isinstance(values, Sequence)
            point |= {letters[n].at({}): sympy.sympify(value) for n, value in enumerate(values, start=1)}
        else:
            point[letters.at({})] = sympy.sympify(values)
    return point
