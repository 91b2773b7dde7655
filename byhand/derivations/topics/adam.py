"""Adam: bias correction of its two averages, and the size of its first step."""

from __future__ import annotations

import sympy

from byhand.derivations.derivation import derivation, equals, start, tends
from byhand.derivations.example import example
from byhand.derivations.functions import absolute, expectation, root
from byhand.derivations.terms import Definition, Plain, Term, Variable, number, one, places, size, total
from byhand.derivations.topic_page import Page
from byhand.notation.tree import Name, Number, Part, Power

t = size("t", 1, 2, 3, 4)
i, j = places("i j", t)
g, b = Variable("g"), number("β", "share")
b1, b2 = number("β_1", "share"), number("β_2", "share")
rate, e = number("η", "positive"), number("ε", "positive")
up, down, slope, c = number("g", "positive"), number("g", "negative"), number("g"), number("c", "positive")

mean = Term(Plain(lambda: Part(Name("E"), (Name("g"),)), lambda: sympy.Symbol("mean", real=True)))
square = Term(
    Plain(lambda: Part(Name("E"), (Power(Name("g"), Number("2")),)), lambda: sympy.Symbol("square", positive=True))
)
E = expectation({g: (mean, square)})


def _average(of: Term | int) -> Term:
    """m_t from m_(t − 1), back to m_0 = 0."""
    last = int(of.at({})) if isinstance(of, Term) else of
    return b * _average(last - 1) + (1 - b) * g[last] if last > 0 else one * 0


m = Definition("m", _average)


def adam() -> Page:
    """One weight, with gradient g_t at step t."""
    return (
        "Adam keeps two running averages: m of the gradient, with β_1, and v of its square, with β_2. Both start at 0, "
        "which pulls them toward 0 at first. A division mends this. Here it is for one average m, with its β:",
        derivation(
            "What the average is made of",
            "m_t = β m_(t−1) + (1 − β) g_t, from m_0 = 0: older gradients fade by the factor β at each step.",
            start(m[t]),
            equals(b * m[t - 1] + (1 - b) * g[t], "the rule of the average"),
            equals((1 - b) * total(i, b ** (t - i) * g[i]), "the rule put into itself, down to m_0 = 0"),
        ),
        derivation(
            "Its weights do not add up to 1",
            "At the first step they are 1 − β altogether: with β = 0.9, a tenth.",
            start((1 - b) * total(i, b ** (t - i))),
            equals(total(i, b ** (t - i)) - total(i, b ** (t - i + 1)), "multiply out"),
            equals(one - b**t, "each term but the first and the last is there twice, once with a minus"),
        ),
        "Let all gradients have the same mean E[g]. E is the mean over all that chance, such as a batch, may do.",
        derivation(
            "The mean of the average is too small",
            "By the factor 1 − β^t.",
            start(E(m[t])),
            equals((1 - b) * total(i, b ** (t - i) * E(g[i])), "the mean of a sum; β is a fixed number"),
            equals((1 - b) * total(i, b ** (t - i)) * mean, "every g_i has the mean E[g]"),
            equals((1 - b**t) * mean, "the weights, added up as above"),
        ),
        derivation(
            "Bias correction",
            "Divided by 1 − β^t, the average has the mean of what it averages, from the first step on.",
            start(E(m[t] / (1 - b**t))),
            equals(E(m[t]) / (1 - b**t), "a fixed factor"),
            equals((1 - b**t) * mean / (1 - b**t), "from above"),
            equals(mean, "cancel"),
        ),
        derivation(
            "The same for the average of squares",
            "v is the average of g², with its own β; nothing else was used about what is averaged.",
            start(E((1 - b) * total(i, b ** (t - i) * g[i] ** 2) / (1 - b**t))),
            equals((1 - b) * total(i, b ** (t - i)) * square / (1 - b**t), "every g_i² has the mean E[g²]"),
            equals(square, "the weights add up to 1 − β^t: cancel"),
        ),
        *_first_step(),
    )


def _first_step() -> Page:
    first = (1 - b1) * slope / (1 - b1)
    second = (1 - b2) * slope**2 / (1 - b2)
    raw = rate * ((1 - b1) * up) / root((1 - b2) * up**2)
    return (
        "The step is η m̂ / (√v̂ + ε), where m̂ and v̂ are the corrected averages and η is the learning rate.",
        derivation(
            "The first step",
            "Both corrections undo exactly what the start at 0 did.",
            start(rate * first / (root(second) + e), "m_1 = (1 − β_1) g and v_1 = (1 − β_2) g², corrected"),
            equals(rate * slope / (root(slope**2) + e), "cancel both factors"),
            equals(rate * slope / (absolute(slope) + e), "the root of a square is the absolute value"),
        ),
        derivation(
            "A first step is as large as the learning rate",
            "However large or small the gradient is, as long as ε is smaller still.",
            start(rate * up / (absolute(up) + e), "for g > 0"),
            equals(rate * up / (up + e), "|g| = g"),
            tends(e, sympy.Integer(0), rate, "as ε → 0: g cancels"),
        ),
        derivation(
            "The same for a negative gradient",
            "The sign of the gradient is all that is left of it.",
            start(rate * down / (absolute(down) + e), "for g < 0"),
            equals(rate * down / (-down + e), "|g| = −g"),
            tends(e, sympy.Integer(0), -rate, "as ε → 0: g cancels, but for its sign"),
        ),
        derivation(
            "Without the correction it would be larger",
            "With β_1 = 0.9 and β_2 = 0.999 by the factor 0.1 / √0.001, about 3.16.",
            start(raw, "m_1 and v_1 as they are, for g > 0, with ε = 0"),
            equals(rate * (1 - b1) * up / (root(1 - b2) * up), "the root of g² is g"),
            equals(rate * (1 - b1) / root(1 - b2), "cancel g"),
        ),
        derivation(
            "The size of the loss does not matter",
            "All gradients times c > 0, with an ε that counts for less: with ε = 0 the step stays as it is.",
            start(rate * (c * slope) / (root((c * slope) ** 2) + e)),
            equals(rate * (c * slope) / (c * root(slope**2) + e), "c > 0 comes out of the root"),
            equals(rate * slope / (root(slope**2) + e / c), "divide top and bottom by c"),
        ),
        "In numbers: g = 4, η = 0.1, β_1 = 0.9, β_2 = 0.999 and ε = 0.",
        example(
            "The first step, corrected and not",
            [rate * slope / root(slope**2), rate * (1 - b1) / root(1 - b2)],
            {slope: sympy.Float(4), rate: sympy.Float("0.1"), b1: sympy.Float("0.9"), b2: sympy.Float("0.999")},
        ),
    )
