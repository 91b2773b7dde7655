"""What goes wrong with places that attention is told of: rows that turn, waves, and scores that fall with distance."""

from __future__ import annotations

from byhand.core import ops
from byhand.core.graph import Node, Op
from byhand.core.ops import alternate, below, beside, cos, lookup, maximum, pi, power, sin, sqrt
from byhand.core.roles import Role
from byhand.misconceptions.rewriting import Find, bare, mistake

Pieces = tuple[Node, ...]


def rotated(node: Node) -> Pieces | None:
    """x cos + (x a quarter turn on) sin: (x, quarter, cos, sin)."""
    if node.role is not Role.ROTATED or node.op is not ops.add:
        return None
    (x, cosine), (quarter, sine) = (product.args for product in node.args)
    return x, quarter, cosine, sine


def rotated_key(node: Node) -> Pieces | None:
    return rotated(node) if node.symbol.startswith("K") else None


def halves_turned(node: Node) -> Pieces | None:
    """(-b, a) where a and b are the halves of what turns, and of several features each: (x, the rest)."""
    if node.role is not Role.TURNED or node.args[1].op is not ops.columns:
        return None
    first = node.args[1]
    wide = first.attrs["start"] == 0 and first.attrs["stop"] > 1 and len(node.args) < 4
    return (first.args[0], first, *node.args[2:]) if wide else None


def neighbours_turned(node: Node) -> Pieces | None:
    """(-b, a) pair by pair, of several pairs: (x, all of it, the rest)."""
    if node.role is not Role.TURNED or len(node.args) < 4:
        return None
    return node.args[1].args[0], bare(node), *node.args[len(node.args) // 2 * 2 :]


def by_neighbours(x: Node, half: Node, *rest: Node) -> Node:
    pairs = range(0, 2 * int(half.shape[1]), 2)
    return beside(*(part for n in pairs for part in (-x.columns(n + 1, n + 2), x.columns(n, n + 1))), *rest)


def by_halves(x: Node, right: Node, *rest: Node) -> Node:
    half = (int(right.shape[1]) - sum(int(table.shape[1]) for table in rest)) // 2
    return beside(-x.columns(half, 2 * half), x.columns(0, half), *rest)


def angles_by_halves(node: Node) -> Pieces | None:
    """One number a pair set beside itself: (it, the rest)."""
    found = node.role is Role.POSITIONS and node.op is ops.beside and node.args[0] is node.args[1]
    return (node.args[0], *node.args[2:]) if found and node.args[0].shape[1] > 1 else None


def angles_by_neighbours(node: Node) -> Pieces | None:
    """One number a pair, twice in a row."""
    found = node.role is Role.POSITIONS and node.op is ops.alternate and node.args[0] is node.args[1]
    return node.args[:1] if found and node.args[0].shape[1] > 1 else None


def of_angle(op: Op) -> Find:
    """The sine or cosine of an angle: (angle,)."""

    def find(node: Node) -> Pieces | None:
        return node.args if node.op is op and node.args[0].symbol == "angle" else None

    return find


def in_degrees(x: Node) -> Node:
    return x * pi() / 180


def waves_by_turns(node: Node) -> Pieces | None:
    """sin and cos by turns, in several pairs: (sin, cos)."""
    found = node.op is ops.alternate and [a.op for a in node.args] == [ops.sin, ops.cos]
    return node.args if found and node.shape[1] > 2 else None


def waves_in_halves(node: Node) -> Pieces | None:
    """All sines, then as many cosines: (sin, cos)."""
    if node.role is not Role.POSITIONS or node.op is not ops.beside or len(node.args) != 2:
        return None
    sine, cosine = node.args
    cosine = cosine.args[0] if cosine.op is ops.columns else cosine
    found = (sine.op, cosine.op) == (ops.sin, ops.cos) and node.shape[1] % 2 == 0 and node.shape[1] > 2
    return (sine, cosine) if found else None


def sloped(node: Node) -> Pieces | None:
    """scores + slope × distance: (scores, slope × distance, slope, distance)."""
    found = node.role is Role.BIAS and node.args[1].op is ops.mul and node.args[1].args[0].symbol == "slope"
    return (*node.args, *node.args[1].args) if found else None


def sloped_in_head(node: Node) -> Pieces | None:
    """The same where the head has a number, and the next one another slope: (scores, slope, distance, (h + 1) / h)."""
    found = sloped(node)
    number = next((int(s.name[4:]) for s in node.scope.outward if s.name[:4] == "head" and s.name[4:].isdigit()), 0)
    if not found or not number:
        return None
    scores, _, slope, distance = found
    return scores, power(slope, (number + 1) / number), distance


def biased(node: Node) -> Pieces | None:
    """scores + what their distance adds."""
    return node.args if node.role is Role.BIAS and node.op is ops.add else None


def biased_unscaled(node: Node) -> Pieces | None:
    """The same of scores that are not divided: (scores, bias, Q)."""
    found = biased(node) and node.args[0].role is Role.SCORES and node.args[0].op is ops.matmul
    q = node.args[0].args[0] if found else None
    return (*node.args, q) if q and q.shape[1] > 1 else None


def bucketed(node: Node) -> Pieces | None:
    """B[bucket]: (B, bucket)."""
    return node.args if node.op is ops.lookup and node.args[1].symbol == "bucket" else None


def bias_by_distance(node: Node) -> Pieces | None:
    """The learned number of each pair's distance."""
    return (bare(node),) if bucketed(node) else None


def moved(node: Node) -> Pieces | None:
    """Each row from the column of its farthest key on, of several rows: (by distance, what stands there)."""
    lines = node.args[0].args if node.symbol == "by_key" and node.args[0].op is ops.below else ()
    return (lines[0].args[0].args[0], bare(node)) if len(lines) > 1 else None


def moved_otherwise(by_distance: Node, right: Node) -> Node:
    rows, keys = map(int, right.shape)
    return below(*(by_distance.rows(t, t + 1).columns(t, t + keys) for t in range(rows)))


TURNING = (
    mistake(
        "turned-the-other-way",
        "You turned the pairs the other way round: a pair (a, b) becomes (a cos − b sin, b cos + a sin).",
        (rotated, lambda x, quarter, cosine, sine: x * cosine - quarter * sine),
    ),
    mistake(
        "turn-left-out",
        "You left the rows as they were: each pair of features turns by the angle of its word's position.",
        (rotated, lambda x, quarter, cosine, sine: x),
    ),
    mistake(
        "keys-not-turned",
        "You turned the queries only; a key turns too, by the angle of its own position.",
        (rotated_key, lambda x, quarter, cosine, sine: x),
    ),
    mistake(
        "turn-with-sine-for-cosine",
        "You swapped sine and cosine: the pair itself is multiplied by the cosine, its quarter turn by the sine.",
        (rotated, lambda x, quarter, cosine, sine: x * sine + quarter * cosine),
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
        (of_angle(sin), lambda angle: sin(in_degrees(angle))),
        (of_angle(cos), lambda angle: cos(in_degrees(angle))),
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
        (biased_unscaled, lambda scores, bias, q: scores / sqrt(q.shape[1]) + bias),
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
        (moved, lambda by_distance, right: by_distance.columns(0, int(right.shape[1]))),
    ),
    mistake(
        "rows-moved-the-other-way",
        "You moved the rows the other way: the first query's row begins furthest to the right, the last one's at once.",
        (moved, moved_otherwise),
    ),
)
