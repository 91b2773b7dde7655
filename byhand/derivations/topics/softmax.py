"""Softmax and the logarithm under it: shifts, derivatives, temperature, and the sigmoid as a softmax of two."""

from __future__ import annotations

import sympy

from byhand.derivations.derivation import at_most, derivation, equals, start, tends
from byhand.derivations.example import example, table_example
from byhand.derivations.functions import cases, d, delta, exp, ln, sigmoid
from byhand.derivations.terms import Definition, Variable, defined, largest, number, one, places, size, total, zero
from byhand.derivations.topic_page import Page, means

n = size("n")
i, j, k = places("i j k", n)
x, c = Variable("x"), number("c")
T = number("T", "positive")

p = Definition("p", lambda a: exp(x[a]) / total(k, exp(x[k])))
m = defined("m", largest(k, x[k]))
lse = defined("lse", ln(total(k, exp(x[k]))))


def softmax() -> Page:
    """Softmax of n scores."""
    return (
        "Softmax makes shares out of scores: each is positive, together they are 1, and a larger score gets more.",
        means(p[i]),
        derivation(
            "The shares add up to 1",
            "Whatever the scores are.",
            start(total(i, p[i])),
            equals(total(i, exp(x[i]) / total(k, exp(x[k]))), "put in what p_i is"),
            equals(total(i, exp(x[i])) / total(k, exp(x[k])), "the denominator is the same in every term"),
            equals(one, "top and bottom are the same sum"),
        ),
        derivation(
            "A shift changes nothing",
            "The same number c added to every score leaves every share as it is: only differences count.",
            start(exp(x[i] + c) / total(k, exp(x[k] + c)), "softmax of the shifted scores"),
            equals(exp(x[i]) * exp(c) / total(k, exp(x[k]) * exp(c)), "e^(a + b) = e^a · e^b"),
            equals(exp(x[i]) * exp(c) / (exp(c) * total(k, exp(x[k]))), "e^c is in every term: take it out of the sum"),
            equals(exp(x[i]) / total(k, exp(x[k])), "cancel e^c, which is never 0"),
            equals(p[i], "this is the share of the scores as they were"),
        ),
        "Programs use this: they subtract the largest score first, so that no power of e can overflow.",
        derivation(
            "The Jacobian",
            "How share i answers to score j: positive on its own score, negative on every other.",
            start(d(p[i], x[j])),
            equals(d(exp(x[i]) / total(k, exp(x[k])), x[j]), "put in what p_i is"),
            equals(
                (delta(i, j) * exp(x[i]) * total(k, exp(x[k])) - exp(x[i]) * exp(x[j])) / total(k, exp(x[k])) ** 2,
                "quotient rule; the top depends on x_j only if i = j, and the bottom's derivative is e^x_j",
            ),
            equals(
                delta(i, j) * exp(x[i]) / total(k, exp(x[k])) - exp(x[i]) * exp(x[j]) / total(k, exp(x[k])) ** 2,
                "divide each term by the sum, as often as it stands below",
            ),
            equals(delta(i, j) * p[i] - p[i] * p[j], "each quotient is a share"),
            equals(p[i] * (delta(i, j) - p[j]), "take p_i out"),
        ),
        derivation(
            "The Jacobian's rows add up to 0",
            "What one share gains, the others lose. This is the shift again: moving all scores alike moves nothing.",
            start(total(j, p[i] * (delta(i, j) - p[j])), "row i of the Jacobian, added up"),
            equals(p[i] * (total(j, delta(i, j)) - total(j, p[j])), "p_i is the same in every term"),
            equals(p[i] * (1 - total(j, p[j])), "δ_ij is 1 once, where j = i"),
            equals(zero, "the shares add up to 1"),
        ),
        *_temperature(),
        derivation(
            "Softmax of two is the sigmoid of the difference",
            "So a choice between two words is a logistic regression on the difference of their scores.",
            start(exp(x[1]) / (exp(x[1]) + exp(x[2])), "the first share of two scores"),
            equals(1 / (1 + exp(x[2]) / exp(x[1])), "divide top and bottom by e^x_1"),
            equals(1 / (1 + exp(-(x[1] - x[2]))), "e^a / e^b = e^(a − b)"),
            equals(sigmoid(x[1] - x[2]), "the definition of the sigmoid, 1 / (1 + e^(−z))"),
        ),
        "In numbers: scores 0, ln 2 and ln 5 have the powers 1, 2 and 5, which add up to 8.",
        example("Shares", [x[i], exp(x[i]), p[i]], NUMBERS, i),
        table_example(
            "Jacobian, row i and column j: each row adds up to 0", p[i] * (delta(i, j) - p[j]), i, j, NUMBERS
        ),
    )


NUMBERS = {x: (sympy.Integer(0), sympy.log(2), sympy.log(5))}


def _temperature() -> Page:
    """With m taken off each score, which a shift allows, every power of e is at most 1."""
    cold = exp((x[i] - m) / T) / total(k, exp((x[k] - m) / T))
    is_largest = cases((1, x[i], "=", m), otherwise=0)
    return (
        "Divided by a temperature T before the softmax, scores come closer together (T above 1) or apart (T below 1).",
        means(m),
        derivation(
            "Cold: as T goes to 0, the largest score takes all",
            "Scores that share the maximum share alike; all others get nothing.",
            start(exp(x[i] / T) / total(k, exp(x[k] / T)), "softmax at temperature T"),
            equals(cold, "a shift by the largest score, m / T, changes nothing"),
            tends(
                T,
                sympy.Integer(0),
                is_largest / total(k, cases((1, x[k], "=", m), otherwise=0)),
                "as T → 0 from above: x_k − m is 0 for the largest, whose power is 1; for others it falls to −∞",
            ),
        ),
        derivation(
            "Hot: as T goes to infinity, all shares are the same",
            "Every score counts as much as any other.",
            start(exp(x[i] / T) / total(k, exp(x[k] / T)), "softmax at temperature T"),
            tends(T, sympy.oo, 1 / total(k, one), "as T → ∞: each x_k / T goes to 0, and e⁰ = 1", "-"),
            equals(1 / n, "n ones"),
        ),
    )


def log_sum_exp() -> Page:
    """The logarithm of softmax's denominator."""
    return (
        "The logarithm of a sum of powers of e is a smooth stand-in for the largest of the exponents.",
        means(lse),
        derivation(
            "The shift trick",
            "Any c may be taken off first and added again. With c = max x no power exceeds e⁰ = 1: nothing overflows.",
            start(ln(total(k, exp(x[k])))),
            equals(ln(total(k, exp(c) * exp(x[k] - c))), "e^x = e^c · e^(x − c)"),
            equals(ln(exp(c) * total(k, exp(x[k] - c))), "e^c is in every term: take it out of the sum"),
            equals(ln(exp(c)) + ln(total(k, exp(x[k] - c))), "ln(a b) = ln a + ln b"),
            equals(c + ln(total(k, exp(x[k] - c))), "ln undoes e"),
        ),
        derivation(
            "The gradient is the softmax",
            "How lse answers to each score is that score's share.",
            start(d(lse, x[i])),
            equals(d(total(k, exp(x[k])), x[i]) / total(k, exp(x[k])), "chain rule: the derivative of ln u is u′ / u"),
            equals(exp(x[i]) / total(k, exp(x[k])), "of the sum, only the term k = i depends on x_i"),
            equals(p[i], "the definition of the softmax"),
        ),
        means(m),
        derivation(
            "From below: never less than the maximum",
            "One term of the sum is the largest itself.",
            start(m),
            equals(ln(exp(m)), "ln undoes e"),
            at_most(ln(total(k, exp(x[k]))), "e^m is one of the terms, and the others are positive; ln keeps order"),
            equals(lse, "by definition"),
        ),
        derivation(
            "From above: never more than the maximum plus ln n",
            "There are n terms, and none is larger than e^m.",
            start(lse),
            at_most(ln(total(k, exp(m))), "put the largest in place of each; ln keeps order"),
            equals(ln(n * exp(m)), "n terms that are the same"),
            equals(m + ln(n), "ln(a b) = ln a + ln b, and ln undoes e"),
        ),
        derivation(
            "The upper bound is reached",
            "Where all scores are the same number c, lse is exactly their maximum c plus ln n.",
            start(ln(total(k, exp(c))), "lse where every x_k is c"),
            equals(ln(n * exp(c)), "n terms that are the same"),
            equals(c + ln(n), "ln(a b) = ln a + ln b"),
        ),
        "In numbers: the maximum is ln 5, and lse is ln 8, which is between ln 5 and ln 5 + ln 3 = ln 15.",
        example("Log-sum-exp and its gradient", [x[i], exp(x[i]), p[i]], NUMBERS, i),
        example("Between its bounds", [m, lse, m + ln(n)], NUMBERS),
    )
