"""Speculative decoding: why words that a draft guesses are distributed as the target's own."""

from __future__ import annotations

import sympy
from sympy import Expr

from byhand.derivations.derivation import derivation, equals, start
from byhand.derivations.example import example
from byhand.derivations.functions import function
from byhand.derivations.terms import Definition, Variable, number, one, places, size, total
from byhand.derivations.topic_page import Page, means

n, G = size("n", 2, 3), size("G", 1, 2, 3)
i, k = places("i k", n)
(g,) = places("g", G)
c, s = Variable("c", "positive"), Variable("s", "positive")
a = number("a", "positive")
p = Definition("p", lambda at: c[at] / total(k, c[k]))
q = Definition("q", lambda at: s[at] / total(k, s[k]))


def _apart(x: Expr, y: Expr) -> Expr:
    """Return |x − y| in lowest terms, so that SymPy sees which distances are equal."""
    return sympy.Abs(sympy.cancel(x - y))


smaller = function("min", lambda x, y: (x + y - _apart(x, y)) / 2)
larger = function("max", lambda x, y: (x + y + _apart(x, y)) / 2)
apart = function("abs", lambda x: _apart(x, sympy.Integer(0)))


def speculative() -> Page:
    """p_i is the draft's probability of word i, q_i the target's; each adds up to 1."""
    more = larger(q[k] - p[k], 0)
    refused = 1 - total(k, smaller(p[k], q[k]))
    return (
        "A draft writes word i with probability p_i, and it is kept with the chance min(1, q_i / p_i). If it is "
        "refused, a word is drawn from the residual instead: what the target q has more than p, made to add up to 1.",
        means(p[i]),
        means(q[i]),
        derivation(
            "Word i is guessed and kept",
            "As often as both models would write it.",
            start(p[i] * smaller(one, q[i] / p[i])),
            equals(p[i] * (smaller(p[i], q[i]) / p[i]), "p_i > 0 keeps the order"),
            equals(smaller(p[i], q[i]), "cancel p_i"),
        ),
        derivation(
            "A guess is refused",
            "As often as the residual, before it is divided, adds up to.",
            start(refused, "whatever is not kept"),
            equals(total(k, q[k]) - total(k, smaller(p[k], q[k])), "q adds up to 1"),
            equals(total(k, q[k] - smaller(p[k], q[k])), "one sum"),
            equals(total(k, more), "q − min(p, q) is q − p where q is larger, and 0 elsewhere"),
        ),
        derivation(
            "Word i is written: the result is distributed as q",
            "Guessed and kept, or drawn after a refusal; so the draft changes the speed, and nothing else.",
            start(smaller(p[i], q[i]) + refused * (larger(q[i] - p[i], 0) / total(k, more))),
            equals(
                smaller(p[i], q[i]) + total(k, more) * (larger(q[i] - p[i], 0) / total(k, more)),
                "how often a guess is refused, as above",
            ),
            equals(smaller(p[i], q[i]) + larger(q[i] - p[i], 0), "cancel the sum"),
            equals(q[i], "what both have, and what q has more"),
        ),
        derivation(
            "How often a guess is kept",
            "1 less half of the distance between the two models: the same ones keep every guess.",
            start(total(k, smaller(p[k], q[k]))),
            equals(
                total(k, (p[k] + q[k] - apart(p[k] - q[k])) / 2),
                "the smaller of two is their mean less half of their distance",
            ),
            equals(1 - total(k, apart(p[k] - q[k])) / 2, "p and q each add up to 1"),
        ),
        derivation(
            "Words for each pass of the target",
            "Of G guesses, each kept with the chance a if those before it were, and one word more in any case.",
            start(1 + total(g, a**g), "one word, and guess g with the chance a^g"),
            equals((1 - a) * (1 + total(g, a**g)) / (1 - a), "multiply and divide by 1 − a"),
            equals(
                (1 - a ** (G + 1)) / (1 - a), "each power but the first and the last comes twice, once with a minus"
            ),
        ),
        "In numbers: a draft of 1/2, 1/4, 1/4 for a target of 1/4, 1/2, 1/4.",
        example("three words", [p[i], q[i], smaller(p[i], q[i]), larger(q[i] - p[i], 0)], NUMBERS, i),
    )


NUMBERS = {c: (2, 1, 1), s: (1, 2, 1)}
