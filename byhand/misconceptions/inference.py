"""Misconceptions about inference: a softmax in tiles, guesses, numbers in few bits."""

from __future__ import annotations

from byhand.core.ops import add, constant, div, exp, greater, lookup, matmul, maximum, mul, negate, power, sub, where
from byhand.misconceptions.patterns import ANY, Pattern, piece
from byhand.misconceptions.rewriting import mistake

kept = Pattern(exp, Pattern(sub, piece(), piece()), symbol="kept")
"""e^(old maximum - new maximum): (old maximum, new maximum)."""
rescaled = Pattern(add, Pattern(mul, Pattern(symbol="kept"), piece()), piece())
"""kept × what was there + the new: (what was there, the new)."""
running_maximum = Pattern(maximum, ANY, piece(), symbol="max")
"""max(the maximum so far, that of the tile): (that of the tile,)."""
chance = Pattern(where, ANY, Pattern(constant), Pattern(div, piece(), piece()), symbol="chance")
"""min(1, q / p) of a word: (q, p)."""
excess = Pattern(maximum, Pattern(sub, piece(), piece()), symbol="excess")
"""max(0, q - p): (q, p)."""
residual = Pattern(div, piece(symbol="excess"), symbol="residual")
"""excess over its total: (the excess,)."""
residual_of_target = Pattern(div, Pattern(None, Pattern(sub, piece())), symbol="residual")
"""The same: (q,)."""
lowered = Pattern(power, piece(constant), Pattern(maximum, Pattern(sub, piece()), ANY), symbol="scale")
"""2^(exponent - 2): (2, exponent)."""
rounded = Pattern(where, ANY, ANY, piece(symbol="up"), symbol="rounded")
"""The nearest whole number, from the middle the even one: (the upper one,)."""
step = Pattern(where, symbol="step")
"""How far apart the numbers are: (below 2, a half, the rest)."""
held = Pattern(negate, Pattern(maximum, Pattern(negate, piece())), symbol="held")
"""min(6, the nearest): (the nearest,)."""
off_zero = Pattern(mul, piece(), Pattern(sub, piece(symbol="q")), symbol="restored")
"""scale × (q - zero point): (scale, q)."""

given_value = Pattern(sub, piece(symbol="wanted"), symbol="change")
"""wanted - what is said: (wanted,)."""
shared_out = Pattern(matmul, piece(), Pattern(div, piece(symbol="change")), symbol="added")
"""kᵀ (change / k kᵀ): (kᵀ, change)."""
place = Pattern(add, Pattern(mul, piece(), piece()), piece(symbol="inside"), symbol="place")
"""table[block] × size + the place inside: (table[block], size, the place inside)."""
through_table = Pattern(add, Pattern(mul, Pattern(lookup, ANY, piece()), piece()), piece(), symbol="place")
"""The same: (block, size, the place inside)."""
restored = Pattern(
    div,
    Pattern(sub, piece(symbol="lead"), piece(symbol="floor")),
    Pattern(where, piece(symbol="gap")),
    symbol="restored",
)
"""(lead - corrupted lead) / gap, where that is not 0: (lead, corrupted lead, gap)."""

TILES = (
    mistake(
        "tile-not-rescaled",
        "You added the new tile to what was there; first multiply that by e^(old maximum − new maximum).",
        (rescaled, lambda old, new: old + new),
    ),
    mistake(
        "maximum-of-the-tile-alone",
        "You took the maximum of the last tile alone; the running maximum is the largest of all tiles so far.",
        (running_maximum, lambda of_tile: of_tile),
    ),
    mistake(
        "rescaled-upside-down",
        "You took e^(new maximum − old maximum); what was there shrinks by e^(old maximum − new maximum).",
        (kept, lambda old, new: exp(new - old)),
    ),
)

GUESSES = (
    mistake(
        "draft-over-target",
        "You divided the draft's probability by the target's; a guess is kept with the chance min(1, target / draft).",
        (chance, lambda q, p: where(greater(p, q), 1, p / q)),
    ),
    mistake(
        "chance-above-one",
        "You kept q / p above 1; a word that the target likes better than the draft is always kept, with the chance 1.",
        (chance, lambda q, p: q / p),
    ),
    mistake(
        "what-the-draft-has-more",
        "You took what the draft has more; after a refusal a word is drawn from what the target has more.",
        (excess, lambda q, p: maximum(p - q, 0)),
    ),
    mistake(
        "residual-not-shared-out",
        "You left the differences as they are; divide them by their total, so that they add up to 1.",
        (residual, lambda more: more),
    ),
    mistake(
        "target-for-the-residual",
        "You drew from the target itself after a refusal; what the draft has offered enough of must not come again.",
        (residual_of_target, lambda q: q),
    ),
)

FEW_BITS = (
    mistake(
        "exponent-not-lowered",
        "You took the power of 2 below the largest size itself; lower its exponent by 2, for the largest element is 6.",
        (lowered, lambda base, exponent: power(base, exponent)),
    ),
    mistake(
        "halves-always-up",
        "You rounded every half up; a number in the middle of two goes to the even one, so that errors even out.",
        (rounded, lambda up: up),
    ),
    mistake(
        "not-saturated",
        "You went above 6; there is no larger element, so whatever is above becomes 6.",
        (held, lambda nearest: nearest),
    ),
    mistake(
        "whole-numbers-only",
        "You rounded to whole numbers everywhere; elements lie a half apart below 2, and two apart from 4 on.",
        (step, lambda below_2, half, rest: below_2 * 0 + 1),
    ),
    mistake(
        "zero-point-forgotten",
        "You multiplied q by the scale as it is; take the zero point off first.",
        (off_zero, lambda scale, q: scale * q),
    ),
)

MEMORIES = (
    mistake(
        "value-added-whole",
        "You added the new value whole; add only what it differs from what the key says so far.",
        (given_value, lambda wanted: wanted),
    ),
    mistake(
        "key-not-divided",
        "You forgot to divide by k kᵀ; without it a long key writes more than the new value.",
        (shared_out, lambda key, change: key @ change),
    ),
    mistake(
        "block-not-multiplied",
        "You added the block's number itself; a block begins at its number times the words in a block.",
        (place, lambda number, size, inside: number + inside),
    ),
    mistake(
        "block-table-skipped",
        "You took the block of the text for the block in memory; the block table says where that one is.",
        (through_table, lambda block, size, inside: block * size + inside),
    ),
)

PATCHES = (
    mistake(
        "corrupted-not-taken-off",
        "You left the corrupted lead in; what is restored counts from there, so take it off the patched lead first.",
        (restored, lambda lead, floor, gap: lead / where(gap, gap, 1)),
    ),
    mistake(
        "restored-of-the-clean-lead",
        "You divided by the clean lead alone; divide by how far the clean lead is from the corrupted one.",
        (restored, lambda lead, floor, gap: (lead - floor) / (gap + floor)),
    ),
)
