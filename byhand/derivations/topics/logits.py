"""Logits that are scaled or capped before the softmax: a temperature in the model, and a bound on scores."""

from __future__ import annotations

import sympy

from byhand.derivations.derivation import at_most, derivation, equals, start, tends
from byhand.derivations.example import example
from byhand.derivations.functions import d, delta, exp, ln, tanh
from byhand.derivations.terms import Definition, Variable, defined, number, places, size, total
from byhand.derivations.topic_page import Page, means

n = size("n", 2, 3)
i, j, k = places("i j k", n)
(w,) = places("w", n)
x = Variable("x")
s, c, z = number("s", "positive"), number("c", "positive"), number("z")

p = Definition("p", lambda a: exp(s * x[a]) / total(k, exp(s * x[k])))
scaled_loss = Definition("L", lambda a: -ln(p[a]))
cap = defined("y", c * tanh(z / c))


def logit_scale() -> Page:
    """Logits x_i of n words; s is Command R's scale, c the cap of Gemma 2."""
    return (
        "Command R multiplies its logits by a number s before the softmax. This is a temperature T = 1 / s that stands "
        "in the model, in training too; at s = 1/16, logits must be 16 times as far apart for the same shares.",
        means(p[i]),
        derivation(
            "A scale is a temperature",
            "Sampling at temperature T divides by T once more: together it is s / T.",
            start(exp(x[i] / (1 / s)) / total(k, exp(x[k] / (1 / s))), "softmax at temperature 1 / s"),
            equals(exp(s * x[i]) / total(k, exp(s * x[k])), "to divide by 1 / s is to multiply by s"),
            equals(p[i], "by definition"),
        ),
        derivation(
            "Two words, compared",
            "The order of the words stays, as s is positive; how much the better one wins by is what changes.",
            start(p[i] / p[j]),
            equals(exp(s * x[i]) / exp(s * x[j]), "both have the same denominator"),
            equals(exp(s * (x[i] - x[j])), "e^a / e^b = e^(a − b)"),
        ),
        "With word w as the target, the loss is",
        means(scaled_loss[w]),
        derivation(
            "The gradient has the same factor",
            "With the same shares, all that flows back into the model is s times as large.",
            start(d(scaled_loss[w], x[j])),
            equals(-(d(p[w], x[j]) / p[w]), "the derivative of ln u is u′ / u"),
            equals(s * (p[j] - delta(w, j)), "softmax's Jacobian, and s from the chain rule"),
        ),
        "Gemma 2 lets each score z through a soft cap: all stay between −c and c, in the order that they had.",
        means(cap),
        derivation(
            "The slope of a cap",
            "It is 1 at 0, where scores stay as they are, and falls as y nears the cap. It is never 0, as it would be "
            "where scores are cut off: the model can still learn its way back.",
            start(d(cap, z)),
            equals(1 - tanh(z / c) ** 2, "the derivative of tanh u is (1 − tanh² u) u′, and c / c = 1"),
            equals(1 - (cap / c) ** 2, "y / c is the tanh"),
        ),
        derivation(
            "No score leaves the cap",
            "The square of y, against the square of c.",
            start(cap**2),
            equals(c**2 - c**2 * d(cap, z), "the slope, as above, times c²"),
            at_most(c**2, "the slope is never negative"),
        ),
        "So no two scores are more than 2c apart, and no word is more than e^(2c) times as likely as another. Gemma 2 "
        "caps logits at 30 and scores of attention at 50.",
        derivation(
            "A wide cap changes nothing",
            "Scores that are small against c pass as they are.",
            start(cap),
            tends(c, sympy.oo, z, "as c → ∞: tanh u is about u where u is small", "-"),
        ),
        "In numbers: logits 0, ln 4 and ln 16, at s = 1/2, have the powers 1, 2 and 4, which add up to 7.",
        example("Shares of scaled logits", [x[i], exp(s * x[i]), p[i]], NUMBERS, i),
        example("A score of 1 under a cap of 1, and its slope", [cap, d(cap, z)], {z: 1, c: 1}),
    )


NUMBERS = {x: (sympy.Integer(0), sympy.log(4), sympy.log(16)), s: sympy.Rational(1, 2), n: 3}
