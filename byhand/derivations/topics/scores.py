"""What is done to scores before the softmax, and why: the division by √d_k, and the causal mask."""

from __future__ import annotations

import sympy

from byhand.derivations.derivation import derivation, equals, start, tends
from byhand.derivations.example import table_example
from byhand.derivations.functions import cases, d, exp, expectation, infinity, root, sigmoid
from byhand.derivations.terms import Definition, Variable, defined, number, one, places, size, total, zero
from byhand.derivations.topic_page import Page, means

d_k = size("d_k", 1, 2, 3)
i, j = places("i j", d_k)
q, k = Variable("q"), Variable("k")
E = expectation({q: (0, 1), k: (0, 1)})
score = defined("s", total(i, q[i] * k[i]))
gap = number("z", "positive")


def why_sqrt_d() -> Page:
    """A query q and a key k with d_k components each."""
    return (
        "Let every component of a query and of a key be drawn independently, with mean 0 and variance 1, as they are "
        "about where learning starts. Their score is",
        means(score),
        "E is the mean over all draws. Of independent factors, the mean is the product of the means; of any sum, it is "
        "the sum of the means.",
        derivation(
            "The mean of a score is 0",
            "Scores lie on both sides of 0, whatever d_k is.",
            start(E(score)),
            equals(total(i, E(q[i] * k[i])), "the mean of a sum"),
            equals(total(i, E(q[i]) * E(k[i])), "query and key are independent"),
            equals(zero, "each has mean 0"),
        ),
        derivation(
            "The variance of a score is d_k",
            "As the mean is 0, the variance is the mean of the square: it grows with the number of components.",
            start(E(score**2)),
            equals(E(total(i, q[i] * k[i]) * total(j, q[j] * k[j])), "the square is the sum times itself"),
            equals(total(i, total(j, E(q[i] * k[i] * q[j] * k[j]))), "multiply out; the mean of a sum"),
            equals(
                total(i, E(q[i] ** 2 * k[i] ** 2)),
                "where i ≠ j the four factors are independent with mean 0: only i = j is left",
            ),
            equals(total(i, E(q[i] ** 2) * E(k[i] ** 2)), "query and key are independent"),
            equals(total(i, one), "a variance of 1 with mean 0 is a mean square of 1"),
            equals(d_k, "d_k ones"),
        ),
        derivation(
            "Divided by √d_k, the variance is 1",
            "Then scores are of one size in small heads and in large ones.",
            start(E((score / root(d_k)) ** 2)),
            equals(E(score**2 / d_k), "square top and bottom"),
            equals(E(score**2) / d_k, "1 / d_k is a fixed factor"),
            equals(d_k / d_k, "the variance of a score is d_k"),
            equals(one, "cancel"),
        ),
        "Why it matters: with large scores the softmax puts all weight on one word, and there its gradient dies. "
        "For two words it is the sigmoid of the difference z of their scores (byhand derive softmax).",
        derivation(
            "Large differences stop the gradient",
            "The derivative of the share by its score, as the difference grows.",
            start(d(sigmoid(gap), gap)),
            equals(exp(-gap) / (1 + exp(-gap)) ** 2, "the derivative of 1 / u is −u′ / u²"),
            tends(gap, sympy.oo, zero, "as z → ∞: the top goes to 0, the bottom to 1", "-"),
        ),
        derivation(
            "How fast: about one factor e for each unit",
            "The derivative over e^(−z). At d_k = 64, differences of 8 are common without the scale, and e⁻⁸ ≈ 0.0003.",
            start(d(sigmoid(gap), gap) / exp(-gap)),
            equals(1 / (1 + exp(-gap)) ** 2, "the derivative from above; cancel e^(−z)"),
            tends(gap, sympy.oo, one, "as z → ∞", "-"),
        ),
    )


T = size("T", 2, 3)
row, column, w = places("i j k", T)
S, c = Variable("S"), number("c")
mask = Definition("M", lambda a, b: cases((0, b, "≤", a), otherwise=-infinity))
A = Definition("A", lambda a, b: exp(S[a, b] + mask[a, b]) / total(w, exp(S[a, w] + mask[a, w])))
p = Definition("p", lambda a, b: exp(S[a, b]) / total(w, exp(S[a, w])))
late = Definition("h", lambda a, b: cases((0, b, "≤", a), otherwise=1))
seen = Definition("b", lambda a, b: cases((1, b, "≤", a), otherwise=0))


def causal_mask() -> Page:
    """Scores S of T words; word i may see the words up to itself."""
    return (
        "A word that writes the next must not see what comes after it. Row i of the scores belongs to word i, so its "
        "columns j > i are to count for nothing. Two ways look alike: −∞ before the softmax, or 0 after.",
        means(mask[row, column]),
        means(A[row, column]),
        derivation(
            "−∞ before: a softmax over the words so far",
            "e^(−∞) is 0, in the top of later words and in every bottom.",
            start(exp(S[row, column] + mask[row, column]) / total(w, exp(S[row, w] + mask[row, w]))),
            equals(
                cases((exp(S[row, column]), column, "≤", row), otherwise=0) / total(w, exp(S[row, w]), row),
                "e^(S + 0) is e^S where the word is seen, and e^(−∞) = 0 where not",
            ),
        ),
        derivation(
            "Its rows add up to 1",
            "The weights of what is seen are shares.",
            start(total(column, A[row, column])),
            equals(total(column, exp(S[row, column]), row) / total(w, exp(S[row, w]), row), "later words add 0"),
            equals(one, "top and bottom are the same sum"),
        ),
        "The other way: a softmax over all words, p, and then 0 for the later ones. Let b_ij be 1 where word i may see "
        "word j, and h_ij = 1 where it may not.",
        means(p[row, column]),
        means(seen[row, column]),
        means(late[row, column]),
        derivation(
            "0 after: rows no longer add up to 1",
            "What the later words took is missing. Only the last word, which sees all, keeps a whole row.",
            start(total(column, p[row, column] * seen[row, column])),
            equals(total(column, p[row, column] * (1 - late[row, column])), "seen is what is not late"),
            equals(one - total(column, p[row, column] * late[row, column]), "all shares add up to 1"),
        ),
        derivation(
            "0 after: the future leaks through the bottom",
            "How the first word's weight on itself answers to its score for the second word, which it must not see: "
            "less than 0, never 0.",
            start(d(p[1, 1], S[1, 2])),
            equals(-(exp(S[1, 1]) * exp(S[1, 2]) / total(w, exp(S[1, w])) ** 2), "only the bottom has S_12"),
            equals(-(p[1, 1] * p[1, 2]), "each factor over the sum is a share"),
        ),
        derivation(
            "−∞ before: nothing leaks",
            "The same question for the masked softmax.",
            start(d(A[1, 1], S[1, 2])),
            equals(d(exp(S[1, 1]) / exp(S[1, 1]), S[1, 2]), "the first word sees itself alone"),
            equals(zero, "it is 1, and has no S_12 in it"),
        ),
        derivation(
            "0 after, then divided by what is left, is −∞ before",
            "So the fault is not in where the zeros are put but in the sum that is divided by.",
            start(p[row, column] * seen[row, column] / total(w, p[row, w] * seen[row, w])),
            equals(
                exp(S[row, column]) * seen[row, column] / total(w, exp(S[row, w]) * seen[row, w]),
                "every p has the same bottom: it cancels",
            ),
            equals(A[row, column], "e^S times 0 or 1 is e^(S + M) with M = −∞ or 0"),
        ),
        derivation(
            "A very negative number does as well",
            "Programs write a number c like −10⁹ for −∞: the weight of a word that must not be seen.",
            start(exp(S[1, 2] + c) / (exp(S[1, 1]) + exp(S[1, 2] + c)), "the second word of two, in the first row"),
            tends(c, -sympy.oo, zero, "as c → −∞: its power of e goes to 0, the other stays"),
        ),
        "In numbers, three words with all scores 0, before and after:",
        table_example("−∞ before: every row adds up to 1", A[row, column], row, column, EVEN, "attention"),
        table_example(
            "0 after: the rows add up to 1/3, 2/3 and 1", p[row, column] * seen[row, column], row, column, EVEN
        ),
    )


EVEN = {S: [[0, 0, 0]] * 3}
