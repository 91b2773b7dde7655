"""Choosing the next word from its shares: temperature and top-k."""

from __future__ import annotations

import sympy

from byhand.derivations.derivation import derivation, equals, start, tends
from byhand.derivations.example import example
from byhand.derivations.functions import cases, exp
from byhand.derivations.terms import Definition, Variable, defined, largest, number, one, places, size, total
from byhand.derivations.topic_page import Page, means

n, K = size("n", 3, 4), size("K", 1, 2, 3)
i, j, k = places("i j k", n)
a, b = places("i j", K)
x, T = Variable("x"), number("T", "positive")

p = Definition("p", lambda at: exp(x[at]) / total(k, exp(x[k])))
q = Definition("q", lambda at: p[at] / total(k, p[k], K))
m = defined("m", largest(b, x[b]))


def sampling() -> Page:
    """Scores x of n words, of which the first K are kept."""
    return (
        "A model's scores become shares by a softmax, and a word is drawn by these shares. Two knobs change these.",
        means(p[i]),
        derivation(
            "Temperature is a power of the shares",
            "Scores divided by T give the shares to the power 1 / T, made to add up to 1 again.",
            start(exp(x[i] / T) / total(k, exp(x[k] / T)), "softmax at temperature T"),
            equals(exp(x[i]) ** (1 / T) / total(k, exp(x[k]) ** (1 / T)), "e^(a b) = (e^a)^b"),
            equals(
                p[i] ** (1 / T) / total(k, p[k] ** (1 / T)),
                "divide top and bottom by (Σ e^x)^(1 / T): each e^x becomes its share",
            ),
        ),
        derivation(
            "How much likelier one word is than another",
            "The odds depend on the difference of two scores alone, over T; the other words do not matter.",
            start(exp(x[i] / T) / total(k, exp(x[k] / T)) / (exp(x[j] / T) / total(k, exp(x[k] / T)))),
            equals(exp(x[i] / T) / exp(x[j] / T), "both have the same denominator: cancel it"),
            equals(exp((x[i] - x[j]) / T), "e^a / e^b = e^(a − b)"),
        ),
        "Top-k keeps the K words with the largest scores, here the first K, and shares out again what they have:",
        means(q[a]),
        derivation(
            "Top-k is a softmax over the words that are kept",
            "To drop words after the softmax and divide by what is left is to leave them out before it.",
            start(p[a] / total(k, p[k], K), "the share of a word that is kept, over all that are kept"),
            equals(
                exp(x[a]) / total(k, exp(x[k])) / (total(k, exp(x[k]), K) / total(k, exp(x[k]))),
                "put in what p is; the denominator is the same in every term",
            ),
            equals(exp(x[a]) / total(k, exp(x[k]), K), "cancel the sum over all n words"),
        ),
        derivation(
            "Shares of the kept words add up to 1",
            "Whatever was dropped.",
            start(total(a, q[a])),
            equals(total(a, p[a]) / total(k, p[k], K), "the denominator is the same in every term"),
            equals(one, "top and bottom are the same sum"),
        ),
        *_limits(),
        "In numbers: scores 0, ln 2 and ln 5; at temperature 1/2 the powers of e are squared.",
        example("T = 1/2", [x[i], p[i], p[i] ** (1 / T) / total(k, p[k] ** (1 / T))], NUMBERS, i),
    )


NUMBERS = {x: (sympy.Integer(0), sympy.log(2), sympy.log(5)), T: sympy.Rational(1, 2)}


def _limits() -> Page:
    at_T = exp(x[a] / T) / total(b, exp(x[b] / T))
    return (
        derivation(
            "K = 1 takes the word with the largest score",
            "Greedy decoding: nothing is left to chance, at any temperature.",
            start(exp(x[1] / T) / total(k, exp(x[k] / T), one), "the first word, of one that is kept"),
            equals(exp(x[1] / T) / exp(x[1] / T), "the sum has one term"),
            equals(one, "cancel"),
        ),
        means(m),
        derivation(
            "Cold: as T goes to 0, the largest score takes all",
            "Low temperatures come to greedy decoding too; words that share the maximum share alike.",
            start(at_T, "over the words that are kept"),
            equals(exp((x[a] - m) / T) / total(b, exp((x[b] - m) / T)), "a shift by m / T changes nothing"),
            tends(
                T,
                sympy.Integer(0),
                cases((1, x[a], "=", m), otherwise=0) / total(b, cases((1, x[b], "=", m), otherwise=0)),
                "as T → 0 from above: e to a negative number over T goes to 0, and e⁰ stays 1",
            ),
        ),
        derivation(
            "Hot: as T goes to infinity, all kept words are equally likely",
            "This is why high temperatures are used with top-k: without it, any of n words would come up.",
            start(at_T, "over the words that are kept"),
            tends(T, sympy.oo, 1 / total(b, one), "as T → ∞: each x_j / T goes to 0, and e⁰ = 1", "-"),
            equals(1 / K, "K ones"),
        ),
    )
