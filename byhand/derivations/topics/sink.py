"""A sink beside the scores: one more key without a value, by which weights add up to less than 1."""

from __future__ import annotations

import sympy

from byhand.derivations.derivation import derivation, equals, start, tends
from byhand.derivations.example import example
from byhand.derivations.functions import d, exp, sigmoid
from byhand.derivations.terms import Definition, Variable, defined, number, places, total, zero
from byhand.derivations.topic_page import Page, means
from byhand.derivations.topics.softmax import i, k, lse, n, p, x

(j,) = places("j", n)
v, g, s = Variable("v"), Variable("g"), number("s")
everything = total(k, exp(x[k])) + exp(s)

w = Definition("w", lambda a: exp(x[a]) / everything)
u = defined("u", exp(s) / everything)
z = defined("z", total(i, w[i] * v[i]))
loss = defined("L", total(i, g[i] * w[i]))


def attention_sink() -> Page:
    """Scores x_i of one query for n keys, values v_i, and a sink s that is learnt with the head."""
    return (
        "A softmax must give all its weight away, even where no key fits. A head with a sink has one more score s "
        "beside those of its n keys: it takes its share u, and gives nothing for it.",
        means(w[i]),
        means(u),
        means(z),
        derivation(
            "A sink is one more key, whose value is 0",
            "A softmax over n + 1 scores, and a mean of n + 1 values, of which the last is 0.",
            start((total(i, exp(x[i]) * v[i]) + exp(s) * zero) / everything, "the sink as key n + 1"),
            equals(total(i, exp(x[i]) * v[i]) / everything, "a value of 0 adds nothing above; its power stays below"),
            equals(z, "each power over the sum is a weight"),
        ),
        derivation(
            "The weights add up to less than 1",
            "What is missing is the share of the sink: with all scores far below s, a head says almost nothing.",
            start(total(i, w[i])),
            equals(total(i, exp(x[i])) / everything, "the same denominator in every term"),
            equals(1 - exp(s) / everything, "of the whole, all but e^s"),
            equals(1 - u, "by definition"),
        ),
        "In the next claim p_i is the softmax of the n scores without a sink, and lse the logarithm of its denominator "
        "(byhand derive log-sum-exp).",
        derivation(
            "It is the usual softmax, times a gate",
            "How the keys compare stays as it was. One sigmoid says how much is passed on: that of lse minus the sink.",
            start(w[i]),
            equals(p[i] * total(k, exp(x[k])) / everything, "p_i times its own denominator is e^(x_i)"),
            equals(p[i] / (1 + exp(s) / total(k, exp(x[k]))), "divide top and bottom by the sum over keys"),
            equals(p[i] / (1 + exp(-(lse - s))), "e^lse is the sum, and e^a / e^b = e^(a − b)"),
            equals(p[i] * sigmoid(lse - s), "the definition of the sigmoid"),
        ),
        derivation(
            "Without a sink: s → −∞",
            "A softmax is the case in which the sink gets nothing.",
            start(w[i]),
            tends(s, -sympy.oo, p[i], "as s → −∞: e^s goes to 0"),
        ),
        "Backward, let g_i be what comes back to the weight w_i: to the first order L = Σ g_i w_i.",
        derivation(
            "The gradient of the sink",
            "Where the weights cost (Σ g_i w_i > 0), learning raises the sink; where they help, it lowers it.",
            start(d(loss, s)),
            equals(total(i, g[i] * d(w[i], s)), "chain rule"),
            equals(-total(i, g[i] * w[i] * u), "only the bottom has s: its derivative is e^s"),
            equals(-(u * total(i, g[i] * w[i])), "u is the same in every term"),
        ),
        derivation(
            "The gradient of a score",
            "That of a softmax: what is missing from 1 needs no term of its own, as its value is 0.",
            start(d(loss, x[j])),
            equals(total(i, g[i] * d(w[i], x[j])), "chain rule"),
            equals(g[j] * w[j] - total(i, g[i] * w[i] * w[j]), "quotient rule; the top has x_j only where i = j"),
            equals(w[j] * (g[j] - total(i, g[i] * w[i])), "take w_j out"),
        ),
        "In numbers: scores 0 and ln 2, and a sink of ln 3. The powers 1, 2 and 3 add up to 6: half goes to the sink.",
        example("Weights with a sink, and without", [exp(x[i]), w[i], p[i]], NUMBERS, i),
        example("The sink's share, and the result", [u, z], NUMBERS),
    )


NUMBERS = {x: (sympy.Integer(0), sympy.log(2)), v: (6, 12), s: sympy.log(3)}
