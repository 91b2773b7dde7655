"""A softmax in tiles: why a running maximum and total give attention over all keys."""

from __future__ import annotations

import sympy

from byhand.derivations.derivation import derivation, equals, start
from byhand.derivations.example import example
from byhand.derivations.functions import d, exp
from byhand.derivations.terms import Variable, number, places, size, total, zero
from byhand.derivations.topic_page import Page

n, N = size("n", 1, 2, 3), size("N", 1, 2)
(i,) = places("i", n)
(j,) = places("j", N)
x, y, v, u = (Variable(name) for name in "xyvu")
m, M = number("m"), number("M")
kept = exp(m - M)
known, more = total(i, exp(x[i] - m) * v[i]), total(j, exp(y[j] - M) * u[j])
sum_known, sum_more = total(i, exp(x[i] - m)), total(j, exp(y[j] - M))


def flash_attention() -> Page:
    """x_i are a query's scores in the tiles so far, y_j those in the next one; v_i and u_j are values."""
    both = (kept * known + more) / (kept * sum_known + sum_more)
    exact = (total(i, exp(x[i]) * v[i]) + total(j, exp(y[j]) * u[j])) / (total(i, exp(x[i])) + total(j, exp(y[j])))
    return (
        "FlashAttention reads keys and values in tiles. Of the tiles so far it keeps a maximum m, a total and a sum of "
        "values; the next tile brings a new maximum M.",
        derivation(
            "The total so far, for another maximum",
            "One factor for each query mends all that is there; no score is needed again.",
            start(kept * sum_known, "e^(m − M), times the total"),
            equals(total(i, kept * exp(x[i] - m)), "into the sum"),
            equals(total(i, exp(x[i] - M)), "e^a e^b = e^(a + b)"),
        ),
        derivation(
            "After both tiles: exact attention",
            "The result is that of a softmax over all keys, in whatever tiles they come.",
            start(both, "both sums mended, and the next tile added"),
            equals(
                (total(i, exp(x[i] - M) * v[i]) + more) / (total(i, exp(x[i] - M)) + sum_more),
                "as above, above and below the line",
            ),
            equals(exp(-M) * exact / exp(-M), "e^(−M) is in every term"),
            equals(exact, "cancel it"),
        ),
        derivation(
            "The maximum does not matter",
            "So no gradient flows through it, and a maximum that is not the largest is wrong only where e^x overflows.",
            start(d(both, M)),
            equals(d(exact, M), "the result, as above"),
            equals(zero, "M is not in it"),
        ),
        "In numbers: scores 0 and ln 2, then ln 4; the maximum so far is ln 2, and then ln 4.",
        example("two tiles", [sum_known, kept, kept * sum_known + sum_more, both], NUMBERS),
    )


NUMBERS = {
    x: (sympy.Integer(0), sympy.log(2)),
    y: (sympy.log(4),),
    v: (1, 3),
    u: (7,),
    m: sympy.log(2),
    M: sympy.log(4),
    n: 2,
    N: 1,
}
