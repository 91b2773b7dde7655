"""GELU: the exact form, the tanh form, their derivatives, and how far apart they are."""

from __future__ import annotations

import sympy

from byhand.derivations.derivation import about, derivation, equals, start, tends
from byhand.derivations.example import example
from byhand.derivations.functions import d, erf, exp, pi, root, sigmoid, tanh
from byhand.derivations.terms import Term, constant, defined, number, one
from byhand.derivations.topic_page import Page, means
from byhand.notation.tree import Number

x = number("x")


def decimal(digits: str) -> Term:
    return constant(sympy.Rational(digits), Number(digits))


half = one / 2
phi = defined("φ", exp(-(x**2) / 2) / root(2 * pi))
share = defined("Φ", (1 + erf(x / root(2))) / 2)
gelu_exact = defined("gelu", x * share)
u = defined("u", root(2 / pi) * (x + decimal("0.044715") * x**3))
gelu_tanh = defined("gelu_tanh", x * (1 + tanh(u)) / 2)
quick = defined("gelu_quick", x * sigmoid(decimal("1.702") * x))


def gelu() -> Page:
    """One number x."""
    return (
        "GELU lets a number through by the probability Φ(x) that a normal draw is smaller: x Φ(x). "
        "Large numbers pass, very negative ones are stopped, and in between the step is smooth.",
        means(share),
        means(gelu_exact),
        means(phi),
        derivation(
            "Φ is the area under the bell curve φ",
            "Its slope is the height of the curve.",
            start(d(share, x)),
            equals(d(erf(x / root(2)), x) / 2, "1 / 2 is a factor, and 1 has no slope"),
            equals(2 * exp(-((x / root(2)) ** 2)) / (2 * root(pi) * root(2)), "erf′(u) is 2 / √π · e^(−u²), times u′"),
            equals(exp(-(x**2) / 2) / root(2 * pi), "gather the numbers: √π √2 is √(2 π)"),
            equals(phi, "the bell curve"),
        ),
        derivation(
            "The derivative of the exact form",
            "Above 1 for x over about 0.75, and below 0 for x under about −0.75, where GELU is least.",
            start(d(gelu_exact, x)),
            equals(share + x * d(share, x), "product rule"),
            equals(share + x * phi, "the slope of Φ is φ"),
        ),
        "Before erf was quick to compute, another step of the same shape was used, from tanh. GPT-2 is built with it:",
        means(u),
        means(gelu_tanh),
        derivation(
            "Why √(2 / π): both steps have the same slope at 0",
            "Here the exact step, Φ: its rise over x as x goes to 0.",
            start((share - half) / x),
            tends(x, sympy.Integer(0), 1 / root(2 * pi), "as x → 0: the height of the bell curve there"),
        ),
        derivation(
            "The tanh step has it too",
            "It rises as fast: half of √(2 / π) is 1 / √(2 π).",
            start(((1 + tanh(u)) / 2 - half) / x),
            equals(tanh(u) / (2 * x), "the halves cancel"),
            tends(x, sympy.Integer(0), root(2 / pi) / 2, "as x → 0: tanh(u) is u, and x³ is nothing against x"),
            equals(1 / root(2 * pi), "1/2 is 1 / √4, and 2 / 4 is 1 / 2"),
        ),
        derivation(
            "The derivative of the tanh form",
            "With u as above.",
            start(d(gelu_tanh, x)),
            equals((1 + tanh(u)) / 2 + x * d(tanh(u), x) / 2, "product rule"),
            equals((1 + tanh(u)) / 2 + x * (1 - tanh(u) ** 2) * d(u, x) / 2, "tanh′ is 1 − tanh²"),
            equals(
                (1 + tanh(u)) / 2 + x * (1 - tanh(u) ** 2) * root(2 / pi) * (1 + 3 * decimal("0.044715") * x**2) / 2,
                "the slope of u",
            ),
        ),
        *_how_far(),
        example("In numbers: at x = 1", [gelu_exact, gelu_tanh, gelu_exact - gelu_tanh, quick], {x: sympy.Float(1)}),
    )


def _how_far() -> Page:
    return (
        "How far apart they are is measured, at every hundredth from −6 to 6; outside, both are x or 0 to 8 places.",
        derivation(
            "The two forms differ by less than 0.0005",
            "The largest difference that is found is 0.000473, near x = ±2.7, and half as much near ±1.36.",
            start(gelu_exact),
            about(gelu_tanh, "no further than 0.00048, for x from −6 to 6", decimal("0.00048"), x, (-6, 6)),
        ),
        derivation(
            "Their derivatives differ by less than 0.001",
            "Which is what training sees. The largest difference is 0.00087, near x = ±2.",
            start(share + x * phi, "the derivative of the exact form"),
            about(d(gelu_tanh, x), "no further than 0.0009, for x from −6 to 6", decimal("0.0009"), x, (-6, 6)),
        ),
        "A still quicker form, x times the sigmoid of 1.702 x, is further away:",
        means(quick),
        derivation(
            "The sigmoid form",
            "Forty times as far as the tanh form: 0.0203 near x = ±2.3.",
            start(gelu_exact),
            about(quick, "no further than 0.021, for x from −6 to 6", decimal("0.021"), x, (-6, 6)),
        ),
    )
