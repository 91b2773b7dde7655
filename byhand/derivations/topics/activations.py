"""ReLU, SiLU and SwiGLU: what bends between two linear layers."""

from __future__ import annotations

import sympy

from byhand.derivations.derivation import derivation, equals, start, tends
from byhand.derivations.example import example
from byhand.derivations.functions import absolute, d, exp, maximum, sigmoid
from byhand.derivations.terms import Definition, Variable, defined, number, one, places, size, total, zero
from byhand.derivations.topic_page import Page, means

x, h = number("x"), number("h")
above, below = number("x", "positive"), number("x", "negative")
a = number("a", "positive")


def relu() -> Page:
    """One number x."""
    rise = (maximum(h, 0) - maximum(0, 0)) / h
    return (
        "ReLU lets positive numbers through and makes 0 of all others: max(x, 0).",
        derivation(
            "The derivative above 0",
            "A positive number passes, and so does its gradient.",
            start(d(maximum(above, 0), above), "for x > 0"),
            equals(d(above, above), "max(x, 0) is x"),
            equals(one, "the slope of x"),
        ),
        derivation(
            "The derivative below 0",
            "A negative number is stopped, and so is its gradient: what is not in use does not learn.",
            start(d(maximum(below, 0), below), "for x < 0"),
            equals(d(zero, below), "max(x, 0) is 0"),
            equals(zero, "a constant has no slope"),
        ),
        derivation(
            "At 0, from the right",
            "The slope between 0 and a number h just above it.",
            start(rise),
            tends(h, sympy.Integer(0), one, "as h → 0 from above: max(h, 0) is h"),
        ),
        derivation(
            "At 0, from the left",
            "The two do not agree, so there is no derivative at 0: programs, and byhand, take 0 there.",
            start(rise),
            tends(h, sympy.Integer(0), zero, "as h → 0 from below: max(h, 0) is 0", "-"),
        ),
        derivation(
            "A positive factor goes through",
            "Positive scales commute with ReLU; a layer before and one after can share a scale.",
            start(maximum(a * x, 0)),
            equals(maximum(a * x, a * zero), "a times 0 is 0"),
            equals(a * maximum(x, 0), "a > 0 keeps the order: the larger stays the larger"),
        ),
        derivation(
            "Two make a straight line",
            "So a layer with ReLU can do all that a linear one can.",
            start(maximum(x, 0) - maximum(-x, 0)),
            equals((x + absolute(x)) / 2 - (-x + absolute(x)) / 2, "max(x, 0) is half of x + |x|, and |−x| = |x|"),
            equals(x, "the |x| cancel, and two halves of x are left"),
        ),
        example("In numbers: x = −3", [x, maximum(x, 0), maximum(-x, 0)], {x: -3}),
    )


value = defined("silu", x * sigmoid(x))


def silu() -> Page:
    """One number x."""
    return (
        "SiLU, also called Swish, is x times its own sigmoid: a soft switch that x itself turns on.",
        means(value),
        "The sigmoid is 1 / (1 + e^(−x)).",
        derivation(
            "The derivative of the sigmoid",
            "It needs no new power of e: the value is enough.",
            start(d(sigmoid(x), x)),
            equals(d(1 / (1 + exp(-x)), x), "the definition"),
            equals(exp(-x) / (1 + exp(-x)) ** 2, "the derivative of 1 / u is −u′ / u², and u′ = −e^(−x)"),
            equals(1 / (1 + exp(-x)) * (exp(-x) / (1 + exp(-x))), "as two factors"),
            equals(sigmoid(x) * (1 - sigmoid(x)), "e^(−x) / (1 + e^(−x)) is what is missing from 1"),
        ),
        derivation(
            "The derivative",
            "More than 1 where x is large enough, and a little less than 0 where it is quite negative.",
            start(d(value, x)),
            equals(sigmoid(x) + x * d(sigmoid(x), x), "product rule"),
            equals(sigmoid(x) + x * sigmoid(x) * (1 - sigmoid(x)), "the derivative of the sigmoid"),
            equals(sigmoid(x) * (1 + x * (1 - sigmoid(x))), "take the sigmoid out"),
        ),
        derivation(
            "Far to the right it is x",
            "The quotient of SiLU and x.",
            start(x * sigmoid(x) / x),
            equals(1 / (1 + exp(-x)), "cancel x"),
            tends(x, sympy.oo, one, "as x → ∞: e^(−x) goes to 0", "-"),
        ),
        derivation(
            "Far to the left it is 0",
            "The power of e grows faster than x falls.",
            start(value),
            equals(x / (1 + exp(-x)), "the definition of the sigmoid"),
            tends(x, -sympy.oo, zero, "as x → −∞: e^(−x) outgrows every power of x"),
        ),
        derivation(
            "Right minus left is a straight line",
            "As for ReLU: SiLU of x and of −x differ by x.",
            start(x * sigmoid(x) - -x * sigmoid(-x)),
            equals(x * (sigmoid(x) + sigmoid(-x)), "take x out"),
            equals(x * (1 / (1 + exp(-x)) + exp(-x) / (exp(-x) + 1)), "1 / (1 + e^x), above and below times e^(−x)"),
            equals(x, "the two quotients add up to 1"),
        ),
        "In numbers: at x = ln 3 the sigmoid is 1 / (1 + 1/3) = 3/4.",
        example("At x = ln 3", [x, sigmoid(x), x * sigmoid(x)], {x: sympy.log(3)}),
    )


n, m = size("n", 2, 3), size("m", 1, 2)
i, k = places("i k", n)
j, r = places("j r", m)
X, W, V, g = Variable("x"), Variable("W"), Variable("V"), Variable("g")
u, v = Variable("u"), Variable("v")
slope = Definition("s", lambda at: sigmoid(u[at]) * (1 + u[at] * (1 - sigmoid(u[at]))))


gate = Definition("u", lambda at: total(k, X[k] * W[k, at]))
path = Definition("v", lambda at: total(k, X[k] * V[k, at]))


def swiglu() -> Page:
    """A row x of n numbers, and two linear layers W and V to m columns."""
    back = defined("L", total(r, g[r] * (u[r] * sigmoid(u[r]) * v[r])))
    whole = defined("L", total(r, g[r] * (gate[r] * sigmoid(gate[r]) * path[r])))
    steep = Definition("s", lambda at: sigmoid(gate[at]) * (1 + gate[at] * (1 - sigmoid(gate[at]))))
    return (
        "SwiGLU has two linear layers side by side. One is the gate: its SiLU says how much of the other passes.",
        means(gate[j]),
        means(path[j]),
        "Column j of the result is u_j · sigmoid(u_j) · v_j. Let g_j be the gradient that comes back to it. "
        "To the first order the loss is then",
        means(back),
        derivation(
            "The gradient of what passes the gate",
            "A gate that is shut stops the gradient too.",
            start(d(back, v[j])),
            equals(g[j] * (u[j] * sigmoid(u[j])), "only column j has v_j, and as a factor"),
        ),
        "The gate itself answers with the slope of SiLU (byhand derive silu), called s_j here:",
        means(slope[j]),
        derivation(
            "The gradient of the gate",
            "It learns as much as there is to let through.",
            start(d(back, u[j])),
            equals(
                g[j] * v[j] * d(u[j] * sigmoid(u[j]), u[j]), "only column j has u_j; g_j and v_j are constant factors"
            ),
            equals(g[j] * v[j] * (sigmoid(u[j]) + u[j] * sigmoid(u[j]) * (1 - sigmoid(u[j]))), "product rule"),
            equals(g[j] * v[j] * slope[j], "take the sigmoid out: the slope of SiLU"),
        ),
        "With u and v put in, the loss depends on the weights and on x:",
        means(whole),
        derivation(
            "The gradient of W, the gate's layer",
            "As for any linear layer: input times what comes back to its output.",
            start(d(whole, W[i, j])),
            equals(g[j] * path[j] * steep[j] * d(gate[j], W[i, j]), "chain rule, with the gradient of the gate"),
            equals(g[j] * path[j] * steep[j] * X[i], "of the sum only the term k = i has W_ij"),
        ),
        derivation(
            "The gradient of V, the other layer",
            "The same, with the gradient of what passes.",
            start(d(whole, V[i, j])),
            equals(g[j] * (gate[j] * sigmoid(gate[j])) * d(path[j], V[i, j]), "chain rule"),
            equals(g[j] * (gate[j] * sigmoid(gate[j])) * X[i], "of the sum only the term k = i has V_ij"),
        ),
        derivation(
            "The gradient of x",
            "Two paths lead back, so two terms add up.",
            start(d(whole, X[i])),
            equals(
                total(
                    j,
                    g[j] * path[j] * steep[j] * d(gate[j], X[i])
                    + g[j] * (gate[j] * sigmoid(gate[j])) * d(path[j], X[i]),
                ),
                "chain rule through u and through v, for every column",
            ),
            equals(
                total(j, g[j] * path[j] * steep[j] * W[i, j] + g[j] * (gate[j] * sigmoid(gate[j])) * V[i, j]),
                "x_i stands in u_j with W_ij, and in v_j with V_ij",
            ),
        ),
    )
