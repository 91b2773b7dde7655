"""Pieces of words: what a merge does to a text's likelihood and to its length, and one step of EM."""

from __future__ import annotations

from byhand.derivations.derivation import derivation, equals, start
from byhand.derivations.functions import d, exp, ln
from byhand.derivations.terms import Definition, Variable, number, places, size, total
from byhand.derivations.topic_page import Page, means

a, b, m, text = (number(name, "positive") for name in ("a", "b", "m", "N"))
"""How often the left piece, the right piece and the pair are there, and the pieces of the whole text."""


def wordpiece_score() -> Page:
    """The gain of a merge for each place where the pair stands, and for the length of the text."""
    return (
        "In a text of N pieces, a piece that is there a times has the probability a / N, and so on. A pair that "
        "is there m times is two pieces, which are there a times and b times, or one new piece.",
        derivation(
            "What one joining gains",
            "The logarithm of the new piece's probability, less those of the two pieces that it replaces.",
            start(ln(m / text) - (ln(a / text) + ln(b / text))),
            equals(ln(m / text) - ln(a * b / (text * text)), "ln u + ln v = ln u v"),
            equals(ln(m / text / (a * b / (text * text))), "ln u − ln v = ln u / v"),
            equals(ln(text * (m / (a * b))), "cancel N once"),
            equals(ln(text) + ln(m / (a * b)), "N is the same for every pair, so the score m / (a b) decides"),
        ),
        "So WordPiece's score is a likelihood ratio: how much more often the pair is there than if its pieces met by "
        "chance, up to the factor N. It is large for two rare pieces that always stand together.",
        derivation(
            "What byte pairs gain",
            "Each joining makes one piece of two, so the text is shorter by the pair's count.",
            start(text - (2 * m - m)),
            equals(text - m, "two pieces less and one more, m times"),
        ),
        "So the pair that is there most often shortens the text most: BPE's count is a gain of compression, and its "
        "pieces need not belong together.",
    )


n = size("n")
i, j, k = places("i j k", n)
c, z = Variable("c", "positive"), Variable("z")
p = Definition("p", lambda x: exp(z[x]) / total(k, exp(z[k])))
q = Definition("q", lambda x: c[x] / total(i, c[i]))


def unigram_em() -> Page:
    """c_i is how often piece i is used on average over all ways to cut the text; p_i are probabilities."""
    return (
        "E: with the probabilities so far, each way to cut a word has its share of all ways; c_i is how often piece i "
        "is used on average. M: find the probabilities that make the uses c likeliest. Written as a softmax of any "
        "numbers z they are positive and add up to 1:",
        means(p[i]),
        derivation(
            "The slope of the likelihood",
            "Where it is 0, no other probabilities are better.",
            start(d(total(i, c[i] * ln(p[i])), z[j])),
            equals(total(i, c[i] * d(p[i], z[j]) / p[i]), "the derivative of ln u is u′ / u"),
            equals(c[j] - p[j] * total(i, c[i]), "the Jacobian of the softmax (byhand derive softmax), divided by p_i"),
        ),
        means(q[j]),
        derivation(
            "So p is the share of the uses",
            "With q in place of p the slope is 0: the new probability of a piece is its use over all uses.",
            start(c[j] - q[j] * total(i, c[i])),
            equals(c[j] - c[j] / total(i, c[i]) * total(i, c[i]), "put in what q is"),
            equals(c[j] - c[j], "Σ c cancels"),
        ),
        "Both steps can only raise the likelihood of the text, so the loss falls until it stays (Dempster, Laird and "
        "Rubin 1977). `byhand workbook unigram` has one step in numbers.",
    )
