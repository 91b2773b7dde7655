"""Worked numbers at the end of a page: its formulas, with numbers put in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy
from sympy import Expr

from byhand.core.number_text import shown
from byhand.derivations.terms import Letter, Term, Where, letter
from byhand.documents.document import Table
from byhand.notation.from_sympy import from_sympy
from byhand.notation.tree import Maths, Number

SHORT = 7
"""An exact value of more operations is shown as a decimal."""

Numbers = Mapping[Any, Any]
"""The values of x[1], x[2], ..., of S[1, 1], S[1, 2], ..., of a single letter, or of a size."""


def example(caption: str, terms: Sequence[Term], given: Numbers, across: Term | None = None) -> Table:
    """Return a table with a row for each formula; across the columns a place runs from 1 to its size."""
    places = _places(across, given) if across else range(1)
    cells = [tuple(value_shown(t, given, {letter(across): n} if across else {}) for n in places) for t in terms]
    return Table(caption, tuple(t.shown for t in terms), _labels(places) if across else (), tuple(cells), "computed")


def table_example(caption: str, made: Term, down: Term, across: Term, given: Numbers, role: str = "computed") -> Table:
    """Return the table of a formula with two places, one down the rows and one across the columns."""
    rows, columns = _places(down, given), _places(across, given)
    cells = [tuple(value_shown(made, given, {letter(down): a, letter(across): b}) for b in columns) for a in rows]
    return Table(caption, _labels(rows), _labels(columns), tuple(cells), role)


def value_shown(made: Term, given: Numbers, where: Where) -> Maths:
    """Return the value of a formula: exactly where that is short, else as a decimal."""
    value = made.at({**_sizes(made.letters, given), **where}).xreplace(_point(given))
    simple = sympy.radsimp(value)
    if simple.count_ops() <= SHORT and not simple.has(sympy.Float):
        return from_sympy(simple)
    return shown(float(value))


def _labels(places: range) -> tuple[Maths, ...]:
    return tuple(Number(str(n)) for n in places)


def _places(place: Term, given: Numbers) -> range:
    upto = letter(place).upto
    assert upto
    return range(1, int(upto.at(_sizes(upto.letters, given))) + 1)


def _sizes(letters: frozenset[Letter], given: Numbers) -> dict[Letter, int]:
    """Return each letter's size: as given, else how many numbers are given."""
    said = {a.op: int(n) for a, n in given.items() if isinstance(a, Term) and isinstance(a.op, Letter)}
    count = max((len(values) for values in given.values() if isinstance(values, Sequence)), default=1)
    return {a: said.get(a, count) for a in letters if not a.upto}


def _point(given: Numbers) -> dict[Expr, Expr]:
    point: dict[Expr, Expr] = {}
    for letters, values in given.items():
        if isinstance(letters, Term):
            point |= {} if isinstance(letters.op, Letter) else {letters.at({}): _exact(values)}
            continue
        for i, row in enumerate(values, start=1):
            if isinstance(row, Sequence):
                point |= {letters[i, j].at({}): _exact(value) for j, value in enumerate(row, start=1)}
            else:
                point[letters[i].at({})] = _exact(row)
    return point


def _exact(value: int | Expr) -> Expr:
    return sympy.Integer(value) if isinstance(value, int) else value
