"""Positions: sinusoidal and rotary ones, and biases on scores that depend on the distance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from byhand.core.graph import Array, Dim, Node, scope, source
from byhand.core.labels import Labels
from byhand.core.ops import alternate, below, beside, cos, lookup, maximum, pi, power, sin, stretch
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.errors import ByhandError

PLACES = "the places in the text, counted from 0"
PAIRS = "twice the number of each pair of columns, counted from 0"
SLOWNESS = "how many times slower each pair of columns turns"
"""The meanings of given tables, for the sheets of exercises."""


def position_column(tokens: Dim, at: Array | None = None) -> Node:
    """Return 0, 1, 2, ... as a column, one row a token; `at`: other places. (T, 1)"""
    places = np.arange(tokens)[:, None] if at is None else at
    return source("position", places, role="given", rows=tokens.labels, meaning=PLACES)


def sinusoidal(position: Node, width: int, halves: bool = False) -> Node:
    """Return sin and cos of position / 10000^(2i / d), alternating (Vaswani et al. 2017, 3.5). (T, 1) -> (T, width)

    halves: all sines first, then all cosines.
    """
    equation, place = "sin, cos of position / 10000^(2i/d)", "Vaswani et al. 2017, section 3.5"
    with scope("", "positional encoding", equation=equation, source=place, look=Look.INPUT):
        twice = source("two_i", np.arange(0, width, 2), role="given", meaning=PAIRS)
        rate = (1 / power(10000, twice / width)).named("rate", role="rate")
        angle = (position * rate).named("angle")  # (T, 1) * (1, width/2) -> (T, width/2)
        if halves:
            encoding = beside(sin(angle), cos(angle).columns(0, width // 2)) if width > 1 else sin(angle)
        else:
            encoding = alternate(sin(angle), cos(angle), width=width)
        return encoding.named("PE", role="positions")


RAFFEL = "Raffel et al. 2020, section 2.1"


@dataclass(frozen=True)
class Scaling:
    """How rotary positions are scaled for longer texts than those of the first training.

    kind: linear (Chen et al. 2023) divides every rate by `factor`; llama3 (Dubey et al. 2024) only the slow ones:
    those that turn less than `low` times over `original` positions, and in part those that turn less than `high` times.
    yarn (Peng et al. 2023) does so by the number of a pair, from the one that turns `high` times to the one that turns
    `low` times (rounded outwards where `whole`), and makes queries and keys `size` times as large.
    dynamic (Peng et al. 2023, section 3.3) makes theta larger for a text longer than `original`. longrope (Ding et al.
    2024) divides each pair's rate by a number of its own, of `long` for a text longer than `original`, else of `short`.
    """

    kind: str
    factor: float
    low: float = 1.0
    high: float = 4.0
    original: int = 8192
    whole: bool = True
    size: float = 1.0
    short: tuple[float, ...] = ()
    long: tuple[float, ...] = ()

    def base(self, theta: float, tokens: int, turned: int) -> float | Node:
        """Return the base of the rates for a text of so many words, larger than theta where it is long."""
        if self.kind != "dynamic" or tokens <= self.original:
            return theta
        longer = self.factor * tokens / self.original - (self.factor - 1)
        return (theta * power(longer, turned / (turned - 2))).named("base", role="rate")

    def pairs(self, turned: int, theta: float) -> tuple[float, float]:
        """Return the first and last pair that YaRN slows in part (Peng et al. 2023, section 3.2)."""

        def turning(times: float) -> float:
            return turned * math.log(self.original / (times * 2 * math.pi)) / (2 * math.log(theta))

        first, last = turning(self.high), turning(self.low)
        if self.whole:
            first, last = math.floor(first), math.ceil(last)
        first, last = max(first, 0), min(last, turned - 1)
        return first, last + 0.001 if first == last else last


@dataclass(frozen=True)
class Rotary:
    """The cos and sin of each feature's angle, (T, d_k) each.

    turned: how many of the features turn, a whole number of pairs; the rest have cos 1 and sin 0.
    """

    cos: Node
    sin: Node
    turned: int
    interleaved: bool


def rotary(
    tokens: Dim, width: int, share: int, theta: float, interleaved: bool = False, scaling: Scaling | None = None
) -> Rotary:
    """Return the angles of rotary positions: position / θ^(2i / share) (Su et al. 2021, section 3.2.2).

    share: how many of the features turn; where that is odd, one more does.
    """
    turned = share + share % 2
    equation, place = "position / θ^(2i/d)", "Su et al. 2021, section 3.2.2"
    with scope("", "rotary angles", equation=equation, source=place):
        twice = source("two_i", list(range(0, turned, 2)), role="given", meaning=PAIRS)
        base = theta if scaling is None else scaling.base(theta, int(tokens), share)
        rate = (1 / power(base, twice / share)).named("rate", role="rate")  # (1, turned/2)
        if scaling is not None and scaling.kind != "dynamic":
            rate = _stretched(rate, twice, theta, scaling, int(tokens))
        angle = (position_column(tokens) * rate).named("angle")  # (T, 1) * (1, turned/2) -> (T, turned/2)
    with scope("", "cos and sin", equation="cos, sin of a pair's angle"):
        rest = width - turned
        across, up = cos(angle), sin(angle)
        if scaling is not None and scaling.size != 1:
            across, up = across * scaling.size, up * scaling.size
        return Rotary(
            _widen(across, 1, tokens, rest, interleaved).named("cos", role="positions"),
            _widen(up, 0, tokens, rest, interleaved).named("sin", role="positions"),
            turned,
            interleaved,
        )


def _stretched(rate: Node, twice: Node, theta: float, scaling: Scaling, tokens: int) -> Node:
    """Return the rates for a longer text; `twice` is 2i of each pair i. (1, n) -> (1, n)"""
    if scaling.kind == "linear":
        return (rate / scaling.factor).named("slower", role="rate")
    if scaling.kind == "longrope":
        numbers = scaling.long if tokens > scaling.original else scaling.short
        return (rate / source("slowness", list(numbers), role="given", meaning=SLOWNESS)).named("slower", role="rate")
    if scaling.kind == "yarn":
        first, last = scaling.pairs(2 * int(rate.shape[1]), theta)
        part = (last - twice / 2) / (last - first)
    else:
        turns = (scaling.original * rate / (2 * pi())).named("turns")
        part = (turns - scaling.low) / (scaling.high - scaling.low)
    unscaled = (1 - maximum(0, 1 - maximum(0, part))).named("kept")
    return (unscaled * rate + (1 - unscaled) * rate / scaling.factor).named("slower", role="rate")


def _widen(of_pair: Node, still: float, tokens: Dim, rest: int, interleaved: bool) -> Node:
    """Return each pair's number for both of its features, and `still` for the features that do not turn."""
    pairs = alternate(of_pair, of_pair, width=2 * int(of_pair.shape[1])) if interleaved else beside(of_pair, of_pair)
    return beside(pairs, stretch(still, rows=tokens, columns=rest)) if rest else pairs


def rotate(x: Node, angles: Rotary, name: str) -> Node:
    """Return x with its pairs rotated by their angles: x cos + (x a quarter turn on) sin (Su et al. 2021, eq. 34).

    (T, d_k) -> (T, d_k). name: of x, such as Q or K; the new tables are named after it.
    """
    title = f"turn the {'queries' if name.startswith('Q') else 'keys'}"
    equation = f"{name} × cos + {name} a quarter turn on × sin"
    with scope("", title, equation=equation, source="Su et al. 2021, eq. 34"):
        quarter = _quarter_turn(x, angles).named(f"{name}_turned", role="turned")
        return (x * angles.cos + quarter * angles.sin).named(f"{name}_rotated", role="rotated")


def _quarter_turn(x: Node, angles: Rotary) -> Node:
    """Return (-b, a) for each pair (a, b); 0 for the features that do not turn."""
    half, rest = angles.turned // 2, int(x.shape[1]) - angles.turned
    if angles.interleaved:
        parts = [part for n in range(0, angles.turned, 2) for part in (-x.columns(n + 1, n + 2), x.columns(n, n + 1))]
    else:
        parts = [-x.columns(half, angles.turned), x.columns(0, half)]
    return beside(*parts, *([stretch(0, rows=x.shape[0], columns=rest)] if rest else []))


def distances(tokens: Dim) -> Node:
    """Return each key's distance from each query: 0 for itself, -1 for the one before. (T, T)"""
    with scope("", "distances", equation="key's position − query's position", source="Press et al. 2022, figure 3"):
        place = position_column(tokens)
        return (place.T - place).named("distance", role="positions")


def slope(head: int, heads: int) -> float:
    """Return ALiBi's slope for a head counted from 1 (Press et al. 2022, section 3).

    2^(-8h/n) for n heads, n a power of 2; else those of the next lower power, then every second of the next higher.
    """
    below: int = 2 ** math.floor(math.log2(heads))
    n, h = (below, head) if head <= below else (2 * below, 2 * (head - below) - 1)
    return float(2.0 ** (-8 * h / n))


def alibi(distance: Node, head: int, heads: int) -> Node:
    """Return ALiBi's bias on a head's scores: its slope times the distance. (T, T) -> (T, T)"""
    return source("slope", slope(head, heads), role="given") * distance


def check_buckets(buckets: int, farthest: int) -> None:
    """Raise ByhandError if distances up to the farthest do not fill the buckets."""
    if buckets < 4 or farthest <= buckets // 2:
        raise ByhandError(
            f"Distances up to {farthest} cannot be sorted into {buckets} buckets: "
            f"take at least 4, and fewer than {2 * farthest}."
        )


def bucket_of(distance: Array, both_ways: bool, buckets: int, farthest: int) -> Array:
    """Return T5's bucket for each distance: near ones one by one, farther ones on a logarithmic scale.

    `distance` is the key's place less the query's; keys ahead are in the upper half of the buckets where `both_ways`,
    else with the nearest. From `farthest` on all are in the last bucket (Raffel et al. 2020, section 2.1).
    """
    half = buckets // 2 if both_ways else buckets
    ahead = half * (distance > 0) if both_ways else np.zeros_like(distance)
    away = np.abs(distance) if both_ways else np.maximum(-distance, 0)
    exact = half // 2
    steps = np.floor(np.log(np.maximum(away, 1) / exact) / math.log(farthest / exact) * (half - exact))
    result: Array = (ahead + np.where(away < exact, away, np.minimum(exact + steps, half - 1))).astype(np.float64)
    return result


def relative_biases(
    tokens: Dim, weight: Weights, heads: int, buckets: int, farthest: int, both_ways: bool
) -> list[Node]:
    """Return each head's bias on its scores: a learned number for each bucket of distances. heads of (T, T)"""
    with scope("", "buckets", equation="key's position − query's position, sorted", source=RAFFEL):
        bucket = _buckets(tokens, both_ways, buckets, farthest)
    with scope("", "relative positions", equation="B[bucket, head]", source=RAFFEL, look=Look.INPUT):
        table, biases = weight("B", buckets, heads), []
        if table.shape[0].labels is None:
            kinds = Labels("buckets", tuple(f"bucket {n}" for n in range(buckets)))
            table.shape = (Dim(buckets, kinds), table.shape[1])
        for h in range(heads):
            bias = lookup(table.columns(h, h + 1), bucket)  # (buckets, 1), (T, T) -> (T, T)
            biases.append(bias.named(f"bias{h + 1}", role="positions"))
        return biases


def _buckets(tokens: Dim, both_ways: bool, buckets: int, farthest: int) -> Node:
    """Return the bucket of each key's distance from each query. (T, T)"""
    place, most = position_column(tokens), int(tokens) - 1
    away = (place.T - place).named("distance")
    offsets = np.arange(-most, most + 1)
    labels = Labels("distances", tuple(f"{n:+d}".replace("-", "−") if n else "0" for n in offsets.tolist()))
    numbers = bucket_of(offsets.astype(np.float64), both_ways, buckets, farthest)[:, None]
    sorted_into = source("buckets", numbers, role="given", rows=labels)
    return lookup(sorted_into, away + most).named("bucket")  # (2T - 1, 1), (T, T) -> (T, T)


SHAW = "Shaw et al. 2018, section 3.2"


def scores_by_distance(q: Node, k: Node, table: Node, both: bool) -> Node:
    """Return what a learned row for each distance adds to the scores: q Dᵀ, and k Dᵀ if `both`. (T, d_k) -> (T, T)

    table: (2 n - 1, d_k), the row n - 1 + (query's place − key's place) is of that distance.
    """
    words, middle = int(q.shape[0]), (int(table.shape[0]) - 1) // 2
    with scope("", "by distance", equation="q Dᵀ + k Dᵀ" if both else "q Dᵀ", source=SHAW):
        away = np.arange(words - 1, -words, -1)[:, None] + middle
        rows = lookup(table, source("row", away, role="given")).named("D_here", role="positions")  # (2 T - 1, d_k)
        from_query = shift_rows((q @ rows.T).named("by_distance"), k.shape[0])
        if not both:
            return from_query.named("by_key", role="positions")
        backwards = lookup(table, source("row_back", away[::-1], role="given")).named("D_back", role="positions")
        from_key = shift_rows((k @ backwards.T).named("by_distance_of_keys"), q.shape[0])
        return (from_query + from_key.T).named("by_key", role="positions")


def shift_rows(by_distance: Node, keys: Dim) -> Node:
    """Return the scores by key from scores by distance: shift each row to its own first key. (T, n) -> (T, keys)

    The columns count down from the last query's distance to the first key (Dai et al. 2019, appendix B).
    """
    last = int(by_distance.shape[0]) - 1
    lines = [by_distance.rows(t, t + 1).columns(last - t, last - t + keys) for t in range(last + 1)]
    return stretch(below(*lines), rows=by_distance.shape[0], columns=keys)
