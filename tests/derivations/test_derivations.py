"""Derivations: every line of every topic is checked so that a wrong one is refused."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
import sympy
from support.derivation_mistakes import changed, mistakes, pairs
from support.derivations import derivations, each_topic

from byhand.derivations import derivation as checker
from byhand.derivations.derivation import (
    MEASURED,
    PROVED,
    AtMost,
    Derivation,
    Line,
    WrongLine,
    derivation,
    equals,
    start,
    tends,
)
from byhand.derivations.functions import exp, ln
from byhand.derivations.proof import is_zero
from byhand.derivations.terms import Variable, number, one, places, size, total
from byhand.derivations.topic_page import prove
from byhand.derivations.topics import TOPICS


@pytest.mark.slow
@pytest.mark.parametrize(
    "most", [2, pytest.param(12, marks=pytest.mark.slow), pytest.param(10_000, marks=pytest.mark.sweep)]
)
@each_topic
def test_a_mistake_in_any_line_is_refused(name: str, most: int) -> None:
    """Each line that follows from another has some, of more than one kind."""
    for made in derivations(name):
        for n, before, after in pairs(made):
            kinds = set()
            for what, first, second in mistakes(before, after, most):
                with pytest.raises(WrongLine):
                    Derivation(f"{made.title}, line {n}, {what}", "", (first, second))
                kinds.add(what)
            assert len(kinds) >= 2, (made.title, n, kinds)


@each_topic
def test_a_mistake_in_the_first_line_is_refused(name: str) -> None:
    for made in derivations(name):
        first, second, *_ = made.lines
        wrong = next(term for what, term in changed(first.term) if what in ("one more", "factor 2"))
        if not isinstance(second.relation, AtMost):
            with pytest.raises(WrongLine, match=re.escape(f"{made.title}: line 2 does not follow from line 1")):
                Derivation(made.title, "", (Line(wrong, ""), second))


@pytest.mark.slow
@each_topic
def test_lines_hold_at_every_place(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is checked at a few places of each size; here at all of them."""
    monkeypatch.setattr(checker, "MOST", 10_000)
    for made in derivations(name):
        assert Derivation(made.title, made.claim, made.lines).checks == made.checks


@each_topic
def test_a_line_left_out_is_no_mistake(name: str) -> None:
    """The last of each chain of equal lines equals the first: claims hold as a whole."""
    for made in derivations(name):
        if all(line.relation.sign == "=" for line in made.lines):
            Derivation(made.title, "", (made.lines[0], made.lines[-1]))


@each_topic
def test_most_lines_are_proved_by_sympy(name: str) -> None:
    """Numbers stand in for a proof only where a table says so."""
    ways = [way for made in derivations(name) for way in made.checks]
    assert set(ways) <= {PROVED, MEASURED}
    assert ways.count(MEASURED) <= ALLOWED.get(name, 0)


ALLOWED = {
    "log-sum-exp": 2,  # two bounds
    "sampling": 1,  # powers of a quotient
    "layer-norm": 1,  # a root of a quotient
    "rms-norm": 1,
    "residual": 1,  # Bernoulli's inequality
    "relu": 3,  # the larger of two numbers
    "gelu": 3,  # three approximations
    "dpo": 3,  # logarithms of several terms, each times a share
    "grpo": 3,  # the same, and a bound
    "logit-scale": 1,  # a bound
    "query-key-norm": 6,  # bounds
    "distillation": 2,  # logarithms, each times a share
}


@each_topic
def test_no_line_says_what_the_line_before_says(name: str) -> None:
    for made in derivations(name):
        for before, after in pairwise(made.lines):
            assert before.term.shown != after.term.shown, made.title


OF_PIECES = ("wordpiece-score", "unigram-em")
"""Pages about pieces of words, which have two things to prove."""


@each_topic
def test_a_page_says_what_and_why(name: str) -> None:
    """Each line but the first has its reason, each derivation its claim; titles are not used twice on a page."""
    made = derivations(name)
    assert len(made) >= (2 if name in OF_PIECES else 3)
    assert len({a.title for a in made}) == len(made)
    for a in made:
        assert len(a.lines) >= 2
        assert a.claim.endswith(".")
        assert all(line.reason for line in a.lines[1:]), a.title


@each_topic
def test_a_document_is_made_of_it(name: str) -> None:
    document = prove(name)
    assert document.title == name
    assert document.subtitle == TOPICS[name].summary
    assert TOPICS[name].source in str(document.blocks[-1])


n = size("n")
i, j = places("i j", n)
x, y = Variable("x"), number("y", "positive")


def test_a_wrong_line_says_which_and_where() -> None:
    with pytest.raises(WrongLine, match=r"^Sums: line 3 does not follow from line 2 where n = 2\.$"):
        derivation("Sums", "", start(total(i, x[i])), equals(total(j, x[j])), equals(total(j, 2 * x[j])))


def test_what_holds_only_for_some_sizes_is_refused() -> None:
    with pytest.raises(WrongLine, match="n = 3"):
        derivation("Two", "", start(total(i, one)), equals(one + n - 1), equals(n), equals(one * 2 + (n - 2) * 0))


def test_what_sympy_cannot_decide_is_tried_by_numbers() -> None:
    """x^y as a power of e, for the wrong and the right exponent."""
    right = derivation("Power", "", start(y**y), equals(exp(y * ln(y))))
    assert right.checks in {(PROVED,), (MEASURED,)}
    with pytest.raises(WrongLine):
        derivation("Power", "", start(y**y), equals(exp(y * ln(y) + y / 10**30)))


def test_what_is_right_at_a_point_alone_is_refused() -> None:
    """The difference is a polynomial with many zeros, all of them small whole numbers."""
    zeros = y
    for k in range(1, 8):
        zeros = zeros * (y - k)
    with pytest.raises(WrongLine):
        derivation("Zeros", "", start(y), equals(y + zeros))


def test_a_limit_from_the_other_side_is_refused() -> None:
    t = number("t")
    step = one / (1 + exp(1 / t))
    derivation("Right", "", start(step), tends(t, sympy.Integer(0), one * 0, "", "+"))
    with pytest.raises(WrongLine):
        derivation("Left", "", start(step), tends(t, sympy.Integer(0), one * 0, "", "-"))


a, b = sympy.symbols("a b", real=True)
c = sympy.Symbol("c", positive=True)


@pytest.mark.parametrize(
    "zero",
    [
        sympy.exp(a + b) - sympy.exp(a) * sympy.exp(b),
        sympy.tanh(a) - 2 / (1 + sympy.exp(-2 * a)) + 1,
        sympy.sin(a + b) - sympy.sin(a) * sympy.cos(b) - sympy.cos(a) * sympy.sin(b),
        sympy.sin(a) ** 4 - sympy.cos(a) ** 4 + sympy.cos(2 * a),
        1 / sympy.sqrt(a**2 + c) - sympy.sqrt(a**2 + c) / (a**2 + c),
        (a**3 - b**3) / (a - b) - a**2 - a * b - b**2,
        sympy.log(sympy.exp(a) + sympy.exp(b)) - a - sympy.log(1 + sympy.exp(b - a)),
        sympy.sqrt(2) * sympy.sqrt(c) - sympy.sqrt(2 * c),
    ],
)
def test_what_is_proved_is_zero(zero: sympy.Expr) -> None:
    """A proof is given, and not for what is near zero."""
    assert is_zero(zero)
    assert not is_zero(zero + sympy.Rational(1, 10**60))
    assert not is_zero(zero + a * sympy.Rational(1, 10**60))
