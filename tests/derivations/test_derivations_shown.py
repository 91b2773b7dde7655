"""Derivations as they are shown: each formula, read as a person reads it, is worth what SymPy checked."""

from __future__ import annotations

import numpy as np
import pytest
from support.derivation_values import reader
from support.derivations import derivations, each_topic

from byhand.derivations.derivation import instances
from byhand.derivations.functions import d
from byhand.derivations.terms import Definition, Term, Variable, number, places, size, total
from byhand.notation.tree import Name


@each_topic
def test_what_is_shown_is_what_is_checked(name: str) -> None:
    """On the first instance and the last, at numbers of its own; slopes and means are measured, not derived."""
    for made in derivations(name):
        for n, line in enumerate(made.lines, start=1):
            chosen = list(instances(line.term.letters))
            for where in {0: chosen[0], 1: chosen[-1]}.values():
                read = reader(line.term, where)
                shown, checked = read(line.term.shown), read.value(line.term)
                np.testing.assert_allclose(shown, checked, rtol=1e-6, atol=1e-8, err_msg=f"{made.title}, line {n}")


def test_a_display_that_says_something_else_is_seen() -> None:
    """Another letter, and another order of a difference."""
    n = size("n", 3)
    (i,) = places("i", n)
    x, a, b = Variable("x"), number("a"), number("b")
    f = Definition("f", lambda: total(i, x[i] * x[i]))
    for right, shown in ((a - b, (b - a).shown), (d(Term(f), x[1]), (d(Term(f), x[2])).shown), (a, Name("b"))):
        (where,) = instances(right.letters)
        read = reader(right + b * 0, where)
        with pytest.raises(AssertionError):
            np.testing.assert_allclose(read(shown), read.value(right), rtol=1e-6)
