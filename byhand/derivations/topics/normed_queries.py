"""Norms on queries and keys: by Cauchy–Schwarz no score is larger than their gains allow."""

from __future__ import annotations

import sympy

from byhand.derivations.derivation import at_most, derivation, equals, start
from byhand.derivations.example import example
from byhand.derivations.functions import absolute, d, mean, root
from byhand.derivations.terms import Definition, Variable, defined, largest, number, one, places, size, total
from byhand.derivations.topic_page import Page, means

n = size("d", 2, 3)
i, j = places("i j", n)
a, b, q, key = (Variable(name) for name in "abqk")
gain, key_gain = Variable("γ"), Variable("η")
e = number("ε", "positive")

r = defined("r", root(mean(j, q[j] ** 2) + e))
u = defined("u", root(mean(j, key[j] ** 2) + e))
normed = Definition("q̂", lambda at: q[at] / r)
normed_key = Definition("k̂", lambda at: key[at] / u)
score = defined("s", total(i, gain[i] * normed[i] * (key_gain[i] * normed_key[i])) / root(n))
m, M = defined("m", largest(j, absolute(gain[j]))), defined("M", largest(j, absolute(key_gain[j])))


def query_key_norm() -> Page:
    """A query q and a key k of d components, with gains γ and η."""
    queries, keys = total(i, (gain[i] * normed[i]) ** 2), total(i, (key_gain[i] * normed_key[i]) ** 2)
    return (
        "A score is the dot product of a query and a key. Nothing in a softmax says how long these may grow, and a "
        "model that trains for long may put all weight on one word (byhand derive why-sqrt-d). Gemma 3, OLMo 2 and "
        "Qwen3 norm both before they meet.",
        derivation(
            "Cauchy–Schwarz: a dot product is at most the product of the lengths",
            "For any rows a and b. They are equal where b is a multiple of a: then every bracket is 0.",
            start(total(i, a[i] * b[i]) ** 2),
            equals(
                total(i, a[i] ** 2) * total(j, b[j] ** 2) - total(i, total(j, (a[i] * b[j] - a[j] * b[i]) ** 2)) / 2,
                "Lagrange's identity: multiply out; each a_i b_i a_j b_j comes twice",
            ),
            at_most(total(i, a[i] ** 2) * total(j, b[j] ** 2), "squares are never negative"),
        ),
        "RMS norm divides the query by r and the key by u (byhand derive rms-norm); then each has a gain. Rotary "
        "positions, which come next, leave both as long as they are.",
        means(r),
        means(u),
        means(normed[i]),
        means(normed_key[i]),
        means(score),
        derivation(
            "A normed query is at most √d long",
            "However long it was. The key likewise.",
            start(total(i, normed[i] ** 2)),
            equals(total(i, q[i] ** 2) / r**2, "r is the same in every term"),
            equals(n * (r**2 - e) / r**2, "the mean square is r² without ε"),
            at_most(n, "ε is positive"),
        ),
        "Let m be the largest |γ_i|, and M the largest |η_i|.",
        derivation(
            "With its gain, at most m √d",
            "The gains are learnt, and are all that is left to make scores large.",
            start(queries),
            at_most(total(i, m**2 * normed[i] ** 2), "no γ_i² is larger than m²"),
            at_most(m**2 * n, "take m² out; the squares add up to at most d"),
        ),
        derivation(
            "So no score is larger than m M √d",
            "The square of a score. With gains of 1 and d = 64, scores stay between −8 and 8.",
            start(score**2),
            at_most(queries * keys / n, "Cauchy–Schwarz; the square of √d is d"),
            at_most(m**2 * n * (M**2 * n) / n, "as above, for both"),
            equals((m * M) ** 2 * n, "cancel d"),
        ),
        derivation(
            "To grow changes nothing, but for ε",
            "How the score answers to a step along the query itself: with ε = 0, not at all. Learning can turn a "
            "query, and gains nothing by making it longer.",
            start(total(j, q[j] * d(score, q[j]))),
            equals(score - score * mean(j, normed[j] ** 2), "quotient rule: by the top, s; by r, its share in r"),
            equals(score * (1 - (one - e / r**2)), "the mean square of a normed row"),
            equals(score * e / r**2, "1 − 1 is 0"),
        ),
        "OLMo 2 norms the queries of all H heads as one row. One head's part of it may then be all of the row's "
        "length, √(H d) for √d, and the bound H times as large.",
        "In numbers, with ε = 0 and gains of 1: the query is (6, 8), the key (4, 3). The score is 0.96 of the bound.",
        example("Normed query and key", [normed[i], normed_key[i]], NUMBERS, i),
        example("The score, and its bound", [score, m * M * root(n)], NUMBERS),
    )


NUMBERS = {q: (6, 8), key: (4, 3), gain: (1, 1), key_gain: (1, 1), e: sympy.Integer(0)}
