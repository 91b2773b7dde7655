"""Low-rank adapters, dropout, distillation, and the contrastive loss of pictures and texts."""

from __future__ import annotations

import sympy

from byhand.derivations.derivation import derivation, equals, start
from byhand.derivations.example import example
from byhand.derivations.functions import d, delta, exp, expectation, ln, root
from byhand.derivations.terms import Definition, Variable, defined, number, one, places, size, total, zero
from byhand.derivations.topic_page import Page, means

T, n, m, rank = size("T", 1, 2), size("n", 2), size("m", 1, 2), size("r", 1, 2)
(t,) = places("t", T)
i, k = places("i k", n)
j, other = places("j l", m)
a, b = places("a b", rank)
x, W, A, B, G = (Variable(name) for name in ("x", "W", "A", "B", "G"))
c = number("s", "positive")

low = Definition("h", lambda row, column: total(k, x[row, k] * A[k, column]))
y = Definition("y", lambda row, column: total(k, x[row, k] * W[k, column]) + c * total(a, low[row, a] * B[a, column]))
loss = defined("L", total(t, total(j, G[t, j] * y[t, j])))


def lora() -> Page:
    """T rows of n numbers, a frozen weight of n rows and m columns, and two small ones of rank r; s is α / r."""
    return (
        "A weight W of n × m numbers stays as it is. Beside it, A and B have r (n + m) numbers, few if r is small, and "
        "only these learn.",
        means(low[t, a]),
        means(y[t, j]),
        derivation(
            "Merged equals apart",
            "After learning, s · A · B is added to W once: the model is as fast as before.",
            start(total(k, x[t, k] * W[k, j]) + c * total(a, total(k, x[t, k] * A[k, a]) * B[a, j])),
            equals(
                total(k, x[t, k] * W[k, j]) + total(k, x[t, k] * (c * total(a, A[k, a] * B[a, j]))),
                "the two sums may be taken in either order",
            ),
            equals(total(k, x[t, k] * (W[k, j] + c * total(a, A[k, a] * B[a, j]))), "x_tk before the bracket"),
        ),
        "Let G be the gradient that comes back to y, so that to the first order the loss is",
        means(loss),
        derivation(
            "The gradient of B",
            "A layer whose input is h: ∂L / ∂B = s · hᵀ · G.",
            start(d(loss, B[a, j])),
            equals(total(t, G[t, j] * d(y[t, j], B[a, j])), "chain rule; every row of y has B_aj, in column j"),
            equals(c * total(t, low[t, a] * G[t, j]), "of the sum in y_tj, only h_ta B_aj has it"),
        ),
        derivation(
            "The gradient of A",
            "What comes back goes through B first: ∂L / ∂A = s · xᵀ · (G · Bᵀ).",
            start(d(loss, A[i, a])),
            equals(total(t, total(j, G[t, j] * d(y[t, j], A[i, a]))), "chain rule; every column of y has A_ia"),
            equals(c * total(t, x[t, i] * total(j, G[t, j] * B[a, j])), "of h_ta, only x_ti A_ia has it"),
        ),
        "Where B is 0, as at the start, nothing is added, and the gradient of A is 0: B moves first. The gradient of W "
        "and its state in an optimizer are never needed, which is most of the memory that is saved.",
    )


width = size("n", 1, 2, 3)
(place,) = places("i", width)
kept, value, drop = Variable("m"), Variable("x"), number("p", "share")
E = expectation({kept: (1 - drop, 1 - drop)})
dropped = Definition("y", lambda at: kept[at] * value[at] / (1 - drop))


def dropout() -> Page:
    """Numbers x, each kept with probability 1 − p: m is 1 or 0."""
    return (
        "Each number is dropped with probability p, on its own. m is 1 where it is kept, so m² = m, and both have the "
        "mean 1 − p. What is kept is divided by 1 − p:",
        means(dropped[place]),
        derivation(
            "The mean stays",
            "So nothing has to change when the model is used without dropping.",
            start(E(dropped[place])),
            equals(E(kept[place]) * value[place] / (1 - drop), "x and 1 / (1 − p) are fixed factors"),
            equals(value[place], "the mean of m is 1 − p: cancel it"),
        ),
        derivation(
            "The mean of a whole row stays",
            "Of any sum of such numbers, so of every product with weights.",
            start(E(total(place, dropped[place]))),
            equals(total(place, E(dropped[place])), "the mean of a sum"),
            equals(total(place, value[place]), "each mean is x"),
        ),
        derivation(
            "The variance that it adds",
            "Large numbers are disturbed most, and the more the larger p is.",
            start(E(dropped[place] ** 2) - E(dropped[place]) ** 2),
            equals(E(kept[place] ** 2) * value[place] ** 2 / (1 - drop) ** 2 - value[place] ** 2, "mean of the square"),
            equals(value[place] ** 2 / (1 - drop) - value[place] ** 2, "the mean of m² is 1 − p"),
            equals(value[place] ** 2 * (drop / (1 - drop)), "1 / (1 − p) − 1 = p / (1 − p)"),
        ),
    )


V = size("n", 2, 3)
f, g, h = places("i j k", V)
z, v, heat = Variable("z"), Variable("v"), number("T", "positive")
soft = Definition("q", lambda at: exp(v[at] / heat) / total(h, exp(v[h] / heat)))
student = Definition("p", lambda at: exp(z[at] / heat) / total(h, exp(z[h] / heat)))
soft_loss = defined("L", -total(f, soft[f] * ln(student[f])))


def distillation() -> Page:
    """Logits v of a teacher and z of a student, for n words, at temperature T."""
    return (
        "A student learns from a teacher's probabilities, which say more than which word is right: also which others "
        "would nearly do. A temperature T brings these out.",
        means(soft[f]),
        means(student[f]),
        means(soft_loss),
        derivation(
            "The loss is a distance and the teacher's own uncertainty",
            "The last is the same for every student, so both losses have the same gradient.",
            start(-total(f, soft[f] * ln(student[f]))),
            equals(-total(f, soft[f] * (ln(student[f] / soft[f]) + ln(soft[f]))), "ln p = ln (p / q) + ln q"),
            equals(
                total(f, soft[f] * ln(soft[f] / student[f])) - total(f, soft[f] * ln(soft[f])),
                "the first is the KL divergence, the second the entropy of q",
            ),
        ),
        derivation(
            "The gradient is (p − q) / T",
            "As with one right word, but with shares in place of y, and one factor 1 / T.",
            start(d(soft_loss, z[g])),
            equals(-total(f, soft[f] * d(student[f], z[g]) / student[f]), "the derivative of ln u is u′ / u"),
            equals(-(total(f, soft[f] * (delta(f, g) - student[g])) / heat), "the Jacobian of the softmax, over T"),
            equals((student[g] - soft[g]) / heat, "q adds up to 1; of the other sum only i = j is left"),
        ),
        derivation(
            "What one word gains, the others lose",
            "A shift of all logits changes nothing, whatever the temperature.",
            start(total(g, (student[g] - soft[g]) / heat)),
            equals((total(g, student[g]) - total(g, soft[g])) / heat, "1 / T is the same in every term"),
            equals(zero, "both add up to 1"),
        ),
        "A high temperature makes p and q alike, too: their difference falls as 1 / T, and the gradient as 1 / T². So "
        "the loss is multiplied by T²; then the gradient tends to that of a squared difference of the logits, "
        "(z − v) / n if each has the mean 0.",
        "In numbers, at T = 2: a teacher with the logits 0, 2 ln 2 and 2 ln 5, and a student that knows nothing.",
        example("Targets, and the gradient", [v[f], soft[f], student[f], (student[f] - soft[f]) / heat], NUMBERS, f),
    )


NUMBERS = {
    v: (sympy.Integer(0), 2 * sympy.log(2), 2 * sympy.log(5)),
    z: (sympy.Integer(0), sympy.Integer(0), sympy.Integer(0)),
    heat: sympy.Integer(2),
}

N = size("N", 2, 3)
row, column, over = places("i j k", N)
S = Variable("S")
to_texts = Definition("p", lambda at, to: exp(S[at, to]) / total(over, exp(S[at, over])))
to_pictures = Definition("c", lambda at, to: exp(S[at, to]) / total(over, exp(S[over, to])))
contrast = defined("L", -(total(row, ln(to_texts[row, row]) + ln(to_pictures[row, row])) / (2 * N)))
w = size("w", 2)
e, o, s = places("a b c", w)
vector, up = Variable("e", "positive"), Variable("g")
length = defined("r", root(total(s, vector[s] ** 2)))
unit = Definition("u", lambda at: vector[at] / length)


def clip() -> Page:
    """N pictures and their texts, with the similarity S of each picture to each text."""
    return (
        "In a batch of N pairs, each picture finds its own text among all N, and each text its picture: a softmax "
        "along the row, and one along the column.",
        means(to_texts[row, column]),
        means(to_pictures[row, column]),
        means(contrast),
        derivation(
            "The gradient of a similarity",
            "Both softmaxes pull: a pair that belongs together is drawn together, all others are pushed apart.",
            start(d(contrast, S[row, column])),
            equals(
                -(
                    (delta(row, column) - to_texts[row, column] + (delta(row, column) - to_pictures[row, column]))
                    / (2 * N)
                ),
                "row i of p and column j of c have S_ij: twice y − p, as after every softmax",
            ),
            equals(
                (to_texts[row, column] + to_pictures[row, column] - 2 * delta(row, column)) / (2 * N),
                "the minus into the bracket",
            ),
        ),
        "Rows are made 1 long before they are compared, so that only their direction counts:",
        means(length),
        means(unit[e]),
        derivation(
            "The gradient through the length",
            "What comes back, less its part along the row, over the row's length.",
            start(d(total(e, up[e] * unit[e]), vector[o])),
            equals((up[o] - unit[o] * total(e, up[e] * unit[e])) / length, "the derivative of a quotient; ∂r / ∂e = u"),
        ),
        derivation(
            "It stands at a right angle to the row",
            "So a step turns a row, and does not make it longer, to the first order.",
            start(total(o, unit[o] * (up[o] - unit[o] * total(e, up[e] * unit[e])))),
            equals(
                total(o, unit[o] * up[o]) - total(o, unit[o] ** 2) * total(e, up[e] * unit[e]),
                "multiply out; the last sum is the same for every b",
            ),
            equals(total(o, unit[o] * up[o]) - one * total(e, up[e] * unit[e]), "u is 1 long"),
            equals(zero, "twice the same sum"),
        ),
    )
