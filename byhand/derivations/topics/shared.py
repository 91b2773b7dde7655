"""A weight that several layers share: its gradient is the sum over all the places where it is used."""

from __future__ import annotations

from byhand.derivations.derivation import derivation, equals, start
from byhand.derivations.example import table_example
from byhand.derivations.functions import d
from byhand.derivations.terms import Definition, Term, Variable, defined, number, one, places, size, total
from byhand.derivations.topic_page import Page, means

N, T, n, m = size("N", 1, 2, 3), size("T", 1, 2), size("n", 2), size("m", 1, 2)
(layer,) = places("l", N)
(t,) = places("t", T)
i, k, o, r = places("i k o r", n)
(j,) = places("j", m)
(c,) = places("c", n)
x, W, U, V, b, G, a = (Variable(name) for name in ("x", "W", "U", "V", "b", "G", "a"))
w = number("w", "positive")

y = Definition("y", lambda at, row, column: total(k, x[at, row, k] * W[k, column]) + b[column])
loss = defined("L", total(layer, total(t, total(j, G[layer, t, j] * y[layer, t, j]))))


def _twice(before: Variable, after: Variable) -> Term:
    """The loss after a row a went through two tables, one behind the other."""
    return defined("L", total(r, G[r] * total(o, total(k, a[k] * before[k, o]) * after[o, r])))


def shared_layers() -> Page:
    """N layers of T rows that use one weight of n rows and m columns."""
    return (
        "ALBERT computes all its layers with the weights of one; many decoders read words with the table by which they "
        "write them. Let x_l be what goes into a shared weight at its l-th place, and y_l what comes out:",
        means(y[layer, t, j]),
        "Let G_l be the gradient that comes back to y_l, through all that follows, other uses of W too. To the first "
        "order the loss is",
        means(loss),
        derivation(
            "The gradient is the sum over the places",
            "Each place has the gradient of a linear layer: as tables, x_1ᵀ · G_1 + … + x_Nᵀ · G_N.",
            start(d(loss, W[i, j])),
            equals(
                total(layer, total(t, G[layer, t, j] * d(y[layer, t, j], W[i, j]))),
                "chain rule; every place and every row has W_ij, in column j",
            ),
            equals(total(layer, total(t, x[layer, t, i] * G[layer, t, j])), "only the term k = i has W_ij"),
        ),
        derivation(
            "The bias likewise",
            "All rows of all places speak.",
            start(d(loss, b[j])),
            equals(total(layer, total(t, G[layer, t, j] * d(y[layer, t, j], b[j]))), "chain rule"),
            equals(total(layer, total(t, G[layer, t, j])), "the bias counts once at each place"),
        ),
        "Is nothing left out, where what goes into the second place has passed the same weight at the first? Let a row "
        "a go through W twice, and G come back:",
        means(_twice(W, W)),
        derivation(
            "Twice the same table, one behind the other",
            "The first place has what came back through the second, the second what came in through the first.",
            start(d(_twice(W, W), W[i, c])),
            equals(
                a[i] * total(r, G[r] * W[c, r]) + total(k, a[k] * W[k, i]) * G[c],
                "product rule: once in the table before, once in the table behind",
            ),
        ),
        "With a table U before and another V behind, in its place:",
        means(_twice(U, V)),
        derivation(
            "Two tables of their own, their gradients added up",
            "With U = V = W these are the two terms above: share the weights, and add up what each would have had.",
            start(d(_twice(U, V), U[i, c]) + d(_twice(U, V), V[i, c])),
            equals(
                a[i] * total(r, G[r] * V[c, r]) + total(k, a[k] * U[k, i]) * G[c],
                "the gradients of two linear layers, each with the other held",
            ),
        ),
        derivation(
            "One number, N times",
            "The rule for a power is such a sum: each place has what came in through those before it and what comes "
            "back through those behind it.",
            start(d(w**N, w)),
            equals(N * w ** (N - 1), "the derivative of a power"),
            equals(w ** (N - 1) * total(layer, one), "N is a sum of N ones"),
            equals(
                total(layer, w ** (layer - 1) * w ** (N - layer)), "l − 1 places before, N − l behind: N − 1 in all"
            ),
        ),
        "So a shared weight has a gradient about N times as large as one layer's, where all places pull one way, and a "
        "small one where they disagree.",
        "In numbers: one row, two places: x_1 = (1, 2) with G_1 = (1, 0), and x_2 = (1, 0) with G_2 = (2, 3).",
        table_example("The first place", FIRST[i] * BACK_1[c], i, c, NUMBERS, "gradient"),
        table_example("The second place", SECOND[i] * BACK_2[c], i, c, NUMBERS, "gradient"),
        table_example("∂L / ∂W", FIRST[i] * BACK_1[c] + SECOND[i] * BACK_2[c], i, c, NUMBERS, "gradient"),
    )


FIRST, SECOND, BACK_1, BACK_2 = (Variable(name) for name in ("x_1", "x_2", "G_1", "G_2"))
NUMBERS = {n: 2, FIRST: (1, 2), SECOND: (1, 0), BACK_1: (1, 0), BACK_2: (2, 3)}
