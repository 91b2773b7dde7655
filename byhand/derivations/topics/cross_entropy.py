"""The cross-entropy loss after a softmax, with one right word, and with label smoothing."""

from __future__ import annotations

import sympy

from byhand.derivations.derivation import derivation, equals, start
from byhand.derivations.example import example
from byhand.derivations.functions import d, delta, exp, ln
from byhand.derivations.terms import Definition, Variable, defined, number, one, places, size, total, zero
from byhand.derivations.topic_page import Page, means

n = size("n")
i, j, k, w = places("i j k w", n)
z, e = Variable("z"), number("ε", "positive")

p = Definition("p", lambda a: exp(z[a]) / total(k, exp(z[k])))
y = Definition("y", lambda a: (1 - e) * delta(a, w) + e / n)
loss = Definition("L", lambda a: -ln(p[a]))
smooth = defined("L", -total(i, y[i] * ln(p[i])))

N = size("N", 1, 2, 3)
s, t = places("s t", N)
scores = Variable("z")


def cross_entropy() -> Page:
    """One word w is right; z are the scores of n words."""
    return (
        "The loss is small where the right word w gets a large share: it is the logarithm of that share, negated.",
        means(p[i]),
        means(loss[w]),
        derivation(
            "From the scores, without dividing",
            "The loss is how far the right score lies under the smooth maximum of all.",
            start(-ln(p[w])),
            equals(-ln(exp(z[w]) / total(k, exp(z[k]))), "put in what p_w is"),
            equals(-(ln(exp(z[w])) - ln(total(k, exp(z[k])))), "ln(a / b) = ln a − ln b"),
            equals(ln(total(k, exp(z[k]))) - z[w], "ln undoes e"),
        ),
        derivation(
            "The gradient is p − y",
            "With y_j = 1 for the right word and 0 for all others, which is δ_wj: each score is moved by its error.",
            start(d(loss[w], z[j])),
            equals(-(d(p[w], z[j]) / p[w]), "chain rule: the derivative of ln u is u′ / u"),
            equals(-(p[w] * (delta(w, j) - p[j]) / p[w]), "the Jacobian of the softmax (byhand derive softmax)"),
            equals(-(delta(w, j) - p[j]), "cancel p_w: the small share that would slow learning is gone"),
            equals(p[j] - delta(w, j), "p − y"),
        ),
        derivation(
            "The gradient adds up to 0",
            "What the right score gains, the others lose: a shift of all scores changes nothing.",
            start(total(j, p[j] - delta(w, j))),
            equals(total(j, p[j]) - total(j, delta(w, j)), "a sum of differences"),
            equals(one - 1, "the shares add up to 1, and one word is right"),
            equals(zero, "1 − 1"),
        ),
        "Label smoothing gives the right word a little less than 1, and every word an equal part of the rest:",
        means(y[i]),
        means(smooth),
        derivation(
            "Smoothed targets add up to 1",
            "They are shares too.",
            start(total(i, y[i])),
            equals((1 - e) * total(i, delta(i, w)) + n * (e / n), "put in what y_i is; n times the same ε / n"),
            equals(1 - e + e, "δ_iw is 1 once"),
            equals(one, "ε cancels"),
        ),
        derivation(
            "With label smoothing the gradient is p − y too",
            "Only that y adds up to 1 is used, so it holds for any targets that do.",
            start(d(smooth, z[j])),
            equals(-total(i, y[i] * d(p[i], z[j]) / p[i]), "the derivative of ln u is u′ / u, in each term"),
            equals(-total(i, y[i] * (delta(i, j) - p[j])), "the Jacobian of the softmax, divided by p_i"),
            equals(p[j] * total(i, y[i]) - total(i, y[i] * delta(i, j)), "p_j is the same in every term"),
            equals(p[j] - y[j], "y adds up to 1; of the other sum only i = j is left"),
        ),
        *_mean(),
        "In numbers: scores 0, ln 2 and ln 5, of which the third word is right.",
        example("Shares and the gradient where word 3 is right", [z[j], p[j], p[j] - delta(j, n)], NUMBERS, j),
    )


NUMBERS = {z: (sympy.Integer(0), sympy.log(2), sympy.log(5))}


def _mean() -> Page:
    """N tokens of one batch."""
    share = Definition("p", lambda a, b: exp(scores[a, b]) / total(k, exp(scores[a, k])))
    mean = defined("L", -(total(s, ln(share[s, 1])) / N))
    return (
        "Over N tokens the loss is the mean; here word 1 is the right one for each of them.",
        means(mean),
        derivation(
            "The mean over tokens divides the gradient",
            "Each token's error is divided by how many tokens count; one that is left out (padding) is not counted.",
            start(d(mean, scores[t, j])),
            equals(-(d(ln(share[t, 1]), scores[t, j]) / N), "only token t's own loss depends on its scores"),
            equals((share[t, j] - delta(j, one)) / N, "p − y for this token"),
        ),
    )
