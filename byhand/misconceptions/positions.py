"""Misconceptions about positions in attention: rotations, waves, and biases by distance."""

from __future__ import annotations

from byhand.core.graph import Node
from byhand.core.ops import (
    add,
    alternate,
    below,
    beside,
    columns,
    cos,
    lookup,
    matmul,
    maximum,
    mul,
    pi,
    power,
    sin,
    sqrt,
)
from byhand.core.roles import Role
from byhand.misconceptions.patterns import ANY, Pattern, bare, itself, piece
from byhand.misconceptions.rewriting import mistake

Pieces = tuple[Node, ...]


def rotation(symbol: str) -> Pattern:
    """Return a pattern of x cos + (x after a quarter turn) sin: (x, cos, x after a quarter turn, sin)."""
    product = Pattern(None, piece(), piece())
    return Pattern(add, product, product, role=Role.ROTATED, symbol=symbol)


def of_one_table(node: Node) -> bool:
    """Return whether both arguments are the same table."""
    return node.args[0] is node.args[1]


rotated, rotated_key = rotation("*"), rotation("K*")
one_a_pair = piece(when=lambda one: one.shape[1] > 1)
angles_by_neighbours = Pattern(alternate, one_a_pair, ANY, role=Role.POSITIONS, when=of_one_table)
"""Angles, one for each pair of features, each in two neighbouring columns: (angles,)."""
in_two_halves = Pattern(beside, one_a_pair, ANY, role=Role.POSITIONS, when=of_one_table)
waves_by_turns = Pattern(alternate, Pattern(sin), Pattern(cos), when=lambda node: node.shape[1] > 2)
"""sin and cos in alternate columns, in several pairs: (sin, cos)."""
sloped = Pattern(None, piece(), piece(mul, piece(symbol="slope"), piece()), role=Role.BIAS)
"""scores + slope × distance: (scores, slope × distance, slope, distance)."""
biased = Pattern(add, role=Role.BIAS)
"""scores + bias by distance: (scores, bias)."""
not_scaled = piece(matmul, piece(when=lambda q: q.shape[1] > 1), role=Role.SCORES)
biased_unscaled = Pattern(add, not_scaled, piece(), role=Role.BIAS)
"""scores + bias by distance, if the scores are not scaled: (scores, Q, bias)."""
bucketed = Pattern(lookup, ANY, Pattern(symbol="bucket"))
"""B[bucket], the learned bias of each pair's distance: (B, bucket)."""
bias_by_distance = itself(Pattern(lookup, ANY, Pattern(symbol="bucket")))


def angles_by_halves(node: Node) -> Pieces | None:
    """Match angles, one for each pair of features, repeated in two halves: (angles, further columns)."""
    return (node.args[0], *node.args[2:]) if in_two_halves(node) else None


def halves_turned(node: Node) -> Pieces | None:
    """Match (-b, a), if a and b are halves of the features with several each: (x, a, further columns)."""
    if node.role is not Role.TURNED or node.args[1].op is not columns:
        return None
    first = node.args[1]
    wide = first.attrs["start"] == 0 and first.attrs["stop"] > 1 and len(node.args) < 4
    return (first.args[0], first, *node.args[2:]) if wide else None


def neighbours_turned(node: Node) -> Pieces | None:
    """Match (-b, a) for each of several pairs of neighbours: (x, the node, further columns)."""
    if node.role is not Role.TURNED or len(node.args) < 4:
        return None
    return node.args[1].args[0], bare(node), *node.args[len(node.args) // 2 * 2 :]


def waves_in_halves(node: Node) -> Pieces | None:
    """Match all sines followed by as many cosines: (sin, cos)."""
    if node.role is not Role.POSITIONS or node.op is not beside or len(node.args) != 2:
        return None
    sine, cosine = node.args
    cosine = cosine.args[0] if cosine.op is columns else cosine
    match = (sine.op, cosine.op) == (sin, cos) and node.shape[1] % 2 == 0 and node.shape[1] > 2
    return (sine, cosine) if match else None


def sloped_in_head(node: Node) -> Pieces | None:
    """Match scores + slope × distance in head h: (scores, the slope of head h + 1, distance)."""
    match = sloped(node)
    number = next((int(s.name[4:]) for s in node.scope.outward if s.name[:4] == "head" and s.name[4:].isdigit()), 0)
    if not match or not number:
        return None
    scores, _, slope, distance = match
    return scores, power(slope, (number + 1) / number), distance


def by_key(node: Node) -> Pieces | None:
    """Match scores by distance moved to their keys' columns, in several rows: (scores by distance, the node)."""
    lines = node.args[0].args if node.symbol == "by_key" and node.args[0].op is below else ()
    return (lines[0].args[0].args[0], bare(node)) if len(lines) > 1 else None


def by_neighbours(x: Node, half: Node, *rest: Node) -> Node:
    pairs = range(0, 2 * int(half.shape[1]), 2)
    return beside(*(part for n in pairs for part in (-x.columns(n + 1, n + 2), x.columns(n, n + 1))), *rest)


def by_halves(x: Node, right: Node, *rest: Node) -> Node:
    half = (int(right.shape[1]) - sum(int(table.shape[1]) for table in rest)) // 2
    return beside(-x.columns(half, 2 * half), x.columns(0, half), *rest)


def in_degrees(x: Node) -> Node:
    return x * pi() / 180


def by_wrong_key(by_distance: Node, right: Node) -> Node:
    rows, keys = map(int, right.shape)
    return below(*(by_distance.rows(t, t + 1).columns(t, t + keys) for t in range(rows)))


TURNING = (
    mistake(
        "turned-the-other-way",
        "You turned the pairs the other way round: a pair (a, b) becomes (a cos − b sin, b cos + a sin).",
        (rotated, lambda x, cosine, quarter, sine: x * cosine - quarter * sine),
    ),
    mistake(
        "turn-left-out",
        "You left the rows as they were: each pair of features turns by the angle of its word's position.",
        (rotated, lambda x, cosine, quarter, sine: x),
    ),
    mistake(
        "keys-not-turned",
        "You turned the queries only; a key turns too, by the angle of its own position.",
        (rotated_key, lambda x, cosine, quarter, sine: x),
    ),
    mistake(
        "turn-with-sine-for-cosine",
        "You swapped sine and cosine: the pair itself is multiplied by the cosine, its quarter turn by the sine.",
        (rotated, lambda x, cosine, quarter, sine: x * sine + quarter * cosine),
    ),
    mistake(
        "turned-with-the-neighbour",
        "You paired each feature with its neighbour; in this model it turns with the one half a row further on.",
        (halves_turned, by_neighbours),
        (angles_by_halves, lambda one, *rest: beside(alternate(one, one, width=2 * int(one.shape[1])), *rest)),
    ),
    mistake(
        "turned-with-half-a-row-on",
        "You paired each feature with the one half a row further on; in this model it turns with its neighbour.",
        (neighbours_turned, by_halves),
        (angles_by_neighbours, lambda one: beside(one, one)),
    ),
    mistake(
        "angle-in-degrees",
        "You took the angles in degrees; they are in radians, so set the calculator to radians.",
        (Pattern(sin, Pattern(symbol="angle")), lambda angle: sin(in_degrees(angle))),
        (Pattern(cos, Pattern(symbol="angle")), lambda angle: cos(in_degrees(angle))),
    ),
    mistake(
        "waves-in-halves",
        "You put all sines first; in this model sines and cosines stand by turns.",
        (waves_by_turns, lambda sine, cosine: beside(sine, cosine)),
    ),
    mistake(
        "waves-by-turns",
        "You put sines and cosines by turns; in this model all sines come first, then all cosines.",
        (waves_in_halves, lambda sine, cosine: alternate(sine, cosine, width=2 * int(sine.shape[1]))),
    ),
)

DISTANCE = (
    mistake(
        "distance-left-out",
        "You left the distance out: each score changes by what its two words' distance says, before the softmax.",
        (biased, lambda scores, bias: scores),
    ),
    mistake(
        "distance-added",
        "You added for each place further back; here scores fall with the distance, so it is taken off.",
        (sloped, lambda scores, bias, slope, distance: scores - bias),
    ),
    mistake(
        "slope-left-out",
        "You took the distance itself off; it is multiplied by the head's slope first.",
        (sloped, lambda scores, bias, slope, distance: scores + distance),
    ),
    mistake(
        "slope-of-another-head",
        "You took the slope of another head; each head has a slope of its own.",
        (sloped_in_head, lambda scores, slope, distance: scores + slope * distance),
    ),
    mistake(
        "scores-scaled-all-the-same",
        "You divided the scores by √d_k; this model leaves them as they are.",
        (biased_unscaled, lambda scores, q, bias: scores / sqrt(q.shape[1]) + bias),
    ),
    mistake(
        "bucket-off-by-one",
        "You took the row above: buckets are counted from 0, so the table's first row belongs to bucket 0.",
        (bucketed, lambda table, bucket: lookup(table, maximum(bucket - 1, 0))),
    ),
    mistake(
        "distance-the-other-way",
        "You took the distance the other way round: it is the key's place less the query's.",
        (bias_by_distance, lambda bias: bias.T),
    ),
    mistake(
        "rows-not-moved",
        "You left every row where it was: the first query's row begins furthest to the right, the last one's at once.",
        (by_key, lambda by_distance, right: by_distance.columns(0, int(right.shape[1]))),
    ),
    mistake(
        "rows-moved-the-other-way",
        "You moved the rows the other way: the first query's row begins furthest to the right, the last one's at once.",
        (by_key, by_wrong_key),
    ),
)
