"""Positions as angles: sinusoidal positions and rotary positions."""

from __future__ import annotations

import sympy

from byhand.derivations.derivation import derivation, equals, start
from byhand.derivations.example import example
from byhand.derivations.functions import cos, dot, function, grid, sin, table, transposed
from byhand.derivations.terms import Term, Variable, number, one, places, size, total
from byhand.derivations.topic_page import Page

h = size("h", 1, 2, 3)
(i,) = places("i", h)
w, one_w = Variable("ω"), number("ω")
p, k, q = number("p"), number("k"), number("q")


def turn(angle: Term) -> Term:
    """The matrix that turns the plane by an angle, clockwise as (sin, cos) goes round."""
    return grid((cos(angle), sin(angle)), (-sin(angle), cos(angle)))


def sinusoidal() -> Page:
    """Pairs (sin ω p, cos ω p) of position p, for h frequencies ω."""
    return (
        "A position p is written as h clocks: each has its own frequency ω, and shows the pair sin(ω p), cos(ω p). "
        "With d columns there are h = d / 2 clocks, and ω_i = 10000^(−2 i / d), i from 0: the first is fast, the last "
        "slow. What follows holds for any frequencies.",
        derivation(
            "A shift is a rotation",
            "The pair of position p + k is the pair of p, turned by the angle ω k: the same turn for every p. "
            "So a linear layer can look k words back.",
            start(grid((sin(one_w * (p + k)),), (cos(one_w * (p + k)),)), "the clock at p + k"),
            equals(grid((sin(one_w * p + one_w * k),), (cos(one_w * p + one_w * k),)), "multiply out"),
            equals(
                grid(
                    (cos(one_w * k) * sin(one_w * p) + sin(one_w * k) * cos(one_w * p),),
                    (-(sin(one_w * k) * sin(one_w * p)) + cos(one_w * k) * cos(one_w * p),),
                ),
                "sine and cosine of a sum",
            ),
            equals(
                dot(turn(one_w * k), grid((sin(one_w * p),), (cos(one_w * p),))),
                "a matrix times the clock at p; p is not in the matrix",
            ),
        ),
        derivation(
            "The matrix is a rotation",
            "Turned over it turns back: lengths and angles stay.",
            start(dot(transposed(turn(p)), turn(p))),
            equals(
                grid(
                    (cos(p) ** 2 + sin(p) ** 2, cos(p) * sin(p) - sin(p) * cos(p)),
                    (sin(p) * cos(p) - cos(p) * sin(p), sin(p) ** 2 + cos(p) ** 2),
                ),
                "multiply out",
            ),
            equals(grid((1, 0), (0, 1)), "sin² + cos² = 1"),
        ),
        derivation(
            "Dot products see only the offset",
            "How alike two positions are depends on how far apart they are, in either direction, not on where.",
            start(total(i, sin(w[i] * p) * sin(w[i] * q) + cos(w[i] * p) * cos(w[i] * q)), "positions p and q"),
            equals(total(i, cos(w[i] * p - w[i] * q)), "cosine of a difference"),
            equals(total(i, cos(w[i] * (p - q))), "take ω_i out"),
        ),
        derivation(
            "Every position has the same length",
            "No position is louder than another: the square of the length is h.",
            start(total(i, sin(w[i] * p) * sin(w[i] * p) + cos(w[i] * p) * cos(w[i] * p)), "position p times itself"),
            equals(total(i, one), "sin² + cos² = 1"),
            equals(h, "h ones"),
        ),
        "In numbers, for ω = π / 6, which goes round in 12 positions: position 1, and the same shifted by 2 to 3.",
        example(
            "Positions 1 and 3, and how alike they are",
            [sin(one_w * p), cos(one_w * p), sin(one_w * (p + k)), cos(one_w * (p + k)), cos(one_w * k)],
            {one_w: sympy.pi / 6, p: 1, k: 2},
        ),
    )


m, n, t = number("m"), number("n"), number("θ")
Q, K = Variable("q"), Variable("k")


def written(angle: Term) -> Term:
    """The matrix that turns the plane by an angle, counterclockwise."""
    return grid((cos(angle), -sin(angle)), (sin(angle), cos(angle)))


R = function("R", lambda a: sympy.ImmutableMatrix([[sympy.cos(a), -sympy.sin(a)], [sympy.sin(a), sympy.cos(a)]]))
query, key = table("q", 2, 1, lambda a, _: Q[a]), table("k", 2, 1, lambda a, _: K[a])
angles = Variable("θ")


def rotary() -> Page:
    """A pair of a query's columns at position m, and of a key's at position n, turned by m θ and by n θ."""
    odd, even = 2 * i - 1, 2 * i
    return (
        "Rotary positions add nothing to the words. Each pair of columns of a query is turned by an angle that grows "
        "with its position, and each pair of a key likewise. R(φ) stands for the matrix that turns by φ.",
        derivation(
            "The rotation by an angle",
            "In two columns; a rotation by a negative angle turns back.",
            start(R(t)),
            equals(written(t), "column 1 is where (1, 0) comes to lie, column 2 is where (0, 1) does"),
        ),
        derivation(
            "Turning back by one angle and on by another",
            "One rotation by the difference.",
            start(dot(transposed(R(m * t)), R(n * t))),
            equals(
                grid(
                    (
                        cos(m * t) * cos(n * t) + sin(m * t) * sin(n * t),
                        -(cos(m * t) * sin(n * t)) + sin(m * t) * cos(n * t),
                    ),
                    (
                        -(sin(m * t) * cos(n * t)) + cos(m * t) * sin(n * t),
                        sin(m * t) * sin(n * t) + cos(m * t) * cos(n * t),
                    ),
                ),
                "multiply out",
            ),
            equals(written((n - m) * t), "cosine and sine of a difference"),
            equals(R((n - m) * t), "the rotation by the difference"),
        ),
        derivation(
            "The score depends on m − n alone",
            "Query and key may stand anywhere: only the distance between them counts.",
            start(
                dot(transposed(dot(R(m * t), query)), dot(R(n * t), key)),
                "the turned query times the turned key",
            ),
            equals(dot(transposed(query), transposed(R(m * t)), R(n * t), key), "(A · B)ᵀ = Bᵀ · Aᵀ"),
            equals(dot(transposed(query), R((n - m) * t), key), "the two rotations are one, by (n − m) θ"),
            equals(
                grid(
                    ((Q[1] * K[1] + Q[2] * K[2]) * cos((m - n) * t) + (Q[1] * K[2] - Q[2] * K[1]) * sin((m - n) * t),),
                ),
                "multiply out; cos(−φ) = cos φ and sin(−φ) = −sin φ",
            ),
        ),
        derivation(
            "Lengths stay",
            "A turned query is as long as it was: only directions change.",
            start(dot(transposed(dot(R(m * t), query)), dot(R(m * t), query))),
            equals(dot(transposed(query), R((m - m) * t), query), "as above, with n = m"),
            equals(grid((Q[1] ** 2 + Q[2] ** 2,)), "R(0) changes nothing"),
        ),
        "With h pairs of columns, each has its own angle θ_i, and the score is the sum over the pairs.",
        derivation(
            "All pairs together",
            "Columns 2 i − 1 and 2 i are pair i. The sum, too, has m and n only as m − n.",
            start(
                total(i, _turned(Q, m, odd, even, 1) * _turned(K, n, odd, even, 1))
                + total(i, _turned(Q, m, odd, even, 2) * _turned(K, n, odd, even, 2)),
                "turned query times turned key, pair by pair",
            ),
            equals(
                total(i, (Q[odd] * K[odd] + Q[even] * K[even]) * cos((m - n) * angles[i]))
                + total(i, (Q[odd] * K[even] - Q[even] * K[odd]) * sin((m - n) * angles[i])),
                "each pair as above",
            ),
        ),
        "In numbers: q = (1, 0) and k = (1, 1), turned by π / 6 for each position: at a distance of 0 and of 2.",
        example("The score at m − n = 0", [_score()], {t: sympy.pi / 6, m: 5, n: 5, Q: (1, 0), K: (1, 1)}),
        example("The score at m − n = 2", [_score()], {t: sympy.pi / 6, m: 7, n: 5, Q: (1, 0), K: (1, 1)}),
    )


def _turned(of: Variable, at: Term, odd: Term, even: Term, which: int) -> Term:
    angle = at * angles[i]
    if which == 1:
        return cos(angle) * of[odd] - sin(angle) * of[even]
    return sin(angle) * of[odd] + cos(angle) * of[even]


def _score() -> Term:
    return (Q[1] * K[1] + Q[2] * K[2]) * cos((m - n) * t) + (Q[1] * K[2] - Q[2] * K[1]) * sin((m - n) * t)
